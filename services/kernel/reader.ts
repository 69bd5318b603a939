import {
  ACCOUNT_FIRST_POOL,
  ACCOUNT_FIRST_POSITION,
  ACCOUNT_HEAD_SIZE,
  ACCOUNT_MARGIN_UNKNOWN,
  ACCOUNT_MODE,
  ACCOUNT_QUARANTINED,
  ACCOUNT_REGIME,
  ACCOUNT_SIZE,
  ACCOUNT_STATE,
  ACCOUNT_STATE_SINCE,
  BASIS_JUDGED,
  BOOKKEEPING_FILLS,
  BOOKKEEPING_MARKS,
  BOOKKEEPING_NEXT_POSITION,
  BOOKKEEPING_REFUSALS,
  BOOKKEEPING_STATE_CHANGES,
  CHECK_BINDING,
  CHECK_CODE,
  CHECK_EQUITY_AFTER,
  CHECK_EQUITY_BEFORE,
  CHECK_FEE,
  CHECK_FREE_AFTER,
  CHECK_FREE_BEFORE,
  CHECK_IM_AFTER,
  CHECK_IM_BEFORE,
  CHECK_LIMIT,
  CHECK_MM_AFTER,
  CHECK_MM_BEFORE,
  CHECK_PRICE,
  CHECK_REDUCES,
  CHECK_VALUE,
  HEADER_ACCOUNTS,
  HEADER_CURRENCIES,
  HEADER_EVENT_TIME,
  HEADER_INSTRUMENTS,
  INDEX_PRICE,
  INDEX_SIZE,
  INSTRUMENT_CURRENCY,
  INSTRUMENT_FIRST_HOLDER,
  INSTRUMENT_FORWARD,
  INSTRUMENT_FORWARD_KNOWN,
  INSTRUMENT_HOLDERS,
  INSTRUMENT_INTEREST,
  INSTRUMENT_MARK,
  INSTRUMENT_MARK_TIME,
  INSTRUMENT_MARKED,
  INSTRUMENT_NET_QUANTITY,
  INSTRUMENT_OPEN_QUANTITY,
  INSTRUMENT_SETTLED,
  INSTRUMENT_SIZE,
  INSTRUMENT_VOLATILITY,
  INSTRUMENT_VOLATILITY_KNOWN,
  MODE_CROSS,
  MODE_PORTFOLIO,
  NONE,
  ORDER_PRICED,
  ORDER_REDUCE_ONLY,
  POOL_BALANCE,
  POOL_BASIS,
  POOL_CURRENCY,
  POOL_IM,
  POOL_MM,
  POOL_NEXT,
  POOL_OPEN_POSITIONS,
  POOL_PROFIT,
  POOL_REGIME_EQUITY,
  POOL_SCAN_LOSS,
  POOL_SIZE,
  POOL_STATE,
  POOL_WORST_SCENARIO,
  POSITION_ACCOUNT,
  POSITION_ENTRY_COST,
  POSITION_FEES,
  POSITION_FUNDING,
  POSITION_IM,
  POSITION_INSTRUMENT,
  POSITION_LEVERAGE,
  POSITION_MARK_VALUE,
  POSITION_MM,
  POSITION_MODE,
  POSITION_NEXT,
  POSITION_NEXT_HOLDER,
  POSITION_POSTED,
  POSITION_QUANTITY,
  POSITION_REALISED,
  POSITION_SCAN_LOSS,
  POSITION_SIZE,
  POSITION_STATE,
  POSITION_WORST_SCENARIO,
  REFUSAL_CODES,
  STATE_BANKRUPT,
  STATE_CALLED,
  STATE_HEALTHY,
  STATE_LIQUIDATING,
  TABLE_ACCOUNT_HEADS,
  TABLE_ACCOUNTS,
  TABLE_BOOKKEEPING,
  TABLE_HEADER,
  TABLE_INDICES,
  TABLE_INSTRUMENTS,
  TABLE_POOLS,
  TABLE_POSITIONS,
} from "../../assembly/memory/layout.ts";
import { bindingName } from "./bindingName.ts";
import { readControls } from "./controlsReader.ts";
import type { Kernel } from "./kernel.ts";
import {
  type AccountView,
  type ControlsView,
  type FeedLag,
  type InstrumentView,
  type MarginModeNumber,
  type MarginStateNumber,
  type OrderAnswer,
  type PoolBasisNumber,
  type PoolView,
  type PositionView,
  RATIO_WITHOUT_EQUITY,
} from "./views.ts";

