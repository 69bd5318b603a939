// Operations on one value at a time: decimals for columns, float64 for matrices (undefined is NaN there).

import type { Cell } from "../../../services/evaluate/evaluation.ts";
import type { Operation } from "../../../services/regimes/program.ts";
import { bachelier, type NormalGreek } from "./bachelier.ts";
import { black, type Greek } from "./black.ts";
import {
  absolute,
  add,
  combine,
  divide,
  fromDouble,
  multiply,
  type Rounding,
  roundTo,
  sign,
  subtract,
  toDouble,
  truth,
} from "./decimal.ts";
import { normal, normalInverse } from "./normal.ts";

/**
 * Moves results of exp, ln and the like a little, to see how much what follows depends on their last digits: the kernel
 * has its own of these functions.
 */
export interface Nudge {
  readonly cell: (value: Cell) => Cell;
  readonly double: (value: number) => number;
}

const STILL: Nudge = { cell: (value) => value, double: (value) => value };

/** "other" for an operation that is none of these. */
export function ofCells(operation: Operation, values: readonly Cell[], nudge: Nudge = STILL): Cell | "other" {
  const [a, b, c] = values;
  switch (operation) {
    case "add":
      return add(a, b);
    case "subtract":
      return subtract(a, b);
    case "multiply":
      return multiply(a, b);
    case "divide":
      return divide(a, b);
    case "negate":
      return combine([a], (value) => -value);
    case "minimum":
      return combine(values, (...known) => known.reduce((least, value) => (value < least ? value : least)));
    case "maximum":
      return combine(values, (...known) => known.reduce((most, value) => (value > most ? value : most)));
    case "less":
      return combine([a, b], (left, right) => truth(left < right));
    case "less_equal":
      return combine([a, b], (left, right) => truth(left <= right));
    case "equal":
      return combine([a, b], (left, right) => truth(left === right));
    case "not_equal":
      return combine([a, b], (left, right) => truth(left !== right));
    case "and":
      if (values.some((value) => value === 0n)) return 0n;
      return values.includes(undefined) ? undefined : truth(true);
    case "or":
      if (values.some((value) => value !== undefined && value !== 0n)) return truth(true);
      return values.includes(undefined) ? undefined : 0n;
    case "not":
      return combine([a], (value) => truth(value === 0n));
    case "choose":
      return a === undefined ? undefined : a !== 0n ? b : c;
    case "absolute":
      return absolute(a);
    case "sign":
      return sign(a);
    case "floor":
    case "ceiling":
    case "truncate":
    case "round":
      return roundTo(a, b, operation satisfies Rounding);
    case "square_root":
      return fromDouble(Math.sqrt(toDouble(a)));
    default: {
      const value = values.includes(undefined) ? undefined : functionOf(operation, values.map(toDouble), nudge);
      if (value === "other") return value;
      return value === undefined ? undefined : nudge.cell(fromDouble(value));
    }
  }
}

/** The same for one scenario of a matrix. */
export function ofDoubles(operation: Operation, values: readonly number[], nudge: Nudge = STILL): number | "other" {
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = values;
  const unknown = values.some((value) => Number.isNaN(value));
  const said = (value: boolean): number => (unknown ? Number.NaN : value ? 1 : 0);
  switch (operation) {
    case "add":
      return finite(a + b);
    case "subtract":
      return finite(a - b);
    case "multiply":
      return finite(a * b);
    case "divide":
      return finite(a / b);
    case "negate":
      return -a;
    case "minimum":
      return Math.min(...values);
    case "maximum":
      return Math.max(...values);
    case "less":
      return said(a < b);
    case "less_equal":
      return said(a <= b);
    case "equal":
      return said(a === b);
    case "not_equal":
      return said(a !== b);
    case "and":
      return values.some((value) => value === 0) ? 0 : said(true);
    case "or":
      return values.some((value) => value !== 0 && !Number.isNaN(value)) ? 1 : said(false);
    case "not":
      return said(a === 0);
    case "choose":
      return Number.isNaN(a) ? a : a !== 0 ? b : c;
    case "absolute":
      return Math.abs(a);
    case "sign":
      return Math.sign(a);
    case "floor":
    case "ceiling":
    case "truncate":
    case "round":
      return roundDouble(a, b, operation);
    case "square_root":
      return Math.sqrt(a);
    default:
      return functionOf(operation, values, nudge);
  }
}

/** The functions of float64 that have no one right last digit. */
function functionOf(operation: Operation, values: readonly number[], nudge: Nudge): number | "other" {
  const [a = Number.NaN, b = Number.NaN] = values;
  switch (operation) {
    case "power":
      return isWhole(b) ? finite(power(a, b)) : nudge.double(finite(power(a, b)));
    case "exponential":
      return nudge.double(finite(Math.exp(a)));
    case "logarithm":
      return nudge.double(finite(Math.log(a)));
    case "normal":
      return nudge.double(normal(a));
    case "normal_inverse":
      // Near the middle it lies near 0, and has the absolute error of the area.
      return normalInverse(a) + (nudge.double(1) - 1);
    case "bachelier_price":
    case "bachelier_delta":
    case "bachelier_gamma":
    case "bachelier_vega":
    case "bachelier_theta":
    case "black_price":
    case "black_delta":
    case "black_gamma":
    case "black_vega":
    case "black_theta":
      return Number.isNaN(a) ? a : finite(greekOf(operation, values, nudge));
    default:
      return "other";
  }
}

/** x^y is exact but for the products' own rounding then. */
function isWhole(exponent: number): boolean {
  return Number.isInteger(exponent) && exponent >= 0 && exponent <= 8;
}

/** A division by zero and what is past all bounds are undefined. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

function power(base: number, exponent: number): number {
  if (Number.isNaN(base) || Number.isNaN(exponent)) return Number.NaN;
  if (exponent === 0) return 1;
  if (isWhole(exponent)) {
    let product = base;
    for (let factor = 1; factor < exponent; factor += 1) product *= base;
    return product;
  }
  if (base === 0 && exponent > 0) return 0;
  return Math.exp(exponent * Math.log(base));
}

function roundDouble(value: number, unit: number, rounding: Rounding): number {
  if (!(unit > 0)) return Number.NaN;
  const steps = value / unit;
  switch (rounding) {
    case "floor":
      return finite(Math.floor(steps) * unit);
    case "ceiling":
      return finite(Math.ceil(steps) * unit);
    case "truncate":
      return finite(Math.trunc(steps) * unit);
    case "round": {
      const whole = Math.trunc(steps);
      return finite((Math.abs(steps - whole) >= 0.5 ? whole + Math.sign(steps) : whole) * unit);
    }
  }
}

function greekOf(greek: Greek | NormalGreek, values: readonly number[], nudge: Nudge): number {
  const [call, forward, strike, volatility, years, discount] = values;
  const contract = {
    call: call !== 0,
    forward: forward!,
    strike: strike!,
    volatility: volatility!,
    years: years!,
    discount: discount!,
  };
  return isNormal(greek) ? bachelier(greek, contract, nudge.double) : black(greek, contract, nudge.double);
}

function isNormal(greek: Greek | NormalGreek): greek is NormalGreek {
  return greek.startsWith("bachelier");
}
