// The oracle is what everything is compared with: its own functions against published values and worked sums.

import { describe, expect, test } from "vitest";
import { black } from "./black.ts";
import { fromDouble, roundTo, toDouble } from "./decimal.ts";
import { normal, normalInverse } from "./normal.ts";
import { overScenarios } from "./scenarios.ts";
import { correlated, payoffAt, payoffFloor, spreadCredits } from "./structures.ts";
import { bracket, marginal } from "./tiers.ts";

const ONE = 10n ** 18n;
const still = (value: number) => value;

// Abramowitz and Stegun, "Handbook of Mathematical Functions", tables 26.1 and 26.2.
test.each([
  [0, 0.5],
  [1, 0.841344746068543],
  [1.96, 0.97500210485178],
  [-3, 0.001349898031630095],
  [-5, 2.866515718791939e-7],
  [-10, 7.61985302416053e-24],
])("the normal distribution at %d", (x, area) => {
  expect(Math.abs(normal(x) / area - 1)).toBeLessThan(1e-14);
});

test("its inverse brings back the area, also near 0 and 1", () => {
  for (const area of [1e-300, 1e-10, 0.001, 0.3, 0.5, 0.975, 1 - 1e-10]) {
    expect(Math.abs(normal(normalInverse(area)) / area - 1)).toBeLessThan(1e-12);
  }
  for (const area of [0, 1, -0.1, 1.1]) expect(normalInverse(area)).toBeNaN();
});

// J. Hull, "Options, Futures, and Other Derivatives", European futures option: F = K = 20, 9 %, 25 %, four months: 1.116.
test("Black-76 prices a futures option as the textbook does", () => {
  const contract = { forward: 20, strike: 20, volatility: 0.25, years: 4 / 12, discount: Math.exp(-0.09 * (4 / 12)) };
  expect(black("black_price", { ...contract, call: false }, still)).toBeCloseTo(1.1166, 4);
  expect(black("black_price", { ...contract, call: true }, still)).toBeCloseTo(1.1166, 4);
});

test("the greeks are the slopes of the price", () => {
  const contract = { call: true, forward: 105, strike: 100, volatility: 0.4, years: 0.3, discount: 0.97 };
  const price = (changed: object) => black("black_price", { ...contract, ...changed }, still);
  const step = 1e-4;
  const slope = (name: "forward" | "volatility" | "years") =>
    (price({ [name]: contract[name] + step }) - price({ [name]: contract[name] - step })) / (2 * step);
  expect(black("black_delta", contract, still)).toBeCloseTo(slope("forward"), 7);
  expect(black("black_vega", contract, still)).toBeCloseTo(slope("volatility"), 5);
  expect(black("black_theta", contract, still)).toBeCloseTo(-slope("years"), 5);
  const bend = (price({ forward: 105.01 }) - 2 * price({}) + price({ forward: 104.99 })) / 1e-4;
  expect(black("black_gamma", contract, still)).toBeCloseTo(bend, 5);
});

test("decimals and float64 are converted to the nearest, and cut toward zero", () => {
  expect(fromDouble(0.1)).toBe(100_000_000_000_000_005n);
  expect(fromDouble(-0.1)).toBe(-100_000_000_000_000_005n);
  expect(fromDouble(5e-19)).toBe(0n);
  expect(fromDouble(2 ** 67)).toBeUndefined();
  expect(fromDouble(Number.POSITIVE_INFINITY)).toBeUndefined();
  expect(toDouble(1n)).toBe(1e-18);
  expect(toDouble(100_000_000_000_000_005n)).toBe(0.1);
});

test("roundings go to multiples of the unit; halves away from zero", () => {
  const [half, unit] = [(-25n * ONE) / 10n, ONE];
  expect(roundTo(half, unit, "floor")).toBe(-3n * ONE);
  expect(roundTo(half, unit, "ceiling")).toBe(-2n * ONE);
  expect(roundTo(half, unit, "truncate")).toBe(-2n * ONE);
  expect(roundTo(half, unit, "round")).toBe(-3n * ONE);
  expect(roundTo(half, 0n, "round")).toBeUndefined();
});

