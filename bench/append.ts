import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { EVENT_KINDS } from "../services/engine/eventKinds.ts";
import { DEFAULT_CAPACITIES, genesis, ownInput } from "../services/engine/genesis.ts";
import { Shard } from "../services/engine/shard.ts";
import type { SourceSpan } from "../services/ingest/source.ts";
import { CHAIN_START, hashBatch } from "../services/journal/batchHash.ts";
import type { JournalBatch, JournalHead, JournalRow } from "../services/journal/journal.ts";
import { SCHEMA } from "../services/journal/schema.sql.ts";
import { SqliteJournal } from "../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../services/kernel/binary.ts";
import { Kernel } from "../services/kernel/kernel.ts";
import { type Bench, type BenchResult, type BenchSize, compare, UnequalOutputsError } from "./bench.ts";
import { removeFolder, temporaryFolder } from "./conditions.ts";
import type { Side } from "./measure.ts";
import { type SimulatedInputs, simulatedInputs } from "./simulatedInputs.ts";

const INPUTS = { quick: 50_000, full: 100_000 } as const;
const INPUTS_PER_BATCH = 1_000;
const PROMISED = 0.7;
const ROWS_PER_INSERT = 64;
const COLUMNS = 7;

type Cell = number | null | Uint8Array;

/** What the journal costs over the store under it: hash chain, expected head, source positions. */
export const append: Bench = {
  name: "append",
  summary: "a batch into the journal, against raw SQLite inserts of the same rows",
  run: async ({ quick, rounds }: BenchSize): Promise<BenchResult> => {
    const venue = await simulatedInputs(quick ? INPUTS.quick : INPUTS.full);
    const batches = foldIntoBatches(venue);
    const events = batches.reduce((sum, rows) => sum + rows.length, 0);
    const folder = temporaryFolder();
    try {
      const journal = journalSide(join(folder, "journal"), () => batches);
      const single = rawSide("raw, one row an INSERT", join(folder, "single"), batches, insertOneByOne);
      const multiple = rawSide("raw, 64 rows an INSERT", join(folder, "multiple"), batches, insertTogether);
      const whole = journalSide(join(folder, "whole"), () => foldIntoBatches(venue));
      await requireSameRows([journal, single, multiple, whole], events);
      const compared = await compare(
        journal,
        [
          { side: single, atLeast: PROMISED },
          { side: multiple, atLeast: PROMISED },
        ],
        rounds,
        [{ ...whole, name: "fold and append" }],
      );
      const wholeMs = compared.series[3]!.medianMs;
      return {
        name: "append",
        work: `${events} events in ${batches.length} batches, each one transaction: WAL, synchronous FULL`,
        unitsPerRound: events,
        unit: "events",
        checkedEqual: `${events} rows and the SHA-256 of their content, read back from each file`,
        notes: [
          `fold and append, from decoded inputs to durable events: ${perSecond(events, wholeMs)} events/s, ` +
            `${perSecond(venue.fills, wholeMs)} fills/s among them`,
        ],
        ...compared,
      };
    } finally {
      removeFolder(folder);
    }
  },
};

interface FileSide extends Side {
  run(): void | Promise<void>;
  readonly file: string;
}

const SPAN: Omit<SourceSpan, "firstOffset" | "lastOffset"> = { topic: "bench", partition: 0, leaderEpoch: 0 };

function foldIntoBatches({ market, inputs }: SimulatedInputs): JournalRow[][] {
  const shard = new Shard(Kernel.create(kernelBinary(), DEFAULT_CAPACITIES));
  const batches = [shard.fold(genesis("bench", shard.kernel.capacities, market))];
  for (let first = 0; first < inputs.length; first += INPUTS_PER_BATCH) {
    batches.push(shard.fold(inputs.slice(first, first + INPUTS_PER_BATCH).map(ownInput)));
  }
  return batches;
}

