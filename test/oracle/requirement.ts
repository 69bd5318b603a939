// MAR-012 to MAR-017: what a position and a pool are worth and what they must hold.

import type { MarginStateNumber } from "../../services/kernel/views.ts";
import { type Account, type Book, balanceOf, instrumentOf, type Position } from "./book.ts";
import { type Contract, valueAt } from "./contract.ts";
import { contractNamed, type Market, positionsInOrder } from "./market.ts";
import { ceilDivide, greater, lesser, magnitude } from "./rational.ts";

export const BILLION = 10n ** 9n;
/** "The largest value" of MAR-017; larger ratios are cut to it. */
export const LARGEST_RATIO = 2n ** 63n - 1n;

/** One tier with its deduction (MAR-013); it reaches to `ceiling`, not included, the last one to infinity. */
export interface Tier {
  readonly floor: bigint;
  readonly ceiling: bigint | undefined;
  readonly rateE9: bigint;
  readonly deduction: bigint;
}

/**
 * MAR-013: deduction_t = deduction_(t-1) + floor_t x (rate_t - rate_(t-1)) / 10^9.
 * @throws RangeError for a table whose deductions are not whole units
 */
export function tiersOf(contract: Contract, rate: "initialRateE9" | "maintenanceRateE9"): Tier[] {
  const tiers: Tier[] = [];
  let deduction = 0n;
  let previousRateE9 = 0n;
  for (const [index, { floor, [rate]: rateE9 }] of contract.tiers.entries()) {
    const step = floor * (rateE9 - previousRateE9);
    if (step % BILLION !== 0n) throw new RangeError(`${contract.name}: tier ${index} has no whole ${rate} deduction`);
    deduction += step / BILLION;
    previousRateE9 = rateE9;
    tiers.push({ floor, ceiling: contract.tiers[index + 1]?.floor, rateE9, deduction });
  }
  return tiers;
}

function tieredMargin(tiers: readonly Tier[], notional: bigint): bigint {
  const tier = tiers.findLast((candidate) => candidate.floor <= notional);
  if (tier === undefined) throw new RangeError("the first tier's floor is not zero");
  return ceilDivide(notional * tier.rateE9, BILLION) - tier.deduction;
}

/** MAR-013. */
export function maintenanceMargin(contract: Contract, notional: bigint): bigint {
  return tieredMargin(tiersOf(contract, "maintenanceRateE9"), notional);
}

/** MAR-014: IM = max( ceil(N x 100 / leverage_e2), tier IM ). */
export function initialMargin(contract: Contract, leverageE2: bigint, notional: bigint): bigint {
  return greater(ceilDivide(notional * 100n, leverageE2), tieredMargin(tiersOf(contract, "initialRateE9"), notional));
}

export interface PositionFigures {
  readonly markValue: bigint;
  readonly unrealisedProfit: bigint;
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
}

/** MAR-012 to MAR-014 at the instrument's mark. Before the first mark, V = C. */
export function positionFigures(book: Book, market: Market, position: Position): PositionFigures {
  const contract = contractNamed(market, position.instrument);
  const { mark } = instrumentOf(book, position.instrument);
  const markValue = mark === undefined ? position.entryCost : valueAt(contract, position.quantity, mark);
  const notional = magnitude(markValue);
  return {
    markValue,
    unrealisedProfit: markValue - position.entryCost,
    initialMargin: initialMargin(contract, position.leverageE2, notional),
    maintenanceMargin: maintenanceMargin(contract, notional),
  };
}

/** What a margin state is judged on: of a pool, or of an isolated position. */
export interface MarginFigures {
  readonly equity: bigint;
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
}

export interface PoolFigures extends MarginFigures {
  readonly balance: bigint;
  readonly unrealisedProfit: bigint;
  readonly freeCollateral: bigint;
  readonly openPositions: number;
}

export function openCrossPositions(market: Market, account: Account, currency: string): Position[] {
  return positionsInOrder(market, account).filter(
    (position) => position.currency === currency && position.mode === 2 && position.quantity !== 0n,
  );
}

/** MAR-015. */
export function poolFigures(book: Book, market: Market, account: Account, currency: string): PoolFigures {
  const balance = balanceOf(account, currency);
  const positions = openCrossPositions(market, account, currency);
  const sums = { unrealisedProfit: 0n, initialMargin: 0n, maintenanceMargin: 0n };
  for (const position of positions) {
    const figures = positionFigures(book, market, position);
    sums.unrealisedProfit += figures.unrealisedProfit;
    sums.initialMargin += figures.initialMargin;
    sums.maintenanceMargin += figures.maintenanceMargin;
  }
  const equity = balance + sums.unrealisedProfit;
  const freeCollateral = lesser(balance, equity - sums.initialMargin);
  return { ...sums, balance, equity, freeCollateral, openPositions: positions.length };
}

/** MAR-016: an isolated position's equity is posted + unrealised profit. */
export function isolatedFigures(book: Book, market: Market, position: Position): MarginFigures {
  const figures = positionFigures(book, market, position);
  return {
    equity: position.posted + figures.unrealisedProfit,
    initialMargin: figures.initialMargin,
    maintenanceMargin: figures.maintenanceMargin,
  };
}

/** MAR-016. */
export function marginState({ equity, initialMargin, maintenanceMargin }: MarginFigures): MarginStateNumber {
  if (equity < 0n) return 4;
  if (equity < maintenanceMargin) return 3;
  if (equity < initialMargin) return 2;
  return 1;
}

/** MAR-017, in millionths. */
export function marginRatioE6({ equity, maintenanceMargin }: MarginFigures): bigint {
  if (maintenanceMargin === 0n) return 0n;
  if (equity <= 0n) return LARGEST_RATIO;
  return lesser(LARGEST_RATIO, ceilDivide(maintenanceMargin * 1_000_000n, equity));
}
