// Requirement and state of pools and isolated positions (MAR-012 to MAR-017), kept as exact sums: a position's
// contribution to its pool is taken out before it changes and put back after.

import { initialInTier, maintenanceInTier, notionalOf, tierFor, valueOf } from "./contracts";
import { smaller } from "../memory/fixed";
import { countInPool, firstHolder, isCross, isVenueAccount } from "../accounts/holdings";
import {
  ACCOUNT_STATE, ACCOUNT_STATE_COUNTS, ACCOUNT_STATE_SINCE, BASIS_COUNTED, BASIS_JUDGED, BASIS_TABLES,
  BOOKKEEPING_STATE_CHANGES, HEADER_EVENT_TIME,
  INSTRUMENT_CURRENCY, INSTRUMENT_MARK, INSTRUMENT_MARKED, MARGIN_STATE_CHANGED, MODE_CROSS, NONE, POOL_ACCOUNT,
  POOL_BALANCE, POOL_BASIS, POOL_REGIME_EQUITY, POOL_REGIME_STATE, POOL_CURRENCY, POOL_IM, POOL_MM, POOL_PROFIT, POOL_STATE, POOL_STATE_SINCE, POSITION_ACCOUNT,
  POSITION_ENTRY_COST, POSITION_IM, POSITION_INSTRUMENT, POSITION_LEVERAGE, POSITION_MARK_VALUE, POSITION_MM,
  POSITION_MODE, POSITION_NEXT_HOLDER, POSITION_POOL, POSITION_POSTED, POSITION_QUANTITY, POSITION_STATE,
  POSITION_STATE_SINCE, STATE_BANKRUPT, STATE_CALLED, STATE_HEALTHY, STATE_LIQUIDATING,
} from "../memory/layout";
import { emit, setStates, setValue } from "../memory/outputs";
import { revalueIsolated, revaluePool } from "./scenarios";
import { accountAt, bookkeeping, gathered, header, instrumentAt, poolAt, positionAt } from "../memory/tables";
import { inPortfolio, touch } from "../accounts/touched";

@inline
export function profitOf(position: usize): i64 {
  return load<i64>(position, POSITION_MARK_VALUE) - load<i64>(position, POSITION_ENTRY_COST);
}

/** MAR-015; of a pool that a regime judges, as it said last (MAR-030). */
@inline
export function poolEquity(pool: usize): i64 {
  if (load<u8>(pool, POOL_BASIS) == BASIS_JUDGED) return load<i64>(pool, POOL_REGIME_EQUITY);
  return load<i64>(pool, POOL_BALANCE) + load<i64>(pool, POOL_PROFIT);
}

@inline
export function isolatedEquity(position: usize): i64 {
  return load<i64>(position, POSITION_POSTED) + profitOf(position);
}

/** MAR-015; may be negative. */
export function freeCollateral(pool: usize): i64 {
  // Which collateral of a portfolio is free shows only when it is taken away (MAR-031).
  if (load<u8>(pool, POOL_BASIS) != BASIS_TABLES) return load<i64>(pool, POOL_BALANCE);
  return smaller(load<i64>(pool, POOL_BALANCE), poolEquity(pool) - load<i64>(pool, POOL_IM));
}

/** Value of `quantity` at the instrument's mark; before the first mark, what it cost (MAR-012). */
export function markValueOf(instrument: usize, quantity: i64, entryCost: i64): i64 {
  if (quantity == 0) return 0;
  return load<u8>(instrument, INSTRUMENT_MARKED)
    ? valueOf(instrument, quantity, load<i64>(instrument, INSTRUMENT_MARK))
    : entryCost;
}

/** No sum may ever wrap: eight positions at the guard of `fills` stop the kernel here, before it says a wrong number. */
const SUM_GUARD: i64 = 1 << 62;

function contribute(position: usize, sign: i64): void {
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  const profit = load<i64>(pool, POOL_PROFIT) + sign * profitOf(position);
  if (profit >= SUM_GUARD || profit <= 0 - SUM_GUARD) unreachable();
  store<i64>(pool, profit, POOL_PROFIT);
  // The sums of a portfolio's pool are what its regime says.
  if (load<u8>(pool, POOL_BASIS) != BASIS_TABLES) return;
  store<i64>(pool, load<i64>(pool, POOL_IM) + sign * load<i64>(position, POSITION_IM), POOL_IM);
  store<i64>(pool, load<i64>(pool, POOL_MM) + sign * load<i64>(position, POSITION_MM), POOL_MM);
}

/** Takes the position out of its pool's sums. Every change of a position stands between `detach` and `attach`. */
export function detach(position: usize): void {
  if (isCross(position)) contribute(position, -1);
}

