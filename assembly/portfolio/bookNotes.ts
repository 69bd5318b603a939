// What a book that stays was filled with, and where the records differ from it since (keptBooks.ts).
//
// What a book was filled with, at `notes`:
//
//    0 holds a book u32 | 4 programs' version u32 | 8 program u32 | 12 valuation u32 | 16 time us i64 | 24 positions u32
//   28 currencies u32 | 32 start of the room for changes u32 | 36 its end u32 | 40 changes u32 | 44 the active one u32 (NONE)
//   48 room of a change u32 | 52 of the next u32 | 56 edges of inputs when its positions were found to be the account's u64
//   then KEPT_POSITIONS positions, KEPT_CURRENCIES currencies and as many verdicts, KEPT_CHANGES changes
//   position, 64 bytes: 0 record u32 | 4 instrument u32 | 8 version of its market u32 | 12 leverage u32 | 16 quantity i64
//     24 entry cost i64 | 32 mark value i64 | 40 row of its settlement u32 | 44 is an option u32
//   change, 16 bytes: 0 row of its position u32 | 4 of its balance u32 | 8 end of the log u32 | 12 end of the record u32
//   currency, 32 bytes: 0 currency u32 | 8 balance i64 | 16 index price i64 | 24 premiums of open options i64

import { isCross } from "../accounts/holdings";
import { isOption } from "../margin/contracts";
import {
  ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, CURRENCY_KEY, HEADER_EVENT_TIME, INDEX_PRICE, INSTRUMENT_CURRENCY,
  INSTRUMENT_VERSION, NONE, POOL_BALANCE, POOL_CURRENCY, POOL_NEXT, POSITION_ENTRY_COST, POSITION_INSTRUMENT,
  POSITION_LEVERAGE, POSITION_MARK_VALUE, POSITION_NEXT, POSITION_QUANTITY,
} from "../memory/layout";
import {
  accountAt, currencyAt, header, indexAt, instrumentAt, poolAt, positionAt, sparePool, sparePosition,
} from "../memory/tables";
import { readsTime } from "../regime/programFacts";
import { programsVersion } from "../regime/programs";
import { KEPT_POSITIONS, NOTE_CURRENCY, NOTE_HEADER, NOTE_POSITION, notes } from "../regime/regions";

export const HOLDS_BOOK: usize = 0;
export const PROGRAMS_VERSION: usize = 4;
export const PROGRAM: usize = 8;
export const VALUATION: usize = 12;
export const TIME: usize = 16;
export const POSITIONS: usize = 24;
export const CURRENCIES: usize = 28;
export const ROOM_START: usize = 32;
export const ROOM_END: usize = 36;
export const CHANGES: usize = 40;
export const ACTIVE: usize = 44;
export const CHANGE_ROOM: usize = 48;
export const NEXT_CHANGE_ROOM: usize = 52;
export const CONFIRMED: usize = 56;

const RECORD: usize = 0;
const INSTRUMENT: usize = 4;
const VERSION: usize = 8;
const LEVERAGE: usize = 12;
const QUANTITY: usize = 16;
export const ENTRY_COST: usize = 24;
const MARK_VALUE: usize = 32;
const SETTLEMENT_ROW: usize = 40;
export const IS_OPTION: usize = 44;

const CURRENCY: usize = 0;
const BALANCE: usize = 8;
const PRICE: usize = 16;
export const PREMIUMS: usize = 24;

/** Amounts below it: no sum of a book's comes near 64 bits, so a balance less premiums is one number. */
const PLAIN: i64 = 1 << 55;

/**
 * How often an input began and ended. In between, records change on trial alone: one position and its pool at a time, and
 * each trial takes back what it did. So positions that were once found to be those of a book need not be compared again.
 */
let inputEdges: u64 = 2;

/** An input begins, or has ended. */
export function passInputEdge(): void {
  inputEdges++;
}

/** Whether positions are those of the book on the desk, but for one that is on trial. */
@inline
function isConfirmed(): bool {
  return load<u64>(notes, CONFIRMED) == inputEdges;
}

/** Not while an input is applied: it may change what it likes. */
@inline
export function confirm(): void {
  store<u64>(notes, (inputEdges & 1) == 0 ? inputEdges : 0, CONFIRMED);
}

@inline
export function positionNote(row: u32): usize {
  return notes + NOTE_HEADER + <usize>row * NOTE_POSITION;
}

