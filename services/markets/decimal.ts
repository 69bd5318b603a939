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
  return parseShort(text, scale) ?? parseAny(text, scale);
}

const [ZERO, POINT, MINUS] = ["0".charCodeAt(0), ".".charCodeAt(0), "-".charCodeAt(0)] as const;
/** So many digits are a whole number of a double, whatever they are. */
const EXACT_DIGITS = 15;

/** Most numbers are short: without a pattern and without BigInts on the way. @returns undefined for whatever is not as simple as that */
function parseShort(text: string, scale: number): ParsedDecimal | undefined {
  const negative = text.charCodeAt(0) === MINUS;
  const first = negative ? 1 : 0;
  const length = text.length;
  if (length - first + scale > EXACT_DIGITS) return undefined;
  let units = 0;
  let point = -1;
  for (let at = first; at < length; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit >= 0 && digit <= 9) units = units * 10 + digit;
    else if (digit === POINT - ZERO && point < 0 && at > first) point = at;
    else return undefined;
  }
  const fraction = point < 0 ? 0 : length - 1 - point;
  if (length === first || (point >= 0 && fraction === 0) || fraction > scale) return undefined;
  for (let left = scale - fraction; left > 0; left--) units *= 10;
  return { ok: true, units: BigInt(negative ? -units : units) };
}

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
  const number = Number(units);
  if (number > Number.MAX_SAFE_INTEGER || number < Number.MIN_SAFE_INTEGER) return formatAny(units, scale);
  if (scale === 0) return String(number);
  const negative = number < 0;
  let digits = String(negative ? -number : number);
  if (digits.length <= scale) digits = digits.padStart(scale + 1, "0");
  const point = digits.length - scale;
  const text = `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${text}` : text;
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
