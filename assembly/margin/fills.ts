// What a fill does (MAR-001 to MAR-008): first the whole plan, in numbers only, then its booking. The order check asks for
// the same plan and books nothing.

import { BILLION, cashOf, initialMargin, notionalOf, symmetricCashOf } from "./contracts";
import { guarded, larger, magnitude, mulDivCeil, mulDivFloor, smaller } from "../memory/fixed";
import { creditVenue, isCross, setQuantity } from "../accounts/holdings";
import {
  INSTRUMENT_CURRENCY, INSTRUMENT_KIND, INSTRUMENT_LIQUIDATION_FEE, INSTRUMENT_MAKER_FEE, INSTRUMENT_PRICE_LIMIT,
  INSTRUMENT_TAKER_FEE, KIND_LINEAR,
  LIQUIDITY_MAKER, BASIS_TABLES, POOL_BALANCE, POOL_BASIS, POOL_IM, POOL_OPEN_POSITIONS, POOL_PROFIT, POSITION_ACCOUNT, POSITION_ENTRY_COST,
  POSITION_FEES,
  POSITION_INSTRUMENT, POSITION_LEVERAGE, POSITION_POOL, POSITION_POSTED, POSITION_QUANTITY, POSITION_REALISED,
  SIDE_BUY, VENUE_FEES, VENUE_INSURANCE, VENUE_ROUNDING,
} from "../memory/layout";
import { attach, detach, settleChange } from "./margin";
import { coverPool, reportInsurance } from "./insurance";
import { instrumentAt, poolAt, positionAt } from "../memory/tables";

/** Positions stay below it, so that a quantity is exact as a float64. */
const QUANTITY_GUARD: u64 = 1 << 53;
/** Worth of a position at the instrument's price limit stays below it, so that no later mark can overflow it. */
const WORTH_GUARD: u64 = 1 << 60;

// The plan.
export let plannedQuantity: i64 = 0;
export let plannedCost: i64 = 0;
export let plannedPosted: i64 = 0;
/** Change of the pool's balance. */
export let plannedBalanceChange: i64 = 0;
export let plannedRealised: i64 = 0;
export let plannedFee: i64 = 0;
/** Of the fee: what the opening part bears. */
export let plannedOpeningFee: i64 = 0;
export let plannedLiquidationFee: i64 = 0;
export let plannedRounding: i64 = 0;
/** Paid by insurance for an isolated position's loss beyond what was posted (MAR-008). */
export let plannedCovered: i64 = 0;
/** Isolated: what opening should post (MAR-007), and what the pool can give. */
export let plannedRequired: i64 = 0;
export let plannedFree: i64 = 0;

/** Quantity that would close part or all of `held`. */
@inline
function closingPart(held: i64, signed: i64): i64 {
  if (held == 0 || (held > 0) == (signed > 0)) return 0;
  return smaller(<i64>magnitude(held), <i64>magnitude(signed));
}

/** Most that a fill of this side can close. */
export function closable(held: i64, side: u8): i64 {
  return (held > 0) == (side == SIDE_BUY) ? 0 : <i64>magnitude(held);
}

/** Whether a fill only reduces the position. */
export function onlyReduces(held: i64, side: u8, quantity: i64): bool {
  return closingPart(held, side == SIDE_BUY ? quantity : 0 - quantity) == quantity;
}

/**
 * Plans a fill on a position. Raises `overflowed` instead of a wrong number.
 * @param fee as the venue charged it, where `feeGiven`
 */
