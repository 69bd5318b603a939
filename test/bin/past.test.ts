// Questions about the past on the command line, as a user asks them, on a journal that a run has left.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { withRegimesOfAnotherDay } from "../audit/tampering.ts";
import { openEngine, shortHistory, stretches } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { type Finished, plimsoll } from "./plimsoll.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-past-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ask = (...words: string[]): Promise<Finished> => plimsoll(...words, "--data", folder);
const answered = ({ code, stdout, stderr }: Finished) => {
  expect(code, stderr).toBe(0);
  return stdout;
};

let head = 0;
beforeAll(async () => {
  const run = await ask("serve", "--steps", "200", "--step-interval", "0", "--port", "0", "--json");
  head = JSON.parse(answered(run).trim().split("\n").at(-1)!).journalPosition;
});

test("replay: the account at the head, from a rung, and why there is none", async () => {
  const at = JSON.parse(answered(await ask("replay", "--account", "sim-0007", "--at", `${head}`, "--json")));
  expect(at.asOf.journalPosition).toBe(`${head}`);
  expect(at.account.account).toBe("sim-0007");
  const unknown = await ask("replay", "--account", "nobody", "--at", `${head}`);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("ACCOUNT_UNKNOWN");
  expect((await ask("replay", "--account", "sim-0007", "--at", "yesterday")).code).toBe(1);
});

test("no answer has a typed reason on the command line: before the birth, before the journal, beyond the head", async () => {
  const born = JSON.parse(answered(await ask("history", "sim-0007", "--json")).split("\n", 1)[0]!);
  const reasons = await Promise.all(
    [born.position - 1, 0, head + 1, "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"].map(async (at) => {
      const { code, stdout, stderr } = await ask("replay", "--account", "sim-0007", "--at", `${at}`, "--json");
      const { reason } = JSON.parse(stdout).noAnswer;
      expect(stderr).toContain(`no answer: ${reason}: `);
      expect(code).toBe(2);
      return reason;
    }),
  );
  // The market was set up before any event time: the year 2020 is in the journal, and before the account's birth.
  expect(reasons).toEqual(["BEFORE_BIRTH", "BEFORE_JOURNAL", "BEYOND_HEAD", "BEFORE_BIRTH", "BEYOND_HEAD"]);
});

test("a stretch whose regime this version cannot read: the account is told, its derivation has a typed reason", async () => {
  const copy = join(folder, "another-day");
  cpSync(join(folder, "simulated.sqlite"), join(copy, "simulated.sqlite"));
  await withRegimesOfAnotherDay(join(copy, "simulated.sqlite"));
  const asked = ["replay", "--account", "pm-1", "--at", `${head}`, "--data", copy];
  expect((await plimsoll(...asked)).code).toBe(0);
  const explained = await plimsoll(...asked, "--explain");
  expect([explained.code, explained.stderr]).toEqual([2, expect.stringContaining("no answer: REGIME_UNKNOWN: ")]);
});

test("why names the source of the event: topic, partition, offset", async () => {
  const tape = join(folder, "tape");
  mkdirSync(tape);
  const source = new ScriptedSource(stretches());
  const engine = await openEngine(
    SqliteJournal.open(join(tape, "tape.sqlite"), []),
    source,
    new SnapshotStore(join(tape, "tape-snapshots")),
  );
  await engine.run();
  const at = `${engine.asOf().journalPosition}`;
  const asked = ["why", "alice", "--at", at, "--data", tape];
  const why = JSON.parse(answered(await plimsoll(...asked, "--json")));
  // The rise to 95, by its number in the script.
  expect(why.source).toEqual({ topic: "script", partition: 0, offset: shortHistory().length - 1 });
  expect(answered(await plimsoll(...asked))).toContain("Source script[0]@9");
});

test("history: ascending positions, one JSON object a line, the last one as the account stands", async () => {
  const lines = answered(await ask("history", "sim-0007", "--json"))
    .trim()
    .split("\n");
  const events = lines.map((line) => JSON.parse(line));
  expect(events[0].event).toBe("accountOpened");
  const positions = events.map(({ position }) => position);
  expect(positions).toEqual([...positions].sort((a: number, b: number) => a - b));
  const at = JSON.parse(answered(await ask("replay", "--account", "sim-0007", "--at", `${head}`, "--json")));
  expect(at.account.lastEventPosition).toBe(`${positions.at(-1)}`);
});

test("why and counterfactual answer; snapshots build leaves the rungs that the engine left", async () => {
  const why = await ask("why", "sim-0007", "--at", `${head}`);
  expect([0, 2]).toContain(why.code);
  if (why.code === 2) expect(why.stderr).toContain("NEVER_CHANGED");
  const report = JSON.parse(answered(await ask("counterfactual", "--regime", "tables", "--json")));
  for (const { title, recorded, other } of report.table.slice(0, 9)) expect(other, title).toBe(recorded);
  const some = JSON.parse(
    answered(await ask("counterfactual", "--regime", "cross", "--accounts", "sim-00*", "--json")),
  );
  expect(some.accounts.length).toBeGreaterThan(0);
  for (const { account } of some.accounts) expect(account).toMatch(/^sim-00/);
  const rungs = readdirSync(join(folder, "simulated-rungs"));
  const built = JSON.parse(answered(await ask("snapshots", "build", "--json")));
  expect(built.rungs).toBe(rungs.length);
  expect(readdirSync(join(folder, "simulated-rungs"))).toEqual(rungs);
});
