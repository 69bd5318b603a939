// Margins one book under one program: the nodes in their order, each a column or a matrix, then the verdict.
//
// How to drive it, from the host or from the kernel itself:
//   1. Sizes: `chooseRegions` before the shard is laid out. Programs: `install(slot, address, bytes)`.
//   2. Fill the book (format.ts, "Book header" and below): header, keys, and the columns of facts that are not derived; the
//      addresses are in regions.ts, for the host in the directory at `regimeDirectory()`. Cells that are not known are
//      undefined (decimal.ts). The book is scratch: it must be filled anew for each account.
//   3. `evaluate(slot, EVALUATE_VERDICT)`, or EVALUATE_ALL when terms are to be read. REGIME_DONE, or the code that `refusal`
//      explains: node and row where the book is undefined.
//      EVALUATE_LIVE comes to the same bits, but takes what depends on the market alone from the market store where every
//      instrument of the book is there with its POSITION_VERSION (market.ts): many accounts, one repricing a tick.
//   4. Read `verdicts`: one record for each row of the conclusion's level (a currency's row is its place in the book).
//      Terms: `resultAt(node)` and `rowAt`, rows of each level by `rowsOf`, what lies above by `ancestor`.
//   Everything but the program store and the market store is overwritten by the next evaluation.

import { STATE_BANKRUPT, STATE_CALLED, STATE_HEALTHY, STATE_LIQUIDATING } from "../memory/layout";
import { arrange } from "./book";
import { computeChanged } from "./changes";
import { CELL, copyCell, isUndefined, isZero } from "./decimal";
import {
  CONCLUSION_NODES, EVALUATE_ALL, EVALUATE_LIVE, EVALUATE_VERDICT, NO_NUMBER, NODE_FLAGS, NODE_FUSED, NODE_LIVE,
  NODE_PREPARED, NODE_STORED, NODE_VERDICT, PROGRAM_CONCLUSION, PROGRAM_LEVEL, PROGRAM_NODES, REFUSAL_ASKED, REFUSAL_CODE,
  REFUSAL_NODE, REFUSAL_ROW, REGIME_ARENA_FULL, REGIME_DONE, REGIME_OPERATION_UNKNOWN, REGIME_PROGRAM_UNKNOWN,
  VERDICT_EQUITY, VERDICT_SIZE, VERDICT_STATE,
} from "./format";
import { allKept, copyKept, findKept, keep, viewKept } from "./market";
import { evaluateNode, nodes, program, useProgram } from "./operations";
import { ALL_FIELDS, fieldsRead } from "./programFacts";
import { programAt } from "./programs";
import { takeRecorded } from "./recorded";
import { onMainDesk, refusal, rowsOf, verdicts } from "./regions";
import { arenaTop, fits, leftBeyond, nodeAt, resetResults, resultAt, rowAt } from "./results";
import { roomFor } from "./room";
import { refuseUndefined } from "./trace";

/** @param what EVALUATE_ALL, EVALUATE_VERDICT or EVALUATE_LIVE. @returns REGIME_DONE or why the book is refused */
export function evaluate(slot: u32, what: u32): u32 {
  const code = begin(slot, what);
  if (code != REGIME_DONE) return code;
  const keeps = what == EVALUATE_LIVE && findKept(slot);
  const fresh = keeps && allKept;
  let wanted = NODE_VERDICT;
  if (what == EVALUATE_ALL) wanted = 0;
  else if (fresh) wanted = NODE_LIVE;
  else if (keeps) wanted = NODE_LIVE | NODE_PREPARED;
  const count = load<u32>(program, PROGRAM_NODES);
  for (let number: u32 = 0; number < count; number++) {
    const node = nodeAt(nodes, number);
    const flags = load<u8>(node, NODE_FLAGS);
    if ((flags & NODE_FUSED) != 0 || (wanted != 0 && (flags & wanted) == 0)) continue;
    if (fresh && (flags & NODE_STORED) != 0) {
      // A book that stays on its desk outlives the lines of the market store.
      if (onMainDesk()) viewKept(number, node);
      else copyKept(number, node);
      continue;
    }
    if (!evaluateNode(number, node)) return refuse(REGIME_OPERATION_UNKNOWN, number);
  }
  if (keeps && !fresh) keep();
  const concluded = conclude();
  // Which fact is missing must not hang on what the market store holds.
  return fresh && concluded != REGIME_DONE ? evaluate(slot, EVALUATE_VERDICT) : concluded;
}

