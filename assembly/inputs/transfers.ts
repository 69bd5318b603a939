// Money that comes and goes (MAR-011) and collateral that moves between a pool and an isolated position (MAR-019 to MAR-021).

import { initialMargin, leverageLimit, notionalOf } from "../margin/contracts";
import {
  AMOUNT_LIMIT, AMOUNT_NOT_POSITIVE, FREE_COLLATERAL, INITIAL_MARGIN, LEVERAGE_RANGE, NOT_ISOLATED, OVERFLOW,
  POSTED_COLLATERAL,
} from "../memory/codes";
import { larger, magnitude, smaller } from "../memory/fixed";
import { creditVenue, findPool, findPosition, isCross, takePool } from "../accounts/holdings";
import { firstHoldIn } from "../accounts/holds";
import {
  ACCOUNT_FIRST_POOL, ACCOUNT_MODE, INSTRUMENT_CURRENCY, MODE_CROSS, MODE_ISOLATED, NONE, POOL_BALANCE, POOL_CURRENCY, POOL_IM,
  POOL_NET_DEPOSITS, POOL_NEXT, POOL_PROFIT,
  POSITION_ACCOUNT, POSITION_IM, POSITION_INSTRUMENT, POSITION_LEVERAGE, POSITION_MARK_VALUE, POSITION_MODE, POSITION_POOL, POSITION_POSTED,
  POSITION_QUANTITY, VENUE_TRANSFERS,
} from "../memory/layout";
import {
  attach, detach, freeCollateral, isolatedEquity, judgePool, poolEquity, profitOf, setMode, settleChange,
} from "../margin/margin";
import {
  failedEquity, failedInitial, failedRegimeCode, hasHolds, portfolioPasses, premiumsIn, reservedByTables, reservedOfOrders,
} from "../gate/orderMargin";
import { spendable } from "../margin/spendable";
import { inPortfolio, isPortfolio } from "../accounts/touched";
import { answerCurrency, answerValue, refuse } from "../memory/outputs";
import { accountAt, instrumentAt, poolAt, positionAt } from "../memory/tables";

/** Largest amount of one transfer. */
const AMOUNT_GUARD: i64 = 100000000000000000;
const BALANCE_GUARD: u64 = 1 << 62;

function checkAmount(amount: i64): bool {
  if (amount <= 0) return refuse(AMOUNT_NOT_POSITIVE, amount, 0);
  if (amount > AMOUNT_GUARD) return refuse(AMOUNT_LIMIT, amount, AMOUNT_GUARD);
  return true;
}

function transfer(slot: u32, currency: u32, amount: i64): bool {
  const pool = poolAt(slot);
  const balance = load<i64>(pool, POOL_BALANCE) + amount;
  if (magnitude(balance) >= BALANCE_GUARD) return refuse(OVERFLOW, 0, 0);
  store<i64>(pool, balance, POOL_BALANCE);
  store<i64>(pool, load<i64>(pool, POOL_NET_DEPOSITS) + amount, POOL_NET_DEPOSITS);
  creditVenue(VENUE_TRANSFERS, currency, 0 - amount);
  answerCurrency(currency);
  answerValue(0, balance);
  judgePool(slot);
  return true;
}

/** Room for the pool was checked before. */
export function deposit(account: u32, currency: u32, amount: i64): bool {
  if (!checkAmount(amount)) return false;
  return transfer(takePool(account, currency), currency, amount);
}

export function withdraw(account: u32, currency: u32, amount: i64): bool {
  if (!checkAmount(amount)) return false;
  const slot = findPool(account, currency);
  if (isPortfolio(account) && slot != NONE) return withdrawFromPortfolio(account, slot, currency, amount);
  // Orders that rest keep what they reserve (MAR-033, MAR-034).
  const free: i64 = slot == NONE ? 0 : freeCollateral(poolAt(slot)) - reservedOfOrders(account, currency);
  if (amount > free) return refuse(FREE_COLLATERAL, amount, free);
  return transfer(slot, currency, 0 - amount);
}

