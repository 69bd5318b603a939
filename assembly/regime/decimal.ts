// Decimals of 18 digits (docs/regimes.md, "Numbers"): a signed 128-bit integer of 10^-18 in a cell of 16 bytes, the low
// half first. Functions take addresses; the result's cell may be one of the operands'.
//
// Past the guard (2^126 of 10^-18) a value is undefined: the smallest 128-bit integer, which no sum of two guarded values
// reaches. What is computed from it is undefined too.

export const CELL: usize = 16;

const UNIT: u64 = 1000000000000000000;
const UNIT_FLOAT: f64 = 1e18;
const GUARD_HIGH: i64 = 1 << 62;

// 10^18 x 2^4, whose top bit is set, and floor((2^128 - 1) / it) - 2^64: a division by it is then two multiplications.
// Source: Moeller and Granlund, "Improved division by invariant integers", IEEE Transactions on Computers 60 (2011), algorithm 4.
const DIVISOR: u64 = 16000000000000000000;
const DIVISOR_SHIFT: u64 = 4;
const RECIPROCAL: u64 = 2820903858849102350;

@inline
export function undefine(out: usize): void {
  store<u64>(out, 0);
  store<i64>(out, i64.MIN_VALUE, 8);
}

@inline
export function isUndefined(cell: usize): bool {
  return load<i64>(cell, 8) == i64.MIN_VALUE;
}

@inline
export function isZero(cell: usize): bool {
  return (load<u64>(cell) | load<u64>(cell, 8)) == 0;
}

@inline
export function isNegative(cell: usize): bool {
  return load<i64>(cell, 8) < 0;
}

@inline
export function copyCell(out: usize, cell: usize): void {
  v128.store(out, v128.load(cell));
}

/** value x factor x 10^-18, of numbers whose product stays below the guard. */
@inline
export function putProduct(out: usize, value: u64, factor: u64): void {
  store<u64>(out, value * factor);
  store<u64>(out, mulHigh(value, factor), 8);
}

/** value x factor x 10^-18 of a signed value, for factors up to 10^18: the product stays below the guard. */
@inline
export function putSignedProduct(out: usize, value: i64, factor: u64): void {
  const size = value < 0 ? 0 - <u64>value : <u64>value;
  const low = size * factor;
  const high = mulHigh(size, factor);
  store<u64>(out, value < 0 ? 0 - low : low);
  store<u64>(out, value < 0 ? ~high + u64(low == 0) : high, 8);
}

/** A whole number. */
@inline
export function putWhole(out: usize, value: u32): void {
  putProduct(out, value, UNIT);
}

/** 1 or 0. */
@inline
export function putTruth(out: usize, truth: bool): void {
  store<u64>(out, truth ? UNIT : 0);
  store<u64>(out, 0, 8);
}

/** Stores a value after the guard. */
@inline
function put(out: usize, low: u64, high: i64): void {
  if (<u64>(high + GUARD_HIGH) >= <u64>1 << 63 || (high == 0 - GUARD_HIGH && low == 0)) {
    undefine(out);
  } else {
    store<u64>(out, low);
    store<i64>(out, high, 8);
  }
}

@inline
function putSigned(out: usize, low: u64, high: u64, negative: bool): void {
  if (high >= <u64>GUARD_HIGH) {
    undefine(out);
  } else if (negative) {
    store<u64>(out, 0 - low);
    store<u64>(out, ~high + u64(low == 0), 8);
  } else {
    store<u64>(out, low);
    store<u64>(out, high, 8);
  }
}

export function add(out: usize, a: usize, b: usize): void {
  const aHigh = load<i64>(a, 8);
  const bHigh = load<i64>(b, 8);
  if (aHigh == i64.MIN_VALUE || bHigh == i64.MIN_VALUE) return undefine(out);
  const aLow = load<u64>(a);
  const low = aLow + load<u64>(b);
  put(out, low, aHigh + bHigh + i64(low < aLow));
}

