// Terms and other formulas of a document -> nodes.

import type { FieldPath } from "../markets/locatedDocument.ts";
import type { Compilation } from "./compilation.ts";
import { compileFormula } from "./compileFormula.ts";
import { type Definitions, setNumber } from "./definitions.ts";
import { FormulaError, parseFormula } from "./formula.ts";
import type { FormulaSite } from "./formulaSite.ts";
import type { Level, ScenarioSet, Term } from "./program.ts";
import { termSchema } from "./regimeSchema.ts";
import type { Binding, Scope } from "./scope.ts";
import { checkSource, entriesOf, readEntry } from "./section.ts";

export interface CompiledTerms {
  readonly terms: readonly Term[];
  /** All that the document has, also those that could not be compiled. */
  readonly names: readonly string[];
}

/** Terms in their order; each may name those before it. */
export function compileTerms(compilation: Compilation, { sets }: Definitions, known: Scope): CompiledTerms {
  const { document, report, scope, graph, sources } = compilation;
  const entries = entriesOf(document["terms"], ["terms"], report);
  if (entries.length === 0) report(["terms"], "must have one term or more");
  for (const [name] of entries) scope.bind(name, { kind: "later" }, ["terms", name]);

  const terms: Term[] = [];
  for (const [name, raw] of entries) {
    const path = ["terms", name];
    // A name that is taken keeps its meaning; its problem was reported.
    const announced = scope.names.get(name)?.kind === "later";
    const settle = (binding: Binding) => announced && scope.rebind(name, binding);
    const text = readEntry(termSchema, raw, path, report);
    const set = text === undefined ? undefined : setNumber(text.over, sets, scope.names, [...path, "over"], report);
    if (text === undefined || set === undefined) {
      settle({ kind: "broken" });
      continue;
    }
    if (text.source !== "") checkSource({ source: text.source, note: text.clause }, sources, path, report);
    const uses: string[] = [];
    const site: Place = { level: text.per, over: set, sets, known, uses };
    const node = formulaNode(compilation, site, text.formula, [...path, "formula"]);
    settle(node === undefined ? { kind: "broken" } : { kind: "term", node });
    if (node === undefined) continue;
    const { level } = graph.node(node);
    const { clause, source, measure, formula } = text;
    terms.push({ name, node, level, set, clause, source, measure, formula, uses });
  }
  return { terms, names: entries.map(([name]) => name) };
}

/** What a formula is for. */
interface Place {
  readonly level: Level;
  /** A matrix of this set; -1: a column. */
  readonly over: number;
  readonly sets: readonly ScenarioSet[];
  readonly known: Scope;
  readonly uses: string[];
}

/** A formula's node, brought to its level and to its set. @returns undefined after a problem was reported */
export function formulaNode(
  { report, scope, graph, levels }: Compilation,
  { level, over, sets, known, uses }: Place,
  formula: string,
  path: FieldPath,
): number | undefined {
  const fail = (offset: number, reason: string) => report(path, `${reason} (column ${offset + 1})`);
  try {
    const expression = parseFormula(formula);
    const site: FormulaSite = {
      graph,
      levels,
      scope: scope.names,
      sets,
      level,
      over,
      known,
      knownOnly: false,
      fail,
      use: (name) => {
        if (!uses.includes(name)) uses.push(name);
      },
    };
    const node = compileFormula(site, expression);
    if (node === undefined) return undefined;
    const has = graph.node(node).set;
    if (has >= 0 && has !== over) {
      const name = sets[has]?.name;
      report(
        path,
        over < 0
          ? `has a value for each scenario of ${name}; reduce it to a column, as worst(..) does, or give the term over: ${name}`
          : `goes over the scenarios of ${name}, the term over those of ${sets[over]?.name}`,
      );
      return undefined;
    }
    const widened = graph.widen(node, level);
    return over < 0 ? widened : graph.spread(widened, over);
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    fail(error.offset, error.message);
    return undefined;
  }
}
