// On which level the argument of an aggregate lies: found from the names in it, before it is compiled.

import type { Expression } from "./formula.ts";
import { type Call, type InnerSite, meet } from "./formulaSite.ts";
import { FUNCTIONS } from "./functions.ts";
import type { Placed } from "./levels.ts";
import type { Level } from "./program.ts";
import type { Binding } from "./scope.ts";

/**
 * The level of what is named furthest down. Instruments count as the positions in them.
 *
 * @returns undefined when something is not known (compiling it will say so), or after a problem was reported
 */
export function deepestLevel(site: InnerSite, call: Call, operands: readonly Expression[]): Level | undefined {
  const named: Placed[] = [];
  const sound = operands.map((each) => collectPlaces(site, each, named)).every((each) => each);
  if (!sound) return undefined;
  const places = named.map((each) => (each.level === "instrument" ? { ...each, level: "position" as const } : each));
  if (places.length === 0) return "account";
  const level = meet(site, places);
  if (level === undefined) {
    const all = [...new Set(places.map((each) => each.level))].join(" and ");
    site.fail(call.offset, `${all} do not lie above one another; bring them together in a term before ${call.name}`);
  }
  return level;
}

/** Levels of what is named, outside of inner aggregates. @returns false when something is not known */
function collectPlaces(site: InnerSite, expression: Expression, places: Placed[]): boolean {
  switch (expression.kind) {
    case "number":
      return true;
    case "unary":
      return collectPlaces(site, expression.operand, places);
    case "binary": {
      const left = collectPlaces(site, expression.left, places);
      return collectPlaces(site, expression.right, places) && left;
    }
    case "name":
      return collectBinding(site, site.scope.get(expression.name), places);
    case "member": {
      const binding = site.scope.get(expression.owner);
      const column = site.scope.get(expression.name);
      if (binding?.kind !== "set" || column?.kind !== "attribute") return collectBinding(site, binding, places);
      const place = column.places.find(({ set }) => set === binding.set);
      if (place !== undefined) places.push({ level: place.level, market: true });
      return place !== undefined;
    }
    case "call": {
      const described = FUNCTIONS.get(expression.name);
      if (described?.kind === "aggregate") return true;
      if (described?.kind === "structure") {
        places.push({ level: described.to, market: false });
        return true;
      }
      if (described?.kind === "network" && described.operation === "correlated") return true;
      return expression.arguments.map((each) => collectPlaces(site, each, places)).every((each) => each);
    }
  }
}

function collectBinding(site: InnerSite, binding: Binding | undefined, places: Placed[]): boolean {
  switch (binding?.kind) {
    case "field":
    case "input":
      places.push({
        level: binding.level,
        market: binding.kind === "field" ? binding.market : binding.level === "instrument",
      });
      return true;
    case "parameter":
      places.push({ level: binding.by, market: true });
      return true;
    case "table":
      places.push({ level: binding.table.by, market: true });
      return true;
    case "term":
      places.push(site.graph.node(binding.node));
      return true;
    case "attribute": {
      const place = binding.places.find(({ set }) => set === site.over) ?? binding.places[0];
      if (place !== undefined) places.push({ level: place.level, market: true });
      return true;
    }
    case "value":
    case "tiers":
    case "pairs":
    case "credits":
      return true;
    default:
      return false;
  }
}
