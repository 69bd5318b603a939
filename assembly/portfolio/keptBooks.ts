// Books of portfolio accounts that were asked for stay on a desk of their own (regime/regions.ts) with all that was computed
// from them. When such an account is margined again, its records are compared with what the book was filled with: where they
// are the same its verdict stands; where one position or one balance differs, as when an order is tried, only what hangs on it
// is computed again (regime/changes.ts). Everything else is filled and evaluated anew.
//
// This is scratch: no snapshot holds it, no hash sees it, and what comes out is the same bits without it.
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

import { isOption } from "../margin/contracts";
import { isCross } from "../accounts/holdings";
import {
  ACCOUNT_FIRST_POOL, ACCOUNT_FIRST_POSITION, ACCOUNT_POSITIONS, CURRENCY_KEY, HEADER_EVENT_TIME, INDEX_PRICE,
  INSTRUMENT_CURRENCY, INSTRUMENT_VERSION, NONE, POOL_BALANCE, POOL_CURRENCY, POOL_NEXT, POSITION_ENTRY_COST,
  POSITION_INSTRUMENT, POSITION_LEVERAGE, POSITION_MARK_VALUE, POSITION_NEXT, POSITION_QUANTITY,
} from "../memory/layout";
import { changeBalance, changeHolding, currencyRows, resumeBook } from "./bookRows";
import { fillBook } from "./portfolioBook";
import { logTop, putBack, useLog } from "../regime/changes";
import { EVALUATE_LIVE, REGIME_ARENA_FULL, REGIME_DONE, VERDICT_SIZE } from "../regime/format";
import { CHANGE_BYTES, changeRoomEnd, evaluate, evaluateChanged, evaluateRecorded } from "../regime/machine";
import { readsTime } from "../regime/programFacts";
import { programsVersion } from "../regime/programs";
import { recordEnd, useRecord } from "../regime/recorded";
import { arenaTop, resumeResults } from "../regime/results";
import {
  KEPT_CHANGES, KEPT_CURRENCIES, KEPT_DESKS, KEPT_POSITIONS, NOTE_CHANGE, NOTE_CURRENCY, NOTE_HEADER, NOTE_POSITION, notes, programBytes, useKeptDesk, verdicts,
} from "../regime/regions";
import {
  accountAt, currencyAt, header, indexAt, instrumentAt, poolAt, positionAt, sparePool, sparePosition,
} from "../memory/tables";

const HOLDS_BOOK: usize = 0;
const PROGRAMS_VERSION: usize = 4;
const PROGRAM: usize = 8;
const VALUATION: usize = 12;
const TIME: usize = 16;
const POSITIONS: usize = 24;
const CURRENCIES: usize = 28;
const ROOM_START: usize = 32;
const ROOM_END: usize = 36;
const CHANGES: usize = 40;
const ACTIVE: usize = 44;
const CHANGE_ROOM: usize = 48;
const NEXT_CHANGE_ROOM: usize = 52;
const CONFIRMED: usize = 56;

const CHANGE_ROW: usize = 0;
const CHANGE_CURRENCY: usize = 4;
const LOG_END: usize = 8;
const RECORD_END: usize = 12;

/** Of one change, at first: steps and what they overwrite. */
const FIRST_CHANGE_ROOM: u32 = 32768;

const RECORD: usize = 0;
const INSTRUMENT: usize = 4;
const VERSION: usize = 8;
const LEVERAGE: usize = 12;
const QUANTITY: usize = 16;
const ENTRY_COST: usize = 24;
const MARK_VALUE: usize = 32;
const SETTLEMENT_ROW: usize = 40;
const IS_OPTION: usize = 44;

const CURRENCY: usize = 0;
const BALANCE: usize = 8;
const PRICE: usize = 16;
const PREMIUMS: usize = 24;

/** Amounts below it: no sum of a book's comes near 64 bits, so a balance less premiums is one number. */
const PLAIN: i64 = 1 << 55;

export const KEPT_DONE: u32 = 0;
/** Its margin is unknown: `refusal` says why. */
const KEPT_REFUSED: u32 = 1;
/** It has no desk, or does not fit on one. */
export const KEPT_NOWHERE: u32 = 2;

/** For each desk: 0 account u32 | 4 instrument of a position that is tried beside the account's u32 (NONE: the account as it is). */
const owners = memory.data(264, 8);
/** Beside: it does not fit on a desk. So it stays until the desk is another's. */
const TOO_LARGE: u32 = 0xfffffffe;
/** Of the desk under way. */
let owner: usize = 0;
/** The account whose books get a desk. */
let asked: u32 = NONE;

/** Books of this account stay from now on; NONE: no further ones do. */
export function keepBooksOf(account: u32): void {
  asked = account;
}

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
function confirm(): void {
  store<u64>(notes, (inputEdges & 1) == 0 ? inputEdges : 0, CONFIRMED);
}

