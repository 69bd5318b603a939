// Payoffs at expiry, correlated sums, spread credits, calendar charges (docs/regimes.md, "Formulas").

import { ancestor, EXPIRY_NONE, keyOf, plainKey } from "./book";
import {
  absolute, add, CELL, compare, copyCell, divide, fromFloat, isNegative, isUndefined, isZero, multiply, negate, putWhole,
  subtract, toFloat, undefine,
} from "./decimal";
import {
  FIELD_MARK, FIELD_STRIKE, LEG_KEY, LEG_RATIO, LEG_SIZE, LEVEL_EXPIRY, LEVEL_POSITION, LEVEL_STRIKE, LEVEL_UNIT, NO_NUMBER,
  PAIR_TABLE_CELLS, PAIR_TABLE_KEYS, PAIR_TABLE_OTHERWISE, POSITION_EXPIRY, POSITION_KEYS_SIZE, POSITION_PRODUCT, PRODUCT_CALL, PRODUCT_PUT,
  PRODUCT_SPOT, SPREAD_LEGS, SPREAD_RATE, SPREAD_SIZE,
} from "./format";
import { fieldColumn, positionKeys, rowKeyAt, rowsOf, slots } from "./regions";
import { rowAt } from "./results";
import {
  leastRequirement, LEG_ALONE, LEG_BYTES, LEG_CALL, LEG_COVERED, LEG_EXPIRY, LEG_NEVER, LEG_OTHER, LEG_PROTECTED, LEG_PUT,
  LEG_REST, LEG_SPOT, LEG_STRIKE, LEG_UNITS,
} from "./strategy";

const price = memory.data(16, 16);
const payoff = memory.data(16, 16);
const sum = memory.data(16, 16);
const each = memory.data(16, 16);

/** The lowest payoff of an expiry's positions among the prices 0 and their strikes. */
export function payoffFloor(out: usize, rows: u32, quantity: usize): void {
  const positions = rowsOf(LEVEL_POSITION);
  for (let row: u32 = 0; row < rows; row++) {
    putWhole(price, 0);
    payoffOf(out, row, quantity);
    for (let position: u32 = 0; position < positions && !isUndefined(out); position++) {
      if (ancestor(LEVEL_POSITION, position, LEVEL_EXPIRY) != row) continue;
      const strike = fieldColumn(FIELD_STRIKE) + <usize>position * CELL;
      if (!isOption(position) || isUndefined(strike)) continue;
      copyCell(price, strike);
      payoffOf(sum, row, quantity);
      if (isUndefined(sum) || compare(sum, out) < 0) copyCell(out, sum);
    }
    out += CELL;
  }
}

/** The payoff of its expiry's positions at the strike of each row; undefined for the row without one. */
export function payoffAt(out: usize, rows: u32, quantity: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    const key = rowKeyAt(LEVEL_STRIKE, row);
    copyCell(price, key + 8);
    if (isUndefined(price)) undefine(out);
    else payoffOf(out, ancestor(LEVEL_STRIKE, row, LEVEL_EXPIRY), quantity);
    out += CELL;
  }
}

@inline
function productOf(position: u32): u8 {
  return load<u8>(positionKeys + <usize>position * POSITION_KEYS_SIZE, POSITION_PRODUCT);
}

@inline
function isOption(position: u32): bool {
  const product = productOf(position);
  return product == PRODUCT_CALL || product == PRODUCT_PUT;
}

/** Sum of quantity x payoff over the positions of an expiry when the underlying ends at `price`. */
function payoffOf(out: usize, expiry: u32, quantity: usize): void {
  const positions = rowsOf(LEVEL_POSITION);
  putWhole(out, 0);
  for (let position: u32 = 0; position < positions; position++) {
    if (ancestor(LEVEL_POSITION, position, LEVEL_EXPIRY) != expiry) continue;
    const product = productOf(position);
    const strike = fieldColumn(FIELD_STRIKE) + <usize>position * CELL;
    if (product == PRODUCT_CALL) subtract(payoff, price, strike);
    else if (product == PRODUCT_PUT) subtract(payoff, strike, price);
    else if (product == PRODUCT_SPOT) copyCell(payoff, price);
    else subtract(payoff, price, fieldColumn(FIELD_MARK) + <usize>position * CELL);
    if ((product == PRODUCT_CALL || product == PRODUCT_PUT) && !isUndefined(payoff) && isNegative(payoff)) {
      putWhole(payoff, 0);
    }
    multiply(payoff, rowAt(quantity, position), payoff);
    add(out, out, payoff);
  }
}