export function subtract(out: usize, a: usize, b: usize): void {
  const aHigh = load<i64>(a, 8);
  const bHigh = load<i64>(b, 8);
  if (aHigh == i64.MIN_VALUE || bHigh == i64.MIN_VALUE) return undefine(out);
  const aLow = load<u64>(a);
  const bLow = load<u64>(b);
  put(out, aLow - bLow, aHigh - bHigh - i64(aLow < bLow));
}

export function negate(out: usize, a: usize): void {
  const high = load<i64>(a, 8);
  if (high == i64.MIN_VALUE) return undefine(out);
  const low = load<u64>(a);
  store<u64>(out, 0 - low);
  store<i64>(out, ~high + i64(low == 0), 8);
}

export function absolute(out: usize, a: usize): void {
  if (load<i64>(a, 8) < 0) negate(out, a);
  else copyCell(out, a);
}

/** -1, 0 or 1 as a < b, a = b, a > b; both are defined. */
@inline
export function compare(a: usize, b: usize): i32 {
  const aHigh = load<i64>(a, 8);
  const bHigh = load<i64>(b, 8);
  if (aHigh != bHigh) return aHigh < bHigh ? -1 : 1;
  const aLow = load<u64>(a);
  const bLow = load<u64>(b);
  return i32(aLow > bLow) - i32(aLow < bLow);
}

/** The upper half of a x b. */
@inline
function mulHigh(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  return aHigh * bHigh + (middle >> 32) + ((aLow * bHigh + (middle & 0xffffffff)) >> 32);
}

// The remainder of the last division step.
let rest: u64 = 0;

/** (high x 2^64 + low) / DIVISOR for high < DIVISOR. */
@inline
function divideByUnit(high: u64, low: u64): u64 {
  const fraction = high * RECIPROCAL + low;
  let quotient = mulHigh(high, RECIPROCAL) + high + u64(fraction < low) + 1;
  let remainder = low - quotient * DIVISOR;
  if (remainder > fraction) {
    quotient--;
    remainder += DIVISOR;
  }
  if (remainder >= DIVISOR) {
    quotient++;
    remainder -= DIVISOR;
  }
  rest = remainder;
  return quotient;
}

/**
 * (high x 2^64 + low) / divisor for high < divisor, whose top bit is set.
 * Source: Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D, with two digits in base 2^32.
 */
function divideStep(high: u64, low: u64, divisor: u64): u64 {
  const divisorHigh = divisor >> 32;
  const divisorLow = divisor & 0xffffffff;
  const lowHigh = low >> 32;
  const lowLow = low & 0xffffffff;
  let first = high / divisorHigh;
  let remainder = high - first * divisorHigh;
  while (first >= 0x100000000 || first * divisorLow > ((remainder << 32) | lowHigh)) {
    first--;
    remainder += divisorHigh;
    if (remainder >= 0x100000000) break;
  }
  const top = ((high << 32) | lowHigh) - first * divisor;
  let second = top / divisorHigh;
  remainder = top - second * divisorHigh;
  while (second >= 0x100000000 || second * divisorLow > ((remainder << 32) | lowLow)) {
    second--;
    remainder += divisorHigh;
    if (remainder >= 0x100000000) break;
  }
  rest = ((top << 32) | lowLow) - second * divisor;
  return (first << 32) + second;
}

// The upper half of the last remainder of `divideLong`; the lower half is `rest`.
let restHigh: u64 = 0;

