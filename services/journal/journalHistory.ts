import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SourceSpan } from "../ingest/source.ts";
import { type ColumnsRecord, columnsOf, type EventColumns, SELECT_COLUMNS } from "./eventColumns.ts";
import { type EventRecord, rowOf, SELECT_EVENTS } from "./eventRecord.ts";
import type { JournalRow } from "./journal.ts";
import { LOCK_TIMEOUT_MS } from "./lockTimeout.ts";

/** A batch without its rows. */
export interface BatchOutline {
  readonly batch: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly eventTimeUs: number;
  readonly kernelHash: string;
  /** Hexadecimal. */
  readonly hash: string;
  readonly spans: readonly SourceSpan[];
}

/** Columns of `#bounds`. */
const LAST_POSITION = 0;
const EVENT_TIME = 1;

/**
 * A journal as those read it who ask about the past: by position and by time, any stretch, each look-up by primary key.
 * Reads only, beside a running engine or without one.
 */
export class JournalHistory {
  readonly #database: DatabaseSync;
  readonly #batch: StatementSync;
  readonly #newest: StatementSync;
  readonly #bounds: StatementSync;
  readonly #row: StatementSync;
  readonly #rows: StatementSync;
  readonly #columns: StatementSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#batch = database.prepare(
      "SELECT batch, first_position, last_position, event_time_us, kernel_hash, sources, hash FROM batch WHERE batch = ?",
    );
    this.#newest = database.prepare("SELECT max(batch) AS batch FROM batch");
    this.#bounds = database.prepare("SELECT last_position, event_time_us FROM batch WHERE batch = ?");
    this.#bounds.setReturnArrays(true);
    this.#row = database.prepare(`${SELECT_EVENTS}WHERE position = ?`);
    this.#rows = database.prepare(`${SELECT_EVENTS}WHERE position BETWEEN ? AND ? ORDER BY position`);
    this.#columns = database.prepare(SELECT_COLUMNS);
    this.#columns.setReturnArrays(true);
    this.#row.setReturnArrays(true);
    this.#rows.setReturnArrays(true);
  }

  static open(path: string): JournalHistory {
    return new JournalHistory(new DatabaseSync(path, { readOnly: true, timeout: LOCK_TIMEOUT_MS }));
  }

  /** The newest batch; undefined while the journal is empty. */
  head(): BatchOutline | undefined {
    const newest = this.#newestBatch();
    return newest === undefined ? undefined : this.batch(newest);
  }

  #newestBatch(): number | undefined {
    return (this.#newest.get()!["batch"] as number | null) ?? undefined;
  }

  batch(number: number): BatchOutline | undefined {
    const record = this.#batch.get(number);
    if (record === undefined) return undefined;
    return {
      batch: number,
      firstPosition: record["first_position"] as number,
      lastPosition: record["last_position"] as number,
      eventTimeUs: record["event_time_us"] as number,
      kernelHash: record["kernel_hash"] as string,
      hash: Buffer.from(record["hash"] as Uint8Array).toString("hex"),
      spans: JSON.parse(record["sources"] as string) as SourceSpan[],
    };
  }

  /** The batch that holds the event; undefined when none does. */
  batchOf(position: number): BatchOutline | undefined {
    const found = this.#first(LAST_POSITION, position);
    return found !== undefined && found.firstPosition <= position ? found : undefined;
  }

  /** The first batch whose newest event time is after `timeUs`. Batches never go back in time. */
  batchAfter(timeUs: bigint): BatchOutline | undefined {
    return this.#first(EVENT_TIME, Number(timeUs) + 1);
  }

  /** The first batch in which a bound is at least so much: batches have no gaps, and positions and times ascend with them. */
  #first(bound: number, least: number): BatchOutline | undefined {
    let low = 1;
    let high = (this.#newestBatch() ?? 0) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const bounds = this.#bounds.get(middle) as unknown as readonly number[];
      if (bounds[bound]! >= least) high = middle;
      else low = middle + 1;
    }
    return this.batch(low);
  }

  row(position: number): JournalRow | undefined {
    const record = this.#row.get(position) as unknown as EventRecord | undefined;
    return record === undefined ? undefined : rowOf(record);
  }

  /** Both ends included. */
  rows(first: number, last: number): JournalRow[] {
    return (this.#rows.all(first, last) as unknown as EventRecord[]).map(rowOf);
  }

  /** The same stretch column by column. */
  columns(first: number, last: number): EventColumns {
    return columnsOf(first, this.#columns.get(first, last) as unknown as ColumnsRecord);
  }

  /** A kernel binary by its hash. */
  kernel(hash: string): Uint8Array | undefined {
    const record = this.#database.prepare("SELECT binary FROM kernel WHERE hash = ?").get(hash);
    return record?.["binary"] as Uint8Array | undefined;
  }

  close(): void {
    this.#database.close();
  }
}
