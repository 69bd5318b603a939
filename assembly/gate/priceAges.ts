// CTL-017: how old the prices are that an order's margin is reckoned from, each against the limit of its instrument.

import { PRICE_MISSING, PRICE_STALE } from "../memory/codes";
import { isCross } from "../accounts/holdings";
import {
  ACCOUNT_FIRST_HOLD, ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, ACCOUNT_REGIME, CURRENCY_KEY, HEADER_EVENT_TIME,
  HOLD_INSTRUMENT, HOLD_NEXT, INDEX_PRICE, INDEX_TIME, INSTRUMENT_CURRENCY, INSTRUMENT_FORWARD_KNOWN,
  INSTRUMENT_FORWARD_TIME, INSTRUMENT_KEY, INSTRUMENT_MARK_TIME, INSTRUMENT_MARKED, INSTRUMENT_STALE_AFTER,
  INSTRUMENT_UNDERLYING, INSTRUMENT_VOLATILITY_KNOWN, INSTRUMENT_VOLATILITY_TIME, NONE, POOL_BALANCE, POOL_CURRENCY,
  POOL_NEXT, POOL_OPEN_POSITIONS, POSITION_INSTRUMENT, POSITION_NEXT, POSITION_QUANTITY, PRICE_OF_FORWARD, PRICE_OF_INDEX, PRICE_OF_MARK,
  PRICE_OF_VOLATILITY, REGIME_PROGRAM,
} from "../memory/layout";
import {
  FIELD_FORWARD, FIELD_INDEX, FIELD_PRICE, FIELD_VOLATILITY, NODE_FLAGS, NODE_INDEX, NODE_OPERATION, NODE_SIZE,
  NODE_VERDICT, OPERATION_FIELD, PROGRAM_NODES,
} from "../regime/format";
import { programAt } from "../regime/programs";
import { accountAt, currencyAt, header, holdAt, indexAt, instrumentAt, poolAt, positionAt, regimeAt } from "../memory/tables";
import { isPortfolio } from "../accounts/touched";

// The price that failed last.
export let failedPriceAge: i64 = 0;
export let failedPriceLimit: i64 = 0;
/** PRICE_OF_* in the upper half, the key of its name in the lower. */
export let failedPrice: i64 = 0;

/** Facts that the account's regime reads, by field; none by the tables. */
let reads: u64 = 0;

/**
 * Looks at every price that an order's check reads: marks of the order's instrument, of the positions beside it and of the
 * instruments where orders rest; in portfolio mode what the regime reads of volatilities, forwards, indices and rates too.
 * @returns 0, PRICE_STALE or PRICE_MISSING; `failedPrice` then says which, the first in that order
 */
export function checkPriceAges(account: u32, number: u32): u8 {
  const portfolio = isPortfolio(account);
  reads = portfolio ? factsRead(load<u32>(regimeAt(load<u32>(accountAt(account), ACCOUNT_REGIME)), REGIME_PROGRAM)) : 0;
  let code = checkInstrument(number);
  if (code != 0) return code;
  const currency: u32 = portfolio ? NONE : load<u32>(instrumentAt(number), INSTRUMENT_CURRENCY);
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (load<i64>(position, POSITION_QUANTITY) != 0 && isCross(position)) {
      code = checkBeside(load<u32>(position, POSITION_INSTRUMENT), currency, number);
      if (code != 0) return code;
    }
    slot = load<u32>(position, POSITION_NEXT);
  }
  let last = number;
  slot = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  while (slot != NONE) {
    const each = load<u32>(holdAt(slot), HOLD_INSTRUMENT);
    if (each != last) {
      code = checkBeside(each, currency, number);
      if (code != 0) return code;
      last = each;
    }
    slot = load<u32>(holdAt(slot), HOLD_NEXT);
  }
  return portfolio ? checkRates(account, number) : 0;
}

/** An instrument of the same settlement currency (NONE: of any) that is not the order's own. */
@inline
function checkBeside(each: u32, currency: u32, number: u32): u8 {
  if (each == number) return 0;
  if (currency != NONE && load<u32>(instrumentAt(each), INSTRUMENT_CURRENCY) != currency) return 0;
  return checkInstrument(each);
}

