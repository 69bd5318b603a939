// The pairing of assembly/regime/strategy.ts against the oracle's, and the oracle's against every pairing of small books.

import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import {
  coverSaving,
  type Leg,
  legsOf,
  mostSaved,
  protectionSaving,
  type StrategyRow,
  strategy,
} from "../oracle/regime/strategy.ts";
import { compileKernelPart } from "./compileKernelPart.ts";

const ENTRY = `export { leastRequirement } from "./strategy";`;

const ONE = 10n ** 18n;
const KINDS = { call: 1, put: 2, spot: 3, future: 0, perpetual: 0 };
const LEG_BYTES = 112;
const NEVER = 2n ** 63n - 1n;

interface Exports {
  readonly memory: WebAssembly.Memory;
  leastRequirement(out: number, legs: number, count: number, work: number): void;
}

let kernel: Exports;

beforeAll(async () => {
  kernel = await compileKernelPart<Pick<Exports, "leastRequirement">>(ENTRY);
  kernel.memory.grow(64);
}, 60_000);

function kernelStrategy(rows: readonly StrategyRow[]): bigint | undefined {
  const out = 65_536;
  const legs = out + 64;
  const work = legs + 300 * LEG_BYTES + 16;
  const view = new DataView(kernel.memory.buffer);
  const put = (at: number, value: bigint | undefined) => {
    view.setBigUint64(at, value === undefined ? 0n : BigInt.asUintN(64, value), true);
    view.setBigInt64(at + 8, value === undefined ? -(2n ** 63n) : value >> 64n, true);
  };
  rows.forEach((row, number) => {
    const at = legs + number * LEG_BYTES;
    view.setUint32(at, KINDS[row.product], true);
    view.setBigInt64(at + 8, row.expiryUs ?? NEVER, true);
    for (const [place, value] of [row.units, row.strike, row.alone, row.rest, row.covered, row.protected].entries()) {
      put(at + 16 + 16 * place, value);
    }
  });
  kernel.leastRequirement(out, legs, rows.length, work);
  const high = view.getBigInt64(out + 8, true);
  return high === -(2n ** 63n) ? undefined : (high << 64n) + view.getBigUint64(out, true);
}

const amount = (most: number) => fc.nat({ max: most }).map((value) => BigInt(value) * ONE);
const option = fc.record({
  product: fc.constantFrom("call" as const, "put" as const),
  strike: amount(6),
  expiryUs: fc.constantFrom(1n, 2n, undefined),
  alone: amount(9),
  rest: amount(3),
  covered: amount(4),
  protected: amount(4),
});
const spot = fc.record({
  product: fc.constant("spot" as const),
  strike: fc.constant(undefined),
  expiryUs: fc.constant(undefined),
  alone: amount(9),
  rest: fc.constant(undefined),
  covered: fc.constant(undefined),
  protected: fc.constant(undefined),
});
const row = (units: fc.Arbitrary<bigint>): fc.Arbitrary<StrategyRow> =>
  fc
    .tuple(fc.oneof({ weight: 5, arbitrary: option }, { weight: 2, arbitrary: spot }), units)
    .map(([rest, given]) => ({ ...rest, units: given }));
const oneLot = fc.constantFrom(-ONE, ONE, -ONE, ONE, -2n * ONE, 2n * ONE);
/** Decimals of every length, so that products do not end at 18 digits. */
const anyLot = fc.bigInt({ min: -3n * ONE, max: 3n * ONE });

