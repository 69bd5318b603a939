// `checks:` of a document: conditions on its parameters and tables, computed exactly when it is compiled, for the default
// and for each key that one of them names. A check is compiled like any formula, with numbers in place of parameters:
// what is left is a constant.

import type { FieldPath } from "../markets/locatedDocument.ts";
import { compileFormula } from "./compileFormula.ts";
import { formatFixed } from "./fixed.ts";
import { type Expression, FormulaError, parseFormula } from "./formula.ts";
import { createGraph } from "./graph.ts";
import { levelsOf } from "./levels.ts";
import { didYouMean } from "./nearest.ts";
import type { KeyLevel, Parameter, Table } from "./program.ts";
import { checkSchema } from "./regimeSchema.ts";
import { type Binding, describeBinding, type Report, type Scope } from "./scope.ts";
import { readEntry } from "./section.ts";

/** One key for each kind of key; none stands for the default. */
type Keys = ReadonlyMap<KeyLevel, string>;
type Keyed = Parameter | Table;

const CASES_MAX = 10_000;

export function runChecks(
  raw: unknown,
  parameters: readonly Parameter[],
  tables: readonly Table[],
  scope: Scope,
  report: Report,
): void {
  if (raw === undefined || raw === null) return;
  if (!Array.isArray(raw)) {
    report(["checks"], "must be a list of { holds, because }");
    return;
  }
  for (const [index, each] of raw.entries()) {
    const text = readEntry(checkSchema, each, ["checks", index], report);
    if (text !== undefined) runCheck(text, parameters, tables, scope, ["checks", index, "holds"], report);
  }
}

function runCheck(
  { holds, because }: { readonly holds: string; readonly because: string },
  parameters: readonly Parameter[],
  tables: readonly Table[],
  scope: Scope,
  path: FieldPath,
  report: Report,
): void {
  let expression: Expression;
  try {
    expression = parseFormula(holds);
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    report(path, `${error.message} (column ${error.offset + 1})`);
    return;
  }
  const named = namesIn(expression);
  const faults = [...named].flatMap(([name, offset]) => {
    const binding = scope.get(name);
    if (binding === undefined) {
      const known = [...parameters, ...tables].map((each) => each.name);
      return [`unknown name ${name}${didYouMean(name, known)} (column ${offset + 1})`];
    }
    if (["parameter", "table", "broken"].includes(binding.kind)) return [];
    return [`${name} is ${describeBinding(binding)}; a check names parameters and tables only (column ${offset + 1})`];
  });
  for (const fault of faults) report(path, fault);
  if (faults.length > 0) return;

  const involved = {
    parameters: parameters.filter(({ name }) => named.has(name)),
    tables: tables.filter(({ name }) => named.has(name)),
  };
  const cases = combinations([...involved.parameters, ...involved.tables]);
  if (cases.length > CASES_MAX) {
    report(path, `would be computed for ${cases.length} combinations of keys; at most ${CASES_MAX}`);
    return;
  }
  for (const keys of cases) {
    const names = scopeFor(involved, keys, scope);
    if (names === undefined) continue;
    const outcome = evaluate(expression, names);
    if (outcome.fault !== undefined) {
      // The same for every key.
      report(path, outcome.fault);
      return;
    }
    if (outcome.holds === false) report(path, `does not hold${describeCase(keys, names)}: ${because}`);
  }
}

function namesIn(expression: Expression, found = new Map<string, number>()): Map<string, number> {
  switch (expression.kind) {
    case "number":
      break;
    case "name":
      found.set(expression.name, expression.offset);
      break;
    case "member":
      found.set(expression.owner, expression.offset);
      break;
    case "unary":
      namesIn(expression.operand, found);
      break;
    case "binary":
      namesIn(expression.left, found);
      namesIn(expression.right, found);
      break;
    case "call":
      for (const each of expression.arguments) namesIn(each, found);
  }
  return found;
}

/** The default and each key, for every kind of key that is involved: all combinations. */
function combinations(involved: readonly Keyed[]): Keys[] {
  const kinds = new Map<KeyLevel, Set<string | undefined>>();
  for (const { by, byKey } of involved) {
    if (by === "account") continue;
    const keys = kinds.get(by) ?? new Set([undefined]);
    for (const key of byKey.keys()) keys.add(key);
    kinds.set(by, keys);
  }
  let all: Map<KeyLevel, string>[] = [new Map()];
  for (const [kind, keys] of kinds) {
    all = all.flatMap((each) => [...keys].map((key) => (key === undefined ? each : new Map(each).set(kind, key))));
  }
  return all;
}

/** @returns undefined when something has no value for these keys, and no default */
function scopeFor(
  { parameters, tables }: { readonly parameters: readonly Parameter[]; readonly tables: readonly Table[] },
  keys: Keys,
  scope: Scope,
): Scope | undefined {
  const names = new Map<string, Binding>();
  for (const [name, binding] of scope) if (binding.kind === "broken") names.set(name, binding);
  for (const { name, by, byKey, value } of parameters) {
    const found = byKey.get(keys.get(by) ?? "") ?? value;
    if (found === undefined) return undefined;
    names.set(name, { kind: "value", value: found });
  }
  for (const table of tables) {
    const tiers = table.byKey.get(keys.get(table.by) ?? "") ?? table.value;
    if (tiers === undefined) return undefined;
    names.set(table.name, { kind: "tiers", table, tiers });
  }
  return names;
}

interface Outcome {
  /** Undefined when something that is named is broken. */
  readonly holds?: boolean;
  readonly fault?: string;
}

function evaluate(expression: Expression, scope: Scope): Outcome {
  const graph = createGraph();
  let fault: string | undefined;
  const node = compileFormula(
    {
      graph,
      levels: levelsOf("account"),
      scope,
      sets: [],
      level: "account",
      over: -1,
      known: scope,
      knownOnly: false,
      fail: (offset, reason) => {
        fault ??= `${reason} (column ${offset + 1})`;
      },
      use: () => {},
    },
    expression,
  );
  if (fault !== undefined) return { fault };
  if (node === undefined) return {};
  const { constant } = graph.node(node);
  if (constant === undefined) {
    return { fault: "cannot be computed exactly: a division by 0, or a function in float64 (^, exp, ln, sqrt, ..)" };
  }
  return { holds: constant !== 0n };
}

function describeCase(keys: Keys, scope: Scope): string {
  const values = [...scope].flatMap(([name, each]) =>
    each.kind === "value" ? [`${name} ${formatFixed(each.value)}`] : [],
  );
  const of = keys.size === 0 ? "" : ` for ${[...keys.values()].join(", ")}`;
  return `${of}${values.length === 0 ? "" : ` (${values.join(", ")})`}`;
}
