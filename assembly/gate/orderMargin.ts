// Margin of orders that rest (MAR-033 to MAR-036). The fills that orders would lead to are tried on the records with the plan
// of a real fill, looked at, and taken back. Nothing is kept: what orders reserve is reckoned when it is asked for, so a mark
// costs nothing for resting orders and no sum can drift from them.

import { INITIAL_MARGIN, MARGIN_UNKNOWN, OVERFLOW } from "../memory/codes";
import { cashOf, initialMargin, isOption, notionalOf } from "../margin/contracts";
import {
  closable, planFill, plannedBalanceChange, plannedCost, plannedOpeningFee, plannedPosted, plannedQuantity, plannedRequired,
} from "../margin/fills";
import { clearOverflow, guarded, larger, overflowed, smaller } from "../memory/fixed";
import { comesBefore, firstHoldIn } from "../accounts/holds";
import { isCross, positionOrSpare } from "../accounts/holdings";
import {
  ACCOUNT_FIRST_HOLD, ACCOUNT_FIRST_POOL, ACCOUNT_HOLDS, ACCOUNT_REGIME, HEADER_CURRENCIES, REGIME_PROGRAM, HOLD_FLAGS, HOLD_INSTRUMENT, HOLD_NEXT,
  HOLD_PRICE, HOLD_QUANTITY, HOLD_SIDE, INSTRUMENT_CURRENCY, INSTRUMENT_MARK, LIQUIDITY_TAKER, NONE, ORDER_PRICED,
  ORDER_REDUCE_ONLY, POOL_ACCOUNT, POOL_BALANCE, POOL_CURRENCY, POOL_IM, POOL_NEXT, POOL_TRIAL_RESERVE, POSITION_ENTRY_COST, POSITION_IM,
  POSITION_LEVERAGE, POSITION_MARK_VALUE, POSITION_POOL, POSITION_POSTED, POSITION_QUANTITY, SIDE_BUY, SIDE_SELL,
} from "../memory/layout";
import { markValueOf, poolEquity, profitOf } from "../margin/margin";
import { countOrders } from "../portfolio/portfolioBook";
import { evaluateAccount, verdictCount, verdictCurrency, verdictEquity, verdictInitial } from "../portfolio/portfolioMargin";
import { extraFlags, extraInstrument, extraPrice, extraQuantity, extraSide, leftOut } from "../portfolio/triedOrder";
import { looksAtOrders } from "../regime/programFacts";
import { accountAt, header, holdAt, instrumentAt, poolAt, regimeAt } from "../memory/tables";
import { isPortfolio } from "../accounts/touched";

/** No balance reaches it. */
const UNPAYABLE: i64 = 1 << 62;

// A trial: one position and its pool, as they were.
let quantityBefore: i64 = 0;
let costBefore: i64 = 0;
let postedBefore: i64 = 0;
let valueBefore: i64 = 0;
let balanceBefore: i64 = 0;
/** Isolated: what opening would post, and its fees. */
let posting: i64 = 0;

export function beginTrial(position: usize): void {
  quantityBefore = load<i64>(position, POSITION_QUANTITY);
  costBefore = load<i64>(position, POSITION_ENTRY_COST);
  postedBefore = load<i64>(position, POSITION_POSTED);
  valueBefore = load<i64>(position, POSITION_MARK_VALUE);
  balanceBefore = load<i64>(poolAt(load<u32>(position, POSITION_POOL)), POOL_BALANCE);
  posting = 0;
}

export function endTrial(position: usize): void {
  store<i64>(position, quantityBefore, POSITION_QUANTITY);
  store<i64>(position, costBefore, POSITION_ENTRY_COST);
  store<i64>(position, postedBefore, POSITION_POSTED);
  store<i64>(position, valueBefore, POSITION_MARK_VALUE);
  store<i64>(poolAt(load<u32>(position, POSITION_POOL)), balanceBefore, POOL_BALANCE);
}

/** The planned fill, in the records. */
export function putPlan(position: usize, instrument: usize): void {
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  store<i64>(position, plannedQuantity, POSITION_QUANTITY);
  store<i64>(position, plannedCost, POSITION_ENTRY_COST);
  store<i64>(position, plannedPosted, POSITION_POSTED);
  store<i64>(position, markValueOf(instrument, plannedQuantity, plannedCost), POSITION_MARK_VALUE);
  store<i64>(pool, load<i64>(pool, POOL_BALANCE) + plannedBalanceChange, POOL_BALANCE);
}

