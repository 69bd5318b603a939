// Exact integer arithmetic: a x b / c through a 128-bit product, with the rounding named.
//
// Nothing traps and nothing wraps: a result beyond the guard (2^62) or a division by zero raises `overflowed`, and the
// caller refuses the input (OVERFLOW) before anything is written.

/** Magnitudes stay below it, so that the sum of two still fits 64 bits. */
const GUARD: u64 = 1 << 62;

export let overflowed: bool = false;

export function clearOverflow(): void {
  overflowed = false;
}

/** Raises the flag when |x| is past the guard. */
export function guarded(x: i64): i64 {
  if (magnitude(x) >= GUARD) overflowed = true;
  return x;
}

@inline
export function magnitude(x: i64): u64 {
  return x < 0 ? <u64>(0 - x) : <u64>x;
}

@inline
export function smaller(a: i64, b: i64): i64 {
  return a < b ? a : b;
}

@inline
export function larger(a: i64, b: i64): i64 {
  return a > b ? a : b;
}

// Set by `quotient`: whether the division left a remainder.
let inexact: bool = false;

/** floor(a x b / c) of unsigned numbers. */
function quotient(a: u64, b: u64, c: u64): u64 {
  if (c == 0) {
    overflowed = true;
    inexact = false;
    return 0;
  }
  // Most amounts are small: one multiplication and one division then do.
  if (clz(a) + clz(b) >= 64) {
    const product = a * b;
    const result = product / c;
    inexact = result * c != product;
    if (result >= GUARD) overflowed = true;
    return result;
  }
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const lowLow = aLow * bLow;
  const middle = aHigh * bLow + (lowLow >> 32);
  const middleLow = aLow * bHigh + (middle & 0xffffffff);
  const high = aHigh * bHigh + (middle >> 32) + (middleLow >> 32);
  const low = (middleLow << 32) | (lowLow & 0xffffffff);
  if (high >= c) {
    overflowed = true;
    inexact = false;
    return 0;
  }
  if (high == 0) {
    const result = low / c;
    inexact = result * c != low;
    if (result >= GUARD) overflowed = true;
    return result;
  }
  return divide128(high, low, c);
}

/**
 * (high x 2^64 + low) / c for high < c: schoolbook division with two digits in base 2^32.
 * Source: Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D.
 */
function divide128(high: u64, low: u64, c: u64): u64 {
  const shift = clz(c);
  const divisor = c << shift;
  const divisorHigh = divisor >> 32;
  const divisorLow = divisor & 0xffffffff;
  const carried: u64 = shift == 0 ? 0 : low >> (64 - shift);
  let top = (high << shift) | carried;
  const rest = low << shift;
  const restHigh = rest >> 32;
  const restLow = rest & 0xffffffff;

  let first = top / divisorHigh;
  let remainder = top - first * divisorHigh;
  while (first >= 0x100000000 || first * divisorLow > ((remainder << 32) | restHigh)) {
    first--;
    remainder += divisorHigh;
    if (remainder >= 0x100000000) break;
  }
  top = ((top << 32) | restHigh) - first * divisor;

  let second = top / divisorHigh;
  remainder = top - second * divisorHigh;
  while (second >= 0x100000000 || second * divisorLow > ((remainder << 32) | restLow)) {
    second--;
    remainder += divisorHigh;
    if (remainder >= 0x100000000) break;
  }
  inexact = ((top << 32) | restLow) - second * divisor != 0;
  const result = (first << 32) + second;
  if (result >= GUARD) overflowed = true;
  return result;
}

/** a x b / c toward zero; c > 0. */
export function mulDivTrunc(a: i64, b: i64, c: i64): i64 {
  const result = <i64>quotient(magnitude(a), magnitude(b), <u64>c);
  return (a < 0) != (b < 0) ? 0 - result : result;
}

/** a x b / c toward minus infinity; c > 0. */
export function mulDivFloor(a: i64, b: i64, c: i64): i64 {
  const result = <i64>quotient(magnitude(a), magnitude(b), <u64>c);
  if ((a < 0) != (b < 0)) return 0 - result - (inexact ? 1 : 0);
  return result;
}

/** a x b / c toward plus infinity; c > 0. */
export function mulDivCeil(a: i64, b: i64, c: i64): i64 {
  const result = <i64>quotient(magnitude(a), magnitude(b), <u64>c);
  if ((a < 0) != (b < 0)) return 0 - result;
  return result + (inexact ? 1 : 0);
}
