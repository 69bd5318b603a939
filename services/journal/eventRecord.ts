import type { JournalRow } from "./journal.ts";

/** What a query for EventRecords begins with. */
export const SELECT_EVENTS = "SELECT position, kind, account, instrument, previous, event_time_us, payload FROM event ";

/** A row of the table `event` as SQLite gives it: position, kind, account, instrument, previous, event time, payload. */
export type EventRecord = [number, number, number | null, number | null, number, number, Uint8Array];

export function rowOf([position, kind, account, instrument, previous, eventTimeUs, payload]: EventRecord): JournalRow {
  return {
    position,
    kind,
    account: account ?? undefined,
    instrument: instrument ?? undefined,
    previous,
    eventTimeUs,
    payload,
  };
}
