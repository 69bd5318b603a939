// The machine's memory (drawn in format.ts): the program store, which is state of the shard, and scratch for one book at a
// time on each desk. Sizes are chosen before the shard is laid out and never change.

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
let marketBytes: u32 = 0;
let mainPositions: u32 = 0;
let mainOrders: u32 = 0;

/** Bytes of the program store, the arena and the market store; rows of a book. All 0: no machine. */
export function chooseRegions(programs: u32, arena: u32, positions: u32, orders: u32, market: u32): void {
  programBytes = programs;
  arenaBytes = arena;
  mainPositions = positions;
  mainOrders = orders;
  marketBytes = market;
}

// A desk is room for one book and what is computed from it. Any book may lie on the main desk, also those of the host; on the
// others, which are smaller, lie books of accounts until they change (keptBooks.ts).

const MAIN_DESK: u32 = 0;
/** Desks for books that stay, numbered from 1. A power of two. */
export const KEPT_DESKS: u32 = 32;
/** Positions of a book that stays; it has no orders. */
export const KEPT_POSITIONS: u32 = 64;
export const KEPT_CURRENCIES: u32 = 32;
/** Rows of a book whose changes are recorded at a time. */
export const KEPT_CHANGES: u32 = 24;
const KEPT_ARENA_BYTES: u32 = 1 << 20;
// Of what a book was filled with (drawn in keptBooks.ts).
export const NOTE_HEADER: u32 = 64;
export const NOTE_POSITION: u32 = 64;
export const NOTE_CURRENCY: u32 = 32;
export const NOTE_CHANGE: u32 = 16;
const NOTE_BYTES: u32 = NOTE_HEADER + KEPT_POSITIONS * NOTE_POSITION + KEPT_CURRENCIES * (NOTE_CURRENCY + VERDICT_SIZE) + KEPT_CHANGES * NOTE_CHANGE;

let mainDesk: usize = 0;
let keptDesks: usize = 0;
let keptDeskBytes: usize = 0;
let desk: u32 = MAIN_DESK;

// The desk under way: rows that it has room for, and where its parts lie.
export let positionMax: u32 = 0;
export let orderMax: u32 = 0;
export let currencyMax: u32 = 0;
export let directory: usize = 0;
export let book: usize = 0;
export let positionKeys: usize = 0;
export let orderKeys: usize = 0;
export let currencyKeys: usize = 0;
export let verdicts: usize = 0;
/** For each currency of the book its number in the shard, u32. */
export let currencyNumbers: usize = 0;
/** Of a book that stays: what it was filled with (keptBooks.ts). */
export let notes: usize = 0;
export let arena: usize = 0;
export let arenaEnd: usize = 0;
let rowCounts: usize = 0;
let maps: usize = 0;
let mapBytes: usize = 0;
let rowKeys: usize = 0;
let firstPositions: usize = 0;
let fields: usize = 0;
let inputs: usize = 0;

// One for all desks.
export let refusal: usize = 0;
export let marketStore: usize = 0;
export let marketStoreEnd: usize = 0;
/** Hash slots of the level under way, u32 each: see `book.ts`. */
export let slots: usize = 0;
/** Three rows of the widest set: values that stand for all scenarios, spread out, or scenarios that are sorted. */
export let scenarioRows: usize = 0;
export const SCENARIO_ROW_BYTES: usize = <usize>SCENARIOS_MAX * 8;
/** Which nodes of the installed programs can change with a position: see `changes.ts`. */
export let changePlans: usize = 0;

/** Fields that have a cell an order. */
const ORDER_FIELDS: usize = <usize>(FIELD_MARKET_ORDER - FIELD_ORDER_QUANTITY + 1);

/** A level's row, as it is found again: 24 bytes. 0 number of the row above u32 | 4 key number u32 | 8 low u64 | 16 high u64 */
const ROW_KEY_SIZE: usize = 24;

let end: usize = 0;

@inline
function reserve(bytes: usize): usize {
  const start = end;
  end = (end + bytes + 63) & ~63;
  return start;
}

