// The compiled kernel against the slow oracle: the same random market, the same random inputs, good and bad; after every
// input the same answer and the same consequences, and the same state of every account, to the last unit.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { VenueInput } from "../../services/ingest/source.ts";
import { KernelSubject } from "../margin/kernelSubject.ts";
import { Oracle } from "../oracle/oracle.ts";
import type { Outcome } from "../oracle/outcome.ts";
import { agrees } from "../oracle/scenarios.ts";
import { historyOfSeed, type RandomHistory, randomHistory } from "./randomHistory.ts";

const CAPACITY = { identityCapacity: 40 };
/** Random histories a property tries: more for a long search, `PLIMSOLL_PROPERTY_RUNS=2000 npx vitest run ...`. */
const RUNS = Number(process.env["PLIMSOLL_PROPERTY_RUNS"] ?? 40);

/** What both must say of one input. The unapplied ones carry no figures. */
function answerOf({ code, value, limit, followed, rounding, postedChange }: Outcome) {
  // Which position's loss it was stands in the row before; a pool's own has no instrument.
  const told = followed.map((event) => (event.kind === "insurancePaid" ? { ...event, instrument: "" } : event));
  return { code, value, limit, told, rounding: rounding ?? 0n, postedChange: postedChange ?? 0n };
}

function compareAccounts(oracle: Oracle, kernel: KernelSubject): void {
  for (const name of oracle.accounts()) {
    const expected = oracle.account(name);
    const actual = kernel.account(name);
    // The venue's own accounts hold no positions: they have no mode that matters.
    if (!name.startsWith("venue:")) expect(actual.mode, name).toBe(expected.mode);
    expect([actual.state, actual.stateSinceUs, actual.quarantined], name).toEqual([
      expected.state,
      expected.stateSinceUs,
      expected.quarantined,
    ]);
    for (const pool of expected.pools) {
      const { scan, scanLoss: _, worstScenario: __, ...exact } = pool;
      const found = actual.pools.find(({ currency }) => currency === pool.currency);
      if (found === undefined) {
        expect([pool.balance, pool.equity, pool.initialMargin], `${name} ${pool.currency}`).toEqual([0n, 0n, 0n]);
        continue;
      }
      const { scanLoss, worstScenario, ...figures } = found;
      expect(figures, `${name} ${pool.currency}`).toEqual(exact);
      expect(agrees(scan, scanLoss, worstScenario), `${name} ${pool.currency} scan loss ${scanLoss}`).toBe(true);
    }
    for (const position of expected.positions) {
      const { scan, scanLoss: _, worstScenario: __, leverageE2: leverage, ...exact } = position;
      const found = actual.positions.find(({ instrument }) => instrument === position.instrument)!;
      const { scanLoss, worstScenario, leverageE2, ...figures } = found;
      expect(figures, `${name} ${position.instrument}`).toEqual(exact);
      expect(BigInt(leverageE2), `${name} ${position.instrument}`).toEqual(BigInt(leverage));
      if (position.mode === 1) {
        const told = `${name} ${position.instrument} scan loss ${scanLoss} in scenario ${worstScenario}, not ${position.scanLoss}`;
        expect(agrees(scan, scanLoss, worstScenario), told).toBe(true);
      }
    }
  }
}

function play({ market, groups }: RandomHistory, everyInputs: number): void {
  const oracle = new Oracle(market.document, CAPACITY);
  const kernel = new KernelSubject(market.document, CAPACITY);
  let count = 0;
  for (const input of groups.flat()) {
    const expected = oracle.apply(input);
    const actual = kernel.apply(input);
    expect(answerOf(actual), describeInput(count, input)).toEqual(answerOf(expected));
    if (expected.fill !== undefined) {
      const {
        cash: _,
        required: __,
        openingFee: _____,
        freeForPosting: ___,
        insurancePaid: ____,
        ...fill
      } = expected.fill;
      expect(kernel.lastFill, describeInput(count, input)).toEqual(fill);
    }
    if (++count % everyInputs === 0) compareAccounts(oracle, kernel);
  }
  compareAccounts(oracle, kernel);
  // Volatility, forward and interest are the regimes' business.
  for (const { name } of market.document.instruments)
    expect(kernel.instrument(name)).toMatchObject(oracle.instrument(name));
  expect(kernel.zeroSum()).toEqual(oracle.zeroSum());
}

function describeInput(index: number, input: VenueInput): string {
  return `input ${index}: ${JSON.stringify(input, (_, field) => (typeof field === "bigint" ? `${field}n` : field))}`;
}

test("MAR-001 to MAR-026, INP-001 to INP-006: the kernel answers what the oracle answers", () => {
  fc.assert(
    fc.property(randomHistory({ maxSteps: 60 }), (history) => play(history, 1)),
    { numRuns: RUNS },
  );
});

test.each([1, 2, 3, 4, 5, 6])("a longer history agrees too (seed %i)", (seed) => {
  play(historyOfSeed(seed, 150), 25);
});

test("MAR-024 orders are checked alike, in any state of the account", () => {
  const order = fc.record({
    account: fc.nat(),
    instrument: fc.nat(),
    side: fc.constantFrom(1 as const, 2 as const),
    lots: fc.bigInt({ min: 0n, max: 2_000n }),
    ticks: fc.option(fc.bigInt({ min: -3n, max: 3n }), { nil: undefined }),
  });
  fc.assert(
    fc.property(
      randomHistory({ maxSteps: 40 }),
      fc.array(order, { minLength: 20, maxLength: 40 }),
      (history, orders) => {
        const { market, groups } = history;
        const oracle = new Oracle(market.document, CAPACITY);
        const kernel = new KernelSubject(market.document, CAPACITY);
        for (const input of groups.flat()) {
          oracle.apply(input);
          kernel.apply(input);
        }
        const accounts = oracle.accounts();
        const { instruments } = market.document;
        for (const each of orders) {
          const { name, listing } = instruments[each.instrument % instruments.length]!;
          const mark = oracle.instrument(name).mark ?? listing.tick * 100n;
          const near = mark - (mark % listing.tick);
          const question = {
            account: accounts[each.account % accounts.length]!,
            instrument: name,
            side: each.side,
            quantity: each.lots * listing.lot,
            price: each.ticks === undefined ? undefined : near + each.ticks * listing.tick,
          };
          expect(kernel.checkOrder(question), describeOrder(question)).toEqual(oracle.checkOrder(question));
        }
      },
    ),
    { numRuns: RUNS },
  );
});

function describeOrder(order: object): string {
  return JSON.stringify(order, (_, field) => (typeof field === "bigint" ? `${field}n` : field));
}
