// A book that was evaluated before and differs in one position, or one balance: only what hangs on it is computed again, and
// the bits are those of a full evaluation (docs/gate.md, "Check in process").
//
// Of each node it is known whether it is as it was, has one other row - the one that the change lies in or beneath - or may
// have other rows. That row alone is computed again where a node goes row by row, and its sum where it adds up; sums are taken
// over all rows beneath in their order, because a sum of float64 hangs on the order. What is overwritten is written down
// first, and put back before a change of another row.
//
// Nodes that no position and no balance can change are not looked at. Which those are follows from the program: a plan of the
// others is made once for each that is installed.

import { programs } from "../memory/tables";
import { ancestor } from "./book";
import {
  FIELD_BALANCE, FIELD_ENTRY, FIELD_LEVERAGE, FIELD_LONG, FIELD_NOTIONAL, FIELD_PROFIT, FIELD_QUANTITY, FIELD_SHORT,
  FIELD_SIDE, FIELD_SIZE, FIELD_VALUE, LEVEL_ACCOUNT, LEVEL_COUNT, LEVEL_CURRENCY, LEVEL_INSTRUMENT, LEVEL_POSITION, LEVEL_STRIKE,
  LEVEL_UNIT, NODE_ARGUMENTS, NODE_FLAGS, NODE_FUSED, NODE_INDEX, NODE_LEVEL, NODE_LIVE, NODE_OPERATION,
  NODE_STORED, NO_NUMBER, OPERATION_ANY, OPERATION_FIELD, OPERATION_INPUT, OPERATION_PAYOFF_AT, OPERATION_PAYOFF_FLOOR,
  OPERATION_SPREAD, OPERATION_TOTAL, OPERATION_WIDEN, PROGRAM_NODES, PROGRAM_SLOTS, RESULT_ADDRESS, RESULT_ROW_BYTES,
} from "./format";
import { argumentNode, computeRows, levelOf, nodes, program, spreadRows } from "./operations";
import { programsVersion } from "./programs";
import { changePlans, parentMap, rowsOf } from "./regions";
import { recordFloat, recordRows } from "./recorded";
import { nodeAt, resultAt, rowAt } from "./results";

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

/** For each slot: 0 programs' version u32 | 4 steps of its plan u32. */
const plans = memory.data(128, 8);

// Step of a plan: 40 bytes, one for each node that can change, in the order of nodes.
//
//    0 number of the node u32 | 4 its address u32 | 8 how u8 | 9 level u8 | 10 level of what is added up u8 | 11 arguments u8
//   12 numbers of the arguments that can change, u32 each, 6 at most | 36 field u32
const STEP_SIZE: usize = 40;
const STEP_NODE: usize = 4;
const STEP_HOW: usize = 8;
const STEP_LEVEL: usize = 9;
const STEP_FROM: usize = 10;
const STEP_ARGUMENTS: usize = 11;
const STEP_ARGUMENT_LIST: usize = 12;
const STEP_FIELD: usize = 36;
const STEP_ARGUMENTS_MAX: u32 = 6;

// How a node changes, and is computed.
const FACT: u8 = 0;
/** Seen from another level, or a product that a total computes itself: nothing to compute. */
const SEEN: u8 = 1;
const EACH_ROW: u8 = 2;
const SPREAD: u8 = 3;
const SUM: u8 = 4;
/** It looks at other rows than its own. */
const WHOLE: u8 = 5;
/** Added to the above: what it hangs on has other rows than it has itself. */
const OTHER_ROWS: u8 = 128;

// Of the program under way: a byte for each node, then the steps.
let states: usize = 0;
let steps: usize = 0;
let stepCount: u32 = 0;

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

/** Plans the program under way, unless that is done. A node takes 48 bytes of the program store, and 41 of the plans'. */
function findPlan(slot: u32): void {
  if (slot >= PROGRAM_SLOTS) unreachable();
  const record = plans + (<usize>slot << 3);
  const count = load<u32>(program, PROGRAM_NODES);
  states = changePlans + (program - programs);
  steps = (states + count + 7) & ~7;
  if (load<u32>(record) != programsVersion) {
    store<u32>(record, planNodes(count), 4);
    store<u32>(record, programsVersion);
  }
  stepCount = load<u32>(record, 4);
}

