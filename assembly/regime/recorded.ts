// The steps that a change of one position came to (changes.ts), with the addresses that they read and write: when another
// change lies in the same row, as when orders of one instrument are tried one after another, they are taken again without
// looking anything up.
//
// They are recorded as if every fact of the position had changed, so that they serve whatever changes next; and each step
// overwrites all that a later one reads, so that nothing has to be put back between two of them.

import { ancestor } from "./book";
import { binaryCell, unaryCell } from "./columns";
import { add, CELL, copyCell, isUndefined, isZero, toFloat, undefine } from "./decimal";
import {
  NODE_ARGUMENTS, NODE_LEVEL, NODE_OPERATION, NODE_SET, NO_NUMBER, OPERATION_ABSOLUTE, OPERATION_ADD, OPERATION_CHOOSE,
  OPERATION_FLOOR, OPERATION_NEGATE, OPERATION_NORMAL_INVERSE, OPERATION_NOT, OPERATION_OR, OPERATION_ROUND, OPERATION_TOTAL,
} from "./format";
import { binaryRow, chooseRow, unaryRow } from "./matrices";
import { argumentNode, computeRows, levelOf } from "./operations";
import { rowsOf } from "./regions";
import { resultAt, rowAt, stepOf } from "./results";

// A recorded step: 64 bytes.
//
//    0 kind u32 | 4 where it writes u32 | 8, 12, 16 what it reads u32 | 20 operation u32 | 24 bytes of a row u32 | 28 node u32
//   32 where row 0 of the node begins u32 | 36 first row u32 | 40 row after the last u32 | 48 sum of all other rows, a cell
const SIZE: usize = 64;
const OUT: usize = 4;
const FIRST: usize = 8;
const SECOND: usize = 12;
const THIRD: usize = 16;
const OPERATION: usize = 20;
const WIDTH: usize = 24;
const NODE: usize = 28;
const ROWS: usize = 32;
const FROM: usize = 36;
const END: usize = 40;
const OTHERS: usize = 48;

const ANY_STEP: u32 = 0;
const FLOAT: u32 = 1;
const CELL_BINARY: u32 = 2;
const CELL_CHOOSE: u32 = 3;
const CELL_TOTAL: u32 = 4;
const ROW_UNARY: u32 = 5;
const ROW_BINARY: u32 = 6;
const ROW_CHOOSE: u32 = 7;
const CELL_UNARY: u32 = 8;

let start: usize = 0;
let end: usize = 0;
let limit: usize = 0;
let complete: bool = false;

/** Goes on with a record. @param from where it begins, `to` where it ends so far, `most` where it must */
export function useRecord(from: usize, to: usize, most: usize): void {
  start = from;
  end = to;
  limit = most;
  complete = true;
}

/** Where the record ends; 0 where it had no room for all steps. */
export function recordEnd(): usize {
  return complete ? end : 0;
}

/** Room at the record's end, taken from its limit downward. @returns 0 where there is none */
function takeRoom(bytes: usize): usize {
  if (limit - end < bytes) return 0;
  limit -= bytes;
  return limit;
}

function next(kind: u32, out: usize): usize {
  if (limit - end < SIZE) {
    complete = false;
    return start;
  }
  const step = end;
  end += SIZE;
  store<u32>(step, kind);
  store<u32>(step, <u32>out, OUT);
  return step;
}

/** The nearest float64 of a cell. */
export function recordFloat(out: usize, cell: usize): void {
  store<u32>(next(FLOAT, out), <u32>cell, FIRST);
}

/**
 * A node that was computed just now.
 * @param all where its row 0 begins
 * @param changed a bit for each of its arguments that can change
 * @param changedRow of what is added up: the one row that can change, or NO_NUMBER
 */
export function recordRows(
  node: usize, all: usize, width: usize, from: u32, stop: u32, changed: u32, changedRow: u32,
): void {
  const operation = <u32>load<u16>(node, NODE_OPERATION);
  if (stop - from == 1) {
    const out = all + <usize>from * width;
    const isColumn = load<u32>(node, NODE_SET) == NO_NUMBER;
    if (isColumn ? recordCell(node, operation, out, from, changedRow) : recordLanes(node, operation, out, width, from, changed)) {
      return;
    }
  }
  const step = next(ANY_STEP, all);
  store<u32>(step, <u32>node, NODE);
  store<u32>(step, <u32>all, ROWS);
  store<u32>(step, <u32>width, WIDTH);
  store<u32>(step, from, FROM);
  store<u32>(step, stop, END);
}

@inline
function cellOf(node: usize, index: u32, row: u32): usize {
  return rowAt(resultAt(argumentNode(node, index)), row);
}

/** @returns false where there is no quicker step than the node itself */
function recordCell(node: usize, operation: u32, out: usize, row: u32, changedRow: u32): bool {
  const count = load<u32>(node, NODE_ARGUMENTS);
  if (operation == OPERATION_TOTAL) return changedRow != NO_NUMBER && recordTotal(node, out, row, changedRow);
  if (operation == OPERATION_CHOOSE) {
    const step = next(CELL_CHOOSE, out);
    store<u32>(step, <u32>cellOf(node, 0, row), FIRST);
    store<u32>(step, <u32>cellOf(node, 1, row), SECOND);
    store<u32>(step, <u32>cellOf(node, 2, row), THIRD);
    return true;
  }
  if (!(count == 1 ? isUnary(operation) : count == 2 && isBinary(operation))) return false;
  const step = next(count == 1 ? CELL_UNARY : CELL_BINARY, out);
  store<u32>(step, operation, OPERATION);
  store<u32>(step, <u32>cellOf(node, 0, row), FIRST);
  if (count == 2) store<u32>(step, <u32>cellOf(node, 1, row), SECOND);
  return true;
}

