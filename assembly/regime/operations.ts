// What one node of a program comes to: a column or a matrix, all of its rows or some of them.

import { aggregateColumn, aggregateMatrix, totalProduct } from "./aggregates";
import { binaryColumn, optionColumn, chooseColumn, unaryColumn } from "./columns";
import { CELL, toFloat } from "./decimal";
import {
  ATTRIBUTE_KEYS, ATTRIBUTE_SIZE, BOOK_MATRICES, FIELD_INDEX,
  LEVEL_ACCOUNT, LEVEL_INSTRUMENT, LEVEL_POSITION, LEVEL_STRIKE,
  LEVEL_UNIT, NO_NUMBER, NODE_ARGUMENT_LIST, NODE_ARGUMENTS, NODE_COLUMN, NODE_CONSTANT, NODE_FLAGS, NODE_FUSED,
  NODE_INDEX, NODE_LEVEL, NODE_OPERATION, NODE_SET,
  OPERATION_ANY, OPERATION_ATTRIBUTE, OPERATION_BACHELIER_PRICE, OPERATION_BACHELIER_THETA, OPERATION_BLACK_PRICE, OPERATION_BLACK_THETA, OPERATION_BRACKET,
  OPERATION_CALENDAR_CHARGE, OPERATION_CHOOSE, OPERATION_CONSTANT, OPERATION_CORRELATED, OPERATION_FIELD,
  OPERATION_INPUT, OPERATION_MARGINAL, OPERATION_PARAMETER, OPERATION_PAYOFF_AT, OPERATION_PAYOFF_FLOOR,
  OPERATION_QUANTILE, OPERATION_SCENARIO, OPERATION_SPREAD, OPERATION_SPREAD_CREDIT, OPERATION_STRATEGY, OPERATION_TAIL_MEAN,
  OPERATION_TOTAL, OPERATION_WIDEN, OPERATION_WORST, OPERATION_WORST_AT, PAIR_TABLE_SIZE, PARAMETER_KEYS,
  PARAMETER_DEFAULT, PARAMETER_SIZE, PROGRAM_NODES, PROGRAM_PAIR_TABLES,
  PROGRAM_PARAMETERS, PROGRAM_SETS, PROGRAM_SPREAD_TABLES, PROGRAM_TABLES, RESULT_ROW_BYTES, SET_ATTRIBUTES, SET_SIZE,
  SET_WIDTH, SPREAD_TABLE_SIZE, TIER_TABLE_SIZE,
} from "./format";
import { binaryMatrix, optionMatrix, chooseMatrix, unaryMatrix } from "./matrices";
import { lowestScenario, oneScenario, tailOf } from "./reductions";
import { book, fieldColumn, firstPositionsOf, inputColumn, parentMap, rowsOf } from "./regions";
import { allocate, nodeAt, release, resultAt, rowAt, setResult, stepOf } from "./results";
import { LEG_BYTES, strategyWorkBytes } from "./strategy";
import { calendarCharge, correlated, leastRequirements, payoffAt, payoffFloor, spreadCredit } from "./structures";
import { attributeMap, attributeRows, parameterColumn, tierColumn, tierMatrix } from "./tiers";

/** The program under way, and its nodes. */
export let program: usize = 0;
export let nodes: usize = 0;

export function useProgram(address: usize): void {
  program = address;
  nodes = program + load<u32>(program, PROGRAM_NODES + 4);
}

/** The result record of an argument. */
@inline
function argument(node: usize, index: u32): usize {
  return resultAt(argumentNode(node, index));
}

@inline
export function argumentNode(node: usize, index: u32): u32 {
  return load<u32>(program + load<u32>(node, NODE_ARGUMENT_LIST) + (<usize>index << 2));
}

