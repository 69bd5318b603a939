// CTL-015: fail closed. What the engine cannot see it does not take.

import { afterAll, expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { EngineStoppedError } from "../../services/engine/engine.ts";
import { Folder, GatedJournal, mark, openEngine, START_US, settled, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { MemoryJournal } from "../journal/memoryJournal.ts";

const folder = new Folder();
afterAll(() => folder.remove());

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
