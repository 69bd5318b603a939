// Integers with a scale, as records keep them, to decimal cells of 18 digits (regime/decimal.ts) and back. Both ways are exact.

import { CELL, isUndefined, multiply, roundTo } from "./regime/decimal";

/** 10^0 .. 10^36 as raw cells. */
const POWERS: usize = memory.data(37 * 16);
const scratch: usize = memory.data(16);
let ready: bool = false;

function powerCell(exponent: u32): usize {
  if (!ready) {
    store<u64>(POWERS, 1);
    for (let step: usize = 1; step <= 36; step++) timesTen(POWERS + (step - 1) * CELL, POWERS + step * CELL);
    ready = true;
  }
  return POWERS + <usize>exponent * CELL;
}

function timesTen(from: usize, to: usize): void {
  const low = load<u64>(from);
  const lowPart = (low & 0xffffffff) * 10;
  const highPart = (low >> 32) * 10 + (lowPart >> 32);
  store<u64>(to, (highPart << 32) | (lowPart & 0xffffffff));
  store<u64>(to, load<u64>(from, 8) * 10 + (highPart >> 32), 8);
}

/** units x 10^-scale, scale 0 to 18. */
export function putUnits(out: usize, units: i64, scale: u32): void {
  store<i64>(out, units);
  store<i64>(out, units >> 63, 8);
  multiply(out, out, powerCell(36 - scale));
}

/** Largest magnitude of an amount. */
const GUARD: i64 = 1 << 62;

/** Whether a cell, in units of 10^-scale, fits an amount. */
export function fitsUnits(cell: usize, scale: u32): bool {
  if (isUndefined(cell)) return false;
  multiply(scratch, cell, powerCell(scale));
  const high = load<i64>(scratch, 8);
  const low = load<i64>(scratch);
  return high == low >> 63 && low < GUARD && low > 0 - GUARD;
}

/** The cell in whole units of 10^-scale, rounded as the mode of `roundTo` says. It was found to fit. */
export function unitsOf(cell: usize, scale: u32, mode: i32): i64 {
  roundTo(scratch, cell, powerCell(18 - scale), mode);
  multiply(scratch, scratch, powerCell(scale));
  return load<i64>(scratch);
}
