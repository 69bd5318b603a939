// MAR-024, MAR-033 to MAR-037: may this order rest beside those that rest already? Fills are tried on the records and taken
// back; nothing is booked and nothing kept.

import {
  ACCOUNT_QUARANTINED, ACCOUNT_RESERVED, ACCOUNT_STATE as STATE_REFUSED, ACCOUNT_UNKNOWN, ENGINE_BEHIND, FIELD_MISSING, FREE_COLLATERAL, INITIAL_MARGIN,
  INSTRUMENT_SETTLED, INSTRUMENT_UNKNOWN, MARGIN_UNKNOWN, NOT_REDUCING, OVERFLOW, PRICE_MISSING, REGIME_NEEDED,
} from "../memory/codes";
import { initialMargin, isOption, maintenanceMargin, notionalOf } from "../margin/contracts";
import { accountTakesRisk, checkControls, refusedLimit, refusedValue } from "./controls";
import { keepBooksOf } from "../portfolio/keptBooks";
import { leaveOutOfCount } from "./openOrders";
import {
  closable, onlyReduces, planFill, plannedBalanceChange, plannedCost, plannedFee, plannedFree, plannedOpeningFee, plannedPosted,
  plannedQuantity, plannedRequired,
} from "../margin/fills";
import { clearOverflow, larger, overflowed, smaller } from "../memory/fixed";
import { findPool, isCross, isVenueAccount, positionOrSpare } from "../accounts/holdings";
import {
  ACCOUNT_QUARANTINED as QUARANTINED, ANSWER_SIZE, CHECK_BINDING, CHECK_CODE, CHECK_EQUITY_AFTER, CHECK_EQUITY_BEFORE,
  CHECK_FEE, CHECK_FREE_AFTER, CHECK_FREE_BEFORE, CHECK_IM_AFTER, CHECK_IM_BEFORE, CHECK_LIMIT, CHECK_MM_AFTER,
  CHECK_MM_BEFORE, CHECK_PRICE, CHECK_REDUCES, CHECK_VALUE, HEADER_ACCOUNTS, HEADER_INSTRUMENTS, INSTRUMENT_CURRENCY,
  INSTRUMENT_KEY, INSTRUMENT_MARKED, INSTRUMENT_SETTLED as SETTLED, LIQUIDITY_TAKER, NONE, ORDER_PRICED, ORDER_REDUCE_ONLY,
  POOL_BALANCE, POOL_IM, POOL_MM, POOL_PROFIT, POSITION_IM, POSITION_LEVERAGE, POSITION_MM, POSITION_POOL, POSITION_QUANTITY,
  PRICE_OF_MARK, SIDE_BUY, SIDE_SELL,
} from "../memory/layout";
import { isolatedEquity, markValueOf, poolEquity, profitOf } from "../margin/margin";
import { checkPriceAges, failedPrice, failedPriceAge, failedPriceLimit } from "./priceAges";
import { checkPriceOfOrder, checkQuantity, failedCode, failedLimit, failedValue } from "../memory/formats";
import {
  BASE_GAPS, beginTrial, clearGaps, copyGaps, endTrial, evaluateOrders, failedEquity, failedInitial, failedRegimeCode,
  fencedIn, gapAt, gapCount, gapsWithin, giveBack, hasHolds, INSTRUMENT_GAPS, ordersJudged, portfolioPasses, premiumsIn,
  priceOfOrder, putPlan, raiseGaps, readGaps, RESERVED_GAPS, reservedByRegime, reservedByTables, reservedInCurrency,
  reservedOfAccount, restingQuantity, takeFenced,
} from "./orderMargin";
import { evaluateAccount, verdictCurrency, verdictEquity, verdictInitial, verdictMaintenance, verdictRowOf } from "../portfolio/portfolioMargin";
import { spendable } from "../margin/spendable";
import { addOrder, leaveOut, restingOnly } from "../portfolio/triedOrder";
import { isPortfolio } from "../accounts/touched";
import { accountAt, answer, header, instrumentAt, poolAt } from "../memory/tables";

