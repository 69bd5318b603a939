// Reductions over the scenarios: worst(m) and the like.

import { ONE } from "./fixed.ts";
import type { Expression } from "./formula.ts";
import type { Call, InnerSite } from "./formulaSite.ts";
import type { Fixed, Operation } from "./program.ts";

export function compileReduction(site: InnerSite, call: Call, operation: Operation): number | undefined {
  const { graph } = site;
  const [matrix, second] = call.arguments;
  const inner = matrix === undefined ? undefined : site.compile(site, matrix);
  if (inner === undefined) return undefined;
  const { level, set, market } = graph.node(inner);
  const count = site.sets[set]?.count;
  if (count === undefined) {
    site.fail(call.offset, `${call.name} goes over scenarios, but what it is given has none`);
    return undefined;
  }
  const operands = [inner];
  if (second !== undefined) {
    const value = knownNumber(site, second);
    if (value === undefined) return undefined;
    const fault = reductionFault(operation, value, count);
    if (fault !== undefined) {
      site.fail(second.offset, fault);
      return undefined;
    }
    operands.push(graph.constant(value));
  }
  return graph.add({ operation, level, set: -1, arguments: operands, market });
}

function reductionFault(operation: Operation, value: Fixed, count: number): string | undefined {
  if (operation === "scenario") {
    const whole = value % ONE === 0n && value >= ONE && value <= BigInt(count) * ONE;
    return whole ? undefined : `scenarios are numbered from 1 to ${count}`;
  }
  if (value <= 0n || value > ONE) return "a share lies above 0 and is at most 1";
  if (operation === "tail_mean" && value * BigInt(count) < ONE) {
    return `this share of ${count} scenarios is less than one scenario`;
  }
  return undefined;
}

/** A number that does not depend on the book: numbers, and parameters with one value. */
function knownNumber(site: InnerSite, expression: Expression): Fixed | undefined {
  const node = site.compile({ ...site, scope: site.known, level: "account", knownOnly: true }, expression);
  if (node === undefined) return undefined;
  const { constant } = site.graph.node(node);
  if (constant === undefined) site.fail(expression.offset, "must be a number that is known without a book");
  return constant;
}