/** MAR-031: taken away for a trial; it stays if the regime finds the account above its initial margin. */
function withdrawFromPortfolio(account: u32, slot: u32, currency: u32, amount: i64): bool {
  const pool = poolAt(slot);
  const balance = load<i64>(pool, POOL_BALANCE);
  const free = spendable(account, pool) - premiumsIn(account, currency);
  if (amount > free) return refuse(FREE_COLLATERAL, amount, free);
  store<i64>(pool, balance - amount, POOL_BALANCE);
  const passes = portfolioPasses(account);
  store<i64>(pool, balance, POOL_BALANCE);
  if (!passes) return refuse(failedRegimeCode, failedEquity, failedInitial);
  return transfer(slot, currency, 0 - amount);
}

/** MAR-031: a position of a portfolio goes into a fence of its own, or comes out. */
function changeModeInPortfolio(slot: u32, mode: u8): bool {
  const position = positionAt(slot);
  const account = load<u32>(position, POSITION_ACCOUNT);
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  let moved: i64 = 0 - load<i64>(position, POSITION_POSTED);
  if (mode == MODE_ISOLATED) {
    const notional = notionalOf(load<i64>(position, POSITION_MARK_VALUE));
    const initial = initialMargin(instrument, load<u32>(position, POSITION_LEVERAGE), notional);
    moved = larger(initial, initial - profitOf(position));
    if (load<i64>(pool, POOL_BALANCE) < moved) return refuse(INITIAL_MARGIN, load<i64>(pool, POOL_BALANCE), moved);
  }
  fence(position, pool, mode, moved);
  if (!portfolioPasses(account)) {
    fence(position, pool, mode == MODE_ISOLATED ? MODE_CROSS : MODE_ISOLATED, 0 - moved);
    return refuse(failedRegimeCode, failedEquity, failedInitial);
  }
  answerValue(0, moved);
  answerCurrency(load<u32>(instrument, INSTRUMENT_CURRENCY));
  settleChange(slot);
  return true;
}

/** Moves `amount` from the pool behind the position's fence (below zero: back), and changes its mode. */
function fence(position: usize, pool: usize, mode: u8, amount: i64): void {
  detach(position);
  setMode(position, mode);
  store<i64>(position, load<i64>(position, POSITION_POSTED) + amount, POSITION_POSTED);
  store<i64>(pool, load<i64>(pool, POOL_BALANCE) - amount, POOL_BALANCE);
  attach(position);
}

/** What the account's orders would reserve with the position in another mode. */
function reservedAs(position: usize, mode: u8, currency: u32): i64 {
  const before = load<u8>(position, POSITION_MODE);
  store<u8>(position, mode, POSITION_MODE);
  const reserved = reservedOfOrders(load<u32>(position, POSITION_ACCOUNT), currency);
  store<u8>(position, before, POSITION_MODE);
  return reserved;
}

/** MAR-019 for a position. The answer is the change of posted collateral. */
export function changeMode(slot: u32, mode: u8): bool {
  const position = positionAt(slot);
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  const cross = isCross(position);
  if ((mode == MODE_CROSS) == cross) return true;
  const profit = profitOf(position);
  const initial = load<i64>(position, POSITION_IM);
  const balance = load<i64>(pool, POOL_BALANCE);
  if (load<i64>(position, POSITION_QUANTITY) == 0) {
    if (!ordersFitMode(position, mode)) return false;
    detach(position);
    setMode(position, mode);
    attach(position);
    return true;
  }
  if (isPortfolio(load<u32>(position, POSITION_ACCOUNT))) return changeModeInPortfolio(slot, mode);
  if (cross) {
    const posting = larger(initial, initial - profit);
    const others = load<i64>(pool, POOL_PROFIT) - profit;
    if (balance < posting) return refuse(INITIAL_MARGIN, balance - posting, 0);
    const currency = load<u32>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_CURRENCY);
    const required = load<i64>(pool, POOL_IM) - initial + reservedAs(position, MODE_ISOLATED, currency);
    const equity = balance - posting + others;
    if (equity < required) return refuse(INITIAL_MARGIN, equity, required);
    detach(position);
    setMode(position, MODE_ISOLATED);
    store<i64>(position, posting, POSITION_POSTED);
    store<i64>(pool, balance - posting, POOL_BALANCE);
    attach(position);
    answerValue(0, posting);
  } else {
    const posted = load<i64>(position, POSITION_POSTED);
    const equity = poolEquity(pool) + posted + profit;
    const currency = load<u32>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_CURRENCY);
    const required = load<i64>(pool, POOL_IM) + initial + reservedAs(position, MODE_CROSS, currency);
    if (equity < required) return refuse(INITIAL_MARGIN, equity, required);
    detach(position);
    setMode(position, MODE_CROSS);
    store<i64>(position, 0, POSITION_POSTED);
    store<i64>(pool, balance + posted, POOL_BALANCE);
    attach(position);
    answerValue(0, 0 - posted);
  }
  answerCurrency(load<u32>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_CURRENCY));
  settleChange(slot);
  return true;
}