/** What a row is known by besides its own key: a unit of one underlying by that underlying's. */
@inline
function plainKeyOf(program: usize, level: u32, row: u32): u32 {
  const key = keyOf(level, row);
  return level == LEVEL_UNIT ? plainKey(program, key) : key;
}

/** Place of a row in a pair table: by its own key, or a unit's by its underlying's. */
function pairPlace(program: usize, table: usize, level: u32, row: u32): u32 {
  const place = placeInPairs(program, table, keyOf(level, row));
  return place == NO_NUMBER ? placeInPairs(program, table, plainKeyOf(program, level, row)) : place;
}

function placeInPairs(program: usize, table: usize, key: u32): u32 {
  const keyCount = load<u32>(table, PAIR_TABLE_KEYS);
  const keys = program + load<u32>(table, PAIR_TABLE_KEYS + 4);
  for (let place: u32 = 0; place < keyCount; place++) {
    if (load<u32>(keys + (<usize>place << 2)) == key) return place;
  }
  return NO_NUMBER;
}

/** sqrt(max(0, sum over i, j of rho x_i x_j)), i and j in the order of rows; the root in float64. */
export function correlated(program: usize, table: usize, out: usize, source: usize, level: u32): void {
  const rows = rowsOf(level);
  // Rows are at most half as many as hash slots.
  for (let row: u32 = 0; row < rows; row++) store<u32>(slots + (<usize>row << 2), pairPlace(program, table, level, row));
  putWhole(sum, 0);
  for (let i: u32 = 0; i < rows; i++) {
    for (let j: u32 = 0; j < rows; j++) {
      const rho = correlation(program, table, level, i, j);
      if (rho == 0) copyCell(each, rowAt(source, i));
      else multiply(each, rho, rowAt(source, i));
      multiply(each, each, rowAt(source, j));
      add(sum, sum, each);
    }
  }
  if (!isUndefined(sum) && isNegative(sum)) putWhole(sum, 0);
  fromFloat(out, Math.sqrt(toFloat(sum)));
}

/** Cell of the correlation of two rows; 0 for 1: a row with itself, or two units of one underlying. */
function correlation(program: usize, table: usize, level: u32, i: u32, j: u32): usize {
  const place = load<u32>(slots + (<usize>i << 2));
  const other = load<u32>(slots + (<usize>j << 2));
  if (i == j || (place != NO_NUMBER && place == other)) return 0;
  if (plainKeyOf(program, level, i) == plainKeyOf(program, level, j)) return 0;
  if (place == NO_NUMBER || other == NO_NUMBER) return table + PAIR_TABLE_OTHERWISE;
  return program + load<u32>(table, PAIR_TABLE_CELLS) + <usize>(place * load<u32>(table, PAIR_TABLE_KEYS) + other) * CELL;
}

const count = memory.data(16, 16);
const used = memory.data(16, 16);

/**
 * By rising priority, each spread takes what it can from the deltas of its legs and credits their rows.
 * @param left scratch: a cell a row, what is left of the deltas
 */
export function spreadCredit(
  program: usize, table: usize, out: usize, left: usize, rows: u32, level: u32, delta: usize, worth: usize,
): void {
  let defined = true;
  for (let row: u32 = 0; row < rows; row++) {
    putWhole(out + <usize>row * CELL, 0);
    copyCell(left + <usize>row * CELL, rowAt(delta, row));
    if (isUndefined(rowAt(delta, row)) || isUndefined(rowAt(worth, row))) defined = false;
  }
  if (!defined) {
    for (let row: u32 = 0; row < rows; row++) undefine(out + <usize>row * CELL);
    return;
  }
  const spreads = load<u32>(table);
  for (let index: u32 = 0; index < spreads; index++) {
    const spread = program + load<u32>(table, 4) + <usize>index * SPREAD_SIZE;
    const legs = load<u32>(spread, SPREAD_LEGS);
    const firstLeg = program + load<u32>(spread, SPREAD_LEGS + 4);
    if (!exists(program, firstLeg, legs, left, rows, level)) continue;
    for (let number: u32 = 0; number < legs; number++) {
      const leg = firstLeg + <usize>number * LEG_SIZE;
      const row = legRow(program, leg, rows, level);
      const rest = left + <usize>row * CELL;
      const credit = out + <usize>row * CELL;
      absolute(used, leg + LEG_RATIO);
      multiply(used, count, used);
      if (isNegative(rest)) add(rest, rest, used);
      else subtract(rest, rest, used);
      multiply(each, spread + SPREAD_RATE, used);
      multiply(each, each, rowAt(worth, row));
      add(credit, credit, each);
    }
  }
}

