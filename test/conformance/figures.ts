// Published figures: numbers or text, under one name or another. Arithmetic here is exact, on integers of 10^-18.

import { readBookDecimal } from "../../services/evaluate/bookDecimal.ts";
import { formatFixed, ONE, parseFixed, roundTo } from "../../services/regimes/fixed.ts";
import type { Fixed } from "../../services/regimes/program.ts";
import type { Check } from "./family.ts";

/** What a published case may hold where a figure stands. */
export type Figure = string | number;
export type Fields = Readonly<Record<string, unknown>>;

/** @throws Error when it is no number, or past the kernel's range */
export function fixedOf(figure: unknown): Fixed {
  if (typeof figure !== "string" && typeof figure !== "number") throw new Error(`${String(figure)} is no number`);
  const read = readBookDecimal(typeof figure === "string" ? figure.replaceAll("_", "") : figure);
  if (!read.ok) throw new Error(`${figure}: ${read.reason}`);
  return read.value;
}

export function textOf(value: Fixed): string {
  return formatFixed(value);
}

/** The first of these fields that is given (null counts as not given). */
export function given(fields: unknown, ...names: readonly string[]): unknown {
  const known = fields as Fields;
  return names.map((name) => known[name]).find((value) => value !== undefined && value !== null);
}

/** The same as an exact decimal. @throws Error when none is given and there is no default */
export function figure(fields: unknown, names: readonly string[], otherwise?: Figure): string {
  const found = given(fields, ...names) ?? otherwise;
  if (found === undefined) throw new Error(`the case gives none of ${names.join(", ")}`);
  return textOf(fixedOf(found));
}

/** figure x 10^power, exactly. @throws Error when digits would be lost */
export function shifted(value: unknown, power: number): string {
  const units = fixedOf(value);
  if (power >= 0) return textOf(units * 10n ** BigInt(power));
  const divisor = 10n ** BigInt(-power);
  if (units % divisor !== 0n)
    throw new Error(`${String(value)} x 10^${power} has more than 18 digits behind the point`);
  return textOf(units / divisor);
}

/** a / b, cut toward zero at 18 digits. */
export function quotient(a: unknown, b: unknown): string {
  return textOf((fixedOf(a) * ONE) / fixedOf(b));
}

export function sum(...values: readonly unknown[]): string {
  return textOf(values.reduce<Fixed>((total, value) => total + fixedOf(value), 0n));
}

export function product(a: unknown, b: unknown): string {
  return textOf((fixedOf(a) * fixedOf(b)) / ONE);
}

export function negated(value: unknown): string {
  return textOf(-fixedOf(value));
}

/** Signed by the side that a case names; a negative quantity says it itself. */
export function signed(quantity: string, side: unknown): string {
  const short = /^(short|sell|-1?)$/i.test(String(side ?? "long"));
  return short && !quantity.startsWith("-") ? negated(quantity) : quantity;
}

export function exactly(name: string, expected: unknown, actual: string): Check {
  return check(name, expected, actual, "exact", fixedOf(expected) === fixedOf(actual));
}

/** @param tolerance of the expected figure, such as "1e-8" or "5%" */
export function within(tolerance: string, name: string, expected: unknown, actual: string): Check {
  const share = parseFixed(tolerance);
  if (typeof share === "string") throw new Error(share);
  const target = fixedOf(expected);
  const off = absolute(fixedOf(actual) - target) * ONE;
  return check(name, expected, actual, `${tolerance} relative`, off <= share * absolute(target));
}

/** Ours, rounded half away from zero to the digits that the source shows. */
export function rounded(digits: number, name: string, expected: unknown, actual: string): Check {
  const unit = 10n ** BigInt(18 - digits);
  const passed = roundTo(fixedOf(actual), unit, "round") === fixedOf(expected);
  return check(name, expected, actual, `rounded to ${digits} digits`, passed);
}

/** An answer in words: equal or not. */
export function same(name: string, expected: unknown, actual: string): Check {
  return check(name, expected, actual, "exact", String(expected) === actual);
}

function check(name: string, expected: unknown, actual: string, tolerance: string, passed: boolean): Check {
  return { name, expected: String(expected), actual, tolerance, passed };
}

function absolute(value: Fixed): Fixed {
  return value < 0n ? -value : value;
}
