// What a market is made of: currencies, margin tables, scenario grids, instruments. A listing that makes no sense is refused
// here too, whoever wrote it.

import { BILLION, isOption, leverageLimit } from "../margin/contracts";
import { CAPACITY, CURRENCY_UNKNOWN, INSTRUMENT_EXISTS, LISTING_INVALID, TABLE_UNKNOWN } from "../memory/codes";
import { openAccount, takePool } from "../accounts/holdings";
import {
  CURRENCY_CAPACITY, CURRENCY_SCALE, CURRENCY_SCENARIO_GRID, HEADER_ACCOUNT_CAPACITY, HEADER_CURRENCIES,
  HEADER_INSTRUMENT_CAPACITY, HEADER_INSTRUMENTS, HEADER_MARGIN_TABLES, HEADER_SCENARIO_GRIDS, INSTRUMENT_CURRENCY,
  INSTRUMENT_DEFAULT_LEVERAGE, INSTRUMENT_DENOMINATOR, INSTRUMENT_EXPIRY, INSTRUMENT_FIRST_HOLDER, INSTRUMENT_KIND,
  INSTRUMENT_COIN_SETTLED, INSTRUMENT_LIQUIDATION_FEE, INSTRUMENT_LOT, INSTRUMENT_MAKER_FEE, INSTRUMENT_MARGIN_TABLE, INSTRUMENT_NON_POSITIVE,
  INSTRUMENT_NUMERATOR, INSTRUMENT_PRICE_BAND, INSTRUMENT_PRICE_LIMIT, INSTRUMENT_QUANTITY_LIMIT,
  INSTRUMENT_KEY, INSTRUMENT_MULTIPLIER_DENOMINATOR, INSTRUMENT_MULTIPLIER_NUMERATOR,
  INSTRUMENT_PRICE_SCALE, INSTRUMENT_PRODUCT, INSTRUMENT_QUANTITY_SCALE, INSTRUMENT_STRIKE, INSTRUMENT_UNDERLYING, KEY_CAPACITY,
  PRODUCT_PUT, CURRENCY_KEY, INSTRUMENT_SCENARIO_GRID, INSTRUMENT_SIZE, INSTRUMENT_STALE_AFTER, INSTRUMENT_TAKER_FEE, INSTRUMENT_TICK, KIND_INVERSE, KIND_LINEAR,
  MARGIN_TABLE_CAPACITY, MARGIN_TABLE_FIRST_TIER, MARGIN_TABLE_TIERS, MODE_CROSS, NONE, SCENARIO_CAPACITY,
  SCENARIO_GRID_CAPACITY, SCENARIO_GRID_COUNT, SCENARIO_GRID_INVERSE, SCENARIO_GRID_LINEAR, TIER_CAPACITY, TIER_FLOOR,
  TIER_INITIAL_DEDUCTION, TIER_INITIAL_RATE, TIER_MAINTENANCE_DEDUCTION, TIER_MAINTENANCE_RATE, TIER_SIZE,
  VENUE_ACCOUNTS,
} from "../memory/layout";
import { magnitude, mulDivFloor, mulDivCeil, overflowed, clearOverflow } from "../memory/fixed";
import { noteKey } from "../memory/nameKeys";
import { refuse } from "../memory/outputs";
import { currencyAt, header, instrumentAt, marginTableAt, scenarioGridAt } from "../memory/tables";

/** The venue's own accounts come with the shard. */
export function openShard(): bool {
  if (load<u32>(header, HEADER_ACCOUNT_CAPACITY) < VENUE_ACCOUNTS) return refuse(CAPACITY, VENUE_ACCOUNTS, 0);
  for (let venue: u32 = 0; venue < VENUE_ACCOUNTS; venue++) openAccount(MODE_CROSS);
  return true;
}

export function listCurrency(scale: u32, key: u32): bool {
  const number = load<u32>(header, HEADER_CURRENCIES);
  if (number >= CURRENCY_CAPACITY) return refuse(CAPACITY, number, CURRENCY_CAPACITY);
  if (scale > 18) return refuse(LISTING_INVALID, scale, 18);
  if (key >= KEY_CAPACITY) return refuse(CAPACITY, key, KEY_CAPACITY);
  store<u32>(header, number + 1, HEADER_CURRENCIES);
  store<u32>(currencyAt(number), scale, CURRENCY_SCALE);
  store<u32>(currencyAt(number), NONE, CURRENCY_SCENARIO_GRID);
  store<u32>(currencyAt(number), key, CURRENCY_KEY);
  noteKey(key);
  for (let venue: u32 = 0; venue < VENUE_ACCOUNTS; venue++) takePool(venue, number);
  return true;
}

