// A book that was evaluated before and differs in one position, or one balance: only what hangs on it is computed again, and
// the bits are those of a full evaluation (docs/gate.md, "Check in process").
//
// Of each node it is known whether it is as it was, has one other row - the one that the change lies in or beneath - or may
// have other rows. That row alone is computed again where a node goes row by row, and its sum where it adds up; sums are taken
// over all rows beneath in their order, because a sum of float64 hangs on the order. What is overwritten is written down
// first, and put back when the book is as it was again.
//
// Nodes that no position and no balance can change are not looked at. Which those are follows from the program: a plan of the
// others is made once for each that is installed.

import { programs } from "../tables";
import { ancestor } from "./book";
import { CELL } from "./decimal";
import {
  FIELD_BALANCE, FIELD_ENTRY, FIELD_LEVERAGE, FIELD_LONG, FIELD_NOTIONAL, FIELD_PROFIT, FIELD_QUANTITY, FIELD_SHORT,
  FIELD_SIDE, FIELD_SIZE, FIELD_VALUE, LEVEL_ACCOUNT, LEVEL_COUNT, LEVEL_CURRENCY, LEVEL_INSTRUMENT, LEVEL_POSITION, LEVEL_STRIKE,
  LEVEL_UNIT, NODE_ARGUMENT_LIST, NODE_ARGUMENTS, NODE_FLAGS, NODE_FUSED, NODE_INDEX, NODE_LEVEL, NODE_LIVE, NODE_OPERATION,
  NODE_STORED, NO_NUMBER, OPERATION_ANY, OPERATION_FIELD, OPERATION_INPUT, OPERATION_PAYOFF_AT, OPERATION_PAYOFF_FLOOR,
  OPERATION_SPREAD, OPERATION_TOTAL, OPERATION_WIDEN, PROGRAM_NODES, PROGRAM_SLOTS, RESULT_ADDRESS, RESULT_ROW_BYTES,
} from "./format";
import { argumentNode, computeRows, levelOf, nodes, program, spreadRows } from "./operations";
import { programsVersion } from "./programs";
import { changePlans, parentMap, rowsOf } from "./regions";
import { allocate, nodeAt, resultAt, resumeResults } from "./results";

/** Facts of a position, not of its instrument: a bit each. */
export const HOLDING_FIELDS: u64 =
  (<u64>1 << <u64>FIELD_QUANTITY) | (<u64>1 << <u64>FIELD_SIZE) | (<u64>1 << <u64>FIELD_SIDE) | (<u64>1 << <u64>FIELD_LONG) |
  (<u64>1 << <u64>FIELD_SHORT) | (<u64>1 << <u64>FIELD_ENTRY) | (<u64>1 << <u64>FIELD_VALUE) |
  (<u64>1 << <u64>FIELD_NOTIONAL) | (<u64>1 << <u64>FIELD_PROFIT) | (<u64>1 << <u64>FIELD_LEVERAGE);
export const BALANCE_FIELD: u64 = <u64>1 << <u64>FIELD_BALANCE;
/** What can change. */
const CHANGING: u64 = HOLDING_FIELDS | BALANCE_FIELD;

/** Nodes as they are. */
const SAME: u8 = 0;
const ONE_ROW: u8 = 1;
const MANY_ROWS: u8 = 2;

/** For each slot: 0 programs' version u32 | 4 nodes of the plan u32. */
const plans = memory.data(128, 8);

// Of the program under way: a byte for each node; then, in the order of nodes, the numbers of those in the plan, u32 each.
let states: usize = 0;
let plan: usize = 0;
let planned: u32 = 0;

/** The row of each level that the change lies in or beneath, u32 each; NO_NUMBER: it lies in none. */
const touched = memory.data(36, 4);

@inline
function touchedRow(level: u32): u32 {
  return load<u32>(touched + (<usize>level << 2));
}

@inline
function stateOf(node: u32): u8 {
  return load<u8>(states + node);
}

/** Plans the program under way, unless that is done. A node has 48 bytes in the store and takes 5 of the plans' 6. */
function findPlan(slot: u32): void {
  if (slot >= PROGRAM_SLOTS) unreachable();
  const record = plans + (<usize>slot << 3);
  const count = load<u32>(program, PROGRAM_NODES);
  states = changePlans + (program - programs) / 8;
  plan = (states + count + 3) & ~3;
  if (load<u32>(record) != programsVersion) {
    store<u32>(record, planNodes(count), 4);
    store<u32>(record, programsVersion);
  }
  planned = load<u32>(record, 4);
}

