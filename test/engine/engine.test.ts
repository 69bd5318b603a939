import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JournalEvent, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { EngineStoppedError } from "../../services/engine/engine.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { SourceGapError } from "../../services/ingest/source.ts";
import { JournalUnknownOutcomeError } from "../../services/journal/journal.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { MemoryJournal, MemoryStore } from "../journal/memoryJournal.ts";
import {
  CAPACITIES,
  command,
  deposit,
  Folder,
  GatedJournal,
  mark,
  openEngine,
  START_US,
  settled,
  shortHistory,
  stretches,
  undisturbed,
  withdrawal,
} from "./harness.ts";
import { ScriptedSource, TOPIC } from "./scriptedSource.ts";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

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
    // The state has it, and says that it is ahead of the disk.
    expect(engine.asOf().journalPosition).toBe(before + 1n);
    let onDisk = false;
    const ahead = engine.waitForDisk()!.then(() => {
      onDisk = true;
    });
    await settled();
    expect(onDisk).toBe(false);
    journal.letThrough();
    await ahead;
    expect(await outcome).toEqual({
      code: 0,
      value: 0n,
      limit: 0n,
      asOf: { journalPosition: before + 1n, eventTimeUs: START_US },
    });
    expect(engine.waitForDisk()).toBeUndefined();
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

const order = { account: 4, instrument: 0, side: 1, quantity: 1n, price: 100n, reduceOnly: false } as const;

describe("while a batch is on its way to the disk", () => {
  let nowMs: number;
  let journal: GatedJournal;
  let source: ScriptedSource;
  let engine: Awaited<ReturnType<typeof openEngine>>;
  let running: Promise<void>;

  beforeEach(async () => {
    nowMs = 0;
    journal = new GatedJournal();
    source = new ScriptedSource([shortHistory().slice(0, 5)], { ends: false });
    const diskBound = { withinMs: 1_000, nowMs: () => nowMs };
    engine = await openEngine(journal, source, folder.snapshots, { diskBound });
    running = engine.run();
    await settled();
    journal.shut();
    source.push(shortHistory().slice(5, 7));
    await settled();
  });

  test("a check is answered, from the state with that batch", async () => {
    const listened: number[] = [];
    engine.onDurable((touched) => listened.push(touched.size));
    expect(engine.waitForDisk()).toBeDefined();
    expect(engine.checkOrder(order).equityBefore).not.toBe(0n);
    expect(engine.account(4).positions).toHaveLength(1);
    expect(engine.asOf().journalPosition).toBeGreaterThan(BigInt(journal.store.rows.length));
    expect(source.toldDurable).toHaveLength(1);
    expect(listened).toEqual([]);
    journal.letThrough();
    await settled();
    expect(engine.asOf().journalPosition).toBe(BigInt(journal.store.rows.length));
    expect(source.toldDurable).toHaveLength(2);
    expect(listened).toHaveLength(1);
    engine.stop();
    await running;
  });

  test("a disk that does not answer within its bound serves nobody, until it does", async () => {
    nowMs = 1_000;
    expect(engine.status).toEqual({ serving: true, reason: "" });
    nowMs = 1_001;
    expect(engine.status).toEqual({ serving: false, reason: "the journal has not answered for 1000 ms" });
    journal.letThrough();
    await settled();
    expect(engine.status).toEqual({ serving: true, reason: "" });
    engine.stop();
    await running;
  });

  test("that never comes there, whoever waits for it finds an engine that has stopped", async () => {
    journal.onAppend = async () => {
      throw new JournalUnknownOutcomeError("the disk is gone");
    };
    const waiting = engine.waitForDisk()!.then(() => engine.status);
    journal.letThrough();
    expect(await waiting).toEqual({ serving: false, reason: "JournalUnknownOutcomeError: the disk is gone" });
    await expect(running).rejects.toThrow(JournalUnknownOutcomeError);
    expect(source.toldDurable).toHaveLength(1);
  });
});

describe("a feed beside questions", () => {
  const everyMs = 300;

  test("is folded in slices, one batch: others see the states in between, and the end is the same", async () => {
    const inputs = [
      ...shortHistory(),
      ...Array.from({ length: 30 }, (_, at) => mark(95n + BigInt(at % 7), 6n + BigInt(at))),
    ];
    const whole = await openEngine(new MemoryJournal(), new ScriptedSource([inputs]), folder.snapshots);
    await whole.run();

    const journal = new MemoryJournal();
    const source = new ScriptedSource([], { ends: false });
    const feedPace = { sliceMs: 0.5, everyMs: 4, nowMs: () => performance.now() };
    const engine = await openEngine(journal, source, folder.snapshots, { feedPace });
    const running = engine.run();
    await settled();
    const before = Number(engine.asOf().journalPosition);
    engine.checkOrder({ ...order, account: 0 });
    source.push(inputs);
    const seen = new Set<number>();
    while (source.toldDurable.length === 0) {
      seen.add(Number(engine.asOf().journalPosition));
      await settled();
    }
    const { rows, batches } = journal.store;
    const inside = [...seen].filter((position) => position > before && position < rows.length);
    expect(inside.length).toBeGreaterThan(0);
    expect(batches.filter(({ rows }) => rows.some(({ position }) => position > before))).toHaveLength(1);
    engine.stop();
    await running;
    expect(engine.shard.stateHash()).toBe(whole.shard.stateHash());
  });

  test("gathers its inputs, while commands do not wait", async () => {
    const journal = new MemoryJournal();
    const source = new ScriptedSource([shortHistory().slice(0, 3)], { ends: false });
    const feedPace = { sliceMs: 0.5, everyMs, nowMs: () => performance.now() };
    const engine = await openEngine(journal, source, folder.snapshots, { feedPace });
    const running = engine.run();
    await expect.poll(() => source.toldDurable).toHaveLength(1);
    engine.checkOrder(order);
    source.push(shortHistory().slice(3, 5));
    await expect.poll(() => source.toldDurable).toHaveLength(2);
    // That batch took all that there was: the next one begins 300 ms after it.
    source.push(shortHistory().slice(5, 6));
    const fromMs = performance.now();
    expect((await engine.submit(deposit("alice", "beside", 1n))).code).toBe(0);
    expect(source.toldDurable).toHaveLength(2);
    await expect.poll(() => source.toldDurable, { interval: 5, timeout: 5_000 }).toHaveLength(3);
    expect(performance.now() - fromMs).toBeGreaterThan(everyMs / 2);
    engine.stop();
    await running;
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