/** The least sum over every choice of pairs of whole lots, one after the other. */
function triedOut(legs: readonly Leg[]): bigint {
  const lots = legs.flatMap((leg) => Array.from({ length: Number(leg.size / ONE) }, () => leg));
  const places = lots.flatMap((leg, lot) =>
    leg.product === "spot"
      ? [
          { leg, lot, shield: false },
          { leg, lot, shield: true },
        ]
      : [{ leg, lot, shield: false }],
  );
  type Place = (typeof places)[number];
  const saving = (a: Place, b: Place): bigint => {
    if (a.shield || b.shield) {
      const [spotPlace, other] = a.shield ? [a, b] : [b, a];
      return other.shield ? 0n : protectionSaving(spotPlace.leg, other.leg);
    }
    const [one, two] = [coverSaving(a.leg, b.leg), coverSaving(b.leg, a.leg)];
    return one > two ? one : two;
  };
  const best = (free: readonly Place[]): bigint => {
    const [first, ...others] = free;
    if (first === undefined) return 0n;
    let most = best(others);
    others.forEach((other, at) => {
      const saved = saving(first, other);
      if (saved <= 0n) return;
      const rest = saved + best(others.filter((_, number) => number !== at));
      if (rest > most) most = rest;
    });
    return most;
  };
  return best(places) * ONE;
}

test("the oracle's savings are the most that any pairing of small books makes", () => {
  fc.assert(
    fc.property(fc.array(row(oneLot), { maxLength: 6 }), (rows) => {
      const legs = legsOf(rows)!;
      expect(mostSaved(legs)).toBe(triedOut(legs));
    }),
    { numRuns: 3_000 },
  );
});

test("kernel and oracle agree to the last digit", () => {
  fc.assert(
    fc.property(fc.array(row(fc.oneof(oneLot, anyLot)), { maxLength: 14 }), (rows) => {
      expect(kernelStrategy(rows)).toBe(strategy(rows));
    }),
    { numRuns: 3_000 },
  );
});

test("a book of many lots stays exact", () => {
  const price = fc.bigInt({ min: 0n, max: 500n * ONE });
  const long = option.chain((given) =>
    fc.tuple(price, price, price, price, price).map(([strike, alone, rest, covered, shielded]) => ({
      ...given,
      strike,
      alone,
      rest,
      covered,
      protected: shielded,
    })),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(long, fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n })), { minLength: 30, maxLength: 40 }),
      (given) => {
        const rows = given.map(([leg, units]) => ({ ...leg, units }));
        expect(kernelStrategy(rows)).toBe(strategy(rows));
      },
    ),
    { numRuns: 20 },
  );
});

const SHORT_PUT: StrategyRow = {
  product: "put",
  strike: ONE,
  expiryUs: 1n,
  units: -ONE,
  alone: ONE,
  rest: 0n,
  covered: 0n,
  protected: undefined,
};

test.each<[string, Partial<StrategyRow>, bigint | undefined]>([
  ["what it needs", {}, ONE],
  ["no quantity", { units: 0n, alone: undefined }, 0n],
  ["no unit", { units: undefined }, undefined],
  ["no requirement", { alone: undefined }, undefined],
  ["a requirement below 0", { alone: -1n }, undefined],
  ["a requirement past the limit", { alone: 2n ** 112n }, undefined],
  ["no strike", { strike: undefined }, undefined],
  ["no rest", { rest: undefined }, undefined],
  ["no cover", { covered: undefined }, undefined],
  ["more than the guard in sum", { units: 2n ** 125n, alone: 2n ** 111n, protected: 0n }, undefined],
  ["a strike far below 0 to be covered from", { strike: -(2n ** 125n) }, ONE],
])("a position with %s", (_, part, expected) => {
  const rows = [{ ...SHORT_PUT, ...part }];
  expect(strategy(rows)).toBe(expected);
  expect(kernelStrategy(rows)).toBe(expected);
});

test("a width past the guard limits nothing", () => {
  const rows = [
    { ...SHORT_PUT, strike: 2n ** 125n },
    { ...SHORT_PUT, units: ONE, strike: -(2n ** 125n), alone: 0n, protected: 0n },
  ];
  expect(strategy(rows)).toBe(ONE);
  expect(kernelStrategy(rows)).toBe(ONE);
});

test("more than 256 positions are refused", () => {
  const rows = Array.from({ length: 257 }, () => SHORT_PUT);
  expect(strategy(rows)).toBeUndefined();
  expect(kernelStrategy(rows)).toBeUndefined();
  expect(kernelStrategy(rows.slice(1))).toBe(256n * ONE);
});
