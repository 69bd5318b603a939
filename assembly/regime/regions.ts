// The machine's memory (drawn in format.ts): the program store, which is state of the shard, and scratch for one book at a
// time. Sizes are chosen before the shard is laid out and never change.

import { CELL } from "./decimal";
import {
  BOOK_CURRENCIES_MAX, BOOK_INPUTS_MAX, BOOK_SIZE, CURRENCY_KEYS_SIZE, DIRECTORY_ARENA, DIRECTORY_ARENA_END,
  DIRECTORY_BOOK, DIRECTORY_CURRENCY_KEYS, DIRECTORY_FIELDS, DIRECTORY_INPUTS, DIRECTORY_MAP_BYTES, DIRECTORY_MAPS,
  DIRECTORY_ORDER_KEYS, DIRECTORY_POSITION_KEYS, DIRECTORY_REFUSAL, DIRECTORY_ROWS, DIRECTORY_SIZE, DIRECTORY_VERDICTS,
  FIELD_BALANCE, FIELD_COUNT, FIELD_MARKET_ORDER, FIELD_ORDER_QUANTITY, FIELD_PRICE, LEVEL_COUNT, LEVEL_POSITION,
  ORDER_KEYS_SIZE, POSITION_KEYS_SIZE, REFUSAL_SIZE, SCENARIOS_MAX, VERDICT_SIZE,
} from "./format";

export let programBytes: u32 = 0;
let arenaBytes: u32 = 0;
export let positionMax: u32 = 0;
export let orderMax: u32 = 0;
let marketBytes: u32 = 0;

/** Bytes of the program store, the arena and the market store; rows of a book. All 0: no machine. */
export function chooseRegions(programs: u32, arena: u32, positions: u32, orders: u32, market: u32): void {
  programBytes = programs;
  arenaBytes = arena;
  positionMax = positions;
  orderMax = orders;
  marketBytes = market;
}

export let directory: usize = 0;
export let book: usize = 0;
export let positionKeys: usize = 0;
export let orderKeys: usize = 0;
export let currencyKeys: usize = 0;
export let verdicts: usize = 0;
export let refusal: usize = 0;
export let arena: usize = 0;
export let arenaEnd: usize = 0;
export let marketStore: usize = 0;
export let marketStoreEnd: usize = 0;
let rowCounts: usize = 0;
let maps: usize = 0;
let mapBytes: usize = 0;
let rowKeys: usize = 0;
let firstPositions: usize = 0;
let fields: usize = 0;
let inputs: usize = 0;
/** Hash slots of the level under way, u32 each: see `book.ts`. */
export let slots: usize = 0;
/** Three rows of the widest set: values that stand for all scenarios, spread out, or scenarios that are sorted. */
export let scenarioRows: usize = 0;
export const SCENARIO_ROW_BYTES: usize = <usize>SCENARIOS_MAX * 8;

/** A level's row, as it is found again: 24 bytes. 0 number of the row above u32 | 4 key number u32 | 8 low u64 | 16 high u64 */
const ROW_KEY_SIZE: usize = 24;

let end: usize = 0;

function reserve(bytes: usize): usize {
  const start = end;
  end = (end + bytes + 63) & ~63;
  return start;
}

