// Accounts, their pools and positions: finding, opening, and the lists that hold them together.

import {
  ACCOUNT_FIRST_HOLD, ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, ACCOUNT_MODE, ACCOUNT_POSITIONS, ACCOUNT_STATE, ACCOUNT_STATE_SINCE,
  HEADER_ACCOUNT_CAPACITY, HEADER_ACCOUNTS, HEADER_EVENT_TIME, HEADER_POOL_CAPACITY, HEADER_POOLS,
  HEADER_POSITION_CAPACITY, HEADER_POSITIONS, INSTRUMENT_CURRENCY, INSTRUMENT_DEFAULT_LEVERAGE, INSTRUMENT_FIRST_HOLDER,
  INSTRUMENT_HOLDERS, INSTRUMENT_NET_QUANTITY, INSTRUMENT_OPEN_QUANTITY, INSTRUMENT_SETTLED, MODE_CROSS, MODE_PORTFOLIO, NONE,
  POOL_ACCOUNT, POOL_BALANCE, POOL_CURRENCY, POOL_NEXT, POOL_OPEN_POSITIONS, POOL_SIZE, POOL_STATE, POOL_STATE_SINCE,
  POSITION_ACCOUNT, POSITION_INSTRUMENT, POSITION_LEVERAGE, POSITION_MODE, POSITION_NEXT, POSITION_NEXT_HOLDER,
  POSITION_POOL, POSITION_PREVIOUS_HOLDER, POSITION_QUANTITY, POSITION_SIZE, POSITION_STATE,
  POSITION_STATE_SINCE, STATE_HEALTHY, VENUE_ACCOUNTS,
} from "../memory/layout";
import { accountAt, header, instrumentAt, poolAt, positionAt, sparePool, sparePosition } from "../memory/tables";

/** @returns the account's number, NONE when there is no room */
export function openAccount(mode: u8): u32 {
  const number = load<u32>(header, HEADER_ACCOUNTS);
  if (number >= load<u32>(header, HEADER_ACCOUNT_CAPACITY)) return NONE;
  store<u32>(header, number + 1, HEADER_ACCOUNTS);
  const account = accountAt(number);
  store<u8>(account, mode, ACCOUNT_MODE);
  store<u8>(account, STATE_HEALTHY, ACCOUNT_STATE);
  store<u32>(account, NONE, ACCOUNT_FIRST_POSITION);
  store<u32>(account, NONE, ACCOUNT_FIRST_POOL);
  store<u32>(account, NONE, ACCOUNT_FIRST_HOLD);
  store<i64>(account, load<i64>(header, HEADER_EVENT_TIME), ACCOUNT_STATE_SINCE);
  return number;
}

@inline
export function isVenueAccount(account: u32): bool {
  return account < VENUE_ACCOUNTS;
}

/** @returns the pool's slot, NONE when the account has none in that currency */
export function findPool(account: u32, currency: u32): u32 {
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    const pool = poolAt(slot);
    if (load<u32>(pool, POOL_CURRENCY) == currency) return slot;
    slot = load<u32>(pool, POOL_NEXT);
  }
  return NONE;
}

/** Finds the pool or opens it, keeping the account's list in order of currency. @returns NONE when there is no room */
export function takePool(account: u32, currency: u32): u32 {
  let previous: u32 = NONE;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    const found = load<u32>(poolAt(slot), POOL_CURRENCY);
    if (found == currency) return slot;
    if (found > currency) break;
    previous = slot;
    slot = load<u32>(poolAt(slot), POOL_NEXT);
  }
  const fresh = load<u32>(header, HEADER_POOLS);
  if (fresh >= load<u32>(header, HEADER_POOL_CAPACITY)) return NONE;
  store<u32>(header, fresh + 1, HEADER_POOLS);
  const pool = poolAt(fresh);
  memory.fill(pool, 0, POOL_SIZE);
  store<u32>(pool, account, POOL_ACCOUNT);
  store<u32>(pool, currency, POOL_CURRENCY);
  store<u32>(pool, slot, POOL_NEXT);
  store<u8>(pool, STATE_HEALTHY, POOL_STATE);
  store<i64>(pool, load<i64>(header, HEADER_EVENT_TIME), POOL_STATE_SINCE);
  if (previous == NONE) store<u32>(accountAt(account), fresh, ACCOUNT_FIRST_POOL);
  else store<u32>(poolAt(previous), fresh, POOL_NEXT);
  return fresh;
}

