// Changes of a book that stays (keptBooks.ts), each with the steps that were recorded and what they overwrote: one for each row
// that was tried. One at a time is active: what it overwrote is not put back yet.

import { NONE } from "../memory/layout";
import { useLog } from "../regime/changes";
import { VERDICT_SIZE } from "../regime/format";
import { useRecord } from "../regime/recorded";
import { KEPT_CHANGES, KEPT_CURRENCIES, NOTE_CHANGE, notes } from "../regime/regions";
import {
  CHANGE_ROOM, changedCurrency, changedRow, CHANGES, currencyNote, NEXT_CHANGE_ROOM, ROOM_END, ROOM_START,
} from "./bookNotes";

const CHANGE_ROW: usize = 0;
export const CHANGE_CURRENCY: usize = 4;
export const LOG_END: usize = 8;
export const RECORD_END: usize = 12;

/** Of one change, at first: steps and what they overwrite. */
export const FIRST_CHANGE_ROOM: u32 = 32768;

@inline
export function changeNote(change: u32): usize {
  return currencyNote(KEPT_CURRENCIES) + KEPT_CURRENCIES * VERDICT_SIZE + <usize>change * NOTE_CHANGE;
}

/** The change of the rows that `compare` found; NONE when it was not recorded. */
export function findChange(): u32 {
  const count = load<u32>(notes, CHANGES);
  for (let change: u32 = 0; change < count; change++) {
    const note = changeNote(change);
    if (load<u32>(note, CHANGE_ROW) == changedRow && load<u32>(note, CHANGE_CURRENCY) == changedCurrency) return change;
  }
  return NONE;
}

/** Room for one more; where there is none, all that were recorded are dropped. */
export function takeChange(): u32 {
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
export function openChange(change: u32): void {
  const note = changeNote(change);
  const start = changeStart(change);
  const bytes = <usize>load<u32>(notes, CHANGE_ROOM);
  useLog(start, load<u32>(note, LOG_END), start + bytes / 2);
  useRecord(start + bytes / 2, load<u32>(note, RECORD_END), start + bytes);
}