/** (n2, n1, n0) / (d1, d0) for (n2, n1) < (d1, d0), with the top bit of d1 set. Algorithm D with digits in base 2^64. */
function divideLong(n2: u64, n1: u64, n0: u64, d1: u64, d0: u64): u64 {
  let quotient: u64;
  let remainder: u64;
  let fits = true;
  if (n2 == d1) {
    quotient = u64.MAX_VALUE;
    remainder = n1 + d1;
    fits = remainder >= d1;
  } else {
    quotient = divideStep(n2, n1, d1);
    remainder = rest;
  }
  // While quotient x d0 > (remainder, n0); `fits` is false once the remainder has passed 2^64.
  if (n2 != d1 || fits) {
    while (true) {
      const high = mulHigh(quotient, d0);
      if (high < remainder || (high == remainder && quotient * d0 <= n0)) break;
      quotient--;
      remainder += d1;
      if (remainder < d1) break;
    }
  }
  const productLow = quotient * d0;
  const productHigh = mulHigh(quotient, d0) + quotient * d1;
  rest = n0 - productLow;
  restHigh = n1 - productHigh - u64(n0 < productLow);
  return quotient;
}

/** a x b / 10^18, toward zero, with the full product in between. */
export function multiply(out: usize, a: usize, b: usize): void {
  let aHigh = load<u64>(a, 8);
  let bHigh = load<u64>(b, 8);
  if (<i64>aHigh == i64.MIN_VALUE || <i64>bHigh == i64.MIN_VALUE) return undefine(out);
  let aLow = load<u64>(a);
  let bLow = load<u64>(b);
  const negative = <i64>(aHigh ^ bHigh) < 0;
  if (<i64>aHigh < 0) {
    aLow = 0 - aLow;
    aHigh = ~aHigh + u64(aLow == 0);
  }
  if (<i64>bHigh < 0) {
    bLow = 0 - bLow;
    bHigh = ~bHigh + u64(bLow == 0);
  }
  // Flags, sides and unit multipliers.
  if (bHigh == 0) {
    if (bLow == UNIT) return putSigned(out, aLow, aHigh, negative);
    if (bLow == 0) return putSigned(out, 0, 0, false);
  }
  if (aHigh == 0) {
    if (aLow == UNIT) return putSigned(out, bLow, bHigh, negative);
    if (aLow == 0) return putSigned(out, 0, 0, false);
  }

  const p0 = aLow * bLow;
  let p1 = mulHigh(aLow, bLow);
  if ((aHigh | bHigh | p1) == 0) {
    const quotient = p0 / UNIT;
    return putSigned(out, quotient, 0, negative && quotient != 0);
  }
  let p2: u64 = 0;
  let p3: u64 = 0;
  if (aHigh != 0) {
    const low = aHigh * bLow;
    p1 += low;
    p2 = mulHigh(aHigh, bLow) + u64(p1 < low);
  }
  if (bHigh != 0) {
    const low = aLow * bHigh;
    p1 += low;
    const high = mulHigh(aLow, bHigh) + u64(p1 < low);
    p2 += high;
    p3 = u64(p2 < high);
    if (aHigh != 0) {
      const top = aHigh * bHigh;
      p2 += top;
      p3 += mulHigh(aHigh, bHigh) + u64(p2 < top);
    }
  }
  const rise = 64 - DIVISOR_SHIFT;
  const n2 = (p2 << DIVISOR_SHIFT) | (p1 >> rise);
  if (((p3 << DIVISOR_SHIFT) | (p2 >> rise)) != 0 || n2 >= DIVISOR) return undefine(out);
  const n1 = (p1 << DIVISOR_SHIFT) | (p0 >> rise);
  const n0 = p0 << DIVISOR_SHIFT;
  let high: u64 = 0;
  let remainder = n1;
  if (n2 != 0 || n1 >= DIVISOR) {
    high = divideByUnit(n2, n1);
    remainder = rest;
  }
  const low = divideByUnit(remainder, n0);
  putSigned(out, low, high, negative);
}

