// Tables of tiers: read, checked, and looked up as the kernel does.

import type { FieldPath } from "../markets/locatedDocument.ts";
import { formatFixed, guarded, multiply, parseFixed } from "./fixed.ts";
import type { Fixed, Table, Tiers } from "./program.ts";
import { type TableText, tableSchema } from "./regimeSchema.ts";
import type { Report } from "./scope.ts";
import { checkSource, isRate, readEntry } from "./section.ts";

const MAINTENANCE = "maintenance";
const INITIAL = "initial";

/** @returns undefined after a problem was reported */
export function readTable(
  name: string,
  raw: unknown,
  sources: ReadonlySet<string>,
  path: FieldPath,
  report: Report,
): Table | undefined {
  const text = readEntry<TableText>(tableSchema, raw, path, report);
  if (text === undefined) return undefined;
  const { by, boundary, columns, rows, default: otherwise, source, note: _, ...keyed } = text;
  const entries = Object.entries(keyed) as [string, string[][]][];
  checkSource(text, sources, path, report);

  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) report([...path, "columns"], `names ${twice} twice`);
  if (!columns.includes("from")) {
    report([...path, "columns"], "needs the column from, where each tier starts");
    return undefined;
  }
  if (rows !== undefined && otherwise !== undefined) report([...path, "rows"], "means the same as default; write one");
  if (by === "account") {
    for (const [key] of entries) report([...path, key], "is a key, but by does not say of what: by: underlying");
    if (rows === undefined && otherwise === undefined) report(path, "needs rows");
  } else if (rows === undefined && otherwise === undefined && entries.length === 0) {
    report(path, `needs rows for a key (${by}), or for default`);
  }
  const read = (cells: readonly (readonly string[])[], key: string) =>
    readTiers(cells, columns, [...path, key], report);
  const value =
    rows !== undefined ? read(rows, "rows") : otherwise !== undefined ? read(otherwise, "default") : undefined;
  const byKey = new Map<string, Tiers>();
  for (const [key, cells] of entries) {
    const tiers = read(cells, key);
    if (tiers !== undefined) byKey.set(key, tiers);
  }
  return { name, by, boundary, columns: valueColumns(columns), value, byKey, source };
}

/** What can be looked up: all but the end of a tier. */
function valueColumns(columns: readonly string[]): string[] {
  return columns.filter((column) => column !== "to");
}

function readTiers(
  rows: readonly (readonly string[])[],
  columns: readonly string[],
  path: FieldPath,
  report: Report,
): Tiers | undefined {
  let sound = true;
  const fail: Report = (at, reason) => {
    sound = false;
    report(at, reason);
  };
  const cells = rows.map((row, index) => {
    if (row.length !== columns.length) {
      fail([...path, index], `has ${row.length} cells; the columns are ${columns.join(", ")}`);
    }
    return columns.map((column, place) =>
      readCell(row[place], column, index === rows.length - 1, [...path, index, place], fail),
    );
  });
  if (!sound) return undefined;

  const column = (name: string): readonly (Fixed | undefined)[] => {
    const place = columns.indexOf(name);
    return cells.map((row) => row[place]);
  };
  const from = column("from") as readonly Fixed[];
  const place = columns.indexOf("from");
  for (const [index, start] of from.entries()) {
    const before = from[index - 1];
    const at = [...path, index, place];
    if (before === undefined && start !== 0n) fail(at, `${formatFixed(start)}: the first tier starts at 0`);
    if (before !== undefined && start <= before) {
      fail(at, `${formatFixed(start)} does not rise above ${formatFixed(before)}, where the tier before starts`);
    }
  }
  if (columns.includes("to")) checkEnds(from, column("to"), columns.indexOf("to"), path, fail);
  for (const [index, name] of columns.entries()) {
    if (name.startsWith(MAINTENANCE)) {
      const initial = columns.indexOf(INITIAL + name.slice(MAINTENANCE.length));
      if (initial >= 0) checkLink(column(name), column(columns[initial] as string), index, path, fail);
    }
    if (isRate(name) || name === MAINTENANCE || name === INITIAL) {
      for (const [row, value] of column(name).entries()) {
        if (value !== undefined && value < 0n) {
          fail([...path, row, index], `${formatFixed(value)}: ${name} is not negative`);
        }
      }
    }
  }
  if (!sound) return undefined;
  return { from, columns: valueColumns(columns).map((name) => column(name) as readonly Fixed[]) };
}

/** @returns undefined for an open end, and after a problem was reported */
function readCell(
  cell: string | undefined,
  column: string,
  last: boolean,
  path: FieldPath,
  fail: Report,
): Fixed | undefined {
  if (cell === undefined) return undefined;
  if (column === "to" && last && /^\+?\.?inf(inity)?$/i.test(cell)) return undefined;
  const value = parseFixed(cell);
  if (typeof value !== "string") return value;
  fail(path, value);
  return undefined;
}

function checkEnds(
  from: readonly Fixed[],
  to: readonly (Fixed | undefined)[],
  place: number,
  path: FieldPath,
  fail: Report,
): void {
  for (const [index, end] of to.entries()) {
    const next = from[index + 1];
    if (next !== undefined && end !== undefined && end !== next) {
      const fault = end < next ? "leaves a gap to" : "overlaps";
      fail([...path, index, place], `${formatFixed(end)} ${fault} the next tier, which starts at ${formatFixed(next)}`);
    }
    if (next === undefined && end !== undefined && end <= (from[index] as Fixed)) {
      fail(
        [...path, index, place],
        `${formatFixed(end)} lies not above ${formatFixed(from[index] as Fixed)}, where the tier starts`,
      );
    }
  }
}

function checkLink(
  maintenance: readonly (Fixed | undefined)[],
  initial: readonly (Fixed | undefined)[],
  place: number,
  path: FieldPath,
  fail: Report,
): void {
  for (const [index, value] of maintenance.entries()) {
    const limit = initial[index];
    if (value !== undefined && limit !== undefined && value > limit) {
      fail([...path, index, place], `maintenance ${formatFixed(value)} is above initial ${formatFixed(limit)}`);
    }
  }
}

/** Sum over tiers of the part of x within the tier x its rate. */
export function marginalOf({ from, columns }: Tiers, column: number, x: Fixed): Fixed | undefined {
  let sum = 0n;
  for (const [index, start] of from.entries()) {
    if (x <= start) break;
    const end = from[index + 1];
    const part = multiply((end !== undefined && end < x ? end : x) - start, columns[column]?.[index] ?? 0n);
    if (part === undefined) return undefined;
    sum += part;
  }
  return guarded(sum);
}

/** Value of the tier in which x lies; below the first start, of the first tier. */
export function bracketOf(
  { from, columns }: Tiers,
  column: number,
  x: Fixed,
  boundary: Table["boundary"],
): Fixed | undefined {
  let tier = 0;
  for (const [index, start] of from.entries()) if (boundary === "begins" ? x >= start : x > start) tier = index;
  return columns[column]?.[tier];
}