/**
 * MAR-033: cross, the worse of limit and mark: a buy is taken at the higher, a sell at the lower. MAR-034: isolated, the one
 * that asks for the larger posting.
 */
export function priceOfOrder(position: usize, instrument: usize, side: u8, quantity: i64, priced: bool, price: i64): i64 {
  const mark = load<i64>(instrument, INSTRUMENT_MARK);
  if (!priced) return mark;
  if (isCross(position)) return side == SIDE_BUY ? larger(price, mark) : smaller(price, mark);
  return notionalOf(cashOf(instrument, quantity, price)) >= notionalOf(cashOf(instrument, quantity, mark)) ? price : mark;
}

function tryFill(position: usize, instrument: usize, side: u8, quantity: i64, priced: bool, price: i64): void {
  if (quantity == 0) return;
  const taken = priceOfOrder(position, instrument, side, quantity, priced, price);
  planFill(position, side, quantity, taken, LIQUIDITY_TAKER, false, false, 0);
  if (overflowed) return;
  posting = guarded(posting + larger(0, plannedRequired) + larger(0, plannedOpeningFee));
  putPlan(position, instrument);
}

/**
 * Fills all orders of one side, best price first: those that only ever reduce before the others, because that leaves the
 * others the most to open. @returns whether there was one
 */
function trySide(account: u32, number: u32, position: usize, side: u8): bool {
  const instrument = instrumentAt(number);
  let any = false;
  for (let pass = 0; pass < 2; pass++) {
    const reducing = pass == 0;
    let waiting = extraInstrument == number && extraSide == side && ((extraFlags & ORDER_REDUCE_ONLY) != 0) == reducing;
    let slot = firstHoldIn(account, number);
    while (slot != NONE && load<u32>(holdAt(slot), HOLD_INSTRUMENT) == number) {
      const hold = holdAt(slot);
      const flags = load<u8>(hold, HOLD_FLAGS);
      if (load<u8>(hold, HOLD_SIDE) == side && slot != leftOut && ((flags & ORDER_REDUCE_ONLY) != 0) == reducing) {
        if (waiting && comesBefore(side, (extraFlags & ORDER_PRICED) != 0, extraPrice, hold)) {
          tryOrder(position, instrument, side, extraFlags, extraQuantity, extraPrice);
          waiting = false;
          any = true;
        }
        tryOrder(position, instrument, side, flags, load<i64>(hold, HOLD_QUANTITY), load<i64>(hold, HOLD_PRICE));
        any = true;
      }
      slot = load<u32>(hold, HOLD_NEXT);
    }
    if (waiting) {
      tryOrder(position, instrument, side, extraFlags, extraQuantity, extraPrice);
      any = true;
    }
  }
  return any;
}

function tryOrder(position: usize, instrument: usize, side: u8, flags: u8, quantity: i64, price: i64): void {
  const most = (flags & ORDER_REDUCE_ONLY) != 0
    ? smaller(quantity, closable(load<i64>(position, POSITION_QUANTITY), side))
    : quantity;
  tryFill(position, instrument, side, most, (flags & ORDER_PRICED) != 0, price);
}

/** Quantity of the orders of a side that rest in an instrument. */
export function restingQuantity(account: u32, number: u32, side: u8): i64 {
  let sum: i64 = 0;
  let slot = firstHoldIn(account, number);
  while (slot != NONE && load<u32>(holdAt(slot), HOLD_INSTRUMENT) == number) {
    const hold = holdAt(slot);
    if (load<u8>(hold, HOLD_SIDE) == side && slot != leftOut) sum = guarded(sum + load<i64>(hold, HOLD_QUANTITY));
    slot = load<u32>(hold, HOLD_NEXT);
  }
  return sum;
}

@inline
export function hasHolds(account: u32): bool {
  return load<u32>(accountAt(account), ACCOUNT_HOLDS) != 0;
}

/** MAR-033, MAR-034: what the orders of one instrument reserve by margin tables. May raise `overflowed`. */
export function reservedByTables(account: u32, number: u32): i64 {
  return larger(larger(0, sideByTables(account, number, SIDE_BUY)), sideByTables(account, number, SIDE_SELL));
}

function sideByTables(account: u32, number: u32, side: u8): i64 {
  const position = positionOrSpare(account, number);
  beginTrial(position);
  const any = trySide(account, number, position, side);
  const increase = any ? (isCross(position) ? crossIncrease(position, instrumentAt(number)) : posting) : 0;
  endTrial(position);
  return increase;
}

