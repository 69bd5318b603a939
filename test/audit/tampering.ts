import { DatabaseSync } from "node:sqlite";
import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { hashBatch } from "../../services/journal/batchHash.ts";
import type { JournalBatch } from "../../services/journal/journal.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { collect } from "../journal/contract.ts";

export async function batchesOf(path: string): Promise<JournalBatch[]> {
  const journal = SqliteJournal.openToRead(path);
  const batches = await collect(journal.batches(1));
  await journal.close();
  return batches;
}

/**
 * Writes batches over those of a journal, numbered and placed anew: as somebody would who holds the file.
 * @param rehash whether the chain is computed again, so that only the kernel or an exported head can tell
 */
export function writeBatches(path: string, batches: readonly JournalBatch[], rehash: boolean): void {
  const shell = new DatabaseSync(path);
  shell.exec("BEGIN; DELETE FROM batch; DELETE FROM event");
  const insertBatch = shell.prepare("INSERT INTO batch VALUES (?,?,?,?,?,?,?,?,?)");
  const insertEvent = shell.prepare("INSERT INTO event VALUES (?,?,?,?,?,?,?)");
  let next = 1;
  let previousHash: Uint8Array = new Uint8Array(32);
  batches.forEach((batch, index) => {
    const rows = batch.rows.map((row, offset) => ({ ...row, position: next + offset }));
    const placed = { ...batch, batch: index + 1, rows };
    const linked = rehash ? { ...placed, previousHash } : placed;
    const hash = rehash ? hashBatch(linked) : batch.hash;
    const { epoch, eventTimeUs, kernelHash, spans } = batch;
    const last = next + rows.length - 1;
    const sources = JSON.stringify(spans);
    insertBatch.run(index + 1, next, last, epoch, eventTimeUs, kernelHash, sources, linked.previousHash, hash);
    for (const { position, kind, account, instrument, previous, eventTimeUs: timeUs, payload } of rows) {
      insertEvent.run(position, kind, account ?? null, instrument ?? null, previous, timeUs, payload);
    }
    next = last + 1;
    previousHash = hash;
  });
  shell.exec("COMMIT");
  shell.close();
}

export function inShell(path: string, sql: string): void {
  const shell = new DatabaseSync(path);
  shell.exec(sql);
  shell.close();
}

/** As if the regimes of a journal had been told in a language that this version cannot read: the programs stay as they are. */
export async function withRegimesOfAnotherDay(path: string): Promise<void> {
  const batches = await batchesOf(path);
  const told = (payload: Uint8Array): Uint8Array => {
    const event = JournalEvent.decode(payload);
    if (event.body?.$case === "regimeSet") event.body.value.document = "a document of another day";
    return JournalEvent.encode(event).finish();
  };
  const rows = (batch: JournalBatch) =>
    batch.rows.map((row) => (row.kind === 16 ? { ...row, payload: told(row.payload) } : row));
  writeBatches(
    path,
    batches.map((batch) => ({ ...batch, rows: rows(batch) })),
    true,
  );
}
