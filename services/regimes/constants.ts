// Operations on numbers that are known when a document is compiled: for constants in formulas, and for checks.

import { divide, guarded, multiply, ONE, type Rounding, roundTo } from "./fixed.ts";
import type { Fixed, Operation } from "./program.ts";

const condition = (holds: boolean): Fixed => (holds ? ONE : 0n);

const ROUNDINGS: ReadonlySet<string> = new Set<Rounding>(["floor", "ceiling", "truncate", "round"]);

/**
 * The result of an operation on columns, as the kernel computes it (docs/regimes.md, "Numbers").
 *
 * @returns undefined when the result is undefined, or is the kernel's own to compute (float64 functions)
 */
export function foldConstants(operation: Operation, values: readonly Fixed[]): Fixed | undefined {
  const [a = 0n, b = 0n, c = 0n] = values;
  if (ROUNDINGS.has(operation)) return roundTo(a, b, operation as Rounding);
  switch (operation) {
    case "add":
      return guarded(a + b);
    case "subtract":
      return guarded(a - b);
    case "multiply":
      return multiply(a, b);
    case "divide":
      return divide(a, b);
    case "negate":
      return -a;
    case "minimum":
      return a < b ? a : b;
    case "maximum":
      return a > b ? a : b;
    case "less":
      return condition(a < b);
    case "less_equal":
      return condition(a <= b);
    case "equal":
      return condition(a === b);
    case "not_equal":
      return condition(a !== b);
    case "and":
      return condition(a !== 0n && b !== 0n);
    case "or":
      return condition(a !== 0n || b !== 0n);
    case "not":
      return condition(a === 0n);
    case "choose":
      return a !== 0n ? b : c;
    case "absolute":
      return a < 0n ? -a : a;
    case "sign":
      return a === 0n ? 0n : a < 0n ? -ONE : ONE;
    default:
      return undefined;
  }
}