/** During a trial of a cross position: by how much its initial margin rose, less what its pool's equity gained. */
export function crossIncrease(position: usize, instrument: usize): i64 {
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  const notional = notionalOf(load<i64>(position, POSITION_MARK_VALUE));
  const initial = initialMargin(instrument, load<u32>(position, POSITION_LEVERAGE), notional);
  const gained = load<i64>(pool, POOL_BALANCE) - balanceBefore + profitOf(position) - (valueBefore - costBefore);
  return initial - load<i64>(position, POSITION_IM) - gained;
}

/** What all orders of an account in one currency reserve by margin tables, but for one instrument (NONE: for none). */
export function reservedInCurrency(account: u32, currency: u32, besides: u32): i64 {
  let sum: i64 = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  while (slot != NONE) {
    const number = load<u32>(holdAt(slot), HOLD_INSTRUMENT);
    if (number != besides && load<u32>(instrumentAt(number), INSTRUMENT_CURRENCY) == currency) {
      sum = guarded(sum + reservedByTables(account, number));
    }
    slot = nextInstrument(slot);
  }
  return sum;
}

/** What all orders of an account in one currency reserve by margin tables; a sum past the guard is as much as there can be. */
export function reservedOfOrders(account: u32, currency: u32): i64 {
  clearOverflow();
  const reserved = reservedInCurrency(account, currency, NONE);
  return overflowed ? UNPAYABLE : reserved;
}

/** The first hold of the next instrument in the account's list. */
function nextInstrument(from: u32): u32 {
  const number = load<u32>(holdAt(from), HOLD_INSTRUMENT);
  let slot = from;
  while (slot != NONE && load<u32>(holdAt(slot), HOLD_INSTRUMENT) == number) slot = load<u32>(holdAt(slot), HOLD_NEXT);
  return slot;
}

// By a regime. The gap of a verdict is its initial margin less its equity: above zero, the account is in call. One for each
// currency that the regime judges, by the currency's number.

export const BASE_GAPS: usize = memory.data(256);
export const RESERVED_GAPS: usize = memory.data(256);
const SIDE_GAPS: usize = memory.data(256);
export const INSTRUMENT_GAPS: usize = memory.data(256);

@inline
export function gapAt(gaps: usize, currency: u32): i64 {
  return load<i64>(gaps + ((<usize>currency) << 3));
}

@inline
function setGap(gaps: usize, currency: u32, gap: i64): void {
  store<i64>(gaps + ((<usize>currency) << 3), gap);
}

/** Gaps that there are: one for each listed currency. */
@inline
export function gapCount(): u32 {
  return load<u32>(header, HEADER_CURRENCIES);
}

export function clearGaps(gaps: usize): void {
  for (let currency: u32 = 0; currency < gapCount(); currency++) setGap(gaps, currency, 0);
}

export function copyGaps(to: usize, from: usize): void {
  for (let currency: u32 = 0; currency < gapCount(); currency++) setGap(to, currency, gapAt(from, currency));
}

/** Gaps of the verdict that was given just now. */
export function readGaps(gaps: usize): void {
  clearGaps(gaps);
  for (let row: u32 = 0; row < verdictCount(); row++) {
    setGap(gaps, verdictCurrency(row), guarded(verdictInitial(row) - verdictEquity(row)));
  }
}

/** Whether every gap is no larger than its counterpart. */
export function gapsWithin(gaps: usize, limits: usize): bool {
  for (let currency: u32 = 0; currency < gapCount(); currency++) {
    if (gapAt(gaps, currency) > gapAt(limits, currency)) return false;
  }
  return true;
}

/** Adds what an instrument's orders reserve to what others do. */
function addGaps(gaps: usize, more: usize): void {
  for (let currency: u32 = 0; currency < gapCount(); currency++) {
    setGap(gaps, currency, guarded(gapAt(gaps, currency) + gapAt(more, currency)));
  }
}

/** Raises each increase over the account as it stands to that of the account with these gaps. */
export function raiseGaps(gaps: usize, to: usize): void {
  for (let currency: u32 = 0; currency < gapCount(); currency++) {
    const increase = guarded(gapAt(to, currency) - gapAt(BASE_GAPS, currency));
    if (increase > gapAt(gaps, currency)) setGap(gaps, currency, increase);
  }
}

/**
 * MAR-035: what the orders of one instrument reserve by the regime, into INSTRUMENT_GAPS. BASE_GAPS must stand.
 * @returns 0, else why it is unknown
 */
