// Every worked book of every document in regimes/ comes out as the document says, on the kernel and on the oracle.

import { describe, expect, test } from "vitest";
import { formatFixed, parseFixed } from "../../services/regimes/fixed.ts";
import { listRegimes, readExamples, readRegimeText } from "../../services/regimes/loadRegime.ts";
import type { Fixed } from "../../services/regimes/program.ts";
import { benchOf } from "../conformance/bench.ts";
import { ENGINES } from "../conformance/engines.ts";
import type { Margined } from "../conformance/family.ts";

const FIGURES = ["equity", "initial", "maintenance", "state"] as const;

/** What came out under a name: of the verdict, or of a term, by name of the row. */
function outcomeOf(margined: Margined, name: string): ReadonlyMap<string, string> {
  const figure = FIGURES.find((candidate) => candidate === name);
  // A term may have the name of a figure; it is the one that the document speaks of then.
  if (figure === undefined || margined.program.terms.some((term) => term.name === name)) return margined.values(name);
  const told = (value: Fixed | string) => (typeof value === "string" ? value : formatFixed(value));
  return new Map(margined.evaluation.verdicts.map((verdict) => [verdict.currency, told(verdict[figure])]));
}

function decimal(text: string): Fixed | undefined {
  const value = parseFixed(text);
  return typeof value === "string" ? undefined : value;
}

function isNear(actual: string, expected: string, tolerance: Fixed): boolean {
  const [left, right] = [decimal(actual), decimal(expected)];
  if (left === undefined || right === undefined) return actual === expected;
  const difference = left > right ? left - right : right - left;
  return difference <= tolerance;
}

describe.each(Object.entries(ENGINES))("on the %s", (_, engine) => {
  const bench = benchOf(engine);
  describe.each(listRegimes())("%s", (id) => {
    const { text, file } = readRegimeText(id);
    const examples = readExamples(text, file);
    test("an empty book needs nothing", () => {
      const { evaluation } = bench.margin(id, {});
      for (const { initial, maintenance } of evaluation.verdicts) expect([initial, maintenance]).toEqual([0n, 0n]);
    });
    test.for(examples)("$name", (example) => {
      const margined = bench.margin(id, example.book, example.overrides);
      const tolerance = decimal(example.tolerance ?? "0") ?? 0n;
      for (const [name, expected] of Object.entries(example.expect)) {
        const outcome = outcomeOf(margined, name);
        if (typeof expected === "string") expect([...outcome.keys()], `rows of ${name}`).toHaveLength(1);
        const rows = typeof expected === "string" ? [[[...outcome.keys()][0]!, expected]] : Object.entries(expected);
        for (const [row, value] of rows) {
          const actual = outcome.get(row!) ?? "undefined";
          expect(isNear(actual, value!, tolerance), `${name} ${row}: ${actual}, expected ${value}`).toBe(true);
        }
      }
      for (const { currency, initial, maintenance } of margined.evaluation.verdicts) {
        expect(maintenance <= initial, `${currency}: maintenance above initial`).toBe(true);
      }
    });
  });
});
