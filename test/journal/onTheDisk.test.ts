import { fstatSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Checkpoints, PAGES_BETWEEN_CHECKPOINTS } from "../../services/journal/checkpoints.ts";
import { JournalUnknownOutcomeError } from "../../services/journal/journal.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { batchAfter, headOf } from "./batches.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-disk-"));
  path = join(folder, "shard.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("an append", () => {
  /** Syncs that have begun: the log as it stood then, and how to end each. */
  let syncs: { readonly log: Buffer; readonly inode: number; end(error?: Error): void }[];
  let journal: SqliteJournal;
  beforeEach(() => {
    syncs = [];
    journal = SqliteJournal.open(path, [], (file, done) => {
      const log = readFileSync(`${path}-wal`);
      syncs.push({ log, inode: fstatSync(file).ino, end: (error) => done(error ?? null) });
    });
  });

  /** Appends a batch. @returns what became of it so far */
  async function begin(): Promise<{ state: "pending" | "on disk" | Error; readonly hash: Buffer }> {
    const head = await journal.head();
    const batch = batchAfter(head, 3);
    const appended: { state: "pending" | "on disk" | Error; readonly hash: Buffer } = {
      state: "pending",
      hash: Buffer.from(batch.hash),
    };
    journal.append(batch, head).then(
      () => {
        appended.state = "on disk";
      },
      (error: Error) => {
        appended.state = error;
      },
    );
    await turns();
    return appended;
  }

  test("ends when the log that holds it has been synced, not before", async () => {
    const first = await begin();
    expect(syncs).toHaveLength(1);
    expect(syncs[0]!.inode).toBe(statSync(`${path}-wal`).ino);
    expect(syncs[0]!.log.includes(first.hash)).toBe(true);
    expect(first.state).toBe("pending");
    syncs[0]!.end();
    await turns();
    expect(first.state).toBe("on disk");
    await journal.close();
  });

  test("that comes while a sync is under way waits for the next one, with all that came meanwhile", async () => {
    const first = await begin();
    const second = await begin();
    const third = await begin();
    expect(syncs).toHaveLength(1);
    expect(syncs[0]!.log.includes(second.hash)).toBe(false);
    syncs[0]!.end();
    await turns();
    expect([first.state, second.state, third.state]).toEqual(["on disk", "pending", "pending"]);
    expect(syncs).toHaveLength(2);
    expect(syncs[1]!.log.includes(third.hash)).toBe(true);
    syncs[1]!.end();
    await turns();
    expect([second.state, third.state]).toEqual(["on disk", "on disk"]);
    await journal.close();
  });

  test("whose sync fails may be in or not, and so may all that come after it: none is tried again", async () => {
    const first = await begin();
    const second = await begin();
    syncs[0]!.end(new Error("EIO: the disk is gone"));
    await turns();
    const third = await begin();
    for (const { state } of [first, second, third]) {
      expect(state).toBeInstanceOf(JournalUnknownOutcomeError);
      expect(state).toHaveProperty("message", expect.stringMatching(/^batch \d may not be on the disk: /));
    }
    expect(first.state).toHaveProperty("message", expect.stringContaining("EIO: the disk is gone"));
    expect(syncs).toHaveLength(1);
    await journal.close();
  });
});

describe("the log", () => {
  const PAGES = 4_096;

  test("whose thread cannot copy it says so: the journal then lets SQLite do it within its commits", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const checkpoints = new Checkpoints(join(folder, "no such folder", "shard.sqlite"), () => resolve("told"));
    checkpoints.written(24 * PAGES_BETWEEN_CHECKPOINTS);
    expect(await promise).toBe("told");
    await checkpoints.close();
  });

  test("is copied into the file beside the appends and begins anew, and is gone when the journal is closed", async () => {
    const journal = SqliteJournal.open(path, []);
    let head = await journal.head();
    const sizeBefore = statSync(path).size;
    let largest = 0;
    for (let batch = 0; batch < 3_000; batch++) {
      const next = batchAfter(head, 20);
      await journal.append(next, head);
      head = headOf(next, head);
      largest = Math.max(largest, statSync(`${path}-wal`).size);
    }
    expect(statSync(path).size).toBeGreaterThan(sizeBefore + 100 * PAGES);
    // 3,000 commits write some 24,000 pages: were the log never begun anew, it would hold them all.
    expect(largest).toBeGreaterThan(2_000 * PAGES);
    expect(largest).toBeLessThan(16_000 * PAGES);
    await journal.close();
    expect(() => statSync(`${path}-wal`)).toThrow("ENOENT");
    const again = SqliteJournal.openToRead(path);
    expect(await again.head()).toMatchObject({ batch: 3_000, position: 60_000 });
    await again.close();
  });
});
