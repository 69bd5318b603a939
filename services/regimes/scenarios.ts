// Scenario sets: products, rows and constants become one list of values for each column.

import type { FieldPath } from "../markets/locatedDocument.ts";
import type { Attribute, ScenarioSet } from "./program.ts";
import { type ScenarioSetText, scenarioSetSchema } from "./regimeSchema.ts";
import type { Report } from "./scope.ts";
import { checkSource, readEntry } from "./section.ts";

/** The kernel's tables are sized by it. */
export const SCENARIOS_MAX = 100_000;
const DEFAULT = "default";

/** A value of one column in one scenario: for all, or by underlying. */
type Value = number | Readonly<Record<string, number>>;
type Values = readonly number[] | Readonly<Record<string, readonly number[]>>;
/** One scenario, and where it stands. */
interface Row {
  readonly values: Readonly<Record<string, Value>>;
  readonly path: FieldPath;
}

/** @returns undefined after a problem was reported */
export function readScenarioSet(
  name: string,
  raw: unknown,
  sources: ReadonlySet<string>,
  path: FieldPath,
  report: Report,
): ScenarioSet | undefined {
  let sound = true;
  const fail: Report = (at, reason) => {
    sound = false;
    report(at, reason);
  };
  const text = readEntry<ScenarioSetText>(scenarioSetSchema, raw, path, fail);
  if (text === undefined) return undefined;
  if (text.source !== undefined) checkSource({ source: text.source, note: text.note }, sources, path, fail);
  if (text.product !== undefined && text.rows !== undefined)
    fail([...path, "rows"], "stands beside a product; write one");

  const first =
    text.product !== undefined
      ? productRows(text.product, [...path, "product"], fail)
      : writtenRows(text.rows ?? [], [...path, "rows"], fail);
  const also = text.also.map((values, index) => ({ values, path: [...path, "also", index] }));
  const rows = [...first, ...also];
  if (!sound) return undefined;
  if (rows.length === 0) {
    if (text.count === undefined) fail(path, "has no scenarios: a product, rows, also, or a count");
    if (text.kind === "grid") fail(path, "is a grid without columns; a set that is only counted is joint");
    return sound ? { name, count: text.count as number, attributes: [] } : undefined;
  }
  if (rows.length > SCENARIOS_MAX) fail(path, `has ${rows.length} scenarios; at most ${SCENARIOS_MAX}`);
  if (text.count !== undefined && text.count !== rows.length) {
    fail([...path, "count"], `is ${text.count}, but there are ${rows.length} scenarios`);
  }
  const attributes = columnsOf(rows, text.constant, fail);
  for (const attribute of attributes) checkAttribute(attribute, rows, text.constant, path, fail);
  if (text.kind === "grid") checkZeroMove(attributes, rows.length, path, fail);
  return sound ? { name, count: rows.length, attributes } : undefined;
}

function isList(values: Values): values is readonly number[] {
  return Array.isArray(values);
}

function lengthOf(values: Values, path: FieldPath, fail: Report): number {
  if (isList(values)) return values.length;
  const lengths = Object.values(values).map((each) => each.length);
  for (const [index, key] of Object.keys(values).entries()) {
    if (lengths[index] !== lengths[0]) fail([...path, key], `has ${lengths[index]} values, the others ${lengths[0]}`);
  }
  return lengths[0] ?? 0;
}

function pick(values: Values, index: number): Value {
  if (isList(values)) return values[index] as number;
  return Object.fromEntries(Object.entries(values).map(([key, list]) => [key, list[index] as number]));
}

/** Every combination, the last column varies fastest. */
function productRows(product: Readonly<Record<string, Values>>, path: FieldPath, fail: Report): Row[] {
  const columns = Object.entries(product);
  const lengths = columns.map(([column, values]) => lengthOf(values, [...path, column], fail));
  const count = lengths.reduce((a, b) => a * b, columns.length === 0 ? 0 : 1);
  if (count > SCENARIOS_MAX) {
    fail(path, `makes ${count} scenarios; at most ${SCENARIOS_MAX}`);
    return [];
  }
  return Array.from({ length: count }, (_, number) => {
    let repeats = count;
    const entries = columns.map(([column, values], place) => {
      const length = lengths[place] as number;
      repeats /= length;
      return [column, pick(values, Math.floor(number / repeats) % length)] as const;
    });
    return { values: Object.fromEntries(entries), path };
  });
}

