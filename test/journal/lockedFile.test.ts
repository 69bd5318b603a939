import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { JournalFile } from "../../services/audit/verify/journalFile.ts";
import { JournalHistory } from "../../services/journal/journalHistory.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";

/** Locks the whole file for a while, as whoever first opens the log of a killed engine does; says so when it has. */
const HOLDER = `
  const { DatabaseSync } = require("node:sqlite");
  const { parentPort, workerData } = require("node:worker_threads");
  const database = new DatabaseSync(workerData.path);
  database.exec(workerData.mode === "delete" ? "PRAGMA journal_mode = DELETE;" : "PRAGMA locking_mode = EXCLUSIVE;");
  database.exec("BEGIN EXCLUSIVE;");
  parentPort.postMessage("held");
  setTimeout(() => database.close(), 300);
`;

interface Opened {
  close(): unknown;
}

test.each<[string, "delete" | "wal", (path: string) => Opened]>([
  ["the engine, of a log", "wal", (path) => SqliteJournal.open(path, [])],
  ["the engine, of a file not yet in WAL mode", "delete", (path) => SqliteJournal.open(path, [])],
  ["a reader", "wal", (path) => SqliteJournal.openToRead(path)],
  ["a question about the past", "wal", (path) => JournalHistory.open(path)],
  ["the verifier", "wal", (path) => new JournalFile(path)],
])("%s: a file that another process holds for a moment is waited for", async (_who, mode, open) => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-locked-"));
  const path = join(folder, "shard.sqlite");
  await SqliteJournal.open(path, [[1, "genesis"]]).close();
  const holder = new Worker(HOLDER, { eval: true, workerData: { path, mode } });
  const ended = once(holder, "exit");
  await once(holder, "message");
  try {
    const opened = open(path);
    expect(opened).toBeDefined();
    await opened.close();
  } finally {
    await ended;
    rmSync(folder, { recursive: true });
  }
});
