import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ACCOUNT_FIRST_POOL, ACCOUNT_SIZE, TABLE_ACCOUNTS } from "../../assembly/memory/layout.ts";
import { EngineStoppedError } from "../../services/engine/engine.ts";
import { KernelTrapError } from "../../services/engine/shard.ts";
import {
  JournalConflictError,
  JournalFailedError,
  JournalUnknownOutcomeError,
} from "../../services/journal/journal.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { MemoryJournal, MemoryStore } from "../journal/memoryJournal.ts";
import { deposit, Folder, GatedJournal, openEngine, settled, shortHistory, stretches, undisturbed } from "./harness.ts";
import { ScriptedSource, TOPIC } from "./scriptedSource.ts";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

describe("an append that fails", () => {
  const failures: [string, (append: () => Promise<void>) => Promise<void>, new (message: string) => Error][] = [
    [
      "surely not in",
      async () => {
        throw new JournalFailedError("disk full");
      },
      JournalFailedError,
    ],
    [
      "unknown, and it is not in",
      async () => {
        throw new JournalUnknownOutcomeError("I/O error");
      },
      JournalUnknownOutcomeError,
    ],
    [
      "unknown, and it is in",
      async (append) => {
        await append();
        throw new JournalUnknownOutcomeError("I/O error");
      },
      JournalUnknownOutcomeError,
    ],
  ];

  test.each(failures)("%s: the engine stops, answers no more, and a restart makes it good", async (_, fail, type) => {
    const expected = await undisturbed();
    for (const good of [0, 3, 6, 8]) {
      const run = new Folder();
      const journal = new GatedJournal();
      const source = new ScriptedSource(stretches());
      const engine = await openEngine(journal, source, run.snapshots, { snapshotEveryEvents: 3 });
      let appends = 0;
      journal.onAppend = (append) => (appends++ < good ? append() : fail(append));
      const told: number[] = [];
      engine.onDurable(() => told.push(appends));
      const waiting = engine.submit(deposit("nobody", "waiting", 1n));
      const refused = good === 0 ? expect(waiting).rejects.toThrow(EngineStoppedError) : waiting;
      await expect(engine.run()).rejects.toThrow(type);
      await refused;
      expect(told).toHaveLength(good);
      expect(engine.status.serving).toBe(false);
      expect(engine.status.reason).toMatch(/^Journal(Failed|UnknownOutcome)Error: /);
      await expect(engine.submit(deposit("alice", "late", 1n))).rejects.toThrow(engine.status.reason);
      expect(source.toldDurable).toHaveLength(good);
      const again = await openEngine(new MemoryJournal(journal.store), new ScriptedSource(stretches()), run.snapshots);
      await again.run();
      expect(again.shard.stateHash()).toBe(expected.shard.stateHash());
      run.remove();
    }
  });

  test("rejects the commands of the batch that failed, not only those that came later", async () => {
    const journal = new GatedJournal();
    const source = new ScriptedSource([shortHistory().slice(0, 3)], { ends: false });
    const engine = await openEngine(journal, source, folder.snapshots);
    const running = engine.run();
    await settled();
    journal.shut();
    journal.onAppend = async () => {
      throw new JournalFailedError("disk full");
    };
    const inBatch = engine.submit(deposit("alice", "in the batch", 1n));
    await settled();
    const behind = engine.submit(deposit("alice", "behind it", 1n));
    journal.letThrough();
    await expect(running).rejects.toThrow(JournalFailedError);
    await expect(inBatch).rejects.toThrow("JournalFailedError: disk full");
    await expect(behind).rejects.toThrow("JournalFailedError: disk full");
  });
});

