// MAR-018 in closed form: solved per tier for the mark value V as exact fractions, then turned into a price.
//
// At another mark only V changes: equity = rest + V, and the requirement is what the others need plus MM(|V|). Both
// rules ask for the V that are too low: all V up to a highest one, V*, because equity - MM never falls as V
// rises (no maintenance rate is above 100 %).

import type { Account, Book, Position } from "./book.ts";
import type { Contract } from "./contract.ts";
import { contractNamed, type Market } from "./market.ts";
import { ceilDivide, floorDivide, greater, lesser } from "./rational.ts";
import { BILLION, poolFigures, positionFigures, type Tier, tiersOf } from "./requirement.ts";

/** V* of a rule; "all" when every V breaks it. */
type HighestValue = bigint | "all";

export interface LossPrices {
  readonly liquidationPrice: bigint | undefined;
  readonly bankruptcyPrice: bigint | undefined;
}

/** MAR-018 for an open position; both undefined for one without quantity. */
export function lossPrices(book: Book, market: Market, account: Account, position: Position): LossPrices {
  if (position.quantity === 0n) return { liquidationPrice: undefined, bankruptcyPrice: undefined };
  const contract = contractNamed(market, position.instrument);
  const own = positionFigures(book, market, position);
  const pool = poolFigures(book, market, account, position.currency);
  const isolated = position.mode === 1;
  // Equity is rest + V; the requirement is othersNeed + MM(|V|).
  const rest = isolated ? position.posted - position.entryCost : pool.equity - own.markValue;
  const othersNeed = isolated ? 0n : pool.maintenanceMargin - own.maintenanceMargin;
  return {
    liquidationPrice: priceOf(contract, position.quantity, highestLiquidatingValue(contract, rest - othersNeed)),
    // rest + V < 0.
    bankruptcyPrice: priceOf(contract, position.quantity, -rest - 1n),
  };
}

/** The highest V with base + V < MM(|V|). */
function highestLiquidatingValue(contract: Contract, base: bigint): HighestValue {
  let highest: bigint | undefined;
  for (const tier of tiersOf(contract, "maintenanceRateE9")) {
    for (const candidate of [highestInTier(tier, base), highestInTierBelowZero(tier, base)]) {
      if (candidate === "all") return "all";
      if (candidate !== undefined && (highest === undefined || candidate > highest)) highest = candidate;
    }
  }
  if (highest === undefined) throw new Error(`${contract.name}: no value is low enough, which cannot be`);
  return highest;
}

/**
 * For V >= 0, N = V. With rate r and deduction d, in billionths:
 * base + V < ceil(V r) - d   is   V (1 - r) < -(base + d).
 */
function highestInTier(tier: Tier, base: bigint): HighestValue | undefined {
  const numerator = -(base + tier.deduction) * BILLION;
  const slope = BILLION - tier.rateE9;
  if (slope === 0n && numerator <= 0n) return undefined;
  const last = tier.ceiling === undefined ? undefined : tier.ceiling - 1n;
  if (slope === 0n) return last ?? "all";
  const solution = ceilDivide(numerator, slope) - 1n;
  const value = last === undefined ? solution : lesser(solution, last);
  return value >= tier.floor ? value : undefined;
}

/**
 * For V < 0, N = -V: base - N < ceil(N r) - d   is   N (1 + r) > base + d.
 * The lowest such N in the tier is the highest V.
 */
function highestInTierBelowZero(tier: Tier, base: bigint): bigint | undefined {
  const solution = floorDivide((base + tier.deduction) * BILLION, BILLION + tier.rateE9) + 1n;
  const notional = greater(greater(solution, tier.floor), 1n);
  return tier.ceiling === undefined || notional < tier.ceiling ? -notional : undefined;
}

/** The highest price (long) or the lowest (short) within the limit with V(price) <= V*. */
function priceOf(contract: Contract, quantity: bigint, highestValue: HighestValue): bigint | undefined {
  const { priceLimit, allowsNonPositivePrices } = contract.listing;
  const lowestPrice = allowsNonPositivePrices ? -priceLimit : 1n;
  const long = quantity > 0n;
  if (highestValue === "all") return long ? priceLimit : lowestPrice;
  const bound = contract.inverse
    ? inverseBound(contract, quantity, highestValue)
    : linearBound(contract, quantity, highestValue);
  if (bound === "none") return undefined;
  if (bound === "any") return long ? priceLimit : lowestPrice;
  if (long) {
    const price = lesser(bound, priceLimit);
    return price >= lowestPrice ? price : undefined;
  }
  const price = greater(bound, lowestPrice);
  return price <= priceLimit ? price : undefined;
}

type Bound = bigint | "any" | "none";

/** floor(Q P k) <= V*   is   Q P k < V* + 1. */
function linearBound({ k }: Contract, quantity: bigint, highestValue: bigint): Bound {
  const numerator = (highestValue + 1n) * k.denominator;
  return quantity > 0n
    ? ceilDivide(numerator, quantity * k.numerator) - 1n
    : floorDivide(numerator, quantity * k.numerator) + 1n;
}

/** floor(-Q k / P) <= V*   is   -Q k < (V* + 1) P, for P > 0. */
function inverseBound({ k }: Contract, quantity: bigint, highestValue: bigint): Bound {
  const above = highestValue + 1n;
  if (quantity > 0n) {
    return above >= 0n ? "any" : ceilDivide(quantity * k.numerator, -above * k.denominator) - 1n;
  }
  return above <= 0n ? "none" : floorDivide(-quantity * k.numerator, above * k.denominator) + 1n;
}