/** "No mark does it" of the kernel's price search. */
const NO_PRICE = -(2n ** 63n);

/** MAR-017, in millionths. */
export function marginRatioE6(maintenanceMargin: bigint, equity: bigint): bigint {
  if (maintenanceMargin === 0n) return 0n;
  if (equity <= 0n) return RATIO_WITHOUT_EQUITY;
  return (maintenanceMargin * 1_000_000n + equity - 1n) / equity;
}

/** Counters that say what the shard has done since its first event. */
export interface Counters {
  readonly fills: number;
  readonly marks: number;
  /** Changes of margin state, by the state that was reached. */
  readonly stateChanges: Readonly<Record<"healthy" | "called" | "liquidating" | "bankrupt", number>>;
  /** By RefusalReason; only those that occurred. */
  readonly refusals: ReadonlyMap<number, number>;
}

/** Reads the kernel's records. Copies everything out: nothing that it returns changes later. */
export class KernelReader {
  readonly #kernel: Kernel;
  readonly #header: number;
  readonly #bookkeeping: number;
  readonly #instruments: number;
  readonly #indices: number;
  readonly #accounts: number;
  readonly #pools: number;
  readonly #positions: number;
  readonly #heads: number;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#header = kernel.exports.tableAddress(TABLE_HEADER);
    this.#bookkeeping = kernel.exports.tableAddress(TABLE_BOOKKEEPING);
    this.#instruments = kernel.exports.tableAddress(TABLE_INSTRUMENTS);
    this.#indices = kernel.exports.tableAddress(TABLE_INDICES);
    this.#accounts = kernel.exports.tableAddress(TABLE_ACCOUNTS);
    this.#pools = kernel.exports.tableAddress(TABLE_POOLS);
    this.#positions = kernel.exports.tableAddress(TABLE_POSITIONS);
    this.#heads = kernel.exports.tableAddress(TABLE_ACCOUNT_HEADS);
  }

  get eventTimeUs(): bigint {
    return this.#i64(this.#header + HEADER_EVENT_TIME);
  }

  get nextPosition(): number {
    return Number(this.#i64(this.#bookkeeping + BOOKKEEPING_NEXT_POSITION));
  }

  get accountCount(): number {
    return this.#u32(this.#header + HEADER_ACCOUNTS);
  }

  get instrumentCount(): number {
    return this.#u32(this.#header + HEADER_INSTRUMENTS);
  }

  get currencyCount(): number {
    return this.#u32(this.#header + HEADER_CURRENCIES);
  }

  counters(): Counters {
    const refusals = new Map<number, number>();
    for (let code = 0; code < REFUSAL_CODES; code++) {
      const count = Number(this.#i64(this.#bookkeeping + BOOKKEEPING_REFUSALS + code * 8));
      if (count > 0) refusals.set(code, count);
    }
    return {
      fills: Number(this.#i64(this.#bookkeeping + BOOKKEEPING_FILLS)),
      marks: Number(this.#i64(this.#bookkeeping + BOOKKEEPING_MARKS)),
      stateChanges: {
        healthy: this.#stateChanges(STATE_HEALTHY),
        called: this.#stateChanges(STATE_CALLED),
        liquidating: this.#stateChanges(STATE_LIQUIDATING),
        bankrupt: this.#stateChanges(STATE_BANKRUPT),
      },
      refusals,
    };
  }

  #stateChanges(reached: number): number {
    return Number(this.#i64(this.#bookkeeping + BOOKKEEPING_STATE_CHANGES + reached * 8));
  }

  accountState(account: number): MarginStateNumber {
    return this.#u8(this.#accounts + account * ACCOUNT_SIZE + ACCOUNT_STATE) as MarginStateNumber;
  }

  account(account: number): AccountView {
    this.#kernel.settleMarks(account);
    const record = this.#accounts + account * ACCOUNT_SIZE;
    const mode = this.#u8(record + ACCOUNT_MODE) as MarginModeNumber;
    return {
      account,
      mode,
      state: this.#u8(record + ACCOUNT_STATE) as MarginStateNumber,
      stateSinceUs: this.#i64(record + ACCOUNT_STATE_SINCE),
      quarantined: this.#u8(record + ACCOUNT_QUARANTINED) === 1,
      regime: mode === MODE_PORTFOLIO ? this.#u32(record + ACCOUNT_REGIME) : undefined,
      marginUnknown: this.#u8(record + ACCOUNT_MARGIN_UNKNOWN),
      lastEventPosition: this.#i64(this.#heads + account * ACCOUNT_HEAD_SIZE),
      pools: this.poolSlots(account).map((slot) => this.#pool(slot)),
      positions: this.positionSlots(account)
        .map((slot) => this.#position(slot))
        .filter((position) => !this.instrument(position.instrument).settled),
    };
  }

  /** Journal position of the account's newest event; 0 when it has none. */
  lastEventPosition(account: number): number {
    return Number(this.#i64(this.#heads + account * ACCOUNT_HEAD_SIZE));
  }

  /** Slots of an account's pools, by currency. */
  poolSlots(account: number): number[] {
    return this.#chain(this.#accounts + account * ACCOUNT_SIZE + ACCOUNT_FIRST_POOL, this.#pools, POOL_SIZE, POOL_NEXT);
  }

  /** Slots of an account's positions, by instrument, those of settled instruments included. */
  positionSlots(account: number): number[] {
    return this.#chain(
      this.#accounts + account * ACCOUNT_SIZE + ACCOUNT_FIRST_POSITION,
      this.#positions,
      POSITION_SIZE,
      POSITION_NEXT,
    );
  }

  #chain(firstAt: number, table: number, size: number, next: number): number[] {
    const slots: number[] = [];
    for (let slot = this.#u32(firstAt); slot !== NONE; slot = this.#u32(table + slot * size + next)) slots.push(slot);
    return slots;
  }

  #pool(slot: number): PoolView {
    const record = this.#pools + slot * POOL_SIZE;
    const balance = this.#i64(record + POOL_BALANCE);
    const unrealisedProfit = this.#i64(record + POOL_PROFIT);
    const initialMargin = this.#i64(record + POOL_IM);
    const maintenanceMargin = this.#i64(record + POOL_MM);
    const basis = this.#u8(record + POOL_BASIS) as PoolBasisNumber;
    const equity = basis === BASIS_JUDGED ? this.#i64(record + POOL_REGIME_EQUITY) : balance + unrealisedProfit;
    const spare = equity - initialMargin;
    const reserved = this.#kernel.exports.reservedOf(slot);
    return {
      currency: this.#u32(record + POOL_CURRENCY),
      basis,
      state: this.#u8(record + POOL_STATE) as MarginStateNumber,
      balance,
      unrealisedProfit,
      equity,
      initialMargin,
      maintenanceMargin,
      freeCollateral: (balance < spare ? balance : spare) - reserved,
      reserved,
      marginRatioE6: marginRatioE6(maintenanceMargin, equity),
      scanLoss: this.#f64(record + POOL_SCAN_LOSS),
      worstScenario: this.#u32(record + POOL_WORST_SCENARIO),
      openPositions: this.#u32(record + POOL_OPEN_POSITIONS),
    };
  }

  #position(slot: number): PositionView {
    const record = this.#positions + slot * POSITION_SIZE;
    const instrument = this.#u32(record + POSITION_INSTRUMENT);
    const entryCost = this.#i64(record + POSITION_ENTRY_COST);
    const markValue = this.#i64(record + POSITION_MARK_VALUE);
    const posted = this.#i64(record + POSITION_POSTED);
    const maintenanceMargin = this.#i64(record + POSITION_MM);
    const mode = this.#u8(record + POSITION_MODE) as MarginModeNumber;
    return {
      instrument,
      currency: this.#u32(this.#instruments + instrument * INSTRUMENT_SIZE + INSTRUMENT_CURRENCY),
      mode,
      state: this.#u8(record + POSITION_STATE) as MarginStateNumber,
      leverageE2: this.#u32(record + POSITION_LEVERAGE),
      quantity: this.#i64(record + POSITION_QUANTITY),
      entryCost,
      markValue,
      unrealisedProfit: markValue - entryCost,
      realisedProfit: this.#i64(record + POSITION_REALISED),
      fees: this.#i64(record + POSITION_FEES),
      funding: this.#i64(record + POSITION_FUNDING),
      posted,
      initialMargin: this.#i64(record + POSITION_IM),
      maintenanceMargin,
      marginRatioE6: mode === MODE_CROSS ? 0n : marginRatioE6(maintenanceMargin, posted + markValue - entryCost),
      scanLoss: this.#f64(record + POSITION_SCAN_LOSS),
      worstScenario: this.#u32(record + POSITION_WORST_SCENARIO),
      liquidationPrice: price(this.#kernel.exports.liquidationPrice(slot)),
      bankruptcyPrice: price(this.#kernel.exports.bankruptcyPrice(slot)),
    };
  }

  instrument(instrument: number): InstrumentView {
    const record = this.#instruments + instrument * INSTRUMENT_SIZE;
    return {
      instrument,
      settled: this.#u8(record + INSTRUMENT_SETTLED) === 1,
      mark: this.#u8(record + INSTRUMENT_MARKED) === 1 ? this.#i64(record + INSTRUMENT_MARK) : undefined,
      markTimeUs: this.#i64(record + INSTRUMENT_MARK_TIME),
      volatilityE9:
        this.#u8(record + INSTRUMENT_VOLATILITY_KNOWN) === 1 ? this.#i64(record + INSTRUMENT_VOLATILITY) : undefined,
      forwardE8: this.#u8(record + INSTRUMENT_FORWARD_KNOWN) === 1 ? this.#i64(record + INSTRUMENT_FORWARD) : undefined,
      interestE9: this.#i64(record + INSTRUMENT_INTEREST),
      openQuantity: this.#i64(record + INSTRUMENT_OPEN_QUANTITY),
      netQuantity: this.#i64(record + INSTRUMENT_NET_QUANTITY),
      holders: this.#u32(record + INSTRUMENT_HOLDERS),
    };
  }

  /** In 10^-8, of a currency or an underlying by the number of its name; undefined before the first. */
  indexPriceE8(key: number): bigint | undefined {
    const price = this.#i64(this.#indices + key * INDEX_SIZE + INDEX_PRICE);
    return price === 0n ? undefined : price;
  }

  /** MAR-015 of one pool less what orders reserve; 0 when the account has none in the currency. */
  freeCollateral(account: number, currency: number): bigint {
    this.#kernel.settleMarks(account);
    for (const slot of this.poolSlots(account)) {
      const record = this.#pools + slot * POOL_SIZE;
      if (this.#u32(record + POOL_CURRENCY) !== currency) continue;
      const balance = this.#i64(record + POOL_BALANCE);
      const spare = balance + this.#i64(record + POOL_PROFIT) - this.#i64(record + POOL_IM);
      return (balance < spare ? balance : spare) - this.#kernel.exports.reservedOf(slot);
    }
    return 0n;
  }

  /** Signed open quantity; 0 when the account has no position there. */
  quantity(account: number, instrument: number): bigint {
    for (const slot of this.positionSlots(account)) {
      const record = this.#positions + slot * POSITION_SIZE;
      if (this.#u32(record + POSITION_INSTRUMENT) === instrument) return this.#i64(record + POSITION_QUANTITY);
    }
    return 0n;
  }

  /** Accounts with an open position in the instrument. */
  holders(instrument: number): number[] {
    const record = this.#instruments + instrument * INSTRUMENT_SIZE;
    const accounts: number[] = [];
    let slot = this.#u32(record + INSTRUMENT_HOLDERS) === 0 ? NONE : this.#u32(record + INSTRUMENT_FIRST_HOLDER);
    while (slot !== NONE) {
      const position = this.#positions + slot * POSITION_SIZE;
      accounts.push(this.#u32(position + POSITION_ACCOUNT));
      slot = this.#u32(position + POSITION_NEXT_HOLDER);
    }
    return accounts;
  }

  /** The worst margin ratio among an account's pools and isolated positions. */
  worstMarginRatioE6(account: number): bigint {
    this.#kernel.settleMarks(account);
    let worst = 0n;
    for (const slot of this.poolSlots(account)) {
      const record = this.#pools + slot * POOL_SIZE;
      const equity = this.#i64(record + POOL_BALANCE) + this.#i64(record + POOL_PROFIT);
      const ratio = marginRatioE6(this.#i64(record + POOL_MM), equity);
      if (ratio > worst) worst = ratio;
    }
    for (const slot of this.positionSlots(account)) {
      const record = this.#positions + slot * POSITION_SIZE;
      if (this.#u8(record + POSITION_MODE) === MODE_CROSS) continue;
      const profit = this.#i64(record + POSITION_MARK_VALUE) - this.#i64(record + POSITION_ENTRY_COST);
      const ratio = marginRatioE6(this.#i64(record + POSITION_MM), this.#i64(record + POSITION_POSTED) + profit);
      if (ratio > worst) worst = ratio;
    }
    return worst;
  }

  /** MAR-024. */
  checkOrder(
    account: number,
    instrument: number,
    side: number,
    quantity: bigint,
    limit: bigint | undefined,
    reduceOnly = false,
    lag: FeedLag | undefined = undefined,
  ): OrderAnswer {
    const flags = (limit === undefined ? 0 : ORDER_PRICED) | (reduceOnly ? ORDER_REDUCE_ONLY : 0);
    this.#kernel.exports.checkOrder(
      account,
      instrument,
      side,
      quantity,
      flags,
      limit ?? 0n,
      lag?.lagUs ?? 0n,
      lag?.boundUs ?? 0n,
    );
    const answers = this.#kernel.answers();
    return {
      code: Number(answers[CHECK_CODE]),
      value: answers[CHECK_VALUE]!,
      limit: answers[CHECK_LIMIT]!,
      binding: bindingName(Number(answers[CHECK_BINDING])),
      reduces: answers[CHECK_REDUCES] === 1n,
      fee: answers[CHECK_FEE]!,
      initialMarginBefore: answers[CHECK_IM_BEFORE]!,
      initialMarginAfter: answers[CHECK_IM_AFTER]!,
      maintenanceMarginBefore: answers[CHECK_MM_BEFORE]!,
      maintenanceMarginAfter: answers[CHECK_MM_AFTER]!,
      equityBefore: answers[CHECK_EQUITY_BEFORE]!,
      equityAfter: answers[CHECK_EQUITY_AFTER]!,
      freeCollateralBefore: answers[CHECK_FREE_BEFORE]!,
      freeCollateralAfter: answers[CHECK_FREE_AFTER]!,
      ...priceNumbers(answers[CHECK_PRICE]!),
    };
  }

  controls(): ControlsView {
    return readControls(this.#kernel);
  }

  #u8(address: number): number {
    return this.#kernel.bytes[address]!;
  }

  #u32(address: number): number {
    return this.#kernel.u32[address >> 2]!;
  }

  #i64(address: number): bigint {
    return this.#kernel.i64[address >> 3]!;
  }

  #f64(address: number): number {
    return this.#kernel.f64[address >> 3]!;
  }
}

const NO_PRICE_NAMED = { priceKind: 0, priceKey: 0 };

/** Whose price a refusal is about, from the number that the kernel tells. */
export function priceNumbers(told: bigint): { readonly priceKind: number; readonly priceKey: number } {
  return told === 0n ? NO_PRICE_NAMED : { priceKind: Number(told >> 32n), priceKey: Number(told & 0xffff_ffffn) };
}

function price(found: bigint): bigint | undefined {
  return found === NO_PRICE ? undefined : found;
}