/** MAR-013, MAR-014. `tiers`: floor, initial rate, maintenance rate, three i64 each. */
export function setMarginTable(tiers: usize, count: u32): bool {
  const number = load<u32>(header, HEADER_MARGIN_TABLES);
  if (number >= MARGIN_TABLE_CAPACITY) return refuse(CAPACITY, number, MARGIN_TABLE_CAPACITY);
  if (count == 0 || count > TIER_CAPACITY) return refuse(LISTING_INVALID, count, TIER_CAPACITY);
  const table = marginTableAt(number);
  for (let index: u32 = 0; index < count; index++) {
    if (!setTier(table, index, tiers + <usize>index * 24)) {
      memory.fill(table, 0, <usize>MARGIN_TABLE_FIRST_TIER + <usize>TIER_CAPACITY * TIER_SIZE);
      return refuse(LISTING_INVALID, index, 0);
    }
  }
  store<u32>(table, count, MARGIN_TABLE_TIERS);
  store<u32>(header, number + 1, HEADER_MARGIN_TABLES);
  return true;
}

function setTier(table: usize, index: u32, source: usize): bool {
  const floor = load<i64>(source);
  const initial = load<i64>(source, 8);
  const maintenance = load<i64>(source, 16);
  if (maintenance <= 0 || maintenance > initial || initial > BILLION) return false;
  let initialDeduction: i64 = 0;
  let maintenanceDeduction: i64 = 0;
  const tier = table + MARGIN_TABLE_FIRST_TIER + <usize>index * TIER_SIZE;
  if (index == 0) {
    if (floor != 0) return false;
  } else {
    const previous = tier - TIER_SIZE;
    const initialStep = initial - load<i64>(previous, TIER_INITIAL_RATE);
    const maintenanceStep = maintenance - load<i64>(previous, TIER_MAINTENANCE_RATE);
    if (floor <= load<i64>(previous, TIER_FLOOR) || initialStep < 0 || maintenanceStep < 0) return false;
    clearOverflow();
    const initialRise = mulDivFloor(floor, initialStep, BILLION);
    const maintenanceRise = mulDivFloor(floor, maintenanceStep, BILLION);
    if (initialRise != mulDivCeil(floor, initialStep, BILLION)) return false;
    if (maintenanceRise != mulDivCeil(floor, maintenanceStep, BILLION) || overflowed) return false;
    initialDeduction = load<i64>(previous, TIER_INITIAL_DEDUCTION) + initialRise;
    maintenanceDeduction = load<i64>(previous, TIER_MAINTENANCE_DEDUCTION) + maintenanceRise;
  }
  store<i64>(tier, floor, TIER_FLOOR);
  store<i64>(tier, initial, TIER_INITIAL_RATE);
  store<i64>(tier, maintenance, TIER_MAINTENANCE_RATE);
  store<i64>(tier, initialDeduction, TIER_INITIAL_DEDUCTION);
  store<i64>(tier, maintenanceDeduction, TIER_MAINTENANCE_DEDUCTION);
  return true;
}

/** MAR-022. `moves`: i64 billionths. */
export function setScenarioGrid(moves: usize, count: u32): bool {
  const number = load<u32>(header, HEADER_SCENARIO_GRIDS);
  if (number >= SCENARIO_GRID_CAPACITY) return refuse(CAPACITY, number, SCENARIO_GRID_CAPACITY);
  if (count == 0 || count > SCENARIO_CAPACITY) return refuse(LISTING_INVALID, count, SCENARIO_CAPACITY);
  let zero = false;
  let last: i64 = 0 - BILLION;
  for (let index: u32 = 0; index < count; index++) {
    const move = load<i64>(moves + <usize>index * 8);
    if (move <= last || move > 1000 * BILLION) return refuse(LISTING_INVALID, move, last);
    if (move == 0) zero = true;
    last = move;
  }
  if (!zero) return refuse(LISTING_INVALID, 0, 0);
  const grid = scenarioGridAt(number);
  for (let index: u32 = 0; index < count; index++) {
    const move = <f64>load<i64>(moves + <usize>index * 8) / <f64>BILLION;
    store<f64>(grid + SCENARIO_GRID_LINEAR + <usize>index * 8, move);
    store<f64>(grid + SCENARIO_GRID_INVERSE + <usize>index * 8, move / (1.0 + move));
  }
  store<u32>(grid, count, SCENARIO_GRID_COUNT);
  store<u32>(header, number + 1, HEADER_SCENARIO_GRIDS);
  return true;
}

