// Columns' arithmetic (docs/regimes.md, "Numbers"): whole numbers of 10^-18, cut toward zero, and nothing past the guard.

import type { Cell } from "../../../services/evaluate/evaluation.ts";

const ONE = 10n ** 18n;
const GUARD = 2n ** 126n;

/** Undefined in, undefined out. */
export function combine(operands: readonly Cell[], rule: (...known: bigint[]) => Cell): Cell {
  const known: bigint[] = [];
  for (const operand of operands) {
    if (operand === undefined) return undefined;
    known.push(operand);
  }
  return guarded(rule(...known));
}

export function guarded(value: Cell): Cell {
  return value !== undefined && value < GUARD && value > -GUARD ? value : undefined;
}

export const add = (left: Cell, right: Cell): Cell => combine([left, right], (a, b) => a + b);
export const subtract = (left: Cell, right: Cell): Cell => combine([left, right], (a, b) => a - b);
export const multiply = (left: Cell, right: Cell): Cell => combine([left, right], (a, b) => (a * b) / ONE);
export const divide = (left: Cell, right: Cell): Cell =>
  combine([left, right], (a, b) => (b === 0n ? undefined : (a * ONE) / b));
export const absolute = (value: Cell): Cell => combine([value], (a) => (a < 0n ? -a : a));
export const sign = (value: Cell): Cell => combine([value], (a) => (a > 0n ? ONE : a < 0n ? -ONE : 0n));
export const truth = (value: boolean): bigint => (value ? ONE : 0n);

export function total(values: readonly Cell[]): Cell {
  return values.reduce<Cell>(add, 0n);
}

export type Rounding = "floor" | "ceiling" | "truncate" | "round";

/** To a multiple of a unit above 0. */
export function roundTo(value: Cell, unit: Cell, rounding: Rounding): Cell {
  return combine([value, unit], (a, u) => {
    if (u <= 0n) return undefined;
    const magnitude = a < 0n ? -a : a;
    const [below, rest] = [magnitude / u, magnitude % u];
    const outward = { floor: a < 0n, ceiling: a > 0n, truncate: false, round: rest * 2n >= u }[rounding];
    const steps = rest !== 0n && outward ? below + 1n : below;
    return (a < 0n ? -steps : steps) * u;
  });
}

/** The nearest float64. */
export function toDouble(value: Cell): number {
  return value === undefined ? Number.NaN : Number(`${value}e-18`);
}

/** Converted exactly and cut toward zero. What is not finite is undefined. */
export function fromDouble(value: number): Cell {
  if (!Number.isFinite(value)) return undefined;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  const word = bits.getBigUint64(0);
  const power = Number(word >> 52n);
  const fraction = word & (2n ** 52n - 1n);
  const mantissa = power === 0 ? fraction : fraction + 2n ** 52n;
  const exponent = Math.max(power, 1) - 1075;
  const units = exponent >= 0 ? mantissa * ONE * 2n ** BigInt(exponent) : (mantissa * ONE) / 2n ** BigInt(-exponent);
  return guarded(value < 0 ? -units : units);
}
