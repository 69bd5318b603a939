// Integers with a scale, as records keep them, to decimal cells of 18 digits (regime/decimal.ts) and back. Both ways are exact.

import { CELL, isUndefined, multiply, putSignedProduct, roundTo, TOWARD_MINUS } from "../regime/decimal";

/** 10^0 .. 10^18 as raw cells. */
const POWERS: usize = memory.data(19 * 16);
const scratch: usize = memory.data(16);
let ready: bool = false;

function powerCell(exponent: u32): usize {
  if (!ready) {
    store<u64>(POWERS, 1);
    for (let step: usize = 1; step <= 18; step++) store<u64>(POWERS + step * CELL, load<u64>(POWERS + (step - 1) * CELL) * 10);
    ready = true;
  }
  return POWERS + <usize>exponent * CELL;
}

/** units x 10^-scale, scale 0 to 18. */
export function putUnits(out: usize, units: i64, scale: u32): void {
  putSignedProduct(out, units, load<u64>(powerCell(18 - scale)));
}

/** Largest magnitude of an amount. */
const GUARD: i64 = 1 << 62;

/** Whether the cell is within 64 bits and a sign: nearly all are, and then one division does. */
@inline
function isSmall(cell: usize): bool {
  const high = load<i64>(cell, 8);
  return high == 0 || (high == -1 && load<u64>(cell) != 0);
}

/** Of a small cell. */
@inline
function sizeOf(cell: usize): u64 {
  return load<i64>(cell, 8) < 0 ? 0 - load<u64>(cell) : load<u64>(cell);
}

/**
 * Writes the cell in whole units of 10^-scale, i64, rounded as the mode says: TOWARD_MINUS or TOWARD_PLUS.
 * @returns whether it fits an amount
 */
export function putWholeUnits(out: usize, cell: usize, scale: u32, mode: i32): bool {
  if (isSmall(cell)) {
    const unit = load<u64>(powerCell(18 - scale));
    const size = sizeOf(cell);
    const whole = size / unit;
    if (whole >= <u64>GUARD) return false;
    const negative = load<i64>(cell, 8) < 0;
    const away = size != whole * unit && (mode == TOWARD_MINUS) == negative;
    const units = <i64>whole + i64(away);
    store<i64>(out, negative ? 0 - units : units);
    return true;
  }
  if (isUndefined(cell)) return false;
  multiply(scratch, cell, powerCell(scale));
  const high = load<i64>(scratch, 8);
  const low = load<i64>(scratch);
  if (high != low >> 63 || low >= GUARD || low <= 0 - GUARD) return false;
  roundTo(scratch, cell, powerCell(18 - scale), mode);
  multiply(scratch, scratch, powerCell(scale));
  store<i64>(out, load<i64>(scratch));
  return true;
}
