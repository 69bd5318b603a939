// The least requirement of the options and spot holdings of an underlying in pairs (docs/regimes.md, "Strategies").
//
// The graph of pairs has two sides, so the best pairing is a transport problem. From nothing paired, the path that saves
// most is added until none saves anything: what is paired at each step is the best for its amount, and so is the last.
// Source: Ford and Fulkerson, Flows in Networks (1962), III.3; paths by Bellman and Ford. The least sum is unique, and it
// is cut once at the end; therefore which of several best pairings is found does not show.
//
//   leg, one position; the caller fills it from the arguments of the operation and the instrument
//   | 0 kind u32 | 8 expiry i64 | 16 units | 32 strike | 48 alone | 64 rest | 80 covered | 96 protected |   cells of 16 bytes

import { CELL, absolute, add, compare, copyCell, isNegative, isUndefined, isZero, multiply, subtract, undefine } from "./decimal";

export const LEG_OTHER: u32 = 0;
export const LEG_CALL: u32 = 1;
export const LEG_PUT: u32 = 2;
export const LEG_SPOT: u32 = 3;

/** Expiry of a leg that has none. */
export const LEG_NEVER: i64 = i64.MAX_VALUE;

export const LEG_EXPIRY: usize = 8;
export const LEG_UNITS: usize = 16;
export const LEG_STRIKE: usize = 32;
export const LEG_ALONE: usize = 48;
export const LEG_REST: usize = 64;
export const LEG_COVERED: usize = 80;
export const LEG_PROTECTED: usize = 96;
export const LEG_BYTES: usize = 112;

/** More legs with units make the result undefined. */
export const LEGS_MAX: i32 = 256;

// A spot leg has two nodes: as a cover, and as what is protected. Nodes of both sides:
//   | 0 leg u32 | 4 shield u32 | 8 came i32 | 16 left | 32 gain |
const NODE_SHIELD: usize = 4;
const NODE_CAME: usize = 8;
const NODE_LEFT: usize = 16;
const NODE_GAIN: usize = 32;
const NODE_BYTES: usize = 48;
const NODES_MAX: usize = 2 * <usize>LEGS_MAX;

// | temporary cells | exact sum of all alone | exact sum of savings | nodes of the first side | of the second | flows |
const CELLS_BYTES: usize = 8 * CELL;
const ALONE_SUM: usize = CELLS_BYTES;
const SAVED_SUM: usize = ALONE_SUM + 2 * CELL;
const FIRST_NODES: usize = SAVED_SUM + 2 * CELL;
const SECOND_NODES: usize = FIRST_NODES + NODES_MAX * NODE_BYTES;
const FLOWS: usize = SECOND_NODES + NODES_MAX * NODE_BYTES;

/** Memory that `leastRequirement` works in for so many legs: both sides have two nodes a leg at most between them. */
export function strategyWorkBytes(legs: u32): usize {
  const side = <usize>min(legs, <u32>LEGS_MAX);
  return FLOWS + side * side * CELL;
}

const UNIT: u64 = 1000000000000000000;
const REQUIREMENT_LIMIT_HIGH: i64 = 1 << 48;
/** Far more than any book takes; a bound on the time of one call. */
const STEPS_MAX: i32 = 1 << 16;
const NONE: i32 = -1;

/**
 * @param out cell of the result: undefined where a leg lacks what it needs
 * @param legs `count` records
 * @param work strategyWorkBytes(count) of memory, aligned to 16
 */
export function leastRequirement(out: usize, legs: usize, count: i32, work: usize): void {
  memory.fill(work, 0, FIRST_NODES);
  let firsts = 0;
  let seconds = 0;
  let used = 0;
  for (let leg = legs; leg < legs + <usize>count * LEG_BYTES; leg += LEG_BYTES) {
    if (isUndefined(leg + LEG_UNITS)) return undefine(out);
    if (isZero(leg + LEG_UNITS)) continue;
    if (++used > LEGS_MAX || !isComplete(leg)) return undefine(out);
    const size = work;
    absolute(size, leg + LEG_UNITS);
    addProduct(work + ALONE_SUM, size, leg + LEG_ALONE, work + CELL);
    const kind = load<u32>(leg);
    if (kind == LEG_OTHER) continue;
    const long = !isNegative(leg + LEG_UNITS);
    const isFirst = kind == LEG_PUT ? long : !long;
    for (let shield: u32 = 0; shield < (kind == LEG_SPOT ? 2 : 1); shield++) {
      const node = isFirst ? nodeAt(work + FIRST_NODES, firsts++) : nodeAt(work + SECOND_NODES, seconds++);
      store<u32>(node, <u32>((leg - legs) / LEG_BYTES));
      store<u32>(node, shield, NODE_SHIELD);
      copyCell(node + NODE_LEFT, size);
    }
  }
  memory.fill(work + FLOWS, 0, <usize>(firsts * seconds) * CELL);
  for (let step = 0; addBestPath(legs, work, firsts, seconds); step++) {
    if (step == STEPS_MAX) return undefine(out);
  }
  differenceOfSums(out, work + ALONE_SUM, work + SAVED_SUM, work);
}

