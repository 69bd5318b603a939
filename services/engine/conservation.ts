import {
  INSTRUMENT_CURRENCY,
  INSTRUMENT_SIZE,
  POOL_ACCOUNT,
  POOL_BALANCE,
  POOL_CURRENCY,
  POOL_SIZE,
  POSITION_ENTRY_COST,
  POSITION_INSTRUMENT,
  POSITION_POSTED,
  POSITION_QUANTITY,
  POSITION_SIZE,
  TABLE_INSTRUMENTS,
  TABLE_POOLS,
  TABLE_POSITIONS,
  VENUE_ACCOUNTS,
  VENUE_FEES,
  VENUE_INSURANCE,
  VENUE_ROUNDING,
  VENUE_TRANSFERS,
} from "../../assembly/memory/layout.ts";
import type { Shard } from "./shard.ts";

/** Where the money of one currency is, in its units (MAR-026). `difference` is what is missing or too much: zero. */
export interface CurrencySum {
  readonly currency: string;
  readonly scale: number;
  readonly balances: bigint;
  /** Open positions at what they cost, with the sign of cash: minus the sum of entry costs. */
  readonly positionsAtCost: bigint;
  readonly posted: bigint;
  readonly fees: bigint;
  readonly insurance: bigint;
  readonly rounding: bigint;
  readonly deposits: bigint;
  readonly difference: bigint;
}

export interface Conservation {
  /** Every difference and every sum of quantities is zero. */
  readonly holds: boolean;
  readonly currencies: readonly CurrencySum[];
  readonly instruments: readonly { readonly instrument: string; readonly quantity: bigint }[];
}

/** Adds up every pool and every position of the shard, from the records themselves and not from any running sum. */
export function conservationOf({ kernel, names }: Shard): Conservation {
  const { i64, u32 } = kernel;
  const pools = kernel.exports.tableAddress(TABLE_POOLS);
  const positions = kernel.exports.tableAddress(TABLE_POSITIONS);
  const instruments = kernel.exports.tableAddress(TABLE_INSTRUMENTS);
  const sums = names.currencies.map(() => ({ balances: 0n, costs: 0n, posted: 0n, venue: [0n, 0n, 0n, 0n] }));
  const quantities = names.instruments.map(() => 0n);

  const poolsEnd = pools + kernel.exports.tableUsed(TABLE_POOLS);
  for (let record = pools; record < poolsEnd; record += POOL_SIZE) {
    const sum = sums[u32[(record + POOL_CURRENCY) >> 2]!]!;
    const account = u32[(record + POOL_ACCOUNT) >> 2]!;
    const balance = i64[(record + POOL_BALANCE) >> 3]!;
    if (account < VENUE_ACCOUNTS) sum.venue[account]! += balance;
    else sum.balances += balance;
  }
  const positionsEnd = positions + kernel.exports.tableUsed(TABLE_POSITIONS);
  for (let record = positions; record < positionsEnd; record += POSITION_SIZE) {
    const instrument = u32[(record + POSITION_INSTRUMENT) >> 2]!;
    const sum = sums[u32[(instruments + instrument * INSTRUMENT_SIZE + INSTRUMENT_CURRENCY) >> 2]!]!;
    sum.costs += i64[(record + POSITION_ENTRY_COST) >> 3]!;
    sum.posted += i64[(record + POSITION_POSTED) >> 3]!;
    quantities[instrument]! += i64[(record + POSITION_QUANTITY) >> 3]!;
  }

  const currencies = sums.map((sum, currency): CurrencySum => {
    const { name, scale } = names.currencies[currency]!;
    const fees = sum.venue[VENUE_FEES]!;
    const insurance = sum.venue[VENUE_INSURANCE]!;
    const rounding = sum.venue[VENUE_ROUNDING]!;
    const deposits = -sum.venue[VENUE_TRANSFERS]!;
    const held = sum.balances - sum.costs + sum.posted + fees + insurance + rounding;
    return {
      currency: name,
      scale,
      balances: sum.balances,
      positionsAtCost: -sum.costs,
      posted: sum.posted,
      fees,
      insurance,
      rounding,
      deposits,
      difference: held - deposits,
    };
  });
  return {
    holds: currencies.every((sum) => sum.difference === 0n) && quantities.every((quantity) => quantity === 0n),
    currencies,
    instruments: quantities.map((quantity, instrument) => ({
      instrument: names.instruments[instrument]!.name,
      quantity,
    })),
  };
}
