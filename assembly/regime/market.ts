// What depends on the market alone is computed once for each instrument and all accounts: results of stored nodes (level
// instrument) are kept by program and instrument, in lines that hold one instrument each.
//
//   line: | 0 programs' version u32 | 4 instrument u32 | 8 version u64 | 16 time us i64 | 32 cells and rows of the stored nodes |
//
// A line is good while the program is the same, the gatherer gives the same version for the instrument, and, where stored
// nodes depend on the time, the book has the same time. The version must change with every fact of the instrument and of its
// underlying, with the price of its settlement currency, and with inputs: a count of the market's changes will do.
// Where one line is not good, all instruments of the book are computed again and kept.

import {
  BOOK_TIME, LEVEL_INSTRUMENT, NO_NUMBER, NODE_MARKET_OFFSET, NODE_SET, POSITION_KEYS_SIZE, POSITION_NUMBER, POSITION_VERSION,
  PROGRAM_MARKET_ROW, PROGRAM_SETS, PROGRAM_SLOTS, PROGRAM_STORED, PROGRAM_TIMED, SET_SIZE, SET_WIDTH,
} from "./format";
import { CELL, copyCell } from "./decimal";
import { vectorRow } from "./matrices";
import { nodes, program } from "./operations";
import { programAt, programsVersion } from "./programs";
import { book, marketStore, marketStoreEnd, positionKeys, rowsOf } from "./regions";
import { allocate, nodeAt, resultAt, rowAt, setResult } from "./results";

const LINE_INSTRUMENT: usize = 4;
const LINE_VERSION: usize = 8;
const LINE_TIME: usize = 16;
const LINE_HEADER: u32 = 32;

/** Programs' version that the store was shared out for. */
let sharedOut: u32 = 0;
/** For each slot: address u32, lines u32. */
const shares = memory.data(128, 8);

/** Bytes of a line of the program under way, its first line, and the number of each position's line. */
let lineBytes: usize = 0;
let firstLine: usize = 0;
let lineMap: usize = 0;
/** All instruments of the book are there. */
export let allKept: bool = false;

/** The store in equal parts among the programs that keep something. */
function shareOut(): void {
  let takers: u32 = 0;
  for (let slot: u32 = 0; slot < PROGRAM_SLOTS; slot++) if (lineSize(slot) != 0) takers++;
  let at = marketStore;
  for (let slot: u32 = 0; slot < PROGRAM_SLOTS; slot++) {
    const size = lineSize(slot);
    const lines = size == 0 ? 0 : <u32>(marketStoreEnd - marketStore) / takers / size;
    store<u32>(shares + (<usize>slot << 3), <u32>at);
    store<u32>(shares + (<usize>slot << 3), lines, 4);
    at += <usize>lines * size;
  }
  sharedOut = programsVersion;
}

function lineSize(slot: u32): u32 {
  const program = programAt(slot);
  if (program == 0) return 0;
  const bytes = load<u32>(program, PROGRAM_MARKET_ROW);
  return bytes == 0 ? 0 : bytes + LINE_HEADER;
}

/** Finds the lines of the book's instruments. @returns whether the program keeps anything */
export function findKept(slot: u32): bool {
  if (sharedOut != programsVersion) shareOut();
  const lines = load<u32>(shares + (<usize>slot << 3), 4);
  if (lines == 0) return false;
  lineBytes = lineSize(slot);
  firstLine = load<u32>(shares + (<usize>slot << 3));
  const rows = rowsOf(LEVEL_INSTRUMENT);
  lineMap = allocate(<usize>rows << 2);
  const timed = load<u32>(program, PROGRAM_TIMED) != 0;
  allKept = true;
  for (let row: u32 = 0; row < rows; row++) {
    const keys = positionKeys + <usize>row * POSITION_KEYS_SIZE;
    const instrument = load<u32>(keys, POSITION_NUMBER);
    const number = instrument % lines;
    store<u32>(lineMap + (<usize>row << 2), number);
    const line = firstLine + <usize>number * lineBytes;
    if (
      load<u32>(line) != programsVersion || load<u32>(line, LINE_INSTRUMENT) != instrument ||
      load<u64>(line, LINE_VERSION) != load<u64>(keys, POSITION_VERSION) ||
      (timed && load<i64>(line, LINE_TIME) != load<i64>(book, BOOK_TIME))
    ) {
      allKept = false;
    }
  }
  return true;
}

/** A stored node, seen in the lines. */
export function viewKept(number: u32, node: usize): void {
  const step: u32 = load<u32>(node, NODE_SET) == NO_NUMBER ? 0 : 8;
  setResult(number, firstLine + LINE_HEADER + load<u32>(node, NODE_MARKET_OFFSET), lineBytes, lineMap, step);
}

/** A stored node, copied out of the lines. */
export function copyKept(number: u32, node: usize): void {
  const set = load<u32>(node, NODE_SET);
  const width = set == NO_NUMBER ? CELL : widthOf(set);
  const rows = rowsOf(LEVEL_INSTRUMENT);
  const out = allocate(<usize>rows * width);
  setResult(number, out, width, 0, set == NO_NUMBER ? 0 : 8);
  const offset = <usize>LINE_HEADER + load<u32>(node, NODE_MARKET_OFFSET);
  for (let row: u32 = 0; row < rows; row++) {
    const from = firstLine + <usize>load<u32>(lineMap + (<usize>row << 2)) * lineBytes + offset;
    const to = out + <usize>row * width;
    for (let at: usize = 0; at < width; at += 16) v128.store(to + at, v128.load(from + at));
  }
}

/** Bytes of a row of scenarios of the program under way. */
@inline
function widthOf(set: u32): usize {
  return <usize>load<u32>(program + load<u32>(program, PROGRAM_SETS + 4) + <usize>set * SET_SIZE, SET_WIDTH);
}

/** Puts the results of the stored nodes into the lines of the book's instruments. */
export function keep(): void {
  const rows = rowsOf(LEVEL_INSTRUMENT);
  const count = load<u32>(program, PROGRAM_STORED);
  const stored = program + load<u32>(program, PROGRAM_STORED + 4);
  for (let row: u32 = 0; row < rows; row++) {
    const keys = positionKeys + <usize>row * POSITION_KEYS_SIZE;
    const line = firstLine + <usize>load<u32>(lineMap + (<usize>row << 2)) * lineBytes;
    store<u32>(line, programsVersion);
    store<u32>(line, load<u32>(keys, POSITION_NUMBER), LINE_INSTRUMENT);
    store<u64>(line, load<u64>(keys, POSITION_VERSION), LINE_VERSION);
    store<i64>(line, load<i64>(book, BOOK_TIME), LINE_TIME);
    for (let index: u32 = 0; index < count; index++) {
      const number = load<u32>(stored + (<usize>index << 2));
      const node = nodeAt(nodes, number);
      const out = line + LINE_HEADER + load<u32>(node, NODE_MARKET_OFFSET);
      const set = load<u32>(node, NODE_SET);
      if (set == NO_NUMBER) {
        copyCell(out, rowAt(resultAt(number), row));
      } else {
        const width = widthOf(set);
        memory.copy(out, vectorRow(resultAt(number), row, width, 0), width);
      }
    }
  }
}