function writtenRows(
  rows: readonly Readonly<Record<string, Value>>[] | Readonly<Record<string, Values>>,
  path: FieldPath,
  fail: Report,
): Row[] {
  if (Array.isArray(rows)) return rows.map((values, index) => ({ values, path: [...path, index] }));
  const columns = Object.entries(rows as Readonly<Record<string, Values>>);
  const lengths = columns.map(([column, values]) => lengthOf(values, [...path, column], fail));
  for (const [index, [column]] of columns.entries()) {
    if (lengths[index] !== lengths[0])
      fail([...path, column], `has ${lengths[index]} values, ${columns[0]?.[0]} ${lengths[0]}`);
  }
  return Array.from({ length: lengths[0] ?? 0 }, (_, number) => ({
    values: Object.fromEntries(columns.map(([column, values]) => [column, pick(values, number)])),
    path,
  }));
}

function columnsOf(rows: readonly Row[], constant: Readonly<Record<string, Value>>, fail: Report): Attribute[] {
  const names = [...new Set([...rows.flatMap(({ values }) => Object.keys(values)), ...Object.keys(constant)])];
  const attributes: Attribute[] = [];
  for (const name of names) {
    const values: Value[] = [];
    const missing = new Set<FieldPath>();
    for (const row of rows) {
      const value = row.values[name] ?? constant[name];
      if (value === undefined) missing.add(row.path);
      else values.push(value);
    }
    for (const path of missing) fail(path, `has no ${name}; other scenarios of the set have one`);
    if (missing.size === 0) attributes.push({ name, values: byUnderlying(values) });
  }
  return attributes;
}

/** One list when no value is by underlying. Where nothing is said for an underlying, its value is undefined: NaN. */
function byUnderlying(values: readonly Value[]): Attribute["values"] {
  const keys = new Set<string>(values.flatMap((each) => (typeof each === "number" ? [] : Object.keys(each))));
  if (keys.size === 0) return values as readonly number[];
  keys.add(DEFAULT);
  const of = (value: Value, key: string): number =>
    typeof value === "number" ? value : (value[key] ?? value[DEFAULT] ?? Number.NaN);
  return new Map([...keys].map((key) => [key, values.map((each) => of(each, key))]));
}

function listsOf({ values }: Attribute): readonly (readonly [string, readonly number[]])[] {
  return values instanceof Map ? [...values] : [["", values as readonly number[]]];
}

function checkAttribute(
  attribute: Attribute,
  rows: readonly Row[],
  constant: Readonly<Record<string, Value>>,
  path: FieldPath,
  fail: Report,
): void {
  const { name } = attribute;
  const rule =
    name === "weight"
      ? { holds: (value: number) => value > 0 && value <= 1, text: "a weight lies above 0 and is at most 1" }
      : name === "move"
        ? { holds: (value: number) => value > -1, text: "a move lies above -1: no price falls below 0" }
        : undefined;
  if (rule === undefined) return;
  const reported = new Set<string>();
  for (const [key, list] of listsOf(attribute)) {
    for (const [index, value] of list.entries()) {
      if (Number.isNaN(value) || rule.holds(value)) continue;
      const row = rows[index] as Row;
      const at = name in row.values ? [...row.path, name] : name in constant ? [...path, "constant", name] : row.path;
      const reason = `${value}${key === "" ? "" : ` for ${key}`} in scenario ${index + 1}: ${rule.text}`;
      if (!reported.has(`${value} ${at.join()}`)) fail(at, reason);
      reported.add(`${value} ${at.join()}`);
    }
  }
}

function checkZeroMove(attributes: readonly Attribute[], count: number, path: FieldPath, fail: Report): void {
  const shocks = attributes.filter(({ name }) => name === "move" || name === "vol");
  if (shocks.length === 0) {
    fail(path, "is a grid without a column move or vol; call it joint or extreme");
    return;
  }
  const still = (index: number): boolean =>
    shocks.every((attribute) => listsOf(attribute).every(([, list]) => list[index] === 0 || Number.isNaN(list[index])));
  if (!Array.from({ length: count }, (_, index) => index).some(still)) {
    fail(
      path,
      `has no scenario in which ${shocks.map(({ name }) => name).join(" and ")} ${shocks.length > 1 ? "are" : "is"} 0`,
    );
  }
}
