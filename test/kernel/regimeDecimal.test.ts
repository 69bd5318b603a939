// assembly/regime/decimal.ts against BigInt, on operands of every length and beside the edges.

import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { compileKernelPart } from "./compileKernelPart.ts";

const ONE = 10n ** 18n;
const GUARD = 2n ** 126n;
const CELLS = 1 << 14;

type Binary = (out: number, a: number, b: number) => void;
interface Decimals {
  add: Binary;
  subtract: Binary;
  multiply: Binary;
  divide: Binary;
  compare(a: number, b: number): number;
  negate(out: number, a: number): void;
  absolute(out: number, a: number): void;
  roundTo(out: number, x: number, unit: number, mode: number): void;
  toFloat(cell: number): number;
  fromFloat(out: number, x: number): void;
  putWhole(out: number, value: number): void;
}
type Cell = bigint | undefined;

let decimals: Decimals & { readonly memory: WebAssembly.Memory };
let cells: DataView;

beforeAll(async () => {
  decimals = await compileKernelPart<Decimals>(
    `export { add, subtract, multiply, divide, compare, negate, absolute, roundTo, toFloat, fromFloat, putWhole } from "./decimal";`,
  );
  decimals.memory.grow(1);
  cells = new DataView(decimals.memory.buffer);
});

function write(at: number, value: Cell): number {
  cells.setBigUint64(at, value === undefined ? 0n : BigInt.asUintN(64, value), true);
  cells.setBigInt64(at + 8, value === undefined ? -(2n ** 63n) : value >> 64n, true);
  return at;
}

function read(at: number): Cell {
  const high = cells.getBigInt64(at + 8, true);
  const low = cells.getBigUint64(at, true);
  if (high === -(2n ** 63n)) {
    expect(low, "one way to be undefined").toBe(0n);
    return undefined;
  }
  return (high << 64n) | low;
}

function guarded(value: bigint): Cell {
  return value < GUARD && value > -GUARD ? value : undefined;
}

const RULES: Record<"add" | "subtract" | "multiply" | "divide", (a: bigint, b: bigint) => Cell> = {
  add: (a, b) => guarded(a + b),
  subtract: (a, b) => guarded(a - b),
  multiply: (a, b) => guarded((a * b) / ONE),
  divide: (a, b) => (b === 0n ? undefined : guarded((a * ONE) / b)),
};

/** Numbers of every length, those beside powers of two and of ten, whole ones. */
const size = fc.oneof(
  fc.tuple(fc.nat({ max: 126 }), fc.bigInt({ min: 0n, max: GUARD - 1n })).map(([bits, value]) => value >> BigInt(bits)),
  fc.tuple(fc.nat({ max: 126 }), fc.bigInt({ min: -2n, max: 2n })).map(([bits, near]) => 2n ** BigInt(bits) + near),
  fc.tuple(fc.nat({ max: 37 }), fc.bigInt({ min: -2n, max: 2n })).map(([digits, near]) => 10n ** BigInt(digits) + near),
  fc.bigInt({ min: 0n, max: 10n ** 12n }).map((whole) => whole * ONE),
  fc.constantFrom(0n, 1n, ONE, GUARD - 1n, 2n ** 64n - 1n, 2n ** 64n, 16n * ONE, 2n ** 63n),
);
const value = fc
  .tuple(size, fc.boolean())
  .map(([magnitude, negative]) => (negative ? -magnitude : magnitude))
  .filter((each) => guarded(each) !== undefined);
const operand = fc.option(value, { freq: 40, nil: undefined });

test("sums, differences, products and quotients are those of BigInt, cut toward zero", () => {
  fc.assert(
    fc.property(operand, operand, (a, b) => {
      for (const name of ["add", "subtract", "multiply", "divide"] as const) {
        const wanted = a === undefined || b === undefined ? undefined : RULES[name](a, b);
        decimals[name](CELLS, write(CELLS + 16, a), write(CELLS + 32, b));
        expect(read(CELLS), `${name} ${a} ${b}`).toBe(wanted);
        // Into its own operand.
        decimals[name](CELLS + 32, CELLS + 16, CELLS + 32);
        expect(read(CELLS + 32), `${name} ${a} ${b} in place`).toBe(wanted);
      }
    }),
    { numRuns: 10_000 },
  );
});

