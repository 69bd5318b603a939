// Scenario arrays per instrument (MAR-022) and the scan loss of a pool or an isolated position (MAR-023).
//
// Lanes are scenarios, so SIMD changes no order of summation: scalar and vector code give the same bits.

import {
  ACCOUNT_FIRST_POSITION, INSTRUMENT_DENOMINATOR, INSTRUMENT_KIND, INSTRUMENT_MARK, INSTRUMENT_NUMERATOR,
  INSTRUMENT_SCENARIO_GRID, KIND_LINEAR, NONE, POOL_ACCOUNT, POOL_SCAN_LOSS, POOL_WORST_SCENARIO, POSITION_INSTRUMENT,
  POSITION_NEXT, POSITION_POOL, POSITION_QUANTITY, POSITION_SCAN_LOSS, POSITION_WORST_SCENARIO, SCENARIO_GRID_COUNT,
  SCENARIO_GRID_INVERSE, SCENARIO_GRID_LINEAR,
} from "../memory/layout";
import { isCross } from "../accounts/holdings";
import { accountAt, instrumentAt, legs, poolAt, positionAt, scenarioArrayAt, scenarioGridAt, vector } from "../memory/tables";

/** Bytes that the scenarios of a grid take, rounded up to whole vectors. The cells beyond the grid are zero. */
@inline
function widthOf(instrument: usize): usize {
  const count = load<u32>(scenarioGridAt(load<u32>(instrument, INSTRUMENT_SCENARIO_GRID)), SCENARIO_GRID_COUNT);
  return (<usize>count * 8 + 15) & ~15;
}

/** MAR-022: profit of one quantity unit in each scenario, from the instrument's mark. */
export function revalueScenarios(number: u32): void {
  const instrument = instrumentAt(number);
  const grid = scenarioGridAt(load<u32>(instrument, INSTRUMENT_SCENARIO_GRID));
  const fraction = <f64>load<i64>(instrument, INSTRUMENT_NUMERATOR) / <f64>load<i64>(instrument, INSTRUMENT_DENOMINATOR);
  const mark = <f64>load<i64>(instrument, INSTRUMENT_MARK);
  const linear = load<u8>(instrument, INSTRUMENT_KIND) == KIND_LINEAR;
  const scale = f64x2.splat(linear ? fraction * mark : fraction / mark);
  let factors = grid + (linear ? SCENARIO_GRID_LINEAR : SCENARIO_GRID_INVERSE);
  let cells = scenarioArrayAt(number);
  const last = cells + widthOf(instrument);
  while (cells < last) {
    v128.store(cells, f64x2.mul(scale, v128.load(factors)));
    cells += 16;
    factors += 16;
  }
}

// The legs of a sum: quantity as float64, address of the instrument's array.
let legCount: u32 = 0;

@inline
function addLeg(instrument: u32, quantity: i64): void {
  const leg = legs + ((<usize>legCount) << 4);
  store<f64>(leg, <f64>quantity);
  store<u32>(leg, <u32>scenarioArrayAt(instrument), 8);
  legCount++;
}

/**
 * vector = sum of quantity x array over the legs, in their order, starting at +0. Eight scenarios at a time, in registers;
 * what the last eight have beyond the grid is summed too and never read.
 */
function sumLegs(width: usize): void {
  const end = legs + ((<usize>legCount) << 4);
  for (let offset: usize = 0; offset < width; offset += 64) {
    let first = f64x2.splat(0);
    let second = f64x2.splat(0);
    let third = f64x2.splat(0);
    let fourth = f64x2.splat(0);
    for (let leg = legs; leg < end; leg += 16) {
      const quantity = v128.load64_splat(leg);
      const cells = <usize>load<u32>(leg, 8) + offset;
      first = f64x2.add(first, f64x2.mul(quantity, v128.load(cells)));
      second = f64x2.add(second, f64x2.mul(quantity, v128.load(cells, 16)));
      third = f64x2.add(third, f64x2.mul(quantity, v128.load(cells, 32)));
      fourth = f64x2.add(fourth, f64x2.mul(quantity, v128.load(cells, 48)));
    }
    v128.store(vector + offset, first);
    v128.store(vector + offset, second, 16);
    v128.store(vector + offset, third, 32);
    v128.store(vector + offset, fourth, 48);
  }
}

let worst: u32 = 0;

/** Scan loss of the vector, never negative because the zero move is in it; `worst` is the first scenario that has it. */
function scanLoss(count: u32): f64 {
  let lowest = load<f64>(vector);
  worst = 0;
  for (let scenario: u32 = 1; scenario < count; scenario++) {
    const profit = load<f64>(vector + ((<usize>scenario) << 3));
    if (profit < lowest) {
      lowest = profit;
      worst = scenario;
    }
  }
  return lowest < 0 ? -lowest : 0;
}

/**
 * MAR-023: sums the pool's cross positions in ascending order of instrument, always all of them, so that the path that
 * led here leaves no trace in the bits.
 */
export function revaluePool(slot: u32): void {
  const pool = poolAt(slot);
  legCount = 0;
  let any: u32 = NONE;
  let at = load<u32>(accountAt(load<u32>(pool, POOL_ACCOUNT)), ACCOUNT_FIRST_POSITION);
  while (at != NONE) {
    const position = positionAt(at);
    const quantity = load<i64>(position, POSITION_QUANTITY);
    if (quantity != 0 && load<u32>(position, POSITION_POOL) == slot && isCross(position)) {
      any = load<u32>(position, POSITION_INSTRUMENT);
      addLeg(any, quantity);
    }
    at = load<u32>(position, POSITION_NEXT);
  }
  store<f64>(pool, any == NONE ? 0 : scanLegs(any), POOL_SCAN_LOSS);
  store<u32>(pool, any == NONE ? 0 : worst, POOL_WORST_SCENARIO);
}

/** Sums the legs over the grid of their currency, which each of their instruments names. @returns the scan loss */
function scanLegs(number: u32): f64 {
  const instrument = instrumentAt(number);
  sumLegs(widthOf(instrument));
  return scanLoss(load<u32>(scenarioGridAt(load<u32>(instrument, INSTRUMENT_SCENARIO_GRID)), SCENARIO_GRID_COUNT));
}

/** MAR-023 for an isolated position alone; zero for any other. */
export function revalueIsolated(slot: u32): void {
  const position = positionAt(slot);
  const quantity = load<i64>(position, POSITION_QUANTITY);
  if (quantity == 0 || isCross(position)) {
    store<f64>(position, 0, POSITION_SCAN_LOSS);
    store<u32>(position, 0, POSITION_WORST_SCENARIO);
    return;
  }
  const number = load<u32>(position, POSITION_INSTRUMENT);
  legCount = 0;
  addLeg(number, quantity);
  store<f64>(position, scanLegs(number), POSITION_SCAN_LOSS);
  store<u32>(position, worst, POSITION_WORST_SCENARIO);
}
