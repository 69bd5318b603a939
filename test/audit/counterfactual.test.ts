// Another regime: the recorded side is what the journal says; what is rewritten is what the assignment says, and no more.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compareRegimes, type Question } from "../../services/audit/counterfactual/counterfactual.ts";
import { plot } from "../../services/audit/counterfactual/plot.ts";
import { rewriteInput } from "../../services/audit/counterfactual/rewrite.ts";
import { Replayer } from "../../services/audit/replay/replayer.ts";
import { ownInput } from "../../services/engine/genesis.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { JournalHistory } from "../../services/journal/journalHistory.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { command, Folder, fill, mark, openEngine } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { newJournal, rungsIn } from "./pastRun.ts";

const folder = new Folder();
afterAll(() => folder.remove());
let runs = 0;

/** Alice holds 50 at 100 on margin; a fall by a fifth hurts an isolated position before it hurts a pool. */
function falling(mode: 1 | 2): VenueInput[] {
  return [
    command("alice", "open", { $case: "openAccount", value: { marginMode: mode } }),
    command("bob", "open", { $case: "openAccount", value: { marginMode: 2 } }),
    command("alice", "pay in", { $case: "deposit", value: { currency: "USD", amount: 100_000n } }),
    command("bob", "pay in", { $case: "deposit", value: { currency: "USD", amount: 100_000n } }),
    mark(100n, 1n),
    fill("alice", 1, 50n, 100n, 2n),
    fill("bob", 2, 50n, 100n, 2n),
    mark(80n, 3n),
    mark(81n, 4n),
  ];
}

/** @param stretch inputs in one batch */
async function compared(
  inputs: readonly VenueInput[],
  question: Partial<Question> & Pick<Question, "assignment">,
  stretch = 1,
) {
  const path = join(folder.path, `run-${runs++}`);
  mkdirSync(path);
  const cuts = Array.from({ length: Math.ceil(inputs.length / stretch) }, (_, at) => at * stretch);
  const source = new ScriptedSource(cuts.map((at) => inputs.slice(at, at + stretch)));
  const engine = await openEngine(newJournal(path), source, new SnapshotStore(join(path, "snapshots")));
  await engine.run();
  const replayer = new Replayer(JournalHistory.open(join(path, "journal.sqlite")), rungsIn(path));
  return compareRegimes(replayer, { samples: 10, ...question });
}

const ALL = { accounts: undefined };

test("isolated where it was cross: the position is bankrupt, the pool would have borne it", async () => {
  const result = await compared(falling(1), { assignment: { ...ALL, to: "cross" } });
  expect(result.recorded.reached("bankrupt").accounts).toBe(1);
  expect(result.other.reached("called").accounts).toBe(0);
  const back = await compared(falling(2), { assignment: { accounts: new Set(["alice"]), to: "isolated" } });
  expect(back.recorded.reached("called").accounts).toBe(0);
  expect(back.other.reached("bankrupt").accounts).toBe(1);
  expect(back.other.accounts).toEqual(result.recorded.accounts);
});

test("the same regime again changes nothing; the same question gets the same answer", async () => {
  const same = await compared(falling(1), { assignment: { ...ALL, to: "tables" } });
  expect(same.other).toEqual(same.recorded);
  expect(same.refusedOthers.size + same.refusedWithdrawals).toBe(0);
  for (const { recorded, other } of same.samples) expect(other).toEqual(recorded);
  const again = await compared(falling(1), { assignment: { ...ALL, to: "tables" } });
  expect(again.samples).toEqual(same.samples);
});

test("a withdrawal that the other mode refuses is told", async () => {
  const withdrawal = command("alice", "out", { $case: "withdrawal", value: { currency: "USD", amount: 99_400n } });
  const inputs = [...falling(1), withdrawal];
  const result = await compared(inputs, { assignment: { ...ALL, to: "cross" } });
  expect(result.refusedWithdrawals).toBe(1);
  expect(result.withdrawals).toMatchObject([{ account: "alice", currency: "USD", amount: 99_400n }]);
});

