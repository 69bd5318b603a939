// The engine's promise to an auditor: the state is a function of what was said, however it was cut, stored and restarted.

import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Engine, EngineOptions } from "../../services/engine/engine.ts";
import { EVENT_KINDS, FIRST_DERIVED_KIND } from "../../services/engine/eventKinds.ts";
import { ReplayMismatchError, recover, replayBatch } from "../../services/engine/recovery.ts";
import { Shard } from "../../services/engine/shard.ts";
import type { SourceBatch, VenueInput } from "../../services/ingest/source.ts";
import type { JournalRow } from "../../services/journal/journal.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { Folder, openEngine } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { MemoryJournal } from "../journal/memoryJournal.ts";
import { type RandomHistory, randomHistory } from "./randomHistory.ts";

/** Small enough that histories run into them: accounts and positions are refused, identities forgotten. */
const TIGHT = { accounts: 8, pools: 12, positions: 14, instruments: 8, identities: 24 };
const ROOMY = { accounts: 32, pools: 128, positions: 256, instruments: 8, identities: 4_096 };

const history = randomHistory({ maxSteps: 60 });
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 60 })), {
  minLength: 1,
  maxLength: 6,
});

const folder = new Folder();
afterAll(() => folder.remove());
let stores = 0;
const freshSnapshots = (): SnapshotStore => new SnapshotStore(join(folder.path, String(stores++)));

/** Ends as a process that is killed: no last snapshot, no farewell. */
class KilledSource extends ScriptedSource {
  override async pull(): Promise<SourceBatch> {
    const pulled = await super.pull();
    if (pulled === undefined) throw new Error("killed");
    return pulled;
  }
}

interface Run {
  readonly engine: Engine;
  readonly journal: MemoryJournal;
}

async function play(
  { market }: RandomHistory,
  stretches: readonly (readonly VenueInput[])[],
  changes: Partial<EngineOptions> = {},
): Promise<Run> {
  const journal = new MemoryJournal();
  const options = { market: market.document, capacities: TIGHT, ...changes };
  const engine = await openEngine(journal, new ScriptedSource(stretches), freshSnapshots(), options);
  await engine.run();
  return { engine, journal };
}

/** Cuts inputs into stretches of these sizes, over and over. */
function cut(inputs: readonly VenueInput[], sizes: readonly number[]): VenueInput[][] {
  const stretches: VenueInput[][] = [];
  for (let at = 0, index = 0; at < inputs.length; index++) {
    const size = sizes[index % sizes.length]!;
    stretches.push(inputs.slice(at, at + size));
    at += size;
  }
  return stretches;
}

/** All tables, bookkeeping too, as text: a difference names the table. */
function tablesOf(kernel: Kernel): string[] {
  return kernel.copyTables().map((bytes, table) => `${table}: ${Buffer.from(bytes).toString("hex")}`);
}

/** What an engine kept, as text; an epoch names its kernel, and a record without a time got that of its batch. */
function rowsOf({ store }: MemoryJournal): unknown[] {
  return store.rows
    .filter(({ kind }) => kind !== EVENT_KINDS.epochStarted)
    .map((row) => ({
      ...row,
      eventTimeUs: row.kind === EVENT_KINDS.recordQuarantined ? undefined : row.eventTimeUs,
      payload: Buffer.from(row.payload).toString("hex"),
    }));
}

