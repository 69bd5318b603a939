import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SourcePosition, SourceSpan } from "../ingest/source.ts";
import { CHAIN_START, spansText } from "./batchHash.ts";
import { Checkpoints, PAGES_BETWEEN_CHECKPOINTS } from "./checkpoints.ts";
import { type EventRecord, rowOf, SELECT_EVENTS } from "./eventRecord.ts";
import {
  type Journal,
  type JournalBatch,
  JournalConflictError,
  JournalDamagedError,
  JournalFailedError,
  type JournalHead,
  type JournalRow,
  JournalUnknownOutcomeError,
  type KernelStretch,
} from "./journal.ts";
import { LOCK_TIMEOUT_MS } from "./lockTimeout.ts";
import { LogSync, type SyncFile } from "./logSync.ts";
import { SCHEMA } from "./schema.sql.ts";

/** Rows that one INSERT carries: fewer statements to step, measured best between 32 and 128. */
const ROWS_PER_INSERT = 64;
const COLUMNS = 7;
/** Events that a page of a scan reads at the most. */
const PAGE_EVENTS = 20_000;

type Cell = number | null | Uint8Array;

/**
 * The journal in one SQLite file (`node:sqlite`): WAL, one transaction a batch, which is written inside the call and on the disk
 * when its promise resolves. Whoever reads the file beside it may see a batch some milliseconds before that.
 */
export class SqliteJournal implements Journal {
  readonly #database: DatabaseSync;
  /** Both undefined for a reader. */
  readonly #log: LogSync | undefined;
  readonly #checkpoints: Checkpoints | undefined;
  readonly #insertBatch: StatementSync;
  readonly #insertEvent: StatementSync;
  readonly #insertEvents: StatementSync;
  readonly #selectHead: StatementSync;
  readonly #upsertSource: StatementSync;
  readonly #cells: Cell[] = new Array(ROWS_PER_INSERT * COLUMNS).fill(null);

