// Operations row by row on matrices: a float64 for each scenario. Lanes are scenarios. Undefined is NaN, and so is what is
// infinite. Rows are as long as whole vectors; what stands behind the last scenario is computed too and never read.

import {
  OPERATION_ABSOLUTE, OPERATION_ADD, OPERATION_AND, OPERATION_CEILING, OPERATION_DIVIDE,
  OPERATION_EQUAL, OPERATION_EXPONENTIAL, OPERATION_FLOOR, OPERATION_LESS, OPERATION_LESS_EQUAL, OPERATION_LOGARITHM,
  OPERATION_MAXIMUM, OPERATION_MINIMUM, OPERATION_MULTIPLY, OPERATION_NEGATE, OPERATION_NORMAL, OPERATION_NORMAL_INVERSE,
  OPERATION_NOT, OPERATION_NOT_EQUAL, OPERATION_OR, OPERATION_POWER, OPERATION_ROUND, OPERATION_SIGN, OPERATION_SQUARE_ROOT,
  OPERATION_SUBTRACT, OPERATION_TRUNCATE,
} from "./format";
import { exponential, logarithm, normal, normalInverse, power } from "./functions";
import { optionKind } from "./columns";
import { option } from "./options";
import { SCENARIO_ROW_BYTES, scenarioRows } from "./regions";
import { rowAt, stepOf } from "./results";

/** NaN in place of what is infinite. */
@inline
export function finite(x: v128): v128 {
  return v128.or(x, v128.not(f64x2.lt(f64x2.abs(x), f64x2.splat(Infinity))));
}

@inline
function finiteOne(x: f64): f64 {
  return Math.abs(x) < Infinity ? x : NaN;
}

/** All ones (a NaN) where a lane is NaN. */
@inline
function unknown(x: v128): v128 {
  return f64x2.ne(x, x);
}

/** 1 and 0 for true and false lanes. */
@inline
function truth(lanes: v128): v128 {
  return v128.and(lanes, f64x2.splat(1));
}

@inline
function isTrue(x: v128): v128 {
  return v128.and(f64x2.ne(x, f64x2.splat(0)), f64x2.eq(x, x));
}

// Rows are computed from `from` to before `end`; `out` is where the first of them begins.

/** The cells of a row, spread out in a buffer when one value stands for all of them. */
export function vectorRow(result: usize, row: u32, width: usize, buffer: u32): usize {
  const address = rowAt(result, row);
  if (stepOf(result) != 0) return address;
  const cells = scenarioRows + <usize>buffer * SCENARIO_ROW_BYTES;
  const value = v128.load64_splat(address);
  for (let offset: usize = 0; offset < width; offset += 16) v128.store(cells + offset, value);
  return cells;
}

@inline
function unaryLanes(operation: u32, x: v128): v128 {
  if (operation == OPERATION_NEGATE) return f64x2.neg(x);
  if (operation == OPERATION_ABSOLUTE) return f64x2.abs(x);
  if (operation == OPERATION_SQUARE_ROOT) return f64x2.sqrt(x);
  if (operation == OPERATION_NOT) return v128.or(truth(f64x2.eq(x, f64x2.splat(0))), unknown(x));
  // Sign.
  const zero = f64x2.splat(0);
  return v128.or(f64x2.sub(truth(f64x2.gt(x, zero)), truth(f64x2.lt(x, zero))), unknown(x));
}

@inline
function unarySweep(operation: u32, out: usize, x: usize, width: usize): void {
  for (let offset: usize = 0; offset < width; offset += 16) {
    v128.store(out + offset, unaryLanes(operation, v128.load(x + offset)));
  }
}

function unaryScalar(operation: u32, x: f64): f64 {
  switch (operation) {
    case OPERATION_EXPONENTIAL: return finiteOne(exponential(x));
    case OPERATION_LOGARITHM: return finiteOne(logarithm(x));
    case OPERATION_NORMAL: return normal(x);
    default: return normalInverse(x);
  }
}

