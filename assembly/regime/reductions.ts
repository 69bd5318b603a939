// From scenarios to one decimal a row: the lowest, where it is, a quantile, the mean of a tail, one scenario.

import {
  CELL, compare, copyCell, fromFloat, isUndefined, multiply, putWhole, roundTo, subtract, toFloat, TOWARD_PLUS,
  undefine,
} from "./decimal";
import { OPERATION_QUANTILE, OPERATION_WORST } from "./format";
import { SCENARIO_ROW_BYTES, scenarioRows } from "./regions";
import { rowAt, stepOf } from "./results";

// Rows are computed from `from` to before `end`; `out` is the cell of the first of them.

/** Lowest value, or the number (from 1) of the first scenario that has it. */
export function lowestScenario(operation: u32, out: usize, from: u32, end: u32, source: usize, count: u32): void {
  const step = stepOf(source);
  for (let row = from; row < end; row++) {
    let at = rowAt(source, row);
    let lowest = load<f64>(at);
    let number: u32 = 1;
    let defined = lowest == lowest;
    for (let scenario: u32 = 2; scenario <= count; scenario++) {
      at += step;
      const x = load<f64>(at);
      if (x < lowest) {
        lowest = x;
        number = scenario;
      }
      if (x != x) defined = false;
    }
    if (!defined) undefine(out);
    else if (operation == OPERATION_WORST) fromFloat(out, lowest);
    else putWhole(out, number);
    out += CELL;
  }
}

/** The scenario of this number, from 1. */
export function oneScenario(out: usize, from: u32, end: u32, source: usize, count: u32, number: usize): void {
  const step = stepOf(source);
  for (let row = from; row < end; row++) {
    const wanted = toFloat(rowAt(number, row));
    if (wanted >= 1 && wanted <= <f64>count && wanted == Math.floor(wanted)) {
      fromFloat(out, load<f64>(rowAt(source, row) + (<usize>wanted - 1) * step));
    } else {
      undefine(out);
    }
    out += CELL;
  }
}

const part = memory.data(16, 16);
const whole = memory.data(16, 16);
const unit = memory.data(16, 16);

/**
 * docs/regimes.md, "Quantile and tail mean". The number of scenarios that the share stands for is a decimal, so k is exact.
 * @param share above 0, at most 1
 */
export function tailOf(
  operation: u32, out: usize, from: u32, end: u32, source: usize, count: u32, share: usize,
): void {
  const step = stepOf(source);
  for (let row = from; row < end; row++) {
    const cell = out + <usize>(row - from) * CELL;
    putWhole(part, count);
    multiply(part, part, rowAt(share, row));
    putWhole(unit, 1);
    if (isUndefined(part)) {
      undefine(cell);
      continue;
    }
    // A tail of less than one scenario is the lowest one.
    if (operation != OPERATION_QUANTILE && compare(part, unit) < 0) copyCell(part, unit);
    roundTo(whole, part, unit, TOWARD_PLUS);
    let last = toFloat(whole);
    if (last < 1) last = 1;
    if (last > <f64>count) last = <f64>count;
    const sorted = sortScenarios(rowAt(source, row), step, count);
    if (sorted == 0) {
      undefine(cell);
      continue;
    }
    const before = <u32>last - 1;
    const edge = load<f64>(sorted + (<usize>before << 3));
    if (operation == OPERATION_QUANTILE) {
      fromFloat(cell, edge);
      continue;
    }
    let sum: f64 = 0;
    for (let scenario: u32 = 0; scenario < before; scenario++) sum += load<f64>(sorted + (<usize>scenario << 3));
    putWhole(whole, before);
    const scenarios = toFloat(part);
    subtract(part, part, whole);
    fromFloat(cell, (sum + toFloat(part) * edge) / scenarios);
  }
}

/** The scenarios in rising order (a stable merge sort). @returns 0 where one is NaN */
function sortScenarios(source: usize, step: usize, count: u32): usize {
  let from = scenarioRows;
  let to = scenarioRows + SCENARIO_ROW_BYTES;
  for (let scenario: usize = 0; scenario < count; scenario++) {
    const x = load<f64>(source + scenario * step);
    if (x != x) return 0;
    store<f64>(from + (scenario << 3), x);
  }
  const bytes = <usize>count << 3;
  for (let run: usize = 8; run < bytes; run <<= 1) {
    for (let start: usize = 0; start < bytes; start += run << 1) {
      let left = start;
      const leftEnd = min(start + run, bytes);
      let right = leftEnd;
      const rightEnd = min(leftEnd + run, bytes);
      for (let at = start; at < rightEnd; at += 8) {
        if (right >= rightEnd || (left < leftEnd && load<f64>(from + left) <= load<f64>(from + right))) {
          store<f64>(to + at, load<f64>(from + left));
          left += 8;
        } else {
          store<f64>(to + at, load<f64>(from + right));
          right += 8;
        }
      }
    }
    const other = from;
    from = to;
    to = other;
  }
  return from;
}
