// Every figure of every explanation says how it came about, and that is so: on every worked book of every document.

import { describe, expect, test } from "vitest";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { type Explanation, explain, type Figure, sumOf } from "../../services/evaluate/explain.ts";
import { formatFixed, ONE } from "../../services/regimes/fixed.ts";
import { compileRegime, listRegimes, readExamples, readRegimeText } from "../../services/regimes/loadRegime.ts";

const keyOf = (term: string, row: string) => `${term} ${row}`;

/** What is wrong with a figure's own account of itself, in words. */
function faultOf({ rule, parts, value }: Figure): string | undefined {
  const counting = parts.filter(({ counts }) => counts);
  switch (rule) {
    case "sum": {
      const sum = sumOf(parts);
      return sum === value ? undefined : `is ${text(value)}, its parts add up to ${text(sum)}`;
    }
    case "greatest":
    case "least": {
      if (value === undefined) return undefined;
      if (counting.length !== 1) return `${counting.length} parts count`;
      if (counting[0]!.value !== value) return `is ${text(value)}, and ${text(counting[0]!.value)} counts`;
      const better = parts.find((part) => (rule === "greatest" ? part.value! > value : part.value! < value));
      return better === undefined ? undefined : `${better.name} is ${text(better.value)}, beyond ${text(value)}`;
    }
    case "product": {
      if (parts.length < 2) return "is a product of less than two parts";
      return isProduct(
        value,
        parts.map((part) => part.value),
      )
        ? undefined
        : `is ${text(value)}, not the product of its parts`;
    }
    default:
      return undefined;
  }
}

/** Each multiplication cuts less than a unit, which later factors multiply. */
function isProduct(value: bigint | undefined, factors: readonly (bigint | undefined)[]): boolean {
  if (value === undefined || factors.includes(undefined)) return value === undefined;
  const exact = (factors as bigint[]).reduce((product, factor) => product * factor, 1n);
  const scale = ONE ** BigInt(factors.length - 1);
  const largest = (factors as bigint[])
    .map(size)
    .reduce((most, factor) => (factor > ONE ? (most * factor) / ONE + 1n : most), 1n);
  return size(value - exact / scale) <= largest * BigInt(factors.length);
}

function size(x: bigint): bigint {
  return x < 0n ? -x : x;
}

function text(value: bigint | undefined): string {
  return value === undefined ? "undefined" : formatFixed(value);
}

/** Every part that is a term is a figure too, of that value. */
function lostParts({ figures, tables }: Explanation): string[] {
  const known = new Map<string, bigint | undefined>(figures.map(({ term, row, value }) => [keyOf(term, row), value]));
  const matrices = new Set(tables.map(({ term }) => term));
  return figures.flatMap(({ term, row, parts, rule }) =>
    parts
      .filter(({ kind, name }) => kind === "term" && rule !== "worst scenario" && !matrices.has(name))
      .filter((part) => part.value !== undefined || known.has(keyOf(part.name, part.row)))
      .filter((part) => known.get(keyOf(part.name, part.row)) !== part.value)
      .map((part) => `${term} ${row}: ${part.name} ${part.row} = ${text(part.value)}`),
  );
}

function faultsOf(explanation: Explanation): string[] {
  const faults = explanation.figures.flatMap((figure) => {
    const fault = faultOf(figure);
    return fault === undefined ? [] : [`${figure.term} ${figure.row} ${fault}`];
  });
  const keys = explanation.figures.map(({ term, row }) => keyOf(term, row));
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `${key} stands twice`);
  return [
    ...faults,
    ...twice,
    ...lostParts(explanation),
    ...conclusionFaults(explanation),
    ...worstFaults(explanation),
  ];
}

/** The worst scenario of a figure is marked in its table, and the figure is its value. */
function worstFaults({ figures, tables }: Explanation): string[] {
  const byKey = new Map(tables.map((table) => [keyOf(table.term, table.row), table]));
  return figures
    .filter(({ rule }) => rule === "worst scenario")
    .flatMap(({ term, row, value, parts }) => {
      const table = byKey.get(keyOf(parts[0]!.name, parts[0]!.row));
      if (table === undefined) return [];
      const worst = table.values[table.worst]!;
      if (worst !== Math.min(...table.values)) return [`${term} ${row}: scenario ${table.worst} is not the worst`];
      // The double is cut to 18 decimals; back as a double it is the same but for that cut.
      const told = Number(formatFixed(value ?? 0n));
      return Math.abs(told - worst) <= 1e-15 * Math.abs(worst) + 1e-18 ? [] : [`${term} ${row}: ${told}, not ${worst}`];
    });
}

/** The verdict's figures are figures of the explanation, by the names that the conclusion gives. */
function conclusionFaults({ conclusion, figures, verdicts }: Explanation): string[] {
  return (["equity", "initial", "maintenance"] as const).flatMap((figure) => {
    const rows = figures.filter(({ term }) => term === conclusion[figure]);
    if (rows.length === 0 && verdicts.length > 0) return [`${figure}: no term ${conclusion[figure]}`];
    return verdicts.flatMap((verdict) => {
      const row = rows.find((candidate) => candidate.row === verdict.currency || candidate.level === "account");
      return row?.value === verdict[figure] ? [] : [`${figure} of ${verdict.currency}: ${text(row?.value)}`];
    });
  });
}

describe.each(listRegimes())("%s", (id) => {
  const { text: document, file } = readRegimeText(id);
  test.for(readExamples(document, file))("$name", ({ book, overrides }) => {
    const program = compileRegime(document, file, overrides);
    const { main, isolated } = evaluateBook(program, book);
    for (const evaluation of [main, ...isolated.values()]) {
      expect(faultsOf(explain(program, evaluation))).toEqual([]);
    }
  });
});
