// The kernel's machine of regimes against the slow oracle: random documents over the whole formula language, random books;
// the same cells, the same verdicts, the same first missing fact.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readBook } from "../../services/evaluate/readBook.ts";
import { ENGINES, kernelEngine } from "../conformance/engines.ts";
import { randomBook } from "./randomBook.ts";
import { randomRegime } from "./randomRegime.ts";
import { bitsOf, differences } from "./regimeComparison.ts";

/** Random documents a property tries: more for a long search, `PLIMSOLL_PROPERTY_RUNS=2000 npx vitest run ...`. */
const RUNS = Number(process.env["PLIMSOLL_PROPERTY_RUNS"] ?? 100);
const BOOKS = 2;

test.each([
  { name: "to the bit", smooth: false },
  { name: "to 1e-12 where exp, ln and the like take part", smooth: true },
])("the kernel computes what the oracle computes, $name", ({ smooth }) => {
  const books = fc.array(randomBook, { minLength: BOOKS, maxLength: BOOKS });
  fc.assert(
    fc.property(randomRegime({ smooth }), books, ({ program, text }, drawn) => {
      for (const draw of drawn) {
        const given = draw(program);
        const { main } = readBook(given, program);
        const told = differences(program, main, ENGINES.kernel);
        expect(told, `${text}\n${JSON.stringify(given)}`).toEqual([]);
      }
    }),
    { numRuns: RUNS },
  );
});

test("how the kernel was compiled, and what it margined before, changes no bit", () => {
  const builds = [kernelEngine("debug"), kernelEngine("release")];
  fc.assert(
    fc.property(randomRegime({ smooth: true }), randomBook, ({ program }, draw) => {
      const { main } = readBook(draw(program), program);
      const expected = bitsOf(program, () => ENGINES.kernel(program, main));
      for (const engine of builds) expect(bitsOf(program, () => engine(program, main))).toEqual(expected);
    }),
    { numRuns: RUNS },
  );
});

test("the order of positions changes no bit", () => {
  fc.assert(
    fc.property(randomRegime({ smooth: true }), randomBook, fc.infiniteStream(fc.nat()), ({ program }, draw, order) => {
      const { main } = readBook(draw(program), program);
      const keyed = main.positions.map((position) => [order.next().value as number, position] as const);
      const positions = keyed.sort(([left], [right]) => left - right).map(([, position]) => position);
      const shuffled = bitsOf(program, () => ENGINES.kernel(program, { ...main, positions }));
      expect(shuffled).toEqual(bitsOf(program, () => ENGINES.kernel(program, main)));
    }),
    { numRuns: RUNS },
  );
});
