// Margins the published worked cases under our regimes and tells how the figures compare. Exits 1 when one differs.

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { Command, Option } from "commander";
import { benchOf } from "../test/conformance/bench.ts";
import { ENGINES } from "../test/conformance/engines.ts";
import { type LocatedCase, readCases, TABLES } from "../test/conformance/publishedCases.ts";
import { isGood, reportJson, reportLines } from "../test/conformance/report.ts";
import { familyOf, loadFamilies, runCase, titleOf } from "../test/conformance/run.ts";

interface Options {
  readonly cases?: string;
  readonly family?: string;
  readonly case?: string;
  readonly engine: "kernel" | "oracle";
  readonly json?: boolean;
  readonly verbose?: boolean;
}

const DEFAULT_CASES = join(import.meta.dirname, "../../shared/cases");

const command = new Command("conformance")
  .description(
    "Margins published worked cases under the documents in regimes/, and compares every figure with the published one, " +
      "to the tolerance that the source itself gives.\n\n" +
      "Cases are lines of .jsonl files: those of a folder of published cases, and our own in test/conformance/tables. " +
      "A file in test/conformance/families says for a family of cases how one becomes a book (docs/books.md), under " +
      "which regime it is margined and which figures are compared. A case that no family knows is not supported: that " +
      "is not a failure.",
  )
  .option("--cases <folder>", "folder of published cases (default: ../shared/cases, when it is there)")
  .option("--family <text>", "only families, venues and models with this in their name")
  .option("--case <text>", "only cases with this in their id")
  .addOption(new Option("--engine <engine>", "what margins the books").choices(["kernel", "oracle"]).default("kernel"))
  .option("--json", "everything as JSON")
  .option("--verbose", "also the figures of cases that passed, and all sources")
  .addHelpText(
    "after",
    `
Examples:
  npm run conformance                                  all cases, one line a family, failures in full
  npm run conformance -- --family Deribit --verbose    every figure of one venue
  npm run conformance -- --case binance-um-iso-eth     one case
  npm run conformance -- --engine oracle               on the slow reading of docs/regimes.md, without the kernel

Exit status: 0 when nothing failed, 1 otherwise.`,
  )
  .parse();

const options = command.opts<Options>();
const { families, broken } = await loadFamilies();
const origins: string[] = [];
const cases = [...published(), ...tables()].filter(isAsked);
origins.push(`engine: ${options.engine}`);
if (cases.length === 0) command.error("error: no case has such a name; leave --family and --case out to see all");
const bench = benchOf(ENGINES[options.engine]);
const outcomes = cases.map((located) => runCase(located, families, bench));
const report = { outcomes, broken, origins };

if (options.json) {
  process.stdout.write(`${JSON.stringify(reportJson(report), null, 2)}\n`);
} else {
  const style = { colour: process.stdout.hasColors?.() ?? false, verbose: options.verbose === true };
  process.stdout.write(`${reportLines(report, style).join("\n")}\n`);
}
process.exitCode = isGood(report) ? 0 : 1;

function published(): readonly LocatedCase[] {
  const folder = options.cases ?? DEFAULT_CASES;
  const found = readCases(folder, "published");
  const place = relative(process.cwd(), folder) || folder;
  if (found === undefined && options.cases !== undefined) command.error(`error: there is no folder ${folder}`);
  origins.push(
    found === undefined
      ? `published cases: none, there is no folder ${place}`
      : `published cases: ${found.length} of ${place}`,
  );
  return found ?? [];
}

function tables(): readonly LocatedCase[] {
  const found = existsSync(TABLES) ? (readCases(TABLES, "own") ?? []) : [];
  origins.push(`our own cases: ${found.length} of ${relative(process.cwd(), TABLES)}`);
  return found;
}

function isAsked({ published: line }: LocatedCase): boolean {
  if (options.case !== undefined && !line.id.includes(options.case)) return false;
  if (options.family === undefined) return true;
  const asked = options.family.toLowerCase();
  return [nameOf(line), titleOf(line)].some((name) => name.toLowerCase().includes(asked));
}

function nameOf(line: LocatedCase["published"]): string {
  try {
    return familyOf(line, families)?.name ?? "";
  } catch {
    return "";
  }
}