/** One operand. @returns whether the operation is one of these */
export function unaryMatrix(operation: u32, out: usize, from: u32, end: u32, width: usize, a: usize): bool {
  for (let row = from; row < end; row++) {
    if (!unaryRow(operation, out, vectorRow(a, row, width, 0), width)) return false;
    out += width;
  }
  return true;
}

/** Of one row, whose cells are written out. */
export function unaryRow(operation: u32, out: usize, x: usize, width: usize): bool {
  switch (operation) {
    case OPERATION_NEGATE: unarySweep(OPERATION_NEGATE, out, x, width); break;
    case OPERATION_ABSOLUTE: unarySweep(OPERATION_ABSOLUTE, out, x, width); break;
    case OPERATION_SQUARE_ROOT: unarySweep(OPERATION_SQUARE_ROOT, out, x, width); break;
    case OPERATION_NOT: unarySweep(OPERATION_NOT, out, x, width); break;
    case OPERATION_SIGN: unarySweep(OPERATION_SIGN, out, x, width); break;
    case OPERATION_EXPONENTIAL:
    case OPERATION_LOGARITHM:
    case OPERATION_NORMAL:
    case OPERATION_NORMAL_INVERSE:
      for (let offset: usize = 0; offset < width; offset += 8) {
        store<f64>(out + offset, unaryScalar(operation, load<f64>(x + offset)));
      }
      break;
    default: return false;
  }
  return true;
}

@inline
function binaryLanes(operation: u32, x: v128, y: v128): v128 {
  if (operation == OPERATION_ADD) return finite(f64x2.add(x, y));
  if (operation == OPERATION_SUBTRACT) return finite(f64x2.sub(x, y));
  if (operation == OPERATION_MULTIPLY) return finite(f64x2.mul(x, y));
  if (operation == OPERATION_DIVIDE) return finite(f64x2.div(x, y));
  if (operation == OPERATION_MINIMUM) return f64x2.min(x, y);
  if (operation == OPERATION_MAXIMUM) return f64x2.max(x, y);
  const neither = v128.or(unknown(x), unknown(y));
  if (operation == OPERATION_LESS) return v128.or(truth(f64x2.lt(x, y)), neither);
  if (operation == OPERATION_LESS_EQUAL) return v128.or(truth(f64x2.le(x, y)), neither);
  if (operation == OPERATION_EQUAL) return v128.or(truth(f64x2.eq(x, y)), neither);
  if (operation == OPERATION_NOT_EQUAL) return v128.or(truth(f64x2.ne(x, y)), neither);
  if (operation == OPERATION_AND) {
    const zero = f64x2.splat(0);
    const no = v128.or(f64x2.eq(x, zero), f64x2.eq(y, zero));
    return v128.andnot(v128.or(f64x2.splat(1), neither), no);
  }
  // Or.
  const yes = v128.or(isTrue(x), isTrue(y));
  return v128.bitselect(f64x2.splat(1), neither, yes);
}

@inline
function binarySweep(operation: u32, out: usize, x: usize, y: usize, width: usize): void {
  for (let offset: usize = 0; offset < width; offset += 16) {
    v128.store(out + offset, binaryLanes(operation, v128.load(x + offset), v128.load(y + offset)));
  }
}

function binaryScalar(operation: u32, x: f64, y: f64): f64 {
  if (operation == OPERATION_POWER) return finiteOne(power(x, y));
  if (!(y > 0)) return NaN;
  const steps = x / y;
  let whole: f64;
  if (operation == OPERATION_FLOOR) whole = Math.floor(steps);
  else if (operation == OPERATION_CEILING) whole = Math.ceil(steps);
  else {
    whole = Math.trunc(steps);
    if (operation == OPERATION_ROUND && Math.abs(steps - whole) >= 0.5) whole += steps < 0 ? -1 : 1;
  }
  return finiteOne(whole * y);
}