/** Of one cell (columns.ts) or one row (matrices.ts). */
@inline
function isUnary(operation: u32): bool {
  return operation == OPERATION_NEGATE || operation == OPERATION_NOT ||
    (operation >= OPERATION_ABSOLUTE && operation <= OPERATION_NORMAL_INVERSE);
}

@inline
function isBinary(operation: u32): bool {
  return (operation >= OPERATION_ADD && operation <= OPERATION_OR && operation != OPERATION_NEGATE) ||
    (operation >= OPERATION_FLOOR && operation <= OPERATION_ROUND);
}

/** Sums of sizes below it, in units of 2^64, and no sum on the way comes near the guard (decimal.ts). */
const PLAIN: u64 = 1 << 60;

@inline
function sizeOf(cell: usize): u64 {
  const high = load<i64>(cell, 8);
  return <u64>(high < 0 ? ~high : high) + 1;
}

/** Decimals add up to the same in any order, as long as no sum on the way is past the guard: the other rows once. */
function recordTotal(node: usize, out: usize, row: u32, changedRow: u32): bool {
  const from = levelOf(argumentNode(node, 0));
  const level = <u32>load<u8>(node, NODE_LEVEL);
  const step = next(CELL_TOTAL, out);
  store<u64>(step, 0, OTHERS);
  store<u64>(step, 0, OTHERS + 8);
  let size: u64 = 0;
  for (let each: u32 = 0; each < rowsOf(from); each++) {
    if (each == changedRow || ancestor(from, each, level) != row) continue;
    const cell = cellOf(node, 0, each);
    if (!isUndefined(cell)) size += min(sizeOf(cell), PLAIN);
    else size = PLAIN;
    if (size >= PLAIN) {
      if (complete) end -= SIZE;
      return false;
    }
    add(step + OTHERS, step + OTHERS, cell);
  }
  store<u32>(step, <u32>cellOf(node, 0, changedRow), FIRST);
  store<u32>(step, <u32>node, NODE);
  store<u32>(step, <u32>(out - <usize>row * CELL), ROWS);
  store<u32>(step, row, FROM);
  return true;
}

/** A row of an argument, written out where one value stands for all scenarios. @returns 0 where that value can change */
function lanesOf(node: usize, index: u32, row: u32, width: usize, changed: u32): usize {
  const result = resultAt(argumentNode(node, index));
  if (stepOf(result) != 0) return rowAt(result, row);
  if ((changed & (1 << index)) != 0) return 0;
  const lanes = takeRoom(width);
  if (lanes == 0) return 0;
  const value = v128.load64_splat(rowAt(result, row));
  for (let at: usize = 0; at < width; at += 16) v128.store(lanes + at, value);
  return lanes;
}

function recordLanes(node: usize, operation: u32, out: usize, width: usize, row: u32, changed: u32): bool {
  const count = load<u32>(node, NODE_ARGUMENTS);
  let kind = ROW_BINARY;
  if (operation == OPERATION_CHOOSE) kind = ROW_CHOOSE;
  else if (count == 1 && isUnary(operation)) kind = ROW_UNARY;
  else if (count != 2 || !isBinary(operation)) return false;
  const first = lanesOf(node, 0, row, width, changed);
  const second = kind == ROW_UNARY ? first : lanesOf(node, 1, row, width, changed);
  const third = kind == ROW_CHOOSE ? lanesOf(node, 2, row, width, changed) : first;
  if (first == 0 || second == 0 || third == 0) return false;
  const step = next(kind, out);
  store<u32>(step, <u32>first, FIRST);
  store<u32>(step, <u32>second, SECOND);
  store<u32>(step, <u32>third, THIRD);
  store<u32>(step, operation, OPERATION);
  store<u32>(step, <u32>width, WIDTH);
  return true;
}

/** Takes all steps again. */
export function takeRecorded(): void {
  for (let step = start; step < end; step += SIZE) {
    const out = <usize>load<u32>(step, OUT);
    const first = <usize>load<u32>(step, FIRST);
    switch (load<u32>(step)) {
      case FLOAT:
        store<f64>(out, toFloat(first));
        break;
      case CELL_BINARY:
        binaryCell(load<u32>(step, OPERATION), out, first, load<u32>(step, SECOND));
        break;
      case CELL_CHOOSE:
        if (isUndefined(first)) undefine(out);
        else copyCell(out, isZero(first) ? <usize>load<u32>(step, THIRD) : <usize>load<u32>(step, SECOND));
        break;
      case CELL_TOTAL:
        if (sizeOf(first) < PLAIN) add(out, step + OTHERS, first);
        else computeRows(load<u32>(step, NODE), load<u32>(step, ROWS), CELL, load<u32>(step, FROM), load<u32>(step, FROM) + 1);
        break;
      case ROW_UNARY:
        unaryRow(load<u32>(step, OPERATION), out, first, load<u32>(step, WIDTH));
        break;
      case ROW_BINARY:
        binaryRow(load<u32>(step, OPERATION), out, first, load<u32>(step, SECOND), load<u32>(step, WIDTH));
        break;
      case ROW_CHOOSE:
        chooseRow(out, load<u32>(step, WIDTH), first, load<u32>(step, SECOND), load<u32>(step, THIRD));
        break;
      case CELL_UNARY:
        unaryCell(load<u32>(step, OPERATION), out, first);
        break;
      default:
        computeRows(
          load<u32>(step, NODE), load<u32>(step, ROWS), load<u32>(step, WIDTH), load<u32>(step, FROM), load<u32>(step, END),
        );
    }
  }
}
