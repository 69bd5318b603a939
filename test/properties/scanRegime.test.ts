// What a pure scan promises, whatever the venue: risk is measured on the book as a whole, and on nothing but the book.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Evaluation } from "../../services/evaluate/evaluation.ts";
import { readBook } from "../../services/evaluate/readBook.ts";
import { compileRegime } from "../../services/regimes/loadRegime.ts";
import type { Overrides } from "../../services/regimes/overrides.ts";
import type { Engine } from "../conformance/bench.ts";
import { ENGINES } from "../conformance/engines.ts";
import { bitsOf } from "./regimeComparison.ts";

const SCAN = `
id: scan
venue: none
title: The greatest loss over a grid of moves, and nothing else
vintage: 2026-01-01
valuation: USD
risk_unit: underlying
sources: { own: { title: this test, where: here } }
scenarios:
  grid:
    kind: grid
    product: { move: [-0.15, -0.075, 0, 0.075, 0.15], vol: [1, 0, -1] }
terms:
  value_now:
    per: instrument
    formula: multiplier * if(option, black_price(call, forward, strike, volatility, years, 1), mark)
    clause: Worth of one, options by their model.
  value_then:
    per: instrument
    over: grid
    formula: multiplier * if(option, black_price(call, forward * (1 + move), strike, volatility * (1 + 0.4 * vol), years, 1), mark * (1 + move))
    clause: The same after a move.
  outcome:
    per: unit
    over: grid
    formula: total(quantity * (value_then - value_now))
    clause: Profit of the unit in each scenario.
  scan:
    per: unit
    formula: max(0, -worst(outcome))
    clause: The greatest loss.
  requirement_of_all:
    per: account
    formula: total(scan)
    clause: Units do not offset one another.
requirement: { per: account, equity: total(balance) + total(profit), initial: requirement_of_all, maintenance: 0.8 * requirement_of_all }
`;

const scan = compileRegime(SCAN, "scan.yaml");
const RUNS = Number(process.env["PLIMSOLL_PROPERTY_RUNS"] ?? 60);
const ONE = 10n ** 18n;

const option = (product: string, underlying: string, forward: number, strike: number, expiry: string) => ({
  product,
  underlying,
  settlement: "USD",
  forward,
  strike,
  mark: "123.456",
  volatility: "0.55",
  expiry,
});
const INSTRUMENTS = {
  "BTC-PERP": { product: "perpetual", underlying: "BTC", settlement: "USD", mark: "60123.5" },
  "BTC-27MAR26-60000-C": option("call", "BTC", 60_500, 60_000, "2026-03-27T08:00:00Z"),
  "BTC-27MAR26-55000-P": option("put", "BTC", 60_500, 55_000, "2026-03-27T08:00:00Z"),
  "BTC-29JAN26-61000-C": option("call", "BTC", 60_130, 61_000, "2026-01-29T08:00:00Z"),
  "ETH-PERP": { product: "perpetual", underlying: "ETH", settlement: "USD", mark: "3010.77", multiplier: "0.1" },
  "ETH-25SEP26-4000-P": option("put", "ETH", 3_100, 4_000, "2026-09-25T08:00:00Z"),
};
const NAMES = Object.keys(INSTRUMENTS);

interface Lot {
  readonly instrument: string;
  /** In thousandths: sums of them are exact. */
  readonly thousandths: number;
}

const lot: fc.Arbitrary<Lot> = fc.record({
  instrument: fc.constantFrom(...NAMES),
  thousandths: fc.integer({ min: -20_000, max: 20_000 }),
});
const lots = fc.array(lot, { maxLength: 12 });

function margin(engine: Engine, held: readonly Lot[], overrides?: Overrides): Evaluation {
  const program = overrides === undefined ? scan : compileRegime(SCAN, "scan.yaml", overrides);
  const positions = held.map(({ instrument, thousandths }) => ({
    instrument,
    quantity: `${thousandths}e-3`,
    entry: "97.53",
  }));
  const book = { time: "2026-01-29T07:00:00Z", instruments: INSTRUMENTS, positions };
  return engine(program, readBook(book, program).main);
}

function requirement(engine: Engine, held: readonly Lot[], overrides?: Overrides): bigint {
  return margin(engine, held, overrides).verdicts[0]!.initial;
}

/** Sums of float64 may differ in the last digits of the greatest part. */
function slack(held: readonly Lot[]): bigint {
  const gross = held.reduce((sum, { thousandths }) => sum + Math.abs(thousandths) * 70, 1);
  return (BigInt(Math.ceil(gross)) * ONE) / 10n ** 12n;
}

describe.each(Object.entries(ENGINES))("on the %s", (_, engine) => {
  const check = (property: fc.IProperty<unknown[]> | fc.IRawProperty<unknown>) =>
    fc.assert(property as fc.IProperty<unknown>, { numRuns: RUNS });

  test("two books together require at most what they require apart", () => {
    check(
      fc.property(lots, lots, (one, other) => {
        const together = requirement(engine, [...one, ...other]);
        const apart = requirement(engine, one) + requirement(engine, other);
        expect(together <= apart + slack([...one, ...other]), `${together} against ${apart}`).toBe(true);
      }),
    );
  });

  test("twice the book requires twice as much", () => {
    check(
      fc.property(lots, (held) => {
        const double = held.map((each) => ({ ...each, thousandths: each.thousandths * 2 }));
        const difference = requirement(engine, double) - 2n * requirement(engine, held);
        // Doubling a float64 loses nothing; each unit's loss is cut at 18 digits.
        expect(difference >= 0n && difference <= 2n, String(difference)).toBe(true);
      }),
    );
  });

  test("a book and its opposite require nothing", () => {
    check(
      fc.property(lots, (held) => {
        const opposite = held.map((each) => ({ ...each, thousandths: -each.thousandths }));
        expect(requirement(engine, [...held, ...opposite])).toBe(0n);
      }),
    );
  });

  test("a further scenario never lowers it", () => {
    const row = fc.record({
      move: fc.double({ min: -0.9, max: 3, noNaN: true }),
      vol: fc.double({ min: -1, max: 1, noNaN: true }),
    });
    check(
      fc.property(lots, row, (held, { move, vol }) => {
        const product = { move: [-0.15, -0.075, 0, 0.075, 0.15], vol: [1, 0, -1] };
        const grid = { kind: "grid", product, also: [{ move, vol }] };
        const more = requirement(engine, held, { scenarios: { grid } });
        expect(more >= requirement(engine, held)).toBe(true);
      }),
    );
  });

  test("positions cut into lots, in any order, give the same bits", () => {
    const cut = fc.array(fc.tuple(lot, fc.integer({ min: -30_000, max: 30_000 })), { maxLength: 8 });
    check(
      fc.property(cut, fc.infiniteStream(fc.nat()), (held, order) => {
        const whole = held.map(([each]) => each);
        const parts = held.flatMap(([each, part]) => [
          { ...each, thousandths: part },
          { ...each, thousandths: each.thousandths - part },
        ]);
        const shuffled = parts.map((part) => [order.next().value as number, part] as const);
        shuffled.sort(([left], [right]) => left - right);
        const expected = bitsOf(scan, () => margin(engine, whole));
        expect(bitsOf(scan, () => margin(engine, parts))).toEqual(expected);
        const reordered = shuffled.map(([, part]) => part);
        expect(bitsOf(scan, () => margin(engine, reordered))).toEqual(expected);
      }),
    );
  });
});