describe("over scenarios", () => {
  const values = Float64Array.from([3, -5, 1, -5, -2]);
  const at = (operation: "worst" | "worst_at" | "quantile" | "tail_mean" | "scenario", constant: bigint) =>
    overScenarios(operation, values, constant);

  test("worst, its number, a scenario by number", () => {
    expect(at("worst", 0n)).toBe(-5n * ONE);
    expect(at("worst_at", 0n)).toBe(2n * ONE);
    expect(at("scenario", 3n * ONE)).toBe(ONE);
    expect(at("scenario", 6n * ONE)).toBeUndefined();
  });

  test("the quantile is the value of the place that the share reaches, the tail mean shares out the last one", () => {
    expect(at("quantile", ONE / 5n)).toBe(-5n * ONE);
    expect(at("quantile", ONE / 2n)).toBe(-2n * ONE);
    // 2.5 scenarios: (-5 - 5 - 0.5 x 2) / 2.5
    expect(at("tail_mean", ONE / 2n)).toBe(fromDouble(-4.4));
    expect(at("tail_mean", ONE)).toBe(fromDouble(-8 / 5));
  });
});

test("tiers: marginal parts, and whose a boundary is", () => {
  const tiers = { from: [0n, 50n * ONE], columns: [[ONE / 10n, ONE / 5n]] };
  expect(marginal(tiers, 0, 80n * ONE)).toBe(11n * ONE);
  expect(marginal(tiers, 0, -ONE)).toBe(0n);
  expect(bracket(tiers, 0, "begins", 50n * ONE)).toBe(ONE / 5n);
  expect(bracket(tiers, 0, "ends", 50n * ONE)).toBe(ONE / 10n);
  expect(bracket(tiers, 0, "ends", -ONE)).toBe(ONE / 10n);
});

describe("structures", () => {
  const instrument = (product: "call" | "put" | "future" | "spot", strike?: bigint) => ({
    name: product,
    product,
    inverse: false,
    bachelier: false,
    underlying: "X",
    settlement: "USD",
    multiplier: ONE,
    mark: 100n * ONE,
    forward: undefined,
    strike,
    volatility: undefined,
    interest: 0n,
    expiryUs: undefined,
  });

  test("the payoff floor of a call spread and a put is found at a strike", () => {
    const legs = [
      { instrument: instrument("call", 100n * ONE), amount: ONE },
      { instrument: instrument("call", 120n * ONE), amount: -2n * ONE },
      { instrument: instrument("put", 90n * ONE), amount: -ONE },
    ];
    expect(payoffFloor(legs)).toBe(-90n * ONE);
    expect(payoffAt(legs, 120n * ONE)).toBe(20n * ONE);
    expect(payoffAt([{ instrument: instrument("future"), amount: -ONE }], 130n * ONE)).toBe(-30n * ONE);
  });

  test("a correlated sum of 3 and 4 is 7, 5 or 1", () => {
    const sum = (rho: bigint) =>
      correlated(
        {
          name: "rho",
          keys: ["A", "B"],
          values: [
            [ONE, rho],
            [rho, ONE],
          ],
          otherwise: 0n,
        },
        [["A"], ["B"]],
        [3n * ONE, 4n * ONE],
      );
    expect([sum(ONE), sum(0n), sum(-ONE)]).toEqual([7n * ONE, 5n * ONE, ONE]);
  });

  test("what a spread of higher priority took is not there for the next", () => {
    const spread = (priority: number, legs: readonly (readonly [string, bigint])[], rate: bigint) => ({
      priority,
      legs: legs.map(([key, ratio]) => ({ key, ratio: ratio * ONE })),
      rate,
    });
    const table = {
      name: "inter",
      spreads: [
        spread(
          2,
          [
            ["A", 1n],
            ["C", -1n],
          ],
          ONE,
        ),
        spread(
          1,
          [
            ["A", 1n],
            ["B", -2n],
          ],
          ONE / 2n,
        ),
      ],
    };
    // Priority 1: five times A against two of B. Of A five are left for C.
    const deltas = [10n * ONE, -10n * ONE, -7n * ONE];
    const credits = spreadCredits(table, [["A"], ["B"], ["C"]], deltas, [ONE, ONE, 2n * ONE]);
    expect(credits).toEqual([(5n * ONE) / 2n + 5n * ONE, 5n * ONE, 10n * ONE]);
  });
});
