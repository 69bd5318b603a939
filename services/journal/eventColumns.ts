import type { JournalRow } from "./journal.ts";

/** "None" in the columns of accounts and instruments: the kernel's own word for it (assembly/memory/layout.ts). */
export const NO_NUMBER = 0xffffffff;

/** Events that follow one another, column by column: what a replay reads without making an object of each. */
export interface EventColumns {
  /** Position of the first. */
  readonly first: number;
  readonly count: number;
  readonly kinds: Uint32Array;
  /** NO_NUMBER where there is none. */
  readonly accounts: Uint32Array;
  readonly instruments: Uint32Array;
  readonly previous: Float64Array;
  readonly timesUs: Float64Array;
  /** The payload of event i lies between `starts[i]` and `starts[i + 1]`. */
  readonly starts: Uint32Array;
  readonly payloads: Uint8Array;
}

const NUMBERS = [
  "kind",
  "ifnull(account, -1)",
  "ifnull(instrument, -1)",
  "previous",
  "event_time_us",
  "length(payload)",
];

/**
 * One row of SQL for a whole stretch: how many events, each column but the payload as decimal numbers with commas between
 * them (none as -1), and the payloads one after the other. SQLite hands a stretch out five times faster than its cells one
 * by one. Parameters: the first position, the last one.
 *
 * SQLite visits a range of a primary key in its order, though it does not promise so of an aggregate: were it otherwise, a
 * replay would be told inputs in another order and end at once with rows that the kernel does not derive.
 */
export const SELECT_COLUMNS =
  `SELECT count(*), ${NUMBERS.map((column) => `CAST(group_concat(${column}) AS BLOB)`).join(", ")}, ` +
  "CAST(group_concat(payload, '') AS BLOB) FROM event WHERE position BETWEEN ? AND ?";

export type ColumnsRecord = readonly [count: number, ...(Uint8Array | null)[]];

/** @param first position of the stretch, which has no gap: a caller asks for one that begins at an event */
export function columnsOf(first: number, record: ColumnsRecord): EventColumns {
  const [count, kinds, accounts, instruments, previous, times, lengths, payloads] = record;
  const columns = {
    first,
    count,
    kinds: new Uint32Array(count),
    accounts: new Uint32Array(count),
    instruments: new Uint32Array(count),
    previous: new Float64Array(count),
    timesUs: new Float64Array(count),
    starts: new Uint32Array(count + 1),
    payloads: payloads ?? new Uint8Array(),
  };
  if (count === 0) return columns;
  const { starts } = columns;
  parse(kinds!, columns.kinds);
  parse(accounts!, columns.accounts);
  parse(instruments!, columns.instruments);
  parseWide(previous!, columns.previous);
  parseWide(times!, columns.timesUs);
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

/** Whole numbers below 2^31 with commas between them; -1 becomes NO_NUMBER. */
function parse(text: Uint8Array, into: Uint32Array): void {
  let index = 0;
  let number = 0;
  let sign = 1;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!;
    if (unit >= ZERO) {
      number = (number * 10 + (unit - ZERO)) | 0;
    } else if (unit === COMMA) {
      into[index++] = number * sign;
      number = 0;
      sign = 1;
    } else if (unit === MINUS) {
      sign = -1;
    }
  }
  into[index] = number * sign;
}

/** The same up to 2^53. */
function parseWide(text: Uint8Array, into: Float64Array): void {
  let index = 0;
  let number = 0;
  let sign = 1;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!;
    if (unit >= ZERO) {
      number = number * 10 + (unit - ZERO);
    } else if (unit === COMMA) {
      into[index++] = number * sign;
      number = 0;
      sign = 1;
    } else if (unit === MINUS) {
      sign = -1;
    }
  }
  into[index] = number * sign;
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
