import { formatFixed } from "../regimes/fixed.ts";
import { FIELDS, type Node, type Program } from "../regimes/program.ts";

const INFIX: Partial<Record<Node["operation"], string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  power: "^",
  less: "<",
  less_equal: "<=",
  equal: "==",
  not_equal: "!=",
  and: "and",
  or: "or",
};

const FUNCTION: Partial<Record<Node["operation"], string>> = {
  minimum: "min",
  maximum: "max",
  choose: "if",
  absolute: "abs",
  square_root: "sqrt",
  exponential: "exp",
  logarithm: "ln",
  ceiling: "ceil",
  truncate: "trunc",
};

/** A node as a formula would say it: names where there are names. */
export function describeNode(program: Program, number: number): string {
  const node = program.nodes[number]!;
  const inner = (argument: number): string => {
    const term = program.terms.find(({ node: named }) => named === argument);
    return term?.name ?? describeNode(program, argument);
  };
  const infix = INFIX[node.operation];
  if (infix !== undefined) return `(${node.arguments.map(inner).join(` ${infix} `)})`;
  switch (node.operation) {
    case "constant":
      return formatFixed(node.constant ?? 0n);
    case "field":
      return FIELDS[node.index!]!.name;
    case "parameter":
      return program.parameters[node.index!]!.name;
    case "input":
      return program.inputs[node.index!]!.name;
    case "attribute":
      return program.sets[node.set]!.attributes[node.index!]!.name;
    case "widen":
    case "spread":
      return inner(node.arguments[0]!);
    case "negate":
      return `-${inner(node.arguments[0]!)}`;
    case "not":
      return `not ${inner(node.arguments[0]!)}`;
    case "marginal":
    case "bracket": {
      const table = program.tables[node.index!]!;
      const column = table.columns[node.column!] ?? "";
      return `${node.operation}(${table.name}.${column}, ${node.arguments.map(inner).join(", ")})`;
    }
    default:
      return `${FUNCTION[node.operation] ?? node.operation}(${node.arguments.map(inner).join(", ")})`;
  }
}
