// The verifier is to be read at one sitting by somebody who does not trust the writer: it stays small, begins with the order in
// which to read it, and takes nothing from the writer that could be wrong in both.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOM = join(import.meta.dirname, "../../services/audit/verify");
const files = readdirSync(ROOM).map((name) => ({ name, text: readFileSync(join(ROOM, name), "utf8") }));

/** Lines in all, comments with them. Before it is raised: what else could go? */
const MOST_LINES = 1575;
/** Nobody reads a file of more than this without losing the thread. */
const MOST_LINES_OF_A_FILE = 220;

test("it can be read at one sitting", () => {
  const lines = files.map(({ name, text }) => ({ name, lines: text.split("\n").length - 1 }));
  expect(lines.reduce((sum, file) => sum + file.lines, 0)).toBeLessThanOrEqual(MOST_LINES);
  expect(lines.filter((file) => file.lines > MOST_LINES_OF_A_FILE)).toEqual([]);
});

test("verify.ts begins with the order to read it in, and names every file", () => {
  const { text } = files.find(({ name }) => name === "verify.ts")!;
  const paragraph = text.slice(0, text.indexOf("\nimport "));
  const named = paragraph.match(/\w+\.ts/g) ?? [];
  expect([...new Set(named)].sort()).toEqual(files.map(({ name }) => name).sort());
});

test("it imports the schema, the hash of a batch, the text of a head and the upcasts, and nothing else of the project", () => {
  const sources = files.flatMap(({ text }) => [...text.matchAll(/from "(\.\.?\/[^"]+)"/g)].map(([, path]) => path!));
  const foreign = new Set(sources.filter((path) => !path.startsWith("./")));
  expect([...foreign].sort()).toEqual([
    "../../../generated/proto/plimsoll/v1/journal_events.ts",
    "../../../generated/proto/plimsoll/v1/venue_events.ts",
    "../../journal/batchHash.ts",
    "../../journal/headText.ts",
    "../../journal/journal.ts",
    "../../journal/upcast.ts",
  ]);
});