test("products and quotients of numbers of a like length", () => {
  const near = fc
    .tuple(fc.bigInt({ min: 1n, max: GUARD - 1n }), fc.nat({ max: 125 }), fc.nat({ max: 3 }))
    .map(([bits, down, less]) => [bits >> BigInt(down), (bits >> BigInt(down)) - BigInt(less)] as const);
  fc.assert(
    fc.property(near, value, ([a, b], c) => {
      for (const [left, right] of [
        [a, b],
        [b, a],
        [c, a],
        [a, c],
      ] as const) {
        decimals.divide(CELLS, write(CELLS + 16, left), write(CELLS + 32, right));
        expect(read(CELLS), `${left} / ${right}`).toBe(RULES.divide(left, right));
        decimals.multiply(CELLS, write(CELLS + 16, left), write(CELLS + 32, right));
        expect(read(CELLS), `${left} x ${right}`).toBe(RULES.multiply(left, right));
      }
    }),
    { numRuns: 8_000 },
  );
});

test("order, sign and magnitude", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(decimals.compare(write(CELLS, a), write(CELLS + 16, b))).toBe(a < b ? -1 : a > b ? 1 : 0);
      decimals.negate(CELLS + 32, CELLS);
      expect(read(CELLS + 32)).toBe(-a);
      decimals.absolute(CELLS + 32, CELLS);
      expect(read(CELLS + 32)).toBe(a < 0n ? -a : a);
    }),
    { numRuns: 5_000 },
  );
});

const MODES = ["minus", "plus", "zero", "nearest"] as const;

function rounded(x: bigint, unit: bigint, mode: (typeof MODES)[number]): Cell {
  if (unit <= 0n) return undefined;
  const size = x < 0n ? -x : x;
  const rest = size % unit;
  const away = { minus: x < 0n, plus: x > 0n, zero: false, nearest: 2n * rest >= unit }[mode];
  const result = size - rest + (rest !== 0n && away ? unit : 0n);
  return guarded(x < 0n ? -result : result);
}

test("roundings to a multiple of a unit", () => {
  const halves = fc
    .tuple(size, fc.bigInt({ min: -1000n, max: 1000n }))
    .map(([unit, times]) => [(unit * times) / 2n, unit]);
  fc.assert(
    fc.property(fc.oneof(fc.tuple(operand, operand), halves), ([x, unit]) => {
      if (x !== undefined && guarded(x) === undefined) return;
      for (const [number, mode] of MODES.entries()) {
        decimals.roundTo(CELLS, write(CELLS + 16, x), write(CELLS + 32, unit), number);
        const wanted = x === undefined || unit === undefined ? undefined : rounded(x, unit, mode);
        expect(read(CELLS), `${x} to ${unit} toward ${mode}`).toBe(wanted);
      }
    }),
    { numRuns: 8_000 },
  );
});

test("to float64: the nearest, halves to even", () => {
  const ties = fc
    .tuple(fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }), fc.nat({ max: 10 }))
    .map(([mantissa, shift]) => (2n * mantissa + 1n) * 2n ** BigInt(shift) * ONE)
    .filter((each) => guarded(each) !== undefined);
  fc.assert(
    fc.property(fc.oneof(value, ties), (x) => {
      expect(decimals.toFloat(write(CELLS, x)), String(x)).toBe(Number(`${x}e-18`));
    }),
    { numRuns: 10_000 },
  );
  expect(decimals.toFloat(write(CELLS, undefined))).toBeNaN();
});

test("from float64: exact, cut toward zero", () => {
  const anyFloat = fc.oneof(fc.double(), fc.double({ min: -1e20, max: 1e20 }), fc.double({ min: -1e-15, max: 1e-15 }));
  fc.assert(
    fc.property(anyFloat, (x) => {
      decimals.fromFloat(CELLS, x);
      expect(read(CELLS), String(x)).toBe(exact(x));
    }),
    { numRuns: 10_000 },
  );
  for (const x of [2 ** 66, -(2 ** 66), 2 ** 126 / 1e18, 2 ** 67, 1e-18, 9.999e-19, 2 ** -60, 0, -0]) {
    decimals.fromFloat(CELLS, x);
    expect(read(CELLS), String(x)).toBe(exact(x));
  }
});

function exact(x: number): Cell {
  if (!Number.isFinite(x)) return undefined;
  // x = whole + fraction / 2^1074 with a fraction below 1.
  let scaled = Math.abs(x);
  let power = 0;
  while (scaled !== Math.floor(scaled)) {
    scaled *= 2;
    power++;
  }
  const units = (BigInt(scaled) * ONE) / 2n ** BigInt(power);
  return guarded(x < 0 ? -units : units);
}

test("what a float64 came from comes back where the decimal has digits enough", () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), (x) => {
      decimals.fromFloat(CELLS, x);
      expect(decimals.toFloat(CELLS)).toBe(x);
    }),
    { numRuns: 5_000 },
  );
});

test("whole numbers", () => {
  for (const whole of [0, 1, 18, 19, 86_400, 31_536_000, 2 ** 32 - 1]) {
    decimals.putWhole(CELLS, whole);
    expect(read(CELLS)).toBe(BigInt(whole) * ONE);
  }
});