/** Whether every leg has delta of its sign (or all of the opposite one); `count` is then how many spreads there are. */
function exists(program: usize, firstLeg: usize, legs: u32, left: usize, rows: u32, level: u32): bool {
  let turned = false;
  for (let number: u32 = 0; number < legs; number++) {
    const leg = firstLeg + <usize>number * LEG_SIZE;
    const row = legRow(program, leg, rows, level);
    if (row == NO_NUMBER) return false;
    const rest = left + <usize>row * CELL;
    if (isZero(rest)) return false;
    const opposite = isNegative(rest) != isNegative(leg + LEG_RATIO);
    if (number != 0 && opposite != turned) return false;
    turned = opposite;
    divide(each, rest, leg + LEG_RATIO);
    absolute(each, each);
    if (number == 0 || isUndefined(each) || (!isUndefined(count) && compare(each, count) < 0)) copyCell(count, each);
  }
  return legs != 0;
}

/** The first row that is known by the leg's key. */
function legRow(program: usize, leg: usize, rows: u32, level: u32): u32 {
  const key = load<u32>(leg, LEG_KEY);
  for (let row: u32 = 0; row < rows; row++) {
    if (keyOf(level, row) == key || plainKeyOf(program, level, row) == key) return row;
  }
  return NO_NUMBER;
}

/**
 * rate x the lesser of the sum of positive and the sum of negative deltas over the expiries of a row; the rate is that of
 * its first expiry.
 * @param shorts scratch: a cell a row, sums of negative deltas
 * @param rates scratch: a cell a row
 */
export function calendarCharge(
  out: usize, shorts: usize, rates: usize, rows: u32, level: u32, delta: usize, rate: usize,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    putWhole(out + <usize>row * CELL, 0);
    putWhole(shorts + <usize>row * CELL, 0);
    undefine(rates + <usize>row * CELL);
  }
  let next: u32 = 0;
  const expiries = rowsOf(LEVEL_EXPIRY);
  for (let expiry: u32 = 0; expiry < expiries; expiry++) {
    const row = ancestor(LEVEL_EXPIRY, expiry, level);
    const x = rowAt(delta, expiry);
    const side = (!isUndefined(x) && isNegative(x) ? shorts : out) + <usize>row * CELL;
    add(side, side, x);
    // Rows above appear in the order of their first expiry.
    if (row == next) {
      copyCell(rates + <usize>row * CELL, rowAt(rate, expiry));
      next++;
    }
  }
  for (let row: u32 = 0; row < rows; row++) {
    const cell = out + <usize>row * CELL;
    const short = shorts + <usize>row * CELL;
    negate(short, short);
    if (isUndefined(cell) || isUndefined(short)) undefine(cell);
    else {
      if (compare(short, cell) < 0) copyCell(cell, short);
      multiply(cell, rates + <usize>row * CELL, cell);
    }
  }
}

/**
 * The best pairs of each row's positions (strategy.ts).
 * @param work strategyWorkBytes of all positions
 * @param legs room for a leg of each position
 */
export function leastRequirements(
  out: usize, rows: u32, level: u32, work: usize, legs: usize,
  units: usize, alone: usize, rest: usize, covered: usize, shielded: usize,
): void {
  const positions = rowsOf(LEVEL_POSITION);
  for (let row: u32 = 0; row < rows; row++) {
    let leg = legs;
    for (let position: u32 = 0; position < positions; position++) {
      if (ancestor(LEVEL_POSITION, position, level) != row) continue;
      const expiry = load<i64>(positionKeys + <usize>position * POSITION_KEYS_SIZE, POSITION_EXPIRY);
      store<u32>(leg, legKind(productOf(position)));
      store<i64>(leg, expiry == EXPIRY_NONE ? LEG_NEVER : expiry, LEG_EXPIRY);
      copyCell(leg + LEG_UNITS, rowAt(units, position));
      copyCell(leg + LEG_STRIKE, fieldColumn(FIELD_STRIKE) + <usize>position * CELL);
      copyCell(leg + LEG_ALONE, rowAt(alone, position));
      copyCell(leg + LEG_REST, rowAt(rest, position));
      copyCell(leg + LEG_COVERED, rowAt(covered, position));
      copyCell(leg + LEG_PROTECTED, rowAt(shielded, position));
      leg += LEG_BYTES;
    }
    leastRequirement(out, legs, <i32>((leg - legs) / LEG_BYTES), work);
    out += CELL;
  }
}

function legKind(product: u8): u32 {
  if (product == PRODUCT_CALL) return LEG_CALL;
  if (product == PRODUCT_PUT) return LEG_PUT;
  return product == PRODUCT_SPOT ? LEG_SPOT : LEG_OTHER;
}