/** Fields of a listing in the blob, one i64 each, in this order. */
const LISTED_MARGIN_TABLE: u32 = 0;
const LISTED_SCENARIO_GRID: u32 = 1;
const LISTED_DEFAULT_LEVERAGE: u32 = 2;
const LISTED_NON_POSITIVE: u32 = 3;
/** From here on in the order of the record: numerator, denominator, tick, lot, limits, fees, expiry, band, stale after. */
const LISTED_RECORD: u32 = 4;
const LISTED_UNDERLYING: u32 = 16;
const LISTED_KEY: u32 = 17;
/** Product, coin-settled, price scale, quantity scale: one byte each, from the lowest. */
const LISTED_PRODUCT: u32 = 18;
const LISTED_STRIKE: u32 = 19;
const LISTED_MULTIPLIER_NUMERATOR: u32 = 20;
const LISTED_MULTIPLIER_DENOMINATOR: u32 = 21;
const LISTED_COUNT: u32 = 22;

@inline
function listed(fields: usize, index: u32): i64 {
  return load<i64>(fields + ((<usize>index) << 3));
}

export function listInstrument(number: u32, kind: u8, currency: u32, fields: usize, count: u32): bool {
  const next = load<u32>(header, HEADER_INSTRUMENTS);
  if (number < next) return refuse(INSTRUMENT_EXISTS, 0, 0);
  const capacity = load<u32>(header, HEADER_INSTRUMENT_CAPACITY);
  if (next >= capacity) return refuse(CAPACITY, next, capacity);
  if (currency >= load<u32>(header, HEADER_CURRENCIES)) return refuse(CURRENCY_UNKNOWN, 0, 0);
  if (count != LISTED_COUNT || (kind != KIND_LINEAR && kind != KIND_INVERSE)) return refuse(LISTING_INVALID, kind, 0);
  const marginTable = listed(fields, LISTED_MARGIN_TABLE);
  const grid = listed(fields, LISTED_SCENARIO_GRID);
  if (<u64>marginTable >= <u64>load<u32>(header, HEADER_MARGIN_TABLES)) return refuse(TABLE_UNKNOWN, 0, 0);
  if (<u64>grid >= <u64>load<u32>(header, HEADER_SCENARIO_GRIDS)) return refuse(TABLE_UNKNOWN, 0, 0);
  const currencyGrid = load<u32>(currencyAt(currency), CURRENCY_SCENARIO_GRID);
  if (currencyGrid != NONE && currencyGrid != <u32>grid) return refuse(LISTING_INVALID, grid, currencyGrid);

  const instrument = instrumentAt(next);
  store<u8>(instrument, kind, INSTRUMENT_KIND);
  store<u8>(instrument, listed(fields, LISTED_NON_POSITIVE) != 0 ? 1 : 0, INSTRUMENT_NON_POSITIVE);
  store<u32>(instrument, currency, INSTRUMENT_CURRENCY);
  store<u32>(instrument, <u32>marginTable, INSTRUMENT_MARGIN_TABLE);
  store<u32>(instrument, <u32>grid, INSTRUMENT_SCENARIO_GRID);
  store<u32>(instrument, NONE, INSTRUMENT_FIRST_HOLDER);
  memory.copy(instrument + INSTRUMENT_NUMERATOR, fields + ((<usize>LISTED_RECORD) << 3), 12 * 8);
  const underlying = <u32>listed(fields, LISTED_UNDERLYING);
  const key = <u32>listed(fields, LISTED_KEY);
  store<u32>(instrument, underlying, INSTRUMENT_UNDERLYING);
  store<u32>(instrument, key, INSTRUMENT_KEY);
  store<u32>(instrument, <u32>listed(fields, LISTED_PRODUCT), INSTRUMENT_PRODUCT);
  store<i64>(instrument, listed(fields, LISTED_STRIKE), INSTRUMENT_STRIKE);
  store<i64>(instrument, listed(fields, LISTED_MULTIPLIER_NUMERATOR), INSTRUMENT_MULTIPLIER_NUMERATOR);
  store<i64>(instrument, listed(fields, LISTED_MULTIPLIER_DENOMINATOR), INSTRUMENT_MULTIPLIER_DENOMINATOR);
  const leverage = listed(fields, LISTED_DEFAULT_LEVERAGE);
  store<u32>(instrument, <u32>leverage, INSTRUMENT_DEFAULT_LEVERAGE);
  if (!listingMakesSense(instrument, kind) || leverage < 100 || leverage > leverageLimit(instrument)) {
    memory.fill(instrument, 0, INSTRUMENT_SIZE);
    return refuse(LISTING_INVALID, next, leverage);
  }
  noteKey(underlying);
  noteKey(key);
  if (currencyGrid == NONE) store<u32>(currencyAt(currency), <u32>grid, CURRENCY_SCENARIO_GRID);
  store<u32>(header, next + 1, HEADER_INSTRUMENTS);
  return true;
}

