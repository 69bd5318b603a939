// assembly/regime/functions.ts and options.ts: exp, ln, powers, the normal distribution against hundreds of digits; Black-76
// against what must hold of it.

import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { compileKernelPart } from "./compileKernelPart.ts";
import {
  precise,
  preciseDensity,
  preciseExp,
  preciseLn,
  preciseNormal,
  relativeError,
  SCALE,
} from "./preciseFunctions.ts";

interface Functions {
  exponential(x: number): number;
  logarithm(x: number): number;
  power(x: number, y: number): number;
  normal(x: number): number;
  normalInverse(p: number): number;
  normalDensity(x: number): number;
  black(
    kind: number,
    call: number,
    forward: number,
    strike: number,
    volatility: number,
    years: number,
    discount: number,
  ): number;
}

/** Half the distance between neighbours, relative. */
const HALF_STEP = 2 ** -53;
const [PRICE, DELTA, GAMMA, VEGA, THETA] = [0, 1, 2, 3, 4];

let functions: Functions;

beforeAll(async () => {
  functions = await compileKernelPart<Functions>(`
    export { exponential, logarithm, power, normal, normalInverse, normalDensity } from "./functions";
    export { option as black } from "./options";
  `);
});

/** Numbers between two bounds, evenly, each a little off the round ones. */
function between(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => low + ((high - low) * (n + 0.1234567)) / count);
}

test("exp and ln are right to the last digit but one", () => {
  for (const x of [...between(-700, 700, 60), ...between(-1, 1, 40), 1e-10, -1e-300, 0]) {
    expect(relativeError(functions.exponential(x), preciseExp(precise(x))), `exp ${x}`).toBeLessThan(2 * HALF_STEP);
  }
  for (const x of [...between(0.1, 3, 60), ...between(0.99, 1.01, 20), 1e-300, 1e-10, 12_345.678, 1e15, 1e300]) {
    expect(relativeError(functions.logarithm(x), preciseLn(x)), `ln ${x}`).toBeLessThan(2 * HALF_STEP);
  }
  expect(functions.exponential(710)).toBe(Number.POSITIVE_INFINITY);
  expect(functions.exponential(-750)).toBe(0);
  for (const x of [0, -0, -1, Number.NaN]) expect(functions.logarithm(x)).toBeNaN();
});

test("a power is exp(y ln x), with whole exponents up to 8 by multiplication and the edges named", () => {
  expect(functions.power(0, 0)).toBe(1);
  expect(functions.power(-3.5, 0)).toBe(1);
  expect(functions.power(0, 0.3)).toBe(0);
  expect(functions.power(0, -1)).toBeNaN();
  expect(functions.power(-2, 0.5)).toBeNaN();
  expect(functions.power(-2, -1)).toBeNaN();
  expect(functions.power(Number.NaN, 0)).toBeNaN();
  expect(functions.power(-1.1, 3)).toBe(-1.1 * -1.1 * -1.1);
  let product = 1.7;
  for (let exponent = 2; exponent <= 8; exponent++) {
    product *= 1.7;
    expect(functions.power(1.7, exponent)).toBe(product);
  }
  for (const [x, y] of [
    [30 / 7, 0.3],
    [30 / 45, 0.13],
    [2, -1],
    [1.0001, 500.5],
    [1e-9, 0.5],
    [3, 9],
  ] as const) {
    const wanted = preciseExp((preciseLn(x) * precise(y)) / SCALE);
    // The exponent's rounding counts as often as it is long.
    const allowed = (2 + Math.abs(y * Math.log(x))) * 2 * HALF_STEP;
    expect(relativeError(functions.power(x, y), wanted), `${x} ^ ${y}`).toBeLessThan(allowed);
  }
});