export function planFill(
  position: usize, side: u8, quantity: i64, price: i64, liquidity: u8, liquidation: bool, feeGiven: bool, fee: i64,
): void {
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  const held = load<i64>(position, POSITION_QUANTITY);
  const cost = load<i64>(position, POSITION_ENTRY_COST);
  const signed = side == SIDE_BUY ? quantity : 0 - quantity;
  const closing = closingPart(held, signed);
  const opening = quantity - closing;
  const size = <i64>magnitude(held);

  // MAR-001, MAR-004
  const cash = cashOf(instrument, signed, price);
  plannedRounding = symmetricCashOf(instrument, signed, price) - cash;
  let closeCash: i64 = 0;
  if (opening == 0) closeCash = cash;
  else if (closing != 0) closeCash = cashOf(instrument, side == SIDE_BUY ? closing : 0 - closing, price);
  // MAR-003
  let relieved: i64 = 0;
  if (closing == size) relieved = cost;
  else if (closing != 0) relieved = mulDivCeil(cost, closing, size);
  plannedRealised = closing == 0 ? 0 : closeCash - relieved;
  const costBeforeOpening = cost - relieved;
  plannedCost = guarded(costBeforeOpening - (cash - closeCash));
  plannedQuantity = held + signed;
  guardWorth(instrument, plannedQuantity);

  // MAR-005
  const rate = liquidity == LIQUIDITY_MAKER
    ? load<i64>(instrument, INSTRUMENT_MAKER_FEE)
    : load<i64>(instrument, INSTRUMENT_TAKER_FEE);
  plannedFee = feeGiven ? fee : mulDivCeil(notionalOf(cash), rate, BILLION);
  let closingFee: i64 = 0;
  if (opening == 0) closingFee = plannedFee;
  else if (closing != 0) closingFee = mulDivFloor(plannedFee, closing, quantity);
  plannedOpeningFee = plannedFee - closingFee;
  const liquidationFee = liquidation
    ? mulDivCeil(notionalOf(cash), load<i64>(instrument, INSTRUMENT_LIQUIDATION_FEE), BILLION)
    : 0;

  const pool = poolAt(load<u32>(position, POSITION_POOL));
  const balance = load<i64>(pool, POOL_BALANCE);
  plannedPosted = load<i64>(position, POSITION_POSTED);
  plannedCovered = 0;
  plannedRequired = 0;
  plannedFree = 0;
  if (isCross(position)) {
    const after = balance + plannedRealised - plannedFee;
    plannedLiquidationFee = smaller(liquidationFee, larger(0, after));
    plannedBalanceChange = after - plannedLiquidationFee - balance;
    guarded(balance + plannedBalanceChange);
    return;
  }

  // MAR-008
  let toPool: i64 = 0;
  plannedLiquidationFee = 0;
  if (closing != 0) {
    const share = closing == size ? plannedPosted : mulDivFloor(plannedPosted, closing, size);
    const slice = share + plannedRealised - closingFee;
    plannedPosted -= share;
    if (slice >= 0) {
      plannedLiquidationFee = smaller(liquidationFee, slice);
      toPool = slice - plannedLiquidationFee;
    } else {
      const paid = smaller(0 - slice, plannedPosted);
      plannedPosted -= paid;
      plannedCovered = 0 - slice - paid;
    }
  }
  plannedBalanceChange = toPool - plannedOpeningFee;
  // MAR-007
  if (opening != 0) {
    const leverage = load<u32>(position, POSITION_LEVERAGE);
    plannedRequired =
      initialMargin(instrument, leverage, notionalOf(plannedCost)) -
      initialMargin(instrument, leverage, notionalOf(costBeforeOpening));
    const balanceThen = balance + plannedBalanceChange;
    plannedFree = load<u8>(pool, POOL_BASIS) != BASIS_TABLES
      ? balanceThen
      : smaller(balanceThen, balanceThen + load<i64>(pool, POOL_PROFIT) - load<i64>(pool, POOL_IM));
    const posting = larger(0, smaller(plannedRequired, plannedFree));
    plannedPosted += posting;
    plannedBalanceChange -= posting;
  }
  guarded(balance + plannedBalanceChange);
}

/** Raises `overflowed` for a position whose worth some accepted mark could push past what sums can hold. */
function guardWorth(instrument: usize, quantity: i64): void {
  if (magnitude(quantity) >= QUANTITY_GUARD) {
    guarded(i64.MAX_VALUE);
    return;
  }
  // The worst price is the limit for a linear contract and the smallest one for an inverse contract.
  const worst = worstPrice(instrument);
  if (magnitude(cashOf(instrument, quantity, worst)) >= WORTH_GUARD) guarded(i64.MAX_VALUE);
}

@inline
function worstPrice(instrument: usize): i64 {
  return load<u8>(instrument, INSTRUMENT_KIND) == KIND_LINEAR ? load<i64>(instrument, INSTRUMENT_PRICE_LIMIT) : 1;
}

/** Books the plan made just before. */
export function bookFill(slot: u32, liquidation: bool): void {
  const position = positionAt(slot);
  const instrument = instrumentAt(load<u32>(position, POSITION_INSTRUMENT));
  const poolSlot = load<u32>(position, POSITION_POOL);
  const pool = poolAt(poolSlot);
  const currency = load<u32>(instrument, INSTRUMENT_CURRENCY);
  detach(position);
  setQuantity(slot, plannedQuantity);
  store<i64>(position, plannedCost, POSITION_ENTRY_COST);
  store<i64>(position, plannedPosted, POSITION_POSTED);
  store<i64>(position, load<i64>(position, POSITION_REALISED) + plannedRealised, POSITION_REALISED);
  const fees = plannedFee + plannedLiquidationFee;
  store<i64>(position, load<i64>(position, POSITION_FEES) + fees, POSITION_FEES);
  store<i64>(pool, load<i64>(pool, POOL_BALANCE) + plannedBalanceChange, POOL_BALANCE);
  attach(position);
  creditVenue(VENUE_FEES, currency, plannedFee);
  creditVenue(VENUE_INSURANCE, currency, plannedLiquidationFee - plannedCovered);
  creditVenue(VENUE_ROUNDING, currency, plannedRounding);
  if (plannedCovered != 0) {
    reportInsurance(load<u32>(position, POSITION_ACCOUNT), load<u32>(position, POSITION_INSTRUMENT), currency, plannedCovered);
  }
  if (liquidation && load<u32>(pool, POOL_OPEN_POSITIONS) == 0) coverPool(poolSlot);
  settleChange(slot);
}
