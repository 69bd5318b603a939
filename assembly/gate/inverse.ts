// Questions asked backwards, by search over the kernel's own check: the largest order that passes (MAR-038), the smallest that
// takes an account out of call (MAR-039), the nearest move at which maintenance fails (MAR-040). What is tried is taken back.

import { initialMargin, isOption, notionalOf, powerOfTen } from "../margin/contracts";
import { closable, planFill, plannedBalanceChange, plannedFee } from "../margin/fills";
import { clearOverflow, larger, mulDivFloor, overflowed, smaller } from "../memory/fixed";
import { findPosition, isCross, isVenueAccount, positionOrSpare } from "../accounts/holdings";
import {
  ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, CHECK_CODE, HEADER_ACCOUNTS, HEADER_EVENT_TIME,
  HEADER_INSTRUMENTS, INDEX_PRICE, INSTRUMENT_COIN_SETTLED, INSTRUMENT_EXPIRY, INSTRUMENT_FORWARD, INSTRUMENT_INTEREST,
  INSTRUMENT_LOT, INSTRUMENT_MARK, INSTRUMENT_MARKED, INSTRUMENT_NON_POSITIVE, INSTRUMENT_PRICE_LIMIT,
  INSTRUMENT_PRICE_SCALE, INSTRUMENT_PRODUCT, INSTRUMENT_QUANTITY_LIMIT, INSTRUMENT_SETTLED, INSTRUMENT_STRIKE,
  INSTRUMENT_UNDERLYING, INSTRUMENT_VOLATILITY, LIQUIDITY_TAKER, NONE, POOL_IM, POOL_MM, POOL_NEXT, POSITION_IM, POSITION_INSTRUMENT, POSITION_LEVERAGE, POSITION_MARK_VALUE, POSITION_MM, POSITION_NEXT,
  POSITION_POOL, POSITION_QUANTITY, PRODUCT_CALL,
} from "../memory/layout";
import { attach, detach, isolatedEquity, poolEquity } from "../margin/margin";
import { beginMarketTrial, endMarketTrial } from "../portfolio/bookRows";
import { beginTrial, crossIncrease, endTrial, putPlan } from "./orderMargin";
import { evaluateAccount, verdictCount, verdictEquity, verdictInitial, verdictMaintenance } from "../portfolio/portfolioMargin";
import { decide, said } from "./orders";
import { BACHELIER_PRICE, BLACK_PRICE, option } from "../regime/options";
import { accountAt, answer, header, indexAt, instrumentAt, legs, poolAt, positionAt } from "../memory/tables";
import { isPortfolio } from "../accounts/touched";

@inline
function tell(field: u32, value: i64): void {
  store<i64>(answer + ((<usize>field) << 3), value);
}

function passesLots(account: u32, number: u32, side: u8, flags: u8, price: i64, lots: i64): bool {
  decide(account, number, side, lots * load<i64>(instrumentAt(number), INSTRUMENT_LOT), flags, price, NONE, 0, 0);
  return said(CHECK_CODE) == 0;
}

/**
 * MAR-038, in quantity units; the answer holds the check of one lot more, or of the largest quantity that may be asked for. What
 * closes the position passes first; from there on an order that fits makes every smaller one fit.
 */
export function largest(account: u32, number: u32, side: u8, flags: u8, price: i64): i64 {
  decide(account, number, side, 0, flags, price, NONE, 0, 0);
  if (account >= load<u32>(header, HEADER_ACCOUNTS) || number >= load<u32>(header, HEADER_INSTRUMENTS)) return 0;
  const instrument = instrumentAt(number);
  const lot = load<i64>(instrument, INSTRUMENT_LOT);
  let fails = load<i64>(instrument, INSTRUMENT_QUANTITY_LIMIT) / lot + 1;
  let fits: i64 = 0;
  const slot = findPosition(account, number);
  const open: i64 = slot == NONE ? 0 : closable(load<i64>(positionAt(slot), POSITION_QUANTITY), side) / lot;
  if (open > 0 && open < fails && passesLots(account, number, side, flags, price, open)) fits = open;
  while (fails - fits > 1) {
    const middle = fits + (fails - fits) / 2;
    if (passesLots(account, number, side, flags, price, middle)) fits = middle;
    else fails = middle;
  }
  passesLots(account, number, side, flags, price, fails);
  return fits * lot;
}