/** a x 10^18 / b, toward zero; undefined where b is 0. */
export function divide(out: usize, a: usize, b: usize): void {
  let aHigh = load<u64>(a, 8);
  let bHigh = load<u64>(b, 8);
  if (<i64>aHigh == i64.MIN_VALUE || <i64>bHigh == i64.MIN_VALUE) return undefine(out);
  let aLow = load<u64>(a);
  let bLow = load<u64>(b);
  if ((bHigh | bLow) == 0) return undefine(out);
  const negative = <i64>(aHigh ^ bHigh) < 0;
  if (<i64>aHigh < 0) {
    aLow = 0 - aLow;
    aHigh = ~aHigh + u64(aLow == 0);
  }
  if (<i64>bHigh < 0) {
    bLow = 0 - bLow;
    bHigh = ~bHigh + u64(bLow == 0);
  }
  if ((aHigh | aLow) == 0) return putSigned(out, 0, 0, false);
  if (bHigh == 0 && bLow == UNIT) return putSigned(out, aLow, aHigh, negative);

  // The numerator a x 10^18 has three digits in base 2^64.
  const n0 = aLow * UNIT;
  let n1 = mulHigh(aLow, UNIT);
  let n2: u64 = 0;
  if (aHigh != 0) {
    const low = aHigh * UNIT;
    n1 += low;
    n2 = mulHigh(aHigh, UNIT) + u64(n1 < low);
  }
  if (bHigh == 0) {
    if (n2 >= bLow) return undefine(out);
    if ((n2 | n1) == 0) {
      const quotient = n0 / bLow;
      return putSigned(out, quotient, 0, negative);
    }
    const shift = clz(bLow);
    const divisor = bLow << shift;
    const m2 = leftDigit(n2, n1, shift);
    const m1 = leftDigit(n1, n0, shift);
    let high: u64 = 0;
    let remainder = m1;
    if (m2 != 0 || m1 >= divisor) {
      high = divideStep(m2, m1, divisor);
      remainder = rest;
    }
    const low = divideStep(remainder, n0 << shift, divisor);
    return putSigned(out, low, high, negative);
  }
  // b has 65 to 126 bits and the numerator at most 186: the quotient has at most 122.
  const shift = clz(bHigh);
  const d1 = leftDigit(bHigh, bLow, shift);
  const d0 = bLow << shift;
  const high = divideLong(leftDigit(0, n2, shift), leftDigit(n2, n1, shift), leftDigit(n1, n0, shift), d1, d0);
  const low = divideLong(restHigh, rest, n0 << shift, d1, d0);
  putSigned(out, low, high, negative);
}

/** The upper digit of (high, low) x 2^shift, for shift below 64. */
@inline
function leftDigit(high: u64, low: u64, shift: u64): u64 {
  return shift == 0 ? high : (high << shift) | (low >> (64 - shift));
}

export const TOWARD_MINUS: i32 = 0;
export const TOWARD_PLUS: i32 = 1;
export const TOWARD_ZERO: i32 = 2;
/** To the nearest, halves away from zero. */
export const TO_NEAREST: i32 = 3;

/** x rounded to a multiple of the unit; undefined unless the unit is above 0. */
export function roundTo(out: usize, x: usize, unit: usize, mode: i32): void {
  const sign = load<i64>(x, 8);
  const uHigh = load<u64>(unit, 8);
  if (sign == i64.MIN_VALUE || <i64>uHigh == i64.MIN_VALUE) return undefine(out);
  const uLow = load<u64>(unit);
  if (<i64>uHigh < 0 || (uHigh | uLow) == 0) return undefine(out);
  const negative = sign < 0;
  let low = load<u64>(x);
  let high = <u64>sign;
  if (negative) {
    low = 0 - low;
    high = ~high + u64(low == 0);
  }
  remainderOf(high, low, uHigh, uLow);
  const remainderLow = rest;
  const remainderHigh = restHigh;
  if ((remainderLow | remainderHigh) == 0) return copyCell(out, x);
  const borrow = u64(low < remainderLow);
  low -= remainderLow;
  high -= remainderHigh + borrow;
  let away: bool;
  if (mode == TOWARD_ZERO) away = false;
  else if (mode == TO_NEAREST) {
    const doubleHigh = (remainderHigh << 1) | (remainderLow >> 63);
    away = doubleHigh > uHigh || (doubleHigh == uHigh && remainderLow << 1 >= uLow);
  } else away = (mode == TOWARD_MINUS) == negative;
  if (away) {
    low += uLow;
    high += uHigh + u64(low < uLow);
  }
  putSigned(out, low, high, negative);
}