/** Lays out the scratch from this address; nothing is written yet. @returns the first byte after it */
export function layOutRegions(start: usize): usize {
  end = start;
  if (arenaBytes == 0) return end;
  const positions = <usize>positionMax;
  directory = reserve(DIRECTORY_SIZE);
  book = reserve(BOOK_SIZE);
  positionKeys = reserve(positions * POSITION_KEYS_SIZE);
  orderKeys = reserve(<usize>orderMax * ORDER_KEYS_SIZE);
  currencyKeys = reserve(<usize>BOOK_CURRENCIES_MAX * CURRENCY_KEYS_SIZE);
  rowCounts = reserve(<usize>LEVEL_COUNT * 4);
  mapBytes = <usize>max(max(positionMax, orderMax), BOOK_CURRENCIES_MAX) * 4;
  maps = reserve(<usize>LEVEL_COUNT * LEVEL_COUNT * mapBytes);
  rowKeys = reserve(<usize>LEVEL_POSITION * positions * ROW_KEY_SIZE);
  firstPositions = reserve(<usize>LEVEL_POSITION * positions * 4);
  let slotCount: usize = 16;
  while (slotCount < positions * 2) slotCount <<= 1;
  slots = reserve(slotCount * 4);
  fields = end;
  for (let field: u32 = 0; field < FIELD_COUNT; field++) reserve(rowsOfField(field) * CELL);
  inputs = end;
  for (let input: u32 = 0; input < BOOK_INPUTS_MAX; input++) reserve(mapBytes * 4);
  verdicts = reserve(<usize>BOOK_CURRENCIES_MAX * VERDICT_SIZE);
  refusal = reserve(REFUSAL_SIZE);
  scenarioRows = reserve(3 * SCENARIO_ROW_BYTES);
  arena = reserve(arenaBytes);
  arenaEnd = end;
  marketStore = reserve(marketBytes);
  marketStoreEnd = end;
  return end;
}

/** Writes the directory, once the memory reaches as far as the regions. */
export function writeDirectory(): void {
  if (arenaBytes == 0) return;
  end = fields;
  for (let field: u32 = 0; field < FIELD_COUNT; field++) {
    store<u32>(directory + (<usize>field << 2), <u32>reserve(rowsOfField(field) * CELL), DIRECTORY_FIELDS);
  }
  for (let input: u32 = 0; input < BOOK_INPUTS_MAX; input++) {
    store<u32>(directory + (<usize>input << 2), <u32>(inputs + <usize>input * mapBytes * 4), DIRECTORY_INPUTS);
  }
  store<u32>(directory, <u32>book, DIRECTORY_BOOK);
  store<u32>(directory, <u32>positionKeys, DIRECTORY_POSITION_KEYS);
  store<u32>(directory, <u32>orderKeys, DIRECTORY_ORDER_KEYS);
  store<u32>(directory, <u32>currencyKeys, DIRECTORY_CURRENCY_KEYS);
  store<u32>(directory, <u32>rowCounts, DIRECTORY_ROWS);
  store<u32>(directory, <u32>maps, DIRECTORY_MAPS);
  store<u32>(directory, <u32>mapBytes, DIRECTORY_MAP_BYTES);
  store<u32>(directory, <u32>verdicts, DIRECTORY_VERDICTS);
  store<u32>(directory, <u32>refusal, DIRECTORY_REFUSAL);
  store<u32>(directory, <u32>arena, DIRECTORY_ARENA);
  store<u32>(directory, <u32>arenaEnd, DIRECTORY_ARENA_END);
}

function rowsOfField(field: u32): usize {
  if (field >= FIELD_ORDER_QUANTITY && field <= FIELD_MARKET_ORDER) return orderMax;
  return field == FIELD_BALANCE || field == FIELD_PRICE ? BOOK_CURRENCIES_MAX : positionMax;
}

@inline
export function fieldColumn(field: u32): usize {
  return load<u32>(directory + (<usize>field << 2), DIRECTORY_FIELDS);
}

@inline
export function inputColumn(input: u32): usize {
  return load<u32>(directory + (<usize>input << 2), DIRECTORY_INPUTS);
}

@inline
export function rowsOf(level: u32): u32 {
  return load<u32>(rowCounts + (<usize>level << 2));
}

@inline
export function setRowsOf(level: u32, count: u32): void {
  store<u32>(rowCounts + (<usize>level << 2), count);
}

/** For each row of the level its row of the level above, u32 each. */
@inline
export function parentMap(level: u32, above: u32): usize {
  return maps + <usize>(level * LEVEL_COUNT + above) * mapBytes;
}

/** Keys of the rows of unit, underlying, expiry and strike. */
@inline
export function rowKeyAt(level: u32, row: u32): usize {
  return rowKeys + (<usize>level * positionMax + row) * ROW_KEY_SIZE;
}

/** For each row of unit, underlying, expiry and strike the first of its positions, u32 each. */
@inline
export function firstPositionsOf(level: u32): usize {
  return firstPositions + <usize>level * positionMax * 4;
}
