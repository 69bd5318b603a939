import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ACCOUNT_FIRST_POOL, ACCOUNT_SIZE, TABLE_ACCOUNTS } from "../../assembly/layout.ts";
import { JournalEvent, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type Engine, EngineStoppedError } from "../../services/engine/engine.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { KernelTrapError } from "../../services/engine/shard.ts";
import { SourceGapError } from "../../services/ingest/source.ts";
import {
  type JournalBatch,
  JournalConflictError,
  JournalFailedError,
  type JournalHead,
  JournalUnknownOutcomeError,
} from "../../services/journal/journal.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { MemoryJournal, MemoryStore } from "../journal/memoryJournal.ts";
import {
  CAPACITIES,
  command,
  deposit,
  Folder,
  mark,
  openEngine,
  START_US,
  shortHistory,
  withdrawal,
} from "./harness.ts";
import { ScriptedSource, TOPIC } from "./scriptedSource.ts";

/** A journal whose appends wait until they are let through, or fail. */
class GatedJournal extends MemoryJournal {
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  /** Takes the place of an append. */
  onAppend: ((append: () => Promise<void>) => Promise<void>) | undefined;

  shut(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  letThrough(): void {
    this.#open();
  }

  override async append(batch: JournalBatch, expected: JournalHead): Promise<void> {
    await this.#gate;
    const append = () => super.append(batch, expected);
    await (this.onAppend === undefined ? append() : this.onAppend(append));
  }
}

const stretches = () => shortHistory().map((input) => [input]);
const settled = () => new Promise((resolve) => setImmediate(resolve));

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

/** State and rows of a run that nothing disturbs. */
async function undisturbed(): Promise<Engine> {
  const quiet = new Folder();
  const engine = await openEngine(new MemoryJournal(), new ScriptedSource(stretches()), quiet.snapshots);
  await engine.run();
  quiet.remove();
  return engine;
}

describe("a start", () => {
  test("on an empty journal writes the genesis: shard, epoch, then the market, in one batch", async () => {
    const journal = new MemoryJournal();
    const source = new ScriptedSource([]);
    const engine = await openEngine(journal, source, folder.snapshots);
    expect(engine.start).toEqual({ continued: false, position: 0, snapshotPosition: 0, replayedEvents: 0, epoch: 1 });
    expect(journal.store.batches).toHaveLength(1);
    const kinds = journal.store.rows.map(({ kind }) => kind);
    const { shardOpened, epochStarted, currencyListed, marginTableSet, scenarioGridSet, instrumentListed } =
      EVENT_KINDS;
    expect(kinds.slice(0, 7)).toEqual([
      shardOpened,
      epochStarted,
      currencyListed,
      currencyListed,
      marginTableSet,
      marginTableSet,
      scenarioGridSet,
    ]);
    expect(kinds.slice(7)).toEqual(Array(9).fill(instrumentListed));
    expect(engine.asOf().journalPosition).toBe(16n);
    expect(source.opened).toEqual([[]]);
    expect(await journal.kernel(engine.shard.kernel.hash)).toEqual(engine.shard.kernel.binary);
    await engine.run();
  });

  test("on a journal begins an epoch at its exact end, after the source positions that it holds", async () => {
    const store = new MemoryStore();
    await (await openEngine(new MemoryJournal(store), new ScriptedSource(stretches()), folder.snapshots)).run();
    const { length } = store.rows;
    const source = new ScriptedSource(stretches());
    const engine = await openEngine(new MemoryJournal(store), source, folder.snapshots);
    expect(engine.start).toMatchObject({ continued: true, position: length, snapshotPosition: length, epoch: 2 });
    expect(store.rows).toHaveLength(length + 1);
    expect(store.batches.at(-1)!.epoch).toBe(2);
    const { body } = JournalEvent.decode(store.rows.at(-1)!.payload);
    expect(body).toMatchObject({ $case: "epochStarted", value: { epoch: 2n, engineVersion: "test" } });
    expect(source.opened).toEqual([[{ topic: TOPIC, partition: 0, leaderEpoch: 0, lastOffset: 9 }]]);
    await engine.run();
    expect(store.rows).toHaveLength(length + 1);
  });

  test("takes its capacities and its market from the journal, not from the options", async () => {
    const small = { ...CAPACITIES, accounts: 5 };
    const store = new MemoryStore();
    const openCarol = [command("carol", "open", { $case: "openAccount", value: { marginMode: 1 } })];
    await (
      await openEngine(new MemoryJournal(store), new ScriptedSource([shortHistory().slice(0, 1)]), folder.snapshots, {
        capacities: small,
      })
    ).run();
    const source = new ScriptedSource([shortHistory().slice(0, 1), openCarol]);
    const nothing = { id: "other", currencies: [], marginTables: [], scenarioGrids: [], instruments: [] };
    const engine = await openEngine(new MemoryJournal(store), source, folder.snapshots, {
      capacities: { ...CAPACITIES, accounts: 50 },
      market: nothing,
    });
    await engine.run();
    expect(engine.shard.kernel.capacities).toEqual(small);
    expect(engine.names.instruments).toHaveLength(9);
    expect([...engine.shard.reader.counters().refusals]).toEqual([[RefusalReason.CAPACITY, 1]]);
  });

  test("that finds its source's records gone closes what it opened and says so", async () => {
    const source = new ScriptedSource([]);
    const gap = new SourceGapError([{ topic: TOPIC, partition: 0, journalNext: 5, firstAvailable: 9 }]);
    source.open = async () => {
      throw gap;
    };
    const journal = new MemoryJournal();
    await expect(openEngine(journal, source, folder.snapshots)).rejects.toBe(gap);
    expect([source.closed, journal.closed]).toEqual([1, true]);
  });

  test("with a kernel that is no kernel closes the journal", async () => {
    const journal = new MemoryJournal();
    const broken = openEngine(journal, new ScriptedSource([]), folder.snapshots, {
      kernelBinary: Uint8Array.of(0, 0x61, 0x73, 0x6d, 9, 9, 9, 9),
    });
    await expect(broken).rejects.toThrow(WebAssembly.CompileError);
    expect(journal.closed).toBe(true);
    expect(journal.store.rows).toEqual([]);
  });
});

describe("a command", () => {
  test("is answered only when it is on disk, with its outcome and the position that holds it", async () => {
    const journal = new GatedJournal();
    const source = new ScriptedSource([shortHistory().slice(0, 3)], { ends: false });
    const engine = await openEngine(journal, source, folder.snapshots);
    const running = engine.run();
    await settled();
    const before = engine.asOf().journalPosition;
    journal.shut();
    let answered = false;
    const outcome = engine.submit(deposit("alice", "more", 5n)).finally(() => {
      answered = true;
    });
    for (let turn = 0; turn < 5; turn++) await settled();
    expect(answered).toBe(false);
    expect(engine.asOf().journalPosition).toBe(before);
    journal.letThrough();
    expect(await outcome).toEqual({
      code: 0,
      value: 0n,
      limit: 0n,
      asOf: { journalPosition: before + 1n, eventTimeUs: START_US },
    });
    expect(journal.store.rows.at(-1)!.kind).toBe(EVENT_KINDS.deposited);
    engine.stop();
    await running;
  });

  test("that is refused says why, with the value that broke the limit; each gets its own answer", async () => {
    const source = new ScriptedSource([shortHistory().slice(0, 3)], { ends: false });
    const engine = await openEngine(new MemoryJournal(), source, folder.snapshots);
    const running = engine.run();
    await settled();
    const outcomes = await Promise.all([
      engine.submit(withdrawal("alice", "too much", 5_000n)),
      engine.submit(deposit("alice", "fine", 1n)),
      engine.submit(deposit("alice", "fine", 1n)),
      engine.submit(deposit("nobody", "lost", 1n)),
      engine.submit(deposit("bob", "negative", -1n)),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([
      RefusalReason.FREE_COLLATERAL,
      0,
      RefusalReason.DUPLICATE,
      RefusalReason.ACCOUNT_UNKNOWN,
      expect.any(Number),
    ]);
    expect(outcomes[0]).toMatchObject({ value: 5_000n, limit: 1_000n });
    expect(outcomes[4]!.code).not.toBe(0);
    expect(new Set(outcomes.map(({ asOf }) => asOf.journalPosition)).size).toBe(1);
    engine.stop();
    await running;
  });

  test("carries the time of the feed, whatever its sender says", async () => {
    const journal = new MemoryJournal();
    const engine = await openEngine(journal, new ScriptedSource(stretches(), { ends: false }), folder.snapshots);
    const running = engine.run();
    await settled();
    await engine.submit({ ...deposit("alice", "late", 1n), eventTimeUs: START_US + 999_999_999n });
    expect(journal.store.rows.at(-1)).toMatchObject({ eventTimeUs: Number(START_US + 5n) });
    engine.stop();
    await running;
  });

  test("given while the source ends is answered, and one that comes later is turned away", async () => {
    const journal = new GatedJournal();
    const engine = await openEngine(journal, new ScriptedSource([shortHistory().slice(0, 3)]), folder.snapshots);
    journal.shut();
    const running = engine.run();
    await settled();
    const given = engine.submit(deposit("alice", "in time", 1n));
    journal.letThrough();
    expect((await given).code).toBe(0);
    await running;
    await expect(engine.submit(deposit("alice", "too late", 1n))).rejects.toThrow(EngineStoppedError);
    expect(engine.status).toEqual({ serving: false, reason: "the engine has stopped" });
  });
});

describe("those who watch", () => {
  test("are told after the append which accounts were touched, holders of a marked instrument too", async () => {
    const journal = new GatedJournal();
    const source = new ScriptedSource([shortHistory().slice(0, 7)], { ends: false });
    const engine = await openEngine(journal, source, folder.snapshots);
    const told: number[][] = [];
    const unsubscribe = engine.onDurable((touched) => told.push([...touched].sort()));
    const running = engine.run();
    await settled();
    expect(told).toEqual([[4, 5]]);
    journal.shut();
    source.push([mark(101n, 9n)]);
    await settled();
    expect(told).toHaveLength(1);
    journal.letThrough();
    await settled();
    expect(told).toEqual([
      [4, 5],
      [4, 5],
    ]);
    unsubscribe();
    source.push([mark(102n, 10n)]);
    await settled();
    expect(told).toHaveLength(2);
    expect(source.toldDurable.map(({ lastOffset }) => lastOffset)).toEqual([6, 7, 8]);
    engine.stop();
    await running;
  });
});

describe("an end", () => {
  test("by stop() closes source and journal, though a pull is under way, and leaves a snapshot", async () => {
    const journal = new MemoryJournal();
    const source = new ScriptedSource(stretches(), { ends: false });
    const engine = await openEngine(journal, source, folder.snapshots);
    const running = engine.run();
    await settled();
    engine.stop();
    await expect(engine.submit(deposit("alice", "late", 1n))).rejects.toThrow(EngineStoppedError);
    await running;
    expect([source.closed, journal.closed, engine.status.serving]).toEqual([1, true, false]);
    const [snapshot] = [...folder.snapshots.read(() => {})];
    expect(snapshot!.header.position).toBe(journal.store.rows.length);
  });

  test("by a source that fails keeps what came before and names the reason", async () => {
    const journal = new MemoryJournal();
    const source = new ScriptedSource(stretches(), { ends: false });
    const engine = await openEngine(journal, source, folder.snapshots);
    const running = engine.run();
    await settled();
    source.fail(new Error("the broker is gone"));
    await expect(running).rejects.toThrow("the broker is gone");
    expect(engine.status).toEqual({ serving: false, reason: "Error: the broker is gone" });
    expect(journal.closed).toBe(true);
    expect(await journal.sourcePositions()).toMatchObject([{ lastOffset: 9 }]);
  });

  test("that goes wrong itself does not hide why the engine stopped, nor leave the journal open", async () => {
    const journal = new MemoryJournal();
    const source = new ScriptedSource([], { ends: false });
    const told: string[] = [];
    const engine = await openEngine(journal, source, folder.snapshots, { log: (line) => told.push(line) });
    source.close = async () => {
      throw new Error("it hangs");
    };
    const running = engine.run();
    source.fail(new Error("the first reason"));
    await expect(running).rejects.toThrow("the first reason");
    expect(journal.closed).toBe(true);
    expect(told).toEqual(["the source did not close: Error: it hangs"]);
  });

  test("snapshots that cannot be written are told of and stop nothing", async () => {
    const blocked = join(folder.path, "file");
    writeFileSync(blocked, "");
    const told: string[] = [];
    const engine = await openEngine(
      new MemoryJournal(),
      new ScriptedSource(stretches()),
      new SnapshotStore(join(blocked, "snapshots")),
      { snapshotEveryEvents: 4, log: (line) => told.push(line) },
    );
    await engine.run();
    expect(engine.shard.stateHash()).toBe((await undisturbed()).shard.stateHash());
    expect(told.length).toBeGreaterThan(1);
    expect(told[0]).toMatch(/^no snapshot at event \d+: Error: ENOTDIR/);
  });
});

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
      await settled();
      await settled();
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
