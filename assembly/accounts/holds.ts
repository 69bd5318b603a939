// Rows of held orders: finding, placing, taking away, and the two lists that they stand in: of their account, in the order
// in which their margin is reckoned (by instrument, buys before sells, best price first, then as placed), and of all that
// expire, by time.

import {
  ACCOUNT_FIRST_HOLD, ACCOUNT_HOLDS, HEADER_EVENT_TIME, HEADER_FIRST_EXPIRY, HEADER_FREE_HOLD, HEADER_HOLD_CAPACITY,
  HEADER_HOLD_ROWS, HEADER_HOLDS, HEADER_LAST_EXPIRY, HEADER_TIMED_HOLDS, HOLD_ACCOUNT, HOLD_EXPIRY, HOLD_FLAGS,
  HOLD_INSTRUMENT, HOLD_KEY, HOLD_NEXT, HOLD_NEXT_EXPIRY, HOLD_PREVIOUS_EXPIRY, HOLD_PRICE, HOLD_QUANTITY, HOLD_SIDE,
  HOLD_SIZE, HOLD_TIME, NONE, ORDER_PRICED, SIDE_BUY,
} from "../memory/layout";
import { accountAt, header, holdAt } from "../memory/tables";

/** @returns the row of an account's order, NONE when it holds nothing */
export function findHold(account: u32, key: u64): u32 {
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  while (slot != NONE) {
    if (load<u64>(holdAt(slot), HOLD_KEY) == key) return slot;
    slot = load<u32>(holdAt(slot), HOLD_NEXT);
  }
  return NONE;
}

/** First hold of an account in an instrument; the others of the instrument follow it in the list. */
export function firstHoldIn(account: u32, instrument: u32): u32 {
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  while (slot != NONE) {
    const found = load<u32>(holdAt(slot), HOLD_INSTRUMENT);
    if (found == instrument) return slot;
    if (found > instrument) return NONE;
    slot = load<u32>(holdAt(slot), HOLD_NEXT);
  }
  return NONE;
}

export function holdFits(): bool {
  return (
    load<u32>(header, HEADER_FREE_HOLD) != NONE ||
    load<u32>(header, HEADER_HOLD_ROWS) < load<u32>(header, HEADER_HOLD_CAPACITY)
  );
}

/** Whether an order of `side` at `price` is filled before the hold: a market order first, then the better price. */
export function comesBefore(side: u8, priced: bool, price: i64, hold: usize): bool {
  const holdPriced = (load<u8>(hold, HOLD_FLAGS) & ORDER_PRICED) != 0;
  if (!priced || !holdPriced) return !priced && holdPriced;
  const other = load<i64>(hold, HOLD_PRICE);
  return side == SIDE_BUY ? price > other : price < other;
}

/** Room was checked before. */
export function addHold(
  account: u32, instrument: u32, key: u64, side: u8, flags: u8, quantity: i64, price: i64, expiry: i64,
): u32 {
  let slot = load<u32>(header, HEADER_FREE_HOLD);
  if (slot != NONE) {
    store<u32>(header, load<u32>(holdAt(slot), HOLD_NEXT), HEADER_FREE_HOLD);
  } else {
    slot = load<u32>(header, HEADER_HOLD_ROWS);
    store<u32>(header, slot + 1, HEADER_HOLD_ROWS);
  }
  const hold = holdAt(slot);
  memory.fill(hold, 0, HOLD_SIZE);
  store<u32>(hold, account, HOLD_ACCOUNT);
  store<u32>(hold, instrument, HOLD_INSTRUMENT);
  store<u8>(hold, side, HOLD_SIDE);
  store<u64>(hold, key, HOLD_KEY);
  store<i64>(hold, load<i64>(header, HEADER_EVENT_TIME), HOLD_TIME);
  setTerms(hold, flags, quantity, price, expiry);
  linkToAccount(slot);
  linkExpiry(slot);
  const owner = accountAt(account);
  store<u32>(owner, load<u32>(owner, ACCOUNT_HOLDS) + 1, ACCOUNT_HOLDS);
  store<u32>(header, load<u32>(header, HEADER_HOLDS) + 1, HEADER_HOLDS);
  return slot;
}

function setTerms(hold: usize, flags: u8, quantity: i64, price: i64, expiry: i64): void {
  store<u8>(hold, flags, HOLD_FLAGS);
  store<i64>(hold, quantity, HOLD_QUANTITY);
  store<i64>(hold, price, HOLD_PRICE);
  store<i64>(hold, expiry, HOLD_EXPIRY);
}

/** New terms for an order that rests; it goes behind the others of its new price. */
export function changeHold(slot: u32, flags: u8, quantity: i64, price: i64, expiry: i64): void {
  unlinkFromAccount(slot);
  unlinkExpiry(slot);
  setTerms(holdAt(slot), flags, quantity, price, expiry);
  linkToAccount(slot);
  linkExpiry(slot);
}

