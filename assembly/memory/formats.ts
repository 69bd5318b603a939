// Whether a quantity and a price keep to the terms of their instrument, and a time to the calendar.

import {
  PRICE_LIMIT, PRICE_NOT_POSITIVE, PRICE_OFF_TICK, QUANTITY_LIMIT, QUANTITY_NOT_POSITIVE, QUANTITY_OFF_LOT,
} from "./codes";
import { magnitude } from "./fixed";
import {
  INSTRUMENT_LOT, INSTRUMENT_NON_POSITIVE, INSTRUMENT_PRICE_LIMIT, INSTRUMENT_QUANTITY_LIMIT, INSTRUMENT_TICK,
} from "./layout";

/** INP-004: 2000-01-01 up to 2200-01-01, in microseconds. */
export const FIRST_TIME_US: i64 = 946684800000000;
export const LAST_TIME_US: i64 = 7258118400000000;

export let failedCode: u8 = 0;
export let failedValue: i64 = 0;
export let failedLimit: i64 = 0;

function fail(code: u8, value: i64, limit: i64): bool {
  failedCode = code;
  failedValue = value;
  failedLimit = limit;
  return false;
}

export function timeInRange(timeUs: i64): bool {
  return timeUs >= FIRST_TIME_US && timeUs < LAST_TIME_US;
}

export function checkQuantity(instrument: usize, quantity: i64): bool {
  if (quantity <= 0) return fail(QUANTITY_NOT_POSITIVE, quantity, 0);
  const limit = load<i64>(instrument, INSTRUMENT_QUANTITY_LIMIT);
  if (quantity > limit) return fail(QUANTITY_LIMIT, quantity, limit);
  const lot = load<i64>(instrument, INSTRUMENT_LOT);
  if (quantity % lot != 0) return fail(QUANTITY_OFF_LOT, quantity, lot);
  return true;
}

export function checkPriceOfOrder(instrument: usize, price: i64): bool {
  if (price <= 0 && !load<u8>(instrument, INSTRUMENT_NON_POSITIVE)) return fail(PRICE_NOT_POSITIVE, price, 0);
  const limit = load<i64>(instrument, INSTRUMENT_PRICE_LIMIT);
  if (magnitude(price) > <u64>limit) return fail(PRICE_LIMIT, price, limit);
  const tick = load<i64>(instrument, INSTRUMENT_TICK);
  if (price % tick != 0) return fail(PRICE_OFF_TICK, price, tick);
  return true;
}