/** MAR-033: nothing is open, but orders rest: what they would reserve in the other mode must be there, unless it is no more. */
function ordersFitMode(position: usize, mode: u8): bool {
  const account = load<u32>(position, POSITION_ACCOUNT);
  const number = load<u32>(position, POSITION_INSTRUMENT);
  if (firstHoldIn(account, number) == NONE) return true;
  const chosen = load<u8>(position, POSITION_MODE);
  if (isPortfolio(account)) {
    store<u8>(position, mode, POSITION_MODE);
    const passes = portfolioPasses(account);
    store<u8>(position, chosen, POSITION_MODE);
    return passes ? true : refuse(failedRegimeCode, failedEquity, failedInitial);
  }
  const currency = load<u32>(instrumentAt(number), INSTRUMENT_CURRENCY);
  const before = reservedOfOrders(account, currency);
  const after = reservedAs(position, mode, currency);
  return after <= before || reserveFits(load<u32>(position, POSITION_POOL), after);
}

/** Whether a pool has its initial margin and what orders reserve. */
function reserveFits(slot: u32, reserved: i64): bool {
  const pool = poolAt(slot);
  const required = load<i64>(pool, POOL_IM) + reserved;
  return poolEquity(pool) >= required ? true : refuse(INITIAL_MARGIN, poolEquity(pool), required);
}

/** MAR-033: the account's own mode is that of orders in instruments where it never had a position. By the tables. */
export function ordersFitAccountMode(account: u32, mode: u8): bool {
  if (!hasHolds(account)) return true;
  const record = accountAt(account);
  const chosen = load<u8>(record, ACCOUNT_MODE);
  let slot = load<u32>(record, ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    const currency = load<u32>(poolAt(slot), POOL_CURRENCY);
    const before = reservedOfOrders(account, currency);
    store<u8>(record, mode, ACCOUNT_MODE);
    const after = reservedOfOrders(account, currency);
    store<u8>(record, chosen, ACCOUNT_MODE);
    if (after > before && !reserveFits(slot, after)) return false;
    slot = load<u32>(poolAt(slot), POOL_NEXT);
  }
  return true;
}

/** MAR-020: the range. */
export function checkLeverage(instrument: u32, leverageE2: i64): bool {
  const limit = leverageLimit(instrumentAt(instrument));
  if (leverageE2 < 100) return refuse(LEVERAGE_RANGE, leverageE2, 100);
  if (leverageE2 > limit) return refuse(LEVERAGE_RANGE, leverageE2, limit);
  return true;
}

/** MAR-020: the margin. */
export function changeLeverage(slot: u32, leverageE2: u32): bool {
  const position = positionAt(slot);
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  const account = load<u32>(position, POSITION_ACCOUNT);
  const resting = firstHoldIn(account, load<u32>(position, POSITION_INSTRUMENT)) != NONE;
  if (inPortfolio(position)) {
    const chosen = load<u32>(position, POSITION_LEVERAGE);
    store<u32>(position, leverageE2, POSITION_LEVERAGE);
    if ((load<i64>(position, POSITION_QUANTITY) != 0 || resting) && !portfolioPasses(account)) {
      store<u32>(position, chosen, POSITION_LEVERAGE);
      return refuse(failedRegimeCode, failedEquity, failedInitial);
    }
    settleChange(slot);
    return true;
  }
  const before = load<i64>(position, POSITION_IM);
  const notional = notionalOf(load<i64>(position, POSITION_MARK_VALUE));
  const initial = initialMargin(instrument, leverageE2, notional);
  if (initial > before) {
    const pool = poolAt(load<u32>(position, POSITION_POOL));
    const equity = isCross(position) ? poolEquity(pool) : isolatedEquity(position);
    const required = isCross(position) ? load<i64>(pool, POOL_IM) - before + initial : initial;
    if (equity < required) return refuse(INITIAL_MARGIN, equity, required);
  }
  if (hasHolds(account) && !ordersFitLeverage(position, leverageE2, initial)) return false;
  detach(position);
  store<u32>(position, leverageE2, POSITION_LEVERAGE);
  attach(position);
  settleChange(slot);
  return true;
}

