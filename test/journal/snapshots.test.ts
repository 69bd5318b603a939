import { createHash } from "node:crypto";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Recovery, recover } from "../../services/engine/recovery.ts";
import type { SnapshotHeader } from "../../services/journal/snapshots.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Folder, openEngine, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { MemoryJournal } from "./memoryJournal.ts";

const MAGIC_BYTES = 16;
const CHECKSUM_BYTES = 32;

describe("snapshots", () => {
  let folder: Folder;
  let journal: MemoryJournal;
  let stateHash: string;
  let files: string[];
  const path = (generation: number): string => join(folder.path, "snapshots", files[generation]!);

  /** A run that has taken a snapshot after each batch: two are left. */
  beforeEach(async () => {
    folder = new Folder();
    journal = new MemoryJournal();
    const source = new ScriptedSource(shortHistory().map((input) => [input]));
    const engine = await openEngine(journal, source, folder.snapshots, { snapshotEveryEvents: 1 });
    await engine.run();
    stateHash = engine.shard.stateHash();
    files = readdirSync(join(folder.path, "snapshots")).sort().reverse();
  });

  afterEach(() => folder.remove());

  async function recovered(): Promise<Recovery & { told: string[] }> {
    const told: string[] = [];
    const found = await recover(new MemoryJournal(journal.store), kernelBinary(), folder.snapshots, (line) => {
      told.push(line);
    });
    expect(found.shard.stateHash()).toBe(stateHash);
    return { ...found, told };
  }

  /** Writes a snapshot's header anew, with a checksum that fits. */
  function rewrite(generation: number, change: (header: SnapshotHeader, body: Buffer) => object): void {
    const bytes = readFileSync(path(generation));
    const start = MAGIC_BYTES + 4;
    const end = start + bytes.readUInt32LE(MAGIC_BYTES);
    const body = Buffer.from(bytes.subarray(end, bytes.length - CHECKSUM_BYTES));
    const header = Buffer.from(JSON.stringify(change(JSON.parse(bytes.toString("utf8", start, end)), body)));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    const whole = Buffer.concat([bytes.subarray(0, MAGIC_BYTES), length, header, body]);
    writeFileSync(path(generation), Buffer.concat([whole, createHash("sha256").update(whole).digest()]));
  }

  function flip(generation: number, at: number): void {
    const bytes = readFileSync(path(generation));
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    writeFileSync(path(generation), bytes);
  }

  test("two generations are kept, the newest is used, and nothing is left over", async () => {
    expect(files).toHaveLength(2);
    const { snapshotPosition, replayedEvents, told } = await recovered();
    expect([snapshotPosition, replayedEvents, told]).toEqual([journal.store.rows.length, 0, []]);
  });

  test.each([
    ["a flipped byte in the header", () => flip(0, 40), "checksum"],
    ["a flipped byte in a table", () => flip(0, -5_000), "checksum"],
    ["a flipped byte in the checksum", () => flip(0, -1), "checksum"],
    ["a flipped byte in the magic", () => flip(0, 0), "not a snapshot"],
    ["a truncated file", () => truncateSync(path(0), 4_000), "checksum"],
    ["an empty file", () => truncateSync(path(0), 0), "not a snapshot"],
    ["a file of another program", () => writeFileSync(path(0), "x".repeat(5_000)), "not a snapshot"],
    ["a future layout", () => rewrite(0, (header) => ({ ...header, layoutVersion: 999 })), "another kernel"],
    ["another kernel", () => rewrite(0, (header) => ({ ...header, kernelHash: "00".repeat(32) })), "another kernel"],
    ["another history", () => rewrite(0, (header) => ({ ...header, chainHash: "00".repeat(32) })), "another history"],
    ["a batch that is not there", () => rewrite(0, (header) => ({ ...header, batch: 10_000 })), "ends before it"],
    ["another state", () => rewrite(0, (header) => ({ ...header, stateHash: "00".repeat(32) })), "its state"],
    ["other names", () => rewrite(0, (header) => ({ ...header, names: renamed(header) })), "its state"],
    [
      "a table that somebody has changed",
      () =>
        rewrite(0, (header, body) => {
          // The margin mode of alice: behind the venue's four accounts in the table of accounts.
          const before = header.tableBytes.slice(0, 6).reduce((sum, bytes) => sum + bytes, 0);
          const accountBytes = header.tableBytes[6]! / 6;
          body[before + 4 * accountBytes]! ^= 3;
          return header;
        }),
      "its state",
    ],
  ])("%s: passed over with the reason, the older one is used", async (_, damage, reason) => {
    damage();
    const { snapshotPosition, replayedEvents, told } = await recovered();
    expect(told).toEqual([expect.stringContaining(reason)]);
    expect(snapshotPosition).toBe(Number.parseInt(files[1]!, 10));
    expect(replayedEvents).toBeGreaterThan(0);
  });

  test("when both are bad, the log is replayed from its start", async () => {
    flip(0, 100);
    rewrite(1, (header) => ({ ...header, layoutVersion: 999 }));
    const { snapshotPosition, replayedEvents, told } = await recovered();
    expect([snapshotPosition, replayedEvents]).toEqual([0, journal.store.rows.length]);
    expect(told).toHaveLength(2);
  });

  test("when the folder is gone, the log is replayed from its start", async () => {
    folder.remove();
    expect((await recovered()).snapshotPosition).toBe(0);
  });

  test("those of a journal that was deleted make room for those of the one that took its place", async () => {
    const fresh = new MemoryJournal();
    const source = new ScriptedSource([shortHistory().slice(0, 2)]);
    const engine = await openEngine(fresh, source, folder.snapshots);
    await engine.run();
    const left = [...folder.snapshots.read(() => {})].map(({ header }) => header.position);
    expect(left).toEqual([fresh.store.rows.length]);
  });

  test("what an interrupted write left behind is swept away by the next one", async () => {
    writeFileSync(join(folder.path, "snapshots", "0000000000000001.snapshot.part"), "half");
    const engine = await openEngine(new MemoryJournal(journal.store), new ScriptedSource([]), folder.snapshots, {
      source: () => new ScriptedSource(shortHistory().map((input) => [input])),
    });
    await engine.run();
    const names = readdirSync(join(folder.path, "snapshots"));
    expect(names).toHaveLength(2);
    expect(names.every((name) => name.endsWith(".snapshot"))).toBe(true);
  });
});

function renamed({ names }: SnapshotHeader): unknown {
  return JSON.parse(JSON.stringify(names).replace('"alice"', '"malice"'));
}
