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

import { STATE_BANKRUPT, STATE_CALLED, STATE_HEALTHY, STATE_LIQUIDATING } from "../layout";
import { aggregateColumn, aggregateMatrix, totalProduct } from "./aggregates";
import { ancestor, arrange } from "./book";
import { binaryColumn, optionColumn, chooseColumn, unaryColumn } from "./columns";
import { CELL, copyCell, isUndefined, isZero, toFloat } from "./decimal";
import {
  ATTRIBUTE_KEYS, ATTRIBUTE_SIZE, BOOK_MATRICES, CONCLUSION_NODES, EVALUATE_ALL, EVALUATE_LIVE, EVALUATE_VERDICT, FIELD_INDEX,
  LEVEL_ACCOUNT, LEVEL_INSTRUMENT, LEVEL_POSITION, LEVEL_STRIKE,
  LEVEL_UNIT, NO_NUMBER, NODE_ARGUMENT_LIST, NODE_ARGUMENTS, NODE_COLUMN, NODE_CONSTANT, NODE_FLAGS, NODE_FUSED,
  NODE_INDEX, NODE_LEVEL, NODE_LIVE, NODE_OPERATION, NODE_PREPARED, NODE_SET, NODE_STORED, NODE_VERDICT,
  OPERATION_ANY, OPERATION_ATTRIBUTE, OPERATION_BACHELIER_PRICE, OPERATION_BACHELIER_THETA, OPERATION_BLACK_PRICE, OPERATION_BLACK_THETA, OPERATION_BRACKET,
  OPERATION_CALENDAR_CHARGE, OPERATION_CHOOSE, OPERATION_CONSTANT, OPERATION_CORRELATED, OPERATION_FIELD,
  OPERATION_INPUT, OPERATION_MARGINAL, OPERATION_PARAMETER, OPERATION_PAYOFF_AT, OPERATION_PAYOFF_FLOOR,
  OPERATION_QUANTILE, OPERATION_SCENARIO, OPERATION_SPREAD, OPERATION_SPREAD_CREDIT, OPERATION_STRATEGY, OPERATION_TAIL_MEAN,
  OPERATION_TOTAL, OPERATION_WIDEN, OPERATION_WORST, OPERATION_WORST_AT, PAIR_TABLE_SIZE, PARAMETER_KEYS,
  PARAMETER_DEFAULT, PARAMETER_SIZE, PROGRAM_CONCLUSION, PROGRAM_LEVEL, PROGRAM_NODES, PROGRAM_PAIR_TABLES,
  PROGRAM_PARAMETERS, PROGRAM_SETS, PROGRAM_SPREAD_TABLES, PROGRAM_TABLES, REFUSAL_ASKED, REFUSAL_CODE, REFUSAL_NODE,
  REFUSAL_ROW, REGIME_ARENA_FULL, REGIME_DONE, REGIME_OPERATION_UNKNOWN, REGIME_PROGRAM_UNKNOWN, SET_ATTRIBUTES, SET_SIZE,
  SET_WIDTH, SPREAD_TABLE_SIZE, TIER_TABLE_SIZE, VERDICT_EQUITY, VERDICT_SIZE, VERDICT_STATE,
} from "./format";
import { allKept, findKept, keep, viewKept } from "./market";
import { binaryMatrix, optionMatrix, chooseMatrix, unaryMatrix } from "./matrices";
import { programAt } from "./programs";
import { lowestScenario, oneScenario, tailOf } from "./reductions";
import { book, fieldColumn, firstPositionsOf, inputColumn, parentMap, refusal, rowsOf, verdicts } from "./regions";
import { allocate, fits, nodeAt, release, resetResults, resultAt, rowAt, setResult, stepOf } from "./results";
import { roomFor } from "./room";
import { LEG_BYTES, strategyWorkBytes } from "./strategy";
import { calendarCharge, correlated, leastRequirements, payoffAt, payoffFloor, spreadCredit } from "./structures";
import { attributeMap, attributeRows, parameterColumn, tierColumn, tierMatrix } from "./tiers";
import { refuseUndefined } from "./trace";

let program: usize = 0;
let nodes: usize = 0;

/** @param what EVALUATE_ALL, EVALUATE_VERDICT or EVALUATE_LIVE. @returns REGIME_DONE or why the book is refused */
export function evaluate(slot: u32, what: u32): u32 {
  const code = begin(slot);
  if (code != REGIME_DONE) return code;
  const keeps = what == EVALUATE_LIVE && findKept(program, slot);
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
      viewKept(number, node);
      continue;
    }
    if (!evaluateNode(number, node)) return refuse(REGIME_OPERATION_UNKNOWN, number);
  }
  if (keeps && !fresh) keep(program, nodes);
  const concluded = conclude();
  // Which fact is missing must not hang on what the market store holds.
  return fresh && concluded != REGIME_DONE ? evaluate(slot, EVALUATE_VERDICT) : concluded;
}

