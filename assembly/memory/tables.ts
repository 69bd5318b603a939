// Where each table lies. Addresses follow from the capacities alone and never move; the memory never grows.

import {
  ACCOUNT_HEAD_SIZE, ACCOUNT_SIZE, ANSWER_SIZE, BLOB_CAPACITY, BOOKKEEPING_SIZE, CURRENCY_CAPACITY, CURRENCY_SIZE,
  HEADER_ACCOUNT_CAPACITY, HEADER_ACCOUNTS, HEADER_CURRENCIES, HEADER_FORGOTTEN_THROUGH, HEADER_IDENTITIES_SEEN,
  HEADER_IDENTITY_CAPACITY, HEADER_INSTRUMENT_CAPACITY, HEADER_INSTRUMENTS, HEADER_KEYS, HEADER_MARGIN_TABLES,
  HEADER_LIMITS, HEADER_NEXT_EFFECTIVE, HEADER_NEXT_EXPIRY, HEADER_POOL_CAPACITY, HEADER_POOLS,
  HEADER_POSITION_CAPACITY, HEADER_POSITIONS, HEADER_FIRST_EXPIRY, HEADER_FREE_HOLD, HEADER_HOLD_CAPACITY,
  HEADER_HOLD_ROWS, HEADER_LAST_EXPIRY, HOLD_SIZE, IDENTITY_POSITION_SIZE, NONE, TABLE_HOLDS, TABLE_IDENTITY_POSITIONS,
  HEADER_PROGRAM_BYTES, HEADER_PROGRAM_CAPACITY, HEADER_REGIMES, HEADER_SCENARIO_GRIDS, HEADER_SIZE, IDENTITY_SIZE,
  INDEX_SIZE, KEY_CAPACITY, LIMIT_CAPACITY, LIMIT_SIZE, OVERRIDE_CAPACITY, REGIME_CAPACITY, REGIME_SIZE, TABLE_INDICES, TABLE_REGIMES,
  INPUT_CAPACITY, INPUT_SIZE, INSTRUMENT_SIZE, MARGIN_TABLE_CAPACITY, MARGIN_TABLE_SIZE, OUTPUT_SIZE, POOL_SIZE,
  POSITION_SIZE, SCENARIO_ARRAY_SIZE, SCENARIO_GRID_CAPACITY, SCENARIO_GRID_SIZE, TABLE_ACCOUNT_HEADS, TABLE_ACCOUNTS,
  TABLE_BOOKKEEPING, TABLE_CURRENCIES, TABLE_HEADER, TABLE_IDENTITIES, TABLE_INSTRUMENTS, TABLE_MARGIN_TABLES,
  TABLE_LIMITS, TABLE_POOLS, TABLE_POSITIONS, TABLE_PROGRAMS, TABLE_SCENARIO_ARRAYS, TABLE_SCENARIO_GRIDS,
} from "./layout";

export let header: usize = 0;
export let bookkeeping: usize = 0;
let currencies: usize = 0;
let marginTables: usize = 0;
let scenarioGrids: usize = 0;
let instruments: usize = 0;
let scenarioArrays: usize = 0;
let indices: usize = 0;
let regimes: usize = 0;
let accounts: usize = 0;
let pools: usize = 0;
let positions: usize = 0;
export let identities: usize = 0;
export let programs: usize = 0;
let holds: usize = 0;
let limits: usize = 0;
/** A row plus one for each key of `limits`, by hash; zero is empty. Follows from the table. */
export let limitIndex: usize = 0;
export const LIMIT_INDEX_MASK: u32 = LIMIT_CAPACITY * 2 - 1;
let accountHeads: usize = 0;
let identityPositions: usize = 0;
export let identityIndex: usize = 0;
export let identityIndexMask: u32 = 0;
export let inputs: usize = 0;
export let blob: usize = 0;
export let outputs: usize = 0;
export let outputCapacity: u32 = 0;
/** A float64 for each scenario: the sum under way. */
export let vector: usize = 0;
/** 16 bytes for each instrument: the positions of the sum under way. */
export let legs: usize = 0;
/** A byte for each account: 1 when its regime must margin it again before the input ends; and the list of those. */
export let touchedFlags: usize = 0;
export let touchedList: usize = 0;
/** A u64 for each account: rows that a tick gathers before it puts them in order. */
export let gathered: usize = 0;
/** Of a replay that puts marks off, u32 each: when an instrument was marked last, and an account valued (deferral.ts). */
export let markedAt: usize = 0;
export let valuedAt: usize = 0;
export let answer: usize = 0;
export let sparePool: u32 = 0;
export let sparePosition: u32 = 0;
let end: usize = 0;

function reserve(bytes: u64): usize {
  const start = end;
  end = <usize>(((<u64>start + bytes + 63) >> 6) << 6);
  return start;
}

/**
 * Lays the tables out. Called once, before anything else; the memory must be zero.
 * @returns the first byte after the last table
 */
