import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JournalDamagedError, JournalFailedError, JournalUnknownOutcomeError } from "../../services/journal/journal.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { batchAfter } from "./batches.ts";
import { collect, journalContract } from "./contract.ts";

const KINDS = [[30, "fillApplied"]] as const;

function makeFile(): { path: string; dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-journal-"));
  return { path: join(folder, "shard.sqlite"), dispose: () => rmSync(folder, { recursive: true }) };
}

journalContract("sqlite", () => {
  const { path, dispose } = makeFile();
  return { open: async () => SqliteJournal.open(path, KINDS), dispose };
});

describe("SQLite journal", () => {
  let file: ReturnType<typeof makeFile>;
  let journal: SqliteJournal;
  let shell: DatabaseSync;

  beforeEach(async () => {
    file = makeFile();
    journal = SqliteJournal.open(file.path, KINDS);
    shell = new DatabaseSync(file.path);
    await append(5);
  });

  afterEach(async () => {
    await journal.close();
    shell.close();
    file.dispose();
  });

  async function append(rows: number): Promise<void> {
    const head = await journal.head();
    await journal.append(batchAfter(head, rows), head);
  }

  const count = (table: string): number => shell.prepare(`SELECT count(*) n FROM ${table}`).get()!["n"] as number;

  test("runs on a write-ahead log whose checkpoints are synced", () => {
    expect(journal.settings()).toEqual({ journalMode: "wal", synchronous: 1 });
  });

  test("what a transaction cannot hold is surely not in: JournalFailedError, and the engine could ask again", async () => {
    shell.exec("CREATE TRIGGER full BEFORE INSERT ON event WHEN new.position = 8 BEGIN SELECT RAISE(ABORT, 'no'); END");
    await expect(append(5)).rejects.toThrow(JournalFailedError);
    expect([count("batch"), count("event")]).toEqual([1, 5]);
    shell.exec("DROP TRIGGER full");
    await append(5);
    expect([count("batch"), count("event")]).toEqual([2, 10]);
  });

  test("an error after which SQLite itself has rolled back, as a full disk, is told as what it is", async () => {
    shell.exec(
      "CREATE TRIGGER full BEFORE INSERT ON event WHEN new.position = 8 BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
    );
    await expect(append(5)).rejects.toThrow(/batch 2 was not written: full/);
    await expect(append(5)).rejects.toThrow(JournalFailedError);
    expect([count("batch"), count("event")]).toEqual([1, 5]);
  });

  test("a commit that fails has an unknown outcome; the journal can still be read and closed", async () => {
    // A deferred foreign key is looked at by COMMIT, and by nothing before it.
    shell.exec(
      "CREATE TABLE promised (position INTEGER REFERENCES event DEFERRABLE INITIALLY DEFERRED);" +
        "CREATE TRIGGER promise AFTER INSERT ON batch BEGIN INSERT INTO promised VALUES (-1); END",
    );
    await expect(append(5)).rejects.toThrow(JournalUnknownOutcomeError);
    expect(await journal.head()).toMatchObject({ batch: 1, position: 5 });
    expect(count("event")).toBe(5);
    await journal.keepAccountHeads([[1, 5]]);
    expect(count("account_head")).toBe(1);
  });

  test("a locked file is a failure that says so, not a wait without end", async () => {
    shell.exec("BEGIN IMMEDIATE");
    await expect(append(1)).rejects.toThrow(/batch 2 could not begin: .*locked/);
    shell.exec("ROLLBACK");
    await append(1);
  });

  test("a reader beside the writer sees what is committed and cannot write", async () => {
    const reader = SqliteJournal.openToRead(file.path);
    expect(await reader.head()).toMatchObject({ batch: 1, position: 5 });
    await append(7);
    expect(await reader.head()).toMatchObject({ batch: 2, position: 12 });
    expect((await collect(reader.batches(1))).map(({ rows }) => rows.length)).toEqual([5, 7]);
    const head = await reader.head();
    await expect(reader.append(batchAfter(head, 1), head)).rejects.toThrow(/readonly/);
    await reader.close();
    await append(1);
  });

  test("the newest event of each account is kept beside the log, and kept again", async () => {
    await journal.keepAccountHeads([
      [0, 1],
      [2, 3],
    ]);
    await journal.keepAccountHeads([[2, 5]]);
    expect(shell.prepare("SELECT * FROM account_head ORDER BY account").all()).toEqual([
      expect.objectContaining({ account: 0, position: 1 }),
      expect.objectContaining({ account: 2, position: 5 }),
    ]);
  });

  test("heads that cannot be kept leave the journal usable", async () => {
    function* broken(): Generator<readonly [number, number]> {
      yield [0, 1];
      throw new Error("no more");
    }
    await expect(journal.keepAccountHeads(broken())).rejects.toThrow("no more");
    await append(1);
    expect(count("account_head")).toBe(0);
  });

  test("a closed journal is one file, whole without its log", async () => {
    await append(9);
    await journal.close();
    shell.close();
    const copy = new DatabaseSync(file.path, { readOnly: true });
    expect(copy.prepare("SELECT max(position) p FROM event").get()!["p"]).toBe(14);
    copy.close();
    journal = SqliteJournal.open(file.path, KINDS);
    shell = new DatabaseSync(file.path);
    expect(await journal.head()).toMatchObject({ batch: 2, position: 14 });
  });

  test("those who read with a shell find names, times and sizes", () => {
    expect(shell.prepare("SELECT * FROM event_log WHERE kind = 'fillApplied' LIMIT 1").get()).toMatchObject({
      position: 1,
      event_time: "2026-01-01 00:00:00.000",
      bytes: 4,
    });
  });

  test.each([
    ["an event is missing", "DELETE FROM event WHERE position = 3", /batch 1 claims events 1 to 5/],
    ["the last event is missing", "DELETE FROM event WHERE position = 5", /batch 1 claims events 1 to 5/],
    ["a batch claims fewer", "UPDATE batch SET last_position = 4", /batch 1 claims events 1 to 4|batch 2/],
    ["a batch begins elsewhere", "UPDATE batch SET first_position = 7 WHERE batch = 2", /batch 2 claims events 7 to 8/],
    ["sources are no JSON", "UPDATE batch SET sources = '['", /batch 1: its sources/],
    ["sources are another JSON", `UPDATE batch SET sources = '[null]'`, /batch 1: its sources/],
    ["sources only read the same", "UPDATE batch SET sources = '[ ]'", /batch 1: its sources/],
  ])("%s: named when it is read", async (_, damage, message) => {
    await append(3);
    shell.exec(damage);
    const reading = collect(journal.batches(1));
    await expect(reading).rejects.toThrow(JournalDamagedError);
    await expect(collect(journal.batches(1))).rejects.toThrow(message);
  });
});
