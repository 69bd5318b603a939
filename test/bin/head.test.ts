import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { Folder, openEngine, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { plimsoll } from "./plimsoll.ts";

const folder = new Folder();
const data = folder.path;
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  const source = new ScriptedSource(shortHistory().map((input) => [input]));
  await (await openEngine(SqliteJournal.open(at("test.sqlite"), []), source, folder.snapshots)).run();
});
afterAll(() => folder.remove());

test("a key is made once, its private half for its owner's eyes", async () => {
  const made = await plimsoll("key", "create", "--out", at("journal.pem"));
  expect(made.code, made.stderr).toBe(0);
  expect(statSync(at("journal.pem")).mode & 0o777).toBe(0o600);
  expect(readFileSync(at("journal.pem"), "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(readFileSync(at("journal.pub.pem"), "utf8")).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  const again = await plimsoll("key", "create", "--out", at("journal.pem"));
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toMatch(/EEXIST/);
});

test("a head is exported, checked, and holds the journal to its word", async () => {
  const exported = await plimsoll("head", "export", "--data", data, "--key", at("journal.pem"));
  expect(exported.code, exported.stderr).toBe(0);
  writeFileSync(at("head.json"), exported.stdout);
  const head = JSON.parse(exported.stdout);
  expect(head).toMatchObject({ shard: "test", batch: 11, timeUs: 1_767_225_600_000_005 });
  const timed = await plimsoll(
    "head",
    "export",
    "--data",
    data,
    "--key",
    at("journal.pem"),
    "--time",
    "2026-02-03T04:05:06Z",
  );
  expect(JSON.parse(timed.stdout).timeUs).toBe(Date.UTC(2026, 1, 3, 4, 5, 6) * 1000);

  const trusted = ["--public-key", at("journal.pub.pem")];
  const checked = await plimsoll("head", "check", at("head.json"), ...trusted, "--data", data);
  expect(checked.code, checked.stderr).toBe(0);
  expect(checked.stdout).toMatch(
    /test: batch 11, event \d+, chain hash [0-9a-f]{64}\n {2}signed by key [0-9a-f]{64}; the journal/,
  );
  const verified = await plimsoll("verify", "--data", data, "--head", at("head.json"), ...trusted);
  expect(verified.code, verified.stderr).toBe(0);
  expect(verified.stdout).toMatch(/1 exported heads agree/);

  // The last batch is cut off, cleanly.
  const shell = new DatabaseSync(at("test.sqlite"));
  shell.exec(
    "DELETE FROM event WHERE position >= (SELECT first_position FROM batch WHERE batch = 11);" +
      "DELETE FROM batch WHERE batch = 11; DELETE FROM account_head; UPDATE source_position SET last_offset = 8",
  );
  shell.close();
  const cut = await plimsoll("head", "check", at("head.json"), "--data", data);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toMatch(/truncated: .* ends with batch 10, the head is of batch 11/);
  folder.removeSnapshots();
  expect((await plimsoll("verify", "--data", data)).code).toBe(0);
  const doubt = await plimsoll("verify", "--data", data, "--head", at("head.json"), "--json");
  expect(doubt.code).toBe(1);
  expect(JSON.parse(doubt.stdout)).toMatchObject([{ doubt: { kind: "truncated", batch: 11 } }]);

  writeFileSync(at("forged.json"), exported.stdout.replace('"batch": 11', '"batch": 10'));
  const forged = await plimsoll("verify", "--data", data, "--head", at("forged.json"));
  expect(forged.code).toBe(1);
  expect(forged.stderr).toMatch(/forged.json: signature does not fit/);
});