export function layOut(
  accountCapacity: u32, poolCapacity: u32, positionCapacity: u32, instrumentCapacity: u32, identityCapacity: u32,
  holdCapacity: u32, programBytes: u32,
): usize {
  end = <usize>(((<u64>__heap_base + 63) >> 6) << 6);
  header = reserve(HEADER_SIZE);
  bookkeeping = reserve(BOOKKEEPING_SIZE);
  currencies = reserve(<u64>CURRENCY_CAPACITY * CURRENCY_SIZE);
  marginTables = reserve(<u64>MARGIN_TABLE_CAPACITY * MARGIN_TABLE_SIZE);
  scenarioGrids = reserve(<u64>SCENARIO_GRID_CAPACITY * SCENARIO_GRID_SIZE);
  instruments = reserve(<u64>instrumentCapacity * INSTRUMENT_SIZE);
  scenarioArrays = reserve(<u64>instrumentCapacity * SCENARIO_ARRAY_SIZE);
  indices = reserve(<u64>KEY_CAPACITY * INDEX_SIZE);
  regimes = reserve(<u64>REGIME_CAPACITY * REGIME_SIZE);
  accounts = reserve(<u64>accountCapacity * ACCOUNT_SIZE);
  // One row more than the capacity: an order check puts there what does not exist yet.
  sparePool = poolCapacity;
  pools = reserve((<u64>poolCapacity + 1) * POOL_SIZE);
  sparePosition = positionCapacity;
  positions = reserve((<u64>positionCapacity + 1) * POSITION_SIZE);
  identities = reserve(<u64>identityCapacity * IDENTITY_SIZE);
  programs = reserve(programBytes);
  holds = reserve(<u64>holdCapacity * HOLD_SIZE);
  limits = reserve(<u64>LIMIT_CAPACITY * LIMIT_SIZE);
  accountHeads = reserve(<u64>accountCapacity * ACCOUNT_HEAD_SIZE);
  identityPositions = reserve(<u64>identityCapacity * IDENTITY_POSITION_SIZE);
  let slots: u32 = 16;
  while (slots < identityCapacity * 2) slots <<= 1;
  identityIndexMask = slots - 1;
  identityIndex = reserve(<u64>slots * 4);
  limitIndex = reserve(<u64>(LIMIT_INDEX_MASK + 1) * 4);
  inputs = reserve(<u64>INPUT_CAPACITY * INPUT_SIZE);
  blob = reserve(<u64>BLOB_CAPACITY * 8);
  // A settlement may say three things of every holder: its position settled, insurance paid, its margin state changed.
  // A regime may say two things of every pool that it judges; any input may bring the time at which holds and overrides
  // expire, and a settlement ends the holds of its instrument.
  outputCapacity = 3 * accountCapacity + 2 * poolCapacity + holdCapacity + OVERRIDE_CAPACITY + 4096;
  outputs = reserve(<u64>outputCapacity * OUTPUT_SIZE);
  vector = reserve(SCENARIO_ARRAY_SIZE);
  legs = reserve(<u64>instrumentCapacity * 16);
  gathered = reserve(<u64>accountCapacity * 8);
  touchedFlags = reserve(<u64>accountCapacity);
  touchedList = reserve(<u64>accountCapacity * 8);
  markedAt = reserve(<u64>instrumentCapacity * 4);
  valuedAt = reserve(<u64>accountCapacity * 4);
  answer = reserve(ANSWER_SIZE);
  store<u32>(header, accountCapacity, HEADER_ACCOUNT_CAPACITY);
  store<u32>(header, poolCapacity, HEADER_POOL_CAPACITY);
  store<u32>(header, positionCapacity, HEADER_POSITION_CAPACITY);
  store<u32>(header, instrumentCapacity, HEADER_INSTRUMENT_CAPACITY);
  store<u32>(header, identityCapacity, HEADER_IDENTITY_CAPACITY);
  store<u32>(header, programBytes, HEADER_PROGRAM_CAPACITY);
  store<u32>(header, holdCapacity, HEADER_HOLD_CAPACITY);
  store<u32>(header, NONE, HEADER_FREE_HOLD);
  store<u32>(header, NONE, HEADER_FIRST_EXPIRY);
  store<u32>(header, NONE, HEADER_LAST_EXPIRY);
  store<i64>(header, i64.MIN_VALUE, HEADER_FORGOTTEN_THROUGH);
  store<i64>(header, i64.MAX_VALUE, HEADER_NEXT_EFFECTIVE);
  store<i64>(header, i64.MAX_VALUE, HEADER_NEXT_EXPIRY);
  return end;
}

export function addressOf(table: i32): usize {
  switch (table) {
    case TABLE_HEADER: return header;
    case TABLE_CURRENCIES: return currencies;
    case TABLE_MARGIN_TABLES: return marginTables;
    case TABLE_SCENARIO_GRIDS: return scenarioGrids;
    case TABLE_INSTRUMENTS: return instruments;
    case TABLE_SCENARIO_ARRAYS: return scenarioArrays;
    case TABLE_ACCOUNTS: return accounts;
    case TABLE_POOLS: return pools;
    case TABLE_POSITIONS: return positions;
    case TABLE_IDENTITIES: return identities;
    case TABLE_INDICES: return indices;
    case TABLE_REGIMES: return regimes;
    case TABLE_PROGRAMS: return programs;
    case TABLE_HOLDS: return holds;
    case TABLE_IDENTITY_POSITIONS: return identityPositions;
    case TABLE_LIMITS: return limits;
    case TABLE_BOOKKEEPING: return bookkeeping;
    case TABLE_ACCOUNT_HEADS: return accountHeads;
    default: return 0;
  }
}

