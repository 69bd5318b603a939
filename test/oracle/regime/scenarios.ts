// Operations over the scenarios of a row: from one matrix row to one value.

import type { Cell } from "../../../services/evaluate/evaluation.ts";
import type { Operation } from "../../../services/regimes/program.ts";
import { fromDouble, toDouble } from "./decimal.ts";

const ONE = 10n ** 18n;

/** Undefined where a scenario is. `constant` is the share, or the scenario's number from 1. */
export function overScenarios(operation: Operation, values: Float64Array, constant: Cell): Cell {
  if (values.length === 0) return undefined;
  if (operation === "scenario") {
    if (constant === undefined || constant % ONE !== 0n) return undefined;
    const value = values[Number(constant / ONE) - 1];
    return value === undefined ? undefined : fromDouble(value);
  }
  if (values.some((value) => Number.isNaN(value))) return undefined;
  // Array.sort keeps equal values in the order of scenarios.
  const rising = [...values].sort((left, right) => left - right);
  if (operation === "worst") return fromDouble(rising[0]!);
  if (operation === "worst_at") return BigInt(values.indexOf(rising[0]!) + 1) * ONE;
  if (constant === undefined) return undefined;

  const share = BigInt(values.length) * constant;
  const up = (share + ONE - 1n) / ONE;
  const k = Math.min(Math.max(Number(up), 1), values.length);
  if (operation === "quantile") return fromDouble(rising[k - 1]!);
  const count = share < ONE ? ONE : share;
  let sum = 0;
  for (const value of rising.slice(0, k - 1)) sum += value;
  sum += toDouble(count - BigInt(k - 1) * ONE) * rising[k - 1]!;
  return fromDouble(sum / toDouble(count));
}