function checkInstrument(number: u32): u8 {
  const instrument = instrumentAt(number);
  const key = load<u32>(instrument, INSTRUMENT_KEY);
  if (!load<u8>(instrument, INSTRUMENT_MARKED)) return fail(PRICE_MISSING, 0, 0, PRICE_OF_MARK, key);
  const limit = load<i64>(instrument, INSTRUMENT_STALE_AFTER);
  if (ageOf(instrument + INSTRUMENT_MARK_TIME) > limit) return stale(instrument + INSTRUMENT_MARK_TIME, limit, PRICE_OF_MARK, key);
  if (reads == 0) return 0;
  if (isRead(FIELD_VOLATILITY) && load<u8>(instrument, INSTRUMENT_VOLATILITY_KNOWN)) {
    const told = instrument + INSTRUMENT_VOLATILITY_TIME;
    if (ageOf(told) > limit) return stale(told, limit, PRICE_OF_VOLATILITY, key);
  }
  if (isRead(FIELD_FORWARD) && load<u8>(instrument, INSTRUMENT_FORWARD_KNOWN)) {
    const told = instrument + INSTRUMENT_FORWARD_TIME;
    if (ageOf(told) > limit) return stale(told, limit, PRICE_OF_FORWARD, key);
  }
  return isRead(FIELD_INDEX) ? checkIndex(load<u32>(instrument, INSTRUMENT_UNDERLYING), limit) : 0;
}

/**
 * Rates of the order's currency and of those that the account has something in. An index has no limit of its own, so that of
 * the order's instrument holds.
 */
function checkRates(account: u32, number: u32): u8 {
  if (!isRead(FIELD_PRICE)) return 0;
  const limit = load<i64>(instrumentAt(number), INSTRUMENT_STALE_AFTER);
  const own = load<u32>(instrumentAt(number), INSTRUMENT_CURRENCY);
  let code = checkIndex(load<u32>(currencyAt(own), CURRENCY_KEY), limit);
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE && code == 0) {
    const pool = poolAt(slot);
    const empty = load<i64>(pool, POOL_BALANCE) == 0 && load<u32>(pool, POOL_OPEN_POSITIONS) == 0;
    if (!empty) code = checkIndex(load<u32>(currencyAt(load<u32>(pool, POOL_CURRENCY)), CURRENCY_KEY), limit);
    slot = load<u32>(pool, POOL_NEXT);
  }
  return code;
}

/** One that was never told is no price: the regime cannot judge without it, or counts the valuation currency as 1. */
function checkIndex(key: u32, limit: i64): u8 {
  if (key == NONE || load<i64>(indexAt(key), INDEX_PRICE) == 0) return 0;
  const told = indexAt(key) + INDEX_TIME;
  return ageOf(told) > limit ? stale(told, limit, PRICE_OF_INDEX, key) : 0;
}

@inline
function ageOf(told: usize): i64 {
  return load<i64>(header, HEADER_EVENT_TIME) - load<i64>(told);
}

function stale(told: usize, limit: i64, kind: i64, key: u32): u8 {
  return fail(PRICE_STALE, ageOf(told), limit, kind, key);
}

function fail(code: u8, age: i64, limit: i64, kind: i64, key: u32): u8 {
  failedPriceAge = age;
  failedPriceLimit = limit;
  failedPrice = (kind << 32) | key;
  return code;
}

@inline
function isRead(field: u32): bool {
  return (reads & (<u64>1 << field)) != 0;
}

/** Facts that a program's verdict looks at, a bit each. */
function factsRead(slot: u32): u64 {
  const program = programAt(slot);
  const count = load<u32>(program, PROGRAM_NODES);
  const nodes = program + load<u32>(program, PROGRAM_NODES + 4);
  let facts: u64 = 0;
  for (let number: u32 = 0; number < count; number++) {
    const node = nodes + <usize>number * NODE_SIZE;
    if (load<u16>(node, NODE_OPERATION) != OPERATION_FIELD || (load<u8>(node, NODE_FLAGS) & NODE_VERDICT) == 0) continue;
    facts |= <u64>1 << load<u32>(node, NODE_INDEX);
  }
  return facts;
}
