// Operations row by row on columns: decimals, and what docs/regimes.md computes in float64 for columns too (converted, computed,
// cut). Undefined in, undefined out, but for `and`, `or` and `choose`.

import {
  absolute, add, CELL, compare, copyCell, divide, fromFloat, isNegative, isUndefined, isZero, multiply, negate, putTruth,
  putWhole, roundTo, subtract, toFloat, TO_NEAREST, TOWARD_MINUS, TOWARD_PLUS, TOWARD_ZERO, undefine,
} from "./decimal";
import {
  OPERATION_ABSOLUTE, OPERATION_ADD, OPERATION_AND, OPERATION_BACHELIER_PRICE, OPERATION_BLACK_PRICE, OPERATION_CEILING,
  OPERATION_DIVIDE, OPERATION_EQUAL, OPERATION_EXPONENTIAL, OPERATION_FLOOR, OPERATION_LESS, OPERATION_LESS_EQUAL,
  OPERATION_LOGARITHM, OPERATION_MAXIMUM, OPERATION_MINIMUM, OPERATION_MULTIPLY, OPERATION_NEGATE, OPERATION_NORMAL,
  OPERATION_NORMAL_INVERSE, OPERATION_NOT, OPERATION_NOT_EQUAL, OPERATION_OR, OPERATION_POWER, OPERATION_ROUND,
  OPERATION_SIGN, OPERATION_SQUARE_ROOT, OPERATION_SUBTRACT, OPERATION_TRUNCATE,
} from "./format";
import { exponential, logarithm, normal, normalInverse, power } from "./functions";
import { BACHELIER_PRICE, option } from "./options";
import { rowAt } from "./results";

// Rows are computed from `from` to before `end`; `out` is the cell of the first of them. Cells are those of one row.

/** One operand. @returns whether the operation is one of these */
export function unaryColumn(operation: u32, out: usize, from: u32, end: u32, a: usize): bool {
  for (let row = from; row < end; row++) {
    if (!unaryCell(operation, out, rowAt(a, row))) return false;
    out += CELL;
  }
  return true;
}

@inline
export function unaryCell(operation: u32, out: usize, x: usize): bool {
  switch (operation) {
    case OPERATION_NEGATE: negate(out, x); break;
    case OPERATION_ABSOLUTE: absolute(out, x); break;
    case OPERATION_NOT:
      if (isUndefined(x)) undefine(out);
      else putTruth(out, isZero(x));
      break;
    case OPERATION_SIGN:
      if (isUndefined(x)) undefine(out);
      else {
        const negative = isNegative(x);
        putTruth(out, !isZero(x));
        if (negative) negate(out, out);
      }
      break;
    case OPERATION_SQUARE_ROOT: fromFloat(out, Math.sqrt(toFloat(x))); break;
    case OPERATION_EXPONENTIAL: fromFloat(out, exponential(toFloat(x))); break;
    case OPERATION_LOGARITHM: fromFloat(out, logarithm(toFloat(x))); break;
    case OPERATION_NORMAL: fromFloat(out, normal(toFloat(x))); break;
    case OPERATION_NORMAL_INVERSE: fromFloat(out, normalInverse(toFloat(x))); break;
    default: return false;
  }
  return true;
}

/** Two operands. @returns whether the operation is one of these */
export function binaryColumn(operation: u32, out: usize, from: u32, end: u32, a: usize, b: usize): bool {
  for (let row = from; row < end; row++) {
    if (!binaryCell(operation, out, rowAt(a, row), rowAt(b, row))) return false;
    out += CELL;
  }
  return true;
}

@inline
export function binaryCell(operation: u32, out: usize, x: usize, y: usize): bool {
  switch (operation) {
    case OPERATION_ADD: add(out, x, y); break;
    case OPERATION_SUBTRACT: subtract(out, x, y); break;
    case OPERATION_MULTIPLY: multiply(out, x, y); break;
    case OPERATION_DIVIDE: divide(out, x, y); break;
    case OPERATION_POWER: fromFloat(out, power(toFloat(x), toFloat(y))); break;
    case OPERATION_FLOOR: roundTo(out, x, y, TOWARD_MINUS); break;
    case OPERATION_CEILING: roundTo(out, x, y, TOWARD_PLUS); break;
    case OPERATION_TRUNCATE: roundTo(out, x, y, TOWARD_ZERO); break;
    case OPERATION_ROUND: roundTo(out, x, y, TO_NEAREST); break;
    case OPERATION_AND: conjoin(out, x, y); break;
    case OPERATION_OR: disjoin(out, x, y); break;
    default:
      if (operation < OPERATION_MINIMUM || operation > OPERATION_NOT_EQUAL) return false;
      if (isUndefined(x) || isUndefined(y)) undefine(out);
      else ordered(operation, out, x, y, compare(x, y));
  }
  return true;
}

@inline
function ordered(operation: u32, out: usize, x: usize, y: usize, order: i32): void {
  switch (operation) {
    case OPERATION_MINIMUM: copyCell(out, order <= 0 ? x : y); break;
    case OPERATION_MAXIMUM: copyCell(out, order >= 0 ? x : y); break;
    case OPERATION_LESS: putTruth(out, order < 0); break;
    case OPERATION_LESS_EQUAL: putTruth(out, order <= 0); break;
    case OPERATION_EQUAL: putTruth(out, order == 0); break;
    default: putTruth(out, order != 0);
  }
}

/** 0 where one side is 0, whatever the other is. */
function conjoin(out: usize, x: usize, y: usize): void {
  if (isZero(x) || isZero(y)) putWhole(out, 0);
  else if (isUndefined(x) || isUndefined(y)) undefine(out);
  else putWhole(out, 1);
}

/** 1 where one side is true, whatever the other is. */
function disjoin(out: usize, x: usize, y: usize): void {
  if (holds(x) || holds(y)) putWhole(out, 1);
  else if (isUndefined(x) || isUndefined(y)) undefine(out);
  else putWhole(out, 0);
}

@inline
function holds(x: usize): bool {
  return !isUndefined(x) && !isZero(x);
}

/** Takes the chosen branch alone. */
export function chooseColumn(out: usize, from: u32, end: u32, condition: usize, then: usize, otherwise: usize): void {
  for (let row = from; row < end; row++) {
    const x = rowAt(condition, row);
    if (isUndefined(x)) undefine(out);
    else copyCell(out, rowAt(isZero(x) ? otherwise : then, row));
    out += CELL;
  }
}

/** Of the functions of an option, by options.ts. */
export function optionKind(operation: u32): i32 {
  if (operation >= OPERATION_BACHELIER_PRICE) return <i32>(operation - OPERATION_BACHELIER_PRICE) + BACHELIER_PRICE;
  return <i32>(operation - OPERATION_BLACK_PRICE);
}

export function optionColumn(
  operation: u32, out: usize, from: u32, end: u32,
  call: usize, forward: usize, strike: usize, volatility: usize, years: usize, discount: usize,
): void {
  for (let row = from; row < end; row++) {
    const value = option(
      optionKind(operation),
      toFloat(rowAt(call, row)), toFloat(rowAt(forward, row)), toFloat(rowAt(strike, row)),
      toFloat(rowAt(volatility, row)), toFloat(rowAt(years, row)), toFloat(rowAt(discount, row)),
    );
    fromFloat(out, value);
    out += CELL;
  }
}
