// From rows of one level to the rows above them: total, highest, lowest, count, any. Rows are taken in their order, totals start
// at +0, so that a book's figures are the same bits however it came about.

import { add, CELL, compare, copyCell, isUndefined, isZero, putTruth, putWhole, undefine } from "./decimal";
import {
  OPERATION_ANY, OPERATION_COUNT, OPERATION_HIGHEST, OPERATION_LOWEST, OPERATION_TOTAL, RESULT_MAP, RESULT_ROW_BYTES,
} from "./format";
import { ancestor } from "./book";
import { finite, vectorRow } from "./matrices";
import { rowAt, stepOf } from "./results";
import { rowsOf } from "./regions";

const one = memory.data(16, 16);

/** Low half of the cell of a highest or lowest that has met no row yet; the upper half is that of an undefined cell. */
const NOTHING: u64 = 1;

@inline
function isNothing(cell: usize): bool {
  return isUndefined(cell) && load<u64>(cell) == NOTHING;
}

/**
 * For the rows from `first` to before `end`.
 * @param out cell of row 0
 */
export function aggregateColumn(
  operation: u32, out: usize, first: u32, end: u32, level: u32, source: usize, from: u32,
): void {
  if (operation == OPERATION_TOTAL) return totalColumn(out, first, end, level, source, from);
  const extreme = operation == OPERATION_HIGHEST || operation == OPERATION_LOWEST;
  for (let row = first; row < end; row++) {
    const cell = out + <usize>row * CELL;
    if (extreme) {
      undefine(cell);
      store<u64>(cell, NOTHING);
    } else {
      putWhole(cell, 0);
    }
  }
  putWhole(one, 1);
  const count = rowsOf(from);
  for (let row: u32 = 0; row < count; row++) {
    const above = ancestor(from, row, level);
    if (above < first || above >= end) continue;
    const cell = out + <usize>above * CELL;
    const x = rowAt(source, row);
    if (extreme) {
      if (isNothing(cell)) copyCell(cell, x);
      else if (isUndefined(cell) || isUndefined(x)) undefine(cell);
      else if (operation == OPERATION_HIGHEST ? compare(x, cell) > 0 : compare(x, cell) < 0) copyCell(cell, x);
    } else if (isUndefined(cell) || isUndefined(x)) {
      undefine(cell);
    } else if (!isZero(x)) {
      if (operation == OPERATION_COUNT) add(cell, cell, one);
      else putTruth(cell, true);
    }
  }
  if (!extreme) return;
  for (let row = first; row < end; row++) {
    const cell = out + <usize>row * CELL;
    if (isNothing(cell)) undefine(cell);
  }
}

function totalColumn(out: usize, first: u32, end: u32, level: u32, source: usize, from: u32): void {
  for (let row = first; row < end; row++) putWhole(out + <usize>row * CELL, 0);
  const count = rowsOf(from);
  for (let row: u32 = 0; row < count; row++) {
    const above = ancestor(from, row, level);
    if (above < first || above >= end) continue;
    const cell = out + <usize>above * CELL;
    add(cell, cell, rowAt(source, row));
  }
}

/**
 * For the rows from `first` to before `end`.
 * @param out where row 0 begins
 * @param seen a byte for each row of the result, all 0
 */
export function aggregateMatrix(
  operation: u32, out: usize, first: u32, end: u32, level: u32, width: usize, source: usize, from: u32, seen: usize,
): void {
  if (operation == OPERATION_TOTAL) return totalMatrix(out, first, end, level, width, source, from);
  memory.fill(out + <usize>first * width, 0, <usize>(end - first) * width);
  const count = rowsOf(from);
  for (let row: u32 = 0; row < count; row++) {
    const above = ancestor(from, row, level);
    if (above < first || above >= end) continue;
    const cells = out + <usize>above * width;
    const x = vectorRow(source, row, width, 0);
    const isFirst = load<u8>(seen + above) == 0;
    store<u8>(seen + above, 1);
    switch (operation) {
      case OPERATION_COUNT: sweep(OPERATION_COUNT, cells, x, width); break;
      case OPERATION_ANY: sweep(OPERATION_ANY, cells, x, width); break;
      case OPERATION_HIGHEST:
        if (isFirst) memory.copy(cells, x, width);
        else sweep(OPERATION_HIGHEST, cells, x, width);
        break;
      default:
        if (isFirst) memory.copy(cells, x, width);
        else sweep(OPERATION_LOWEST, cells, x, width);
    }
  }
  if (operation != OPERATION_HIGHEST && operation != OPERATION_LOWEST) return;
  for (let row = first; row < end; row++) {
    if (load<u8>(seen + row) == 0) memory.fill(out + <usize>row * width, 0xff, width);
  }
}

@inline
function sweep(operation: u32, cells: usize, x: usize, width: usize): void {
  for (let offset: usize = 0; offset < width; offset += 16) {
    const sum = v128.load(cells + offset);
    const lanes = v128.load(x + offset);
    let result: v128;
    if (operation == OPERATION_HIGHEST) result = f64x2.max(sum, lanes);
    else if (operation == OPERATION_LOWEST) result = f64x2.min(sum, lanes);
    else {
      const counted = v128.or(
        v128.and(f64x2.ne(lanes, f64x2.splat(0)), f64x2.splat(1)),
        f64x2.ne(lanes, lanes),
      );
      result = operation == OPERATION_COUNT ? f64x2.add(sum, counted) : f64x2.max(sum, counted);
    }
    v128.store(cells + offset, result);
  }
}

