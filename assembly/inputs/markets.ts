// What moves an instrument: marks (INP-003), funding (MAR-009), settlement (MAR-010).

import { BILLION, cashOf, intrinsicPrice, isOption, notionalOf, symmetricCashOf, valueOf } from "../margin/contracts";
import {
  DUPLICATE, INDEX_UNKNOWN, INSTRUMENT_SETTLED as SETTLED, PRICE_BAND, PRICE_LATE, PRICE_LIMIT, PRICE_MISSING, PRICE_NOT_POSITIVE,
  RATE_RANGE, VOLATILITY_RANGE,
} from "../memory/codes";
import { putOff } from "../margin/deferral";
import { larger, magnitude, mulDivFloor, mulDivTrunc } from "../memory/fixed";
import { creditVenue, isCross, setQuantity } from "../accounts/holdings";
import { coverPool } from "../margin/insurance";
import {
  BOOKKEEPING_MARKS, CURRENCY_KEY, FLAG_FORWARD, HEADER_INSTRUMENTS, INSTRUMENT_UNDERLYING, INSTRUMENT_VERSION, FLAG_INTEREST, FLAG_VOLATILITY, FUNDING_PAID, HEADER_KEYS, INDEX_PRICE, INDEX_TIME,
  INSTRUMENT_FORWARD, INSTRUMENT_FORWARD_KNOWN, INSTRUMENT_FORWARD_TIME, INSTRUMENT_INTEREST, INSTRUMENT_VOLATILITY,
  INSTRUMENT_VOLATILITY_KNOWN, INSTRUMENT_VOLATILITY_TIME, INSTRUMENT_CURRENCY, INSTRUMENT_FUNDING_TIME, INSTRUMENT_HELD_MARK,
  INSTRUMENT_HELD_MARKS, INSTRUMENT_HELD_TIME, INSTRUMENT_MARK, INSTRUMENT_MARK_TIME, INSTRUMENT_MARKED, INSTRUMENT_NET_QUANTITY,
  INSTRUMENT_NON_POSITIVE, INSTRUMENT_PRICE_BAND, INSTRUMENT_PRICE_LIMIT, INSTRUMENT_SETTLED, POOL_BALANCE,
  POOL_OPEN_POSITIONS, POSITION_ACCOUNT, POSITION_ENTRY_COST, POSITION_FUNDING, POSITION_MARK_VALUE, POSITION_POOL,
  POSITION_POSTED, POSITION_QUANTITY, POSITION_REALISED, POSITION_SETTLED, VENUE_INSURANCE, VENUE_ROUNDING,
} from "../memory/layout";
import {
  attach, detach, gatheredSlot, gatherHolders, judgePosition, revalueHolders,
} from "../margin/margin";
import { answerCurrency, answerValue, emit, refuse, setValue } from "../memory/outputs";
import { revalueIsolated, revaluePool, revalueScenarios } from "../margin/scenarios";
import { bookkeeping, currencyAt, header, indexAt, instrumentAt, poolAt, positionAt } from "../memory/tables";
import { touchUsersOf } from "../accounts/touched";

/** Marks that must agree with one another before a jump beyond the band is believed. */
const CONFIRMATIONS: u32 = 3;

function checkPrice(instrument: usize, price: i64): bool {
  // An option can be worth nothing.
  const lowest: i64 = isOption(instrument) ? 0 : 1;
  if (price < lowest && !load<u8>(instrument, INSTRUMENT_NON_POSITIVE)) return refuse(PRICE_NOT_POSITIVE, price, 0);
  const limit = load<i64>(instrument, INSTRUMENT_PRICE_LIMIT);
  if (magnitude(price) > <u64>limit) return refuse(PRICE_LIMIT, price, limit);
  return true;
}

/** |price - reference| within the band around the reference. */
function inBand(price: i64, reference: i64, bandE9: i64): bool {
  const allowed = mulDivFloor(<i64>magnitude(reference), bandE9, BILLION);
  return magnitude(price - reference) <= <u64>allowed;
}

/** INP-008: what a mark may tell beside the price, as i64s: volatility, forward, interest. */
const LARGEST_VOLATILITY: i64 = 5000000000;
/** Of the normal model: a million in prices. */
const LARGEST_PRICE_VOLATILITY: i64 = 1000000000000000;