@inline
function say(field: u32, value: i64): void {
  store<i64>(answer + ((<usize>field) << 3), value);
}

@inline
export function said(field: u32): i64 {
  return load<i64>(answer + ((<usize>field) << 3));
}

function refuseOrder(code: u8, value: i64, limit: i64): void {
  say(CHECK_CODE, code);
  say(CHECK_VALUE, value);
  say(CHECK_LIMIT, limit);
  say(CHECK_BINDING, code);
}

// The order under way.
let account: u32 = 0;
let number: u32 = 0;
let side: u8 = 0;
let quantity: i64 = 0;
let flags: u8 = 0;
let price: i64 = 0;
/** It only reduces the position, whatever else of its side is filled before it. */
let reduces: bool = false;
/** Orders rest in its instrument, beside it and the one that it takes the place of. */
let accompanied: bool = false;
/** The hold that the order is to take the place of. */
let replacedHold: u32 = NONE;
/** CTL-015: how far the engine lies behind its feed, us, when that is further than its bound; 0: it does not. */
let lag: i64 = 0;
let lagLimit: i64 = 0;

/**
 * Writes the answer; changes nothing else.
 * @param orderFlags ORDER_PRICED, ORDER_REDUCE_ONLY
 * @param replaced the hold that the order is to take the place of, NONE for a new one
 * @param lagUs how far the engine lies behind its feed, when that is beyond `lagBoundUs`; 0 when it is not
 */
export function decide(
  ofAccount: u32, inInstrument: u32, ofSide: u8, ofQuantity: i64, orderFlags: u8, atPrice: i64, replaced: u32,
  lagUs: i64, lagBoundUs: i64,
): void {
  memory.fill(answer, 0, ANSWER_SIZE);
  account = ofAccount;
  number = inInstrument;
  side = ofSide;
  quantity = ofQuantity;
  flags = orderFlags;
  price = atPrice;
  replacedHold = replaced;
  lag = lagUs;
  lagLimit = lagBoundUs;
  const priced = (flags & ORDER_PRICED) != 0;
  if (account >= load<u32>(header, HEADER_ACCOUNTS)) return refuseOrder(ACCOUNT_UNKNOWN, 0, 0);
  if (isVenueAccount(account)) return refuseOrder(ACCOUNT_RESERVED, 0, 0);
  if (number >= load<u32>(header, HEADER_INSTRUMENTS)) return refuseOrder(INSTRUMENT_UNKNOWN, 0, 0);
  const instrument = instrumentAt(number);
  if (load<u8>(instrument, SETTLED)) return refuseOrder(INSTRUMENT_SETTLED, 0, 0);
  if (side != SIDE_BUY && side != SIDE_SELL) return refuseOrder(FIELD_MISSING, 0, 0);
  if (!checkQuantity(instrument, quantity) || (priced && !checkPriceOfOrder(instrument, price))) {
    return refuseOrder(failedCode, failedValue, failedLimit);
  }
  if (!load<u8>(instrument, INSTRUMENT_MARKED)) {
    refuseOrder(PRICE_MISSING, 0, 0);
    return say(CHECK_PRICE, (<i64>PRICE_OF_MARK << 32) | load<u32>(instrument, INSTRUMENT_KEY));
  }

  let position = positionOrSpare(account, number);
  const held = load<i64>(position, POSITION_QUANTITY);
  const closes = onlyReduces(held, side, quantity);
  const reduceOnly = (flags & ORDER_REDUCE_ONLY) != 0;
  if (reduceOnly && !closes) return refuseOrder(NOT_REDUCING, quantity, closable(held, side));
  leaveOutOfCount(replaced);
  const mayCalm = replaced != NONE || isPortfolio(account);
  const control = checkControls(account, number, side, quantity, priced, price, closes, mayCalm);
  if (control != 0) return refuseOrder(control, refusedValue, refusedLimit);
  clearOverflow();
  leaveOut(replaced);
  // MAR-037: what rests on the side may be filled first, and then there is less to reduce.
  reduces = reduceOnly || (closes && quantity <= closable(held, side) - restingQuantity(account, number, side));
  accompanied = restsBeside();
  planOrder(position);
  if (overflowed) refuseOrder(OVERFLOW, 0, 0);
  else {
    say(CHECK_REDUCES, closes ? 1 : 0);
    say(CHECK_FEE, plannedFee);
    if (isPortfolio(account)) {
      keepBooksOf(account);
      decideByRegime();
      keepBooksOf(NONE);
    } else if (isOption(instrument)) refuseOrder(REGIME_NEEDED, 0, 0);
    else decideByTables();
    if (overflowed) refuseOrder(OVERFLOW, 0, 0);
  }
  restingOnly();
}

