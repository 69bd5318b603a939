// Lookups in tables: marginal(table.column, x), bracket(table.column, x).

import type { Expression } from "./formula.ts";
import { type Call, type InnerSite, reachable, rowByRow, unknownName } from "./formulaSite.ts";
import { FUNCTIONS } from "./functions.ts";
import { didYouMean } from "./nearest.ts";
import type { Fixed, Table } from "./program.ts";
import { type Binding, describeBinding } from "./scope.ts";
import { bracketOf, marginalOf } from "./tiers.ts";

export function compileTierLookup(site: InnerSite, call: Call, operation: "marginal" | "bracket"): number | undefined {
  const [reference, operand] = call.arguments as [Expression, Expression];
  const x = site.compile(site, operand);
  if (reference.kind !== "member") {
    site.fail(reference.offset, `${call.name} is called as ${FUNCTIONS.get(call.name)?.usage}`);
    return undefined;
  }
  const binding = site.scope.get(reference.owner);
  if (binding === undefined) return unknownName(site, reference.owner, reference.offset);
  if (binding.kind === "broken") return undefined;
  if (binding.kind !== "table" && binding.kind !== "tiers") {
    site.fail(reference.offset, `${reference.owner} is ${describeBinding(binding)}, not a table`);
    return undefined;
  }
  const { table } = binding;
  const column = columnOf(site, table, reference.name, reference.offset);
  if (column === undefined || x === undefined) return undefined;
  if (binding.kind === "tiers") {
    const { constant } = site.graph.node(x);
    const value = constant === undefined ? undefined : tierValue(operation, binding, column, constant);
    if (value !== undefined) return site.graph.constant(value);
    site.fail(call.offset, `${call.name} has no value here`);
    return undefined;
  }
  if (!reachable(site, `${reference.owner}.${reference.name}`, reference.offset, { level: table.by, market: true })) {
    return undefined;
  }
  return rowByRow(site, call.offset, operation, [x], { level: table.by, index: binding.index, column });
}

function tierValue(
  operation: "marginal" | "bracket",
  { table, tiers }: Extract<Binding, { kind: "tiers" }>,
  column: number,
  x: Fixed,
): Fixed | undefined {
  return operation === "marginal" ? marginalOf(tiers, column, x) : bracketOf(tiers, column, x, table.boundary);
}

function columnOf(site: InnerSite, table: Table, name: string, offset: number): number | undefined {
  const column = table.columns.indexOf(name);
  if (column >= 0) return column;
  site.fail(offset, `the table ${table.name} has no column ${name}${didYouMean(name, table.columns)}`);
  return undefined;
}