function checkExtras(instrument: usize, flags: u8, extras: usize): bool {
  if (flags & FLAG_VOLATILITY) {
    const volatility = load<i64>(extras);
    const largest = load<u8>(instrument, INSTRUMENT_NON_POSITIVE) ? LARGEST_PRICE_VOLATILITY : LARGEST_VOLATILITY;
    if (volatility < 0 || volatility > largest) return refuse(VOLATILITY_RANGE, volatility, largest);
  }
  if (flags & FLAG_FORWARD) {
    const forward = load<i64>(extras, 8);
    if (forward <= 0 && !load<u8>(instrument, INSTRUMENT_NON_POSITIVE)) return refuse(PRICE_NOT_POSITIVE, forward, 0);
  }
  if (flags & FLAG_INTEREST && magnitude(load<i64>(extras, 16)) > <u64>BILLION) {
    return refuse(RATE_RANGE, load<i64>(extras, 16), BILLION);
  }
  return true;
}

function storeExtras(instrument: usize, timeUs: i64, flags: u8, extras: usize): void {
  if (flags & FLAG_VOLATILITY) {
    store<u8>(instrument, 1, INSTRUMENT_VOLATILITY_KNOWN);
    store<i64>(instrument, load<i64>(extras), INSTRUMENT_VOLATILITY);
    store<i64>(instrument, timeUs, INSTRUMENT_VOLATILITY_TIME);
  }
  if (flags & FLAG_FORWARD) {
    store<u8>(instrument, 1, INSTRUMENT_FORWARD_KNOWN);
    store<i64>(instrument, load<i64>(extras, 8), INSTRUMENT_FORWARD);
    store<i64>(instrument, timeUs, INSTRUMENT_FORWARD_TIME);
  }
  if (flags & FLAG_INTEREST) store<i64>(instrument, load<i64>(extras, 16), INSTRUMENT_INTEREST);
}

export function setMark(number: u32, price: i64, timeUs: i64, flags: u8, extras: usize): bool {
  const instrument = instrumentAt(number);
  if (load<u8>(instrument, INSTRUMENT_SETTLED)) return refuse(SETTLED, 0, 0);
  if (!checkPrice(instrument, price) || !checkExtras(instrument, flags, extras)) return false;
  const band = load<i64>(instrument, INSTRUMENT_PRICE_BAND);
  if (load<u8>(instrument, INSTRUMENT_MARKED)) {
    const markTime = load<i64>(instrument, INSTRUMENT_MARK_TIME);
    // Newer than the mark and than what is held: the same record again must change nothing, not even confirm itself.
    const newest = larger(markTime, load<i64>(instrument, INSTRUMENT_HELD_TIME));
    if (timeUs <= newest) return refuse(PRICE_LATE, timeUs, newest);
    const mark = load<i64>(instrument, INSTRUMENT_MARK);
    if (band != 0 && !inBand(price, mark, band)) {
      let held = load<u32>(instrument, INSTRUMENT_HELD_MARKS);
      held = held != 0 && inBand(price, load<i64>(instrument, INSTRUMENT_HELD_MARK), band) ? held + 1 : 1;
      store<u32>(instrument, held, INSTRUMENT_HELD_MARKS);
      store<i64>(instrument, price, INSTRUMENT_HELD_MARK);
      store<i64>(instrument, timeUs, INSTRUMENT_HELD_TIME);
      if (held < CONFIRMATIONS) return refuse(PRICE_BAND, price, mark);
    }
  }
  store<u32>(instrument, 0, INSTRUMENT_HELD_MARKS);
  store<i64>(instrument, 0, INSTRUMENT_HELD_MARK);
  store<i64>(instrument, 0, INSTRUMENT_HELD_TIME);
  store<u8>(instrument, 1, INSTRUMENT_MARKED);
  store<i64>(instrument, price, INSTRUMENT_MARK);
  store<i64>(instrument, timeUs, INSTRUMENT_MARK_TIME);
  storeExtras(instrument, timeUs, flags, extras);
  raiseVersion(instrument);
  store<i64>(bookkeeping, load<i64>(bookkeeping, BOOKKEEPING_MARKS) + 1, BOOKKEEPING_MARKS);
  revalueScenarios(number);
  if (!putOff(number)) revalueHolders(instrument);
  return true;
}