@inline
function positionNote(row: u32): usize {
  return notes + NOTE_HEADER + <usize>row * NOTE_POSITION;
}

@inline
function currencyNote(row: u32): usize {
  return notes + NOTE_HEADER + KEPT_POSITIONS * NOTE_POSITION + <usize>row * NOTE_CURRENCY;
}

/** Turns to the desk of a book. @returns whether it has one */
function findDesk(account: u32, beside: u32): bool {
  const place = ((account * 0x9e3779b1) ^ ((beside + 1) * 0x85ebca6b)) >> 16;
  const desk = 1 + (place & (KEPT_DESKS - 1));
  owner = owners + (<usize>desk << 3);
  if (load<u32>(owner) == account && load<u32>(owner, 4) == TOO_LARGE) return false;
  const owns = load<u32>(owner) == account && load<u32>(owner, 4) == beside;
  if (!owns && asked != account) return false;
  useKeptDesk(desk);
  if (!owns) {
    store<u32>(owner, account);
    store<u32>(owner, beside, 4);
    store<u32>(notes, 0, HOLDS_BOOK);
    store<u32>(notes, FIRST_CHANGE_ROOM, CHANGE_ROOM);
    store<u32>(notes, FIRST_CHANGE_ROOM, NEXT_CHANGE_ROOM);
  }
  return true;
}

/**
 * Margins an account on its desk, if it has one.
 * @param position a position that is tried (0: none), `pool` the spare pool it may need
 * @returns KEPT_DONE, KEPT_REFUSED or KEPT_NOWHERE
 */
export function evaluateKept(account: u32, position: usize, pool: usize, valuation: u32, program: u32): u32 {
  if (programBytes == 0 || load<u32>(accountAt(account), ACCOUNT_POSITIONS) >= KEPT_POSITIONS) return KEPT_NOWHERE;
  const beside = position == positionAt(sparePosition);
  if (beside && pool == poolAt(sparePool)) {
    store<u32>(pool, load<u32>(instrumentAt(load<u32>(position, POSITION_INSTRUMENT)), INSTRUMENT_CURRENCY), POOL_CURRENCY);
  }
  if (!findDesk(account, beside ? load<u32>(position, POSITION_INSTRUMENT) : NONE)) return KEPT_NOWHERE;
  let found = compare(account, position, pool, valuation, program);
  if (!found && position != 0 && !beside) {
    // Opened or closed by the trial: a book with other rows than the account's.
    if (!findDesk(account, load<u32>(position, POSITION_INSTRUMENT))) return KEPT_NOWHERE;
    found = compare(account, position, pool, valuation, program);
  }
  // A position that has changed for good is not to be put back.
  if (found && (changedRow == NONE || position != 0)) {
    const code = evaluateFound(program);
    if (code == REGIME_DONE) return KEPT_DONE;
  }
  return evaluateAnew(account, position, pool, valuation, program);
}

