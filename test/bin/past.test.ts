// Questions about the past on the command line, as a user asks them, on a journal that a run has left.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
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
  const rungs = readdirSync(join(folder, "simulated-rungs"));
  const built = JSON.parse(answered(await ask("snapshots", "build", "--json")));
  expect(built.rungs).toBe(rungs.length);
  expect(readdirSync(join(folder, "simulated-rungs"))).toEqual(rungs);
});
