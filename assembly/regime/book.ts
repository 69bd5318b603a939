// One book at a time: who fills it writes keys and given facts (format.ts says which); `arrange` makes rows of every level
// from them, with the row above each, and the facts that follow from others (docs/regimes.md, "Levels", "Facts of a book").

import {
  absolute, CELL, compare, copyCell, divide, isNegative, isUndefined, isZero, multiply, negate, putProduct, putTruth, putWhole,
  subtract, undefine,
} from "./decimal";
import {
  BOOK_CURRENCIES, BOOK_ORDERS, BOOK_POSITIONS, BOOK_TIME, CURRENCY_KEYS_SIZE, FIELD_BACHELIER, FIELD_BUY, FIELD_CALL,
  FIELD_COVERED, FIELD_DAYS, FIELD_EXPIRED, FIELD_FORWARD, FIELD_FUTURE, FIELD_INVERSE,
  FIELD_LINEAR, FIELD_LONG, FIELD_MARK, FIELD_MARKET_ORDER, FIELD_MULTIPLIER, FIELD_NOTIONAL, FIELD_OPTION,
  FIELD_ORDER_PRICE, FIELD_ORDER_QUANTITY, FIELD_PERPETUAL, FIELD_PUT, FIELD_QUANTITY, FIELD_SECONDS,
  FIELD_SELL, FIELD_SHORT, FIELD_SIDE, FIELD_SIZE, FIELD_SPOT, FIELD_STRIKE, FIELD_UNIT_VALUE, FIELD_VALUE, FIELD_YEARS,
  GROUP_SIZE, LEVEL_ACCOUNT, LEVEL_COUNT, LEVEL_CURRENCY, LEVEL_EXPIRY, LEVEL_INSTRUMENT, LEVEL_ORDER, LEVEL_POSITION, LEVEL_STRIKE,
  LEVEL_UNDERLYING, LEVEL_UNIT, NO_NUMBER, ORDER_BUY, ORDER_KEYS_SIZE, ORDER_POSITION, POSITION_BACHELIER, POSITION_EXPIRY, POSITION_INVERSE,
  POSITION_KEYS_SIZE, POSITION_NUMBER, POSITION_PRODUCT, POSITION_SETTLEMENT, POSITION_UNDERLYING, PRODUCT_CALL,
  PRODUCT_FUTURE, PRODUCT_PERPETUAL, PRODUCT_PUT, PRODUCT_SPOT, PROGRAM_GROUPS, PROGRAM_RISK_UNIT, REGIME_CURRENCY_UNKNOWN,
  REGIME_DONE, REGIME_TOO_MANY_ROWS, RISK_UNIT_ACCOUNT, RISK_UNIT_GROUP, RISK_UNIT_SETTLEMENT, RISK_UNIT_UNDERLYING,
  RISK_UNIT_UNDERLYING_SETTLEMENT, UNIT_CURRENCY_SHIFT, UNIT_UNDERLYING_MASK,
} from "./format";
import { reads } from "./programFacts";
import {
  book, currencyKeys, currencyMax, fieldColumn, firstPositionsOf, orderKeys, orderMax, parentMap, positionKeys, positionMax, rowKeyAt,
  rowsOf, setRowsOf, slots,
} from "./regions";

/** Expiry of what does not expire. */
export const EXPIRY_NONE: i64 = i64.MIN_VALUE;

const MICROSECOND: u64 = 1000000000000;
const DAY_SECONDS: u32 = 86400;
const YEAR_SECONDS: u32 = 31536000;

// Fields that are derived only where one of them is read, a bit each.
const TIME_FIELDS: u64 = (<u64>1 << <u64>FIELD_SECONDS) | (<u64>1 << <u64>FIELD_DAYS) | (<u64>1 << <u64>FIELD_YEARS) | (<u64>1 << <u64>FIELD_EXPIRED);
const UNIT_VALUE_FIELD: u64 = <u64>1 << <u64>FIELD_UNIT_VALUE;
const VALUE_FIELDS: u64 = (<u64>1 << <u64>FIELD_VALUE) | (<u64>1 << <u64>FIELD_NOTIONAL);

// A cell for what is being computed.
const cell = memory.data(16, 16);

@inline
function positionAt(row: u32): usize {
  return positionKeys + <usize>row * POSITION_KEYS_SIZE;
}

@inline
function orderAt(row: u32): usize {
  return orderKeys + <usize>row * ORDER_KEYS_SIZE;
}

@inline
function entryOf(map: usize, row: u32): u32 {
  return load<u32>(map + (<usize>row << 2));
}

