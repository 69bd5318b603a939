import { DatabaseSync } from "node:sqlite";
import { spansText } from "../../journal/batchHash.ts";
import type { JournalBatch, JournalRow } from "../../journal/journal.ts";
import { VerificationError } from "./doubt.ts";

/** What a batch claims, before its events are read. */
export interface BatchClaim {
  readonly batch: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
}

export interface SourceEnd {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly lastOffset: number;
}

/** Where the journal stood when the walk began. */
export interface FileHead {
  readonly batch: number;
  readonly position: number;
  readonly sources: readonly SourceEnd[];
  /** Position of an event behind the last batch. */
  readonly stray: number | undefined;
}

type Cells = [number, number, number, number, number, string, string, Uint8Array, Uint8Array];
type EventCells = [number, number, number | null, number | null, number, number, Uint8Array];

const PAGE_EVENTS = 20_000;
const BATCH_COLUMNS =
  "batch, first_position, last_position, epoch, event_time_us, kernel_hash, sources, previous_hash, hash";

/** Reads the tables of a journal (services/journal/schema.sql.ts) in the order of batches, a page at a time. */
export class JournalFile {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { readOnly: true });
  }

  close(): void {
    this.#database.close();
  }

  /** The end of the journal, all of one moment though an engine may be appending. */
  head(): FileHead {
    this.#database.exec("BEGIN");
    try {
      const last = this.#one("SELECT batch, last_position FROM batch ORDER BY batch DESC LIMIT 1");
      if (last === undefined) throw new VerificationError("dropped", "the journal is empty");
      const [batch, position] = last as [number, number];
      const stray = this.#one("SELECT position FROM event WHERE position > ? LIMIT 1", position)?.[0];
      const sources = this.#all("SELECT topic, partition, leader_epoch, last_offset FROM source_position").map(
        (row) => {
          const [topic, partition, leaderEpoch, lastOffset] = row as [string, number, number, number];
          return { topic, partition, leaderEpoch, lastOffset };
        },
      );
      return { batch, position, sources, stray: stray as number | undefined };
    } finally {
      this.#database.exec("COMMIT");
    }
  }

  /** A kernel of the journal. @returns undefined when it is not kept */
  kernel(hash: string): Uint8Array | undefined {
    return this.#one("SELECT binary FROM kernel WHERE hash = ?", hash)?.[0] as Uint8Array | undefined;
  }

  /** An entry of `account_head` whose event is not the account's. */
  wrongAccountHead(): { account: number; position: number } | undefined {
    const found = this.#one(
      "SELECT head.account, position FROM account_head AS head LEFT JOIN event USING (position) " +
        "WHERE event.account IS NOT head.account LIMIT 1",
    );
    return found && { account: found[0] as number, position: found[1] as number };
  }

  /** The links of the whole chain: to say what was done to it. */
  links(): { batch: number; previousHash: Uint8Array; hash: Uint8Array }[] {
    return this.#all("SELECT batch, previous_hash, hash FROM batch ORDER BY batch").map((row) => {
      const [batch, previousHash, hash] = row as [number, Uint8Array, Uint8Array];
      return { batch, previousHash, hash };
    });
  }

  /**
   * Batches up to `last`, with their events.
   * @param accept looks at a batch's claim before its events are trusted; throws to stop
   */
  *batches(last: number, accept: (claim: BatchClaim) => void): Generator<JournalBatch> {
    const selectBatches = this.#prepare(
      `SELECT ${BATCH_COLUMNS} FROM batch WHERE batch > ? AND batch <= ? ORDER BY batch LIMIT 256`,
    );
    const selectEvents = this.#prepare(
      "SELECT position, kind, account, instrument, previous, event_time_us, payload FROM event " +
        "WHERE position BETWEEN ? AND ? ORDER BY position",
    );
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      const records = selectBatches.all(after, last) as unknown as Cells[];
      if (records.length === 0) return;
      for (let index = 0; index < records.length; ) {
        const first = records[index]![1];
        let end = index + 1;
        while (end < records.length && records[end]![2] - first < PAGE_EVENTS) end++;
        const events = selectEvents.all(first, records[end - 1]![2]) as unknown as EventCells[];
        let at = 0;
        for (; index < end; index++) {
          const cells = records[index]!;
          accept(claimOf(cells));
          const rows: JournalRow[] = [];
          while (at < events.length && events[at]![0] < cells[1]) at++;
          while (at < events.length && events[at]![0] <= cells[2]) rows.push(toRow(events[at++]!));
          yield toBatch(cells, rows);
        }
      }
      after = records.at(-1)![0];
    }
  }

  #prepare(sql: string) {
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }

  #one(sql: string, ...values: (string | number)[]): unknown[] | undefined {
    return this.#prepare(sql).get(...values) as unknown as unknown[] | undefined;
  }

  #all(sql: string): unknown[][] {
    return this.#prepare(sql).all() as unknown as unknown[][];
  }
}

function claimOf([batch, firstPosition, lastPosition, , , , , previousHash, hash]: Cells): BatchClaim {
  return { batch, firstPosition, lastPosition, previousHash, hash };
}

function toRow([position, kind, account, instrument, previous, eventTimeUs, payload]: EventCells): JournalRow {
  const numbers = { account: account ?? undefined, instrument: instrument ?? undefined };
  return { position, kind, ...numbers, previous, eventTimeUs, payload };
}

function toBatch(cells: Cells, rows: JournalRow[]): JournalBatch {
  const [batch, first, last, epoch, eventTimeUs, kernelHash, sources, previousHash, hash] = cells;
  for (let index = 0; index < last - first + 1; index++) {
    if (rows[index]?.position === first + index) continue;
    const event = first + index;
    const reason = `batch ${batch} claims events ${first} to ${last}, event ${event} is gone`;
    throw new VerificationError("dropped", reason, { batch, event });
  }
  return { batch, epoch, eventTimeUs, kernelHash, spans: spansOf(batch, sources), rows, previousHash, hash };
}

/** The chain hashes the text, so it must be the one that an append writes. */
function spansOf(batch: number, text: string): JournalBatch["spans"] {
  try {
    const spans = JSON.parse(text) as JournalBatch["spans"];
    if (spansText(spans) === text) return spans;
  } catch {
    // What is no JSON, or not of this shape, is answered like any other text.
  }
  throw new VerificationError("changed", `batch ${batch}: its sources are not what an append writes`, { batch });
}
