// `examples:` of a document: worked books, for the tests and for readers. No part of the program.

import { parseFixed } from "./fixed.ts";
import { type ExampleText, exampleSchema } from "./regimeSchema.ts";
import type { Report } from "./scope.ts";
import { checkSource, readEntry } from "./section.ts";

/**
 * A worked book and what must come out. Numbers are text, with all the digits that the document gives.
 *
 * `expect` has values of `equity`, `initial`, `maintenance`, `state`, or of terms: one for the only row, or by the row's name.
 */
export type Example = ExampleText;

export function readExampleEntries(raw: unknown, report: Report): Example[] {
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw)) {
    report(["examples"], "must be a list of { name, source, book, expect }");
    return [];
  }
  return raw.flatMap((each, index) => {
    const example = readEntry<ExampleText>(exampleSchema, each, ["examples", index], report);
    return example === undefined ? [] : [example];
  });
}

/** Shapes, sources, and that no example expects maintenance above initial. */
export function checkExamples(raw: unknown, sources: ReadonlySet<string>, report: Report): void {
  for (const [index, { source, note, expect }] of readExampleEntries(raw, report).entries()) {
    const path = ["examples", index];
    if (source !== "") checkSource({ source, note }, sources, path, report);
    const { initial, maintenance } = expect;
    if (initial === undefined || maintenance === undefined) continue;
    for (const [row, limit, value] of pairRows(initial, maintenance)) {
      const [above, below] = [parseFixed(value), parseFixed(limit)];
      if (typeof above === "string" || typeof below === "string" || above <= below) continue;
      const at = [...path, "expect", "maintenance", ...(row === "" ? [] : [row])];
      report(at, `maintenance ${value} is above initial ${limit}`);
    }
  }
}

type Expected = ExampleText["expect"][string];

function pairRows(
  initial: Expected,
  maintenance: Expected,
): (readonly [row: string, initial: string, maintenance: string])[] {
  if (typeof initial === "string" && typeof maintenance === "string") return [["", initial, maintenance]];
  if (typeof initial === "string" || typeof maintenance === "string") return [];
  return Object.entries(maintenance).flatMap(([row, value]) => {
    const limit = initial[row];
    return limit === undefined ? [] : [[row, limit, value] as const];
  });
}