describe("fencing", () => {
  const stores: [string, (folder: Folder) => () => MemoryJournal | SqliteJournal][] = [
    [
      "memory",
      () => {
        const store = new MemoryStore();
        return () => new MemoryJournal(store);
      },
    ],
    [
      "sqlite",
      ({ path }) =>
        () =>
          SqliteJournal.open(join(path, "shard.sqlite"), []),
    ],
  ];

  test.each(stores)(
    "%s: a second engine's epoch stops the first one, and no event of it lands after",
    async (_, of) => {
      const owner = of(folder);
      const source = new ScriptedSource(stretches().slice(0, 4), { ends: false });
      const first = await openEngine(owner(), source, folder.snapshots);
      const running = first.run();
      await expect.poll(() => source.toldDurable).toHaveLength(4);
      const second = await openEngine(owner(), new ScriptedSource(stretches()), folder.snapshots);
      const fenced = second.start.position + 1;
      const waiting = first.submit(deposit("alice", "to the old one", 1n));
      await expect(running).rejects.toThrow(JournalConflictError);
      await expect(waiting).rejects.toThrow(EngineStoppedError);
      expect(first.status.reason).toMatch(/^JournalConflictError: .*batch/);
      await second.run();
      expect(second.shard.stateHash()).toBe((await undisturbed()).shard.stateHash());
      const journal = owner();
      for await (const batch of journal.batches(1)) {
        if ((batch.rows[0]?.position ?? 0) >= fenced) expect(batch.epoch).toBe(2);
      }
      await journal.close();
    },
  );

  test("two engines that both find an empty journal: one begins, the other is turned away", async () => {
    const store = new MemoryStore();
    const starts = await Promise.allSettled(
      [1, 2].map(() => openEngine(new MemoryJournal(store), new ScriptedSource([]), folder.snapshots)),
    );
    expect(starts.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const lost = starts.find((start) => start.status === "rejected")!;
    expect(lost.reason).toBeInstanceOf(JournalConflictError);
    expect(store.batches).toHaveLength(1);
  });
});

describe("a trap in the kernel", () => {
  test("is the end of the engine; the journal has nothing of the batch, and a restart goes on", async () => {
    const store = new MemoryStore();
    const source = new ScriptedSource(stretches().slice(0, 7), { ends: false });
    const engine = await openEngine(new MemoryJournal(store), source, folder.snapshots);
    const running = engine.run();
    await settled();
    const { length } = store.rows;
    // Memory goes bad: alice's list of pools leads out of it.
    const { kernel } = engine.shard;
    const alice = kernel.exports.tableAddress(TABLE_ACCOUNTS) + 4 * ACCOUNT_SIZE;
    kernel.u32[(alice + ACCOUNT_FIRST_POOL) >> 2] = 0x00ff_ffff;
    const waiting = engine.submit(deposit("alice", "more", 1n));
    await expect(running).rejects.toThrow(KernelTrapError);
    await expect(waiting).rejects.toThrow(EngineStoppedError);
    expect(engine.status.reason).toMatch(/^KernelTrapError: /);
    expect(store.rows).toHaveLength(length);
    const again = await openEngine(new MemoryJournal(store), new ScriptedSource(stretches()), folder.snapshots);
    await again.run();
    expect(again.shard.stateHash()).toBe((await undisturbed()).shard.stateHash());
  });
});

describe("recovery", () => {
  test("after any number of batches, with and without a snapshot, equals a run without a stop", async () => {
    const expected = (await undisturbed()).shard;
    for (let cut = 0; cut <= stretches().length; cut++) {
      for (const snapshotEveryEvents of [1, 5, 1_000]) {
        const run = new Folder();
        const journal = new GatedJournal();
        const first = new ScriptedSource(stretches().slice(0, cut), { ends: false });
        const engine = await openEngine(journal, first, run.snapshots, { snapshotEveryEvents });
        const running = engine.run();
        await settled();
        first.fail(new Error("killed"));
        await expect(running).rejects.toThrow("killed");
        const again = await openEngine(
          new MemoryJournal(journal.store),
          new ScriptedSource(stretches()),
          run.snapshots,
        );
        await again.run();
        expect(again.shard.stateHash()).toBe(expected.stateHash());
        run.remove();
      }
    }
  });

  test("offsets without a record move the source position on, and a restart begins after them", async () => {
    const path = join(folder.path, "shard.sqlite");
    const source = new ScriptedSource([]);
    const empty = { topic: TOPIC, partition: 0, leaderEpoch: 2, firstOffset: 0, lastOffset: 41 };
    const pulls = [{ spans: [empty], inputs: [] }, undefined];
    source.pull = async () => pulls.shift();
    await (await openEngine(SqliteJournal.open(path, []), source, folder.snapshots)).run();
    expect(source.toldDurable).toEqual([{ topic: TOPIC, partition: 0, leaderEpoch: 2, lastOffset: 41 }]);
    const next = new ScriptedSource([]);
    next.open = async (positions) => {
      next.opened.push(positions);
    };
    const engine = await openEngine(SqliteJournal.open(path, []), next, folder.snapshots);
    expect(next.opened).toEqual([[{ topic: TOPIC, partition: 0, leaderEpoch: 2, lastOffset: 41 }]]);
    expect(engine.start).toMatchObject({ continued: true, position: 16 });
    await engine.run();
  });
});