@inline
function setEntry(map: usize, row: u32, value: u32): void {
  store<u32>(map + (<usize>row << 2), value);
}

@inline
function cellOf(field: u32, row: u32): usize {
  return fieldColumn(field) + <usize>row * CELL;
}

/** The row that lies above a row, on any level above; an instrument's rows are those of positions. */
export function ancestor(level: u32, row: u32, above: u32): u32 {
  if (above == LEVEL_ACCOUNT) return 0;
  const from = level == LEVEL_INSTRUMENT ? LEVEL_POSITION : level;
  const to = above == LEVEL_INSTRUMENT ? LEVEL_POSITION : above;
  return from == to ? row : entryOf(parentMap(from, to), row);
}

/** Number that parameters, tables and pairs know a row by; 0 for the account, NO_NUMBER for levels without keys. */
export function keyOf(level: u32, row: u32): u32 {
  switch (level) {
    case LEVEL_ACCOUNT: return 0;
    case LEVEL_UNIT:
    case LEVEL_UNDERLYING: return <u32>load<u64>(rowKeyAt(level, row), 8);
    case LEVEL_CURRENCY: return load<u32>(currencyKeys + <usize>row * CURRENCY_KEYS_SIZE);
    case LEVEL_POSITION:
    case LEVEL_INSTRUMENT: return load<u32>(positionAt(row), POSITION_NUMBER);
    default: return NO_NUMBER;
  }
}

/** A unit of one underlying is also known by the underlying's key: without the settlement. */
export function plainKey(program: usize, unit: u32): u32 {
  const settled = load<u32>(program, PROGRAM_RISK_UNIT) == RISK_UNIT_UNDERLYING_SETTLEMENT;
  return settled ? unit & UNIT_UNDERLYING_MASK : unit;
}

/**
 * @param fields those that are read, a bit each: the others are not derived
 * @returns REGIME_DONE, or why the book cannot be arranged
 */
export function arrange(program: usize, fields: u64): u32 {
  const positions = load<u32>(book, BOOK_POSITIONS);
  const orders = load<u32>(book, BOOK_ORDERS);
  const currencies = load<u32>(book, BOOK_CURRENCIES);
  if (positions > positionMax || orders > orderMax || currencies > currencyMax) return REGIME_TOO_MANY_ROWS;
  for (let level: u32 = 0; level < LEVEL_COUNT; level++) setRowsOf(level, 0);
  setRowsOf(LEVEL_ACCOUNT, 1);
  setRowsOf(LEVEL_POSITION, positions);
  setRowsOf(LEVEL_INSTRUMENT, positions);
  setRowsOf(LEVEL_ORDER, orders);
  setRowsOf(LEVEL_CURRENCY, currencies);
  for (let row: u32 = 0; row < positions; row++) {
    const currency = currencyRow(load<u32>(positionAt(row), POSITION_SETTLEMENT), currencies);
    if (currency == NO_NUMBER) return REGIME_CURRENCY_UNKNOWN;
    setEntry(parentMap(LEVEL_POSITION, LEVEL_CURRENCY), row, currency);
  }
  for (let level = LEVEL_UNIT; level <= LEVEL_STRIKE; level++) placeRows(program, level, positions);
  for (let level = LEVEL_UNIT; level <= LEVEL_STRIKE; level++) {
    for (let above = LEVEL_UNIT; above < level; above++) inheritRows(level, above);
    inheritRows(level, LEVEL_CURRENCY);
  }
  for (let row: u32 = 0; row < orders; row++) {
    const position = load<u32>(orderAt(row), ORDER_POSITION);
    setEntry(parentMap(LEVEL_ORDER, LEVEL_POSITION), row, position);
    setEntry(parentMap(LEVEL_ORDER, LEVEL_CURRENCY), row, entryOf(parentMap(LEVEL_POSITION, LEVEL_CURRENCY), position));
    for (let above = LEVEL_UNIT; above <= LEVEL_STRIKE; above++) {
      setEntry(parentMap(LEVEL_ORDER, above), row, entryOf(parentMap(LEVEL_POSITION, above), position));
    }
  }
  for (let row: u32 = 0; row < positions; row++) derivePosition(row, fields);
  deriveOrders(orders);
  return REGIME_DONE;
}

function currencyRow(number: u32, currencies: u32): u32 {
  for (let row: u32 = 0; row < currencies; row++) {
    if (load<u32>(currencyKeys + <usize>row * CURRENCY_KEYS_SIZE) == number) return row;
  }
  return NO_NUMBER;
}