/** Values the position at its instrument's mark and puts it back into its pool's sums. */
export function attach(position: usize): void {
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  const value = markValueOf(
    instrument, load<i64>(position, POSITION_QUANTITY), load<i64>(position, POSITION_ENTRY_COST),
  );
  const notional = notionalOf(value);
  store<i64>(position, value, POSITION_MARK_VALUE);
  if (inPortfolio(position)) {
    // What it requires cannot be said of one position alone (MAR-030).
    store<i64>(position, 0, POSITION_IM);
    store<i64>(position, 0, POSITION_MM);
    contribute(position, 1);
    return;
  }
  const tier = tierFor(instrument, notional);
  store<i64>(position, initialInTier(tier, load<u32>(position, POSITION_LEVERAGE), notional), POSITION_IM);
  store<i64>(position, maintenanceInTier(tier, notional), POSITION_MM);
  if (isCross(position)) contribute(position, 1);
}

/** Changes the mode of a position that stands between `detach` and `attach`. */
export function setMode(position: usize, mode: u8): void {
  const before = load<u8>(position, POSITION_MODE);
  store<u8>(position, mode, POSITION_MODE);
  if (before == mode || load<i64>(position, POSITION_QUANTITY) == 0) return;
  countInPool(position, mode == MODE_CROSS ? 1 : -1);
}

/** MAR-016. */
@inline
export function stateOf(equity: i64, initial: i64, maintenance: i64): u8 {
  if (equity < 0) return STATE_BANKRUPT;
  if (equity < maintenance) return STATE_LIQUIDATING;
  return equity < initial ? STATE_CALLED : STATE_HEALTHY;
}

