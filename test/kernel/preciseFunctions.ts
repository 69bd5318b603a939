// exp, ln and the normal distribution to hundreds of digits, slowly: what the kernel's float64 functions are measured by.
// Numbers are integers of 10^-700: the far tail of the normal distribution is a difference of numbers near 1.

export const SCALE = 10n ** 700n;

/** A float64, exactly but for digits behind the 700th. */
export function precise(x: number): bigint {
  let scaled = Math.abs(x);
  let power = 0n;
  while (scaled !== Math.floor(scaled)) {
    scaled *= 2;
    power++;
  }
  const value = (BigInt(scaled) * SCALE) / 2n ** power;
  return x < 0 ? -value : value;
}

function times(a: bigint, b: bigint): bigint {
  return (a * b) / SCALE;
}

/** Halved until the series is short, squared as often. */
export function preciseExp(x: bigint): bigint {
  if (x < 0n) return (SCALE * SCALE) / preciseExp(-x);
  const halvings = 30n;
  const small = x / 2n ** halvings;
  let term = SCALE;
  let sum = SCALE;
  for (let n = 1n; term !== 0n; n++) {
    term = times(term, small) / n;
    sum += term;
  }
  for (let n = 0n; n < halvings; n++) sum = times(sum, sum);
  return sum;
}

/** From the float64 logarithm by Halley's method: digits treble at each step. */
export function preciseLn(x: number): bigint {
  const wanted = precise(x);
  let y = precise(Math.log(x));
  for (let step = 0; step < 3; step++) {
    const power = preciseExp(y);
    y += (2n * SCALE * (wanted - power)) / (wanted + power);
  }
  return y;
}

function arcTangent(inverse: bigint): bigint {
  let power = SCALE / inverse;
  let sum = power;
  for (let n = 1n; power !== 0n; n++) {
    power /= -inverse * inverse;
    sum += power / (2n * n + 1n);
  }
  return sum;
}

/** Machin's formula. */
const PI = 4n * (4n * arcTangent(5n) - arcTangent(239n));
const ROOT_OF_TWO_PI = squareRoot(2n * PI * SCALE);

function squareRoot(n: bigint): bigint {
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

export function preciseDensity(x: number): bigint {
  const exact = precise(x);
  return (preciseExp(-times(exact, exact) / 2n) * SCALE) / ROOT_OF_TWO_PI;
}

/** 1/2 + density x (x + x^3 / 3 + x^5 / 15 + ..). */
export function preciseNormal(x: number): bigint {
  const exact = precise(x);
  const square = times(exact, exact);
  let term = exact;
  let sum = exact;
  for (let odd = 3n; term !== 0n; odd += 2n) {
    term = times(term, square) / odd;
    sum += term;
  }
  return SCALE / 2n + times(preciseDensity(x), sum);
}

/** |found / wanted - 1|. */
export function relativeError(found: number, wanted: bigint): number {
  if (wanted === 0n) return found === 0 ? 0 : Number.POSITIVE_INFINITY;
  const difference = ((precise(found) - wanted) * 10n ** 30n) / wanted;
  return Math.abs(Number(difference)) / 1e30;
}