/**
 * Margins the book on the desk again, after facts of one row were changed (changes.ts); the bits are those of `evaluate`.
 * @returns REGIME_DONE; or another code, and then `evaluate` says what is wrong
 */
export function evaluateChanged(slot: u32, position: u32, currency: u32): u32 {
  useProgram(programAt(slot));
  return computeChanged(slot, position, currency) ? conclude() : REGIME_ARENA_FULL;
}

/** Likewise, after a further change of the row that was changed before, by the steps that were recorded then. */
export function evaluateRecorded(slot: u32): u32 {
  useProgram(programAt(slot));
  takeRecorded();
  return conclude();
}

/** Of the arena of a book that stays, for what its changes overwrite and do; more where there is more. */
export const CHANGE_BYTES: u32 = 131072;

/** Room for changes behind the results of the book that was evaluated just now, so that operations have theirs. @returns where it ends */
export function changeRoomEnd(): usize {
  return arenaTop() + max(leftBeyond(roomFor(program)), <usize>CHANGE_BYTES);
}

/** Finds the program and arranges the book that was filled. */
function begin(slot: u32, what: u32): u32 {
  const found = programAt(slot);
  if (found == 0) return refuse(REGIME_PROGRAM_UNKNOWN, NO_NUMBER);
  useProgram(found);
  const code = arrange(program, what == EVALUATE_ALL ? ALL_FIELDS : fieldsRead(slot));
  if (code != REGIME_DONE) return refuse(code, NO_NUMBER);
  // A book that stays needs room for what its changes overwrite and do, too.
  const changes: u64 = onMainDesk() ? 0 : CHANGE_BYTES;
  if (!fits(roomFor(program) + changes)) return refuse(REGIME_ARENA_FULL, NO_NUMBER);
  resetResults(load<u32>(program, PROGRAM_NODES));
  return REGIME_DONE;
}

function refuse(code: u32, node: u32): u32 {
  store<u32>(refusal, code, REFUSAL_CODE);
  store<u32>(refusal, node, REFUSAL_NODE);
  store<u32>(refusal, 0, REFUSAL_ROW);
  store<u32>(refusal, NO_NUMBER, REFUSAL_ASKED);
  return code;
}

/** Equity, requirements and states of each row that is judged. */
function conclude(): u32 {
  const level = load<u32>(program, PROGRAM_LEVEL);
  const rows = rowsOf(level);
  for (let row: u32 = 0; row < rows; row++) {
    const verdict = verdicts + <usize>row * VERDICT_SIZE;
    for (let figure: u32 = 0; figure < CONCLUSION_NODES; figure++) {
      const cell = rowAt(resultAt(conclusionNode(figure)), row);
      if (isUndefined(cell)) return refuseUndefined(program, conclusionNode(figure), row);
      if (figure < 3) copyCell(verdict + VERDICT_EQUITY + <usize>figure * CELL, cell);
    }
    let state = STATE_HEALTHY;
    if (holds(5, row)) state = STATE_BANKRUPT;
    else if (holds(4, row)) state = STATE_LIQUIDATING;
    else if (holds(3, row)) state = STATE_CALLED;
    store<u32>(verdict, state, VERDICT_STATE);
  }
  return REGIME_DONE;
}

@inline
function conclusionNode(figure: u32): u32 {
  return load<u32>(program + PROGRAM_CONCLUSION + (<usize>figure << 2));
}

@inline
function holds(figure: u32, row: u32): bool {
  return !isZero(rowAt(resultAt(conclusionNode(figure)), row));
}
