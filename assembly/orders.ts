// MAR-024: may this order rest? The order is planned as a fill at the worse of its limit and the mark; nothing is booked.

import {
  ACCOUNT_QUARANTINED, ACCOUNT_RESERVED, ACCOUNT_UNKNOWN, FIELD_MISSING, FREE_COLLATERAL, INITIAL_MARGIN,
  INSTRUMENT_SETTLED, INSTRUMENT_UNKNOWN, MARGIN_UNKNOWN, NOT_REDUCING, OVERFLOW, PRICE_MISSING, PRICE_STALE, REGIME_NEEDED,
} from "./codes";
import { initialMargin, isOption, maintenanceMargin, notionalOf } from "./contracts";
import { checkControls, refusedLimit, refusedValue } from "./controls";
import {
  closable, onlyReduces, planFill, plannedBalanceChange, plannedCost, plannedFee, plannedFree, plannedPosted, plannedQuantity,
  plannedRequired,
} from "./fills";
import { clearOverflow, larger, overflowed, smaller } from "./fixed";
import { isCross, isVenueAccount, positionOrSpare } from "./holdings";
import {
  ACCOUNT_QUARANTINED as QUARANTINED, ANSWER_SIZE, CHECK_CODE, CHECK_EQUITY_AFTER, CHECK_EQUITY_BEFORE, CHECK_FEE,
  CHECK_FREE_AFTER, CHECK_FREE_BEFORE, CHECK_IM_AFTER, CHECK_IM_BEFORE, CHECK_LIMIT, CHECK_MM_AFTER, CHECK_MM_BEFORE,
  CHECK_REDUCES, CHECK_VALUE, HEADER_ACCOUNTS, HEADER_EVENT_TIME, HEADER_INSTRUMENTS, INSTRUMENT_MARK,
  INSTRUMENT_MARK_TIME, INSTRUMENT_MARKED, INSTRUMENT_SETTLED as SETTLED, INSTRUMENT_STALE_AFTER, LIQUIDITY_TAKER,
  POOL_BALANCE, POOL_IM, POOL_MM, POOL_PROFIT, INSTRUMENT_CURRENCY, POSITION_ENTRY_COST, POSITION_IM, POSITION_LEVERAGE, POSITION_MARK_VALUE, POSITION_MM, POSITION_POOL,
  POSITION_POSTED, POSITION_QUANTITY, SIDE_BUY, SIDE_SELL,
} from "./layout";
import { markValueOf, poolEquity, profitOf } from "./margin";
import { checkPriceOfOrder, checkQuantity, failedCode, failedLimit, failedValue } from "./formats";
import {
  evaluateAccount, verdictEquity, verdictInitial, verdictMaintenance, verdictRowOf,
} from "./portfolioBook";
import { isPortfolio } from "./touched";
import { accountAt, answer, header, instrumentAt, poolAt } from "./tables";

@inline
function say(field: u32, value: i64): void {
  store<i64>(answer + ((<usize>field) << 3), value);
}

function refuseOrder(code: u8, value: i64, limit: i64): void {
  say(CHECK_CODE, code);
  say(CHECK_VALUE, value);
  say(CHECK_LIMIT, limit);
}

/**
 * Writes the answer; changes nothing else. `priced` is false for a market order; `reduceOnly`: the order asks to be refused
 * when it would add to a position (CTL-004).
 */