function moveCount(account: usize, from: u8, to: u8): void {
  if (from != STATE_HEALTHY) {
    const counter = account + ACCOUNT_STATE_COUNTS + ((<usize>from) << 2);
    store<u32>(counter, load<u32>(counter) - 1);
  }
  if (to != STATE_HEALTHY) {
    const counter = account + ACCOUNT_STATE_COUNTS + ((<usize>to) << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
}

/**
 * The account's own state, from the counts of its pools' and isolated positions'. Once an input, after all of them were
 * judged: one that falls while another recovers is no change of the account.
 */
export function judgeAccount(number: u32): void {
  const account = accountAt(number);
  let state = STATE_HEALTHY;
  for (let bad = STATE_BANKRUPT; bad > STATE_HEALTHY; bad--) {
    if (load<u32>(account + ACCOUNT_STATE_COUNTS + ((<usize>bad) << 2)) != 0) {
      state = bad;
      break;
    }
  }
  if (load<u8>(account, ACCOUNT_STATE) == state) return;
  store<u8>(account, state, ACCOUNT_STATE);
  store<i64>(account, load<i64>(header, HEADER_EVENT_TIME), ACCOUNT_STATE_SINCE);
}

function report(
  account: u32, instrument: u32, currency: u32, from: u8, to: u8, equity: i64, initial: i64, maintenance: i64,
): void {
  moveCount(accountAt(account), from, to);
  const slot = emit(MARGIN_STATE_CHANGED, account, instrument, currency);
  setStates(slot, from, to, instrument != NONE);
  setValue(slot, 0, equity);
  setValue(slot, 1, initial);
  setValue(slot, 2, maintenance);
  const counter = bookkeeping + BOOKKEEPING_STATE_CHANGES + ((<usize>to) << 3);
  store<i64>(counter, load<i64>(counter) + 1);
}

@inline
function poolStateNow(pool: usize): u8 {
  const basis = load<u8>(pool, POOL_BASIS);
  if (basis == BASIS_JUDGED) return load<u8>(pool, POOL_REGIME_STATE);
  if (basis == BASIS_COUNTED) return STATE_HEALTHY;
  return stateOf(poolEquity(pool), load<i64>(pool, POOL_IM), load<i64>(pool, POOL_MM));
}

@inline
function isolatedStateNow(position: usize): u8 {
  if (isCross(position) || load<i64>(position, POSITION_QUANTITY) == 0) return STATE_HEALTHY;
  return stateOf(isolatedEquity(position), load<i64>(position, POSITION_IM), load<i64>(position, POSITION_MM));
}

/** Compares the pool's state with what its sums say now, and reports a change. */
export function judgePoolState(slot: u32): void {
  const pool = poolAt(slot);
  const from = load<u8>(pool, POOL_STATE);
  const to = poolStateNow(pool);
  if (from == to || isVenueAccount(load<u32>(pool, POOL_ACCOUNT))) return;
  store<u8>(pool, to, POOL_STATE);
  store<i64>(pool, load<i64>(header, HEADER_EVENT_TIME), POOL_STATE_SINCE);
  report(
    load<u32>(pool, POOL_ACCOUNT), NONE, load<u32>(pool, POOL_CURRENCY), from, to, poolEquity(pool),
    load<i64>(pool, POOL_IM), load<i64>(pool, POOL_MM),
  );
}

function judgeIsolatedState(slot: u32): void {
  const position = positionAt(slot);
  const from = load<u8>(position, POSITION_STATE);
  const to = isolatedStateNow(position);
  if (from == to) return;
  store<u8>(position, to, POSITION_STATE);
  store<i64>(position, load<i64>(header, HEADER_EVENT_TIME), POSITION_STATE_SINCE);
  const instrument = load<u32>(position, POSITION_INSTRUMENT);
  // One that has turned cross has no figures of its own any more.
  const cross = isCross(position);
  report(
    load<u32>(position, POSITION_ACCOUNT), instrument, load<u32>(instrumentAt(instrument), INSTRUMENT_CURRENCY), from,
    to, cross ? 0 : isolatedEquity(position), cross ? 0 : load<i64>(position, POSITION_IM),
    cross ? 0 : load<i64>(position, POSITION_MM),
  );
}

/** A pool alone, after its balance changed. */
export function judgePool(slot: u32): void {
  touch(load<u32>(poolAt(slot), POOL_ACCOUNT));
  judgePoolState(slot);
  judgeAccount(load<u32>(poolAt(slot), POOL_ACCOUNT));
}

/** A position's pool, then the position if it is isolated, then the account. */
export function judgePosition(slot: u32): void {
  const position = positionAt(slot);
  touch(load<u32>(position, POSITION_ACCOUNT));
  judgePoolState(load<u32>(position, POSITION_POOL));
  judgeIsolatedState(slot);
  judgeAccount(load<u32>(position, POSITION_ACCOUNT));
}

/** After a change of one position: its pool and itself, scenarios first. */
export function settleChange(slot: u32): void {
  revaluePool(load<u32>(positionAt(slot), POSITION_POOL));
  revalueIsolated(slot);
  judgePosition(slot);
}

/**
 * A new mark: values every open position of the instrument again, and the pool or the isolated position that it stands
 * in. Each account holds an instrument once, so each is touched once. Changes of state are reported by account.
 */
export function revalueHolders(instrument: usize): void {
  let changed: u32 = 0;
  let slot = firstHolder(instrument);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (revalueHolder(slot)) gather(changed++, position, slot);
    slot = load<u32>(position, POSITION_NEXT_HOLDER);
  }
  judgeChanged(changed);
}

/** @returns whether the position, or the pool that it stands in, is in another state now */
@inline
export function revalueHolder(slot: u32): bool {
  const position = positionAt(slot);
  detach(position);
  attach(position);
  if (inPortfolio(position)) {
    touch(load<u32>(position, POSITION_ACCOUNT));
    return false;
  }
  if (isCross(position)) {
    const pool = load<u32>(position, POSITION_POOL);
    revaluePool(pool);
    return poolStateNow(poolAt(pool)) != load<u8>(poolAt(pool), POOL_STATE);
  }
  revalueIsolated(slot);
  return isolatedStateNow(position) != load<u8>(position, POSITION_STATE);
}

/** Those that were gathered, by account. */
export function judgeChanged(count: u32): void {
  if (count == 0) return;
  orderGathered(count);
  for (let at: u32 = 0; at < count; at++) judgePosition(gatheredSlot(at));
}

// Gathered rows are ordered by account, so that what a tick reports does not depend on the order of the holders' list.

@inline
export function gather(at: u32, position: usize, slot: u32): void {
  store<u64>(gathered + ((<usize>at) << 3), ((<u64>load<u32>(position, POSITION_ACCOUNT)) << 32) | <u64>slot);
}

@inline
export function gatherAccount(at: u32, account: u32): void {
  store<u64>(gathered + ((<usize>at) << 3), ((<u64>account) << 32) | <u64>account);
}

@inline
export function gatheredSlot(at: u32): u32 {
  return <u32>load<u64>(gathered + ((<usize>at) << 3));
}

/** Heapsort: in place, n log n at worst. */
export function orderGathered(count: u32): void {
  for (let root = <i32>(count >> 1) - 1; root >= 0; root--) sift(<u32>root, count);
  for (let last = count - 1; last > 0; last--) {
    const first = gathered;
    const final = gathered + ((<usize>last) << 3);
    const swapped = load<u64>(first);
    store<u64>(first, load<u64>(final));
    store<u64>(final, swapped);
    sift(0, last);
  }
}

function sift(start: u32, count: u32): void {
  let root = start;
  for (;;) {
    let child = root * 2 + 1;
    if (child >= count) return;
    let childAt = gathered + ((<usize>child) << 3);
    if (child + 1 < count && load<u64>(childAt) < load<u64>(childAt + 8)) {
      child++;
      childAt += 8;
    }
    const rootAt = gathered + ((<usize>root) << 3);
    const value = load<u64>(rootAt);
    const larger = load<u64>(childAt);
    if (value >= larger) return;
    store<u64>(rootAt, larger);
    store<u64>(childAt, value);
    root = child;
  }
}

/** All holders of an instrument, gathered in order of account. @returns how many */
export function gatherHolders(instrument: usize): u32 {
  let count: u32 = 0;
  let slot = firstHolder(instrument);
  while (slot != NONE) {
    gather(count++, positionAt(slot), slot);
    slot = load<u32>(positionAt(slot), POSITION_NEXT_HOLDER);
  }
  if (count > 1) orderGathered(count);
  return count;
}
