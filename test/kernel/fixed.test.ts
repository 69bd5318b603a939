// assembly/memory/fixed.ts against BigInt: a x b / c in every rounding, through 128 bits, and the guard.

import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { compileKernelPart } from "./compileKernelPart.ts";

const ENTRY = `
export { mulDivFloor, mulDivCeil, mulDivTrunc, clearOverflow } from "../memory/fixed";
import { overflowed } from "../memory/fixed";
export function hasOverflowed(): bool { return overflowed; }
`;
const GUARD = 2n ** 62n;

type MulDiv = (a: bigint, b: bigint, c: bigint) => bigint;
interface Fixed {
  readonly mulDivFloor: MulDiv;
  readonly mulDivCeil: MulDiv;
  readonly mulDivTrunc: MulDiv;
  clearOverflow(): void;
  hasOverflowed(): number;
}

let fixed: Fixed;

beforeAll(async () => {
  fixed = await compileKernelPart<Fixed>(ENTRY);
});

function exact(a: bigint, b: bigint, c: bigint): { floor: bigint; ceil: bigint; trunc: bigint } {
  const product = a * b;
  const trunc = product / c;
  const inexact = product % c !== 0n;
  const negative = product < 0n;
  return { trunc, floor: negative && inexact ? trunc - 1n : trunc, ceil: !negative && inexact ? trunc + 1n : trunc };
}

function agree(a: bigint, b: bigint, c: bigint): void {
  const wanted = exact(a, b, c);
  fixed.clearOverflow();
  const found = {
    floor: fixed.mulDivFloor(a, b, c),
    ceil: fixed.mulDivCeil(a, b, c),
    trunc: fixed.mulDivTrunc(a, b, c),
  };
  const magnitude = wanted.trunc < 0n ? -wanted.trunc : wanted.trunc;
  expect(fixed.hasOverflowed() !== 0, `${a} x ${b} / ${c}`).toBe(magnitude >= GUARD);
  if (magnitude < GUARD) expect(found, `${a} x ${b} / ${c}`).toEqual(wanted);
}

/** Numbers of every length, and those beside powers of two and of ten. */
const wide = fc.oneof(
  fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
  fc.bigInt({ min: -1_000n, max: 1_000n }),
  fc.tuple(fc.nat({ max: 62 }), fc.bigInt({ min: -2n, max: 2n })).map(([bits, near]) => 2n ** BigInt(bits) + near),
  fc.nat({ max: 18 }).map((digits) => 10n ** BigInt(digits)),
);
const divisor = wide.map((value) => (value < 0n ? -value : value) || 1n);

test("mulDiv agrees with BigInt on numbers of every length", () => {
  fc.assert(fc.property(wide, wide, divisor, agree), { numRuns: 20_000 });
});

test.each([
  [7n, 1n, 2n],
  [-7n, 1n, 2n],
  [0n, 2n ** 62n, 1n],
  [2n ** 62n, 2n ** 62n, 2n ** 62n],
  [2n ** 62n - 1n, 2n ** 62n - 1n, 2n ** 62n - 1n],
  [-(2n ** 61n), 3n, 2n],
  [9_000_000_000_000_000_000n, 10n, 100n],
  [2n ** 32n - 1n, 2n ** 32n + 1n, 2n ** 32n],
])("%d x %d / %d", (a, b, c) => agree(a, b, c));

test("a division by zero raises the flag and does not trap", () => {
  fixed.clearOverflow();
  expect(fixed.mulDivFloor(1n, 1n, 0n)).toBe(0n);
  expect(fixed.hasOverflowed()).not.toBe(0);
});