/** Runs of rows under one row above are summed in registers, eight scenarios at a time. */
function totalMatrix(
  out: usize, first: u32, end: u32, level: u32, width: usize, source: usize, from: u32,
): void {
  clearRows(out, first, end, width);
  const count = rowsOf(from);
  let start: u32 = 0;
  while (start < count) {
    const above = ancestor(from, start, level);
    let stop = rowsOf(level) == 1 ? count : start + 1;
    while (stop < count && ancestor(from, stop, level) == above) stop++;
    if (above >= first && above < end) {
      const cells = out + <usize>above * width;
      if (stepOf(source) == 0) for (let row = start; row < stop; row++) addToAll(cells, rowAt(source, row), width);
      else addRun(cells, width, source, start, stop);
    }
    start = stop;
  }
  settle(out, first, end, width);
}

@inline
function clearRows(out: usize, first: u32, end: u32, width: usize): void {
  const stop = out + <usize>end * width;
  for (let at = out + <usize>first * width; at < stop; at += 16) v128.store(at, i64x2.splat(0));
}

/** A value that stands for all scenarios. */
function addToAll(cells: usize, x: usize, width: usize): void {
  const lanes = v128.load64_splat(x);
  for (let at = cells; at < cells + width; at += 16) v128.store(at, f64x2.add(v128.load(at), lanes));
}

function addRun(cells: usize, width: usize, source: usize, start: u32, stop: u32): void {
  let offset: usize = 0;
  const rowBytes = <usize>load<u32>(source, RESULT_ROW_BYTES);
  const inLine = load<u32>(source, RESULT_MAP) == 0 && rowBytes != 0;
  if (inLine) offset = addRowsInLine(cells, width, rowAt(source, start), rowBytes, stop - start);
  for (; offset < width; offset += 16) {
    let sum = v128.load(cells + offset);
    for (let row = start; row < stop; row++) sum = f64x2.add(sum, v128.load(rowAt(source, row) + offset));
    v128.store(cells + offset, sum);
  }
}

/** Rows that lie one behind the other. @returns how many bytes of a row are done: whole eights of scenarios */
function addRowsInLine(cells: usize, width: usize, rows: usize, rowBytes: usize, count: u32): usize {
  const end = rows + <usize>count * rowBytes;
  let offset: usize = 0;
  for (; offset + 64 <= width; offset += 64) {
    const at = cells + offset;
    let first = v128.load(at);
    let second = v128.load(at, 16);
    let third = v128.load(at, 32);
    let fourth = v128.load(at, 48);
    for (let x = rows + offset; x < end; x += rowBytes) {
      first = f64x2.add(first, v128.load(x));
      second = f64x2.add(second, v128.load(x, 16));
      third = f64x2.add(third, v128.load(x, 32));
      fourth = f64x2.add(fourth, v128.load(x, 48));
    }
    v128.store(at, first);
    v128.store(at, second, 16);
    v128.store(at, third, 32);
    v128.store(at, fourth, 48);
  }
  return offset;
}

/** A sum that passed through what is infinite is NaN. */
function settle(out: usize, first: u32, end: u32, width: usize): void {
  const stop = out + <usize>end * width;
  for (let at = out + <usize>first * width; at < stop; at += 16) v128.store(at, finite(v128.load(at)));
}

/**
 * total(scale x source) without the products in between: the same bits as a product for each row and a total after it. Runs of
 * rows under one row above are summed in registers, eight scenarios at a time. For the rows from `first` to before `end`.
 * @param out where row 0 begins
 * @param scale one value a row
 */
export function totalProduct(
  out: usize, first: u32, end: u32, level: u32, width: usize, scale: usize, source: usize, from: u32,
): void {
  clearRows(out, first, end, width);
  const count = rowsOf(from);
  let start: u32 = 0;
  while (start < count) {
    const above = ancestor(from, start, level);
    let stop = rowsOf(level) == 1 ? count : start + 1;
    while (stop < count && ancestor(from, stop, level) == above) stop++;
    if (above >= first && above < end) sumRun(out + <usize>above * width, width, scale, source, start, stop);
    start = stop;
  }
  settle(out, first, end, width);
}

function sumRun(cells: usize, width: usize, scale: usize, source: usize, start: u32, stop: u32): void {
  let offset: usize = 0;
  for (; offset + 64 <= width; offset += 64) {
    const at = cells + offset;
    let first = v128.load(at);
    let second = v128.load(at, 16);
    let third = v128.load(at, 32);
    let fourth = v128.load(at, 48);
    for (let row = start; row < stop; row++) {
      const factor = v128.load64_splat(rowAt(scale, row));
      const x = rowAt(source, row) + offset;
      first = f64x2.add(first, f64x2.mul(factor, v128.load(x)));
      second = f64x2.add(second, f64x2.mul(factor, v128.load(x, 16)));
      third = f64x2.add(third, f64x2.mul(factor, v128.load(x, 32)));
      fourth = f64x2.add(fourth, f64x2.mul(factor, v128.load(x, 48)));
    }
    v128.store(at, first);
    v128.store(at, second, 16);
    v128.store(at, third, 32);
    v128.store(at, fourth, 48);
  }
  for (; offset < width; offset += 16) {
    let sum = v128.load(cells + offset);
    for (let row = start; row < stop; row++) {
      const factor = v128.load64_splat(rowAt(scale, row));
      sum = f64x2.add(sum, f64x2.mul(factor, v128.load(rowAt(source, row) + offset)));
    }
    v128.store(cells + offset, sum);
  }
}
