// Requests for orders through the engine: durable before the answer, one answer a request id, and the same after every way back.

import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JournalEvent, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { verifyJournal } from "../../services/audit/verify/verify.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { recover } from "../../services/engine/recovery.ts";
import type { HoldRequest } from "../../services/engine/riskEngine.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { MemoryJournal } from "../journal/memoryJournal.ts";
import { CAPACITIES, command, Folder, fill, GatedJournal, mark, openEngine, START_US, settled } from "./harness.ts";
import { ScriptedSource } from "./scriptedSource.ts";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

const OPENING = [
  command("alice", "open", { $case: "openAccount", value: { marginMode: 2 } }),
  command("alice", "pay in", { $case: "deposit", value: { currency: "USD", amount: 150n } }),
  mark(100n, 1n),
];

function request(requestId: string, changes: Partial<HoldRequest> = {}): HoldRequest {
  return {
    kind: "place",
    requestId,
    account: "alice",
    orderId: `order of ${requestId}`,
    instrument: "LIN",
    side: 1,
    quantity: 10n,
    price: 100n,
    reduceOnly: false,
    expiresAtUs: undefined,
    ...changes,
  };
}

test("is answered when it is on disk, with its figures", async () => {
  const journal = new GatedJournal();
  const engine = await openEngine(journal, new ScriptedSource([OPENING], { ends: false }), folder.snapshots);
  const running = engine.run();
  await settled();
  journal.shut();
  let answered = false;
  const asked = engine.submitHold(request("r1")).finally(() => {
    answered = true;
  });
  for (let turn = 0; turn < 5; turn++) await settled();
  expect(answered).toBe(false);
  journal.letThrough();
  const outcome = await asked;
  expect(outcome).toMatchObject({ code: 0, duplicate: false, binding: "initial_margin" });
  expect(outcome.figures).toMatchObject({
    initialMarginBefore: 0n,
    initialMarginAfter: 100n,
    freeCollateralAfter: 50n,
  });
  expect(outcome.asOf.journalPosition).toBe(BigInt(journal.store.rows.length));
  const { body } = JournalEvent.decode(journal.store.rows.at(-1)!.payload);
  expect(body).toMatchObject({ $case: "holdPlaced", value: { orderId: "order of r1", quantity: 10n, price: 100n } });
  engine.stop();
  await running;
});

test("all that wait are written together, and each is answered", async () => {
  const journal = new GatedJournal();
  const engine = await openEngine(journal, new ScriptedSource([OPENING], { ends: false }), folder.snapshots);
  const running = engine.run();
  await settled();
  let appends = 0;
  journal.onAppend = (append) => {
    appends += 1;
    return append();
  };
  const small = (number: number) => engine.submitHold(request(`r${number}`, { quantity: 1n }));
  const answers = await Promise.all(Array.from({ length: 50 }, (_, number) => small(number)));
  // 15 of 10 each are all that 150 bear.
  expect(answers.filter(({ code }) => code === 0)).toHaveLength(15);
  // The first wakes the engine; the others came before it looked.
  expect(appends).toBeLessThanOrEqual(2);
  engine.stop();
  await running;
});

test("has one answer, accepted or refused, at once, later, and after a restart", async () => {
  const path = join(folder.path, "shard.sqlite");
  const source = new ScriptedSource([OPENING], { ends: false });
  const engine = await openEngine(SqliteJournal.open(path, []), source, folder.snapshots);
  const running = engine.run();
  await settled();
  // Two orders that fit alone and not together, in one batch with a repetition of each.
  const [one, two, again, refusedAgain] = await Promise.all(
    ["r1", "r2", "r1", "r2"].map((id) => engine.submitHold(request(id))),
  );
  expect(one!.code).toBe(0);
  expect(two).toMatchObject({ code: RefusalReason.INITIAL_MARGIN, value: 150n, limit: 200n, duplicate: false });
  const answerOf = ({ asOf: _, ...answer }: typeof one & object) => answer;
  expect(answerOf(again!)).toEqual({ ...answerOf(one!), duplicate: true });
  expect(answerOf(refusedAgain!)).toEqual({ ...answerOf(two!), duplicate: true });
  expect((await engine.submitHold(request("r1", { quantity: 9n }))).code).toBe(RefusalReason.IDENTITY_CONFLICT);
  expect((await engine.submitHold(request("r3", { kind: "release", orderId: "order of r1" }))).code).toBe(0);
  const twice = request("r4", { kind: "release", orderId: "order of r1" });
  expect((await engine.submitHold(twice)).code).toBe(RefusalReason.HOLD_UNKNOWN);
  // What was refused stays refused though it would fit now: the same request has the same answer.
  expect((await engine.submitHold(request("r2"))).code).toBe(RefusalReason.INITIAL_MARGIN);
  engine.stop();
  await running;
  const next = await openEngine(
    SqliteJournal.open(path, []),
    new ScriptedSource([OPENING], { ends: false }),
    folder.snapshots,
  );
  const runningNext = next.run();
  expect(answerOf(await next.submitHold(request("r1")))).toEqual({ ...answerOf(one!), duplicate: true });
  expect((await next.submitHold(request("r5"))).code).toBe(0);
  next.stop();
  await runningNext;
});

