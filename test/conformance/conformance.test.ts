// Published worked cases against our regimes: the project's own tables always, the published files where they are.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { benchOf } from "./bench.ts";
import { ENGINES } from "./engines.ts";
import { type LocatedCase, readCases, TABLES } from "./publishedCases.ts";
import { loadFamilies, runCase } from "./run.ts";

const PUBLISHED = join(import.meta.dirname, "../../../shared/cases");

const { families, broken } = await loadFamilies();
const bench = benchOf(ENGINES.kernel);

test("every file of families can be loaded", () => {
  expect(broken).toEqual([]);
});

test("no two families share a name", () => {
  const names = families.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

function runAll(cases: readonly LocatedCase[]): void {
  test.for(cases)("$published.id", (located, context) => {
    const { result, reason, checks } = runCase(located, families, bench);
    if (result === "not supported") context.skip(reason);
    expect(reason).toBeUndefined();
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
  });
}

describe("our own tables", () => {
  const tables = readCases(TABLES, "own") ?? [];
  runAll(tables);
  test("every case of them is of a family", () => {
    const unknown = tables.filter(({ published }) => !families.some((family) => family.matches(published)));
    expect(unknown.map(({ published }) => published.id)).toEqual([]);
  });
});

describe("published files", () => {
  const published = readCases(PUBLISHED, "published");
  test.skipIf(published !== undefined)(`the published files are not at ${PUBLISHED}`, (context) => context.skip());
  runAll(published ?? []);
});
