import {
  ACCOUNT_FIRST_POSITION,
  ACCOUNT_SIZE,
  CURRENCY_SCENARIO_GRID,
  HEADER_ACCOUNTS,
  HEADER_POOLS,
  INSTRUMENT_DENOMINATOR,
  INSTRUMENT_KIND,
  INSTRUMENT_MARGIN_TABLE,
  INSTRUMENT_MARK,
  INSTRUMENT_NUMERATOR,
  INSTRUMENT_SIZE,
  KIND_LINEAR,
  MARGIN_TABLE_FIRST_TIER,
  MARGIN_TABLE_SIZE,
  MARGIN_TABLE_TIERS,
  MODE_CROSS,
  NONE,
  POOL_ACCOUNT,
  POOL_BALANCE,
  POOL_IM,
  POOL_MM,
  POOL_PROFIT,
  POOL_SCAN_LOSS,
  POOL_SIZE,
  POOL_STATE,
  POOL_WORST_SCENARIO,
  POSITION_ENTRY_COST,
  POSITION_IM,
  POSITION_INSTRUMENT,
  POSITION_LEVERAGE,
  POSITION_MARK_VALUE,
  POSITION_MM,
  POSITION_MODE,
  POSITION_NEXT,
  POSITION_POOL,
  POSITION_POSTED,
  POSITION_QUANTITY,
  POSITION_SCAN_LOSS,
  POSITION_SIZE,
  POSITION_STATE,
  POSITION_WORST_SCENARIO,
  SCENARIO_GRID_COUNT,
  SCENARIO_GRID_INVERSE,
  SCENARIO_GRID_LINEAR,
  SCENARIO_GRID_SIZE,
  TABLE_ACCOUNTS,
  TABLE_CURRENCIES,
  TABLE_HEADER,
  TABLE_INSTRUMENTS,
  TABLE_MARGIN_TABLES,
  TABLE_POOLS,
  TABLE_POSITIONS,
  TABLE_SCENARIO_GRIDS,
  TIER_FLOOR,
  TIER_INITIAL_DEDUCTION,
  TIER_INITIAL_RATE,
  TIER_MAINTENANCE_DEDUCTION,
  TIER_MAINTENANCE_RATE,
  TIER_SIZE,
} from "../assembly/memory/layout.ts";
import type { Kernel } from "../services/kernel/kernel.ts";
import { UnequalOutputsError } from "./bench.ts";

export interface Tier {
  readonly floor: bigint;
  readonly initialRateE9: bigint;
  readonly maintenanceRateE9: bigint;
  readonly initialDeduction: bigint;
  readonly maintenanceDeduction: bigint;
}

export interface BookInstrument {
  readonly linear: boolean;
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly mark: bigint;
  readonly tiers: readonly Tier[];
}

export interface BookPosition {
  /** Slot in the kernel. */
  readonly slot: number;
  readonly account: number;
  readonly instrument: number;
  readonly pool: number;
  readonly cross: boolean;
  readonly leverageE2: bigint;
  readonly quantity: bigint;
  readonly entryCost: bigint;
  readonly posted: bigint;
}

/** What a revaluation starts from, copied out of a kernel: the same book for every side. */
export interface MarginBook {
  readonly linearFactors: readonly number[];
  readonly inverseFactors: readonly number[];
  readonly instruments: readonly BookInstrument[];
  /** By kernel slot. */
  readonly pools: readonly { readonly account: number; readonly balance: bigint }[];
  readonly accounts: number;
  /** By account, then instrument; open ones only. */
  readonly positions: readonly BookPosition[];
}

/** What a revaluation computes. Money as numbers: it stays below 2^53 here. */
export interface Figures {
  readonly poolEquity: number[];
  readonly poolInitialMargin: number[];
  readonly poolMaintenanceMargin: number[];
  readonly poolScanLoss: number[];
  readonly poolWorstScenario: number[];
  readonly poolState: number[];
  readonly positionValue: number[];
  readonly positionInitialMargin: number[];
  readonly positionMaintenanceMargin: number[];
  readonly positionScanLoss: number[];
  readonly positionWorstScenario: number[];
  readonly positionState: number[];
}