const FAR: i64 = 1 << 62;

/** How far the account is in call: the largest of initial margin less equity among all that is judged; FAR when unknown. */
function gapOfAccount(account: u32, initial: bool): i64 {
  let gap: i64 = 0 - FAR;
  if (isPortfolio(account)) {
    if (evaluateAccount(account, 0, 0) != 0) return FAR;
    for (let row: u32 = 0; row < verdictCount(); row++) {
      gap = larger(gap, (initial ? verdictInitial(row) : verdictMaintenance(row)) - verdictEquity(row));
    }
  } else {
    let pool = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
    while (pool != NONE) {
      const record = poolAt(pool);
      gap = larger(gap, (initial ? load<i64>(record, POOL_IM) : load<i64>(record, POOL_MM)) - poolEquity(record));
      pool = load<u32>(record, POOL_NEXT);
    }
  }
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (!isCross(position) && load<i64>(position, POSITION_QUANTITY) != 0) {
      gap = larger(gap, (initial ? load<i64>(position, POSITION_IM) : load<i64>(position, POSITION_MM)) - isolatedEquity(position));
    }
    slot = load<u32>(position, POSITION_NEXT);
  }
  return gap;
}

/** The same with an order filled whole at the mark, as taker. */
function gapAfter(account: u32, number: u32, side: u8, lots: i64): i64 {
  const instrument = instrumentAt(number);
  const quantity = lots * load<i64>(instrument, INSTRUMENT_LOT);
  const position = positionOrSpare(account, number);
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  clearOverflow();
  planFill(position, side, quantity, load<i64>(instrument, INSTRUMENT_MARK), LIQUIDITY_TAKER, false, false, 0);
  if (overflowed) return FAR;
  beginTrial(position);
  putPlan(position, instrument);
  let gap: i64;
  if (isPortfolio(account)) {
    gap = evaluateAccount(account, position, pool) != 0 ? FAR : worstVerdict();
    gap = larger(gap, isolatedGap(account, position));
  } else {
    gap = tablesGap(account, position, pool, instrument);
  }
  endTrial(position);
  return gap;
}

function worstVerdict(): i64 {
  let gap: i64 = 0 - FAR;
  for (let row: u32 = 0; row < verdictCount(); row++) gap = larger(gap, verdictInitial(row) - verdictEquity(row));
  return gap;
}

/** Of all isolated positions, one of them on trial. */
function isolatedGap(account: u32, tried: usize): i64 {
  let gap: i64 = 0 - FAR;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (!isCross(position) && load<i64>(position, POSITION_QUANTITY) != 0) {
      const initial = position == tried
        ? initialMargin(
            instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), load<u32>(position, POSITION_LEVERAGE),
            notionalOf(load<i64>(position, POSITION_MARK_VALUE)),
          )
        : load<i64>(position, POSITION_IM);
      gap = larger(gap, initial - isolatedEquity(position));
    }
    slot = load<u32>(position, POSITION_NEXT);
  }
  return gap;
}

function tablesGap(account: u32, tried: usize, triedPool: usize, instrument: usize): i64 {
  let gap = isolatedGap(account, tried);
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    const pool = poolAt(slot);
    let own = load<i64>(pool, POOL_IM) - poolEquity(pool);
    // The balance of the pool on trial has moved already; its sums have not.
    if (pool == triedPool && isCross(tried)) own = untouchedGap(pool) + crossIncrease(tried, instrument);
    gap = larger(gap, own);
    slot = load<u32>(pool, POOL_NEXT);
  }
  return gap;
}

/** Initial margin less equity of a cross pool on trial, before the trial. */
function untouchedGap(pool: usize): i64 {
  return load<i64>(pool, POOL_IM) - poolEquity(pool) + plannedBalanceChange;
}

/**
 * MAR-039: the smallest quantity of one instrument and side whose fill at the mark leaves no call, to one lot; 0 when none
 * does. The gap is convex in the quantity, so a search by doubling, then by thirds, then by halves finds the edge.
 * The answer holds the fee at field 0.
 */