/** The hold that is to be replaced is left out by now. */
function restsBeside(): bool {
  return restingQuantity(account, number, SIDE_BUY) + restingQuantity(account, number, SIDE_SELL) > 0;
}

/** An amendment that asks for no more than what is held already stays possible in every state. */
function reservesNoMore(before: i64, after: i64): bool {
  return replacedHold != NONE && after <= before;
}

function refusedByState(): bool {
  if (accountTakesRisk(account)) return false;
  refuseOrder(STATE_REFUSED, refusedValue, refusedLimit);
  return true;
}

function planOrder(position: usize): void {
  const taken = priceOfOrder(position, instrumentAt(number), side, quantity, (flags & ORDER_PRICED) != 0, price);
  planFill(position, side, quantity, taken, LIQUIDITY_TAKER, false, false, 0);
}

function decideByTables(): void {
  const instrument = instrumentAt(number);
  const currency = load<u32>(instrument, INSTRUMENT_CURRENCY);
  const resting = hasHolds(account);
  // What other instruments' orders reserve; what those of this one do, without the order and with it.
  let others: i64 = 0;
  let before: i64 = 0;
  let after: i64 = 0;
  if (resting) {
    others = reservedInCurrency(account, currency, number);
    restingOnly();
    before = reservedByTables(account, number);
    leaveOut(replacedHold);
  }
  if (resting && accompanied) {
    addOrder(number, side, flags, quantity, price);
    after = reservedByTables(account, number);
  }
  const position = positionOrSpare(account, number);
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  planOrder(position);
  const value = markValueOf(instrument, plannedQuantity, plannedCost);
  const notional = notionalOf(value);
  const initial = initialMargin(instrument, load<u32>(position, POSITION_LEVERAGE), notional);
  const maintenance = maintenanceMargin(instrument, notional);
  const balanceAfter = load<i64>(pool, POOL_BALANCE) + plannedBalanceChange;
  const poolProfit = load<i64>(pool, POOL_PROFIT);
  const profit = value - plannedCost;
  const equity = poolEquity(pool);
  const free = smaller(load<i64>(pool, POOL_BALANCE), equity - load<i64>(pool, POOL_IM));
  say(CHECK_FREE_BEFORE, free - others - before);
  if (isCross(position)) {
    const initialFilled = load<i64>(pool, POOL_IM) - load<i64>(position, POSITION_IM) + initial;
    const equityAfter = balanceAfter + poolProfit - profitOf(position) + profit;
    const increase = initialFilled - load<i64>(pool, POOL_IM) - (equityAfter - equity);
    if (!accompanied) after = larger(0, increase);
    const rest = others + (accompanied ? larger(0, after - increase) : 0);
    say(CHECK_IM_BEFORE, load<i64>(pool, POOL_IM) + others + before);
    say(CHECK_IM_AFTER, initialFilled + rest);
    say(CHECK_MM_BEFORE, load<i64>(pool, POOL_MM));
    say(CHECK_MM_AFTER, load<i64>(pool, POOL_MM) - load<i64>(position, POSITION_MM) + maintenance);
    say(CHECK_EQUITY_BEFORE, equity);
    say(CHECK_EQUITY_AFTER, equityAfter);
    say(CHECK_FREE_AFTER, smaller(balanceAfter, equityAfter - initialFilled) - rest);
    if (reduces) return;
    const needed = load<i64>(pool, POOL_IM) + others + after;
    say(CHECK_BINDING, INITIAL_MARGIN);
    if (reservesNoMore(before, after) || refusedByState()) return;
    if (equityAfter < initialFilled + rest) refuseOrder(INITIAL_MARGIN, equityAfter, initialFilled + rest);
    else if (equity < needed) refuseOrder(INITIAL_MARGIN, equity, needed);
  } else {
    if (!accompanied) after = larger(0, plannedRequired) + larger(0, plannedOpeningFee);
    say(CHECK_IM_BEFORE, load<i64>(position, POSITION_IM));
    say(CHECK_IM_AFTER, initial);
    say(CHECK_MM_BEFORE, load<i64>(position, POSITION_MM));
    say(CHECK_MM_AFTER, maintenance);
    say(CHECK_EQUITY_BEFORE, isolatedEquity(position));
    say(CHECK_EQUITY_AFTER, plannedPosted + profit);
    const rest = others + (accompanied ? larger(0, after - larger(0, plannedRequired) - larger(0, plannedOpeningFee)) : 0);
    say(CHECK_FREE_AFTER, smaller(balanceAfter, balanceAfter + poolProfit - load<i64>(pool, POOL_IM)) - rest);
    if (reduces) return;
    say(CHECK_BINDING, FREE_COLLATERAL);
    if (reservesNoMore(before, after) || refusedByState()) return;
    if (plannedRequired > plannedFree) refuseOrder(FREE_COLLATERAL, plannedRequired, plannedFree);
    else if (others + after > free) refuseOrder(FREE_COLLATERAL, others + after, free);
    else if (isolatedEquity(position) < load<i64>(position, POSITION_IM)) {
      refuseOrder(INITIAL_MARGIN, isolatedEquity(position), load<i64>(position, POSITION_IM));
    }
  }
  checkNewRisk();
}

