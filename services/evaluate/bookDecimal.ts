import { FIXED_DIGITS } from "../regimes/fixed.ts";
import type { Fixed } from "../regimes/program.ts";

/** Here the kernel's numbers end (docs/regimes.md, "Numbers"): 2^126 of 10^-18, about 85 billion billion. */
const LIMIT = 2n ** 126n;

export type BookDecimalReason = "not-a-number" | "too-precise" | "too-large";

export type BookDecimal =
  | { readonly ok: true; readonly value: Fixed }
  | { readonly ok: false; readonly reason: BookDecimalReason };

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;
const LENGTH_MAX = 400;

/**
 * Reads a decimal of a book as a whole number of 10^-18: text ("-12.50", "1e-7") or a JSON number by its shortest text.
 *
 * Text with a digit behind the 18th place is `too-precise`: the giver means that digit. A double's shortest text may have
 * more places than that without meaning them (0.00123456789012345678): it is cut toward zero.
 */
export function readBookDecimal(given: string | number): BookDecimal {
  const text = typeof given === "number" ? String(given) : given.trim();
  const match = text.length > LENGTH_MAX ? null : DECIMAL.exec(text);
  if (match === null) return { ok: false, reason: "not-a-number" };
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return { ok: false, reason: "not-a-number" };
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return { ok: true, value: 0n };
  const shift = Number(exponent) - fraction.length + FIXED_DIGITS;
  // Before BigInt sees it: a huge exponent must cost nothing.
  if (digits.length + shift > 60) return { ok: false, reason: "too-large" };
  const kept = shift >= 0 ? digits + "0".repeat(shift) : digits.slice(0, Math.max(0, digits.length + shift));
  const lost = shift >= 0 ? "" : digits.slice(Math.max(0, digits.length + shift));
  if (typeof given === "string" && /[1-9]/.test(lost)) return { ok: false, reason: "too-precise" };
  const magnitude = BigInt(kept === "" ? "0" : kept);
  if (magnitude >= LIMIT) return { ok: false, reason: "too-large" };
  return { ok: true, value: sign === "-" ? -magnitude : magnitude };
}
