// Exact arithmetic: whole divisions with a named rounding, and fractions of bigints.

export function floorDivide(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const exact = quotient * denominator === numerator;
  return exact || numerator < 0n === denominator < 0n ? quotient : quotient - 1n;
}

export function ceilDivide(numerator: bigint, denominator: bigint): bigint {
  return -floorDivide(-numerator, denominator);
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

export function sign(value: bigint): bigint {
  return value > 0n ? 1n : value < 0n ? -1n : 0n;
}

export function lesser(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

export function greater(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

/** A fraction in lowest terms; the denominator is above zero. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const ZERO: Rational = { numerator: 0n, denominator: 1n };

/** @throws RangeError when the denominator is zero */
export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new RangeError(`${numerator} / 0 is no fraction`);
  let [divisor, rest] = [magnitude(numerator), magnitude(denominator)];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  const scale = denominator < 0n ? -divisor : divisor;
  return { numerator: numerator / scale, denominator: denominator / scale };
}

/** The exact value of a finite float64: every one of them is a whole number times a power of two. */
export function exactly(value: number): Rational {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no fraction`);
  let denominator = 1n;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    denominator *= 2n;
  }
  return rational(BigInt(scaled), denominator);
}

export function plus(left: Rational, right: Rational): Rational {
  return rational(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator,
  );
}

export function times(left: Rational, right: Rational): Rational {
  return rational(left.numerator * right.numerator, left.denominator * right.denominator);
}

export function negative(value: Rational): Rational {
  return { numerator: -value.numerator, denominator: value.denominator };
}

export function absolute(value: Rational): Rational {
  return { numerator: magnitude(value.numerator), denominator: value.denominator };
}

/** Below zero when left < right, zero when equal, above zero when left > right. */
export function compare(left: Rational, right: Rational): bigint {
  return left.numerator * right.denominator - right.numerator * left.denominator;
}

export function floor(value: Rational): bigint {
  return floorDivide(value.numerator, value.denominator);
}

/** Rounds toward zero. */
export function trunc(value: Rational): bigint {
  return value.numerator / value.denominator;
}

/** For display: within a few units in the last place of the nearest float64. */
export function approximately(value: Rational): number {
  const whole = value.numerator / value.denominator;
  const rest = value.numerator - whole * value.denominator;
  return Number(whole) + Number((rest * 2n ** 80n) / value.denominator) / 2 ** 80;
}

/** Whether `value` lies within `bound` of `exact`. */
export function within(value: number, exact: Rational, bound: Rational): boolean {
  return compare(absolute(plus(exactly(value), negative(exact))), bound) <= 0n;
}