/** New risk only: what reduces stays possible (design D7). */
function checkNewRisk(): void {
  if (load<u8>(accountAt(account), QUARANTINED)) return refuseOrder(ACCOUNT_QUARANTINED, 0, 0);
  const code = checkPriceAges(account, number);
  if (code != 0) {
    refuseOrder(code, failedPriceAge, failedPriceLimit);
    say(CHECK_PRICE, failedPrice);
  } else if (lag != 0 && said(CHECK_CODE) == 0) refuseOrder(ENGINE_BEHIND, lag, lagLimit);
}

/** What this instrument's orders reserve by the regime without the order, and what the account does once it is filled. */
const GAPS_BEFORE: usize = memory.data(256);
const GAPS_FILLED: usize = memory.data(256);
const GAPS_CLOSED: usize = memory.data(256);

/** MAR-032, MAR-035. What fenced positions' orders will post is out of the balances while the regime looks. */
function decideByRegime(): void {
  const instrument = instrumentAt(number);
  const currency = load<u32>(instrument, INSTRUMENT_CURRENCY);
  if (!isCross(positionOrSpare(account, number))) return decideFenced(currency);
  const judged = ordersJudged(account);
  const resting = hasHolds(account);
  if (resting) takeFenced(account);
  const code = judged ? weighByDocument(currency) : weighByRegime(resting, currency);
  if (resting) giveBack(account);
  const closes = said(CHECK_REDUCES) != 0;
  if (code != 0) {
    // Nobody can say what it requires: what closes stays possible.
    if (!reduces) refuseOrder(MARGIN_UNKNOWN, 0, 0);
    return;
  }
  // It adds nothing to the worst that can come of the orders, and what it opens beyond a close adds nothing to the close.
  // By the regime's own rule for orders, what only reduces passes too, whatever its fees.
  const adds = !gapsWithin(INSTRUMENT_GAPS, GAPS_BEFORE) || !(closes || gapsWithin(GAPS_FILLED, GAPS_CLOSED));
  const calms = !adds || (judged && reduces);
  if (calms && (closes || replacedHold != NONE)) return;
  say(CHECK_BINDING, calms ? 0 : INITIAL_MARGIN);
  if (!calms && refusedByState()) return;
  if (isOption(instrument) && side == SIDE_BUY && !closes) checkPremium(currency);
  if (said(CHECK_CODE) == 0 && !calms) checkGaps(currency);
  checkNewRisk();
}

