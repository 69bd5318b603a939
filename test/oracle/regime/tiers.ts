import type { Cell } from "../../../services/evaluate/evaluation.ts";
import type { Tiers } from "../../../services/regimes/program.ts";
import { add, combine, multiply } from "./decimal.ts";

/** Sum over the tiers of the part of x that lies in each, times its rate. Nothing of a negative x lies in any. */
export function marginal(tiers: Tiers, column: number, x: Cell): Cell {
  return tiers.from.reduce<Cell>((sum, from, tier) => {
    const to = tiers.from[tier + 1];
    const part = combine([x], (value) => {
      const end = to !== undefined && value > to ? to : value;
      return end > from ? end - from : 0n;
    });
    return add(sum, multiply(part, tiers.columns[column]![tier]));
  }, 0n);
}

/** Value of the tier in which x lies; the first one also below its start. */
export function bracket(tiers: Tiers, column: number, boundary: "begins" | "ends", x: Cell): Cell {
  return combine([x], (value) => {
    const last = tiers.from.findLastIndex((from) => (boundary === "begins" ? from <= value : from < value));
    return tiers.columns[column]![Math.max(last, 0)];
  });
}