export function cureOf(account: u32, number: u32, side: u8): i64 {
  tell(0, 0);
  if (account >= load<u32>(header, HEADER_ACCOUNTS) || isVenueAccount(account)) return 0;
  const instrument = instrumentAt(number);
  if (load<u8>(instrument, INSTRUMENT_SETTLED) || !load<u8>(instrument, INSTRUMENT_MARKED)) return 0;
  if (!isPortfolio(account) && isOption(instrument)) return 0;
  const lot = load<i64>(instrument, INSTRUMENT_LOT);
  const most = load<i64>(instrument, INSTRUMENT_QUANTITY_LIMIT) / lot;
  const now = gapOfAccount(account, true);
  if (now <= 0 || now == FAR || most == 0) return 0;
  let below: i64 = 0;
  let lots: i64 = 1;
  let gap = now;
  for (;;) {
    const next = gapAfter(account, number, side, lots);
    if (next <= 0) break;
    // A few lots may gain less than the fee's last unit: the first rise counts from 16 lots on.
    if (next >= gap && lots >= 16) {
      lots = lowest(account, number, side, below / 2, lots);
      if (lots == 0) return 0;
      below = 0;
      break;
    }
    if (lots == most) return 0;
    gap = smaller(gap, next);
    below = lots;
    lots = smaller(lots * 2, most);
  }
  while (lots - below > 1) {
    const middle = below + (lots - below) / 2;
    if (gapAfter(account, number, side, middle) <= 0) lots = middle;
    else below = middle;
  }
  clearOverflow();
  const position = positionOrSpare(account, number);
  planFill(position, side, lots * lot, load<i64>(instrument, INSTRUMENT_MARK), LIQUIDITY_TAKER, false, false, 0);
  tell(0, plannedFee);
  return lots * lot;
}

/** Lots between two bounds at which the gap is closed, 0 when its lowest point is above zero. */
function lowest(account: u32, number: u32, side: u8, from: i64, to: i64): i64 {
  let low = from;
  let high = to;
  while (high - low > 2) {
    const third = (high - low) / 3;
    const left = gapAfter(account, number, side, larger(1, low + third));
    if (left <= 0) return larger(1, low + third);
    const right = gapAfter(account, number, side, high - third);
    if (right <= 0) return high - third;
    if (left <= right) high -= third;
    else low += third;
  }
  for (let lots = larger(1, low); lots <= high; lots++) {
    if (gapAfter(account, number, side, lots) <= 0) return lots;
  }
  return 0;
}

const MILLION: i64 = 1000000;

/** Moves are looked at one by one, 1 % apart up to doubling and down to a hundredth: of two edges within one step the farther may be told. */
const STEP: i64 = 10000;

/**
 * MAR-040: the nearest move of an underlying, in millionths, at which maintenance fails; the largest i64 when none of those
 * looked at does it. @param up whether it rises
 */
export function failingMove(account: u32, key: u32, up: bool): i64 {
  if (account >= load<u32>(header, HEADER_ACCOUNTS) || !holdsOn(account, key)) return i64.MAX_VALUE;
  if (gapOfAccount(account, false) > 0) return 0;
  const sign: i64 = up ? 1 : -1;
  let holds: i64 = 0;
  let fails: i64 = 0;
  for (let step: i64 = 1; step <= (up ? 400 : 99); step++) {
    const move = step * STEP;
    if (gapMoved(account, key, sign * move) > 0) {
      fails = move;
      break;
    }
    holds = move;
  }
  if (fails == 0) return i64.MAX_VALUE;
  while (fails - holds > 1) {
    const middle = holds + (fails - holds) / 2;
    if (gapMoved(account, key, sign * middle) > 0) fails = middle;
    else holds = middle;
  }
  return sign * fails;
}

@inline
function isOn(position: usize, key: u32): bool {
  if (load<i64>(position, POSITION_QUANTITY) == 0) return false;
  return load<u32>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_UNDERLYING) == key;
}

