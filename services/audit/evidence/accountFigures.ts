// What a kernel of an evidence file holds of its account: margins, and what a move of prices would do.

import {
  ACCOUNT_FIRST_POOL,
  ACCOUNT_FIRST_POSITION,
  ACCOUNT_SIZE,
  ACCOUNT_STATE,
  BASIS_JUDGED,
  NONE,
  POOL_BALANCE,
  POOL_BASIS,
  POOL_CURRENCY,
  POOL_IM,
  POOL_MM,
  POOL_NEXT,
  POOL_PROFIT,
  POOL_REGIME_EQUITY,
  POOL_SIZE,
  POOL_STATE,
  POSITION_ENTRY_COST,
  POSITION_IM,
  POSITION_INSTRUMENT,
  POSITION_MARK_VALUE,
  POSITION_MM,
  POSITION_MODE,
  POSITION_NEXT,
  POSITION_POSTED,
  POSITION_QUANTITY,
  POSITION_SIZE,
  POSITION_STATE,
  SCENARIO_ARRAY_SIZE,
  TABLE_ACCOUNTS,
  TABLE_POOLS,
  TABLE_POSITIONS,
  TABLE_SCENARIO_ARRAYS,
  VENUE_ACCOUNTS,
} from "../../../assembly/memory/layout.ts";
import type { PoolClaim } from "./evidenceFile.ts";
import type { KernelMemory } from "./kernelMemory.ts";
import type { ListedMarket } from "./listedMarket.ts";

const MODE_ISOLATED_NUMBER = 1;

/** What a pool, or an isolated position, gains (above zero) or loses when the price moves (MAR-022, MAR-023). */
export interface ScenarioRow {
  readonly name: string;
  readonly currency: string;
  readonly scale: number;
  /** Relative moves of the mark. */
  readonly moves: readonly number[];
  /** In units of the currency. */
  readonly values: readonly number[];
}

/** The account's pools and isolated positions, as the kernel has them now. */
export function figuresOf(memory: KernelMemory, market: ListedMarket): { state: number; pools: PoolClaim[] } {
  const accounts = memory.table(TABLE_ACCOUNTS) + VENUE_ACCOUNTS * ACCOUNT_SIZE;
  const pools: PoolClaim[] = [];
  for (let slot = memory.number(accounts + ACCOUNT_FIRST_POOL); slot !== NONE; ) {
    const pool = memory.table(TABLE_POOLS) + slot * POOL_SIZE;
    const { name, scale } = market.currencies[memory.number(pool + POOL_CURRENCY)]!;
    const judged = memory.byte(pool + POOL_BASIS) === BASIS_JUDGED;
    const equity = judged
      ? memory.long(pool + POOL_REGIME_EQUITY)
      : memory.long(pool + POOL_BALANCE) + memory.long(pool + POOL_PROFIT);
    pools.push(
      claim(
        name,
        name,
        scale,
        equity,
        memory.long(pool + POOL_IM),
        memory.long(pool + POOL_MM),
        memory.byte(pool + POOL_STATE),
      ),
    );
    slot = memory.number(pool + POOL_NEXT);
  }
  for (let slot = memory.number(accounts + ACCOUNT_FIRST_POSITION); slot !== NONE; ) {
    const position = memory.table(TABLE_POSITIONS) + slot * POSITION_SIZE;
    const open = memory.long(position + POSITION_QUANTITY) !== 0n;
    if (open && memory.byte(position + POSITION_MODE) === MODE_ISOLATED_NUMBER) {
      const profit = memory.long(position + POSITION_MARK_VALUE) - memory.long(position + POSITION_ENTRY_COST);
      const instrument = memory.number(position + POSITION_INSTRUMENT);
      const { name, scale } = market.currencies[market.settlements[instrument]!]!;
      pools.push(
        claim(
          market.instruments[instrument]!,
          name,
          scale,
          memory.long(position + POSITION_POSTED) + profit,
          memory.long(position + POSITION_IM),
          memory.long(position + POSITION_MM),
          memory.byte(position + POSITION_STATE),
        ),
      );
    }
    slot = memory.number(position + POSITION_NEXT);
  }
  return { state: memory.byte(accounts + ACCOUNT_STATE), pools };
}

/** The scenario vectors of the account, as MAR-023 sums them. */
export function scenariosOf(memory: KernelMemory, market: ListedMarket): ScenarioRow[] {
  const account = memory.table(TABLE_ACCOUNTS) + VENUE_ACCOUNTS * ACCOUNT_SIZE;
  const rows = new Map<string, { currency: string; scale: number; moves: readonly number[]; values: number[] }>();
  for (let slot = memory.number(account + ACCOUNT_FIRST_POSITION); slot !== NONE; ) {
    const position = memory.table(TABLE_POSITIONS) + slot * POSITION_SIZE;
    const instrument = memory.number(position + POSITION_INSTRUMENT);
    const quantity = Number(memory.long(position + POSITION_QUANTITY));
    slot = memory.number(position + POSITION_NEXT);
    if (quantity === 0) continue;
    const isolated = memory.byte(position + POSITION_MODE) === MODE_ISOLATED_NUMBER;
    const currency = market.currencies[market.settlements[instrument]!]!;
    const name = isolated ? market.instruments[instrument]! : currency.name;
    const moves = market.moves[market.gridOf[instrument]!]!;
    const row = rows.get(name) ?? {
      currency: currency.name,
      scale: currency.scale,
      moves,
      values: moves.map(() => 0),
    };
    const array = memory.table(TABLE_SCENARIO_ARRAYS) + instrument * SCENARIO_ARRAY_SIZE;
    row.values = row.values.map((value, index) => value + quantity * memory.double(array + index * 8));
    rows.set(name, row);
  }
  return [...rows].map(([name, row]) => ({ name, ...row }));
}

function claim(
  name: string,
  currency: string,
  scale: number,
  equity: bigint,
  initial: bigint,
  maintenance: bigint,
  state: number,
): PoolClaim {
  return {
    name,
    currency,
    scale,
    equity: `${equity}`,
    initialMargin: `${initial}`,
    maintenanceMargin: `${maintenance}`,
    state,
  };
}