/** Finds the program and arranges the book that was filled. */
function begin(slot: u32): u32 {
  program = programAt(slot);
  if (program == 0) return refuse(REGIME_PROGRAM_UNKNOWN, NO_NUMBER);
  const code = arrange(program);
  if (code != REGIME_DONE) return refuse(code, NO_NUMBER);
  if (!fits(roomFor(program))) return refuse(REGIME_ARENA_FULL, NO_NUMBER);
  nodes = program + load<u32>(program, PROGRAM_NODES + 4);
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

/** The result record of an argument. */
@inline
function argument(node: usize, index: u32): usize {
  return resultAt(argumentNode(node, index));
}

@inline
function argumentNode(node: usize, index: u32): u32 {
  return load<u32>(program + load<u32>(node, NODE_ARGUMENT_LIST) + (<usize>index << 2));
}

@inline
function levelOf(node: u32): u32 {
  return load<u8>(nodeAt(nodes, node), NODE_LEVEL);
}

@inline
function setAt(set: u32): usize {
  return program + load<u32>(program, PROGRAM_SETS + 4) + <usize>set * SET_SIZE;
}

@inline
function recordAt(list: u32, index: u32, size: u32): usize {
  return program + load<u32>(program + list + 4) + <usize>index * size;
}

/** @returns whether the operation is known */
function evaluateNode(number: u32, node: usize): bool {
  const operation = <u32>load<u16>(node, NODE_OPERATION);
  if (operation <= OPERATION_SPREAD) {
    view(operation, number, node);
    return true;
  }
  const set = load<u32>(node, NODE_SET);
  return set == NO_NUMBER ? evaluateColumn(operation, number, node) : evaluateMatrix(operation, number, node, set);
}

/** Facts, and values of other levels or for all scenarios: mostly nothing is copied. */
function view(operation: u32, number: u32, node: usize): void {
  const level = <u32>load<u8>(node, NODE_LEVEL);
  const index = load<u32>(node, NODE_INDEX);
  const rows = rowsOf(level);
  switch (operation) {
    case OPERATION_CONSTANT:
      setResult(number, node + NODE_CONSTANT, 0, 0, 0);
      break;
    case OPERATION_FIELD:
      if (index == FIELD_INDEX) ofFirstPositions(number, fieldColumn(index), level);
      else setResult(number, fieldColumn(index), CELL, 0, 0);
      break;
    case OPERATION_PARAMETER: {
      const parameter = recordAt(PROGRAM_PARAMETERS, index, PARAMETER_SIZE);
      if (load<u32>(parameter, PARAMETER_KEYS) == 0) {
        setResult(number, parameter + PARAMETER_DEFAULT, 0, 0, 0);
      } else {
        const out = allocate(<usize>rows * CELL);
        parameterColumn(program, parameter, out, rows, level);
        setResult(number, out, CELL, 0, 0);
      }
      break;
    }
    case OPERATION_INPUT:
      viewInput(number, index, load<u32>(node, NODE_SET), level, rows);
      break;
    case OPERATION_ATTRIBUTE: {
      const set = setAt(load<u32>(node, NODE_SET));
      const attribute = program + load<u32>(set, SET_ATTRIBUTES + 4) + <usize>index * ATTRIBUTE_SIZE;
      const width = <usize>load<u32>(set, SET_WIDTH);
      if (load<u32>(attribute, ATTRIBUTE_KEYS) == 0) {
        setResult(number, attributeRows(program, attribute), 0, 0, 8);
      } else {
        const map = allocate(<usize>rows << 2);
        attributeMap(program, attribute, map, rows, level);
        setResult(number, attributeRows(program, attribute), width, map, 8);
      }
      break;
    }
    case OPERATION_WIDEN:
      widen(number, node, level, rows);
      break;
    default:
      spread(number, node, rows);
  }
}

/** A column of positions, read from the first position of each row. */
function ofFirstPositions(number: u32, column: usize, level: u32): void {
  setResult(number, column, CELL, firstPositionsOf(level), 0);
}

/** Cells as they were given, or rows of scenarios; cells stand for all scenarios where a matrix has no rows. */
function viewInput(number: u32, index: u32, set: u32, level: u32, rows: u32): void {
  const map = level >= LEVEL_UNIT && level <= LEVEL_STRIKE ? firstPositionsOf(level) : 0;
  const matrix = <usize>load<u32>(book + (<usize>index << 2), BOOK_MATRICES);
  if (set == NO_NUMBER) return setResult(number, inputColumn(index), CELL, map, 0);
  const width = <usize>load<u32>(setAt(set), SET_WIDTH);
  if (matrix != 0) return setResult(number, matrix, width, map, 8);
  // Written out, because a product may take only a spread for one that stands for all scenarios (services/regimes/nodeFlags.ts).
  const out = allocate(<usize>rows * width);
  setResult(number, inputColumn(index), CELL, map, 0);
  for (let row: u32 = 0; row < rows; row++) {
    const value = f64x2.splat(toFloat(rowAt(resultAt(number), row)));
    const cells = out + <usize>row * width;
    for (let offset: usize = 0; offset < width; offset += 16) v128.store(cells + offset, value);
  }
  setResult(number, out, width, 0, 8);
}

/** Each row takes its ancestor's value: the ancestor's cells, seen through a map. */
function widen(number: u32, node: usize, level: u32, rows: u32): void {
  const from = argumentNode(node, 0);
  const source = resultAt(from);
  const above = levelOf(from);
  const address = <usize>load<u32>(source);
  const rowBytes = <usize>load<u32>(source, 4);
  const inner = <usize>load<u32>(source, 8);
  const step = load<u32>(source, 12);
  const own = level == LEVEL_INSTRUMENT ? LEVEL_POSITION : level;
  const target = above == LEVEL_INSTRUMENT ? LEVEL_POSITION : above;
  if (own == target) return setResult(number, address, rowBytes, inner, step);
  if (target == LEVEL_ACCOUNT) return setResult(number, rowAt(source, 0), 0, 0, step);
  if (rowBytes == 0) return setResult(number, address, 0, 0, step);
  const map = parentMap(own, target);
  if (inner == 0) return setResult(number, address, rowBytes, map, step);
  const composed = allocate(<usize>rows << 2);
  for (let row: u32 = 0; row < rows; row++) {
    const at = load<u32>(map + (<usize>row << 2));
    store<u32>(composed + (<usize>row << 2), load<u32>(inner + (<usize>at << 2)));
  }
  setResult(number, address, rowBytes, composed, step);
}

/** The nearest float64 of each row, once for all scenarios. */
function spread(number: u32, node: usize, rows: u32): void {
  const source = argument(node, 0);
  const same = load<u32>(source, 4) == 0;
  const count: u32 = same ? 1 : rows;
  const out = allocate(<usize>count << 3);
  for (let row: u32 = 0; row < count; row++) store<f64>(out + (<usize>row << 3), toFloat(rowAt(source, row)));
  setResult(number, out, same ? 0 : 8, 0, 0);
}

@inline
function isOfOption(operation: u32): bool {
  return (operation >= OPERATION_BLACK_PRICE && operation <= OPERATION_BLACK_THETA) ||
    (operation >= OPERATION_BACHELIER_PRICE && operation <= OPERATION_BACHELIER_THETA);
}

function evaluateColumn(operation: u32, number: u32, node: usize): bool {
  const level = <u32>load<u8>(node, NODE_LEVEL);
  const rows = rowsOf(level);
  const out = allocate(<usize>rows * CELL);
  setResult(number, out, CELL, 0, 0);
  const first = argument(node, 0);
  const count = load<u32>(node, NODE_ARGUMENTS);
  if (operation >= OPERATION_TOTAL && operation <= OPERATION_ANY) {
    aggregateColumn(operation, out, rows, level, first, levelOf(argumentNode(node, 0)));
    return true;
  }
  if (isOfOption(operation)) {
    optionColumn(
      operation, out, rows,
      first, argument(node, 1), argument(node, 2), argument(node, 3), argument(node, 4), argument(node, 5),
    );
    return true;
  }
  switch (operation) {
    case OPERATION_CHOOSE:
      chooseColumn(out, rows, first, argument(node, 1), argument(node, 2));
      return true;
    case OPERATION_WORST:
    case OPERATION_WORST_AT:
      lowestScenario(operation, out, rows, first, scenariosOf(node));
      return true;
    case OPERATION_QUANTILE:
    case OPERATION_TAIL_MEAN:
      tailOf(operation, out, rows, first, scenariosOf(node), argument(node, 1));
      return true;
    case OPERATION_SCENARIO:
      oneScenario(out, rows, first, scenariosOf(node), argument(node, 1));
      return true;
    case OPERATION_MARGINAL:
    case OPERATION_BRACKET: {
      const table = recordAt(PROGRAM_TABLES, load<u32>(node, NODE_INDEX), TIER_TABLE_SIZE);
      tierColumn(operation, program, table, load<u32>(node, NODE_COLUMN), out, rows, level, first);
      return true;
    }
    case OPERATION_PAYOFF_FLOOR:
      payoffFloor(out, rows, first);
      return true;
    case OPERATION_PAYOFF_AT:
      payoffAt(out, rows, first);
      return true;
    case OPERATION_CORRELATED: {
      const table = recordAt(PROGRAM_PAIR_TABLES, load<u32>(node, NODE_INDEX), PAIR_TABLE_SIZE);
      correlated(program, table, out, first, levelOf(argumentNode(node, 0)));
      return true;
    }
    case OPERATION_SPREAD_CREDIT: {
      const left = allocate(<usize>rows * CELL);
      const table = recordAt(PROGRAM_SPREAD_TABLES, load<u32>(node, NODE_INDEX), SPREAD_TABLE_SIZE);
      spreadCredit(program, table, out, left, rows, level, first, argument(node, 1));
      release(left);
      return true;
    }
    case OPERATION_CALENDAR_CHARGE: {
      const scratch = allocate(<usize>rows * 2 * CELL);
      calendarCharge(out, scratch, scratch + <usize>rows * CELL, rows, level, first, argument(node, 1));
      release(scratch);
      return true;
    }
    case OPERATION_STRATEGY: {
      const positions = rowsOf(LEVEL_POSITION);
      const work = strategyWorkBytes(positions);
      const scratch = allocate(work + <usize>positions * LEG_BYTES);
      leastRequirements(
        out, rows, level, scratch, scratch + work,
        first, argument(node, 1), argument(node, 2), argument(node, 3), argument(node, 4),
      );
      release(scratch);
      return true;
    }
    default:
      if (count == 1) return unaryColumn(operation, out, rows, first);
      return count == 2 && binaryColumn(operation, out, rows, first, argument(node, 1));
  }
}

/** Scenarios of the matrix that a column is made from. */
function scenariosOf(node: usize): u32 {
  return load<u32>(setAt(load<u32>(nodeAt(nodes, argumentNode(node, 0)), NODE_SET)));
}

function evaluateMatrix(operation: u32, number: u32, node: usize, set: u32): bool {
  const level = <u32>load<u8>(node, NODE_LEVEL);
  const rows = rowsOf(level);
  const width = <usize>load<u32>(setAt(set), SET_WIDTH);
  const out = allocate(<usize>rows * width);
  setResult(number, out, width, 0, 8);
  const first = argument(node, 0);
  const count = load<u32>(node, NODE_ARGUMENTS);
  if (operation >= OPERATION_TOTAL && operation <= OPERATION_ANY) {
    aggregateScenarios(operation, node, out, rows, level, width);
    return true;
  }
  if (isOfOption(operation)) {
    optionMatrix(
      operation, out, rows, width,
      first, argument(node, 1), argument(node, 2), argument(node, 3), argument(node, 4), argument(node, 5),
    );
    return true;
  }
  if (operation == OPERATION_CHOOSE) {
    chooseMatrix(out, rows, width, first, argument(node, 1), argument(node, 2));
    return true;
  }
  if (operation == OPERATION_MARGINAL || operation == OPERATION_BRACKET) {
    const table = recordAt(PROGRAM_TABLES, load<u32>(node, NODE_INDEX), TIER_TABLE_SIZE);
    tierMatrix(operation, program, table, load<u32>(node, NODE_COLUMN), out, rows, width, level, first);
    return true;
  }
  if (count == 1) return unaryMatrix(operation, out, rows, width, first);
  return count == 2 && binaryMatrix(operation, out, rows, width, first, argument(node, 1));
}

function aggregateScenarios(operation: u32, node: usize, out: usize, rows: u32, level: u32, width: usize): void {
  const source = argumentNode(node, 0);
  const from = levelOf(source);
  const inner = nodeAt(nodes, source);
  if (load<u8>(inner, NODE_FLAGS) & NODE_FUSED) {
    // One factor has a value a row, the other a row of scenarios (services/regimes/encodeProgram.ts sees to it).
    const left = argument(inner, 0);
    const right = argument(inner, 1);
    const scale = stepOf(left) == 0 ? left : right;
    totalProduct(out, rows, level, width, scale, scale == left ? right : left, from);
    return;
  }
  const seen = allocate(rows);
  memory.fill(seen, 0, rows);
  aggregateMatrix(operation, out, rows, level, width, resultAt(source), from, seen);
  release(seen);
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
