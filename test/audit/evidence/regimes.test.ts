// Evidence of an account whose regime changed at an event of somebody else: nothing of that event is shown but its hash.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkEvidence } from "../../../services/audit/evidence/checkEvidence.ts";
import { exportEvidence } from "../../../services/audit/evidence/exportEvidence.ts";
import type { VenueInput } from "../../../services/ingest/source.ts";
import { SnapshotStore } from "../../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../../services/journal/sqliteJournal.ts";
import { openEngine } from "../../engine/harness.ts";
import { ScriptedSource } from "../../engine/scriptedSource.ts";
import { collect } from "../../journal/contract.ts";
import { command, fill, market, marketAt, optionMarket, regimeText, START_US } from "../../margin/portfolioMarket.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-regimes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [REGIME_ACTIVATED, MARGIN_STATE_CHANGED] = [75, 72];

/** Alice is short of a call on `collateral` when a regime that judges it otherwise comes into force at a deposit of bob's. */
async function evidenceOn(collateral: bigint) {
  const told = {
    document: regimeText("deribit-standard-2026-01"),
    effectiveTimeUs: START_US + 10n,
  };
  const opened = (name: string, amount: bigint) => [
    command(name, { $case: "openAccount", value: { marginMode: 3, regime: "portfolio" } }, 1n),
    command(name, { $case: "deposit", value: { currency: "BTC", amount } }, 1n),
  ];
  const placed = [
    ...marketAt(1n),
    ...opened("alice", collateral),
    ...opened("bob", 10n ** 10n),
    fill("alice", "BTC-70000-C", -10n, 450n, 2n),
    fill("bob", "BTC-70000-C", 10n, 450n, 2n),
    market("portfolio", 3n, { $case: "regime", value: told }),
    command("bob", { $case: "deposit", value: { currency: "BTC", amount: 1n } }, 11n),
  ];
  const inputs = placed.map(({ input }) => input as VenueInput);
  const path = join(folder, `${collateral}`);
  mkdirSync(path);
  const snapshots = new SnapshotStore(join(path, "snapshots"));
  const engine = await openEngine(
    SqliteJournal.open(join(path, "journal.sqlite"), []),
    new ScriptedSource(inputs.map((input) => [input])),
    snapshots,
    { market: optionMarket({ portfolio: "deribit-portfolio-2026-02" }) },
  );
  await engine.run();
  const journal = SqliteJournal.openToRead(join(path, "journal.sqlite"));
  const rows = (await collect(journal.batches(1))).flatMap((batch) => batch.rows);
  const file = await exportEvidence(journal, { shard: "test", account: "alice", snapshots });
  await journal.close();
  return { rows, file };
}

test("a change of state that a regime brought at a hidden event is derived again, and claimed", async () => {
  const { rows, file } = await evidenceOn(10_300_000n);
  const activated = rows.findLastIndex(({ kind }) => kind === REGIME_ACTIVATED);
  const change = rows.find(({ kind, account }, at) => {
    return at > activated && kind === MARGIN_STATE_CHANGED && account === file.accountNumber;
  })!;
  expect(rows[activated - 1]).toMatchObject({ kind: 21, account: expect.any(Number) });
  expect(rows[activated - 1]!.account).not.toBe(file.accountNumber);
  const { holds, course } = await checkEvidence(file);
  expect(holds).toBe(true);
  expect(course.at(-1)).toMatchObject({ position: change.position, label: "regime in force" });
  expect(course.at(-1)!.state).not.toBe(course.at(-2)!.state);
  const without = { ...file, rows: file.rows.filter(({ position }) => position !== change.position) };
  expect((await checkEvidence(without)).findings.filter((each) => !each.holds).map(({ what }) => what)).toContain(
    "claims",
  );
});
