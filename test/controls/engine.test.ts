// Controls through the engine: they come over the API and from a source, are durable when they are answered, and are there again
// after a restart.

import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control, type ControlCommand, Switch } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { Folder, openEngine, START_US, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { MemoryJournal } from "../journal/memoryJournal.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const SELL = { account: 4, instrument: 0, side: 2, quantity: 60n, price: undefined, reduceOnly: false } as const;

function told(commandId: string, command: NonNullable<ControlCommand["command"]>): ControlCommand {
  return { commandId, account: "alice", currency: "", by: "ann", reason: "test", command };
}

function fromFeed(command: ControlCommand): VenueInput {
  const event = { $case: "control" as const, value: command };
  return { kind: "market", event: { instrument: "LIN", eventTimeUs: START_US + 9n, event } };
}

const POSITION_LIMIT = told("limit", { $case: "setLimit", value: { control: Control.POSITION, value: 5n, burst: 0n } });

test.each([
  ["the log", 1_000_000],
  ["a snapshot", 1],
])("CTL-005 a limit that the feed told stands after a restart from %s", async (from, snapshotEveryEvents) => {
  const journal = new MemoryJournal();
  const snapshots = new SnapshotStore(join(folder.path, from));
  const source = () => new ScriptedSource([shortHistory(), [fromFeed(POSITION_LIMIT)]]);
  const first = await openEngine(journal, source(), snapshots, { snapshotEveryEvents });
  await first.run();
  const expected = { code: RefusalReason.POSITION_LIMIT, value: 10n, limit: 5n };
  expect(first.checkOrder(SELL)).toMatchObject(expected);

  const fresh = from === "a snapshot" ? snapshots : new SnapshotStore(join(folder.path, "none"));
  const again = await openEngine(new MemoryJournal(journal.store), source(), fresh);
  expect(again.start.snapshotPosition > 0).toBe(from === "a snapshot");
  expect(again.checkOrder(SELL)).toMatchObject(expected);
  expect(again.controls()).toEqual(first.controls());
  expect(again.shard.stateHash()).toBe(first.shard.stateHash());
});

test("CTL-005 a setting over the API is answered when it is in the journal, and applied once", async () => {
  const journal = new MemoryJournal();
  const engine = await openEngine(journal, new ScriptedSource([shortHistory()]), folder.snapshots);
  const kill = told("kill", { $case: "setSwitch", value: { switch: Switch.KILL, on: true } });
  const answers = Promise.all([engine.submitControl("", kill), engine.submitControl("", kill)]);
  await engine.run();

  expect((await answers).map(({ code }) => code)).toEqual([0, RefusalReason.DUPLICATE]);
  expect(journal.store.rows.filter(({ kind }) => kind === EVENT_KINDS.switchSet)).toHaveLength(1);
  expect(engine.controls().switches).toEqual([{ account: 4, instrument: undefined, switches: Switch.KILL }]);
  expect(engine.checkOrder({ ...SELL, quantity: 1n })).toMatchObject({ code: RefusalReason.KILL_SWITCH, value: 2n });
});

test("CTL-005 a number that the kernel's byte cannot hold is refused, not cut", async () => {
  const control = 257 as Control;
  const command = told("wide", { $case: "setLimit", value: { control, value: 1n, burst: 0n } });
  const source = new ScriptedSource([shortHistory(), [fromFeed(command)]]);
  const engine = await openEngine(new MemoryJournal(), source, new SnapshotStore(join(folder.path, "wide")));
  await engine.run();
  expect(engine.shard.reader.counters().refusals.get(RefusalReason.CONTROL_UNKNOWN)).toBe(1);
  expect(engine.controls().limits).toEqual([]);
});