/** All that the leg needs is there and in range. */
function isComplete(leg: usize): bool {
  if (!isRequirement(leg + LEG_ALONE)) return false;
  const kind = load<u32>(leg);
  if (kind != LEG_CALL && kind != LEG_PUT) return true;
  if (isUndefined(leg + LEG_STRIKE)) return false;
  if (!isNegative(leg + LEG_UNITS)) return isRequirement(leg + LEG_PROTECTED);
  return isRequirement(leg + LEG_REST) && isRequirement(leg + LEG_COVERED);
}

@inline
function isRequirement(cell: usize): bool {
  return !isNegative(cell) && load<i64>(cell, 8) < REQUIREMENT_LIMIT_HIGH;
}

@inline
function nodeAt(nodes: usize, number: i32): usize {
  return nodes + <usize>number * NODE_BYTES;
}

@inline
function flowAt(work: usize, first: i32, second: i32, seconds: i32): usize {
  return work + FLOWS + <usize>(first * seconds + second) * CELL;
}

/** What one unit of both saves as a pair against both alone. @returns false where that is nothing */
function putSaving(out: usize, legs: usize, first: usize, second: usize): bool {
  const a = legs + <usize>load<u32>(first) * LEG_BYTES;
  const b = legs + <usize>load<u32>(second) * LEG_BYTES;
  const aKind = load<u32>(a);
  const bKind = load<u32>(b);
  if (aKind == LEG_CALL) {
    // A short call.
    if (bKind == LEG_SPOT) return load<u32>(second, NODE_SHIELD) == 0 && putExcess(out, a + LEG_ALONE, a + LEG_COVERED);
    if (bKind == LEG_CALL) return putSpreadSaving(out, a, b, b + LEG_STRIKE, a + LEG_STRIKE);
    // A straddle, or a strangle: the lesser side keeps its rest.
    const lesser = compare(a + LEG_ALONE, b + LEG_ALONE) >= 0 ? b : a;
    return putExcess(out, lesser + LEG_ALONE, lesser + LEG_REST);
  }
  if (aKind == LEG_PUT) {
    // A long put.
    if (bKind == LEG_PUT) return putSpreadSaving(out, b, a, b + LEG_STRIKE, a + LEG_STRIKE);
    if (bKind == LEG_SPOT) return load<u32>(second, NODE_SHIELD) != 0 && putExcess(out, b + LEG_ALONE, a + LEG_PROTECTED);
    return false;
  }
  // Spot that is owed.
  if (load<u32>(first, NODE_SHIELD) == 0) return bKind == LEG_PUT && putExcess(out, b + LEG_ALONE, b + LEG_COVERED);
  return bKind == LEG_CALL && putExcess(out, a + LEG_ALONE, b + LEG_PROTECTED);
}

/** alone - min(alone, max(0, high - low)), when the long option does not expire first. */
function putSpreadSaving(out: usize, short: usize, long: usize, high: usize, low: usize): bool {
  if (load<i64>(long, LEG_EXPIRY) < load<i64>(short, LEG_EXPIRY)) return false;
  subtract(out, high, low);
  // A width past the guard limits nothing.
  if (isUndefined(out)) {
    if (compare(high, low) > 0) return false;
    memory.fill(out, 0, CELL);
  }
  if (isNegative(out)) memory.fill(out, 0, CELL);
  return putExcess(out, short + LEG_ALONE, out);
}

/** a - b where a > b. */
@inline
function putExcess(out: usize, a: usize, b: usize): bool {
  if (compare(a, b) <= 0) return false;
  subtract(out, a, b);
  return true;
}

/**
 * Pairs as much as possible along the path that saves most: from a first node with something left to a second one, over
 * pairs that are there and are undone. @returns false where no path saves anything
 */
