// What a contract is worth (MAR-001, MAR-012) and what it requires (MAR-013, MAR-014).

import { larger, magnitude, mulDivCeil, mulDivFloor, mulDivTrunc } from "../memory/fixed";
import {
  INSTRUMENT_COIN_SETTLED, INSTRUMENT_DENOMINATOR, INSTRUMENT_KIND, INSTRUMENT_MARGIN_TABLE, INSTRUMENT_NUMERATOR,
  INSTRUMENT_PRICE_SCALE, INSTRUMENT_PRODUCT, INSTRUMENT_STRIKE, KIND_LINEAR, PRODUCT_CALL,
  MARGIN_TABLE_FIRST_TIER, MARGIN_TABLE_TIERS, TIER_FLOOR, TIER_INITIAL_DEDUCTION, TIER_INITIAL_RATE,
  TIER_MAINTENANCE_DEDUCTION, TIER_MAINTENANCE_RATE, TIER_SIZE,
} from "../memory/layout";
import { marginTableAt } from "../memory/tables";

export const BILLION: i64 = 1000000000;

@inline
export function isOption(instrument: usize): bool {
  return load<u8>(instrument, INSTRUMENT_PRODUCT) >= PRODUCT_CALL;
}

/** MAR-028: what an option is worth at its expiry, in its price units, cut toward zero; equal for both sides. */
export function intrinsicPrice(instrument: usize, underlyingPriceE8: i64): i64 {
  const strike = load<i64>(instrument, INSTRUMENT_STRIKE);
  const call = load<u8>(instrument, INSTRUMENT_PRODUCT) == PRODUCT_CALL;
  const intrinsic = larger(0, call ? underlyingPriceE8 - strike : strike - underlyingPriceE8);
  const unit = powerOfTen(load<u8>(instrument, INSTRUMENT_PRICE_SCALE));
  const coinSettled = load<u8>(instrument, INSTRUMENT_COIN_SETTLED) != 0;
  return mulDivTrunc(intrinsic, unit, coinSettled ? underlyingPriceE8 : 100000000);
}

export function powerOfTen(exponent: u32): i64 {
  let power: i64 = 1;
  for (let step: u32 = 0; step < exponent; step++) power *= 10;
  return power;
}

/** MAR-001: cash that trading `quantity` (signed, above zero buys) at `price` brings to the account, rounded down. */
export function cashOf(instrument: usize, quantity: i64, price: i64): i64 {
  const numerator = load<i64>(instrument, INSTRUMENT_NUMERATOR);
  const denominator = load<i64>(instrument, INSTRUMENT_DENOMINATOR);
  return load<u8>(instrument, INSTRUMENT_KIND) == KIND_LINEAR
    ? mulDivFloor(0 - quantity, price * numerator, denominator)
    : mulDivFloor(quantity, numerator, price * denominator);
}

/** MAR-001: the same toward zero, equal and opposite for the two sides of a trade. */
export function symmetricCashOf(instrument: usize, quantity: i64, price: i64): i64 {
  const numerator = load<i64>(instrument, INSTRUMENT_NUMERATOR);
  const denominator = load<i64>(instrument, INSTRUMENT_DENOMINATOR);
  return load<u8>(instrument, INSTRUMENT_KIND) == KIND_LINEAR
    ? mulDivTrunc(0 - quantity, price * numerator, denominator)
    : mulDivTrunc(quantity, numerator, price * denominator);
}

/** MAR-012: what a position of `quantity` is worth at `price`: the cash of closing it. */
@inline
export function valueOf(instrument: usize, quantity: i64, price: i64): i64 {
  return cashOf(instrument, 0 - quantity, price);
}

function tierOf(table: usize, notional: i64): usize {
  let tier = table + MARGIN_TABLE_FIRST_TIER + <usize>(load<u32>(table, MARGIN_TABLE_TIERS) - 1) * TIER_SIZE;
  while (load<i64>(tier, TIER_FLOOR) > notional) tier -= TIER_SIZE;
  return tier;
}

/** The tier that a notional lies in: what both margins of a position are taken from. */
@inline
export function tierFor(instrument: usize, notional: i64): usize {
  return tierOf(marginTableAt(load<u32>(instrument, INSTRUMENT_MARGIN_TABLE)), notional);
}

/** MAR-013, with `notional` >= 0 in `tier`. */
export function maintenanceInTier(tier: usize, notional: i64): i64 {
  return (
    mulDivCeil(notional, load<i64>(tier, TIER_MAINTENANCE_RATE), BILLION) - load<i64>(tier, TIER_MAINTENANCE_DEDUCTION)
  );
}

/** MAR-014, with `notional` >= 0 in `tier`. */
export function initialInTier(tier: usize, leverageE2: u32, notional: i64): i64 {
  const byTier =
    mulDivCeil(notional, load<i64>(tier, TIER_INITIAL_RATE), BILLION) - load<i64>(tier, TIER_INITIAL_DEDUCTION);
  return larger(byTier, mulDivCeil(notional, 100, <i64>leverageE2));
}

export function maintenanceMargin(instrument: usize, notional: i64): i64 {
  return maintenanceInTier(tierFor(instrument, notional), notional);
}

export function initialMargin(instrument: usize, leverageE2: u32, notional: i64): i64 {
  return initialInTier(tierFor(instrument, notional), leverageE2, notional);
}

/** MAR-020: the largest leverage that the first tier allows, in hundredths. */
export function leverageLimit(instrument: usize): i64 {
  const table = marginTableAt(load<u32>(instrument, INSTRUMENT_MARGIN_TABLE));
  return (100 * BILLION) / load<i64>(table + MARGIN_TABLE_FIRST_TIER, TIER_INITIAL_RATE);
}

@inline
export function notionalOf(value: i64): i64 {
  return <i64>magnitude(value);
}