/** What a regime computed from the instrument's facts is void. */
@inline
function raiseVersion(instrument: usize): void {
  store<u32>(instrument, load<u32>(instrument, INSTRUMENT_VERSION) + 1, INSTRUMENT_VERSION);
}

/** Of every instrument that follows this index or settles in this currency. */
function raiseVersionsOf(key: u32): void {
  const count = load<u32>(header, HEADER_INSTRUMENTS);
  for (let number: u32 = 0; number < count; number++) {
    const instrument = instrumentAt(number);
    const settlement = load<u32>(currencyAt(load<u32>(instrument, INSTRUMENT_CURRENCY)), CURRENCY_KEY);
    if (load<u32>(instrument, INSTRUMENT_UNDERLYING) == key || settlement == key) raiseVersion(instrument);
  }
}

/** INP-007. @param key number of the name of a currency or an underlying */
export function setIndexPrice(key: u32, priceE8: i64, timeUs: i64): bool {
  if (key >= load<u32>(header, HEADER_KEYS)) return refuse(INDEX_UNKNOWN, 0, 0);
  if (priceE8 <= 0) return refuse(PRICE_NOT_POSITIVE, priceE8, 0);
  const index = indexAt(key);
  const newest = load<i64>(index, INDEX_TIME);
  if (timeUs <= newest) return refuse(PRICE_LATE, timeUs, newest);
  store<i64>(index, priceE8, INDEX_PRICE);
  store<i64>(index, timeUs, INDEX_TIME);
  raiseVersionsOf(key);
  touchUsersOf(key);
  return true;
}

/** MAR-009. */
export function applyFunding(number: u32, rateE9: i64, timeUs: i64): bool {
  const instrument = instrumentAt(number);
  if (load<u8>(instrument, INSTRUMENT_SETTLED)) return refuse(SETTLED, 0, 0);
  if (magnitude(rateE9) > <u64>BILLION) return refuse(RATE_RANGE, rateE9, BILLION);
  const last = load<i64>(instrument, INSTRUMENT_FUNDING_TIME);
  if (timeUs <= last) return refuse(DUPLICATE, timeUs, last);
  store<i64>(instrument, timeUs, INSTRUMENT_FUNDING_TIME);
  if (!load<u8>(instrument, INSTRUMENT_MARKED)) return refuse(PRICE_MISSING, 0, 0);
  const currency = load<u32>(instrument, INSTRUMENT_CURRENCY);
  const holders = gatherHolders(instrument);
  let paid: i64 = 0;
  for (let at: u32 = 0; at < holders; at++) {
    const slot = gatheredSlot(at);
    const position = positionAt(slot);
    const notional = notionalOf(load<i64>(position, POSITION_MARK_VALUE));
    const due = load<i64>(position, POSITION_QUANTITY) > 0 ? 0 - rateE9 : rateE9;
    const amount = mulDivFloor(notional, due, BILLION);
    paid += amount;
    payFunding(position, number, currency, amount);
  }
  const net = load<i64>(instrument, INSTRUMENT_NET_QUANTITY);
  const mark = load<i64>(instrument, INSTRUMENT_MARK);
  const netDue = net > 0 ? 0 - rateE9 : rateE9;
  const rounding: i64 = net == 0
    ? 0 - paid
    : mulDivTrunc(notionalOf(valueOf(instrument, net, mark)), netDue, BILLION) - paid;
  creditVenue(VENUE_ROUNDING, currency, rounding);
  answerCurrency(currency);
  answerValue(0, mark);
  answerValue(1, <i64>holders);
  answerValue(2, rounding);
  judgeGathered(holders);
  return true;
}