function planNodes(count: u32): u32 {
  let length: u32 = 0;
  for (let number: u32 = 0; number < count; number++) {
    const node = nodeAt(nodes, number);
    const flags = load<u8>(node, NODE_FLAGS);
    store<u8>(states + number, SAME);
    if ((flags & (NODE_LIVE | NODE_FUSED)) == 0 || (flags & NODE_STORED) != 0 || !canChange(node)) continue;
    store<u8>(states + number, MANY_ROWS);
    store<u32>(plan + (<usize>length << 2), number);
    length++;
  }
  return length;
}

function canChange(node: usize): bool {
  const operation = <u32>load<u16>(node, NODE_OPERATION);
  if (operation == OPERATION_FIELD) return (CHANGING & (<u64>1 << <u64>load<u32>(node, NODE_INDEX))) != 0;
  if (operation <= OPERATION_INPUT) return false;
  const count = load<u32>(node, NODE_ARGUMENTS);
  for (let index: u32 = 0; index < count; index++) if (stateOf(argumentNode(node, index)) != SAME) return true;
  return false;
}

// What was overwritten, newest last: | bytes, filled up to 16 | address u32 | how many u32 | 8 free |. The arena is free behind
// it, for what operations need while they compute.
let log: usize = 0;
let logEnd: usize = 0;
const LOG_ENTRY: usize = 16;
/** A cell takes so much of the log; it stands at the beginning. */
export const NOTED_CELL: usize = CELL + LOG_ENTRY;
/** Of the arena of a book that stays, besides what its evaluation needs. */
export const LOG_BYTES: u32 = 65536;

/** An empty log, behind the results that the arena holds. */
export function startLog(): void {
  log = allocate(LOG_BYTES);
  logEnd = log;
}

/** Where the log of this desk ends, to go on with it later. */
export function logTop(): usize {
  return logEnd;
}

/** Goes on with a book that was evaluated on this desk. @param from where its log began, `end` where it ended */
export function resumeLog(from: usize, end: usize): void {
  resumeResults(from);
  startLog();
  logEnd = end;
}

export function logStart(): usize {
  return log;
}

/** Writes down what stands at an address before it is overwritten. @returns whether there was room */
export function noteDown(address: usize, bytes: usize): bool {
  const room = (bytes + 15) & ~15;
  if (logEnd + room + LOG_ENTRY > log + LOG_BYTES) return false;
  for (let at: usize = 0; at < room; at += 16) v128.store(logEnd + at, v128.load(address + at));
  store<u32>(logEnd + room, <u32>address);
  store<u32>(logEnd + room, <u32>bytes, 4);
  logEnd += room + LOG_ENTRY;
  return true;
}

/** Everything on the desk is as it was when the log was started. */
export function putBack(): void {
  while (logEnd > log) {
    const address = <usize>load<u32>(logEnd - LOG_ENTRY);
    const bytes = <usize>load<u32>(logEnd - LOG_ENTRY, 4);
    logEnd -= LOG_ENTRY + ((bytes + 15) & ~15);
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(address + at, v128.load(logEnd + at));
    if (at < bytes) store<u64>(address + at, load<u64>(logEnd + at));
  }
}

/**
 * Computes again what hangs on facts that were changed, of the program and the desk under way.
 * @param position the row whose facts were changed, or NO_NUMBER
 * @param currency the row of the balance that was changed, the position's settlement; or NO_NUMBER, when there is no position
 * @param fields what was changed, a bit each
 * @returns false where the log has no room: then all that was overwritten is put back
 */
export function computeChanged(slot: u32, position: u32, currency: u32, fields: u64): bool {
  findPlan(slot);
  touch(position, currency);
  for (let index: u32 = 0; index < planned; index++) {
    const number = load<u32>(plan + (<usize>index << 2));
    const node = nodeAt(nodes, number);
    const level = <u32>load<u8>(node, NODE_LEVEL);
    let state = stateByArguments(node, level, fields);
    if (state == MANY_ROWS && rowsOf(level) == 1) state = ONE_ROW;
    if (state == ONE_ROW && touchedRow(level) == NO_NUMBER) state = MANY_ROWS;
    store<u8>(states + number, state);
    if (state == SAME || isSeenOnly(node)) continue;
    if (!computeAgain(number, node, level, state)) {
      putBack();
      return false;
    }
  }
  return true;
}