/** MAR-036: premiums are paid from what is there. */
function checkPremium(currency: u32): void {
  addOrder(number, side, flags, quantity, price);
  const premiums = premiumsIn(account, currency);
  const slot = findPool(account, currency);
  const spare: i64 = slot == NONE ? 0 : spendable(account, poolAt(slot));
  if (premiums > spare) refuseOrder(FREE_COLLATERAL, premiums, spare);
}

/** An order for a position behind a fence takes what it posts from the portfolio's balance. */
function decideFenced(currency: u32): void {
  addOrder(number, side, flags, quantity, price);
  const posting = fencedIn(account, currency);
  const passes = portfolioPasses(account);
  sayAfter(currency);
  if (reduces) return;
  if (refusedByState()) return;
  const slot = findPool(account, currency);
  const spare: i64 = slot == NONE ? 0 : spendable(account, poolAt(slot));
  say(CHECK_BINDING, FREE_COLLATERAL);
  if (posting > spare) refuseOrder(FREE_COLLATERAL, posting, spare);
  else if (!passes) refuseOrder(failedRegimeCode, failedEquity, failedInitial);
  checkNewRisk();
}

/** @returns 0, else why the regime cannot say */
function weighByRegime(resting: bool, currency: u32): u8 {
  let code = evaluateAccount(account, 0, 0);
  if (code != 0) return code;
  readGaps(BASE_GAPS);
  sayBefore(currency);
  clearGaps(RESERVED_GAPS);
  clearGaps(GAPS_BEFORE);
  if (resting) {
    restingOnly();
    code = reservedOfAccount(account, number);
    if (code == 0) code = reservedByRegime(account, number);
    if (code != 0) return code;
    copyGaps(GAPS_BEFORE, INSTRUMENT_GAPS);
    leaveOut(replacedHold);
  }
  const open = closable(load<i64>(positionOrSpare(account, number), POSITION_QUANTITY), side);
  copyGaps(GAPS_CLOSED, BASE_GAPS);
  if (open != 0 && open < quantity) {
    code = evaluateFilled(open, GAPS_CLOSED);
    if (code != 0) return code;
  }
  clearGaps(INSTRUMENT_GAPS);
  code = evaluateFilled(quantity, GAPS_FILLED);
  if (code != 0) return code;
  raiseGaps(INSTRUMENT_GAPS, GAPS_FILLED);
  sayAfter(currency);
  if (!accompanied) {
    sayReserved(currency, 0);
    return 0;
  }
  const alone = gapAt(INSTRUMENT_GAPS, currency);
  addOrder(number, side, flags, quantity, price);
  code = reservedByRegime(account, number);
  if (code == 0) sayReserved(currency, larger(0, gapAt(INSTRUMENT_GAPS, currency) - alone));
  return code;
}

