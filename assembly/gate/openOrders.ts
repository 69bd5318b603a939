// What an account's resting orders add to what the controls count. NONE in place of an instrument asks for all of them.

import { cashOf, notionalOf } from "../margin/contracts";
import { guarded, larger } from "../memory/fixed";
import {
  ACCOUNT_FIRST_HOLD, HOLD_FLAGS, HOLD_INSTRUMENT, HOLD_NEXT, HOLD_PRICE, HOLD_QUANTITY, HOLD_SIDE, INSTRUMENT_CURRENCY,
  INSTRUMENT_MARK, INSTRUMENT_MARKED, NONE, ORDER_PRICED,
} from "../memory/layout";
import { accountAt, holdAt, instrumentAt } from "../memory/tables";

let leftOut: u32 = NONE;

/** The hold that an order under check is to take the place of (NONE: of none) is not counted beside it. */
export function leaveOutOfCount(slot: u32): void {
  leftOut = slot;
}

@inline
function firstHold(account: u32): u32 {
  return load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
}

@inline
function rests(hold: usize, instrument: u32): bool {
  return instrument == NONE || load<u32>(hold, HOLD_INSTRUMENT) == instrument;
}

/** How many orders of the account rest in the instrument. */
export function openOrders(account: u32, instrument: u32): u32 {
  let count: u32 = 0;
  for (let slot = firstHold(account); slot != NONE; slot = load<u32>(holdAt(slot), HOLD_NEXT)) {
    if (slot != leftOut && rests(holdAt(slot), instrument)) count++;
  }
  return count;
}

/** Quantity of one side that rests in the instrument. */
export function openQuantity(account: u32, instrument: u32, side: u8): i64 {
  let sum: i64 = 0;
  for (let slot = firstHold(account); slot != NONE; slot = load<u32>(holdAt(slot), HOLD_NEXT)) {
    const hold = holdAt(slot);
    if (slot != leftOut && load<u32>(hold, HOLD_INSTRUMENT) == instrument && load<u8>(hold, HOLD_SIDE) == side) {
      sum = guarded(sum + load<i64>(hold, HOLD_QUANTITY));
    }
  }
  return sum;
}

/** CTL-008: of one order that rests, at its limit or at the mark, whichever is worth more. */
function restingNotional(hold: usize): i64 {
  const instrument = instrumentAt(load<u32>(hold, HOLD_INSTRUMENT));
  const quantity = load<i64>(hold, HOLD_QUANTITY);
  const atMark: i64 = load<u8>(instrument, INSTRUMENT_MARKED)
    ? notionalOf(cashOf(instrument, quantity, load<i64>(instrument, INSTRUMENT_MARK)))
    : 0;
  if ((load<u8>(hold, HOLD_FLAGS) & ORDER_PRICED) == 0) return atMark;
  return larger(atMark, notionalOf(cashOf(instrument, quantity, load<i64>(hold, HOLD_PRICE))));
}

/** Notional of both sides that rests in the instrument, in its settlement currency. */
export function openNotional(account: u32, instrument: u32): i64 {
  let sum: i64 = 0;
  for (let slot = firstHold(account); slot != NONE; slot = load<u32>(holdAt(slot), HOLD_NEXT)) {
    if (slot != leftOut && rests(holdAt(slot), instrument)) sum = guarded(sum + restingNotional(holdAt(slot)));
  }
  return sum;
}

/** Notional of both sides in all instruments that settle in the currency. */
export function openNotionalIn(account: u32, currency: u32): i64 {
  let sum: i64 = 0;
  for (let slot = firstHold(account); slot != NONE; slot = load<u32>(holdAt(slot), HOLD_NEXT)) {
    const hold = holdAt(slot);
    const settled = load<u32>(instrumentAt(load<u32>(hold, HOLD_INSTRUMENT)), INSTRUMENT_CURRENCY);
    if (slot != leftOut && settled == currency) {
      sum = guarded(sum + restingNotional(hold));
    }
  }
  return sum;
}
