// Books of portfolio accounts that were asked for stay on a desk of their own (regime/regions.ts) with all that was computed
// from them. When such an account is margined again, its records are compared with what the book was filled with: where they
// are the same its verdict stands; where one position or one balance differs, as when an order is tried, only what hangs on it
// is computed again (regime/changes.ts). Everything else is filled and evaluated anew.
//
// This is scratch: no snapshot holds it, no hash sees it, and what comes out is the same bits without it.

import {
  ACCOUNT_POSITIONS, HEADER_EVENT_TIME, INSTRUMENT_CURRENCY, NONE, POOL_CURRENCY, POSITION_ENTRY_COST,
  POSITION_INSTRUMENT,
} from "../memory/layout";
import { accountAt, header, instrumentAt, poolAt, positionAt, sparePool, sparePosition } from "../memory/tables";
import { logTop, putBack } from "../regime/changes";
import { EVALUATE_LIVE, REGIME_ARENA_FULL, REGIME_DONE, VERDICT_SIZE } from "../regime/format";
import { CHANGE_BYTES, changeRoomEnd, evaluate, evaluateChanged, evaluateRecorded } from "../regime/machine";
import { programsVersion } from "../regime/programs";
import { recordEnd } from "../regime/recorded";
import { KEPT_CURRENCIES, KEPT_DESKS, KEPT_POSITIONS, notes, programBytes, useKeptDesk, verdicts } from "../regime/regions";
import { arenaTop, resumeResults } from "../regime/results";
import {
  CHANGE_CURRENCY, changeNote, findChange, FIRST_CHANGE_ROOM, LOG_END, openChange, RECORD_END, takeChange,
} from "./bookChanges";
import {
  ACTIVE, CHANGE_ROOM, changedBalance, changedCurrency, changedPosition, changedRow, CHANGES, compare, confirm,
  CONFIRMED, CURRENCIES, currencyNote, ENTRY_COST, HOLDS_BOOK, IS_OPTION, isPlain, NEXT_CHANGE_ROOM, noteCurrencies,
  notePositions, positionNote, POSITIONS, PREMIUMS, PROGRAM, PROGRAMS_VERSION, ROOM_END, ROOM_START, TIME, VALUATION,
} from "./bookNotes";
import { changeBalance, changeHolding, currencyRows, resumeBook } from "./bookRows";
import { fillBook } from "./portfolioBook";

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