test("the normal distribution keeps 15 digits, far into the lower tail", () => {
  for (const x of [...between(-37, 0, 50), ...between(-1, 1, 40), ...between(0, 9, 30), 0.67448975, -0.67448975]) {
    expect(relativeError(functions.normal(x), preciseNormal(x)), `normal(${x})`).toBeLessThan(1e-15);
  }
  expect(functions.normal(0)).toBe(0.5);
  expect(functions.normal(-40)).toBe(0);
  expect(functions.normal(40)).toBe(1);
  expect(functions.normal(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(functions.normal(Number.POSITIVE_INFINITY)).toBe(1);
  expect(functions.normal(Number.NaN)).toBeNaN();
});

test("the normal distribution does not fall where x rises", () => {
  for (const seam of [-Math.sqrt(32), -0.67448975, 0.67448975, Math.sqrt(32)]) {
    let before = functions.normal(seam - 1e-6);
    for (const x of between(seam - 1e-6, seam + 1e-6, 2000)) {
      const now = functions.normal(x);
      expect(now, `normal(${x})`).toBeGreaterThanOrEqual(before * (1 - 4 * HALF_STEP));
      before = now;
    }
  }
});

test("the inverse finds the x of a probability", () => {
  const tails = [1e-300, 1e-100, 1e-20, 1e-9, 1e-4, 0.01, 0.0749, 0.0751, 0.3, 0.4999];
  for (const p of [...tails, ...between(0.001, 0.999, 40), ...tails.slice(3).map((tail) => 1 - tail)]) {
    const x = functions.normalInverse(p);
    // How far x lies off, from how far its probability does.
    const wanted = precise(p);
    const off = Number(((preciseNormal(x) - wanted) * 10n ** 30n) / preciseDensity(x)) / 1e30;
    // In the upper tail the float64 next to p is further away than that.
    const spacing = (p * HALF_STEP) / functions.normalDensity(x);
    expect(Math.abs(off), `normal_inverse(${p})`).toBeLessThan(4e-16 * Math.max(1, Math.abs(x)) + 2 * spacing);
  }
  expect(functions.normalInverse(0.5)).toBe(0);
  for (const p of [0, 1, -0.1, 1.1, Number.NaN]) expect(functions.normalInverse(p)).toBeNaN();
});

test("black: a known price and its greeks", () => {
  // N(0.1) - N(-0.1) = 0.0796556745540577..
  expect(functions.black(PRICE, 1, 100, 100, 0.2, 1, 1)).toBeCloseTo(7.965567455405804, 12);
  expect(functions.black(DELTA, 1, 100, 100, 0.2, 1, 1)).toBeCloseTo(0.539827837277029, 14);
  expect(functions.black(GAMMA, 1, 100, 100, 0.2, 1, 1)).toBeCloseTo(0.01984762737385059, 14);
  expect(functions.black(VEGA, 1, 100, 100, 0.2, 1, 1)).toBeCloseTo(39.69525474770118, 11);
  expect(functions.black(THETA, 1, 100, 100, 0.2, 1, 1)).toBeCloseTo(-3.969525474770118, 12);
});

const market = fc.record({
  forward: fc.double({ min: 1, max: 1e5, noNaN: true }),
  moneyness: fc.double({ min: 0.2, max: 5, noNaN: true }),
  volatility: fc.double({ min: 0.05, max: 3, noNaN: true }),
  years: fc.double({ min: 0.003, max: 3, noNaN: true }),
  discount: fc.double({ min: 0.5, max: 1.1, noNaN: true }),
});

test("the normal model: a known price with a forward below zero, its greeks, and parity", () => {
  // d = 5 / 20
  const height = 0.3866681168028493;
  const area = 0.5987063256829237;
  expect(functions.black(5, 1, -5, -10, 20, 1, 1)).toBeCloseTo(5 * area + 20 * height, 10);
  expect(functions.black(5, 0, -5, -10, 20, 1, 1)).toBeCloseTo(5 * area + 20 * height - 5, 10);
  expect(functions.black(6, 1, -5, -10, 20, 1, 1)).toBeCloseTo(area, 13);
  expect(functions.black(6, 0, -5, -10, 20, 1, 0.5)).toBeCloseTo((area - 1) / 2, 13);
  expect(functions.black(7, 1, -5, -10, 20, 1, 1)).toBeCloseTo(height / 20, 13);
  expect(functions.black(8, 0, -5, -10, 20, 1, 1)).toBeCloseTo(height, 13);
  expect(functions.black(9, 1, -5, -10, 20, 1, 1)).toBeCloseTo(-10 * height, 12);
});

test("black: put-call parity, and prices between intrinsic value and forward", () => {
  fc.assert(
    fc.property(market, ({ forward, moneyness, volatility, years, discount }) => {
      const strike = forward * moneyness;
      const [call, put] = [1, 0].map((side) =>
        functions.black(PRICE, side, forward, strike, volatility, years, discount),
      );
      const [callDelta, putDelta] = [1, 0].map((side) =>
        functions.black(DELTA, side, forward, strike, volatility, years, discount),
      );
      const size = discount * (forward + strike);
      expect(Math.abs(call! - put! - discount * (forward - strike))).toBeLessThan(4e-15 * size);
      expect(Math.abs(callDelta! - putDelta! - discount)).toBeLessThan(4e-15);
      for (const [price, inside, most] of [
        [call!, forward - strike, forward],
        [put!, strike - forward, strike],
      ] as const) {
        expect(price).toBeGreaterThanOrEqual(discount * Math.max(inside, 0) - 1e-14 * size);
        expect(price).toBeLessThanOrEqual(discount * most * (1 + 1e-14));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("black: greeks are the slopes of the price", () => {
  fc.assert(
    fc.property(market, fc.constantFrom(0, 1), ({ forward, moneyness, volatility, years, discount }, call) => {
      const strike = forward * moneyness;
      const at = (kind: number, f: number, v: number, t: number) =>
        functions.black(kind, call, f, strike, v, t, discount);
      const slope = (kind: number, [f, v, t]: readonly [number, number, number], step: number) =>
        (at(kind, forward + f * step, volatility + v * step, years + t * step) -
          at(kind, forward - f * step, volatility - v * step, years - t * step)) /
        (2 * step);
      const near = (found: number, wanted: number, size: number) =>
        expect(Math.abs(found - wanted), `${found}, slope ${wanted}`).toBeLessThan(1e-4 * (Math.abs(wanted) + size));
      const step = forward * volatility * Math.sqrt(years) * 1e-4;
      near(at(DELTA, forward, volatility, years), slope(PRICE, [1, 0, 0], step), 1e-4);
      near(at(GAMMA, forward, volatility, years), slope(DELTA, [1, 0, 0], step), 1e-3 / forward);
      near(at(VEGA, forward, volatility, years), slope(PRICE, [0, 1, 0], volatility * 1e-4), forward * 1e-3);
      near(-at(THETA, forward, volatility, years), slope(PRICE, [0, 0, 1], years * 1e-4), forward * 1e-2);
    }),
    { numRuns: 500 },
  );
});

test.each([
  { name: "expired call in the money", given: [1, 110, 100, 0.5, 0, 0.9], price: 9, delta: 0.9 },
  { name: "expired call out of the money", given: [1, 90, 100, 0.5, 0, 0.9], price: 0, delta: 0 },
  { name: "expired call at the money", given: [1, 100, 100, 0.5, 0, 0.9], price: 0, delta: 0.45 },
  { name: "put without volatility in the money", given: [0, 90, 100, 0, 1, 1], price: 10, delta: -1 },
  { name: "put without volatility out of the money", given: [0, 110, 100, 0, 1, 1], price: 0, delta: -0 },
  { name: "put without volatility at the money", given: [0, 100, 100, 0, 1, 1], price: 0, delta: -0.5 },
  { name: "put on a forward of 0", given: [0, 0, 100, 0.5, 1, 0.5], price: 50, delta: -0.5 },
  { name: "put on a forward below 0", given: [0, -20, 100, 0.5, 1, 1], price: 120, delta: -1 },
  { name: "call on a forward below 0", given: [1, -20, 100, 0.5, 1, 1], price: 0, delta: 0 },
  { name: "call with a strike of 0", given: [1, 80, 0, 0.5, 1, 1], price: 80, delta: 1 },
  { name: "call with a strike below 0", given: [1, 80, -5, 0.5, 1, 1], price: 85, delta: 1 },
  { name: "put with a strike below 0", given: [0, 80, -5, 0.5, 1, 1], price: 0, delta: -0 },
] as const)("black: $name", ({ given: [call, forward, strike, volatility, years, discount], price, delta }) => {
  const at = (kind: number) => functions.black(kind, call, forward, strike, volatility, years, discount);
  expect(at(PRICE)).toBe(price);
  expect(at(DELTA)).toBe(delta);
  for (const greek of [GAMMA, VEGA, THETA]) expect(at(greek)).toBe(0);
});

test("black: what is not known or spreads less than nothing is undefined", () => {
  for (let place = 0; place < 6; place++) {
    const given = [1, 100, 100, 0.2, 1, 1].map((value, at) => (at === place ? Number.NaN : value));
    for (const kind of [PRICE, DELTA, GAMMA, VEGA, THETA]) {
      expect(functions.black(kind, ...(given as [number, number, number, number, number, number]))).toBeNaN();
    }
  }
  expect(functions.black(PRICE, 1, 100, 100, -0.2, 1, 1)).toBeNaN();
  expect(functions.black(PRICE, 1, 100, 100, 0.2, -1, 1)).toBeNaN();
});

test("black: never below 0", () => {
  fc.assert(
    fc.property(fc.double({ min: 3, max: 12, noNaN: true }), fc.constantFrom(0, 1), (away, call) => {
      const strike = call === 1 ? 100 * Math.exp(away * 0.1) : 100 * Math.exp(-away * 0.1);
      expect(functions.black(PRICE, call, 100, strike, 0.1, 1, 1)).toBeGreaterThanOrEqual(0);
    }),
  );
});
