// How much of the arena a book needs under a program, known before anything is computed: bytes for a row of each level, measured
// once when the program is installed. So whether a book fits depends on its rows alone, not on what the market store holds.

import {
  LEVEL_COUNT, LEVEL_INSTRUMENT, LEVEL_POSITION, NO_NUMBER, NODE_FLAGS, NODE_FUSED, NODE_LEVEL, NODE_OPERATION, NODE_SET,
  OPERATION_ANY, OPERATION_ATTRIBUTE, OPERATION_CALENDAR_CHARGE, OPERATION_CONSTANT, OPERATION_FIELD, OPERATION_INPUT,
  OPERATION_PARAMETER, OPERATION_SPREAD, OPERATION_SPREAD_CREDIT, OPERATION_STRATEGY, OPERATION_TOTAL, OPERATION_WIDEN,
  PROGRAM_FIXED_BYTES, PROGRAM_NODES, PROGRAM_ROW_BYTES, PROGRAM_SETS, PROGRAM_STRATEGIES, RESULT_SIZE, SET_SIZE, SET_WIDTH,
} from "./format";
import { CELL } from "./decimal";
import { rowsOf } from "./regions";
import { nodeAt } from "./results";
import { LEG_BYTES, strategyWorkBytes } from "./strategy";

const MAP_ENTRY: u32 = 4;
/** A node allocates twice at most, each time up to a whole cell. */
const ROUNDING: u32 = 2 * <u32>CELL;

@inline
function need(program: usize, level: u32, bytes: u32): void {
  const at = program + PROGRAM_ROW_BYTES + (<usize>level << 2);
  store<u32>(at, load<u32>(at) + bytes);
}

/** Writes the bytes a row of each level, and those for any book, into the program's header. */
export function measure(program: usize): void {
  const count = load<u32>(program, PROGRAM_NODES);
  const nodes = program + load<u32>(program, PROGRAM_NODES + 4);
  memory.fill(program + PROGRAM_ROW_BYTES, 0, <usize>LEVEL_COUNT << 2);
  store<u32>(program, 0, PROGRAM_STRATEGIES);
  // The lines of the market store.
  need(program, LEVEL_INSTRUMENT, MAP_ENTRY);
  for (let number: u32 = 0; number < count; number++) {
    const node = nodeAt(nodes, number);
    if ((load<u8>(node, NODE_FLAGS) & NODE_FUSED) != 0) continue;
    const operation = <u32>load<u16>(node, NODE_OPERATION);
    need(program, load<u8>(node, NODE_LEVEL), rowBytes(program, node, operation));
    if (operation == OPERATION_STRATEGY) store<u32>(program, 1, PROGRAM_STRATEGIES);
  }
  store<u32>(program, count * (RESULT_SIZE + ROUNDING) + ROUNDING, PROGRAM_FIXED_BYTES);
}

function rowBytes(program: usize, node: usize, operation: u32): u32 {
  const set = load<u32>(node, NODE_SET);
  const isColumn = set == NO_NUMBER;
  let width = <u32>CELL;
  if (!isColumn) width = load<u32>(program + load<u32>(program, PROGRAM_SETS + 4) + <usize>set * SET_SIZE, SET_WIDTH);
  switch (operation) {
    case OPERATION_CONSTANT:
    case OPERATION_FIELD: return 0;
    case OPERATION_PARAMETER: return <u32>CELL;
    case OPERATION_INPUT: return isColumn ? 0 : width;
    case OPERATION_ATTRIBUTE:
    case OPERATION_WIDEN: return MAP_ENTRY;
    case OPERATION_SPREAD: return 8;
    case OPERATION_SPREAD_CREDIT: return 2 * width;
    case OPERATION_CALENDAR_CHARGE: return 3 * width;
    default: return operation >= OPERATION_TOTAL && operation <= OPERATION_ANY ? width + 1 : width;
  }
}

/** Bytes that the book that was arranged needs. */
export function roomFor(program: usize): u64 {
  let bytes: u64 = load<u32>(program, PROGRAM_FIXED_BYTES);
  for (let level: u32 = 0; level < LEVEL_COUNT; level++) {
    bytes += <u64>rowsOf(level) * load<u32>(program + PROGRAM_ROW_BYTES + (<usize>level << 2));
  }
  // One strategy works at a time.
  const positions = rowsOf(LEVEL_POSITION);
  if (load<u32>(program, PROGRAM_STRATEGIES) != 0) bytes += strategyWorkBytes(positions) + <usize>positions * LEG_BYTES;
  return bytes;
}