/** Falls and rises again so many times: states change, and collateral moves that a pool knows nothing of. */
function longHistory(rounds: number): VenueInput[] {
  const round = (number: number): VenueInput[] => {
    const at = BigInt(10 + number * 10);
    const move = (amount: bigint) =>
      command("bob", `move ${number} ${amount}`, { $case: "moveCollateral", value: { instrument: "LIN", amount } });
    return [mark(82n, at), mark(101n, at + 1n), mark(118n, at + 2n), move(50n), move(-50n), mark(100n, at + 3n)];
  };
  const isolated = command("bob", "mode", {
    $case: "setMarginMode",
    value: { instrument: "", marginMode: 1, regime: undefined },
  });
  return [
    ...falling(1).slice(0, 4),
    isolated,
    ...falling(1).slice(4, 7),
    ...Array.from({ length: rounds }, (_, at) => round(at)).flat(),
  ];
}

test("what is held does not grow with the log: four times the history, the same pages, samples, tallies and refusals", async () => {
  const question = { assignment: { ...ALL, to: "cross" as const }, samples: 40 };
  const once = await compared(longHistory(300), question, 256);
  const fourTimes = await compared(longHistory(1_200), question, 256);
  expect(once.events).toBeGreaterThan(2 * 1_024);
  expect(fourTimes.events).toBeGreaterThan(3.9 * once.events);
  const refused = ({ refusedOthers }: typeof once) =>
    [...refusedOthers.values()].reduce((sum, count) => sum + count, 0);
  expect(refused(fourTimes)).toBeGreaterThan(3.9 * refused(once));
  const { rows, ...rest } = once.held;
  expect(fourTimes.held).toMatchObject({ ...rest, samples: expect.any(Number) });
  for (const { held } of [once, fourTimes]) expect(held.samples).toBeLessThanOrEqual(41);
  expect(rest).toMatchObject({ accounts: 2, refusals: 1 });
  // A page, its inputs again, and what the other side makes of them.
  expect(rows).toBeLessThan(3 * 1_100);
  expect(Math.abs(fourTimes.held.rows - rows)).toBeLessThan(10);
}, 60_000);

test("chosen accounts alone are counted and summed up", async () => {
  const result = await compared(falling(1), { assignment: { accounts: new Set(["bob"]), to: "cross" } });
  // Alice is bankrupt on both sides, and not asked about.
  expect(result.recorded.accounts.size + result.other.accounts.size).toBe(0);
  const both = await compared(falling(1), { assignment: { ...ALL, to: "tables" } });
  const initialMargin = (sums: typeof result) => sums.samples.at(-1)!.recorded.get(0)!.initialMargin;
  expect(initialMargin(result)).toBeGreaterThan(0n);
  expect(initialMargin(result)).toBeLessThan(initialMargin(both));
});

test("rewriting touches modes of the chosen accounts only", () => {
  const [open, other, deposit] = falling(1).map(ownInput);
  const assignment = { accounts: new Set(["alice"]), to: { regime: "r" } } as const;
  expect(rewriteInput(open!, assignment)!.input).toMatchObject({
    command: { command: { $case: "openAccount", value: { marginMode: 3, regime: "r" } } },
  });
  expect(rewriteInput(other!, assignment)).toBe(other);
  expect(rewriteInput(deposit!, assignment)).toBe(deposit);
  const value = { instrument: "", marginMode: 2 as const };
  const mode = ownInput(command("alice", "mode", { $case: "setMarginMode", value }));
  expect(rewriteInput(mode, assignment)).toBeUndefined();
});

test("the plot is one SVG document with a line a side", () => {
  const points = [[0, 1] as const, [1_000_000, 2] as const];
  const svg = plot([{ title: "T", lines: ["red", "blue"].map((colour) => ({ label: colour, colour, points })) }]);
  expect(svg).toMatch(/^<svg [^>]*xmlns/);
  expect(svg.match(/<polyline /g)).toHaveLength(2);
  expect(svg).not.toContain("NaN");
});