/** Whether `takePool` would find room. */
export function poolFits(account: u32, currency: u32): bool {
  return (
    findPool(account, currency) != NONE || load<u32>(header, HEADER_POOLS) < load<u32>(header, HEADER_POOL_CAPACITY)
  );
}

/** A venue account's pool exists since its currency was listed. */
export function creditVenue(account: u32, currency: u32, amount: i64): void {
  if (amount == 0) return;
  const pool = poolAt(findPool(account, currency));
  store<i64>(pool, load<i64>(pool, POOL_BALANCE) + amount, POOL_BALANCE);
}

/** @returns the position's slot, NONE when the account has none in that instrument */
export function findPosition(account: u32, instrument: u32): u32 {
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    const found = load<u32>(position, POSITION_INSTRUMENT);
    if (found == instrument) return slot;
    if (found > instrument) return NONE;
    slot = load<u32>(position, POSITION_NEXT);
  }
  return NONE;
}

/** A row whose instrument is settled serves nobody any more. */
function takeOverSettled(account: u32): u32 {
  let previous: u32 = NONE;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    const next = load<u32>(position, POSITION_NEXT);
    if (load<u8>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_SETTLED)) {
      if (previous == NONE) store<u32>(accountAt(account), next, ACCOUNT_FIRST_POSITION);
      else store<u32>(positionAt(previous), next, POSITION_NEXT);
      store<u32>(accountAt(account), load<u32>(accountAt(account), ACCOUNT_POSITIONS) - 1, ACCOUNT_POSITIONS);
      return slot;
    }
    previous = slot;
    slot = next;
  }
  return NONE;
}

/** Whether `takePosition` would find room; it may need a pool too. */
export function positionFits(account: u32, instrument: u32): bool {
  if (findPosition(account, instrument) != NONE) return true;
  if (!poolFits(account, load<u32>(instrumentAt(instrument), INSTRUMENT_CURRENCY))) return false;
  if (load<u32>(header, HEADER_POSITIONS) < load<u32>(header, HEADER_POSITION_CAPACITY)) return true;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (load<u8>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_SETTLED)) return true;
    slot = load<u32>(position, POSITION_NEXT);
  }
  return false;
}

/** Positions of a portfolio are cross unless they are fenced one by one. */
function modeOfNew(account: u32): u8 {
  const mode = load<u8>(accountAt(account), ACCOUNT_MODE);
  return mode == MODE_PORTFOLIO ? MODE_CROSS : mode;
}

/** Finds the position or opens it, keeping the account's list in order of instrument. Room was checked before. */
export function takePosition(account: u32, instrument: u32): u32 {
  const existing = findPosition(account, instrument);
  if (existing != NONE) return existing;
  const terms = instrumentAt(instrument);
  const pool = takePool(account, load<u32>(terms, INSTRUMENT_CURRENCY));
  let fresh = takeOverSettled(account);
  if (fresh == NONE) {
    fresh = load<u32>(header, HEADER_POSITIONS);
    store<u32>(header, fresh + 1, HEADER_POSITIONS);
  }
  let previous: u32 = NONE;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE && load<u32>(positionAt(slot), POSITION_INSTRUMENT) < instrument) {
    previous = slot;
    slot = load<u32>(positionAt(slot), POSITION_NEXT);
  }
  const owner = accountAt(account);
  const position = positionAt(fresh);
  memory.fill(position, 0, POSITION_SIZE);
  store<u32>(position, account, POSITION_ACCOUNT);
  store<u32>(position, instrument, POSITION_INSTRUMENT);
  store<u32>(position, pool, POSITION_POOL);
  store<u32>(position, slot, POSITION_NEXT);
  store<u32>(position, NONE, POSITION_NEXT_HOLDER);
  store<u32>(position, NONE, POSITION_PREVIOUS_HOLDER);
  store<u8>(position, modeOfNew(account), POSITION_MODE);
  store<u8>(position, STATE_HEALTHY, POSITION_STATE);
  store<u32>(position, load<u32>(terms, INSTRUMENT_DEFAULT_LEVERAGE), POSITION_LEVERAGE);
  store<i64>(position, load<i64>(header, HEADER_EVENT_TIME), POSITION_STATE_SINCE);
  if (previous == NONE) store<u32>(owner, fresh, ACCOUNT_FIRST_POSITION);
  else store<u32>(positionAt(previous), fresh, POSITION_NEXT);
  store<u32>(owner, load<u32>(owner, ACCOUNT_POSITIONS) + 1, ACCOUNT_POSITIONS);
  return fresh;
}

