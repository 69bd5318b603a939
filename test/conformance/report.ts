import { type Column, paint, table } from "../../bin/commands/table.ts";
import type { Collection } from "./publishedCases.ts";
import { type LoadedFamilies, type Outcome, titleOf } from "./run.ts";

export interface Report {
  readonly outcomes: readonly Outcome[];
  readonly broken: LoadedFamilies["broken"];
  /** Where the cases came from, a sentence each. */
  readonly origins: readonly string[];
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly notSupported: number;
}

const COLUMNS: readonly Column[] = [
  { title: "family", align: "left" },
  { title: "passed", align: "right" },
  { title: "failed", align: "right" },
  { title: "not supported", align: "right" },
  { title: "regimes", align: "left" },
  { title: "tolerance", align: "left" },
];
const SOURCES_SHOWN = 3;

export function totalsOf(outcomes: readonly Outcome[]): Totals {
  const count = (result: Outcome["result"]) => outcomes.filter((outcome) => outcome.result === result).length;
  return { passed: count("passed"), failed: count("failed"), notSupported: count("not supported") };
}

export function isGood({ outcomes, broken }: Report): boolean {
  return broken.length === 0 && totalsOf(outcomes).failed === 0;
}

/** Lines for a terminal: families, what nobody knows, failures in full, totals. */
export function reportLines(report: Report, { colour, verbose }: { colour: boolean; verbose: boolean }): string[] {
  const { outcomes, broken, origins } = report;
  const known = outcomes.filter(({ family }) => family !== undefined);
  const unknown = outcomes.filter(({ family }) => family === undefined);
  const lines = [...origins, ""];
  lines.push(...familyLines(known, colour, verbose));
  if (unknown.some(({ result }) => result === "not supported")) {
    lines.push("", "not supported");
    const reasons = known.filter(({ result }) => result === "not supported");
    for (const [reason, members] of grouped([...reasons, ...unknown], ({ reason }) => reason ?? "")) {
      lines.push(`  ${String(members.length).padStart(4)}  ${reason}`);
    }
  }
  const shown = outcomes.filter(({ result }) => result === "failed" || (verbose && result === "passed"));
  for (const outcome of shown) lines.push("", ...caseLines(outcome, colour));
  for (const { file, reason } of broken) {
    lines.push("", paint("red", `families/${file} cannot be loaded: ${reason}`, colour));
  }
  const collection = (name: Collection) => outcomes.filter((outcome) => outcome.collection === name);
  lines.push("", totalsLine("published", collection("published")), totalsLine("own", collection("own")));
  lines.push(paint(isGood(report) ? "green" : "red", totalsLine("all", outcomes), colour));
  return lines;
}

function totalsLine(name: string, outcomes: readonly Outcome[]): string {
  const { passed, failed, notSupported } = totalsOf(outcomes);
  return `${name}: ${passed} passed, ${failed} failed, ${notSupported} not supported; ${outcomes.length} cases`;
}

/** The same for a program. */
export function reportJson({ outcomes, broken, origins }: Report): unknown {
  return {
    origins,
    totals: totalsOf(outcomes),
    broken,
    cases: outcomes.map(({ published, place, collection, family, result, checks, reason }) => ({
      id: published.id,
      place,
      collection,
      family: family?.name ?? null,
      title: titleOf(published),
      regimes: family?.regimes ?? [],
      source: published.source,
      result,
      reason: reason ?? null,
      checks,
    })),
  };
}

function familyLines(known: readonly Outcome[], colour: boolean, verbose: boolean): string[] {
  const families = [...grouped(known, ({ family }) => family!)];
  const rows = families.map(([family, outcomes]) => {
    const { passed, failed, notSupported } = totalsOf(outcomes);
    const tolerances = [...new Set(outcomes.flatMap(({ checks }) => checks.map(({ tolerance }) => tolerance)))];
    return [
      family.name,
      String(passed),
      failed === 0 ? "0" : { text: String(failed), style: "red" as const },
      String(notSupported),
      family.regimes.join(", "),
      tolerances.join("; "),
    ];
  });
  const [titles = "", ...told] = table(COLUMNS, rows, colour);
  return [titles, ...told.flatMap((line, index) => [line, ...sourceLines(families[index]![1], verbose)])];
}

function sourceLines(outcomes: readonly Outcome[], verbose: boolean): string[] {
  const sources = [...new Set(outcomes.map(({ published }) => (verbose ? published.source : brief(published.source))))];
  const shown = verbose ? sources : sources.slice(0, SOURCES_SHOWN);
  const more = sources.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].map((source) => `    ${source}`);
}

/** The page without what leads to one line of it. */
function brief(source: string): string {
  return source
    .split(/[,( ]/)[0]!
    .replace(/:\d+(-\d+)?$/, "")
    .replace(/@[0-9a-f]{12,40}/, "");
}

function caseLines({ published, place, family, checks, reason, result }: Outcome, colour: boolean): string[] {
  const style = result === "failed" ? "red" : "green";
  const title = `${result}: ${published.id}  (${family?.name ?? titleOf(published)}; ${place})`;
  const columns: readonly Column[] = [
    { title: "  check", align: "left" },
    { title: "expected", align: "right" },
    { title: "actual", align: "right" },
    { title: "tolerance", align: "left" },
    { title: "", align: "left" },
  ];
  const rows = checks.map(({ name, expected, actual, tolerance, passed }) => [
    `  ${name}`,
    expected,
    actual,
    tolerance,
    passed ? "" : { text: "failed", style: "red" as const },
  ]);
  return [
    paint(style, title, colour),
    ...(reason === undefined ? [] : [`  ${reason}`]),
    ...(checks.length === 0 ? [] : table(columns, rows, colour)),
  ];
}

function grouped<Key>(outcomes: readonly Outcome[], keyOf: (outcome: Outcome) => Key): Map<Key, Outcome[]> {
  return Map.groupBy(outcomes, keyOf);
}
