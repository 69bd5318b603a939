// What a document gives by key: parameters, attributes of scenarios, and tiers that a size is charged through.

import { ancestor, keyOf, plainKey } from "./book";
import { add, CELL, compare, copyCell, fromFloat, isUndefined, multiply, putWhole, subtract, toFloat, undefine } from "./decimal";
import {
  ATTRIBUTE_KEYS, ATTRIBUTE_ROWS, LEVEL_UNIT, NO_NUMBER, OPERATION_MARGINAL, PARAMETER_CELLS, PARAMETER_DEFAULT, PARAMETER_KEYS,
  TIER_TABLE_ENDS, TIER_TABLE_KEYS, TIER_TABLE_LEVEL, TIER_TABLE_TIERS, TIERS_CELLS, TIERS_ROWS,
} from "./format";
import { rowAt, stepOf } from "./results";

/** Place of a row in a rising list of keys: by its own key, or a unit's by its underlying's; NO_NUMBER when it has none. */
function placeOf(program: usize, list: usize, level: u32, row: u32): u32 {
  const key = keyOf(level, row);
  const place = placeOfKey(program, list, key);
  if (place != NO_NUMBER || level != LEVEL_UNIT) return place;
  const plain = plainKey(program, key);
  return plain == key ? place : placeOfKey(program, list, plain);
}

function placeOfKey(program: usize, list: usize, key: u32): u32 {
  let low: u32 = 0;
  let high = load<u32>(list);
  const keys = program + load<u32>(list, 4);
  const count = high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(keys + (<usize>middle << 2)) < key) low = middle + 1;
    else high = middle;
  }
  return low < count && load<u32>(keys + (<usize>low << 2)) == key ? low : NO_NUMBER;
}

export function parameterColumn(program: usize, parameter: usize, out: usize, rows: u32, level: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const place = placeOf(program, parameter + PARAMETER_KEYS, level, row);
    copyCell(
      out,
      place == NO_NUMBER
        ? parameter + PARAMETER_DEFAULT
        : program + load<u32>(parameter, PARAMETER_CELLS) + <usize>place * CELL,
    );
    out += CELL;
  }
}

/** For each row the number of its list of values, u32 each. */
export function attributeMap(program: usize, attribute: usize, out: usize, rows: u32, level: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const place = placeOf(program, attribute + ATTRIBUTE_KEYS, level, row);
    store<u32>(out + (<usize>row << 2), place == NO_NUMBER ? 0 : place + 1);
  }
}

@inline
export function attributeRows(program: usize, attribute: usize): usize {
  return program + load<u32>(attribute, ATTRIBUTE_ROWS);
}

/** Tiers of a row, or 0 where the table has none for its key. */
function tiersOf(program: usize, table: usize, level: u32, row: u32): usize {
  const keyLevel = load<u32>(table, TIER_TABLE_LEVEL);
  const place = placeOf(program, table + TIER_TABLE_KEYS, keyLevel, ancestor(level, row, keyLevel));
  const offsets = program + load<u32>(table, TIER_TABLE_TIERS);
  const offset = load<u32>(offsets + (place == NO_NUMBER ? 0 : (<usize>place + 1) << 2));
  return offset == 0 ? 0 : program + offset;
}

/** Cell of a tier: of `from` for place 0, of the table's columns after that. */
@inline
function tierCell(tiers: usize, count: u32, place: u32, tier: u32): usize {
  return tiers + TIERS_CELLS + (<usize>place * count + tier) * CELL;
}

const part = memory.data(16, 16);

// Rows are charged from `from` to before `end`; `out` is where the first of them begins.

export function tierColumn(
  operation: u32, program: usize, table: usize, column: u32, out: usize, from: u32, end: u32, level: u32, source: usize,
): void {
  for (let row = from; row < end; row++) {
    const x = rowAt(source, row);
    const tiers = tiersOf(program, table, level, row);
    if (tiers == 0 || isUndefined(x)) undefine(out);
    else if (operation == OPERATION_MARGINAL) marginal(out, tiers, column, x);
    else bracket(out, tiers, column, x, load<u32>(table, TIER_TABLE_ENDS) != 0);
    out += CELL;
  }
}

/** Sum over the tiers of the part of x in each times its rate; nothing of a negative x lies in any. */
function marginal(out: usize, tiers: usize, column: u32, x: usize): void {
  const count = load<u32>(tiers, TIERS_ROWS);
  putWhole(out, 0);
  for (let tier: u32 = 0; tier < count; tier++) {
    const from = tierCell(tiers, count, 0, tier);
    if (compare(x, from) <= 0) return;
    const to = tierCell(tiers, count, 0, tier + 1);
    subtract(part, tier + 1 < count && compare(x, to) > 0 ? to : x, from);
    multiply(part, part, tierCell(tiers, count, column + 1, tier));
    add(out, out, part);
  }
}

/** Value of the tier in which x lies; below the first, that one. */
function bracket(out: usize, tiers: usize, column: u32, x: usize, ends: bool): void {
  const count = load<u32>(tiers, TIERS_ROWS);
  let tier = count - 1;
  while (tier > 0) {
    const order = compare(x, tierCell(tiers, count, 0, tier));
    if (ends ? order > 0 : order >= 0) break;
    tier--;
  }
  copyCell(out, tierCell(tiers, count, column + 1, tier));
}

const cell = memory.data(16, 16);
const value = memory.data(16, 16);

/** Each scenario's float64 as a decimal, charged like a column, and the result as float64 again. */
export function tierMatrix(
  operation: u32, program: usize, table: usize, column: u32, out: usize, from: u32, end: u32, width: usize, level: u32,
  source: usize,
): void {
  const ends = load<u32>(table, TIER_TABLE_ENDS) != 0;
  const step = stepOf(source);
  for (let row = from; row < end; row++) {
    let at = rowAt(source, row);
    const tiers = tiersOf(program, table, level, row);
    for (let offset: usize = 0; offset < width; offset += 8) {
      fromFloat(cell, load<f64>(at));
      at += step;
      if (tiers == 0 || isUndefined(cell)) undefine(value);
      else if (operation == OPERATION_MARGINAL) marginal(value, tiers, column, cell);
      else bracket(value, tiers, column, cell, ends);
      store<f64>(out + offset, toFloat(value));
    }
    out += width;
  }
}