@inline
export function currencyNote(row: u32): usize {
  return notes + NOTE_HEADER + KEPT_POSITIONS * NOTE_POSITION + <usize>row * NOTE_CURRENCY;
}

// What `compare` found: the rows that differ, and the record of the position.
export let changedRow: u32 = NONE;
export let changedPosition: usize = 0;
export let changedCurrency: u32 = NONE;
export let changedBalance: i64 = 0;

/** The position that is tried stands in the book and is the only one that can differ. */
@inline
function compareTried(position: usize): bool {
  if (load<i64>(position, POSITION_QUANTITY) == 0) return false;
  const count = load<u32>(notes, POSITIONS);
  for (let row: u32 = 0; row < count; row++) {
    if (load<u32>(positionNote(row), RECORD) == <u32>position) return comparePosition(row, position);
  }
  return false;
}

/** Whether the book on the desk differs from the records in one position and its settlement's balance at most. */
export function compare(account: u32, spare: usize, spareOf: usize, valuation: u32, program: u32): bool {
  changedRow = NONE;
  changedCurrency = NONE;
  if (
    load<u32>(notes, HOLDS_BOOK) == 0 || load<u32>(notes, PROGRAMS_VERSION) != programsVersion ||
    load<u32>(notes, PROGRAM) != program || load<u32>(notes, VALUATION) != valuation ||
    (load<i64>(notes, TIME) != load<i64>(header, HEADER_EVENT_TIME) && readsTime(program))
  ) return false;
  const confirmed = isConfirmed() && spare != positionAt(sparePosition);
  if (!(confirmed ? spare == 0 || compareTried(spare) : comparePositions(account, spare))) return false;
  if (!compareCurrencies(account, spare, spareOf)) return false;
  if (changedRow == NONE) {
    if (spare == 0) confirm();
    return true;
  }
  const row = load<u32>(positionNote(changedRow), SETTLEMENT_ROW);
  if (changedCurrency == NONE) {
    changedCurrency = row;
    changedBalance = load<i64>(currencyNote(row), BALANCE);
  }
  return changedCurrency == row;
}

/** In the order in which a book is filled (portfolioBook.ts). */
function comparePositions(account: u32, spare: usize): bool {
  const count = load<u32>(notes, POSITIONS);
  let waiting = spare == positionAt(sparePosition);
  const spareNumber: u32 = waiting ? load<u32>(spare, POSITION_INSTRUMENT) : NONE;
  let row: u32 = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (waiting && load<u32>(position, POSITION_INSTRUMENT) > spareNumber) {
      if (row >= count || !comparePosition(row++, spare)) return false;
      waiting = false;
    }
    if (isCross(position) && load<i64>(position, POSITION_QUANTITY) != 0) {
      if (row >= count || !comparePosition(row++, position)) return false;
    }
    slot = load<u32>(position, POSITION_NEXT);
  }
  if (waiting && (row >= count || !comparePosition(row++, spare))) return false;
  return row == count;
}

function comparePosition(row: u32, position: usize): bool {
  const note = positionNote(row);
  const number = load<u32>(position, POSITION_INSTRUMENT);
  if (
    load<u32>(note, RECORD) != <u32>position || load<u32>(note, INSTRUMENT) != number ||
    load<u32>(note, VERSION) != load<u32>(instrumentAt(number), INSTRUMENT_VERSION)
  ) return false;
  if (
    load<i64>(note, QUANTITY) == load<i64>(position, POSITION_QUANTITY) &&
    load<i64>(note, ENTRY_COST) == load<i64>(position, POSITION_ENTRY_COST) &&
    load<i64>(note, MARK_VALUE) == load<i64>(position, POSITION_MARK_VALUE) &&
    load<u32>(note, LEVERAGE) == load<u32>(position, POSITION_LEVERAGE)
  ) return true;
  if (changedRow != NONE) return false;
  changedRow = row;
  changedPosition = position;
  return true;
}

function compareCurrencies(account: u32, spare: usize, spareOf: usize): bool {
  const count = load<u32>(notes, CURRENCIES);
  let row: u32 = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    if (row >= count || !compareCurrency(row++, poolAt(slot))) return false;
    slot = load<u32>(poolAt(slot), POOL_NEXT);
  }
  if (spare == positionAt(sparePosition) && spareOf == poolAt(sparePool)) {
    if (row >= count || !compareCurrency(row++, spareOf)) return false;
  }
  return row == count;
}