/** Products of the limits must fit what `fixed` can multiply. */
function listingMakesSense(instrument: usize, kind: u8): bool {
  const numerator = load<i64>(instrument, INSTRUMENT_NUMERATOR);
  const denominator = load<i64>(instrument, INSTRUMENT_DENOMINATOR);
  const priceLimit = load<i64>(instrument, INSTRUMENT_PRICE_LIMIT);
  const quantityLimit = load<i64>(instrument, INSTRUMENT_QUANTITY_LIMIT);
  if (numerator <= 0 || denominator <= 0 || priceLimit <= 0 || quantityLimit <= 0) return false;
  const tick = load<i64>(instrument, INSTRUMENT_TICK);
  if (tick <= 0 || tick > priceLimit || load<i64>(instrument, INSTRUMENT_LOT) <= 0) return false;
  if (!rateMakesSense(load<i64>(instrument, INSTRUMENT_MAKER_FEE))) return false;
  if (!rateMakesSense(load<i64>(instrument, INSTRUMENT_TAKER_FEE))) return false;
  const liquidationFee = load<i64>(instrument, INSTRUMENT_LIQUIDATION_FEE);
  if (liquidationFee < 0 || !rateMakesSense(liquidationFee)) return false;
  if (load<i64>(instrument, INSTRUMENT_PRICE_BAND) < 0 || load<i64>(instrument, INSTRUMENT_STALE_AFTER) < 0) return false;
  if (load<i64>(instrument, INSTRUMENT_EXPIRY) < 0) return false;
  if (kind == KIND_INVERSE && load<u8>(instrument, INSTRUMENT_NON_POSITIVE)) return false;
  if (!namesMakeSense(instrument, kind)) return false;
  clearOverflow();
  mulDivCeil(priceLimit, kind == KIND_LINEAR ? numerator : denominator, 1);
  if (!overflowed && kind == KIND_LINEAR) mulDivCeil(quantityLimit, priceLimit * numerator, denominator);
  else if (!overflowed) mulDivCeil(quantityLimit, numerator, tick * denominator);
  return !overflowed;
}

/** MAR-027: an option has an underlying, a strike above zero and an expiry; its cash is that of a linear contract. */
function namesMakeSense(instrument: usize, kind: u8): bool {
  const underlying = load<u32>(instrument, INSTRUMENT_UNDERLYING);
  if (underlying != NONE && underlying >= KEY_CAPACITY) return false;
  if (load<u32>(instrument, INSTRUMENT_KEY) >= KEY_CAPACITY) return false;
  if (load<i64>(instrument, INSTRUMENT_MULTIPLIER_NUMERATOR) <= 0) return false;
  if (load<i64>(instrument, INSTRUMENT_MULTIPLIER_DENOMINATOR) <= 0) return false;
  if (load<u8>(instrument, INSTRUMENT_PRICE_SCALE) > 18 || load<u8>(instrument, INSTRUMENT_QUANTITY_SCALE) > 18) return false;
  if (!isOption(instrument)) return load<i64>(instrument, INSTRUMENT_STRIKE) == 0;
  if (kind != KIND_LINEAR || underlying == NONE) return false;
  if (load<i64>(instrument, INSTRUMENT_STRIKE) <= 0 && !load<u8>(instrument, INSTRUMENT_NON_POSITIVE)) return false;
  if (load<u8>(instrument, INSTRUMENT_COIN_SETTLED) && load<u8>(instrument, INSTRUMENT_NON_POSITIVE)) return false;
  return load<i64>(instrument, INSTRUMENT_EXPIRY) > 0 && load<u8>(instrument, INSTRUMENT_PRODUCT) <= PRODUCT_PUT;
}

@inline
function rateMakesSense(rateE9: i64): bool {
  return magnitude(rateE9) <= <u64>BILLION;
}