export function reservedByRegime(account: u32, number: u32): u8 {
  clearGaps(INSTRUMENT_GAPS);
  const buys = sideByRegime(account, number, SIDE_BUY);
  return buys != 0 ? buys : sideByRegime(account, number, SIDE_SELL);
}

function sideByRegime(account: u32, number: u32, side: u8): u8 {
  const position = positionOrSpare(account, number);
  // Behind a fence: taken from the balance before the regime looks at it.
  if (!isCross(position)) return 0;
  beginTrial(position);
  let code: u8 = 0;
  if (trySide(account, number, position, side) && !overflowed) {
    code = evaluateAccount(account, position, poolAt(load<u32>(position, POSITION_POOL)));
    if (code == 0) {
      readGaps(SIDE_GAPS);
      raiseGaps(INSTRUMENT_GAPS, SIDE_GAPS);
    }
  }
  endTrial(position);
  return overflowed ? OVERFLOW : code;
}

/** What all orders of an account reserve by its regime, but for one instrument, into RESERVED_GAPS. */
export function reservedOfAccount(account: u32, besides: u32): u8 {
  clearGaps(RESERVED_GAPS);
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  while (slot != NONE) {
    const number = load<u32>(holdAt(slot), HOLD_INSTRUMENT);
    if (number != besides) {
      const code = reservedByRegime(account, number);
      if (code != 0) return code;
      addGaps(RESERVED_GAPS, INSTRUMENT_GAPS);
    }
    slot = nextInstrument(slot);
  }
  return overflowed ? OVERFLOW : 0;
}

/**
 * Takes what orders of fenced positions will post out of the balances of a portfolio, so that its regime sees what is left.
 * Stands until `giveBack`.
 */
export function takeFenced(account: u32): void {
  let pool = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (pool != NONE) {
    const record = poolAt(pool);
    const reserve = fencedIn(account, load<u32>(record, POOL_CURRENCY));
    store<i64>(record, reserve, POOL_TRIAL_RESERVE);
    store<i64>(record, load<i64>(record, POOL_BALANCE) - reserve, POOL_BALANCE);
    pool = load<u32>(record, POOL_NEXT);
  }
}

export function giveBack(account: u32): void {
  let pool = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (pool != NONE) {
    const record = poolAt(pool);
    store<i64>(record, load<i64>(record, POOL_BALANCE) + load<i64>(record, POOL_TRIAL_RESERVE), POOL_BALANCE);
    store<i64>(record, 0, POOL_TRIAL_RESERVE);
    pool = load<u32>(record, POOL_NEXT);
  }
}

/** What the orders of fenced positions will post, in one currency. */
export function fencedIn(account: u32, currency: u32): i64 {
  let sum: i64 = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  let extraSeen = extraInstrument == NONE;
  while (slot != NONE) {
    const number = load<u32>(holdAt(slot), HOLD_INSTRUMENT);
    if (number == extraInstrument) extraSeen = true;
    sum = guarded(sum + fencedReserve(account, number, currency));
    slot = nextInstrument(slot);
  }
  if (!extraSeen) sum = guarded(sum + fencedReserve(account, extraInstrument, currency));
  return sum;
}

function fencedReserve(account: u32, number: u32, currency: u32): i64 {
  if (load<u32>(instrumentAt(number), INSTRUMENT_CURRENCY) != currency) return 0;
  return isCross(positionOrSpare(account, number)) ? 0 : reservedByTables(account, number);
}

/** MAR-036: premiums and fees of the option orders that would be bought, in one currency. */
export function premiumsIn(account: u32, currency: u32): i64 {
  let sum: i64 = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_HOLD);
  while (slot != NONE) {
    const hold = holdAt(slot);
    const number = load<u32>(hold, HOLD_INSTRUMENT);
    if (slot != leftOut && buysOption(number, currency, load<u8>(hold, HOLD_SIDE))) {
      sum = guarded(
        sum + premiumOf(account, number, load<u8>(hold, HOLD_FLAGS), load<i64>(hold, HOLD_QUANTITY), load<i64>(hold, HOLD_PRICE)),
      );
    }
    slot = load<u32>(hold, HOLD_NEXT);
  }
  if (extraInstrument != NONE && buysOption(extraInstrument, currency, extraSide)) {
    sum = guarded(sum + premiumOf(account, extraInstrument, extraFlags, extraQuantity, extraPrice));
  }
  return sum;
}

function buysOption(number: u32, currency: u32, side: u8): bool {
  const instrument = instrumentAt(number);
  return side == SIDE_BUY && isOption(instrument) && load<u32>(instrument, INSTRUMENT_CURRENCY) == currency;
}

