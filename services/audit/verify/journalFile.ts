import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { spansText } from "../../journal/batchHash.ts";
import type { JournalBatch, JournalRow } from "../../journal/journal.ts";
import { doubt } from "./doubt.ts";

/** A batch as it is stored: what it claims, and the events that are there. */
export type StoredBatch = JournalBatch & Readonly<Record<"firstPosition" | "lastPosition", number>>;
export type Link = Pick<JournalBatch, "batch" | "previousHash" | "hash">;
export type SourceEnd = Omit<JournalBatch["spans"][number], "firstOffset">;

/** Where the journal stood when the walk began. */
export interface FileHead {
  readonly batch: number;
  readonly position: number;
  readonly sources: readonly SourceEnd[];
  /** Position of an event behind the last batch. */
  readonly stray: number | undefined;
}

type Cells = [number, number, number | null, number | null, number, number, Uint8Array];

const BATCH =
  "SELECT batch, first_position AS firstPosition, last_position AS lastPosition, epoch, event_time_us AS eventTimeUs, " +
  "kernel_hash AS kernelHash, sources, previous_hash AS previousHash, hash FROM batch ";

/** Reads the tables of a journal (services/journal/schema.sql.ts), a batch at a time. */
export class JournalFile {
  readonly #database: DatabaseSync;
  readonly #events: StatementSync;

  constructor(path: string) {
    // Another process may lock the file for some milliseconds: whoever first opens what a killed engine left.
    this.#database = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
    this.#events = this.#database.prepare(
      "SELECT position, kind, account, instrument, previous, event_time_us, payload FROM event " +
        "WHERE position BETWEEN ? AND ? ORDER BY position",
    );
    // Millions of rows: as arrays they come in half the time.
    this.#events.setReturnArrays(true);
  }

  close(): void {
    this.#database.close();
  }

  #all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#database.prepare(sql).all(...values) as unknown as Row[];
  }

  /** The end of the journal, all of one moment though an engine may be appending. */
  head(): FileHead {
    this.#database.exec("BEGIN");
    try {
      const [last] = this.#all<StoredBatch>(`${BATCH} ORDER BY batch DESC LIMIT 1`);
      if (last === undefined) throw doubt("dropped", "the journal is empty");
      const { batch, lastPosition: position } = last;
      const [stray] = this.#all<JournalRow>("SELECT position FROM event WHERE position > ? LIMIT 1", position);
      const sources = this.#all<SourceEnd>(
        "SELECT topic, partition, leader_epoch AS leaderEpoch, last_offset AS lastOffset FROM source_position",
      );
      return { batch, position, sources, stray: stray?.position };
    } finally {
      this.#database.exec("COMMIT");
    }
  }

  /** A kernel of the journal. @returns undefined when it is not kept */
  kernel(hash: string): Uint8Array | undefined {
    return this.#all<{ binary: Uint8Array }>("SELECT binary FROM kernel WHERE hash = ?", hash)[0]?.binary;
  }

  /** An entry of `account_head` whose event is not the account's. */
  wrongAccountHead(): { account: number; position: number } | undefined {
    const sql =
      "SELECT head.account, position FROM account_head AS head LEFT JOIN event USING (position) " +
      "WHERE event.account IS NOT head.account LIMIT 1";
    return this.#all<{ account: number; position: number }>(sql)[0];
  }

  /** The links of the whole chain: to say what was done to it. */
  links(): Link[] {
    return this.#all("SELECT batch, previous_hash AS previousHash, hash FROM batch ORDER BY batch");
  }

  /** Batches up to `last`, in order. Between two of them nothing is held open: an engine may append. */
  *batches(last: number): Generator<StoredBatch> {
    const next = this.#database.prepare(`${BATCH} WHERE batch > ? AND batch <= ? ORDER BY batch LIMIT 1`);
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      const found = next.get(after, last) as unknown as (Omit<StoredBatch, "rows"> & { sources: string }) | undefined;
      if (found === undefined) return;
      const { sources, ...claim } = found;
      const cells = this.#events.all(claim.firstPosition, claim.lastPosition) as unknown as Cells[];
      yield { ...claim, spans: spansOf(claim.batch, sources), rows: cells.map(toRow) };
      after = claim.batch;
    }
  }
}

function toRow([position, kind, account, instrument, previous, eventTimeUs, payload]: Cells): JournalRow {
  const numbers = { account: account ?? undefined, instrument: instrument ?? undefined };
  return { position, kind, ...numbers, previous, eventTimeUs, payload };
}

/** The chain hashes the text, so it must be the one that an append writes. */
function spansOf(batch: number, text: string): JournalBatch["spans"] {
  try {
    const spans = JSON.parse(text) as JournalBatch["spans"];
    if (spansText(spans) === text) return spans;
  } catch {
    // What is no JSON, or not of this shape, is answered like any other text.
  }
  throw doubt("changed", `batch ${batch}: its sources are not what an append writes`, { batch });
}