/** MAR-020: the orders that rest in the instrument, margined at the leverage that is asked for. `initial`: of the position then. */
function ordersFitLeverage(position: usize, leverageE2: u32, initial: i64): bool {
  const account = load<u32>(position, POSITION_ACCOUNT);
  const number = load<u32>(position, POSITION_INSTRUMENT);
  const currency = load<u32>(instrumentAt(number), INSTRUMENT_CURRENCY);
  const chosen = load<u32>(position, POSITION_LEVERAGE);
  if (isPortfolio(account)) return fencedOrdersFitLeverage(position, leverageE2);
  const initialBefore = load<i64>(position, POSITION_IM);
  const before = reservedByTables(account, number);
  store<u32>(position, leverageE2, POSITION_LEVERAGE);
  store<i64>(position, initial, POSITION_IM);
  const after = reservedByTables(account, number);
  const reserved = reservedOfOrders(account, currency);
  store<u32>(position, chosen, POSITION_LEVERAGE);
  store<i64>(position, initialBefore, POSITION_IM);
  const rise: i64 = isCross(position) ? initial - initialBefore : 0;
  if (rise + after <= before) return true;
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  const required = load<i64>(pool, POOL_IM) + rise + reserved;
  return poolEquity(pool) >= required ? true : refuse(INITIAL_MARGIN, poolEquity(pool), required);
}

/** Behind a fence of a portfolio: what the orders will post leaves the balance that the regime sees. */
function fencedOrdersFitLeverage(position: usize, leverageE2: u32): bool {
  const account = load<u32>(position, POSITION_ACCOUNT);
  const number = load<u32>(position, POSITION_INSTRUMENT);
  const chosen = load<u32>(position, POSITION_LEVERAGE);
  const before = reservedByTables(account, number);
  store<u32>(position, leverageE2, POSITION_LEVERAGE);
  const passes = reservedByTables(account, number) <= before || portfolioPasses(account);
  store<u32>(position, chosen, POSITION_LEVERAGE);
  return passes ? true : refuse(failedRegimeCode, failedEquity, failedInitial);
}

/** MAR-021: above zero posts, below zero takes back. */
export function moveCollateral(account: u32, instrument: u32, amount: i64): bool {
  if (amount == 0) return refuse(AMOUNT_NOT_POSITIVE, amount, 0);
  if (magnitude(amount) > <u64>AMOUNT_GUARD) return refuse(AMOUNT_LIMIT, amount, AMOUNT_GUARD);
  const slot = findPosition(account, instrument);
  if (slot == NONE) return refuse(NOT_ISOLATED, 0, 0);
  const position = positionAt(slot);
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  if (isCross(position) || load<i64>(position, POSITION_QUANTITY) == 0) return refuse(NOT_ISOLATED, 0, 0);
  const posted = load<i64>(position, POSITION_POSTED);
  if (amount > 0) {
    const portfolio = isPortfolio(account);
    const currency = load<u32>(instrumentAt(instrument), INSTRUMENT_CURRENCY);
    const free = freeCollateral(pool) - (portfolio ? 0 : reservedOfOrders(account, currency));
    if (amount > free) return refuse(FREE_COLLATERAL, amount, free);
    if (portfolio) {
      store<i64>(pool, load<i64>(pool, POOL_BALANCE) - amount, POOL_BALANCE);
      const passes = portfolioPasses(account);
      store<i64>(pool, load<i64>(pool, POOL_BALANCE) + amount, POOL_BALANCE);
      if (!passes) return refuse(failedRegimeCode, failedEquity, failedInitial);
    }
  } else {
    const spare = posted + smaller(0, profitOf(position)) - load<i64>(position, POSITION_IM);
    if (0 - amount > spare) return refuse(POSTED_COLLATERAL, 0 - amount, spare);
  }
  store<i64>(position, posted + amount, POSITION_POSTED);
  store<i64>(pool, load<i64>(pool, POOL_BALANCE) - amount, POOL_BALANCE);
  answerCurrency(load<u32>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_CURRENCY));
  answerValue(0, posted + amount);
  settleChange(slot);
  return true;
}