/** The row holds nothing any more. It is emptied, so that equal states have equal bytes. */
export function removeHold(slot: u32): void {
  const hold = holdAt(slot);
  const owner = accountAt(load<u32>(hold, HOLD_ACCOUNT));
  unlinkFromAccount(slot);
  unlinkExpiry(slot);
  store<u32>(owner, load<u32>(owner, ACCOUNT_HOLDS) - 1, ACCOUNT_HOLDS);
  store<u32>(header, load<u32>(header, HEADER_HOLDS) - 1, HEADER_HOLDS);
  memory.fill(hold, 0, HOLD_SIZE);
  store<u32>(hold, NONE, HOLD_ACCOUNT);
  store<u32>(hold, load<u32>(header, HEADER_FREE_HOLD), HOLD_NEXT);
  store<u32>(header, slot, HEADER_FREE_HOLD);
}

function linkToAccount(slot: u32): void {
  const hold = holdAt(slot);
  const owner = accountAt(load<u32>(hold, HOLD_ACCOUNT));
  let previous: u32 = NONE;
  let other = load<u32>(owner, ACCOUNT_FIRST_HOLD);
  while (other != NONE && !isBefore(hold, holdAt(other))) {
    previous = other;
    other = load<u32>(holdAt(other), HOLD_NEXT);
  }
  store<u32>(hold, other, HOLD_NEXT);
  if (previous == NONE) store<u32>(owner, slot, ACCOUNT_FIRST_HOLD);
  else store<u32>(holdAt(previous), slot, HOLD_NEXT);
}

function isBefore(hold: usize, other: usize): bool {
  const instrument = load<u32>(hold, HOLD_INSTRUMENT);
  const otherInstrument = load<u32>(other, HOLD_INSTRUMENT);
  if (instrument != otherInstrument) return instrument < otherInstrument;
  const side = load<u8>(hold, HOLD_SIDE);
  if (side != load<u8>(other, HOLD_SIDE)) return side == SIDE_BUY;
  return comesBefore(side, (load<u8>(hold, HOLD_FLAGS) & ORDER_PRICED) != 0, load<i64>(hold, HOLD_PRICE), other);
}

function unlinkFromAccount(slot: u32): void {
  const owner = accountAt(load<u32>(holdAt(slot), HOLD_ACCOUNT));
  const next = load<u32>(holdAt(slot), HOLD_NEXT);
  let other = load<u32>(owner, ACCOUNT_FIRST_HOLD);
  if (other == slot) {
    store<u32>(owner, next, ACCOUNT_FIRST_HOLD);
    return;
  }
  while (load<u32>(holdAt(other), HOLD_NEXT) != slot) other = load<u32>(holdAt(other), HOLD_NEXT);
  store<u32>(holdAt(other), next, HOLD_NEXT);
}

/** From the end: most orders live equally long, so that the newest expires last. */
function linkExpiry(slot: u32): void {
  const hold = holdAt(slot);
  store<u32>(hold, NONE, HOLD_NEXT_EXPIRY);
  store<u32>(hold, NONE, HOLD_PREVIOUS_EXPIRY);
  const expiry = load<i64>(hold, HOLD_EXPIRY);
  if (expiry == 0) return;
  let next: u32 = NONE;
  let previous = load<u32>(header, HEADER_LAST_EXPIRY);
  while (previous != NONE && load<i64>(holdAt(previous), HOLD_EXPIRY) > expiry) {
    next = previous;
    previous = load<u32>(holdAt(previous), HOLD_PREVIOUS_EXPIRY);
  }
  store<u32>(hold, next, HOLD_NEXT_EXPIRY);
  store<u32>(hold, previous, HOLD_PREVIOUS_EXPIRY);
  if (previous == NONE) store<u32>(header, slot, HEADER_FIRST_EXPIRY);
  else store<u32>(holdAt(previous), slot, HOLD_NEXT_EXPIRY);
  if (next == NONE) store<u32>(header, slot, HEADER_LAST_EXPIRY);
  else store<u32>(holdAt(next), slot, HOLD_PREVIOUS_EXPIRY);
  store<u32>(header, load<u32>(header, HEADER_TIMED_HOLDS) + 1, HEADER_TIMED_HOLDS);
}

function unlinkExpiry(slot: u32): void {
  const hold = holdAt(slot);
  if (load<i64>(hold, HOLD_EXPIRY) == 0) return;
  const next = load<u32>(hold, HOLD_NEXT_EXPIRY);
  const previous = load<u32>(hold, HOLD_PREVIOUS_EXPIRY);
  if (previous == NONE) store<u32>(header, next, HEADER_FIRST_EXPIRY);
  else store<u32>(holdAt(previous), next, HOLD_NEXT_EXPIRY);
  if (next == NONE) store<u32>(header, previous, HEADER_LAST_EXPIRY);
  else store<u32>(holdAt(next), previous, HOLD_PREVIOUS_EXPIRY);
  store<u32>(header, load<u32>(header, HEADER_TIMED_HOLDS) - 1, HEADER_TIMED_HOLDS);
}