test("comes back the same from the log, from a snapshot, and for an auditor", async () => {
  const path = join(folder.path, "shard.sqlite");
  const source = new ScriptedSource([OPENING], { ends: false });
  const engine = await openEngine(SqliteJournal.open(path, []), source, folder.snapshots);
  const running = engine.run();
  await settled();
  const expiresAtUs = START_US + 10n;
  for (const asked of [
    request("r1", { quantity: 5n, expiresAtUs }),
    request("r2", { quantity: 6n, price: undefined }),
    request("r3", { quantity: 9n }),
    request("r4", { side: 2, quantity: 8n, price: 101n, expiresAtUs: expiresAtUs + 20n }),
    request("r5", { kind: "amend", orderId: "order of r2", quantity: 4n, price: 99n }),
    request("r6", { kind: "release", orderId: "order of r9" }),
  ]) {
    await engine.submitHold(asked);
  }
  source.push([
    command("bob", "open", { $case: "openAccount", value: { marginMode: 2 } }),
    fill("bob", 2, 3n, 100n, 2n),
  ]);
  const partial = fill("alice", 1, 3n, 100n, 2n);
  if (partial.kind === "fill") source.push([{ ...partial, fill: { ...partial.fill, orderId: "order of r2" } }]);
  source.push([mark(101n, 9n), mark(102n, 12n)]);
  await expect.poll(() => source.toldDurable).toHaveLength(4);
  const alice = engine.names.account("alice")!;
  // 1 of r2 and 8 of r4 rest beside 3 that are held: the asks open 5.
  const { reserved } = engine.account(alice).pools[0]!;
  expect(reserved).toBeGreaterThan(0n);
  engine.stop();
  await running;
  const state = engine.shard.stateHash();
  const kinds = new Map<number, number>();
  const reading = SqliteJournal.openToRead(path);
  for await (const batch of reading.batches(1)) {
    for (const { kind } of batch.rows) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  await reading.close();
  const verified = await verifyJournal({ journal: path, snapshots: join(folder.path, "snapshots") });
  expect(verified.stateHash).toBe(state);
  const { holdPlaced, holdAmended, holdReleased, holdExpired, holdUsed } = EVENT_KINDS;
  expect([holdPlaced, holdAmended, holdReleased, holdExpired, holdUsed].map((kind) => kinds.get(kind) ?? 0)).toEqual([
    3, 1, 0, 1, 1,
  ]);
  for (const snapshots of [folder.snapshots, new SnapshotStore(join(folder.path, "none"))]) {
    const journal = SqliteJournal.openToRead(path);
    const back = await recover(journal, kernelBinary(), snapshots, () => {});
    await journal.close();
    expect(back.shard.stateHash()).toBe(state);
    expect(back.shard.reader.account(alice).pools[0]!.reserved).toBe(reserved);
  }
});

test("a full table of holds refuses; a row that is free again is taken", async () => {
  const capacities = { ...CAPACITIES, holds: 1 };
  const source = new ScriptedSource([OPENING], { ends: false });
  const engine = await openEngine(new MemoryJournal(), source, folder.snapshots, { capacities });
  const running = engine.run();
  await settled();
  expect((await engine.submitHold(request("r1", { quantity: 1n }))).code).toBe(0);
  expect((await engine.submitHold(request("r2", { quantity: 1n }))).code).toBe(RefusalReason.CAPACITY);
  expect((await engine.submitHold(request("r3", { kind: "release", orderId: "order of r1" }))).code).toBe(0);
  expect((await engine.submitHold(request("r4", { quantity: 1n }))).code).toBe(0);
  engine.stop();
  await running;
  expect(Kernel.create(kernelBinary(), CAPACITIES).capacities.holds).toBe(256);
});
