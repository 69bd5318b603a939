// MAR-022 and MAR-023 as exact fractions. The kernel computes them in float64; `agrees` states how far it may be off.

import { type Account, type Book, instrumentOf, type Position } from "./book.ts";
import type { Contract } from "./contract.ts";
import { contractNamed, type Market } from "./market.ts";
import {
  absolute,
  approximately,
  compare,
  negative,
  plus,
  type Rational,
  rational,
  times,
  within,
  ZERO,
} from "./rational.ts";
import { BILLION, openCrossPositions } from "./requirement.ts";

export interface ScanLoss {
  readonly vector: readonly Rational[];
  /** -(lowest entry). */
  readonly loss: Rational;
  readonly worstScenario: number;
  /** The largest sum of |quantity x array| of a scenario: the scale of float errors. */
  readonly gross: Rational;
}

/** MAR-022. Before the first mark nothing is known to move: zeros. */
export function scenarioArray(contract: Contract, mark: bigint | undefined): Rational[] {
  return contract.movesE9.map((moveE9) => {
    if (mark === undefined) return ZERO;
    return contract.inverse
      ? times(times(contract.k, rational(1n, mark)), rational(moveE9, BILLION + moveE9))
      : times(times(contract.k, rational(mark)), rational(moveE9, BILLION));
  });
}

/** MAR-023 of a pool. Scenario i of the pool is scenario i of every grid that has one. */
export function poolScanLoss(book: Book, market: Market, account: Account, currency: string): ScanLoss {
  return scanLoss(book, market, openCrossPositions(market, account, currency));
}

/** MAR-023 of an isolated position, or of nothing. */
export function scanLoss(book: Book, market: Market, positions: readonly Position[]): ScanLoss {
  const vector: Rational[] = [];
  const gross: Rational[] = [];
  for (const position of positions) {
    const contract = contractNamed(market, position.instrument);
    const array = scenarioArray(contract, instrumentOf(book, position.instrument).mark);
    for (const [scenario, perUnit] of array.entries()) {
      const profit = times(rational(position.quantity), perUnit);
      vector[scenario] = plus(vector[scenario] ?? ZERO, profit);
      gross[scenario] = plus(gross[scenario] ?? ZERO, absolute(profit));
    }
  }
  const lowest = vector.reduce((low, entry) => (compare(entry, low) < 0n ? entry : low), vector[0] ?? ZERO);
  return {
    vector,
    loss: negative(lowest),
    worstScenario: Math.max(
      0,
      vector.findIndex((entry) => compare(entry, lowest) === 0n),
    ),
    gross: gross.reduce((high, entry) => (compare(entry, high) > 0n ? entry : high), ZERO),
  };
}

/**
 * Whether a float64 result is MAR-023's within rounding: each of at most 2^6 terms carries a few roundings of 2^-53, so
 * 2^-44 of the gross is a bound with room; the scenario named must be one that is as bad within that bound.
 */
export function agrees(exact: ScanLoss, loss: number, worstScenario: number): boolean {
  const bound = times(exact.gross, rational(1n, 2n ** 44n));
  if (exact.vector.length === 0) return loss === 0 && worstScenario === 0;
  const named = exact.vector[worstScenario];
  return (
    named !== undefined && within(loss, exact.loss, bound) && within(loss, negative(named), times(bound, rational(2n)))
  );
}

/** For a reader; comparisons go through `agrees`. */
export function shown(exact: ScanLoss): number {
  return approximately(exact.loss) + 0;
}