/** (high, low) mod (uHigh, uLow), unsigned and below 2^126, to (restHigh, rest). */
function remainderOf(high: u64, low: u64, uHigh: u64, uLow: u64): void {
  if (uHigh == 0) {
    restHigh = 0;
    if (high == 0) {
      rest = low % uLow;
      return;
    }
    const shift = clz(uLow);
    const divisor = uLow << shift;
    const upper = high % uLow;
    divideStep(leftDigit(upper, low, shift), low << shift, divisor);
    rest >>= shift;
    return;
  }
  if (high < uHigh || (high == uHigh && low < uLow)) {
    restHigh = high;
    rest = low;
    return;
  }
  const shift = clz(uHigh);
  divideLong(
    leftDigit(0, high, shift), leftDigit(high, low, shift), low << shift,
    leftDigit(uHigh, uLow, shift), uLow << shift,
  );
  rest = (rest >> shift) | (shift == 0 ? 0 : restHigh << (64 - shift));
  restHigh >>= shift;
}

/** The float64 nearest to the decimal, halves to even; NaN where it is undefined. */
export function toFloat(cell: usize): f64 {
  let high = load<u64>(cell, 8);
  if (<i64>high == i64.MIN_VALUE) return NaN;
  let low = load<u64>(cell);
  const negative = <i64>high < 0;
  if (negative) {
    low = 0 - low;
    high = ~high + u64(low == 0);
  }
  // Both sides are exact float64, so the division rounds once.
  if (high == 0 && low < 1 << 53) {
    const small = <f64>low / UNIT_FLOAT;
    return negative ? -small : small;
  }
  const shift = high != 0 ? clz(high) : 64 + clz(low);
  let n1: u64;
  let n0: u64;
  if (high != 0) {
    n1 = leftDigit(high, low, shift);
    n0 = low << shift;
  } else {
    n1 = low << (shift - 64);
    n0 = 0;
  }
  let exponent: i64 = 15 - <i64>shift;
  const carry = n1 >= DIVISOR;
  if (carry) n1 -= DIVISOR;
  let quotient = divideByUnit(n1, n0);
  let sticky = rest != 0;
  if (carry) {
    sticky = sticky || (quotient & 1) != 0;
    quotient = (quotient >> 1) | (1 << 63);
    exponent++;
  }
  let mantissa = quotient >> 11;
  const below = quotient & 0x7ff;
  if (below > 0x400 || (below == 0x400 && (sticky || (mantissa & 1) != 0))) mantissa++;
  const value = <f64>mantissa * reinterpret<f64>((exponent + 1023) << 52);
  return negative ? -value : value;
}

/** The decimal of a float64, converted exactly and cut toward zero; undefined for NaN and past the guard. */
export function fromFloat(out: usize, x: f64): void {
  const bits = reinterpret<u64>(x);
  const biased = <i64>((bits >> 52) & 0x7ff);
  // Past 2^67 (NaN and infinities too) or below 2^-60.
  if (biased >= 1023 + 67) return undefine(out);
  if (biased < 1023 - 60) return putSigned(out, 0, 0, false);
  const mantissa = (bits & 0xfffffffffffff) | 0x10000000000000;
  let low = mantissa * UNIT;
  let high = mulHigh(mantissa, UNIT);
  const exponent = biased - 1075;
  if (exponent >= 0) {
    high = leftDigit(high, low, <u64>exponent);
    low <<= <u64>exponent;
  } else {
    const down = <u64>(0 - exponent);
    if (down >= 64) {
      low = down == 64 ? high : high >> (down - 64);
      high = 0;
    } else {
      low = (low >> down) | (high << (64 - down));
      high >>= down;
    }
  }
  putSigned(out, low, high, <i64>bits < 0);
}