function unitKey(program: usize, position: usize): u32 {
  const underlying = load<u32>(position, POSITION_UNDERLYING);
  const settlement = load<u32>(position, POSITION_SETTLEMENT);
  switch (load<u32>(program, PROGRAM_RISK_UNIT)) {
    case RISK_UNIT_UNDERLYING: return underlying;
    case RISK_UNIT_SETTLEMENT: return settlement;
    case RISK_UNIT_ACCOUNT: return 0;
    case RISK_UNIT_GROUP: return groupOf(program, underlying);
    default: return underlying + ((settlement + 1) << UNIT_CURRENCY_SHIFT);
  }
}

function groupOf(program: usize, underlying: u32): u32 {
  const count = load<u32>(program, PROGRAM_GROUPS);
  const groups = program + load<u32>(program, PROGRAM_GROUPS + 4);
  for (let index: u32 = 0; index < count; index++) {
    const group = groups + <usize>index * GROUP_SIZE;
    if (load<u32>(group) == underlying) return load<u32>(group, 4);
  }
  return underlying;
}

/** Rows of a level in the order in which positions show them, found again through a table of hash slots. */
function placeRows(program: usize, level: u32, positions: u32): void {
  let slotCount: u32 = 16;
  while (slotCount < positions * 2) slotCount <<= 1;
  memory.fill(slots, 0xff, <usize>slotCount << 2);
  const own = parentMap(LEVEL_POSITION, level);
  const above = parentMap(LEVEL_POSITION, level - 1);
  const firsts = firstPositionsOf(level);
  let rows: u32 = 0;
  for (let position: u32 = 0; position < positions; position++) {
    const keys = positionAt(position);
    const parent = level == LEVEL_UNIT ? 0 : entryOf(above, position);
    let low: u64 = 0;
    let high: u64 = 0;
    if (level == LEVEL_UNIT) low = unitKey(program, keys);
    else if (level == LEVEL_UNDERLYING) low = load<u32>(keys, POSITION_UNDERLYING);
    else if (level == LEVEL_EXPIRY) low = load<u64>(keys, POSITION_EXPIRY);
    else {
      low = load<u64>(cellOf(FIELD_STRIKE, position));
      high = load<u64>(cellOf(FIELD_STRIKE, position), 8);
    }
    const hash = (low ^ (high << 7) ^ (<u64>parent << 40)) * 0x9e3779b97f4a7c15;
    let slot = <u32>(hash >> 40) & (slotCount - 1);
    let row = entryOf(slots, slot);
    while (row != NO_NUMBER) {
      const key = rowKeyAt(level, row);
      if (load<u32>(key) == parent && load<u64>(key, 8) == low && load<u64>(key, 16) == high) break;
      slot = (slot + 1) & (slotCount - 1);
      row = entryOf(slots, slot);
    }
    if (row == NO_NUMBER) {
      row = rows++;
      setEntry(slots, slot, row);
      const key = rowKeyAt(level, row);
      store<u32>(key, parent);
      store<u64>(key, low, 8);
      store<u64>(key, high, 16);
      setEntry(firsts, row, position);
    }
    setEntry(own, position, row);
  }
  setRowsOf(level, rows);
}

/** The row above is that of the first position beneath. */
function inheritRows(level: u32, above: u32): void {
  const rows = rowsOf(level);
  const firsts = firstPositionsOf(level);
  const map = parentMap(level, above);
  const ofPositions = parentMap(LEVEL_POSITION, above);
  for (let row: u32 = 0; row < rows; row++) setEntry(map, row, entryOf(ofPositions, entryOf(firsts, row)));
}

function derivePosition(row: u32, fields: u64): void {
  deriveInstrument(row, fields);
  deriveHolding(row, fields);
}