function premiumOf(account: u32, number: u32, flags: u8, quantity: i64, price: i64): i64 {
  const instrument = instrumentAt(number);
  const position = positionOrSpare(account, number);
  const taken = priceOfOrder(position, instrument, SIDE_BUY, quantity, (flags & ORDER_PRICED) != 0, price);
  return 0 - cashOf(instrument, quantity, taken);
}

/** Whether the account's regime has a rule of its own for orders that rest. */
export function ordersJudged(account: u32): bool {
  return looksAtOrders(load<u32>(regimeAt(load<u32>(accountAt(account), ACCOUNT_REGIME)), REGIME_PROGRAM));
}

/** The account with its orders as rows of the book; the verdict stands afterwards. */
export function evaluateOrders(account: u32): u8 {
  countOrders(true);
  const code = evaluateAccount(account, 0, 0);
  countOrders(false);
  return code;
}

/** What orders add by the regime's own rule, into RESERVED_GAPS; it may be less than nothing. */
function reservedByDocument(account: u32): u8 {
  clearGaps(RESERVED_GAPS);
  const code = evaluateOrders(account);
  if (code != 0) return code;
  readGaps(SIDE_GAPS);
  for (let currency: u32 = 0; currency < gapCount(); currency++) {
    setGap(RESERVED_GAPS, currency, guarded(gapAt(SIDE_GAPS, currency) - gapAt(BASE_GAPS, currency)));
  }
  return 0;
}

// Why `portfolioPasses` said no.
export let failedRegimeCode: u8 = 0;
export let failedEquity: i64 = 0;
export let failedInitial: i64 = 0;

/** MAR-031, MAR-035: whether a portfolio, as its records stand, has its initial margin with all its orders. */
export function portfolioPasses(account: u32): bool {
  clearOverflow();
  const resting = hasHolds(account) || extraInstrument != NONE;
  if (resting) takeFenced(account);
  let code = evaluateAccount(account, 0, 0);
  if (code == 0) {
    readGaps(BASE_GAPS);
    noteFailure();
    if (resting && ordersJudged(account)) code = reservedByDocument(account);
    else if (resting) code = reservedOfAccount(account, NONE);
    else clearGaps(RESERVED_GAPS);
  }
  if (resting) giveBack(account);
  if (code != 0) return fail(MARGIN_UNKNOWN, 0, 0);
  for (let currency: u32 = 0; currency < gapCount(); currency++) {
    const reserved = gapAt(RESERVED_GAPS, currency);
    if (gapAt(BASE_GAPS, currency) + reserved <= 0) continue;
    return fail(INITIAL_MARGIN, gapAt(EQUITIES, currency), gapAt(EQUITIES, currency) + gapAt(BASE_GAPS, currency) + reserved);
  }
  return true;
}

const EQUITIES: usize = memory.data(256);

/** Keeps the equities of the verdict, to be named if a gap opens. */
function noteFailure(): void {
  clearGaps(EQUITIES);
  for (let row: u32 = 0; row < verdictCount(); row++) setGap(EQUITIES, verdictCurrency(row), verdictEquity(row));
}

function fail(code: u8, equity: i64, initial: i64): bool {
  failedRegimeCode = code;
  failedEquity = equity;
  failedInitial = initial;
  return false;
}

/** MAR-031, leaving portfolio mode: whether every pool has its initial margin by the tables, with the orders that rest. */
export function tablesPass(account: u32): bool {
  clearOverflow();
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    const pool = poolAt(slot);
    const needed = load<i64>(pool, POOL_IM) + reservedInCurrency(account, load<u32>(pool, POOL_CURRENCY), NONE);
    if (overflowed || poolEquity(pool) < needed) return fail(INITIAL_MARGIN, poolEquity(pool), needed);
    slot = load<u32>(pool, POOL_NEXT);
  }
  return true;
}

/** What the orders of an account reserve of one of its pools (MAR-033 to MAR-035). */
export function reservedOfPool(slot: u32): i64 {
  const pool = poolAt(slot);
  const account = load<u32>(pool, POOL_ACCOUNT);
  if (!hasHolds(account)) return 0;
  const currency = load<u32>(pool, POOL_CURRENCY);
  if (!isPortfolio(account)) return reservedOfOrders(account, currency);
  clearOverflow();
  const fenced = fencedIn(account, currency);
  portfolioPasses(account);
  return fenced + gapAt(RESERVED_GAPS, currency);
}
