// Tree of a formula -> nodes. Each part is computed at the highest level that has all it names, and widened where it
// meets rows further down; a column that meets a matrix is spread.

import { compileAggregate } from "./aggregates.ts";
import { ONE } from "./fixed.ts";
import type { BinaryOperator, Expression } from "./formula.ts";
import { type Call, type FormulaSite, type InnerSite, rowByRow } from "./formulaSite.ts";
import { FUNCTIONS, type FunctionDescription } from "./functions.ts";
import { compileMember, compileName } from "./names.ts";
import { didYouMean } from "./nearest.ts";
import type { Operation } from "./program.ts";
import { compileReduction } from "./reductions.ts";
import { compileNetwork, compileStructure } from "./structures.ts";
import { compileTierLookup } from "./tierLookups.ts";

const OPERATIONS_OF: Record<BinaryOperator, { readonly operation: Operation; readonly swapped?: boolean }> = {
  "+": { operation: "add" },
  "-": { operation: "subtract" },
  "*": { operation: "multiply" },
  "/": { operation: "divide" },
  "^": { operation: "power" },
  "<": { operation: "less" },
  "<=": { operation: "less_equal" },
  ">": { operation: "less", swapped: true },
  ">=": { operation: "less_equal", swapped: true },
  "==": { operation: "equal" },
  "!=": { operation: "not_equal" },
  and: { operation: "and" },
  or: { operation: "or" },
};

/** @returns the number of the node, or undefined after a problem was reported (here, or of something that is named) */
export function compileFormula(site: FormulaSite, expression: Expression): number | undefined {
  return compile({ ...site, inside: undefined, compile }, expression);
}

function compile(site: InnerSite, expression: Expression): number | undefined {
  switch (expression.kind) {
    case "number":
      return site.graph.constant(expression.value);
    case "name":
      return compileName(site, expression.name, expression.offset);
    case "member":
      return compileMember(site, expression);
    case "unary": {
      const operation = expression.operator === "-" ? "negate" : "not";
      return rowByRow(site, expression.offset, operation, [compile(site, expression.operand)]);
    }
    case "binary": {
      const { operation, swapped } = OPERATIONS_OF[expression.operator];
      const left = compile(site, expression.left);
      const right = compile(site, expression.right);
      return rowByRow(site, expression.offset, operation, swapped === true ? [right, left] : [left, right]);
    }
    case "call":
      return compileCall(site, expression);
  }
}

function compileCall(site: InnerSite, call: Call): number | undefined {
  const described = FUNCTIONS.get(call.name);
  if (described === undefined) {
    const known = site.scope.has(call.name) ? "; it is a name, write it without parentheses" : "";
    site.fail(call.offset, `unknown function ${call.name}${known || didYouMean(call.name, FUNCTIONS.keys())}`);
    return undefined;
  }
  const [least, most] = described.arity;
  if (call.arguments.length < least || call.arguments.length > most) {
    site.fail(call.offset, `${call.name} has ${call.arguments.length} arguments; it is called as ${described.usage}`);
    return undefined;
  }
  switch (described.kind) {
    case "aggregate":
      return compileAggregate(site, call, described.operation);
    case "reduction":
      return compileReduction(site, call, described.operation);
    case "tiers":
      return compileTierLookup(site, call, described.operation);
    case "structure":
      return compileStructure(site, call, described);
    case "network":
      return compileNetwork(site, call, described);
    default:
      return compileRowFunction(site, call, described);
  }
}

function compileRowFunction(
  site: InnerSite,
  call: Call,
  described: Extract<FunctionDescription, { kind: "row" | "fold" | "rounding" | "clip" | "power_law" }>,
): number | undefined {
  const { graph } = site;
  const compiled = call.arguments.map((each) => compile(site, each));
  const apply = (operation: Operation, ...operands: readonly (number | undefined)[]) =>
    rowByRow(site, call.offset, operation, operands);
  switch (described.kind) {
    case "row":
      return apply(described.operation, ...compiled);
    case "fold":
      return compiled.reduce((folded, each) => apply(described.operation, folded, each));
    case "rounding": {
      const unit = compiled.length > 1 ? compiled[1] : graph.constant(ONE);
      const known = unit === undefined ? undefined : graph.node(unit).constant;
      if (known !== undefined && known <= 0n) {
        site.fail(call.offset, `${call.name} rounds to multiples of a number above 0`);
        return undefined;
      }
      return apply(described.operation, compiled[0], unit);
    }
    case "clip":
      return apply("minimum", apply("maximum", compiled[0], compiled[1]), compiled[2]);
    case "power_law": {
      const [days, pivot, short, long] = compiled;
      const exponent = apply("choose", apply("less", days, pivot), short, long);
      return apply("power", apply("divide", pivot, days), exponent);
    }
  }
}
