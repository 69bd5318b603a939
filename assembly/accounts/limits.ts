// Limits, overrides and the switches of single accounts in single instruments: rows in the order in which they were first
// set, found by a hash of their scope. The index follows from the rows (open addressing, linear probing), so it is neither
// hashed nor in a snapshot.

import {
  HEADER_LIMITS, LIMIT_ACCOUNT, LIMIT_CAPACITY, LIMIT_CURRENCY, LIMIT_ENTRY, LIMIT_IN_FORCE, LIMIT_INSTRUMENT, LIMIT_SIZE, NONE,
} from "../memory/layout";
import { header, LIMIT_INDEX_MASK, limitAt, limitIndex } from "../memory/tables";

@inline
function slotAt(slot: u32): usize {
  return limitIndex + ((<usize>slot) << 2);
}

function home(entry: u8, account: u32, instrument: u32, currency: u32): u32 {
  let hash = ((<u64>account << 32) | <u64>instrument) * 0x9e3779b97f4a7c15;
  hash ^= hash >> 29;
  hash = (hash ^ ((<u64>entry << 32) | <u64>currency)) * 0x9e3779b97f4a7c15;
  return <u32>(hash >> 32) & LIMIT_INDEX_MASK;
}

@inline
function isKey(row: usize, entry: u8, account: u32, instrument: u32, currency: u32): bool {
  return (
    load<u8>(row, LIMIT_ENTRY) == entry && load<u32>(row, LIMIT_ACCOUNT) == account &&
    load<u32>(row, LIMIT_INSTRUMENT) == instrument && load<u32>(row, LIMIT_CURRENCY) == currency
  );
}

/** @returns the row of this key, in force or not; NONE when it was never set */
export function findLimit(entry: u8, account: u32, instrument: u32, currency: u32): u32 {
  let slot = home(entry, account, instrument, currency);
  let place = load<u32>(slotAt(slot));
  while (place != 0 && !isKey(limitAt(place - 1), entry, account, instrument, currency)) {
    slot = (slot + 1) & LIMIT_INDEX_MASK;
    place = load<u32>(slotAt(slot));
  }
  return place == 0 ? NONE : place - 1;
}

/** The address of the row of this key while it is in force, else 0. */
export function limitInForce(entry: u8, account: u32, instrument: u32, currency: u32): usize {
  const row = findLimit(entry, account, instrument, currency);
  return row != NONE && load<u8>(limitAt(row), LIMIT_IN_FORCE) ? limitAt(row) : 0;
}

/** Whether `takeLimit` would find room. */
export function limitFits(entry: u8, account: u32, instrument: u32, currency: u32): bool {
  return (
    load<u32>(header, HEADER_LIMITS) < LIMIT_CAPACITY || findLimit(entry, account, instrument, currency) != NONE
  );
}

/** The row of this key, a new one if need be. Room was checked before. */
export function takeLimit(entry: u8, account: u32, instrument: u32, currency: u32): usize {
  const existing = findLimit(entry, account, instrument, currency);
  if (existing != NONE) return limitAt(existing);
  const row = load<u32>(header, HEADER_LIMITS);
  store<u32>(header, row + 1, HEADER_LIMITS);
  const limit = limitAt(row);
  memory.fill(limit, 0, LIMIT_SIZE);
  store<u8>(limit, entry, LIMIT_ENTRY);
  store<u32>(limit, account, LIMIT_ACCOUNT);
  store<u32>(limit, instrument, LIMIT_INSTRUMENT);
  store<u32>(limit, currency, LIMIT_CURRENCY);
  addToIndex(row);
  return limit;
}

function addToIndex(row: u32): void {
  const limit = limitAt(row);
  let slot = home(
    load<u8>(limit, LIMIT_ENTRY), load<u32>(limit, LIMIT_ACCOUNT), load<u32>(limit, LIMIT_INSTRUMENT),
    load<u32>(limit, LIMIT_CURRENCY),
  );
  while (load<u32>(slotAt(slot)) != 0) slot = (slot + 1) & LIMIT_INDEX_MASK;
  store<u32>(slotAt(slot), row + 1);
}

/** Builds the index again from the rows, after a snapshot was copied in. */
export function indexLimits(): void {
  memory.fill(limitIndex, 0, (<usize>LIMIT_INDEX_MASK + 1) << 2);
  const count = load<u32>(header, HEADER_LIMITS);
  for (let row: u32 = 0; row < count; row++) addToIndex(row);
}
