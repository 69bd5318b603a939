// Functions of the formula language (docs/regimes.md, "Formulas") and how each is compiled.

import type { Level, Operation } from "./program.ts";

export type FunctionKind =
  /** Row by row; arguments and result on one level. */
  | { readonly kind: "row"; readonly operation: Operation }
  /** Two or more arguments, folded from the left. */
  | { readonly kind: "fold"; readonly operation: Operation }
  /** To a multiple of the second argument, 1 when left out. */
  | { readonly kind: "rounding"; readonly operation: Operation }
  | { readonly kind: "clip" }
  | { readonly kind: "power_law" }
  /** Over the rows beneath. */
  | { readonly kind: "aggregate"; readonly operation: Operation }
  /** Over the scenarios. */
  | { readonly kind: "reduction"; readonly operation: Operation }
  | { readonly kind: "tiers"; readonly operation: "marginal" | "bracket" }
  /** Arguments on one level, the result on another. */
  | { readonly kind: "structure"; readonly operation: Operation; readonly from: Level; readonly to: Level }
  /** Over all underlyings or all units of an account, with a named table as last argument. */
  | {
      readonly kind: "network";
      readonly operation: "correlated" | "spread_credit";
      readonly table: "pairs" | "credits";
    };

export type FunctionDescription = FunctionKind & {
  /** How it is called, for messages. */
  readonly usage: string;
  readonly arity: readonly [least: number, most: number];
};

function describe(kind: FunctionKind, usage: string): readonly [string, FunctionDescription] {
  const name = usage.slice(0, usage.indexOf("("));
  const parameters = usage.slice(name.length + 1, -1).split(", ");
  const optional = parameters.filter((each) => each.endsWith("?")).length;
  const open = parameters.at(-1) === "..";
  const count = parameters.length - (open ? 1 : 0);
  return [name, { ...kind, usage: usage.replaceAll("?", ""), arity: [count - optional, open ? 64 : count] }];
}

const row = (operation: Operation, usage: string) => describe({ kind: "row", operation }, usage);
const rounding = (operation: Operation, usage: string) => describe({ kind: "rounding", operation }, usage);
const aggregate = (operation: Operation, usage: string) => describe({ kind: "aggregate", operation }, usage);
const reduction = (operation: Operation, usage: string) => describe({ kind: "reduction", operation }, usage);
const BLACK = "(call, forward, strike, volatility, years, discount)";

export const FUNCTIONS: ReadonlyMap<string, FunctionDescription> = new Map([
  row("choose", "if(condition, then, else)"),
  describe({ kind: "fold", operation: "minimum" }, "min(a, b, ..)"),
  describe({ kind: "fold", operation: "maximum" }, "max(a, b, ..)"),
  row("absolute", "abs(x)"),
  row("sign", "sign(x)"),
  describe({ kind: "clip" }, "clip(x, low, high)"),
  rounding("floor", "floor(x, unit?)"),
  rounding("ceiling", "ceil(x, unit?)"),
  rounding("truncate", "trunc(x, unit?)"),
  rounding("round", "round(x, unit?)"),
  row("square_root", "sqrt(x)"),
  row("exponential", "exp(x)"),
  row("logarithm", "ln(x)"),
  row("normal", "normal(x)"),
  row("normal_inverse", "normal_inverse(x)"),
  describe({ kind: "power_law" }, "power_law(days, pivot, short, long)"),
  aggregate("total", "total(x)"),
  aggregate("highest", "highest(x)"),
  aggregate("lowest", "lowest(x)"),
  aggregate("count", "count(x)"),
  aggregate("any", "any(x)"),
  reduction("worst", "worst(matrix)"),
  reduction("worst_at", "worst_at(matrix)"),
  reduction("quantile", "quantile(matrix, share)"),
  reduction("tail_mean", "tail_mean(matrix, share)"),
  reduction("scenario", "scenario(matrix, number)"),
  describe({ kind: "tiers", operation: "marginal" }, "marginal(table.column, x)"),
  describe({ kind: "tiers", operation: "bracket" }, "bracket(table.column, x)"),
  row("black_price", `black_price${BLACK}`),
  row("black_delta", `black_delta${BLACK}`),
  row("black_gamma", `black_gamma${BLACK}`),
  row("black_vega", `black_vega${BLACK}`),
  row("black_theta", `black_theta${BLACK}`),
  row("bachelier_price", `bachelier_price${BLACK}`),
  row("bachelier_delta", `bachelier_delta${BLACK}`),
  row("bachelier_gamma", `bachelier_gamma${BLACK}`),
  row("bachelier_vega", `bachelier_vega${BLACK}`),
  row("bachelier_theta", `bachelier_theta${BLACK}`),
  describe({ kind: "structure", operation: "payoff_floor", from: "position", to: "expiry" }, "payoff_floor(quantity)"),
  describe(
    { kind: "structure", operation: "calendar_charge", from: "expiry", to: "underlying" },
    "calendar_charge(delta, rate)",
  ),
  describe(
    { kind: "structure", operation: "strategy", from: "position", to: "underlying" },
    "strategy(units, alone, rest, covered, protected)",
  ),
  describe({ kind: "structure", operation: "payoff_at", from: "position", to: "strike" }, "payoff_at(quantity)"),
  describe({ kind: "network", operation: "correlated", table: "pairs" }, "correlated(x, pairs)"),
  describe({ kind: "network", operation: "spread_credit", table: "credits" }, "spread_credit(delta, worth, credits)"),
]);
