// Structures: functions whose arguments and results lie on levels of their own (docs/regimes.md, "Formulas").

import type { Expression } from "./formula.ts";
import { type Call, type InnerSite, reachable, unknownName } from "./formulaSite.ts";
import { FUNCTIONS, type FunctionDescription } from "./functions.ts";
import { deepestLevel } from "./namedLevels.ts";
import type { Level } from "./program.ts";

function columnsAt(site: InnerSite, call: Call, operands: readonly Expression[], level: Level): number[] | undefined {
  const { graph } = site;
  const numbers: number[] = [];
  for (const operand of operands) {
    const number = site.compile({ ...site, level }, operand);
    if (number === undefined) continue;
    if (graph.node(number).set >= 0)
      site.fail(operand.offset, `${call.name} takes columns; reduce the scenarios first`);
    else numbers.push(graph.widen(number, level));
  }
  return numbers.length === operands.length ? numbers : undefined;
}

export function compileStructure(
  site: InnerSite,
  call: Call,
  { operation, from, to }: Extract<FunctionDescription, { kind: "structure" }>,
): number | undefined {
  const operands = columnsAt({ ...site, inside: undefined }, call, call.arguments, from);
  if (!reachable(site, call.name, call.offset, { level: to, market: false }) || operands === undefined)
    return undefined;
  return site.graph.add({ operation, level: to, set: -1, arguments: operands, market: false });
}

/** Over all units or underlyings of an account. */
export function compileNetwork(
  site: InnerSite,
  call: Call,
  { operation, table }: Extract<FunctionDescription, { kind: "network" }>,
): number | undefined {
  const operands = call.arguments.slice(0, -1);
  const reference = call.arguments.at(-1) as Expression;
  const binding = reference.kind === "name" ? site.scope.get(reference.name) : undefined;
  const from = deepestLevel(site, call, operands);
  const numbers = columnsAt({ ...site, inside: `${call.name}(..)` }, call, operands, from ?? "order");
  if (reference.kind === "name" && binding === undefined) return unknownName(site, reference.name, reference.offset);
  if (binding?.kind === "broken") return undefined;
  if (binding?.kind !== table) {
    site.fail(
      reference.offset,
      `${call.name} is called as ${FUNCTIONS.get(call.name)?.usage}, with an entry of ${table}`,
    );
    return undefined;
  }
  if (from === undefined || numbers === undefined) return undefined;
  if (from !== "unit" && from !== "underlying") {
    site.fail(call.offset, `${call.name} goes over units or underlyings, but is given one value for each ${from}`);
    return undefined;
  }
  const level = operation === "correlated" ? "account" : from;
  if (!reachable(site, call.name, call.offset, { level, market: false })) return undefined;
  return site.graph.add({ operation, level, set: -1, arguments: numbers, market: false, index: binding.index });
}
