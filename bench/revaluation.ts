import { MARK_PRICE_SET } from "../assembly/memory/layout.ts";
import type { Shard } from "../services/engine/shard.ts";
import { InputSlots } from "../services/kernel/inputSlots.ts";
import { type Bench, type BenchResult, type BenchSize, compare, UnequalOutputsError } from "./bench.ts";
import { BigIntBook } from "./bigIntBook.ts";
import { figuresOfKernel, type MarginBook, readBook, requireEqual } from "./marginBook.ts";
import type { Side } from "./measure.ts";
import { NumberBook } from "./numberBook.ts";
import { openShard, TIME_US, type Tick, tickPath } from "./revaluationMarket.ts";

const ACCOUNTS = 10_000;
const TICKS = { quick: 16, full: 64 } as const;
const PROMISED = { numbers: 1.2, bigInts: 1.6 } as const;

/** What a mark costs: every holder valued again, its pool summed and judged, its scenarios added up. */
export const revaluation: Bench = {
  name: "revaluation",
  summary: "a mark price through the kernel, against the same loop in TypeScript",
  run: async ({ quick, rounds }: BenchSize): Promise<BenchResult> => {
    const shard = openShard(ACCOUNTS);
    const ticks = tickPath(quick ? TICKS.quick : TICKS.full);
    const book = readBook(shard.kernel);
    requireExactAsDoubles(book, ticks);
    const kernel = kernelSide(shard, ticks);
    const numbers = numberSide(book, ticks);
    const bigInts = bigIntSide(book, ticks);

    const stateChanges = checkOnce(shard, book, kernel, numbers, bigInts);
    const compared = await compare(
      kernel,
      [
        { side: numbers, atLeast: PROMISED.numbers },
        { side: bigInts, atLeast: PROMISED.bigInts },
      ],
      rounds,
    );
    return {
      name: "revaluation",
      work: `${ticks.length} marks, each of an instrument that ${ACCOUNTS} accounts hold, with three others`,
      unitsPerRound: ticks.length * ACCOUNTS,
      unit: "positions",
      checkedEqual:
        `equity, IM, MM, state, scan loss and worst scenario of ${book.pools.length} pools and ` +
        `${book.positions.length} positions, bit for bit, and ${stateChanges} changes of margin state`,
      notes: [
        `${book.linearFactors.length} scenarios, ${book.instruments[0]!.tiers.length} tiers, ` +
          "a quarter of the positions isolated, one of four instruments inverse",
        "doubles are exact here because the data keeps every product below 2^53; the kernel has no such limit",
      ],
      ...compared,
    };
  },
};

interface RevaluationSide extends Side {
  run(): void;
}

interface BookSide extends RevaluationSide {
  readonly book: NumberBook | BigIntBook;
}

/** Each mark is one call of the kernel, as it is when marks come alone. */
function kernelSide({ kernel }: Shard, ticks: readonly Tick[]): RevaluationSide {
  const slots = new InputSlots(kernel);
  const prices = ticks.map(({ price }) => BigInt(price));
  // A mark must be newer than the one before it (INP-003).
  let timeUs = TIME_US;
  return {
    name: "kernel",
    run: () => {
      ticks.forEach(({ instrument }, index) => {
        slots.clear();
        slots.market(MARK_PRICE_SET, instrument, ++timeUs, prices[index]!);
        kernel.exports.apply(1);
      });
    },
  };
}

function numberSide(data: MarginBook, ticks: readonly Tick[]): BookSide {
  const book = new NumberBook(data);
  return {
    name: "TypeScript, doubles",
    book,
    run: () => {
      for (const { instrument, price } of ticks) book.tick(instrument, price);
    },
  };
}

function bigIntSide(data: MarginBook, ticks: readonly Tick[]): BookSide {
  const book = new BigIntBook(data);
  const prices = ticks.map(({ price }) => BigInt(price));
  return {
    name: "TypeScript, BigInt",
    book,
    run: () => {
      ticks.forEach(({ instrument }, index) => {
        book.tick(instrument, prices[index]!);
      });
    },
  };
}

/** Plays the ticks once on every side. @returns the changes of state that all of them reported */
function checkOnce(shard: Shard, book: MarginBook, kernel: RevaluationSide, ...sides: readonly BookSide[]): number {
  const { reader } = shard;
  for (const side of sides) requireEqual(figuresOfKernel(shard.kernel, book), side.book.figures(), side.name);
  const marksBefore = reader.counters().marks;
  const before = totalStateChanges(shard);
  kernel.run();
  const reported = totalStateChanges(shard) - before;
  if (reader.counters().marks - marksBefore === 0 || reported === 0) {
    throw new UnequalOutputsError("the kernel took no mark, or no state changed: the data shows nothing");
  }
  for (const side of sides) {
    const beforeSide = side.book.stateChanges;
    side.run();
    requireEqual(figuresOfKernel(shard.kernel, book), side.book.figures(), side.name);
    if (side.book.stateChanges - beforeSide === reported) continue;
    throw new UnequalOutputsError(
      `${side.name} reported ${side.book.stateChanges - beforeSide} changes of state, the kernel ${reported}`,
    );
  }
  return reported;
}

function totalStateChanges({ reader }: Shard): number {
  return Object.values(reader.counters().stateChanges).reduce((sum, count) => sum + count, 0);
}

/** @throws RangeError when some product of some tick reaches 2^53, where doubles would begin to round */
function requireExactAsDoubles({ instruments, positions }: MarginBook, ticks: readonly Tick[]): void {
  const limit = 2n ** 53n;
  for (const [number, { linear, numerator, denominator, tiers }] of instruments.entries()) {
    const prices = ticks.filter(({ instrument }) => instrument === number).map(({ price }) => BigInt(price));
    const price = linear ? prices.reduce((a, b) => (a > b ? a : b)) : prices.reduce((a, b) => (a < b ? a : b));
    for (const position of positions) {
      if (position.instrument !== number) continue;
      const quantity = position.quantity < 0n ? -position.quantity : position.quantity;
      const product = linear ? quantity * price * numerator : quantity * numerator;
      const notional = product / (linear ? denominator : price * denominator) + 1n;
      const { initialRateE9 } = tiers.findLast(({ floor }) => floor <= notional)!;
      if (product < limit && notional * initialRateE9 < limit) continue;
      throw new RangeError(`position ${position.slot} of instrument ${number} is too large for doubles to be exact`);
    }
  }
}