/** What follows from the facts of its instrument. */
function deriveInstrument(row: u32, fields: u64): void {
  const keys = positionAt(row);
  const product = load<u8>(keys, POSITION_PRODUCT);
  const inverse = load<u8>(keys, POSITION_INVERSE) != 0;
  const future = product == PRODUCT_FUTURE || product == PRODUCT_PERPETUAL;
  putTruth(cellOf(FIELD_LINEAR, row), !inverse);
  putTruth(cellOf(FIELD_INVERSE, row), inverse);
  putTruth(cellOf(FIELD_BACHELIER, row), load<u8>(keys, POSITION_BACHELIER) != 0);
  putTruth(cellOf(FIELD_PERPETUAL, row), product == PRODUCT_PERPETUAL);
  putTruth(cellOf(FIELD_FUTURE, row), product == PRODUCT_FUTURE);
  putTruth(cellOf(FIELD_OPTION, row), product == PRODUCT_CALL || product == PRODUCT_PUT);
  putTruth(cellOf(FIELD_CALL, row), product == PRODUCT_CALL);
  putTruth(cellOf(FIELD_PUT, row), product == PRODUCT_PUT);
  putTruth(cellOf(FIELD_SPOT, row), product == PRODUCT_SPOT);
  if ((fields & TIME_FIELDS) != 0) deriveTime(row, load<i64>(keys, POSITION_EXPIRY));

  const mark = cellOf(FIELD_MARK, row);
  const multiplier = cellOf(FIELD_MULTIPLIER, row);
  const forward = cellOf(FIELD_FORWARD, row);
  if (future && isUndefined(forward)) copyCell(forward, mark);
  if ((fields & (VALUE_FIELDS | UNIT_VALUE_FIELD)) == 0) return;
  const unitValue = cellOf(FIELD_UNIT_VALUE, row);
  if (inverse && future) divide(unitValue, multiplier, mark);
  else multiply(unitValue, multiplier, mark);
}

/** What follows from the quantity that is held. */
export function deriveHolding(row: u32, fields: u64): void {
  const quantity = cellOf(FIELD_QUANTITY, row);
  const sign = isZero(quantity) ? 0 : isNegative(quantity) ? -1 : 1;
  if (reads(fields, FIELD_SIZE)) absolute(cellOf(FIELD_SIZE, row), quantity);
  if (reads(fields, FIELD_SIDE)) {
    putWhole(cellOf(FIELD_SIDE, row), sign == 0 ? 0 : 1);
    if (sign < 0) negate(cellOf(FIELD_SIDE, row), cellOf(FIELD_SIDE, row));
  }
  if (reads(fields, FIELD_LONG)) putTruth(cellOf(FIELD_LONG, row), sign > 0);
  if (reads(fields, FIELD_SHORT)) putTruth(cellOf(FIELD_SHORT, row), sign < 0);
  if ((fields & VALUE_FIELDS) == 0) return;
  // The notional's cell holds the value first, where that is not read itself.
  const value = cellOf(reads(fields, FIELD_VALUE) ? FIELD_VALUE : FIELD_NOTIONAL, row);
  multiply(value, quantity, cellOf(FIELD_UNIT_VALUE, row));
  if (reads(fields, FIELD_NOTIONAL)) absolute(cellOf(FIELD_NOTIONAL, row), value);
}

function deriveTime(row: u32, expiry: i64): void {
  const seconds = cellOf(FIELD_SECONDS, row);
  const time = load<i64>(book, BOOK_TIME);
  putTruth(cellOf(FIELD_EXPIRED, row), expiry != EXPIRY_NONE && time >= expiry);
  if (expiry == EXPIRY_NONE) {
    undefine(seconds);
    undefine(cellOf(FIELD_DAYS, row));
    undefine(cellOf(FIELD_YEARS, row));
    return;
  }
  putProduct(seconds, expiry > time ? <u64>(expiry - time) : 0, MICROSECOND);
  putWhole(cell, DAY_SECONDS);
  divide(cellOf(FIELD_DAYS, row), seconds, cell);
  putWhole(cell, YEAR_SECONDS);
  divide(cellOf(FIELD_YEARS, row), seconds, cell);
}

/** Sides and what is covered: the part of an order that closes the position, the best orders first. */
function deriveOrders(orders: u32): void {
  // What is left to close, in `cell`, of the position and the side under way.
  let position = NO_NUMBER;
  let buys = false;
  for (let row: u32 = 0; row < orders; row++) {
    const keys = orderAt(row);
    const buy = load<u8>(keys, ORDER_BUY) != 0;
    putTruth(cellOf(FIELD_BUY, row), buy);
    putTruth(cellOf(FIELD_SELL, row), !buy);
    putTruth(cellOf(FIELD_MARKET_ORDER, row), isUndefined(cellOf(FIELD_ORDER_PRICE, row)));
    if (position != load<u32>(keys, ORDER_POSITION) || buys != buy) {
      position = load<u32>(keys, ORDER_POSITION);
      buys = buy;
      const quantity = cellOf(FIELD_QUANTITY, position);
      if (isZero(quantity) || isNegative(quantity) != buy) putWhole(cell, 0);
      else absolute(cell, quantity);
    }
    const covered = cellOf(FIELD_COVERED, row);
    const ordered = cellOf(FIELD_ORDER_QUANTITY, row);
    copyCell(covered, compare(ordered, cell) < 0 ? ordered : cell);
    subtract(cell, cell, covered);
  }
}
