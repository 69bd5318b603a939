// Decimals of 18 digits as integers (docs/regimes.md, "Numbers"): their text, and the arithmetic that the compiler does
// itself, for constants and checks. An undefined result is what the kernel calls undefined.

import type { Fixed } from "./program.ts";

export const FIXED_DIGITS = 18;
export const ONE: Fixed = 10n ** 18n;
const GUARD = 1n << 126n;

const NUMBER = /^([+-]?)(\d+(?:_\d+)*)?(?:\.(\d+(?:_\d+)*)?)?(?:[eE]([+-]?\d{1,3}))?(%?)$/;
/** Before BigInt sees them: a megabyte of digits must cost nothing. */
const DIGITS_MAX = 400;

interface NumberText {
  readonly sign: string;
  readonly digits: string;
  /** The number is 0.digits x 10^-places, so to speak: digits / 10^places. */
  readonly places: number;
}

function splitNumber(text: string): NumberText | undefined {
  const match = NUMBER.exec(text);
  if (match === null || text.length > DIGITS_MAX) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0", percent] = match;
  const digits = (whole + fraction).replaceAll("_", "");
  if (digits === "") return undefined;
  const places = fraction.replaceAll("_", "").length - Number(exponent) + (percent === "%" ? 2 : 0);
  return { sign, digits, places };
}

/**
 * Reads "0.05", "5%", "1_000_000" or "5e-2" exactly.
 *
 * @returns the number, or in words why it is none
 */
export function parseFixed(text: string): Fixed | string {
  const number = splitNumber(text);
  if (number === undefined) return `"${text}" is no number; write 0.05, 5% or 1_000_000`;
  let { digits, places } = number;
  const zeros = /0*$/.exec(digits)?.[0].length ?? 0;
  digits = digits.slice(0, digits.length - zeros).replace(/^0+/, "");
  places -= zeros;
  if (digits === "") return 0n;
  if (places > FIXED_DIGITS) return `"${text}" has more than ${FIXED_DIGITS} digits behind the point`;
  if (digits.length - places > 21) return `"${text}" is too large; numbers stay below 2^126 of 10^-18`;
  const units = BigInt(digits) * 10n ** BigInt(FIXED_DIGITS - places);
  if (units >= GUARD) return `"${text}" is too large; numbers stay below 2^126 of 10^-18`;
  return number.sign === "-" ? -units : units;
}

/** Reads the same texts as `parseFixed`, with any number of digits, as the nearest float64. @returns why not, in words */
export function parseFloat64(text: string): number | string {
  const number = splitNumber(text);
  if (number === undefined) return `"${text}" is no number; write 0.05, 5% or 1_000_000`;
  const value = Number(`${number.sign}${number.digits}e${-number.places}`);
  return Number.isFinite(value) ? value : `"${text}" is too large`;
}

/** With the digits that it has: "-0.05", "12". */
export function formatFixed(value: Fixed): string {
  const digits = (value < 0n ? -value : value).toString().padStart(FIXED_DIGITS + 1, "0");
  const whole = digits.slice(0, -FIXED_DIGITS);
  const fraction = digits.slice(-FIXED_DIGITS).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

export function guarded(value: Fixed): Fixed | undefined {
  return value < GUARD && value > -GUARD ? value : undefined;
}

export function multiply(a: Fixed, b: Fixed): Fixed | undefined {
  return guarded((a * b) / ONE);
}

export function divide(a: Fixed, b: Fixed): Fixed | undefined {
  return b === 0n ? undefined : guarded((a * ONE) / b);
}

export type Rounding = "floor" | "ceiling" | "truncate" | "round";

/** To a multiple of the unit; undefined when the unit is not above 0. */
export function roundTo(value: Fixed, unit: Fixed, rounding: Rounding): Fixed | undefined {
  if (unit <= 0n) return undefined;
  const toward = value / unit;
  const rest = value % unit;
  const away = rest === 0n ? 0n : value < 0n ? -1n : 1n;
  const twice = rest < 0n ? -2n * rest : 2n * rest;
  const step = {
    floor: away < 0n ? away : 0n,
    ceiling: away > 0n ? away : 0n,
    truncate: 0n,
    round: twice >= unit ? away : 0n,
  }[rounding];
  return guarded((toward + step) * unit);
}
