// A journal outlives the kernel that wrote it: each stretch is replayed under its own, the state is handed on.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LAYOUT_VERSION } from "../../assembly/memory/layout.ts";
import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { LAYOUTS } from "../../services/audit/verify/layouts.ts";
import { verifyJournal } from "../../services/audit/verify/verify.ts";
import type { Engine, EngineOptions } from "../../services/engine/engine.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { ownInput } from "../../services/engine/genesis.ts";
import { KernelMigrationError, MigrationReplay } from "../../services/engine/migrationReplay.ts";
import { replayBatch } from "../../services/engine/recovery.ts";
import { Shard } from "../../services/engine/shard.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { batchesOf, writeBatches } from "../audit/tampering.ts";
import { kernelOfLayout, kernelOfOtherRules } from "../kernel/otherKernels.ts";
import { CAPACITIES, deposit, Folder, openEngine, shortHistory } from "./harness.ts";
import { ScriptedSource } from "./scriptedSource.ts";

/** A layout that never was, told apart from today's by its number alone. */
const FORMER_LAYOUT = 60;

let folder: Folder;
let path: string;
let said: string[];

beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, "shard.sqlite");
  said = [];
});
afterEach(() => folder.remove());

/** One owner's stretch of the short history, up to an input. */
async function run(upTo: number, changes: Partial<EngineOptions> = {}): Promise<Engine> {
  const stretches = shortHistory().map((input) => [input]);
  const source = new ScriptedSource(stretches.slice(0, upTo));
  const log = (line: string) => said.push(line);
  const engine = await openEngine(SqliteJournal.open(path, []), source, folder.snapshots, { log, ...changes });
  await engine.run();
  return engine;
}

const verify = (kernel?: Uint8Array) =>
  verifyJournal({ journal: path, snapshots: join(folder.path, "snapshots"), kernel });
const hashOf = (binary: Uint8Array) => createHash("sha256").update(binary).digest("hex");

/** A kernel that does the short history otherwise, without changing which names are opened. */
async function otherRules(): Promise<Uint8Array> {
  await run(10);
  const batches = await batchesOf(path);
  const other = kernelOfOtherRules(kernelBinary(), (candidate) => {
    try {
      const replay = new MigrationReplay(new Shard(Kernel.create(candidate, CAPACITIES)));
      for (const batch of batches.slice(0, -3)) replay.batch(batch);
      const early = replay.differingRows;
      for (const batch of batches.slice(-3)) replay.batch(batch);
      return early > 0n && replay.differingRows > early;
    } catch {
      return false;
    }
  });
  folder.remove();
  folder = new Folder();
  path = join(folder.path, "shard.sqlite");
  said = [];
  return other;
}

describe("records of one shape", () => {
  test.each([
    ["from the snapshot that the former kernel wrote", true],
    ["from the start of the log", false],
  ])("another kernel goes on %s", async (_, snapshot) => {
    const debug = kernelBinary("debug");
    const former = await run(7, { kernelBinary: debug });
    const before = former.shard.stateHash();
    if (!snapshot) folder.removeSnapshots();
    const engine = await run(7);
    expect(engine.start.snapshotPosition > 0).toBe(snapshot);
    expect(engine.shard.stateHash()).toBe(before);
    expect(said.join()).toMatch(/kernel [0-9a-f]{16} wrote the journal so far, [0-9a-f]{16} goes on/);
    await run(10);
    expect(await verify()).toMatchObject({
      stateHash: (await run(10)).shard.stateHash(),
      kernels: [
        { kernelHash: hashOf(debug), firstBatch: 1 },
        { kernelHash: hashOf(kernelBinary()), firstBatch: 9 },
      ],
    });
  });

  test("a kernel with other rules: what it said stays, bit for bit, and the next one goes on from there", async () => {
    const other = await otherRules();
    const former = await run(9, { kernelBinary: other });
    const told = former.shard.stateHash();
    folder.removeSnapshots();
    const engine = await run(9);
    expect(engine.shard.stateHash()).toBe(told);
    expect((await run(10)).start.continued).toBe(true);
    expect((await verify()).differences).toEqual([]);
    // The rows as today's kernel would have had them.
    expect((await verify(kernelBinary())).differences.length).toBeGreaterThan(0);
    // Under today's kernel alone the former stretch would not replay.
    const shard = new Shard(Kernel.create(kernelBinary(), CAPACITIES));
    const batches = await batchesOf(path);
    expect(() => {
      for (const batch of batches) replayBatch(shard, batch);
    }).toThrow(/replays differently/);
  });

  test("a start from the log alone changes the kernel where the journal did", async () => {
    const other = await otherRules();
    await run(7, { kernelBinary: other });
    const { shard } = await run(10);
    folder.removeSnapshots();
    expect((await run(10)).shard.stateHash()).toBe(shard.stateHash());
    expect((await verify()).stateHash).toBe(shard.stateHash());
  });

  test("positions that are put say where the next event stands, and what it follows", async () => {
    await run(4);
    const shard = new Shard(Kernel.create(kernelBinary(), CAPACITIES));
    for (const batch of await batchesOf(path)) replayBatch(shard, batch);
    const account = shard.names.account("alice")!;
    shard.kernel.putPositions(1_000, [[account, 777]]);
    const [row] = shard.fold([ownInput({ kind: "account", command: deposit("alice", "later", 1n) })]);
    expect(row).toMatchObject({ position: 1_000, account, previous: 777 });
  });

  test("a journal without the kernel that wrote it is refused", async () => {
    await run(5, { kernelBinary: kernelBinary("debug") });
    folder.removeSnapshots();
    const shell = new DatabaseSync(path);
    shell.exec("DELETE FROM kernel");
    shell.close();
    await expect(run(5)).rejects.toThrow(/the kernel [0-9a-f]{64} that computed a stretch is not kept/);
  });
});