/** By the regime's own rule for orders: before, with those that rest; after, with this one resting beside them. */
function weighByDocument(currency: u32): u8 {
  restingOnly();
  clearGaps(RESERVED_GAPS);
  clearGaps(BASE_GAPS);
  let code = evaluateOrders(account);
  if (code != 0) return code;
  readGaps(GAPS_BEFORE);
  sayBefore(currency);
  leaveOut(replacedHold);
  addOrder(number, side, flags, quantity, price);
  code = evaluateOrders(account);
  if (code != 0) return code;
  readGaps(INSTRUMENT_GAPS);
  copyGaps(GAPS_FILLED, BASE_GAPS);
  copyGaps(GAPS_CLOSED, BASE_GAPS);
  sayAfter(currency);
  say(CHECK_FREE_BEFORE, said(CHECK_EQUITY_BEFORE) - said(CHECK_IM_BEFORE));
  say(CHECK_FREE_AFTER, said(CHECK_EQUITY_AFTER) - said(CHECK_IM_AFTER));
  return 0;
}

/** The account with `filled` of the order filled, and nothing else. */
function evaluateFilled(filled: i64, gaps: usize): u8 {
  const position = positionOrSpare(account, number);
  beginTrial(position);
  const instrument = instrumentAt(number);
  const taken = priceOfOrder(position, instrument, side, filled, (flags & ORDER_PRICED) != 0, price);
  planFill(position, side, filled, taken, LIQUIDITY_TAKER, false, false, 0);
  putPlan(position, instrument);
  const code = evaluateAccount(account, position, poolAt(load<u32>(position, POSITION_POOL)));
  if (code == 0) readGaps(gaps);
  endTrial(position);
  return code;
}

function sayBefore(currency: u32): void {
  const row = verdictRowOf(currency);
  say(CHECK_IM_BEFORE, verdictInitial(row));
  say(CHECK_MM_BEFORE, verdictMaintenance(row));
  say(CHECK_EQUITY_BEFORE, verdictEquity(row));
}

function sayAfter(currency: u32): void {
  const row = verdictRowOf(currency);
  say(CHECK_IM_AFTER, verdictInitial(row));
  say(CHECK_MM_AFTER, verdictMaintenance(row));
  say(CHECK_EQUITY_AFTER, verdictEquity(row));
}

/** Adds to the figures what the orders that rest reserve; `beside`: those of the same instrument, once the order is filled. */
function sayReserved(currency: u32, beside: i64): void {
  const judged = verdictCurrency(verdictRowOf(currency));
  const others = gapAt(RESERVED_GAPS, judged);
  say(CHECK_IM_BEFORE, said(CHECK_IM_BEFORE) + others + gapAt(GAPS_BEFORE, judged));
  say(CHECK_IM_AFTER, said(CHECK_IM_AFTER) + others + beside);
  say(CHECK_FREE_BEFORE, said(CHECK_EQUITY_BEFORE) - said(CHECK_IM_BEFORE));
  say(CHECK_FREE_AFTER, said(CHECK_EQUITY_AFTER) - said(CHECK_IM_AFTER));
}

/** Equity must cover the initial margin and all that orders reserve, wherever the regime judges. */
function checkGaps(currency: u32): void {
  const judged = verdictCurrency(verdictRowOf(currency));
  for (let each: u32 = 0; each < gapCount(); each++) {
    const needed = gapAt(BASE_GAPS, each) + gapAt(RESERVED_GAPS, each) + gapAt(INSTRUMENT_GAPS, each);
    if (needed <= 0) continue;
    // In another currency than the order's there are no figures: how much is missing.
    if (each != judged) return refuseOrder(INITIAL_MARGIN, 0, needed);
    const filled = said(CHECK_EQUITY_AFTER) < said(CHECK_IM_AFTER);
    const equity = said(filled ? CHECK_EQUITY_AFTER : CHECK_EQUITY_BEFORE);
    return refuseOrder(INITIAL_MARGIN, equity, filled ? said(CHECK_IM_AFTER) : equity + needed);
  }
}