export function readBook(kernel: Kernel): MarginBook {
  const { bytes, u32, i64, f64, exports } = kernel;
  const addresses = {
    header: exports.tableAddress(TABLE_HEADER),
    accounts: exports.tableAddress(TABLE_ACCOUNTS),
    instruments: exports.tableAddress(TABLE_INSTRUMENTS),
    pools: exports.tableAddress(TABLE_POOLS),
    positions: exports.tableAddress(TABLE_POSITIONS),
    marginTables: exports.tableAddress(TABLE_MARGIN_TABLES),
  };
  const grid =
    exports.tableAddress(TABLE_SCENARIO_GRIDS) +
    u32[(exports.tableAddress(TABLE_CURRENCIES) + CURRENCY_SCENARIO_GRID) >> 2]! * SCENARIO_GRID_SIZE;
  const scenarios = u32[(grid + SCENARIO_GRID_COUNT) >> 2]!;
  const factors = (at: number): number[] => [...f64.subarray((grid + at) >> 3, ((grid + at) >> 3) + scenarios)];

  const instruments: BookInstrument[] = [];
  const instrumentsEnd = addresses.instruments + exports.tableUsed(TABLE_INSTRUMENTS);
  for (let record = addresses.instruments; record < instrumentsEnd; record += INSTRUMENT_SIZE) {
    const table = addresses.marginTables + u32[(record + INSTRUMENT_MARGIN_TABLE) >> 2]! * MARGIN_TABLE_SIZE;
    instruments.push({
      linear: bytes[record + INSTRUMENT_KIND] === KIND_LINEAR,
      numerator: i64[(record + INSTRUMENT_NUMERATOR) >> 3]!,
      denominator: i64[(record + INSTRUMENT_DENOMINATOR) >> 3]!,
      mark: i64[(record + INSTRUMENT_MARK) >> 3]!,
      tiers: Array.from({ length: u32[(table + MARGIN_TABLE_TIERS) >> 2]! }, (_, index): Tier => {
        const tier = table + MARGIN_TABLE_FIRST_TIER + index * TIER_SIZE;
        return {
          floor: i64[(tier + TIER_FLOOR) >> 3]!,
          initialRateE9: i64[(tier + TIER_INITIAL_RATE) >> 3]!,
          maintenanceRateE9: i64[(tier + TIER_MAINTENANCE_RATE) >> 3]!,
          initialDeduction: i64[(tier + TIER_INITIAL_DEDUCTION) >> 3]!,
          maintenanceDeduction: i64[(tier + TIER_MAINTENANCE_DEDUCTION) >> 3]!,
        };
      }),
    });
  }

  const positions: BookPosition[] = [];
  const accounts = u32[(addresses.header + HEADER_ACCOUNTS) >> 2]!;
  for (let account = 0; account < accounts; account++) {
    let slot = u32[(addresses.accounts + account * ACCOUNT_SIZE + ACCOUNT_FIRST_POSITION) >> 2]!;
    while (slot !== NONE) {
      const record = addresses.positions + slot * POSITION_SIZE;
      positions.push({
        slot,
        account,
        instrument: u32[(record + POSITION_INSTRUMENT) >> 2]!,
        pool: u32[(record + POSITION_POOL) >> 2]!,
        cross: bytes[record + POSITION_MODE] === MODE_CROSS,
        leverageE2: BigInt(u32[(record + POSITION_LEVERAGE) >> 2]!),
        quantity: i64[(record + POSITION_QUANTITY) >> 3]!,
        entryCost: i64[(record + POSITION_ENTRY_COST) >> 3]!,
        posted: i64[(record + POSITION_POSTED) >> 3]!,
      });
      slot = u32[(record + POSITION_NEXT) >> 2]!;
    }
  }
  return {
    linearFactors: factors(SCENARIO_GRID_LINEAR),
    inverseFactors: factors(SCENARIO_GRID_INVERSE),
    instruments,
    accounts,
    pools: Array.from({ length: u32[(addresses.header + HEADER_POOLS) >> 2]! }, (_, slot) => {
      const record = addresses.pools + slot * POOL_SIZE;
      return { account: u32[(record + POOL_ACCOUNT) >> 2]!, balance: i64[(record + POOL_BALANCE) >> 3]! };
    }),
    positions: positions.filter(({ quantity }) => quantity !== 0n),
  };
}

/** The kernel's own figures, of the pools and positions of a book that was read from it. */
export function figuresOfKernel({ bytes, u32, i64, f64, exports }: Kernel, book: MarginBook): Figures {
  const pools = book.pools.map((_, slot) => exports.tableAddress(TABLE_POOLS) + slot * POOL_SIZE);
  const positions = book.positions.map(({ slot }) => exports.tableAddress(TABLE_POSITIONS) + slot * POSITION_SIZE);
  const money = (records: readonly number[], at: number): number[] =>
    records.map((record) => Number(i64[(record + at) >> 3]!));
  const profits = money(pools, POOL_PROFIT);
  return {
    poolEquity: money(pools, POOL_BALANCE).map((balance, slot) => balance + profits[slot]!),
    poolInitialMargin: money(pools, POOL_IM),
    poolMaintenanceMargin: money(pools, POOL_MM),
    poolScanLoss: pools.map((record) => f64[(record + POOL_SCAN_LOSS) >> 3]!),
    poolWorstScenario: pools.map((record) => u32[(record + POOL_WORST_SCENARIO) >> 2]!),
    poolState: pools.map((record) => bytes[record + POOL_STATE]!),
    positionValue: money(positions, POSITION_MARK_VALUE),
    positionInitialMargin: money(positions, POSITION_IM),
    positionMaintenanceMargin: money(positions, POSITION_MM),
    positionScanLoss: positions.map((record) => f64[(record + POSITION_SCAN_LOSS) >> 3]!),
    positionWorstScenario: positions.map((record) => u32[(record + POSITION_WORST_SCENARIO) >> 2]!),
    positionState: positions.map((record) => bytes[record + POSITION_STATE]!),
  };
}

/** @throws UnequalOutputsError naming the first figure that differs, in any bit */
export function requireEqual(expected: Figures, found: Figures, side: string): void {
  for (const [figure, values] of Object.entries(expected) as [keyof Figures, number[]][]) {
    for (const [index, value] of values.entries()) {
      if (found[figure].length === values.length && Object.is(found[figure][index], value)) continue;
      throw new UnequalOutputsError(
        `${figure} ${index}: ${value} in the kernel, ${found[figure][index]} in ${side}; nothing was timed`,
      );
    }
  }
}
