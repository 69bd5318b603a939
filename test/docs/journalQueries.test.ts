// The queries of docs/journal.md, run as they stand there on a journal that the engine wrote.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "plimsoll-queries-"));
const queries = [...readFileSync(join(root, "docs/journal.md"), "utf8").matchAll(/```sql\n([\s\S]*?)```/g)].map(
  (match) => match[1]!,
);

beforeAll(() => {
  const args = ["bin/plimsoll.js", "serve", "--steps", "40", "--step-interval", "0", "--port", "0", "--data", folder];
  const result = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect(result.status, result.stderr).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function rowsOf(query: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(folder, "simulated.sqlite"), { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}

test("there are three", () => expect(queries).toHaveLength(3));

test("an account's history is its own events, newest first, down to its opening", () => {
  const rows = rowsOf(queries[0]!.replace("LIMIT 20", ""));
  expect(rows.every((row) => row["account"] === 7)).toBe(true);
  expect(rows.at(-1)).toMatchObject({ kind: "accountOpened", previous: 0 });
  const all = rowsOf("SELECT count(*) AS events FROM event WHERE account = 7")[0]!;
  expect(rows).toHaveLength(all["events"] as number);
});

test("a second of the market holds marks and fills", () => {
  const kinds = new Set(rowsOf(queries[1]!).map((row) => row["kind"]));
  expect([...kinds]).toEqual(expect.arrayContaining(["markPriceSet", "fillApplied"]));
});

test("batches say where they came from", () => {
  expect(rowsOf(queries[2]!)[0]).toMatchObject({ topic: "simulated", partition: 0, epoch: 1 });
});
