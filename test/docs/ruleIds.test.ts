// A rule's id leads from docs/margin.md or docs/controls.md to the code that carries it out and to the table that shows it, by plain search.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

function textUnder(folder: string): string {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(root, folder, file), "utf8"))
    .join("\n");
}

/** Ids as a text names them, ranges such as "MAR-019 to MAR-021" spelt out. */
function idsIn(text: string): Set<string> {
  const ids = new Set(text.match(/(MAR|INP|CTL)-\d{3}/g) ?? []);
  for (const [, kind, first, last] of text.matchAll(/(MAR|INP|CTL)-(\d{3}) to \1-(\d{3})/g)) {
    for (let number = Number(first); number <= Number(last); number++) {
      ids.add(`${kind}-${String(number).padStart(3, "0")}`);
    }
  }
  return ids;
}

const rules = ["docs/margin.md", "docs/controls.md"].flatMap((page) =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^\*\*((?:MAR|INP|CTL)-\d{3})/gm)].map((match) => match[1]!),
);
const inCode = idsIn(textUnder("assembly") + textUnder("services"));
const inTables = new Set(
  ["test/margin", "test/controls"].flatMap((folder) =>
    [...textUnder(folder).matchAll(/"((?:(?:MAR|INP|CTL)-\d{3},? ?)+)/g)].flatMap((match) => [...idsIn(match[1]!)]),
  ),
);

test("every rule is stated once", () => expect(new Set(rules).size).toBe(rules.length));

test.each(rules)("%s stands in the code and in a table", (id) => {
  expect(inCode).toContain(id);
  expect(inTables).toContain(id);
});

test("no code speaks of a rule that is not stated", () => {
  expect([...inCode, ...inTables].filter((id) => !rules.includes(id))).toEqual([]);
});
