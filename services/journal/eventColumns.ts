import type { JournalRow } from "./journal.ts";
import { JournalDamagedError } from "./journal.ts";

/** "None" in the columns of accounts and instruments: the kernel's own word for it (assembly/layout.ts). */
export const NO_NUMBER = 0xffffffff;

/** Events that follow one another, column by column: what a replay reads without making an object of each. */
export interface EventColumns {
  /** Position of the first. */
  readonly first: number;
  readonly count: number;
  readonly kinds: Uint8Array;
  /** NO_NUMBER where there is none. */
  readonly accounts: Uint32Array;
  readonly instruments: Uint32Array;
  readonly previous: Float64Array;
  readonly timesUs: Float64Array;
  /** The payload of event i lies between `starts[i]` and `starts[i + 1]`. */
  readonly starts: Uint32Array;
  readonly payloads: Uint8Array;
}

/**
 * One row of SQL for a whole stretch: payloads one after the other, each other column as decimal numbers, each with a comma
 * after it, none as -1. SQLite hands a column out some twenty times faster than the same cells one by one. Parameters: the
 * first position, the last one.
 */
export const SELECT_COLUMNS = `SELECT count(*), ${["position", "kind", "ifnull(account, -1)", "ifnull(instrument, -1)", "previous", "event_time_us", "length(payload)"].map((column) => `CAST(group_concat(${column}, ',') || ',' AS BLOB)`).join(", ")}, CAST(group_concat(payload, '') AS BLOB)
FROM event WHERE position BETWEEN ? AND ?`;

export type ColumnsRecord = readonly [count: number, ...(Uint8Array | null)[]];

/** @throws JournalDamagedError when an event between the first and the last is missing */
export function columnsOf(first: number, record: ColumnsRecord): EventColumns {
  const [count, positions, kinds, accounts, instruments, previous, times, lengths, payloads] = record;
  const columns = {
    first,
    count,
    kinds: new Uint8Array(count),
    accounts: new Uint32Array(count),
    instruments: new Uint32Array(count),
    previous: new Float64Array(count),
    timesUs: new Float64Array(count),
    starts: new Uint32Array(count + 1),
    payloads: payloads ?? new Uint8Array(),
  };
  if (count === 0) return columns;
  const found = new Float64Array(count);
  parse(positions!, found);
  for (let index = 0; index < count; index++) {
    // SQLite visits a range of its primary key in order; a replay must not rest on that unseen.
    if (found[index] !== first + index) throw new JournalDamagedError(`event ${first + index} is missing`);
  }
  parse(kinds!, columns.kinds);
  parse(accounts!, columns.accounts);
  parse(instruments!, columns.instruments);
  parse(previous!, columns.previous);
  parse(times!, columns.timesUs);
  const { starts } = columns;
  parse(lengths!, starts);
  let at = 0;
  for (let index = 0; index <= count; index++) {
    const length = starts[index]!;
    starts[index] = at;
    at += length;
  }
  return columns;
}

const COMMA = 44;
const MINUS = 45;
const ZERO = 48;

/** Decimal numbers, each with a comma after it; -1 wraps to NO_NUMBER where the numbers are unsigned. */
function parse(text: Uint8Array, into: Uint8Array | Uint32Array | Float64Array): void {
  let index = 0;
  let number = 0;
  let negative = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!;
    if (unit === COMMA) {
      into[index++] = negative ? -number : number;
      number = 0;
      negative = false;
    } else if (unit === MINUS) {
      negative = true;
    } else {
      number = number * 10 + (unit - ZERO);
    }
  }
}

/** One of the events as an object. */
export function rowOf(columns: EventColumns, index: number): JournalRow {
  const account = columns.accounts[index]!;
  const instrument = columns.instruments[index]!;
  return {
    position: columns.first + index,
    kind: columns.kinds[index]!,
    account: account === NO_NUMBER ? undefined : account,
    instrument: instrument === NO_NUMBER ? undefined : instrument,
    previous: columns.previous[index]!,
    eventTimeUs: columns.timesUs[index]!,
    payload: columns.payloads.subarray(columns.starts[index]!, columns.starts[index + 1]!),
  };
}
