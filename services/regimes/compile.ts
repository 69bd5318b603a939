// A regime document -> a program. One bad entry hides no other: names of what could not be read are bound as broken, and
// formulas that use them are not blamed.

import type { FieldPath } from "../markets/locatedDocument.ts";
import { runChecks } from "./checks.ts";
import type { Compilation } from "./compilation.ts";
import { type Definitions, knownValues, readDefinitions } from "./definitions.ts";
import { checkExamples } from "./examples.ts";
import { createGraph, type Graph } from "./graph.ts";
import { levelsOf } from "./levels.ts";
import { didYouMean } from "./nearest.ts";
import type { Conclusion, Program, RiskUnit, Source } from "./program.ts";
import {
  type Header,
  headerSchema,
  reportsSchema,
  requirementSchema,
  SECTIONS,
  sourceSchema,
  statesSchema,
} from "./regimeSchema.ts";
import { openScope, type Report, type Scope } from "./scope.ts";
import { entriesOf, isMap, readEntry } from "./section.ts";
import { type CompiledTerms, compileTerms, formulaNode } from "./terms.ts";

/**
 * Compiles a document that was read as plain values, numbers as text.
 *
 * @returns undefined after a problem was reported
 */
export function compileDocument(document: unknown, reportProblem: Report): Program | undefined {
  let problems = 0;
  const report: Report = (path, reason) => {
    problems++;
    reportProblem(path, reason);
  };
  if (!isMap(document)) {
    report([], "must be a map: id, venue, title, ..");
    return undefined;
  }
  const header = readHeader(document, report);
  const sources = readSources(document, report);
  const scope = openScope(report);
  const compilation: Compilation = {
    document,
    report,
    scope,
    graph: createGraph(),
    levels: levelsOf(riskUnitOf(document)),
    sources: new Set(sources.map(({ key }) => key)),
  };
  const definitions = readDefinitions(compilation);
  const known = knownValues(definitions.parameters, scope.names);
  const terms = compileTerms(compilation, definitions, known);
  const conclusion = compileConclusion(compilation, definitions, known);
  const reports = readReports(compilation, terms);
  runChecks(document["checks"], definitions.parameters, definitions.tables, scope.names, report);
  checkExamples(document["examples"], compilation.sources, report);
  if (problems > 0 || header === undefined || conclusion === undefined) return undefined;
  return assemble(header, sources, definitions, compilation.graph, terms, conclusion, reports);
}

function readHeader(document: Readonly<Record<string, unknown>>, report: Report): Header | undefined {
  const fields = [...Object.keys(headerSchema.shape), ...SECTIONS];
  for (const field of Object.keys(document)) {
    if (!fields.includes(field)) report([field], `unknown field${didYouMean(field, fields)}`);
  }
  return readEntry<Header>(headerSchema, document, [], report);
}

/** Also when the rest of the header is faulty; where it is itself, levels that may meet are taken to meet. */
function riskUnitOf(document: Readonly<Record<string, unknown>>): RiskUnit {
  const { success, data } = headerSchema.shape.risk_unit.safeParse(document["risk_unit"]);
  if (!success) return "underlying-settlement";
  return typeof data === "string" ? data : "group";
}

function readSources(document: Readonly<Record<string, unknown>>, report: Report): Source[] {
  const entries = entriesOf(document["sources"], ["sources"], report);
  if (entries.length === 0) report(["sources"], "must name one source or more");
  return entries.map(([key, raw]) => {
    const source = readEntry(sourceSchema, raw, ["sources", key], report);
    return { key, title: source?.title ?? "", where: source?.where ?? "" };
  });
}

function compileConclusion(compilation: Compilation, { sets }: Definitions, known: Scope): Conclusion | undefined {
  const { document, report, graph } = compilation;
  const text = readEntry(requirementSchema, document["requirement"] ?? {}, ["requirement"], report);
  const states = readEntry(statesSchema, document["states"] ?? {}, ["states"], report);
  if (text === undefined || states === undefined) return undefined;
  const level = text.per;
  const column = (formula: string, path: FieldPath) =>
    formulaNode(compilation, { level, over: -1, sets, known, uses: [] }, formula, path);

  const equity = column(text.equity, ["requirement", "equity"]);
  const initial = column(text.initial, ["requirement", "initial"]);
  const maintenance = column(text.maintenance, ["requirement", "maintenance"]);
  const below = (limit: number | undefined): number | undefined => {
    if (equity === undefined || limit === undefined) return undefined;
    return graph.add({ operation: "less", level, set: -1, arguments: [equity, limit], market: false });
  };
  const state = (name: "called" | "liquidating" | "bankrupt", limit: number | undefined) => {
    const formula = states[name];
    return formula === undefined ? below(limit) : column(formula, ["states", name]);
  };
  const called = state("called", initial);
  const liquidating = state("liquidating", maintenance);
  const bankrupt = state("bankrupt", graph.widen(graph.constant(0n), level));
  if (equity === undefined || initial === undefined || maintenance === undefined) return undefined;
  if (called === undefined || liquidating === undefined || bankrupt === undefined) return undefined;
  return { level, equity, initial, maintenance, called, liquidating, bankrupt };
}

function readReports({ document, report }: Compilation, { names }: CompiledTerms): readonly string[] {
  const reports = readEntry(reportsSchema, document["reports"] ?? [], ["reports"], report) ?? [];
  for (const [index, name] of reports.entries()) {
    if (!names.includes(name)) report(["reports", index], `"${name}" is no term${didYouMean(name, names)}`);
  }
  return reports;
}

function assemble(
  header: Header,
  sources: readonly Source[],
  definitions: Definitions,
  graph: Graph,
  { terms }: CompiledTerms,
  conclusion: Conclusion,
  reports: readonly string[],
): Program {
  const { equity, initial, maintenance, called, liquidating, bankrupt } = conclusion;
  const roots = [...terms.map(({ node }) => node), equity, initial, maintenance, called, liquidating, bankrupt];
  const { nodes, numbers } = graph.reachable(roots);
  const renumber = (node: number): number => numbers[node] as number;
  const { risk_unit: riskUnit, id, venue, title, vintage, valuation } = header;
  return {
    id,
    venue,
    title,
    vintage,
    effectiveUs: BigInt(Date.parse(`${vintage}T00:00:00Z`)) * 1000n,
    sources,
    valuation,
    riskUnit: typeof riskUnit === "string" ? riskUnit : ("group" satisfies RiskUnit),
    groups: new Map(typeof riskUnit === "string" ? [] : Object.entries(riskUnit.group)),
    ...definitions,
    nodes,
    terms: terms.map((term) => ({ ...term, node: renumber(term.node) })),
    conclusion: {
      level: conclusion.level,
      equity: renumber(equity),
      initial: renumber(initial),
      maintenance: renumber(maintenance),
      called: renumber(called),
      liquidating: renumber(liquidating),
      bankrupt: renumber(bankrupt),
    },
    reports,
  };
}
