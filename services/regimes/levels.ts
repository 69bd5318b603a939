// Which level lies above which (docs/regimes.md, "Levels").

import type { Level, RiskUnit } from "./program.ts";

/** Where a value has its rows, and whether it is a fact of the market alone. */
export interface Placed {
  readonly level: Level;
  readonly market: boolean;
}

export interface Levels {
  /** Each row of `below` has one row of `above` (and they differ). */
  isAbove(above: Level, below: Level): boolean;
  /** A value may be named where rows are those of `level`: it is there already, or widens to there. */
  reaches(value: Placed, level: Level): boolean;
}

const CHAIN: readonly Level[] = ["account", "unit", "underlying", "expiry", "strike", "position", "order"];
const ABOVE_INSTRUMENT: readonly Level[] = ["account", "unit", "underlying", "currency"];

export function levelsOf(riskUnit: RiskUnit): Levels {
  const unitHasCurrency = riskUnit === "underlying-settlement" || riskUnit === "settlement";
  const isAbove = (above: Level, below: Level): boolean => {
    if (above === below) return false;
    if (below === "instrument") return ABOVE_INSTRUMENT.includes(above);
    if (above === "instrument") return below === "position" || below === "order";
    if (below === "currency") return above === "account";
    if (above === "currency")
      return below === "position" || below === "order" || (unitHasCurrency && below !== "account");
    return CHAIN.indexOf(above) < CHAIN.indexOf(below);
  };
  return {
    isAbove,
    // Rows of an instrument stand for every account: only facts of the market have one value for all of them.
    reaches: ({ level, market }, target) =>
      level === target || (isAbove(level, target) && (target !== "instrument" || market)),
  };
}