function planNodes(count: u32): u32 {
  let length: u32 = 0;
  for (let number: u32 = 0; number < count; number++) {
    const node = nodeAt(nodes, number);
    const flags = load<u8>(node, NODE_FLAGS);
    store<u8>(states + number, SAME);
    if ((flags & (NODE_LIVE | NODE_FUSED)) == 0 || (flags & NODE_STORED) != 0) continue;
    if (!planNode(number, node, steps + <usize>length * STEP_SIZE)) continue;
    // Something other than SAME, for those that hang on it.
    store<u8>(states + number, MANY_ROWS);
    length++;
  }
  return length;
}

/** @returns whether the node can change */
function planNode(number: u32, node: usize, step: usize): bool {
  const operation = <u32>load<u16>(node, NODE_OPERATION);
  const level = <u32>load<u8>(node, NODE_LEVEL);
  store<u32>(step, number);
  store<u32>(step, <u32>node, STEP_NODE);
  store<u8>(step, <u8>level, STEP_LEVEL);
  store<u8>(step, 0, STEP_ARGUMENTS);
  store<u8>(step, FACT, STEP_HOW);
  if (operation == OPERATION_FIELD) {
    store<u32>(step, load<u32>(node, NODE_INDEX), STEP_FIELD);
    return (CHANGING & (<u64>1 << <u64>load<u32>(node, NODE_INDEX))) != 0;
  }
  if (operation <= OPERATION_INPUT) return false;
  const count = load<u32>(node, NODE_ARGUMENTS);
  let changing: u32 = 0;
  let otherRows = false;
  for (let index: u32 = 0; index < count; index++) {
    const argument = argumentNode(node, index);
    if (stateOf(argument) == SAME) continue;
    if (changing == STEP_ARGUMENTS_MAX) unreachable();
    store<u32>(step + (<usize>changing << 2), argument, STEP_ARGUMENT_LIST);
    changing++;
    if (!haveSameRows(levelOf(argument), level)) otherRows = true;
  }
  let how = EACH_ROW;
  if (operation == OPERATION_WIDEN || (load<u8>(node, NODE_FLAGS) & NODE_FUSED) != 0) how = SEEN;
  else if (operation == OPERATION_SPREAD) how = SPREAD;
  else if (operation >= OPERATION_TOTAL && operation <= OPERATION_ANY) how = SUM;
  else if (operation >= OPERATION_PAYOFF_FLOOR && operation <= OPERATION_PAYOFF_AT) how = WHOLE;
  if (how == SUM) store<u8>(step, <u8>levelOf(argumentNode(node, 0)), STEP_FROM);
  else if (otherRows) how |= OTHER_ROWS;
  store<u8>(step, how, STEP_HOW);
  store<u8>(step, <u8>changing, STEP_ARGUMENTS);
  return changing != 0;
}

@inline
function haveSameRows(level: u32, other: u32): bool {
  const own = level == LEVEL_INSTRUMENT ? LEVEL_POSITION : level;
  return own == (other == LEVEL_INSTRUMENT ? LEVEL_POSITION : other);
}

// What was overwritten, newest last: | bytes, filled up to 16 | address u32 | how many u32 | 8 free |
let log: usize = 0;
let logEnd: usize = 0;
let logLimit: usize = 0;
const LOG_ENTRY: usize = 16;

/** Goes on with a log. @param from where it begins, `end` where it ends so far, `limit` where it must */
export function useLog(from: usize, end: usize, limit: usize): void {
  log = from;
  logEnd = end;
  logLimit = limit;
}

export function logTop(): usize {
  return logEnd;
}