function compareCurrency(row: u32, pool: usize): bool {
  const note = currencyNote(row);
  const number = load<u32>(pool, POOL_CURRENCY);
  if (load<u32>(note, CURRENCY) != number || load<i64>(note, PRICE) != priceOf(number)) return false;
  const balance = load<i64>(pool, POOL_BALANCE);
  if (load<i64>(note, BALANCE) == balance) return true;
  if (changedCurrency != NONE) return false;
  changedCurrency = row;
  changedBalance = balance;
  return true;
}

@inline
function priceOf(currency: u32): i64 {
  const key = load<u32>(currencyAt(currency), CURRENCY_KEY);
  return key == NONE ? 0 : load<i64>(indexAt(key), INDEX_PRICE);
}

@inline
export function isPlain(amount: i64): bool {
  return amount < PLAIN && amount > 0 - PLAIN;
}

/** @returns whether all balances are plain */
export function noteCurrencies(account: u32, spare: usize, spareOf: usize): bool {
  let row: u32 = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POOL);
  while (slot != NONE) {
    if (!noteCurrency(row++, poolAt(slot))) return false;
    slot = load<u32>(poolAt(slot), POOL_NEXT);
  }
  if (spare == positionAt(sparePosition) && spareOf == poolAt(sparePool) && !noteCurrency(row++, spareOf)) return false;
  store<u32>(notes, row, CURRENCIES);
  return true;
}

function noteCurrency(row: u32, pool: usize): bool {
  const note = currencyNote(row);
  const number = load<u32>(pool, POOL_CURRENCY);
  store<u32>(note, number, CURRENCY);
  store<i64>(note, load<i64>(pool, POOL_BALANCE), BALANCE);
  store<i64>(note, priceOf(number), PRICE);
  store<i64>(note, 0, PREMIUMS);
  return isPlain(load<i64>(pool, POOL_BALANCE));
}

/** @returns whether all entry costs are plain */
export function notePositions(account: u32, spare: usize): bool {
  let waiting = spare == positionAt(sparePosition);
  const spareNumber: u32 = waiting ? load<u32>(spare, POSITION_INSTRUMENT) : NONE;
  let row: u32 = 0;
  let slot = load<u32>(accountAt(account), ACCOUNT_FIRST_POSITION);
  while (slot != NONE) {
    const position = positionAt(slot);
    if (waiting && load<u32>(position, POSITION_INSTRUMENT) > spareNumber) {
      if (!notePosition(row++, spare)) return false;
      waiting = false;
    }
    if (isCross(position) && load<i64>(position, POSITION_QUANTITY) != 0 && !notePosition(row++, position)) return false;
    slot = load<u32>(position, POSITION_NEXT);
  }
  if (waiting && !notePosition(row++, spare)) return false;
  store<u32>(notes, row, POSITIONS);
  return true;
}

function notePosition(row: u32, position: usize): bool {
  const note = positionNote(row);
  const number = load<u32>(position, POSITION_INSTRUMENT);
  const instrument = instrumentAt(number);
  const cost = load<i64>(position, POSITION_ENTRY_COST);
  const settlement = rowOfCurrency(load<u32>(instrument, INSTRUMENT_CURRENCY));
  store<u32>(note, <u32>position, RECORD);
  store<u32>(note, number, INSTRUMENT);
  store<u32>(note, load<u32>(instrument, INSTRUMENT_VERSION), VERSION);
  store<u32>(note, load<u32>(position, POSITION_LEVERAGE), LEVERAGE);
  store<i64>(note, load<i64>(position, POSITION_QUANTITY), QUANTITY);
  store<i64>(note, cost, ENTRY_COST);
  store<i64>(note, load<i64>(position, POSITION_MARK_VALUE), MARK_VALUE);
  store<u32>(note, settlement, SETTLEMENT_ROW);
  store<u32>(note, isOption(instrument) ? 1 : 0, IS_OPTION);
  if (isOption(instrument)) {
    const currency = currencyNote(settlement);
    store<i64>(currency, load<i64>(currency, PREMIUMS) + cost, PREMIUMS);
  }
  return isPlain(cost);
}

/** The pool of every position's settlement is there. */
function rowOfCurrency(number: u32): u32 {
  let row: u32 = 0;
  while (load<u32>(currencyNote(row), CURRENCY) != number) row++;
  return row;
}