function payFunding(position: usize, number: u32, currency: u32, amount: i64): void {
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  let postedChange: i64 = 0;
  let covered: i64 = 0;
  if (isCross(position)) {
    store<i64>(pool, load<i64>(pool, POOL_BALANCE) + amount, POOL_BALANCE);
  } else {
    const posted = load<i64>(position, POSITION_POSTED);
    postedChange = larger(amount, 0 - posted);
    covered = postedChange - amount;
    store<i64>(position, posted + postedChange, POSITION_POSTED);
    creditVenue(VENUE_INSURANCE, currency, 0 - covered);
  }
  store<i64>(position, load<i64>(position, POSITION_FUNDING) + amount, POSITION_FUNDING);
  const slot = emit(FUNDING_PAID, load<u32>(position, POSITION_ACCOUNT), number, currency);
  setValue(slot, 0, amount);
  setValue(slot, 1, postedChange);
  setValue(slot, 2, covered);
}

function judgeGathered(count: u32): void {
  for (let at: u32 = 0; at < count; at++) judgePosition(gatheredSlot(at));
}

/** MAR-010. */
/** @param underlyingPriceE8 what an option is settled by; its price follows from it (MAR-028) */
export function settleInstrument(number: u32, told: i64, underlyingPriceE8: i64): bool {
  const instrument = instrumentAt(number);
  if (load<u8>(instrument, INSTRUMENT_SETTLED)) return refuse(DUPLICATE, 0, 0);
  let price = told;
  if (isOption(instrument)) {
    if (underlyingPriceE8 <= 0) return refuse(PRICE_NOT_POSITIVE, underlyingPriceE8, 0);
    price = intrinsicPrice(instrument, underlyingPriceE8);
  }
  if (!checkPrice(instrument, price)) return false;
  const currency = load<u32>(instrument, INSTRUMENT_CURRENCY);
  const net = load<i64>(instrument, INSTRUMENT_NET_QUANTITY);
  const holders = gatherHolders(instrument);
  let cashSum: i64 = 0;
  for (let at: u32 = 0; at < holders; at++) cashSum += closeAtSettlement(gatheredSlot(at), number, currency, price);
  const rounding = (net == 0 ? 0 : symmetricCashOf(instrument, 0 - net, price)) - cashSum;
  creditVenue(VENUE_ROUNDING, currency, rounding);
  store<u8>(instrument, 1, INSTRUMENT_SETTLED);
  answerCurrency(currency);
  answerValue(0, <i64>holders);
  answerValue(1, rounding);
  answerValue(2, price);
  for (let at: u32 = 0; at < holders; at++) {
    const slot = gatheredSlot(at);
    revaluePool(load<u32>(positionAt(slot), POSITION_POOL));
    revalueIsolated(slot);
  }
  judgeGathered(holders);
  return true;
}

/** @returns the cash of the closing */
function closeAtSettlement(slot: u32, number: u32, currency: u32, price: i64): i64 {
  const position = positionAt(slot);
  const pool = poolAt(load<u32>(position, POSITION_POOL));
  const quantity = load<i64>(position, POSITION_QUANTITY);
  const cash = cashOf(instrumentAt(number), 0 - quantity, price);
  const realised = cash - load<i64>(position, POSITION_ENTRY_COST);
  const posted = load<i64>(position, POSITION_POSTED);
  const slice = posted + realised;
  let covered: i64 = 0;
  let toPool = realised;
  if (!isCross(position)) {
    toPool = larger(0, slice);
    covered = larger(0, 0 - slice);
  }
  detach(position);
  setQuantity(slot, 0);
  store<i64>(position, 0, POSITION_ENTRY_COST);
  store<i64>(position, 0, POSITION_POSTED);
  store<i64>(position, load<i64>(position, POSITION_REALISED) + realised, POSITION_REALISED);
  store<i64>(pool, load<i64>(pool, POOL_BALANCE) + toPool, POOL_BALANCE);
  attach(position);
  creditVenue(VENUE_INSURANCE, currency, 0 - covered);
  const output = emit(POSITION_SETTLED, load<u32>(position, POSITION_ACCOUNT), number, currency);
  setValue(output, 0, quantity);
  setValue(output, 1, realised);
  setValue(output, 2, posted);
  setValue(output, 3, covered);
  if (load<u32>(pool, POOL_OPEN_POSITIONS) == 0) coverPool(load<u32>(position, POSITION_POOL));
  return cash;
}
