// All that formulas may name, beside terms and the facts of a book.

import type { FieldPath } from "../markets/locatedDocument.ts";
import type { Compilation } from "./compilation.ts";
import { readCredits } from "./credits.ts";
import { didYouMean } from "./nearest.ts";
import { readPairs } from "./pairs.ts";
import { readParameter } from "./parameters.ts";
import type { Input, PairTable, Parameter, ScenarioSet, SpreadTable, Table } from "./program.ts";
import { inputSchema } from "./regimeSchema.ts";
import { readScenarioSet } from "./scenarios.ts";
import type { AttributePlace, Binding, Report, Scope } from "./scope.ts";
import { entriesOf, isMap, readEntry } from "./section.ts";
import { readTable } from "./tiers.ts";

/** What a document says beside its terms. */
export interface Definitions {
  readonly parameters: readonly Parameter[];
  readonly tables: readonly Table[];
  readonly pairTables: readonly PairTable[];
  readonly spreadTables: readonly SpreadTable[];
  readonly sets: readonly ScenarioSet[];
  readonly inputs: readonly Input[];
}

type Reader<T> = (
  name: string,
  raw: unknown,
  sources: ReadonlySet<string>,
  path: FieldPath,
  report: Report,
) => T | undefined;

/** Reads them and binds their names. */
export function readDefinitions(compilation: Compilation): Definitions {
  const { document, report, scope, sources } = compilation;
  const section = <T>(name: string, read: Reader<T>, bind: (value: T, index: number) => Binding): T[] => {
    const values: T[] = [];
    for (const [key, raw] of entriesOf(document[name], [name], report)) {
      let sound = true;
      const value = read(key, raw, sources, [name, key], (path, reason) => {
        sound = false;
        report(path, reason);
      });
      const usable = sound && value !== undefined;
      scope.bind(key, usable ? bind(value, values.length) : { kind: "broken" }, [name, key]);
      if (usable) values.push(value);
    }
    return values;
  };

  const parameters = section("parameters", readParameter, ({ by }, index) => ({ kind: "parameter", index, by }));
  const tables = section("tables", readTable, (table, index) => ({ kind: "table", index, table }));
  const pairTables = section("pairs", readPairs, (_, index) => ({ kind: "pairs", index }));
  const spreadTables = section("credits", readCredits, (_, index) => ({ kind: "credits", index }));
  const sets = section("scenarios", readScenarioSet, (_, set) => ({ kind: "set", set }));
  bindAttributes(sets, compilation);
  bindBrokenAttributes(compilation);
  const readInput: Reader<Input> = (name, raw, _, path, fail) => {
    const text = readEntry(inputSchema, raw, path, fail);
    if (text === undefined) return undefined;
    const set = setNumber(text.over, sets, scope.names, [...path, "over"], fail);
    return { name, level: text.per, set: set ?? -1, value: text.default, note: text.note };
  };
  const inputs = section("inputs", readInput, ({ level, set }, index) => ({ kind: "input", index, level, set }));
  return { parameters, tables, pairTables, spreadTables, sets, inputs };
}

/** A column's name may stand in several sets; it is one name of the space. */
function bindAttributes(sets: readonly ScenarioSet[], { scope }: Compilation): void {
  const places = new Map<string, AttributePlace[]>();
  for (const [set, { name: setName, attributes }] of sets.entries()) {
    for (const [index, { name, values }] of attributes.entries()) {
      const level = values instanceof Map ? "underlying" : "account";
      places.set(name, [...(places.get(name) ?? []), { set, setName, index, level }]);
    }
  }
  for (const [name, each] of places) {
    scope.bind(name, { kind: "attribute", places: each }, ["scenarios", each[0]?.setName ?? ""]);
  }
}

/** Columns of sets that could not be read: formulas that name them are not to blame. */
function bindBrokenAttributes({ document, scope }: Compilation): void {
  const names = (raw: unknown): string[] =>
    Array.isArray(raw) ? raw.flatMap(names) : isMap(raw) ? Object.keys(raw) : [];
  for (const [set, raw] of Object.entries(isMap(document["scenarios"]) ? document["scenarios"] : {})) {
    if (scope.names.get(set)?.kind !== "broken" || !isMap(raw)) continue;
    for (const name of [raw["product"], raw["rows"], raw["also"], raw["constant"]].flatMap(names)) {
      if (!scope.names.has(name)) scope.rebind(name, { kind: "broken" });
    }
  }
}

/** Number of the set that is named. @returns -1 for none, undefined after a problem was reported or when the set itself is broken */
export function setNumber(
  over: string | undefined,
  sets: readonly ScenarioSet[],
  names: Scope,
  path: FieldPath,
  report: Report,
): number | undefined {
  if (over === undefined) return -1;
  const binding = names.get(over);
  if (binding?.kind === "set") return binding.set;
  if (binding?.kind !== "broken") {
    report(
      path,
      `"${over}" is no scenario set${didYouMean(
        over,
        sets.map(({ name }) => name),
      )}`,
    );
  }
  return undefined;
}

/** Parameters with one value: shares and scenario numbers may be made of them. */
export function knownValues(parameters: readonly Parameter[], names: Scope): Scope {
  const known = new Map<string, Binding>();
  for (const [name, binding] of names) if (binding.kind === "broken") known.set(name, binding);
  for (const { name, by, value } of parameters) {
    if (by === "account" && value !== undefined) known.set(name, { kind: "value", value });
  }
  return known;
}