/** Lays out the scratch from this address; nothing is written yet. @returns the first byte after it */
export function layOutRegions(start: usize): usize {
  end = start;
  if (arenaBytes == 0) return end;
  let slotCount: usize = 16;
  while (slotCount < <usize>mainPositions * 2) slotCount <<= 1;
  slots = reserve(slotCount * 4);
  refusal = reserve(REFUSAL_SIZE);
  scenarioRows = reserve(3 * SCENARIO_ROW_BYTES);
  changePlans = reserve(programBytes);
  marketStore = reserve(marketBytes);
  marketStoreEnd = end;
  keptDesks = end;
  partDesk(keptDesks, KEPT_POSITIONS, 0, KEPT_CURRENCIES, KEPT_ARENA_BYTES, NOTE_BYTES);
  keptDeskBytes = end - keptDesks;
  mainDesk = keptDesks + <usize>KEPT_DESKS * keptDeskBytes;
  partDesk(mainDesk, mainPositions, mainOrders, BOOK_CURRENCIES_MAX, arenaBytes, 0);
  return end;
}

/** Says where the parts of a desk lie. */
function partDesk(start: usize, positions: u32, orders: u32, currencies: u32, bytes: u32, noteBytes: u32): void {
  end = start;
  positionMax = positions;
  orderMax = orders;
  currencyMax = currencies;
  directory = reserve(DIRECTORY_SIZE);
  book = reserve(BOOK_SIZE);
  positionKeys = reserve(<usize>positions * POSITION_KEYS_SIZE);
  orderKeys = reserve(<usize>orders * ORDER_KEYS_SIZE);
  currencyKeys = reserve(<usize>currencies * CURRENCY_KEYS_SIZE);
  currencyNumbers = reserve(<usize>currencies * 4);
  notes = reserve(noteBytes);
  rowCounts = reserve(<usize>LEVEL_COUNT * 4);
  mapBytes = <usize>max(max(positions, orders), currencies) * 4;
  maps = reserve(<usize>LEVEL_COUNT * LEVEL_COUNT * mapBytes);
  rowKeys = reserve(<usize>LEVEL_POSITION * positions * ROW_KEY_SIZE);
  firstPositions = reserve(<usize>LEVEL_POSITION * positions * 4);
  verdicts = reserve(<usize>currencies * VERDICT_SIZE);
  inputs = reserve(<usize>BOOK_INPUTS_MAX * mapBytes * 4);
  arena = reserve(bytes);
  arenaEnd = end;
  fields = end;
  // Each begins at a whole cache line.
  end += (<usize>FIELD_COUNT * (positions + 4) + ORDER_FIELDS * <usize>orders + 2 * <usize>currencies) * CELL;
  end = (end + 63) & ~63;
}

@inline
export function onMainDesk(): bool {
  return desk == MAIN_DESK;
}

/** Books are filled and evaluated here from now on. */
export function useMainDesk(): void {
  if (desk == MAIN_DESK) return;
  desk = MAIN_DESK;
  partDesk(mainDesk, mainPositions, mainOrders, BOOK_CURRENCIES_MAX, arenaBytes, 0);
}

/** @param number from 1 to KEPT_DESKS */
export function useKeptDesk(number: u32): void {
  if (desk == number) return;
  desk = number;
  partDesk(keptDesks + <usize>(number - 1) * keptDeskBytes, KEPT_POSITIONS, 0, KEPT_CURRENCIES, KEPT_ARENA_BYTES, NOTE_BYTES);
}

/** Writes the directories, once the memory reaches as far as the regions. */
export function writeDirectory(): void {
  if (arenaBytes == 0) return;
  for (let number: u32 = 1; number <= KEPT_DESKS; number++) {
    useKeptDesk(number);
    writeDesk();
  }
  useMainDesk();
  writeDesk();
}

function writeDesk(): void {
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
  return field == FIELD_BALANCE || field == FIELD_PRICE ? currencyMax : positionMax;
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