/** Bytes of a table that are in use: what a snapshot copies and the state hash reads. */
export function usedBytes(table: i32): u32 {
  switch (table) {
    case TABLE_HEADER: return HEADER_SIZE;
    case TABLE_CURRENCIES: return load<u32>(header, HEADER_CURRENCIES) * CURRENCY_SIZE;
    case TABLE_MARGIN_TABLES: return load<u32>(header, HEADER_MARGIN_TABLES) * MARGIN_TABLE_SIZE;
    case TABLE_SCENARIO_GRIDS: return load<u32>(header, HEADER_SCENARIO_GRIDS) * SCENARIO_GRID_SIZE;
    case TABLE_INSTRUMENTS: return load<u32>(header, HEADER_INSTRUMENTS) * INSTRUMENT_SIZE;
    case TABLE_SCENARIO_ARRAYS: return load<u32>(header, HEADER_INSTRUMENTS) * SCENARIO_ARRAY_SIZE;
    case TABLE_ACCOUNTS: return load<u32>(header, HEADER_ACCOUNTS) * ACCOUNT_SIZE;
    case TABLE_POOLS: return load<u32>(header, HEADER_POOLS) * POOL_SIZE;
    case TABLE_POSITIONS: return load<u32>(header, HEADER_POSITIONS) * POSITION_SIZE;
    case TABLE_IDENTITIES: return rememberedIdentities() * IDENTITY_SIZE;
    case TABLE_IDENTITY_POSITIONS: return rememberedIdentities() * IDENTITY_POSITION_SIZE;
    case TABLE_HOLDS: return load<u32>(header, HEADER_HOLD_ROWS) * HOLD_SIZE;
    case TABLE_INDICES: return load<u32>(header, HEADER_KEYS) * INDEX_SIZE;
    case TABLE_REGIMES: return load<u32>(header, HEADER_REGIMES) * REGIME_SIZE;
    case TABLE_PROGRAMS: return load<u32>(header, HEADER_PROGRAM_BYTES);
    case TABLE_LIMITS: return load<u32>(header, HEADER_LIMITS) * LIMIT_SIZE;
    case TABLE_BOOKKEEPING: return BOOKKEEPING_SIZE;
    case TABLE_ACCOUNT_HEADS: return load<u32>(header, HEADER_ACCOUNTS) * ACCOUNT_HEAD_SIZE;
    default: return 0;
  }
}

function rememberedIdentities(): u32 {
  const seen = load<u64>(header, HEADER_IDENTITIES_SEEN);
  const capacity = <u64>load<u32>(header, HEADER_IDENTITY_CAPACITY);
  return <u32>(seen < capacity ? seen : capacity);
}

@inline
export function holdAt(slot: u32): usize {
  return holds + <usize>slot * HOLD_SIZE;
}

/** Of a place in the ring of identities. */
@inline
export function identityPositionAt(place: u32): usize {
  return identityPositions + <usize>place * IDENTITY_POSITION_SIZE;
}

@inline
export function currencyAt(number: u32): usize {
  return currencies + <usize>number * CURRENCY_SIZE;
}

@inline
export function marginTableAt(number: u32): usize {
  return marginTables + <usize>number * MARGIN_TABLE_SIZE;
}

@inline
export function scenarioGridAt(number: u32): usize {
  return scenarioGrids + <usize>number * SCENARIO_GRID_SIZE;
}

@inline
export function instrumentAt(number: u32): usize {
  return instruments + <usize>number * INSTRUMENT_SIZE;
}

@inline
export function scenarioArrayAt(instrument: u32): usize {
  return scenarioArrays + <usize>instrument * SCENARIO_ARRAY_SIZE;
}

@inline
export function indexAt(key: u32): usize {
  return indices + <usize>key * INDEX_SIZE;
}

@inline
export function regimeAt(number: u32): usize {
  return regimes + <usize>number * REGIME_SIZE;
}

@inline
export function accountAt(number: u32): usize {
  return accounts + <usize>number * ACCOUNT_SIZE;
}

@inline
export function limitAt(row: u32): usize {
  return limits + <usize>row * LIMIT_SIZE;
}

@inline
export function accountHeadAt(number: u32): usize {
  return accountHeads + <usize>number * ACCOUNT_HEAD_SIZE;
}

@inline
export function poolAt(slot: u32): usize {
  return pools + <usize>slot * POOL_SIZE;
}

@inline
export function positionAt(slot: u32): usize {
  return positions + <usize>slot * POSITION_SIZE;
}
