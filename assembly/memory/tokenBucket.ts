// A rate with a burst, as a token bucket in event time: `burst` tokens at the most, `rate` new ones a second, one for each
// thing counted. Tokens are kept in millionths, so that a microsecond at one a second is exact.

import { smaller } from "./fixed";
import { LIMIT_COUNT, LIMIT_MARKER, LIMIT_SECOND, LIMIT_VALUE } from "./layout";

export const TOKEN: i64 = 1000000;
/** Of a rate and of a burst: what the products below can hold. */
export const RATE_GUARD: i64 = 1000000;
/** The slowest rate fills the largest bucket in this time, in microseconds. */
const FULL_AFTER_US: i64 = 1000000000000;

export function fillBucket(limit: usize, timeUs: i64): void {
  store<i64>(limit, load<i64>(limit, LIMIT_SECOND) * TOKEN, LIMIT_COUNT);
  store<i64>(limit, timeUs, LIMIT_MARKER);
}

/** Nothing counted so far. */
export function clearCount(limit: usize): void {
  store<i64>(limit, 0, LIMIT_COUNT);
  store<i64>(limit, 0, LIMIT_MARKER);
}

/** Millionths of tokens that are there at this time. */
export function tokensAt(limit: usize, timeUs: i64): i64 {
  const elapsed = smaller(timeUs - load<i64>(limit, LIMIT_MARKER), FULL_AFTER_US);
  const full = load<i64>(limit, LIMIT_SECOND) * TOKEN;
  return smaller(full, load<i64>(limit, LIMIT_COUNT) + elapsed * load<i64>(limit, LIMIT_VALUE));
}

/** Takes a token. @returns whether there was one; none is taken when there was not */
export function takeToken(limit: usize, timeUs: i64): bool {
  const tokens = tokensAt(limit, timeUs);
  const enough = tokens >= TOKEN;
  store<i64>(limit, enough ? tokens - TOKEN : tokens, LIMIT_COUNT);
  store<i64>(limit, timeUs, LIMIT_MARKER);
  return enough;
}
