// Which fact an undefined figure came from: back from a node's row to the first undefined one among its arguments, and on, until
// nothing before it is undefined: a fact that was not given, or an operation that has no result.

import { ancestor } from "./book";
import { isUndefined, isZero } from "./decimal";
import {
  NO_NUMBER, NODE_ARGUMENT_LIST, NODE_ARGUMENTS, NODE_FLAGS, NODE_FUSED, NODE_LEVEL, NODE_OPERATION, NODE_SET,
  OPERATION_CHOOSE, PROGRAM_NODES, PROGRAM_SETS, REFUSAL_ASKED, REFUSAL_CODE, REFUSAL_NODE, REFUSAL_ROW, REGIME_UNDEFINED,
  SET_COUNT, SET_SIZE,
} from "./format";
import { refusal, rowsOf } from "./regions";
import { isEvaluated, nodeAt, resultAt, rowAt, stepOf } from "./results";

let program: usize = 0;
let nodes: usize = 0;

// Where the way back has come to; the scenario counts for matrices only.
let atNode: u32 = 0;
let atRow: u32 = 0;
let atScenario: u32 = 0;

/** Writes the refusal: the figure that was asked for, and the node and row that it is undefined for. */
export function refuseUndefined(from: usize, asked: u32, row: u32): u32 {
  program = from;
  nodes = program + load<u32>(program, PROGRAM_NODES + 4);
  atNode = asked;
  atRow = row;
  atScenario = 0;
  while (stepBack()) {}
  store<u32>(refusal, REGIME_UNDEFINED, REFUSAL_CODE);
  store<u32>(refusal, atNode, REFUSAL_NODE);
  store<u32>(refusal, atRow, REFUSAL_ROW);
  store<u32>(refusal, asked, REFUSAL_ASKED);
  return REGIME_UNDEFINED;
}

/** @returns false where no argument is undefined */
function stepBack(): bool {
  const node = nodeAt(nodes, atNode);
  const count = load<u32>(node, NODE_ARGUMENTS);
  const list = program + load<u32>(node, NODE_ARGUMENT_LIST);
  if (load<u16>(node, NODE_OPERATION) == OPERATION_CHOOSE) {
    const condition = load<u32>(list);
    if (stepInto(node, condition)) return true;
    const taken = isTrueAt(condition) ? load<u32>(list, 4) : load<u32>(list, 8);
    return stepInto(node, taken);
  }
  for (let index: u32 = 0; index < count; index++) {
    if (stepInto(node, load<u32>(list + (<usize>index << 2)))) return true;
  }
  return false;
}

function isTrueAt(condition: u32): bool {
  const cell = rowAt(resultAt(condition), atRow);
  if (load<u32>(nodeAt(nodes, condition), NODE_SET) == NO_NUMBER) return !isZero(cell);
  return load<f64>(cell + <usize>atScenario * stepOf(resultAt(condition))) != 0;
}

/** Goes to an argument's row that is undefined: the same row, the row above, or the first of the rows beneath. */
function stepInto(node: usize, argument: u32): bool {
  const level = <u32>load<u8>(node, NODE_LEVEL);
  const from = <u32>load<u8>(nodeAt(nodes, argument), NODE_LEVEL);
  const reduces = load<u32>(node, NODE_SET) == NO_NUMBER;
  if (!liesBelow(from, level)) return undefinedAt(argument, ancestor(level, atRow, from), reduces);
  const rows = rowsOf(from);
  for (let row: u32 = 0; row < rows; row++) {
    if (ancestor(from, row, level) == atRow && undefinedAt(argument, row, reduces)) return true;
  }
  return false;
}

/** Whether rows of a level are gathered to rows of the other. Instruments stand beside positions. */
function liesBelow(level: u32, other: u32): bool {
  if (level == other) return false;
  const depth = depthOf(level);
  const otherDepth = depthOf(other);
  return depth > otherDepth;
}

/** Account, currency, unit .. order: currencies lie above units where they meet. */
function depthOf(level: u32): u32 {
  switch (level) {
    case 0: return 0;
    case 7: return 1;
    case 8: return 6;
    default: return level + 1;
  }
}

/** Goes there when it is undefined; a matrix in the scenario under way, or in any. */
function undefinedAt(number: u32, row: u32, anyScenario: bool): bool {
  const node = nodeAt(nodes, number);
  const set = load<u32>(node, NODE_SET);
  if (set == NO_NUMBER) {
    if (!isEvaluated(number) || !isUndefined(rowAt(resultAt(number), row))) return false;
    atNode = number;
    atRow = row;
    return true;
  }
  let scenario: u32 = anyScenario ? 0 : atScenario;
  const sets = program + load<u32>(program, PROGRAM_SETS + 4);
  const end = anyScenario ? load<u32>(sets + <usize>set * SET_SIZE, SET_COUNT) : scenario + 1;
  for (; scenario < end; scenario++) {
    if (!isUnknown(number, row, scenario)) continue;
    atNode = number;
    atRow = row;
    atScenario = scenario;
    return true;
  }
  return false;
}

function isUnknown(number: u32, row: u32, scenario: u32): bool {
  const node = nodeAt(nodes, number);
  if (load<u8>(node, NODE_FLAGS) & NODE_FUSED) {
    const list = program + load<u32>(node, NODE_ARGUMENT_LIST);
    return isUnknown(load<u32>(list), row, scenario) || isUnknown(load<u32>(list, 4), row, scenario);
  }
  if (!isEvaluated(number)) return false;
  const result = resultAt(number);
  const x = load<f64>(rowAt(result, row) + <usize>scenario * stepOf(result));
  return x != x;
}
