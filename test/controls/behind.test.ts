// CTL-015: fail closed. What the engine cannot see it does not take.

import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { JournalEvent, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { verifyJournal } from "../../services/audit/verify/verify.ts";
import { EngineStoppedError } from "../../services/engine/engine.ts";
import type { HoldOutcome, HoldRequest } from "../../services/engine/riskEngine.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { command, Folder, GatedJournal, mark, openEngine, START_US, settled, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { MemoryJournal } from "../journal/memoryJournal.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const ORDER = {
  instrument: "LIN",
  side: 1,
  quantity: 1n,
  price: 95n,
  reduceOnly: false,
  expiresAtUs: undefined,
} as const;
const BUY = { account: 4, instrument: 0, side: 1, quantity: 1n, price: undefined, reduceOnly: false } as const;

function clockAt(ms: () => number) {
  return { nowMs: ms, sleep: async () => {} };
}

test("CTL-015 no new risk while the newest event is older than the bound; to the millisecond", async () => {
  // The short history ends 5 us after the start.
  let nowMs = Number(START_US / 1_000n) + 500;
  const lagBound = { clock: clockAt(() => nowMs), maxLagMs: 500 };
  const source = new ScriptedSource([shortHistory()]);
  const engine = await openEngine(new MemoryJournal(), source, folder.snapshots, { lagBound });
  await engine.run();

  expect(engine.checkOrder(BUY).code).toBe(0);
  nowMs += 1;
  expect(engine.checkOrder(BUY)).toMatchObject({
    code: RefusalReason.ENGINE_BEHIND,
    value: 500_995n,
    limit: 500_000n,
    // The figures are those of the state that is behind.
    initialMarginBefore: 475n,
  });
  const reducing = { ...BUY, side: 2 } as const;
  expect(engine.checkOrder(reducing)).toMatchObject({ code: 0, reduces: true });
});

test("CTL-015 without a bound, and with a refusal of another kind, age says nothing", async () => {
  const source = new ScriptedSource([shortHistory()]);
  const engine = await openEngine(new MemoryJournal(), source, folder.snapshots);
  await engine.run();
  expect(engine.behind()).toBeUndefined();
  expect(engine.checkOrder(BUY).code).toBe(0);
  expect(engine.checkOrder({ ...BUY, quantity: 1_000_000n }).code).toBe(RefusalReason.INITIAL_MARGIN);
});

function request(requestId: string, changes: Partial<HoldRequest> = {}): HoldRequest {
  const order = { orderId: `order of ${requestId}`, instrument: "LIN", side: 1, quantity: 1n, price: 95n } as const;
  return {
    kind: "place",
    requestId,
    account: "alice",
    ...order,
    reduceOnly: false,
    expiresAtUs: undefined,
    ...changes,
  };
}

/** What is said of a request, without what differs from one time to the next. */
function answerOf({ asOf: _, duplicate: __, ...answer }: HoldOutcome): Omit<HoldOutcome, "asOf" | "duplicate"> {
  return answer;
}

test("CTL-015 a request has one answer, whether the engine is behind the first time, the second, or both", async () => {
  const path = join(folder.path, "retries.sqlite");
  let nowMs = Number(START_US / 1_000n);
  const lagBound = { clock: clockAt(() => nowMs), maxLagMs: 500 };
  const history = new ScriptedSource([shortHistory()], { ends: false });
  const engine = await openEngine(SqliteJournal.open(path, []), history, folder.snapshots, { lagBound });
  const running = engine.run();
  await settled();
  const onTime = ["placed", "too large"];
  const requests = new Map([
    ["placed", request("placed")],
    ["too large", request("too large", { quantity: 1_000_000n })],
    ["amended", request("amended", { kind: "amend", orderId: "order of placed", quantity: 2n })],
    ["released", request("released", { kind: "release", orderId: "order of placed" })],
    ["closing", request("closing", { side: 2, quantity: 5n })],
    ["late", request("late")],
  ]);
  const first = new Map<string, HoldOutcome>();
  for (const id of onTime) first.set(id, await engine.submitHold(requests.get(id)!));
  nowMs += 501;
  // A request that waits for the same write as its retry: one of the two decides, and both say it.
  const twins = await Promise.all([engine.submitHold(request("twin")), engine.submitHold(request("twin"))]);
  expect(twins.map(({ code, duplicate }) => [code, duplicate])).toEqual([
    [RefusalReason.ENGINE_BEHIND, false],
    [RefusalReason.ENGINE_BEHIND, true],
  ]);
  for (const id of requests.keys()) if (!onTime.includes(id)) first.set(id, await engine.submitHold(requests.get(id)!));
  expect([...first].map(([id, { code }]) => [id, code])).toEqual([
    ["placed", 0],
    ["too large", RefusalReason.INITIAL_MARGIN],
    // More than it held is new risk; to let go and to close are none.
    ["amended", RefusalReason.ENGINE_BEHIND],
    ["released", 0],
    ["closing", 0],
    ["late", RefusalReason.ENGINE_BEHIND],
  ]);
  expect(first.get("late")).toMatchObject({ value: 500_995n, limit: 500_000n, binding: "engine_behind" });
  for (const later of [0, -501]) {
    nowMs += later;
    for (const [id, asked] of requests) {
      const again = await engine.submitHold(asked);
      expect([id, again.duplicate, answerOf(again)]).toEqual([id, true, answerOf(first.get(id)!)]);
    }
  }
  const state = engine.shard.stateHash();
  engine.stop();
  await running;

  // What was refused for a clock is refused in every replay without one.
  const verified = await verifyJournal({ journal: path, snapshots: join(folder.path, "none") });
  expect(verified.stateHash).toBe(state);
  const next = await openEngine(
    SqliteJournal.open(path, []),
    new ScriptedSource([shortHistory()], { ends: false }),
    new SnapshotStore(join(folder.path, "none")),
  );
  const nextRunning = next.run();
  expect(next.start.replayedEvents).toBeGreaterThan(0);
  for (const [id, asked] of requests) {
    expect([id, answerOf(await next.submitHold(asked))]).toEqual([id, answerOf(first.get(id)!)]);
  }
  next.stop();
  await nextRunning;
});

test("CTL-015 an order that comes with the feed is looked at like one that is asked for", async () => {
  const nowMs = Number(START_US / 1_000n) + 600;
  const lagBound = { clock: clockAt(() => nowMs), maxLagMs: 500 };
  const late = command("alice", "late", { $case: "placeHold", value: { ...ORDER, orderId: "late" } });
  const onTime = command("alice", "on time", { $case: "placeHold", value: { ...ORDER, orderId: "on time" } });
  const journal = new MemoryJournal();
  const source = new ScriptedSource([[...shortHistory(), late, mark(95n, 100_000n), onTime]]);
  const engine = await openEngine(journal, source, folder.snapshots, { lagBound });
  await engine.run();
  const answers = journal.store.rows.flatMap(({ payload }) => {
    const { body } = JournalEvent.decode(payload);
    if (body?.$case === "holdPlaced") return [[body.value.commandId, 0]];
    return body?.$case === "inputRefused" ? [["late", body.value.reason]] : [];
  });
  expect(answers).toEqual([
    ["late", RefusalReason.ENGINE_BEHIND],
    ["on time", 0],
  ]);
});

test("CTL-015 no setting is taken once the journal cannot append", async () => {
  const journal = new GatedJournal();
  const source = new ScriptedSource([shortHistory(), [mark(95n, 6n)]]);
  const engine = await openEngine(journal, source, folder.snapshots);
  journal.onAppend = async () => {
    throw new Error("disk full");
  };
  await expect(engine.run()).rejects.toThrow("disk full");
  await settled();
  expect(engine.status.serving).toBe(false);
  const set = engine.submitControl("LIN", {
    commandId: "c-1",
    account: "",
    currency: "",
    by: "ann",
    reason: "test",
    command: { $case: "setLimit", value: { control: Control.POSITION, value: 1n, burst: 0n } },
  });
  await expect(set).rejects.toBeInstanceOf(EngineStoppedError);
});