function holdsOn(account: u32, key: u32): bool {
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    if (isOn(positionAt(slot), key)) return true;
    slot = load<u32>(positionAt(slot), POSITION_NEXT);
  }
  return false;
}

/** Maintenance margin less equity with the index, forwards and marks of the account's instruments on it moved. */
function gapMoved(account: u32, key: u32, moveE6: i64): i64 {
  const index = load<i64>(indexAt(key), INDEX_PRICE);
  if (index != 0) store<i64>(indexAt(key), larger(1, moved(index, moveE6)), INDEX_PRICE);
  let at: u32 = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (isOn(position, key)) moveInstrument(position, at++, moveE6);
    slot = load<u32>(position, POSITION_NEXT);
  }
  beginMarketTrial();
  const gap = gapOfAccount(account, false);
  endMarketTrial();
  at = 0;
  slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (isOn(position, key)) moveBack(position, at++);
    slot = load<u32>(position, POSITION_NEXT);
  }
  store<i64>(indexAt(key), index, INDEX_PRICE);
  return gap;
}

@inline
function moved(price: i64, moveE6: i64): i64 {
  return price + mulDivFloor(price, moveE6, MILLION);
}

/** Two i64s of scratch for each position: mark and forward as they were. */
@inline
function savedAt(at: u32): usize {
  return legs + <usize>at * 16;
}

function moveInstrument(position: usize, at: u32, moveE6: i64): void {
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  const mark = load<i64>(instrument, INSTRUMENT_MARK);
  const forward = load<i64>(instrument, INSTRUMENT_FORWARD);
  store<i64>(savedAt(at), mark);
  store<i64>(savedAt(at), forward, 8);
  detach(position);
  const forwardThen = moved(forward, moveE6);
  const markThen = isOption(instrument) ? optionMark(instrument, mark, forward, forwardThen) : moved(mark, moveE6);
  const limit = load<i64>(instrument, INSTRUMENT_PRICE_LIMIT);
  const least: i64 = load<u8>(instrument, INSTRUMENT_NON_POSITIVE) ? 0 - limit : isOption(instrument) ? 0 : 1;
  store<i64>(instrument, smaller(limit, larger(least, markThen)), INSTRUMENT_MARK);
  store<i64>(instrument, forwardThen, INSTRUMENT_FORWARD);
  attach(position);
}

function moveBack(position: usize, at: u32): void {
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  detach(position);
  store<i64>(instrument, load<i64>(savedAt(at)), INSTRUMENT_MARK);
  store<i64>(instrument, load<i64>(savedAt(at), 8), INSTRUMENT_FORWARD);
  attach(position);
}

/** An option's mark moves by what its model price moves (at its own volatility), in its price units. */
function optionMark(instrument: usize, mark: i64, forward: i64, forwardThen: i64): i64 {
  const unit = <f64>powerOfTen(load<u8>(instrument, INSTRUMENT_PRICE_SCALE));
  const change = modelPrice(instrument, forwardThen) - modelPrice(instrument, forward);
  return change != change ? mark : mark + <i64>Math.floor(change * unit + 0.5);
}

function modelPrice(instrument: usize, forwardE8: i64): f64 {
  const forward = <f64>forwardE8 / 1e8;
  const call: f64 = load<u8>(instrument, INSTRUMENT_PRODUCT) == PRODUCT_CALL ? 1 : 0;
  const left = load<i64>(instrument, INSTRUMENT_EXPIRY) - load<i64>(header, HEADER_EVENT_TIME);
  const years = <f64>larger(0, left) / 31536000000000.0;
  const discount = Math.exp((0 - <f64>load<i64>(instrument, INSTRUMENT_INTEREST) / 1e9) * years);
  const price = option(
    load<u8>(instrument, INSTRUMENT_NON_POSITIVE) ? BACHELIER_PRICE : BLACK_PRICE, call, forward, <f64>load<i64>(instrument, INSTRUMENT_STRIKE) / 1e8,
    <f64>load<i64>(instrument, INSTRUMENT_VOLATILITY) / 1e9, years, discount,
  );
  return load<u8>(instrument, INSTRUMENT_COIN_SETTLED) ? price / forward : price;
}