describe("records of another shape", () => {
  /** Makes the journal one that this kernel wrote. */
  async function disguise(binary: Uint8Array): Promise<void> {
    const kernelHash = hashOf(binary);
    const batches = (await batchesOf(path)).map((batch) => ({
      ...batch,
      kernelHash,
      rows: batch.rows.map((row) => {
        if (row.kind !== EVENT_KINDS.epochStarted) return row;
        const event = JournalEvent.decode(row.payload);
        if (event.body?.$case === "epochStarted") event.body.value.kernelHash = Buffer.from(kernelHash, "hex");
        return { ...row, payload: JournalEvent.encode(event).finish() };
      }),
    }));
    writeBatches(path, batches, true);
    const shell = new DatabaseSync(path);
    shell.exec("DELETE FROM kernel");
    shell.prepare("INSERT INTO kernel VALUES (?, ?)").run(kernelHash, binary);
    shell.close();
    folder.removeSnapshots();
  }

  test("every input is replayed, and the epoch says how many rows differ", async () => {
    const other = await otherRules();
    await run(9, { kernelBinary: other });
    await disguise(kernelOfLayout(other, FORMER_LAYOUT));
    const before = await batchesOf(path);
    const { differences } = await verifyKnowing(() => verify(kernelBinary()));
    const count = differences.reduce((sum, difference) => sum + difference.count, 0);
    expect(count).toBeGreaterThan(0);

    const engine = await run(9);
    expect(said.join()).toMatch(
      new RegExp(`the records changed from layout ${FORMER_LAYOUT} to ${LAYOUT_VERSION}: .* ${count} rows come out`),
    );
    const after = await batchesOf(path);
    expect(after.slice(0, before.length)).toEqual(before);
    const started = JournalEvent.decode(after[before.length]!.rows[0]!.payload).body;
    expect(started).toMatchObject({
      $case: "epochStarted",
      value: { migration: { formerLayout: FORMER_LAYOUT, layout: LAYOUT_VERSION, differingRows: BigInt(count) } },
    });
    // The state is the one that today's kernel gives all inputs.
    const undisturbed = new Folder();
    const fresh = SqliteJournal.open(join(undisturbed.path, "fresh.sqlite"), []);
    const stretches = shortHistory().map((input) => [input]);
    const whole = await openEngine(fresh, new ScriptedSource(stretches.slice(0, 9)), undisturbed.snapshots);
    await whole.run();
    undisturbed.remove();
    expect(engine.shard.stateHash()).toBe(whole.shard.stateHash());

    // The next start comes to the same from a snapshot and from the log alone, and says nothing of it again.
    said = [];
    const next = await run(10);
    folder.removeSnapshots();
    expect((await run(10)).shard.stateHash()).toBe(next.shard.stateHash());
    expect(said.join()).not.toMatch(/records changed/);
    const found = await verifyKnowing(() => verify());
    expect(found.stateHash).toBe(next.shard.stateHash());
    expect(found.kernels.map(({ layoutVersion }) => layoutVersion)).toEqual([FORMER_LAYOUT, LAYOUT_VERSION]);
    // A verifier that never heard of the former layout says so.
    await expect(verify()).rejects.toMatchObject({ kind: "kernel" });
  });

  test("an epoch that lies about the rows that differ is found", async () => {
    const other = await otherRules();
    await run(9, { kernelBinary: other });
    await disguise(kernelOfLayout(other, FORMER_LAYOUT));
    await run(9);
    const batches = await batchesOf(path);
    for (const { rows } of batches.slice(-1)) {
      const event = JournalEvent.decode(rows[0]!.payload);
      if (event.body?.$case === "epochStarted") event.body.value.migration!.differingRows = 0n;
      rows[0]!.payload.set(JournalEvent.encode(event).finish());
      Object.assign(rows[0]!, { payload: JournalEvent.encode(event).finish() });
    }
    writeBatches(path, batches, true);
    folder.removeSnapshots();
    await expect(verifyKnowing(() => verify())).rejects.toMatchObject({ kind: "kernel", batch: batches.length });
  });

  test("a name that only one of the kernels opens ends it with a typed answer", async () => {
    await run(3);
    const batches = await batchesOf(path);
    const opening = batches.findIndex(({ rows }) => rows[0]!.kind === EVENT_KINDS.accountOpened);
    const row = batches[opening]!.rows[0]!;
    const command = shortHistory()[0]!;
    if (command.kind !== "account") throw new Error("the history begins with an account");
    const value = { reason: 60 as const, value: 0n, limit: 0n };
    const input = { $case: "accountCommand" as const, value: command.command };
    const event = {
      source: 1,
      sourceOffset: 0n,
      version: 0,
      body: { $case: "inputRefused" as const, value: { ...value, input } },
    };
    const refused = { ...row, kind: EVENT_KINDS.inputRefused, payload: JournalEvent.encode(event).finish() };
    const replay = new MigrationReplay(new Shard(Kernel.create(kernelBinary(), CAPACITIES)));
    for (const batch of batches.slice(0, opening)) replay.batch(batch);
    expect(() => replay.batch({ ...batches[opening]!, rows: [refused] })).toThrow(KernelMigrationError);
  });
});

/** With a verifier that knows the former layout: it is today's but for its number. */
async function verifyKnowing<Found>(look: () => Promise<Found>): Promise<Found> {
  const layouts = LAYOUTS as Map<number, unknown>;
  layouts.set(FORMER_LAYOUT, LAYOUTS.get(LAYOUT_VERSION));
  try {
    return await look();
  } finally {
    layouts.delete(FORMER_LAYOUT);
  }
}