export function checkOrder(
  account: u32, number: u32, side: u8, quantity: i64, priced: bool, price: i64, reduceOnly: bool,
): void {
  memory.fill(answer, 0, ANSWER_SIZE);
  if (account >= load<u32>(header, HEADER_ACCOUNTS)) return refuseOrder(ACCOUNT_UNKNOWN, 0, 0);
  if (isVenueAccount(account)) return refuseOrder(ACCOUNT_RESERVED, 0, 0);
  if (number >= load<u32>(header, HEADER_INSTRUMENTS)) return refuseOrder(INSTRUMENT_UNKNOWN, 0, 0);
  const instrument = instrumentAt(number);
  if (load<u8>(instrument, SETTLED)) return refuseOrder(INSTRUMENT_SETTLED, 0, 0);
  if (side != SIDE_BUY && side != SIDE_SELL) return refuseOrder(FIELD_MISSING, 0, 0);
  if (!checkQuantity(instrument, quantity) || (priced && !checkPriceOfOrder(instrument, price))) {
    return refuseOrder(failedCode, failedValue, failedLimit);
  }
  const mark = load<i64>(instrument, INSTRUMENT_MARK);
  if (!load<u8>(instrument, INSTRUMENT_MARKED)) return refuseOrder(PRICE_MISSING, 0, 0);

  const position = positionOrSpare(account, number);
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  const held = load<i64>(position, POSITION_QUANTITY);
  const reduces = onlyReduces(held, side, quantity);
  if (reduceOnly && !reduces) return refuseOrder(NOT_REDUCING, quantity, closable(held, side));
  const stopped = checkControls(account, number, side, quantity, priced, price, reduces);
  if (stopped != 0) return refuseOrder(stopped, refusedValue, refusedLimit);
  const worse = !priced ? mark : side == SIDE_BUY ? larger(price, mark) : smaller(price, mark);
  clearOverflow();
  planFill(position, side, quantity, worse, LIQUIDITY_TAKER, false, false, 0);
  if (overflowed) return refuseOrder(OVERFLOW, 0, 0);

  if (isPortfolio(account)) return checkPortfolioOrder(account, number, position, pool, reduces);
  if (isOption(instrument)) return refuseOrder(REGIME_NEEDED, 0, 0);
  const cross = isCross(position);
  const value = markValueOf(instrument, plannedQuantity, plannedCost);
  const notional = notionalOf(value);
  const initial = initialMargin(instrument, load<u32>(position, POSITION_LEVERAGE), notional);
  const maintenance = maintenanceMargin(instrument, notional);
  const balanceAfter = load<i64>(pool, POOL_BALANCE) + plannedBalanceChange;
  const poolProfit = load<i64>(pool, POOL_PROFIT);
  const profit = value - plannedCost;
  say(CHECK_REDUCES, reduces ? 1 : 0);
  say(CHECK_FEE, plannedFee);
  say(CHECK_FREE_BEFORE, smaller(load<i64>(pool, POOL_BALANCE), poolEquity(pool) - load<i64>(pool, POOL_IM)));
  if (cross) {
    const initialAfter = load<i64>(pool, POOL_IM) - load<i64>(position, POSITION_IM) + initial;
    const equityAfter = balanceAfter + poolProfit - profitOf(position) + profit;
    say(CHECK_IM_BEFORE, load<i64>(pool, POOL_IM));
    say(CHECK_IM_AFTER, initialAfter);
    say(CHECK_MM_BEFORE, load<i64>(pool, POOL_MM));
    say(CHECK_MM_AFTER, load<i64>(pool, POOL_MM) - load<i64>(position, POSITION_MM) + maintenance);
    say(CHECK_EQUITY_BEFORE, poolEquity(pool));
    say(CHECK_EQUITY_AFTER, equityAfter);
    say(CHECK_FREE_AFTER, smaller(balanceAfter, equityAfter - initialAfter));
    if (!reduces && equityAfter < initialAfter) refuseOrder(INITIAL_MARGIN, equityAfter, initialAfter);
  } else {
    say(CHECK_IM_BEFORE, load<i64>(position, POSITION_IM));
    say(CHECK_IM_AFTER, initial);
    say(CHECK_MM_BEFORE, load<i64>(position, POSITION_MM));
    say(CHECK_MM_AFTER, maintenance);
    say(CHECK_EQUITY_BEFORE, load<i64>(position, POSITION_POSTED) + profitOf(position));
    say(CHECK_EQUITY_AFTER, plannedPosted + profit);
    say(CHECK_FREE_AFTER, smaller(balanceAfter, balanceAfter + poolProfit - load<i64>(pool, POOL_IM)));
    if (!reduces && plannedRequired > plannedFree) refuseOrder(FREE_COLLATERAL, plannedRequired, plannedFree);
  }
  if (!reduces) checkNewRisk(account, instrument);
}

/** New risk only: what reduces stays possible (design D7). */
function checkNewRisk(account: u32, instrument: usize): void {
  if (load<u8>(accountAt(account), QUARANTINED)) return refuseOrder(ACCOUNT_QUARANTINED, 0, 0);
  const age = load<i64>(header, HEADER_EVENT_TIME) - load<i64>(instrument, INSTRUMENT_MARK_TIME);
  const staleAfter = load<i64>(instrument, INSTRUMENT_STALE_AFTER);
  if (age > staleAfter) refuseOrder(PRICE_STALE, age, staleAfter);
}

/** MAR-032. The planned fill stands in the records while the regime looks at them, and is taken out again. */
function checkPortfolioOrder(account: u32, number: u32, position: usize, pool: usize, reduces: bool): void {
  const instrument = instrumentAt(number);
  const currency = load<u32>(instrument, INSTRUMENT_CURRENCY);
  say(CHECK_REDUCES, reduces ? 1 : 0);
  say(CHECK_FEE, plannedFee);
  const before = evaluateAccount(account, 0, 0);
  if (before == 0) {
    const row = verdictRowOf(currency);
    say(CHECK_IM_BEFORE, verdictInitial(row));
    say(CHECK_MM_BEFORE, verdictMaintenance(row));
    say(CHECK_EQUITY_BEFORE, verdictEquity(row));
    say(CHECK_FREE_BEFORE, verdictEquity(row) - verdictInitial(row));
  }
  const quantity = load<i64>(position, POSITION_QUANTITY);
  const cost = load<i64>(position, POSITION_ENTRY_COST);
  const value = load<i64>(position, POSITION_MARK_VALUE);
  const balance = load<i64>(pool, POOL_BALANCE);
  store<i64>(position, plannedQuantity, POSITION_QUANTITY);
  store<i64>(position, plannedCost, POSITION_ENTRY_COST);
  store<i64>(position, markValueOf(instrument, plannedQuantity, plannedCost), POSITION_MARK_VALUE);
  store<i64>(pool, balance + plannedBalanceChange, POOL_BALANCE);
  const after = evaluateAccount(account, position, pool);
  store<i64>(position, quantity, POSITION_QUANTITY);
  store<i64>(position, cost, POSITION_ENTRY_COST);
  store<i64>(position, value, POSITION_MARK_VALUE);
  store<i64>(pool, balance, POOL_BALANCE);
  if (after == 0) {
    const row = verdictRowOf(currency);
    say(CHECK_IM_AFTER, verdictInitial(row));
    say(CHECK_MM_AFTER, verdictMaintenance(row));
    say(CHECK_EQUITY_AFTER, verdictEquity(row));
    say(CHECK_FREE_AFTER, verdictEquity(row) - verdictInitial(row));
    if (!reduces && verdictEquity(row) < verdictInitial(row)) {
      return refuseOrder(INITIAL_MARGIN, verdictEquity(row), verdictInitial(row));
    }
  }
  if (reduces) return;
  if (after != 0 || before != 0) return refuseOrder(MARGIN_UNKNOWN, 0, 0);
  checkNewRisk(account, instrument);
}
