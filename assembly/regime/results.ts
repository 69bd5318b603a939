// What nodes came to: a record of each node (drawn in format.ts), and the arena that holds cells and rows of scenarios until
// the next evaluation. Nothing is freed before: every result stays readable.

import {
  BOOK_ARENA_TAKEN, DIRECTORY_RESULTS, NODE_SIZE, RESULT_ADDRESS, RESULT_MAP, RESULT_ROW_BYTES,
  RESULT_SIZE, RESULT_STEP,
} from "./format";
import { arena, arenaEnd, book, directory } from "./regions";

let top: usize = 0;
let results: usize = 0;
/** Empties the arena but for what the book keeps at its start, and clears the records. */
export function resetResults(nodes: u32): void {
  top = arenaStart();
  results = allocate(<usize>nodes * RESULT_SIZE);
  memory.fill(results, 0, <usize>nodes * RESULT_SIZE);
  store<u32>(directory, <u32>results, DIRECTORY_RESULTS);
}

/** Goes on with what was evaluated on this desk before, and with the arena from this address. */
export function resumeResults(from: usize): void {
  results = load<u32>(directory, DIRECTORY_RESULTS);
  top = from;
}

/** What the book keeps at the arena's start ends here. */
@inline
function arenaStart(): usize {
  return arena + ((<usize>load<u32>(book, BOOK_ARENA_TAKEN) + 15) & ~15);
}

/** What the arena has left beyond this room, from `arenaTop` on. */
export function leftBeyond(room: u64): usize {
  const taken = <u64>top + room;
  return taken < <u64>arenaEnd ? arenaEnd - <usize>taken : 0;
}

/** The arena is free from here on. */
export function arenaTop(): usize {
  return top;
}

/** Whether so many bytes fit. */
export function fits(bytes: u64): bool {
  return <u64>arenaStart() + bytes <= <u64>arenaEnd;
}

/** Within what `fits` was asked for; anything else is a fault of the kernel, and fatal. */
export function allocate(bytes: usize): usize {
  const start = top;
  top += (bytes + 15) & ~15;
  if (top > arenaEnd) unreachable();
  return start;
}

/** Gives the newest allocations back, down to this address. */
export function release(address: usize): void {
  top = address;
}

@inline
export function resultAt(node: u32): usize {
  return results + <usize>node * RESULT_SIZE;
}

@inline
export function setResult(node: u32, address: usize, rowBytes: usize, map: usize, step: u32): void {
  const result = resultAt(node);
  store<u32>(result, <u32>address, RESULT_ADDRESS);
  store<u32>(result, <u32>rowBytes, RESULT_ROW_BYTES);
  store<u32>(result, <u32>map, RESULT_MAP);
  store<u32>(result, step, RESULT_STEP);
}

/** Address of a row's cell, or of its first scenario. */
@inline
export function rowAt(result: usize, row: u32): usize {
  const map = <usize>load<u32>(result, RESULT_MAP);
  const stored = map == 0 ? row : load<u32>(map + (<usize>row << 2));
  return <usize>load<u32>(result, RESULT_ADDRESS) + <usize>stored * load<u32>(result, RESULT_ROW_BYTES);
}

@inline
export function isEvaluated(node: u32): bool {
  return load<u32>(resultAt(node), RESULT_ADDRESS) != 0;
}

@inline
export function stepOf(result: usize): usize {
  return load<u32>(result, RESULT_STEP);
}

/** Address of a node of the program. */
@inline
export function nodeAt(nodes: usize, node: u32): usize {
  return nodes + <usize>node * NODE_SIZE;
}