function touch(position: u32, currency: u32): void {
  for (let level: u32 = 0; level < LEVEL_COUNT; level++) {
    let row: u32 = rowsOf(level) == 1 ? 0 : NO_NUMBER;
    if (position != NO_NUMBER) {
      if (level >= LEVEL_UNIT && level <= LEVEL_STRIKE) row = load<u32>(parentMap(LEVEL_POSITION, level) + (<usize>position << 2));
      else if (level == LEVEL_POSITION || level == LEVEL_INSTRUMENT) row = position;
    }
    if (level == LEVEL_CURRENCY && currency != NO_NUMBER) row = currency;
    store<u32>(touched + (<usize>level << 2), row);
  }
}

/** Fields and what is only seen from another level need no computing; nor do products that a total computes itself. */
@inline
function isSeenOnly(node: usize): bool {
  const operation = <u32>load<u16>(node, NODE_OPERATION);
  return operation == OPERATION_FIELD || operation == OPERATION_WIDEN || (load<u8>(node, NODE_FLAGS) & NODE_FUSED) != 0;
}

function stateByArguments(node: usize, level: u32, fields: u64): u8 {
  const operation = <u32>load<u16>(node, NODE_OPERATION);
  if (operation == OPERATION_FIELD) return (fields & (<u64>1 << <u64>load<u32>(node, NODE_INDEX))) != 0 ? ONE_ROW : SAME;
  let state = SAME;
  const count = load<u32>(node, NODE_ARGUMENTS);
  const list = program + load<u32>(node, NODE_ARGUMENT_LIST);
  for (let index: u32 = 0; index < count; index++) {
    const argument = load<u32>(list + (<usize>index << 2));
    const its = stateOf(argument);
    if (its > state) state = its;
  }
  if (state == SAME) return SAME;
  if (isWhole(operation)) return MANY_ROWS;
  if (operation >= OPERATION_TOTAL && operation <= OPERATION_ANY) return sumState(level, levelOf(load<u32>(list)), state);
  // Row by row: an argument with another row must have its rows on this level.
  for (let index: u32 = 0; index < count; index++) {
    const argument = load<u32>(list + (<usize>index << 2));
    if (stateOf(argument) != SAME && !haveSameRows(levelOf(argument), level)) return MANY_ROWS;
  }
  return state;
}

@inline
function haveSameRows(level: u32, other: u32): bool {
  const own = level == LEVEL_INSTRUMENT ? LEVEL_POSITION : level;
  return own == (other == LEVEL_INSTRUMENT ? LEVEL_POSITION : other);
}

/** One row beneath changes one sum, that of the row above it. */
function sumState(level: u32, from: u32, state: u8): u8 {
  const row = touchedRow(from);
  if (state == MANY_ROWS || row == NO_NUMBER) return MANY_ROWS;
  return level == LEVEL_ACCOUNT || ancestor(from, row, level) == touchedRow(level) ? ONE_ROW : MANY_ROWS;
}

/** Whether an operation looks at other rows than its own. */
@inline
function isWhole(operation: u32): bool {
  return (operation >= OPERATION_PAYOFF_FLOOR && operation <= OPERATION_PAYOFF_AT);
}

/** @returns whether the log had room */
function computeAgain(number: u32, node: usize, level: u32, state: u8): bool {
  const result = resultAt(number);
  const address = <usize>load<u32>(result, RESULT_ADDRESS);
  const width = <usize>load<u32>(result, RESULT_ROW_BYTES);
  const isSpread = <u32>load<u16>(node, NODE_OPERATION) == OPERATION_SPREAD;
  if (width == 0) {
    // One value for all rows.
    if (!noteDown(address, 8)) return false;
    spreadRows(node, address, 0, 1);
    return true;
  }
  let from: u32 = 0;
  let end = rowsOf(level);
  if (state == ONE_ROW && !isWhole(load<u16>(node, NODE_OPERATION))) {
    from = touchedRow(level);
    end = from + 1;
  }
  const at = address + <usize>from * width;
  if (!noteDown(at, <usize>(end - from) * width)) return false;
  if (isSpread) {
    spreadRows(node, address, from, end);
    return true;
  }
  computeRows(node, address, width, from, end);
  if (width == CELL && end - from == 1 && isAsNoted(at)) store<u8>(states + number, SAME);
  return true;
}

/** Whether the one cell that was noted down last has come out the same. */
@inline
function isAsNoted(cell: usize): bool {
  const noted = logEnd - LOG_ENTRY - CELL;
  return load<u64>(cell) == load<u64>(noted) && load<u64>(cell, 8) == load<u64>(noted, 8);
}