/** Folding is timed where `fold` does it: the batches are asked for inside the round. */
function journalSide(folder: string, fold: () => readonly JournalRow[][]): FileSide {
  const file = join(folder, "journal.sqlite");
  const kernelHash = createHash("sha256").update(kernelBinary()).digest("hex");
  let journal: SqliteJournal | undefined;
  return {
    name: "journal",
    file,
    prepare: () => {
      removeFolder(folder);
      journal = SqliteJournal.open(
        file,
        Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name]),
      );
    },
    run: async () => {
      let head: JournalHead = { batch: 0, position: 0, epoch: 0, hash: CHAIN_START };
      for (const rows of fold()) {
        const batch: Omit<JournalBatch, "hash"> = {
          batch: head.batch + 1,
          epoch: 1,
          eventTimeUs: rows.at(-1)!.eventTimeUs,
          kernelHash,
          spans: [{ ...SPAN, firstOffset: head.position, lastOffset: rows.at(-1)!.position }],
          rows,
          previousHash: head.hash,
        };
        const hash = hashBatch(batch);
        await journal!.append({ ...batch, hash }, head);
        head = { batch: batch.batch, position: rows.at(-1)!.position, epoch: 1, hash };
      }
    },
    finish: () => journal!.close(),
  };
}

type Inserts = (database: DatabaseSync) => (rows: readonly JournalRow[]) => void;

/** The event table alone, with the journal's settings. */
function rawSide(name: string, folder: string, batches: readonly JournalRow[][], inserts: Inserts): FileSide {
  const file = join(folder, "raw.sqlite");
  let database: DatabaseSync | undefined;
  let insert: (rows: readonly JournalRow[]) => void;
  return {
    name,
    file,
    prepare: async () => {
      removeFolder(folder);
      await SqliteJournal.open(file, []).close();
      database = new DatabaseSync(file);
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;");
      database.exec(SCHEMA);
      insert = inserts(database);
    },
    run: () => {
      for (const rows of batches) {
        database!.exec("BEGIN IMMEDIATE");
        insert(rows);
        database!.exec("COMMIT");
      }
    },
    finish: () => database!.close(),
  };
}

function insertOneByOne(database: DatabaseSync): (rows: readonly JournalRow[]) => void {
  const statement = prepareInsert(database, 1);
  const cells: Cell[] = new Array(COLUMNS).fill(null);
  return (rows) => {
    for (const row of rows) {
      putCells(row, cells, 0);
      statement.run(...cells);
    }
  };
}

function insertTogether(database: DatabaseSync): (rows: readonly JournalRow[]) => void {
  const together = prepareInsert(database, ROWS_PER_INSERT);
  const rest = insertOneByOne(database);
  const cells: Cell[] = new Array(ROWS_PER_INSERT * COLUMNS).fill(null);
  return (rows) => {
    let at = 0;
    for (; at + ROWS_PER_INSERT <= rows.length; at += ROWS_PER_INSERT) {
      for (let row = 0; row < ROWS_PER_INSERT; row++) putCells(rows[at + row]!, cells, row * COLUMNS);
      together.run(...cells);
    }
    rest(rows.slice(at));
  };
}

function prepareInsert(database: DatabaseSync, rows: number): StatementSync {
  const row = `(${Array(COLUMNS).fill("?").join(",")})`;
  return database.prepare(`INSERT INTO event VALUES ${Array(rows).fill(row).join(",")}`);
}

function putCells(row: JournalRow, cells: Cell[], at: number): void {
  cells[at] = row.position;
  cells[at + 1] = row.kind;
  cells[at + 2] = row.account ?? null;
  cells[at + 3] = row.instrument ?? null;
  cells[at + 4] = row.previous;
  cells[at + 5] = row.eventTimeUs;
  cells[at + 6] = row.payload;
}

/** @throws UnequalOutputsError when a side does not hold the rows of the first one */
async function requireSameRows(sides: readonly FileSide[], events: number): Promise<void> {
  let expected: string | undefined;
  for (const side of sides) {
    await side.prepare!();
    await side.run();
    await side.finish!();
    const { rows, hash } = contentOf(side.file);
    expected ??= hash;
    if (rows === events && hash === expected) continue;
    throw new UnequalOutputsError(
      `${side.name} holds ${rows} rows of content ${hash}, ${sides[0]!.name} ${events} of ${expected}: ` +
        "nothing was timed",
    );
  }
}

function contentOf(file: string): { readonly rows: number; readonly hash: string } {
  const database = new DatabaseSync(file, { readOnly: true });
  const select = database.prepare("SELECT * FROM event ORDER BY position");
  select.setReturnArrays(true);
  const hash = createHash("sha256");
  let rows = 0;
  for (const row of select.iterate() as Iterable<unknown> as Iterable<(number | null | Uint8Array)[]>) {
    for (const cell of row) hash.update(cell instanceof Uint8Array ? cell : `${cell},`);
    rows += 1;
  }
  database.close();
  return { rows, hash: hash.digest("hex") };
}

function perSecond(count: number, ms: number): string {
  return `${Math.round(count / ms)}k`;
}