describe("the state does not depend on", () => {
  test("where batches are cut: same state, same events", async () => {
    await fc.assert(
      fc.asyncProperty(history, cuts, cuts, async (drawn, one, other) => {
        const inputs = drawn.groups.flat();
        const first = await play(drawn, cut(inputs, one));
        const second = await play(drawn, cut(inputs, other));
        expect(second.engine.shard.stateHash()).toBe(first.engine.shard.stateHash());
        expect(tablesOf(second.engine.shard.kernel)).toEqual(tablesOf(first.engine.shard.kernel));
        expect(rowsOf(second.journal)).toEqual(rowsOf(first.journal));
      }),
      { numRuns: 40 },
    );
  });

  test("stops: killed at any batch and started again, replayed from the start or from a snapshot", async () => {
    const kills = fc.array(fc.nat(60), { maxLength: 3 });
    const every = fc.constantFrom(1, 7, 40, 1_000_000);
    await fc.assert(
      fc.asyncProperty(history, cuts, kills, every, async (drawn, sizes, killedAt, snapshotEveryEvents) => {
        const stretches = cut(drawn.groups.flat(), sizes);
        const undisturbed = await play(drawn, stretches);
        const snapshots = freshSnapshots();
        const { store } = new MemoryJournal();
        const options = { market: drawn.market.document, capacities: TIGHT, snapshotEveryEvents };
        let engine: Engine | undefined;
        for (const killed of [...killedAt.sort((a, b) => a - b), stretches.length]) {
          const source = new KilledSource(stretches.slice(0, killed));
          engine = await openEngine(new MemoryJournal(store), source, snapshots, options);
          await expect(engine.run()).rejects.toThrow("killed");
        }
        const live = engine!.shard;
        expect(live.stateHash()).toBe(undisturbed.engine.shard.stateHash());
        for (const from of [snapshots, freshSnapshots()]) {
          const refuse = (reason: string): never => expect.fail(reason);
          const { shard } = await recover(new MemoryJournal(store), kernelBinary(), from, refuse);
          expect(tablesOf(shard.kernel)).toEqual(tablesOf(live.kernel));
          expect(shard.names.toText()).toEqual(live.names.toText());
          expect(shard.stateHash()).toBe(live.stateHash());
        }
      }),
      { numRuns: 30 },
    );
  });

  test("how the kernel was compiled: debug and release keep the same events and the same bytes", async () => {
    const debug = { kernelBinary: kernelBinary("debug") };
    expect(Kernel.create(debug.kernelBinary, TIGHT).hash).not.toBe(Kernel.create(kernelBinary(), TIGHT).hash);
    await fc.assert(
      fc.asyncProperty(history, async (drawn) => {
        const stretches = cut(drawn.groups.flat(), [50]);
        const release = await play(drawn, stretches);
        const checked = await play(drawn, stretches, debug);
        expect(tablesOf(checked.engine.shard.kernel)).toEqual(tablesOf(release.engine.shard.kernel));
        expect(rowsOf(checked.journal)).toEqual(rowsOf(release.journal));
      }),
      { numRuns: 30 },
    );
  });

  test("INP-001, INP-005 whether a stretch came twice", async () => {
    await fc.assert(
      fc.asyncProperty(history, cuts, fc.nat(100), async (drawn, sizes, chosen) => {
        const stretches = cut(drawn.groups.flat(), sizes);
        const twice = stretches.flatMap((stretch, index) =>
          index === 0 || index % 3 === chosen % 3 ? [stretch, stretch] : [stretch],
        );
        const once = await play(drawn, stretches, { capacities: ROOMY });
        const again = await play(drawn, twice, { capacities: ROOMY });
        expect(again.engine.shard.stateHash()).toBe(once.engine.shard.stateHash());
        expect(again.journal.store.rows.length).toBeGreaterThan(once.journal.store.rows.length);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a replay", () => {
  test("derives every row that was kept, and notices one that it would not", async () => {
    await fc.assert(
      fc.asyncProperty(history, cuts, fc.nat(1_000_000), async (drawn, sizes, chosen) => {
        const { journal, engine } = await play(drawn, cut(drawn.groups.flat(), sizes));
        const { batches } = journal.store;
        const shard = new Shard(Kernel.create(kernelBinary(), TIGHT));
        for (const batch of batches) replayBatch(shard, batch);
        expect(tablesOf(shard.kernel)).toEqual(tablesOf(engine.shard.kernel));

        const derived = journal.store.rows.filter(({ kind }) => kind >= FIRST_DERIVED_KIND);
        fc.pre(derived.length > 0);
        const { position } = derived[chosen % derived.length]!;
        const tampered = batches.map((batch) => ({
          ...batch,
          rows: batch.rows.flatMap((row) => (row.position === position ? spoil(row, chosen) : [row])),
        }));
        const doubting = new Shard(Kernel.create(kernelBinary(), TIGHT));
        expect(() => {
          for (const batch of tampered) replayBatch(doubting, batch);
        }).toThrow(ReplayMismatchError);
      }),
      { numRuns: 30 },
    );
  });
});

/** A row that says something else, or is gone. */
function spoil(row: JournalRow, chosen: number): JournalRow[] {
  const payload = row.payload.slice();
  payload[chosen % payload.length]! ^= 1;
  const ways: JournalRow[][] = [
    [],
    [row, row],
    [{ ...row, payload }],
    [{ ...row, account: (row.account ?? 0) + 1 }],
    [{ ...row, previous: row.previous + 1 }],
    [{ ...row, eventTimeUs: row.eventTimeUs + 1 }],
  ];
  return ways[chosen % ways.length]!;
}