  private constructor(database: DatabaseSync, log?: LogSync, checkpoints?: Checkpoints) {
    this.#database = database;
    this.#log = log;
    this.#checkpoints = checkpoints;
    const row = `(${Array(COLUMNS).fill("?").join(",")})`;
    this.#insertBatch = database.prepare("INSERT INTO batch VALUES (?,?,?,?,?,?,?,?,?)");
    this.#insertEvent = database.prepare(`INSERT INTO event VALUES ${row}`);
    this.#insertEvents = database.prepare(`INSERT INTO event VALUES ${Array(ROWS_PER_INSERT).fill(row).join(",")}`);
    this.#selectHead = database.prepare(
      "SELECT batch, last_position, epoch, hash FROM batch ORDER BY batch DESC LIMIT 1",
    );
    this.#upsertSource = database.prepare(
      "INSERT INTO source_position VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET " +
        "leader_epoch = excluded.leader_epoch, last_offset = excluded.last_offset",
    );
  }

  /**
   * Opens the file, making it if need be.
   * @param kinds names of the event kinds, for those who read with a shell
   * @param syncFile in the place of `fs.fdatasync`
   */
  static open(
    path: string,
    kinds: Iterable<readonly [kind: number, name: string]>,
    syncFile?: SyncFile,
  ): SqliteJournal {
    mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(path, { timeout: LOCK_TIMEOUT_MS });
    // The log is synced and copied into the file beside the thread, not by its commits.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;");
    database.exec(SCHEMA);
    const insertKind = database.prepare("INSERT OR IGNORE INTO event_kind VALUES (?, ?)");
    for (const [kind, name] of kinds) insertKind.run(kind, name);
    const checkpoints = new Checkpoints(path, () => {
      // SQLite does it itself then, within its commits.
      database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_BETWEEN_CHECKPOINTS};`);
    });
    return new SqliteJournal(database, new LogSync(path, syncFile), checkpoints);
  }

  /** Opens an existing file for reading only, beside a running engine or without one. */
  static openToRead(path: string): SqliteJournal {
    return new SqliteJournal(new DatabaseSync(path, { readOnly: true, timeout: LOCK_TIMEOUT_MS }));
  }

  /** What SQLite says of its journal mode, and the number of its synchronous level: 1 is NORMAL, which syncs checkpoints. */
  settings(): { journalMode: string; synchronous: number } {
    return {
      journalMode: this.#database.prepare("PRAGMA journal_mode").get()!["journal_mode"] as string,
      synchronous: this.#database.prepare("PRAGMA synchronous").get()!["synchronous"] as number,
    };
  }

  async head(): Promise<JournalHead> {
    return this.#head();
  }

  #head(): JournalHead {
    const row = this.#selectHead.get();
    if (row === undefined) return { batch: 0, position: 0, epoch: 0, hash: CHAIN_START };
    return {
      batch: row["batch"] as number,
      position: row["last_position"] as number,
      epoch: row["epoch"] as number,
      hash: row["hash"] as Uint8Array,
    };
  }

  async append(batch: JournalBatch, expected: JournalHead): Promise<void> {
    this.#write(batch, expected);
    try {
      await this.#log!.synced();
    } catch (error) {
      throw new JournalUnknownOutcomeError(`batch ${batch.batch} may not be on the disk: ${message(error)}`, {
        cause: error,
      });
    }
  }

  #write(batch: JournalBatch, expected: JournalHead): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
    } catch (error) {
      throw new JournalFailedError(`batch ${batch.batch} could not begin: ${message(error)}`, { cause: error });
    }
    try {
      this.#refuseForeignHead(expected);
      this.#insert(batch, expected.position + 1);
    } catch (error) {
      this.#rollBack();
      if (error instanceof JournalConflictError) throw error;
      throw new JournalFailedError(`batch ${batch.batch} was not written: ${message(error)}`, { cause: error });
    }
    try {
      this.#database.exec("COMMIT");
    } catch (error) {
      // A commit that fails half-way (disk full, I/O error) may or may not have reached the disk.
      this.#rollBack();
      throw new JournalUnknownOutcomeError(`the commit of batch ${batch.batch} failed: ${message(error)}`, {
        cause: error,
      });
    }
    this.#checkpoints!.written(batch.rows.length);
  }

  /** SQLite itself rolls back after some errors, a full disk among them. */
  #rollBack(): void {
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
  }

  #refuseForeignHead(expected: JournalHead): void {
    const head = this.#head();
    if (head.batch === expected.batch && Buffer.compare(head.hash, expected.hash) === 0) return;
    throw new JournalConflictError(
      `the journal ends with batch ${head.batch} of epoch ${head.epoch}, this engine expected batch ` +
        `${expected.batch} of epoch ${expected.epoch}: another engine owns the shard now`,
    );
  }

  /** A batch without rows (all that was pulled were offsets without a record) ends where it begins: before `first`. */
  #insert(batch: JournalBatch, first: number): void {
    const { rows } = batch;
    if (rows.length > 0 && rows[0]!.position !== first) {
      throw new Error(`its first event is ${rows[0]!.position}, the next position is ${first}`);
    }
    this.#insertBatch.run(
      batch.batch,
      first,
      first + rows.length - 1,
      batch.epoch,
      batch.eventTimeUs,
      batch.kernelHash,
      spansText(batch.spans),
      batch.previousHash,
      batch.hash,
    );
    let at = 0;
    for (; at + ROWS_PER_INSERT <= rows.length; at += ROWS_PER_INSERT) {
      for (let index = 0; index < ROWS_PER_INSERT; index++) this.#putCells(rows[at + index]!, index * COLUMNS);
      this.#insertEvents.run(...this.#cells);
    }
    for (; at < rows.length; at++) {
      this.#putCells(rows[at]!, 0);
      this.#insertEvent.run(...this.#cells.slice(0, COLUMNS));
    }
    for (const span of batch.spans) {
      this.#upsertSource.run(span.topic, span.partition, span.leaderEpoch, span.lastOffset);
    }
  }

  #putCells(row: JournalRow, at: number): void {
    const cells = this.#cells;
    cells[at] = row.position;
    cells[at + 1] = row.kind;
    cells[at + 2] = row.account ?? null;
    cells[at + 3] = row.instrument ?? null;
    cells[at + 4] = row.previous;
    cells[at + 5] = row.eventTimeUs;
    cells[at + 6] = row.payload;
  }

  async *batches(from: number): AsyncGenerator<JournalBatch> {
    const selectBatches = this.#database.prepare(
      "SELECT batch, first_position, last_position, epoch, event_time_us, kernel_hash, sources, previous_hash, hash " +
        "FROM batch WHERE batch >= ? ORDER BY batch LIMIT 256",
    );
    const selectEvents = this.#database.prepare(`${SELECT_EVENTS}WHERE position BETWEEN ? AND ? ORDER BY position`);
    selectEvents.setReturnArrays(true);
    let next = from;
    for (;;) {
      const batches = selectBatches.all(next) as unknown as BatchRecord[];
      if (batches.length === 0) return;
      let index = 0;
      while (index < batches.length) {
        // One statement reads the events of several small batches.
        let last = index;
        const firstPosition = batches[index]!.first_position;
        while (last + 1 < batches.length && batches[last + 1]!.last_position - firstPosition < PAGE_EVENTS) {
          last++;
        }
        const events = selectEvents.all(firstPosition, batches[last]!.last_position) as unknown as EventRecord[];
        let at = 0;
        for (; index <= last; index++) {
          const record = batches[index]!;
          const rows: JournalRow[] = [];
          while (at < events.length && events[at]![0] <= record.last_position) rows.push(rowOf(events[at++]!));
          requireWhole(record, rows);
          yield toBatch(record, rows);
        }
      }
      next = batches.at(-1)!.batch + 1;
    }
  }

  async row(position: number): Promise<JournalRow | undefined> {
    const select = this.#database.prepare(`${SELECT_EVENTS}WHERE position = ?`);
    select.setReturnArrays(true);
    const record = select.get(position) as unknown as EventRecord | undefined;
    return record === undefined ? undefined : rowOf(record);
  }

  async sourcePositions(): Promise<SourcePosition[]> {
    return this.#database
      .prepare("SELECT topic, partition, leader_epoch, last_offset FROM source_position ORDER BY topic, partition")
      .all()
      .map((row) => ({
        topic: row["topic"] as string,
        partition: row["partition"] as number,
        leaderEpoch: row["leader_epoch"] as number,
        lastOffset: row["last_offset"] as number,
      }));
  }

  async keepKernel(hash: string, binary: Uint8Array): Promise<void> {
    this.#database.prepare("INSERT OR IGNORE INTO kernel VALUES (?, ?)").run(hash, binary);
  }

  async kernel(hash: string): Promise<Uint8Array | undefined> {
    return this.#database.prepare("SELECT binary FROM kernel WHERE hash = ?").get(hash)?.["binary"] as
      | Uint8Array
      | undefined;
  }

  async kernelStretches(from: number): Promise<KernelStretch[]> {
    return this.#database
      .prepare(
        "SELECT batch, kernel_hash FROM (SELECT batch, kernel_hash, lag(kernel_hash) OVER (ORDER BY batch) AS former " +
          "FROM batch WHERE batch >= ?) WHERE kernel_hash IS NOT former ORDER BY batch",
      )
      .all(from)
      .map((row) => ({ firstBatch: row["batch"] as number, kernelHash: row["kernel_hash"] as string }));
  }

  async keepAccountHeads(heads: Iterable<readonly [account: number, position: number]>): Promise<void> {
    const upsert = this.#database.prepare("INSERT OR REPLACE INTO account_head VALUES (?, ?)");
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const [account, position] of heads) upsert.run(account, position);
      this.#database.exec("COMMIT");
    } finally {
      this.#rollBack();
    }
  }

  async close(): Promise<void> {
    await this.#log?.close();
    await this.#checkpoints?.close();
    // The log goes into the file, so that a copy of the file alone is whole.
    if (this.#log !== undefined) this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#database.close();
  }
}

interface BatchRecord {
  readonly batch: number;
  readonly first_position: number;
  readonly last_position: number;
  readonly epoch: number;
  readonly event_time_us: number;
  readonly kernel_hash: string;
  readonly sources: string;
  readonly previous_hash: Uint8Array;
  readonly hash: Uint8Array;
}

/** @throws JournalDamagedError when the rows are not those that the batch claims */
function requireWhole({ batch, first_position, last_position }: BatchRecord, rows: readonly JournalRow[]): void {
  const claimed = last_position - first_position + 1;
  const whole = rows.length === claimed && rows.every((row, index) => row.position === first_position + index);
  if (whole) return;
  throw new JournalDamagedError(
    `batch ${batch} claims events ${first_position} to ${last_position}, but ${rows.length} events follow those before`,
  );
}

function toBatch(record: BatchRecord, rows: JournalRow[]): JournalBatch {
  return {
    batch: record.batch,
    epoch: record.epoch,
    eventTimeUs: record.event_time_us,
    kernelHash: record.kernel_hash,
    spans: spansOf(record),
    rows,
    previousHash: record.previous_hash,
    hash: record.hash,
  };
}

/** The chain hashes the text: one that only reads the same was not written by an append either. */
function spansOf({ batch, sources }: BatchRecord): SourceSpan[] {
  try {
    const spans = JSON.parse(sources) as SourceSpan[];
    if (spansText(spans) === sources) return spans;
  } catch {
    // What is no JSON, or not of this shape, is answered like any other text.
  }
  throw new JournalDamagedError(`batch ${batch}: its sources are not what an append writes`);
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