/** Two operands. @returns whether the operation is one of these */
export function binaryMatrix(
  operation: u32, out: usize, from: u32, end: u32, width: usize, a: usize, b: usize,
): bool {
  for (let row = from; row < end; row++) {
    if (!binaryRow(operation, out, vectorRow(a, row, width, 0), vectorRow(b, row, width, 1), width)) return false;
    out += width;
  }
  return true;
}

/** Of one row, whose cells are written out. */
export function binaryRow(operation: u32, out: usize, x: usize, y: usize, width: usize): bool {
  switch (operation) {
    case OPERATION_ADD: binarySweep(OPERATION_ADD, out, x, y, width); break;
    case OPERATION_SUBTRACT: binarySweep(OPERATION_SUBTRACT, out, x, y, width); break;
    case OPERATION_MULTIPLY: binarySweep(OPERATION_MULTIPLY, out, x, y, width); break;
    case OPERATION_DIVIDE: binarySweep(OPERATION_DIVIDE, out, x, y, width); break;
    case OPERATION_MINIMUM: binarySweep(OPERATION_MINIMUM, out, x, y, width); break;
    case OPERATION_MAXIMUM: binarySweep(OPERATION_MAXIMUM, out, x, y, width); break;
    case OPERATION_LESS: binarySweep(OPERATION_LESS, out, x, y, width); break;
    case OPERATION_LESS_EQUAL: binarySweep(OPERATION_LESS_EQUAL, out, x, y, width); break;
    case OPERATION_EQUAL: binarySweep(OPERATION_EQUAL, out, x, y, width); break;
    case OPERATION_NOT_EQUAL: binarySweep(OPERATION_NOT_EQUAL, out, x, y, width); break;
    case OPERATION_AND: binarySweep(OPERATION_AND, out, x, y, width); break;
    case OPERATION_OR: binarySweep(OPERATION_OR, out, x, y, width); break;
    case OPERATION_POWER:
    case OPERATION_FLOOR:
    case OPERATION_CEILING:
    case OPERATION_TRUNCATE:
    case OPERATION_ROUND:
      for (let offset: usize = 0; offset < width; offset += 8) {
        store<f64>(out + offset, binaryScalar(operation, load<f64>(x + offset), load<f64>(y + offset)));
      }
      break;
    default: return false;
  }
  return true;
}

/** Takes the chosen branch alone. */
export function chooseMatrix(
  out: usize, from: u32, end: u32, width: usize, condition: usize, then: usize, otherwise: usize,
): void {
  for (let row = from; row < end; row++) {
    const x = vectorRow(condition, row, width, 0);
    chooseRow(out, width, x, vectorRow(then, row, width, 1), vectorRow(otherwise, row, width, 2));
    out += width;
  }
}

/** Of one row, whose cells are written out. */
export function chooseRow(out: usize, width: usize, x: usize, yes: usize, no: usize): void {
  for (let offset: usize = 0; offset < width; offset += 16) {
    const lanes = v128.load(x + offset);
    const chosen = v128.bitselect(v128.load(yes + offset), v128.load(no + offset), isTrue(lanes));
    v128.store(out + offset, v128.or(chosen, unknown(lanes)));
  }
}

export function optionMatrix(
  operation: u32, out: usize, from: u32, end: u32, width: usize,
  call: usize, forward: usize, strike: usize, volatility: usize, years: usize, discount: usize,
): void {
  const kind = optionKind(operation);
  for (let row = from; row < end; row++) {
    let c = rowAt(call, row);
    let f = rowAt(forward, row);
    let k = rowAt(strike, row);
    let v = rowAt(volatility, row);
    let t = rowAt(years, row);
    let d = rowAt(discount, row);
    const rowEnd = out + width;
    while (out < rowEnd) {
      const value = option(kind, load<f64>(c), load<f64>(f), load<f64>(k), load<f64>(v), load<f64>(t), load<f64>(d));
      store<f64>(out, finiteOne(value));
      out += 8;
      c += stepOf(call);
      f += stepOf(forward);
      k += stepOf(strike);
      v += stepOf(volatility);
      t += stepOf(years);
      d += stepOf(discount);
    }
  }
}