/** Writes down what stands at an address before it is overwritten. @returns whether there was room */
export function noteDown(address: usize, bytes: usize): bool {
  const room = (bytes + 15) & ~15;
  if (logEnd + room + LOG_ENTRY > logLimit) return false;
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
 * The steps are recorded (recorded.ts), as if all facts of the position and the balance had changed.
 * @returns false where the log has no room: then all that was overwritten is put back
 */
export function computeChanged(slot: u32, position: u32, currency: u32): bool {
  const fields = position == NO_NUMBER ? BALANCE_FIELD : CHANGING;
  findPlan(slot);
  touch(position, currency);
  const end = steps + <usize>stepCount * STEP_SIZE;
  for (let step = steps; step < end; step += STEP_SIZE) {
    const number = load<u32>(step);
    let state = stateOfStep(step, fields);
    const level = <u32>load<u8>(step, STEP_LEVEL);
    if (state == MANY_ROWS && rowsOf(level) == 1) state = ONE_ROW;
    if (state == ONE_ROW && touchedRow(level) == NO_NUMBER) state = MANY_ROWS;
    if (state != SAME && <u8>(load<u8>(step, STEP_HOW) & ~OTHER_ROWS) > SEEN) {
      if (!computeAgain(number, step, level, state)) {
        putBack();
        return false;
      }
    }
    store<u8>(states + number, state);
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

@inline
function stateOfStep(step: usize, fields: u64): u8 {
  const how = load<u8>(step, STEP_HOW);
  if (how == FACT) return (fields & (<u64>1 << <u64>load<u32>(step, STEP_FIELD))) != 0 ? ONE_ROW : SAME;
  let state = SAME;
  const end = step + (<usize>load<u8>(step, STEP_ARGUMENTS) << 2);
  for (let at = step; at < end; at += 4) state |= stateOf(load<u32>(at, STEP_ARGUMENT_LIST));
  if (state == SAME) return SAME;
  if (how == SUM) return sumState(load<u8>(step, STEP_LEVEL), load<u8>(step, STEP_FROM), state);
  return how >= WHOLE || state > ONE_ROW ? MANY_ROWS : ONE_ROW;
}

/** One row beneath changes one sum, that of the row above it. */
function sumState(level: u32, from: u32, state: u8): u8 {
  const row = touchedRow(from);
  if (state != ONE_ROW || row == NO_NUMBER) return MANY_ROWS;
  return level == LEVEL_ACCOUNT || ancestor(from, row, level) == touchedRow(level) ? ONE_ROW : MANY_ROWS;
}

/** @returns whether the log had room */
function computeAgain(number: u32, step: usize, level: u32, state: u8): bool {
  const result = resultAt(number);
  const address = <usize>load<u32>(result, RESULT_ADDRESS);
  const width = <usize>load<u32>(result, RESULT_ROW_BYTES);
  const node = <usize>load<u32>(step, STEP_NODE);
  const how = <u8>(load<u8>(step, STEP_HOW) & ~OTHER_ROWS);
  let from: u32 = 0;
  let end = rowsOf(level);
  // One value for all rows.
  if (width == 0) end = 1;
  else if (state == ONE_ROW && how != WHOLE) {
    from = touchedRow(level);
    end = from + 1;
  }
  const at = address + <usize>from * width;
  if (!noteDown(at, width == 0 ? 8 : <usize>(end - from) * width)) return false;
  if (how == SPREAD) {
    spreadRows(node, address, from, end);
    const source = resultAt(argumentNode(node, 0));
    for (let row = from; row < end; row++) recordFloat(address + (<usize>row << 3), rowAt(source, row));
    return true;
  }
  computeRows(node, address, width, from, end);
  const changedRow = how == SUM && state == ONE_ROW && onlyOneBeneath(step) ? touchedRow(load<u8>(step, STEP_FROM)) : NO_NUMBER;
  recordRows(node, address, width, from, end, changedArguments(node), changedRow);
  return true;
}

/** Whether what is added up has one other row. */
@inline
function onlyOneBeneath(step: usize): bool {
  return stateOf(load<u32>(step, STEP_ARGUMENT_LIST)) == ONE_ROW;
}

/** A bit for each argument of a node that is not as it was. */
function changedArguments(node: usize): u32 {
  let changed: u32 = 0;
  const count = load<u32>(node, NODE_ARGUMENTS);
  for (let index: u32 = 0; index < count; index++) if (stateOf(argumentNode(node, index)) != SAME) changed |= 1 << index;
  return changed;
}
