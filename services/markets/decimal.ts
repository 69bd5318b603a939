// The one home of decimal text: what a document, a tape, an API or a command line writes becomes scaled integers here,
// and scaled integers become text again. No double is involved either way.

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INT64_DIGITS = 19;
const PLAIN_DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;
const RATE_SCALE = 9;

export type DecimalReason = "not-a-number" | "too-precise" | "too-large";

export type ParsedDecimal =
  | { readonly ok: true; readonly units: bigint }
  | { readonly ok: false; readonly reason: DecimalReason };

/**
 * Reads plain decimal text ("-12.50") as a whole number of units of 10^-scale.
 *
 * Zeros behind the last unit are accepted ("61800.30" at scale 1); any other digit there is `too-precise`. Exponents,
 * signs other than "-", blanks, NaN, Infinity and the empty text are `not-a-number`. Beyond 64 bits: `too-large`.
 */
export function parseDecimal(text: string, scale: number): ParsedDecimal {
  const units = parseShort(text, scale);
  return units === undefined ? parseAny(text, scale) : { ok: true, units: BigInt(units) };
}

const ZERO = 48;
const NINE = 57;
const POINT = 46;
/** Digits that any number below 2^53 may have. */
const SAFE_DIGITS = 15;

/** Units of a number without a sign and with few digits, as nearly all are; undefined where it must be looked at in full. */
function parseShort(text: string, scale: number): number | undefined {
  if (text.length + scale > SAFE_DIGITS) return undefined;
  let units = 0;
  let point = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) units = units * 10 + (code - ZERO);
    else if (code === POINT && point < 0 && at > 0) point = at;
    else return undefined;
  }
  const fraction = point < 0 ? 0 : text.length - 1 - point;
  if (text === "" || (point >= 0 && fraction === 0) || fraction > scale) return undefined;
  return units * POWERS_OF_TEN[scale - fraction]!;
}

const POWERS_OF_TEN: readonly number[] = Array.from({ length: SAFE_DIGITS + 1 }, (_, digits) => 10 ** digits);

function parseAny(text: string, scale: number): ParsedDecimal {
  const match = PLAIN_DECIMAL.exec(text);
  if (match === null) return { ok: false, reason: "not-a-number" };
  const [, sign, whole = "", fraction = ""] = match;
  if (/[1-9]/.test(fraction.slice(scale))) return { ok: false, reason: "too-precise" };
  const digits = (whole + fraction.slice(0, scale).padEnd(scale, "0")).replace(/^0+(?=\d)/, "");
  // Before BigInt sees it: a megabyte of digits must cost nothing.
  if (digits.length > INT64_DIGITS) return { ok: false, reason: "too-large" };
  const units = sign === "-" ? -BigInt(digits) : BigInt(digits);
  if (units < INT64_MIN || units > INT64_MAX) return { ok: false, reason: "too-large" };
  return { ok: true, units };
}

/** Reads a rate, "0.4%" or "0.004", as billionths. Refuses as `parseDecimal` does. */
export function parseRateE9(text: string): ParsedDecimal {
  return text.endsWith("%") ? parseDecimal(text.slice(0, -1), RATE_SCALE - 2) : parseDecimal(text, RATE_SCALE);
}

/** Writes units of 10^-scale with exactly `scale` digits behind the point: (-5n, 2) is "-0.05". */
export function formatDecimal(units: bigint, scale: number): string {
  // Within 53 bits a number's digits cost far less.
  if (units <= SAFE && units >= -SAFE && scale <= SAFE_DIGITS) return formatShort(Number(units), scale);
  return formatAny(units, scale);
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function formatShort(units: number, scale: number): string {
  const size = Math.abs(units);
  const sign = units < 0 ? "-" : "";
  if (scale === 0) return `${sign}${size}`;
  const unit = POWERS_OF_TEN[scale]!;
  const fraction = size % unit;
  // The leading 1 keeps the zeros.
  return `${sign}${(size - fraction) / unit}.${`${unit + fraction}`.slice(1)}`;
}

function formatAny(units: bigint, scale: number): string {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * Writes numerator / denominator with `digits` digits behind the point, a tie to the even digit. What rounds to zero
 * has no sign.
 *
 * @throws RangeError when the denominator is zero
 */
export function formatRatio(numerator: bigint, denominator: bigint, digits: number): string {
  if (denominator === 0n) throw new RangeError("formatRatio: the denominator is 0; ask only for a ratio that exists");
  const negative = numerator < 0n !== denominator < 0n;
  const scaled = (numerator < 0n ? -numerator : numerator) * 10n ** BigInt(digits);
  const divisor = denominator < 0n ? -denominator : denominator;
  const quotient = scaled / divisor;
  const twice = (scaled % divisor) * 2n;
  const up = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  const rounded = up ? quotient + 1n : quotient;
  return formatDecimal(negative ? -rounded : rounded, digits);
}