function addBestPath(legs: usize, work: usize, firsts: i32, seconds: i32): bool {
  const saving = work;
  const gain = work + CELL;
  for (let first = 0; first < firsts; first++) {
    const node = nodeAt(work + FIRST_NODES, first);
    store<i32>(node, NONE, NODE_CAME);
    if (isZero(node + NODE_LEFT)) undefine(node + NODE_GAIN);
    else memory.fill(node + NODE_GAIN, 0, CELL);
  }
  for (let second = 0; second < seconds; second++) undefine(nodeAt(work + SECOND_NODES, second) + NODE_GAIN);

  // A path visits each node once at most.
  for (let changed = true, round = 0; changed && round <= firsts + seconds; round++) {
    changed = false;
    for (let first = 0; first < firsts; first++) {
      const node = nodeAt(work + FIRST_NODES, first);
      if (isUndefined(node + NODE_GAIN)) continue;
      for (let second = 0; second < seconds; second++) {
        const other = nodeAt(work + SECOND_NODES, second);
        if (!putSaving(saving, legs, node, other)) continue;
        add(gain, node + NODE_GAIN, saving);
        if (improves(other, gain, first)) changed = true;
      }
    }
    for (let second = 0; second < seconds; second++) {
      const node = nodeAt(work + SECOND_NODES, second);
      if (isUndefined(node + NODE_GAIN)) continue;
      for (let first = 0; first < firsts; first++) {
        if (isZero(flowAt(work, first, second, seconds))) continue;
        const other = nodeAt(work + FIRST_NODES, first);
        putSaving(saving, legs, other, node);
        subtract(gain, node + NODE_GAIN, saving);
        if (improves(other, gain, second)) changed = true;
      }
    }
  }

  let last = NONE;
  for (let second = 0; second < seconds; second++) {
    const node = nodeAt(work + SECOND_NODES, second);
    if (isUndefined(node + NODE_GAIN) || isZero(node + NODE_LEFT)) continue;
    if (last == NONE || compare(node + NODE_GAIN, nodeAt(work + SECOND_NODES, last) + NODE_GAIN) > 0) last = second;
  }
  if (last == NONE) return false;
  const end = nodeAt(work + SECOND_NODES, last);
  if (isZero(end + NODE_GAIN) || isNegative(end + NODE_GAIN)) return false;

  const amount = work + 2 * CELL;
  const negated = work + 3 * CELL;
  copyCell(amount, end + NODE_LEFT);
  for (let second = last; ; ) {
    const first = load<i32>(nodeAt(work + SECOND_NODES, second), NODE_CAME);
    const node = nodeAt(work + FIRST_NODES, first);
    second = load<i32>(node, NODE_CAME);
    const limit = second == NONE ? node + NODE_LEFT : flowAt(work, first, second, seconds);
    if (compare(limit, amount) < 0) copyCell(amount, limit);
    if (second == NONE) break;
  }
  memory.fill(negated, 0, CELL);
  subtract(negated, negated, amount);
  add(end + NODE_LEFT, end + NODE_LEFT, negated);
  for (let second = last; ; ) {
    const first = load<i32>(nodeAt(work + SECOND_NODES, second), NODE_CAME);
    const paired = flowAt(work, first, second, seconds);
    add(paired, paired, amount);
    const node = nodeAt(work + FIRST_NODES, first);
    second = load<i32>(node, NODE_CAME);
    const reduced = second == NONE ? node + NODE_LEFT : flowAt(work, first, second, seconds);
    add(reduced, reduced, negated);
    if (second == NONE) break;
  }
  addProduct(work + SAVED_SUM, amount, end + NODE_GAIN, work + 4 * CELL);
  return true;
}

@inline
function improves(node: usize, gain: usize, came: i32): bool {
  const best = node + NODE_GAIN;
  if (!isUndefined(best) && compare(gain, best) <= 0) return false;
  copyCell(best, gain);
  store<i32>(node, came, NODE_CAME);
  return true;
}

/** Adds a x b, both not negative, to an exact sum: a cell, and beside it 10^-36 below 10^18. */
function addProduct(sum: usize, a: usize, b: usize, temporary: usize): void {
  multiply(temporary, a, b);
  if (isUndefined(temporary)) return undefine(sum);
  // The remainder is below 2^60, so the low halves tell it.
  const below = load<u64>(a) * load<u64>(b) - load<u64>(temporary) * UNIT;
  add(sum, sum, temporary);
  const parts = load<u64>(sum, CELL) + below;
  const carries = parts >= UNIT;
  store<u64>(sum, carries ? parts - UNIT : parts, CELL);
  if (carries) addSmallest(sum, sum, temporary, false);
}

/** a - b of exact sums, cut toward zero; a is not the lesser. */
function differenceOfSums(out: usize, a: usize, b: usize, temporary: usize): void {
  subtract(out, a, b);
  if (load<u64>(a, CELL) < load<u64>(b, CELL)) addSmallest(out, out, temporary, true);
}

/** The neighbouring decimal above or below. */
function addSmallest(out: usize, cell: usize, temporary: usize, negative: bool): void {
  store<u64>(temporary, 1);
  store<u64>(temporary, 0, 8);
  if (negative) subtract(out, cell, temporary);
  else add(out, cell, temporary);
}
