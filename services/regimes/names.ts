// Names in a formula -> nodes.

import type { Expression } from "./formula.ts";
import { type InnerSite, reachable, unknownName } from "./formulaSite.ts";
import type { Placed } from "./levels.ts";
import { didYouMean } from "./nearest.ts";
import type { Operation, ScenarioSet } from "./program.ts";
import { type AttributePlace, describeBinding } from "./scope.ts";

export function compileName(site: InnerSite, name: string, offset: number): number | undefined {
  const { graph } = site;
  const binding = site.scope.get(name);
  if (binding === undefined) return unknownName(site, name, offset);
  switch (binding.kind) {
    case "field": {
      const { level, market, index } = binding;
      return leaf(site, name, offset, { operation: "field", level, set: -1, index, market });
    }
    case "parameter":
      return leaf(site, name, offset, {
        operation: "parameter",
        level: binding.by,
        set: -1,
        index: binding.index,
        market: true,
      });
    case "input": {
      const { level, set, index } = binding;
      return leaf(site, name, offset, { operation: "input", level, set, index, market: level === "instrument" });
    }
    case "attribute": {
      const only = binding.places.length === 1 ? binding.places[0] : undefined;
      const place = only ?? binding.places.find(({ set }) => set === site.over);
      if (place !== undefined) return attribute(site, name, offset, place);
      const choices = binding.places.map(({ setName }) => `${setName}.${name}`).join(" or ");
      site.fail(offset, `${name} is a column of several scenario sets; write ${choices}`);
      return undefined;
    }
    case "term": {
      site.use(name);
      return reachable(site, name, offset, graph.node(binding.node)) ? binding.node : undefined;
    }
    case "value":
      return graph.constant(binding.value);
    case "broken":
      return undefined;
    case "later":
      site.fail(offset, `${name} is a later term; a term may name only those above it`);
      return undefined;
    case "table":
    case "tiers":
      site.fail(offset, `${name} is a table; read it with marginal(${name}.column, x) or bracket(${name}.column, x)`);
      return undefined;
    case "set":
      site.fail(offset, `${name} is a scenario set; name one of its columns, such as ${name}.move`);
      return undefined;
    case "pairs":
    case "credits": {
      const user = binding.kind === "pairs" ? `correlated(x, ${name})` : `spread_credit(delta, worth, ${name})`;
      site.fail(offset, `${name} is ${describeBinding(binding)}; use it as in ${user}`);
      return undefined;
    }
  }
}

interface Leaf extends Placed {
  readonly operation: Operation;
  readonly set: number;
  readonly index: number;
  readonly column?: number;
}

function leaf(site: InnerSite, name: string, offset: number, draft: Leaf): number | undefined {
  if (!reachable(site, name, offset, draft)) return undefined;
  return site.graph.add({ ...draft, arguments: [] });
}

function attribute(site: InnerSite, name: string, offset: number, place: AttributePlace): number | undefined {
  const { set, index, level } = place;
  return leaf(site, name, offset, { operation: "attribute", level, set, index, market: true });
}

/** `set.column`; a table's column stands only where tiers are looked up. */
export function compileMember(
  site: InnerSite,
  { owner, name, offset }: Extract<Expression, { kind: "member" }>,
): number | undefined {
  const binding = site.scope.get(owner);
  if (binding === undefined) return unknownName(site, owner, offset);
  if (binding.kind === "broken") return undefined;
  if (binding.kind === "set") {
    const set = site.sets[binding.set] as ScenarioSet;
    const column = site.scope.get(name);
    const place = column?.kind === "attribute" ? column.places.find((each) => each.set === binding.set) : undefined;
    if (place !== undefined) return attribute(site, `${owner}.${name}`, offset, place);
    const columns = set.attributes.map((each) => each.name);
    site.fail(offset, `the scenario set ${owner} has no column ${name}${didYouMean(name, columns)}`);
    return undefined;
  }
  site.fail(
    offset,
    binding.kind === "table" || binding.kind === "tiers"
      ? `a table is read with marginal(${owner}.${name}, x) or bracket(${owner}.${name}, x)`
      : `${owner} is ${describeBinding(binding)} and has no columns`,
  );
  return undefined;
}
