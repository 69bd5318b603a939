// Aggregates over the rows beneath: total(x) and the like.

import type { Expression } from "./formula.ts";
import type { Call, InnerSite } from "./formulaSite.ts";
import { deepestLevel } from "./namedLevels.ts";
import type { Operation } from "./program.ts";

export function compileAggregate(site: InnerSite, call: Call, operation: Operation): number | undefined {
  const { graph, levels } = site;
  const operand = call.arguments[0] as Expression;
  if (site.inside !== undefined) {
    site.fail(
      call.offset,
      `${call.name} stands inside ${site.inside}; give it a term of its own, whose level says where it is added up`,
    );
    return undefined;
  }
  if (site.level === "instrument") {
    site.fail(call.offset, `${call.name} adds up what an account holds; a term per instrument knows only the market`);
    return undefined;
  }
  const beneath = deepestLevel(site, call, [operand]);
  const inner = site.compile({ ...site, level: beneath ?? "order", inside: `${call.name}(..)` }, operand);
  if (beneath === undefined || inner === undefined) return undefined;
  if (!levels.isAbove(site.level, beneath)) {
    site.fail(
      call.offset,
      beneath === site.level
        ? `${call.name} adds up rows beneath ${site.level}, but what it is given has one value for each ${beneath}`
        : `${call.name} is given one value for each ${beneath}; those do not lie beneath ${site.level}`,
    );
    return undefined;
  }
  const widened = graph.widen(inner, beneath);
  const { set } = graph.node(widened);
  return graph.add({ operation, level: site.level, set, arguments: [widened], market: false });
}