// What `compare` found: the rows that differ, and the record of the position.
let changedRow: u32 = NONE;
let changedPosition: usize = 0;
let changedCurrency: u32 = NONE;
let changedBalance: i64 = 0;

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
function compare(account: u32, spare: usize, spareOf: usize, valuation: u32, program: u32): bool {
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
function isPlain(amount: i64): bool {
  return amount < PLAIN && amount > 0 - PLAIN;
}

/** Of the book on the desk, with what `compare` found. @returns REGIME_DONE; else it must be evaluated anew */
function evaluateFound(program: u32): u32 {
  resumeBook(load<u32>(notes, POSITIONS), load<u32>(notes, CURRENCIES));
  if (changedCurrency == NONE) {
    copyVerdicts(verdicts, verdictNotes());
    return REGIME_DONE;
  }
  if (!isPlain(changedBalance)) return REGIME_ARENA_FULL;
  let premiums = load<i64>(currencyNote(changedCurrency), PREMIUMS);
  if (changedRow != NONE) {
    const cost = load<i64>(changedPosition, POSITION_ENTRY_COST);
    if (!isPlain(cost)) return REGIME_ARENA_FULL;
    const note = positionNote(changedRow);
    if (load<u32>(note, IS_OPTION) != 0) premiums += cost - load<i64>(note, ENTRY_COST);
  }
  resumeResults(load<u32>(notes, ROOM_END));
  const found = findChange();
  const active = load<u32>(notes, ACTIVE);
  if (active != found && active != NONE) {
    openChange(active);
    putBack();
  }
  const change = found == NONE ? takeChange() : found;
  store<u32>(notes, change, ACTIVE);
  openChange(change);
  if (changedRow != NONE) changeHolding(changedRow, changedPosition, program, found == NONE);
  changeBalance(changedCurrency, changedBalance - premiums, found == NONE);
  if (found != NONE) return evaluateRecorded(program);
  const code = evaluateChanged(program, changedRow, changedCurrency);
  const note = changeNote(change);
  store<u32>(note, <u32>logTop(), LOG_END);
  store<u32>(note, <u32>recordEnd(), RECORD_END);
  if (code == REGIME_ARENA_FULL || recordEnd() == 0) {
    // Further ones get more room; what was overwritten now is put back all the same.
    store<u32>(note, NONE, CHANGE_CURRENCY);
    const bytes = load<u32>(notes, CHANGE_ROOM);
    if (bytes < CHANGE_BYTES) store<u32>(notes, bytes * 2, NEXT_CHANGE_ROOM);
  }
  return code;
}

// Changes of a book, each with the steps that were recorded and what they overwrote: one for each row that was tried. One at a
// time is active: what it overwrote is not put back yet.

@inline
function changeNote(change: u32): usize {
  return currencyNote(KEPT_CURRENCIES) + KEPT_CURRENCIES * VERDICT_SIZE + <usize>change * NOTE_CHANGE;
}

/** The change of the rows that `compare` found; NONE when it was not recorded. */
function findChange(): u32 {
  const count = load<u32>(notes, CHANGES);
  for (let change: u32 = 0; change < count; change++) {
    const note = changeNote(change);
    if (load<u32>(note, CHANGE_ROW) == changedRow && load<u32>(note, CHANGE_CURRENCY) == changedCurrency) return change;
  }
  return NONE;
}

/** Room for one more; where there is none, all that were recorded are dropped. */
function takeChange(): u32 {
  let count = load<u32>(notes, CHANGES);
  let bytes = load<u32>(notes, CHANGE_ROOM);
  const room = load<u32>(notes, ROOM_END) - load<u32>(notes, ROOM_START);
  const grows = load<u32>(notes, NEXT_CHANGE_ROOM) > bytes;
  if (grows || count == KEPT_CHANGES || (count + 1) * bytes > room) {
    if (grows) bytes = load<u32>(notes, NEXT_CHANGE_ROOM);
    store<u32>(notes, bytes, CHANGE_ROOM);
    count = 0;
  }
  store<u32>(notes, count + 1, CHANGES);
  const note = changeNote(count);
  const start = changeStart(count);
  store<u32>(note, changedRow, CHANGE_ROW);
  store<u32>(note, changedCurrency, CHANGE_CURRENCY);
  store<u32>(note, <u32>start, LOG_END);
  store<u32>(note, <u32>(start + bytes / 2), RECORD_END);
  return count;
}

@inline
function changeStart(change: u32): usize {
  return <usize>load<u32>(notes, ROOM_START) + <usize>change * <usize>load<u32>(notes, CHANGE_ROOM);
}

/** The first half of its room is the log's, the second the record's. */
function openChange(change: u32): void {
  const note = changeNote(change);
  const start = changeStart(change);
  const bytes = <usize>load<u32>(notes, CHANGE_ROOM);
  useLog(start, load<u32>(note, LOG_END), start + bytes / 2);
  useRecord(start + bytes / 2, load<u32>(note, RECORD_END), start + bytes);
}

/** The verdict on the book as it was filled. */
@inline
function verdictNotes(): usize {
  return currencyNote(KEPT_CURRENCIES);
}

/** One for the account, or one a currency. */
@inline
function copyVerdicts(to: usize, from: usize): void {
  const rows = max<u32>(currencyRows, 1);
  for (let at: usize = 0; at < <usize>rows * VERDICT_SIZE; at += 16) v128.store(to + at, v128.load(from + at));
}

function evaluateAnew(account: u32, position: usize, pool: usize, valuation: u32, program: u32): u32 {
  store<u32>(notes, 0, HOLDS_BOOK);
  store<u64>(notes, 0, CONFIRMED);
  const filled = fillBook(account, position, pool, valuation, program);
  const code = filled ? evaluate(program, EVALUATE_LIVE) : REGIME_ARENA_FULL;
  if (code == REGIME_ARENA_FULL) {
    store<u32>(owner, TOO_LARGE, 4);
    return KEPT_NOWHERE;
  }
  if (code != REGIME_DONE) return KEPT_REFUSED;
  if (!noteCurrencies(account, position, pool) || !notePositions(account, position)) return KEPT_DONE;
  copyVerdicts(verdictNotes(), verdicts);
  store<u32>(notes, programsVersion, PROGRAMS_VERSION);
  store<u32>(notes, program, PROGRAM);
  store<u32>(notes, valuation, VALUATION);
  store<i64>(notes, load<i64>(header, HEADER_EVENT_TIME), TIME);
  store<u32>(notes, 0, CHANGES);
  store<u32>(notes, NONE, ACTIVE);
  store<u32>(notes, <u32>arenaTop(), ROOM_START);
  store<u32>(notes, <u32>changeRoomEnd(), ROOM_END);
  store<u32>(notes, 1, HOLDS_BOOK);
  if (position == 0) confirm();
  return KEPT_DONE;
}

/** @returns whether all balances are plain */
function noteCurrencies(account: u32, spare: usize, spareOf: usize): bool {
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
function notePositions(account: u32, spare: usize): bool {
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
