import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compileInstrument } from "./compileInstrument.ts";
import { compileMarginTable, compileScenarioGrid, type Report } from "./compileRegime.ts";
import { type DocumentProblem, MarketDocumentError } from "./documentError.ts";
import { type FieldPath, type LocatedDocument, readDocument } from "./locatedDocument.ts";
import type { MarginTableDocument, MarketDocument, ScenarioGridDocument } from "./market.ts";
import {
  type MarginTableText,
  type MarketText,
  marketSchema,
  type RegimeText,
  regimeSchema,
  type ScenarioGridText,
} from "./marketSchema.ts";

/** A table or grid as written, and where. */
interface Written<T> {
  readonly text: T;
  readonly regime: string;
  readonly report: Report;
}

/**
 * Reads a market and the regimes that it uses, and turns them into numbers. Only the tables and grids that an
 * instrument names become part of the market.
 *
 * @param path of a document such as markets/simulated.yaml
 * @throws MarketDocumentError naming file, line, field and rule of everything that makes no sense
 */
export function loadMarket(path: string): MarketDocument {
  const market = readDocument<MarketText>(path, marketSchema);
  const problems: DocumentProblem[] = [];
  const tables = new Map<string, Written<MarginTableText>>();
  const grids = new Map<string, Written<ScenarioGridText>>();
  for (const relative of market.value.tables) {
    const regime = readDocument<RegimeText>(join(dirname(path), relative), regimeSchema);
    collect(regime, "marginTables", tables, problems);
    collect(regime, "scenarioGrids", grids, problems);
  }
  const document = compileMarket(market, tables, grids, problems);
  if (problems.length > 0) throw new MarketDocumentError(problems);
  return document;
}

function compileMarket(
  market: LocatedDocument<MarketText>,
  tables: ReadonlyMap<string, Written<MarginTableText>>,
  grids: ReadonlyMap<string, Written<ScenarioGridText>>,
  problems: DocumentProblem[],
): MarketDocument {
  const { id, currencies, instruments } = market.value;
  const report: Report = (path, reason) => problems.push(market.problem(path, reason));
  refuseDuplicates(currencies, ["currencies"], report);
  refuseDuplicates(instruments, ["instruments"], report);

  const marginTables = new Map<string, MarginTableDocument>();
  const scenarioGrids = new Map<string, ScenarioGridDocument>();
  const listed: MarketDocument["instruments"][number][] = [];
  for (const [index, text] of instruments.entries()) {
    const at: Report = (path, reason) => report(["instruments", index, ...path], reason);
    const currency = currencies.find(({ name }) => name === text.settlementCurrency);
    const table = tables.get(text.marginTable);
    const grid = grids.get(text.scenarioGrid);
    if (currency === undefined) at(["settlementCurrency"], unknown(text.settlementCurrency, "currency", currencies));
    if (table === undefined) at(["marginTable"], unknown(text.marginTable, "margin table", named(tables)));
    if (grid === undefined) at(["scenarioGrid"], unknown(text.scenarioGrid, "scenario grid", named(grids)));
    if (currency === undefined || table === undefined || grid === undefined) continue;
    if (table.text.currency !== currency.name) {
      at(["marginTable"], `"${text.marginTable}" has its floors in ${table.text.currency}, not in ${currency.name}`);
      continue;
    }
    if (!scenarioGrids.has(grid.text.name)) {
      scenarioGrids.set(grid.text.name, compileScenarioGrid(grid.text, grid.regime, grid.report));
    }
    const marginTable =
      marginTables.get(table.text.name) ?? compileMarginTable(table.text, table.regime, currency.scale, table.report);
    marginTables.set(marginTable.name, marginTable);
    const listing = compileInstrument(text, currency.scale, marginTable, at);
    if (listing !== undefined) listed.push({ name: text.name, listing });
  }
  return {
    id,
    currencies,
    marginTables: [...marginTables.values()],
    scenarioGrids: [...scenarioGrids.values()],
    instruments: listed,
    regimes: market.value.regimes.map(({ name, document, effective }) => ({
      name,
      text: readRegimeText(join(dirname(market.file), document)),
      effectiveUs: effective === undefined ? 0n : BigInt(Date.parse(effective)) * 1000n,
    })),
  };
}

/** Its content is checked where it is compiled: services/regimes. */
function readRegimeText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = `cannot be read: ${(error as Error).message}`;
    throw new MarketDocumentError([{ file: path, line: 0, field: "", reason }]);
  }
}

function collect<K extends "marginTables" | "scenarioGrids">(
  regime: LocatedDocument<RegimeText>,
  key: K,
  into: Map<string, Written<RegimeText[K][number]>>,
  problems: DocumentProblem[],
): void {
  for (const [index, text] of regime.value[key].entries()) {
    const report: Report = (path, reason) => problems.push(regime.problem([key, index, ...path], reason));
    const earlier = into.get(text.name);
    if (earlier !== undefined) {
      report(["name"], `"${text.name}" stands already in regime ${earlier.regime}; a name stands for one thing`);
    } else {
      into.set(text.name, { text, regime: regime.value.id, report });
    }
  }
}

function refuseDuplicates(items: readonly { readonly name: string }[], path: FieldPath, report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name }] of items.entries()) {
    if (seen.has(name)) report([...path, index, "name"], `"${name}" is used twice; a name stands for one thing`);
    seen.add(name);
  }
}

function unknown(name: string, kind: string, known: readonly { readonly name: string }[]): string {
  return `"${name}" is no known ${kind}; known: ${known.map((each) => each.name).join(", ") || "none"}`;
}

function named(map: ReadonlyMap<string, unknown>): readonly { readonly name: string }[] {
  return [...map.keys()].map((name) => ({ name }));
}