/**
 * The position as it is, or as it would be opened: a row beside the tables, pointing to a pool beside the tables if need
 * be. What is tried on it leaves no trace.
 */
export function positionOrSpare(account: u32, instrument: u32): usize {
  const slot = findPosition(account, instrument);
  if (slot != NONE) return positionAt(slot);
  const terms = instrumentAt(instrument);
  const position = positionAt(sparePosition);
  memory.fill(position, 0, POSITION_SIZE);
  const pool = findPool(account, load<u32>(terms, INSTRUMENT_CURRENCY));
  if (pool == NONE) memory.fill(poolAt(sparePool), 0, POOL_SIZE);
  store<u32>(position, instrument, POSITION_INSTRUMENT);
  store<u32>(position, pool == NONE ? sparePool : pool, POSITION_POOL);
  store<u8>(position, modeOfNew(account), POSITION_MODE);
  store<u32>(position, load<u32>(terms, INSTRUMENT_DEFAULT_LEVERAGE), POSITION_LEVERAGE);
  return position;
}

@inline
export function isCross(position: usize): bool {
  return load<u8>(position, POSITION_MODE) == MODE_CROSS;
}

/** Counts an open cross position in or out of its pool. */
export function countInPool(position: usize, change: i32): void {
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  store<u32>(pool, load<u32>(pool, POOL_OPEN_POSITIONS) + <u32>change, POOL_OPEN_POSITIONS);
}

/** Sets the quantity, and with it the instrument's sums and list of holders and the pool's count of open positions. */
export function setQuantity(slot: u32, quantity: i64): void {
  const position = positionAt(slot);
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  const before = load<i64>(position, POSITION_QUANTITY);
  store<i64>(position, quantity, POSITION_QUANTITY);
  store<i64>(instrument, load<i64>(instrument, INSTRUMENT_NET_QUANTITY) + quantity - before, INSTRUMENT_NET_QUANTITY);
  const longBefore: i64 = before > 0 ? before : 0;
  const longAfter: i64 = quantity > 0 ? quantity : 0;
  store<i64>(
    instrument, load<i64>(instrument, INSTRUMENT_OPEN_QUANTITY) + longAfter - longBefore, INSTRUMENT_OPEN_QUANTITY,
  );
  if (before == 0 && quantity != 0) {
    linkHolder(slot, instrument);
    if (isCross(position)) countInPool(position, 1);
  } else if (before != 0 && quantity == 0) {
    unlinkHolder(position, instrument);
    if (isCross(position)) countInPool(position, -1);
  }
}

function linkHolder(slot: u32, instrument: usize): void {
  const holders = load<u32>(instrument, INSTRUMENT_HOLDERS);
  const first: u32 = holders == 0 ? NONE : load<u32>(instrument, INSTRUMENT_FIRST_HOLDER);
  store<u32>(positionAt(slot), first, POSITION_NEXT_HOLDER);
  store<u32>(positionAt(slot), NONE, POSITION_PREVIOUS_HOLDER);
  if (first != NONE) store<u32>(positionAt(first), slot, POSITION_PREVIOUS_HOLDER);
  store<u32>(instrument, slot, INSTRUMENT_FIRST_HOLDER);
  store<u32>(instrument, holders + 1, INSTRUMENT_HOLDERS);
}

function unlinkHolder(position: usize, instrument: usize): void {
  const next = load<u32>(position, POSITION_NEXT_HOLDER);
  const previous = load<u32>(position, POSITION_PREVIOUS_HOLDER);
  if (previous == NONE) store<u32>(instrument, next, INSTRUMENT_FIRST_HOLDER);
  else store<u32>(positionAt(previous), next, POSITION_NEXT_HOLDER);
  if (next != NONE) store<u32>(positionAt(next), previous, POSITION_PREVIOUS_HOLDER);
  store<u32>(position, NONE, POSITION_NEXT_HOLDER);
  store<u32>(position, NONE, POSITION_PREVIOUS_HOLDER);
  store<u32>(instrument, load<u32>(instrument, INSTRUMENT_HOLDERS) - 1, INSTRUMENT_HOLDERS);
}

/** First open position of an instrument, NONE when nobody holds it. */
export function firstHolder(instrument: usize): u32 {
  return load<u32>(instrument, INSTRUMENT_HOLDERS) == 0 ? NONE : load<u32>(instrument, INSTRUMENT_FIRST_HOLDER);
}