@inline
export function levelOf(node: u32): u32 {
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

/** Computes all rows of a node into new room of the arena. @returns whether the operation is known */
export function evaluateNode(number: u32, node: usize): bool {
  const operation = <u32>load<u16>(node, NODE_OPERATION);
  if (operation <= OPERATION_SPREAD) {
    view(operation, number, node);
    return true;
  }
  const set = load<u32>(node, NODE_SET);
  const rows = rowsOf(load<u8>(node, NODE_LEVEL));
  const width = set == NO_NUMBER ? CELL : <usize>load<u32>(setAt(set), SET_WIDTH);
  const out = allocate(<usize>rows * width);
  setResult(number, out, width, 0, set == NO_NUMBER ? 0 : 8);
  return computeRows(node, out, width, 0, rows);
}

/**
 * Computes rows of a node, no view, from `from` to before `end`.
 * @param out where its row 0 begins
 * @param width bytes of a row
 */
export function computeRows(node: usize, out: usize, width: usize, from: u32, end: u32): bool {
  const operation = <u32>load<u16>(node, NODE_OPERATION);
  return load<u32>(node, NODE_SET) == NO_NUMBER
    ? computeColumn(operation, node, out, from, end)
    : computeMatrix(operation, node, out, width, from, end);
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
  const same = load<u32>(argument(node, 0), RESULT_ROW_BYTES) == 0;
  const count: u32 = same ? 1 : rows;
  const out = allocate(<usize>count << 3);
  setResult(number, out, same ? 0 : 8, 0, 0);
  spreadRows(node, out, 0, count);
}

/** @param out where row 0 begins */
export function spreadRows(node: usize, out: usize, from: u32, end: u32): void {
  const source = argument(node, 0);
  for (let row = from; row < end; row++) store<f64>(out + (<usize>row << 3), toFloat(rowAt(source, row)));
}

@inline
function isOfOption(operation: u32): bool {
  return (operation >= OPERATION_BLACK_PRICE && operation <= OPERATION_BLACK_THETA) ||
    (operation >= OPERATION_BACHELIER_PRICE && operation <= OPERATION_BACHELIER_THETA);
}

/** What does not go row by row is computed whole, whichever rows are asked for. */
function computeColumn(operation: u32, node: usize, all: usize, from: u32, end: u32): bool {
  const level = <u32>load<u8>(node, NODE_LEVEL);
  const rows = rowsOf(level);
  const first = argument(node, 0);
  const count = load<u32>(node, NODE_ARGUMENTS);
  const out = all + <usize>from * CELL;
  if (operation >= OPERATION_TOTAL && operation <= OPERATION_ANY) {
    aggregateColumn(operation, all, from, end, level, first, levelOf(argumentNode(node, 0)));
    return true;
  }
  if (isOfOption(operation)) {
    optionColumn(
      operation, out, from, end,
      first, argument(node, 1), argument(node, 2), argument(node, 3), argument(node, 4), argument(node, 5),
    );
    return true;
  }
  switch (operation) {
    case OPERATION_CHOOSE:
      chooseColumn(out, from, end, first, argument(node, 1), argument(node, 2));
      return true;
    case OPERATION_WORST:
    case OPERATION_WORST_AT:
      lowestScenario(operation, out, from, end, first, scenariosOf(node));
      return true;
    case OPERATION_QUANTILE:
    case OPERATION_TAIL_MEAN:
      tailOf(operation, out, from, end, first, scenariosOf(node), argument(node, 1));
      return true;
    case OPERATION_SCENARIO:
      oneScenario(out, from, end, first, scenariosOf(node), argument(node, 1));
      return true;
    case OPERATION_MARGINAL:
    case OPERATION_BRACKET: {
      const table = recordAt(PROGRAM_TABLES, load<u32>(node, NODE_INDEX), TIER_TABLE_SIZE);
      tierColumn(operation, program, table, load<u32>(node, NODE_COLUMN), out, from, end, level, first);
      return true;
    }
    case OPERATION_PAYOFF_FLOOR:
      payoffFloor(all, rows, first);
      return true;
    case OPERATION_PAYOFF_AT:
      payoffAt(all, rows, first);
      return true;
    case OPERATION_CORRELATED: {
      const table = recordAt(PROGRAM_PAIR_TABLES, load<u32>(node, NODE_INDEX), PAIR_TABLE_SIZE);
      correlated(program, table, all, first, levelOf(argumentNode(node, 0)));
      return true;
    }
    case OPERATION_SPREAD_CREDIT: {
      const left = allocate(<usize>rows * CELL);
      const table = recordAt(PROGRAM_SPREAD_TABLES, load<u32>(node, NODE_INDEX), SPREAD_TABLE_SIZE);
      spreadCredit(program, table, all, left, rows, level, first, argument(node, 1));
      release(left);
      return true;
    }
    case OPERATION_CALENDAR_CHARGE: {
      const scratch = allocate(<usize>rows * 2 * CELL);
      calendarCharge(all, scratch, scratch + <usize>rows * CELL, rows, level, first, argument(node, 1));
      release(scratch);
      return true;
    }
    case OPERATION_STRATEGY: {
      const positions = rowsOf(LEVEL_POSITION);
      const work = strategyWorkBytes(positions);
      const scratch = allocate(work + <usize>positions * LEG_BYTES);
      leastRequirements(
        all, rows, level, scratch, scratch + work,
        first, argument(node, 1), argument(node, 2), argument(node, 3), argument(node, 4),
      );
      release(scratch);
      return true;
    }
    default:
      if (count == 1) return unaryColumn(operation, out, from, end, first);
      return count == 2 && binaryColumn(operation, out, from, end, first, argument(node, 1));
  }
}

/** Scenarios of the matrix that a column is made from. */
function scenariosOf(node: usize): u32 {
  return load<u32>(setAt(load<u32>(nodeAt(nodes, argumentNode(node, 0)), NODE_SET)));
}

function computeMatrix(operation: u32, node: usize, all: usize, width: usize, from: u32, end: u32): bool {
  const level = <u32>load<u8>(node, NODE_LEVEL);
  const first = argument(node, 0);
  const count = load<u32>(node, NODE_ARGUMENTS);
  const out = all + <usize>from * width;
  if (operation >= OPERATION_TOTAL && operation <= OPERATION_ANY) {
    aggregateScenarios(operation, node, all, from, end, level, width);
    return true;
  }
  if (isOfOption(operation)) {
    optionMatrix(
      operation, out, from, end, width,
      first, argument(node, 1), argument(node, 2), argument(node, 3), argument(node, 4), argument(node, 5),
    );
    return true;
  }
  if (operation == OPERATION_CHOOSE) {
    chooseMatrix(out, from, end, width, first, argument(node, 1), argument(node, 2));
    return true;
  }
  if (operation == OPERATION_MARGINAL || operation == OPERATION_BRACKET) {
    const table = recordAt(PROGRAM_TABLES, load<u32>(node, NODE_INDEX), TIER_TABLE_SIZE);
    tierMatrix(operation, program, table, load<u32>(node, NODE_COLUMN), out, from, end, width, level, first);
    return true;
  }
  if (count == 1) return unaryMatrix(operation, out, from, end, width, first);
  return count == 2 && binaryMatrix(operation, out, from, end, width, first, argument(node, 1));
}

function aggregateScenarios(
  operation: u32, node: usize, all: usize, first: u32, end: u32, level: u32, width: usize,
): void {
  const source = argumentNode(node, 0);
  const from = levelOf(source);
  const inner = nodeAt(nodes, source);
  if (load<u8>(inner, NODE_FLAGS) & NODE_FUSED) {
    // One factor has a value a row, the other a row of scenarios (services/regimes/encodeProgram.ts sees to it).
    const left = argument(inner, 0);
    const right = argument(inner, 1);
    const scale = stepOf(left) == 0 ? left : right;
    totalProduct(all, first, end, level, width, scale, scale == left ? right : left, from);
    return;
  }
  const seen = allocate(end);
  if (operation != OPERATION_TOTAL) memory.fill(seen, 0, end);
  aggregateMatrix(operation, all, first, end, level, width, resultAt(source), from, seen);
  release(seen);
}
