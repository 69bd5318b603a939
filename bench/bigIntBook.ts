import { STATE_BANKRUPT, STATE_CALLED, STATE_HEALTHY, STATE_LIQUIDATING } from "../assembly/memory/layout.ts";
import { type Holders, holdersOf, StateChanges } from "./holders.ts";
import type { Figures, MarginBook } from "./marginBook.ts";
import { ScenarioSums } from "./scenarioSums.ts";

const TIER_CELLS = 5;
const BILLION = 1_000_000_000n;

/**
 * Revaluation (MAR-012 to MAR-016, MAR-023) in TypeScript with BigInt on typed arrays: what plain TypeScript needs to
 * be exact for amounts of any size, as the kernel is.
 */
export class BigIntBook {
  readonly #holders: Holders;
  readonly #scenarios: ScenarioSums;
  readonly #states: StateChanges;
  readonly #linear: Uint8Array;
  readonly #numerator: BigInt64Array;
  readonly #denominator: BigInt64Array;
  /** Of all instruments one after another: floor, initial rate, maintenance rate, initial and maintenance deduction. */
  readonly #tiers: BigInt64Array;
  readonly #firstTier: Uint32Array;
  readonly #account: Uint32Array;
  readonly #pool: Uint32Array;
  readonly #cross: Uint8Array;
  readonly #leverage: BigInt64Array;
  readonly #quantity: BigInt64Array;
  readonly #cost: BigInt64Array;
  readonly #posted: BigInt64Array;
  readonly #value: BigInt64Array;
  readonly #initial: BigInt64Array;
  readonly #maintenance: BigInt64Array;
  readonly #balance: BigInt64Array;
  readonly #poolProfit: BigInt64Array;
  readonly #poolInitial: BigInt64Array;
  readonly #poolMaintenance: BigInt64Array;

  constructor(book: MarginBook) {
    const { instruments, pools, positions } = book;
    this.#holders = holdersOf(book);
    this.#scenarios = new ScenarioSums(book);
    this.#states = new StateChanges(book);
    this.#linear = Uint8Array.from(instruments, ({ linear }) => (linear ? 1 : 0));
    this.#numerator = BigInt64Array.from(instruments, ({ numerator }) => numerator);
    this.#denominator = BigInt64Array.from(instruments, ({ denominator }) => denominator);
    this.#tiers = BigInt64Array.from(
      instruments.flatMap(({ tiers }) =>
        tiers.flatMap((tier) => [
          tier.floor,
          tier.initialRateE9,
          tier.maintenanceRateE9,
          tier.initialDeduction,
          tier.maintenanceDeduction,
        ]),
      ),
    );
    this.#firstTier = new Uint32Array(instruments.length + 1);
    instruments.forEach(({ tiers }, index) => {
      this.#firstTier[index + 1] = this.#firstTier[index]! + tiers.length;
    });
    this.#account = Uint32Array.from(positions, ({ account }) => account);
    this.#pool = Uint32Array.from(positions, ({ pool }) => pool);
    this.#cross = Uint8Array.from(positions, ({ cross }) => (cross ? 1 : 0));
    this.#leverage = BigInt64Array.from(positions, ({ leverageE2 }) => leverageE2);
    this.#quantity = BigInt64Array.from(positions, ({ quantity }) => quantity);
    this.#cost = BigInt64Array.from(positions, ({ entryCost }) => entryCost);
    this.#posted = BigInt64Array.from(positions, ({ posted }) => posted);
    this.#value = BigInt64Array.from(this.#cost);
    this.#initial = new BigInt64Array(positions.length);
    this.#maintenance = new BigInt64Array(positions.length);
    this.#balance = BigInt64Array.from(pools, ({ balance }) => balance);
    this.#poolProfit = new BigInt64Array(pools.length);
    this.#poolInitial = new BigInt64Array(pools.length);
    this.#poolMaintenance = new BigInt64Array(pools.length);
    // Twice: the scenario sums of the first ones lack the arrays of the instruments after them.
    for (let turn = 0; turn < 2; turn++) {
      for (const [index, { mark }] of instruments.entries()) this.tick(index, mark);
    }
  }

  get stateChanges(): number {
    return this.#states.reported;
  }

  tick(instrument: number, price: bigint): void {
    const { first, members } = this.#holders;
    this.#scenarios.revalueInstrument(instrument, Number(price));
    const end = first[instrument + 1]!;
    for (let at = first[instrument]!; at < end; at++) {
      const position = members[at]!;
      this.#revalue(instrument, position, price);
      const differs =
        this.#cross[position] === 1
          ? this.#poolStateNow(this.#pool[position]!) !== this.#states.poolState[this.#pool[position]!]
          : this.#positionStateNow(position) !== this.#states.positionState[position];
      if (differs) this.#states.gather(this.#account[position]!, position);
    }
    for (const gathered of this.#states.takeGathered()) this.#judge(gathered % 0x1_0000_0000);
  }

  #revalue(instrument: number, position: number, price: bigint): void {
    const quantity = this.#quantity[position]!;
    const numerator = this.#numerator[instrument]!;
    const denominator = this.#denominator[instrument]!;
    const value =
      this.#linear[instrument] === 1
        ? floorOf(quantity * price * numerator, denominator)
        : floorOf(-quantity * numerator, price * denominator);
    const notional = value < 0n ? -value : value;
    const tiers = this.#tiers;
    let tier = (this.#firstTier[instrument + 1]! - 1) * TIER_CELLS;
    while (tiers[tier]! > notional) tier -= TIER_CELLS;
    const byTier = ceilOf(notional * tiers[tier + 1]!, BILLION) - tiers[tier + 3]!;
    const byLeverage = ceilOf(notional * 100n, this.#leverage[position]!);
    const initial = byTier > byLeverage ? byTier : byLeverage;
    const maintenance = ceilOf(notional * tiers[tier + 2]!, BILLION) - tiers[tier + 4]!;
    if (this.#cross[position] === 1) {
      const pool = this.#pool[position]!;
      this.#poolProfit[pool]! += value - this.#value[position]!;
      this.#poolInitial[pool]! += initial - this.#initial[position]!;
      this.#poolMaintenance[pool]! += maintenance - this.#maintenance[position]!;
      this.#scenarios.revaluePool(pool);
    } else {
      this.#scenarios.revaluePosition(position);
    }
    this.#value[position] = value;
    this.#initial[position] = initial;
    this.#maintenance[position] = maintenance;
  }

  #poolStateNow(pool: number): number {
    const equity = this.#balance[pool]! + this.#poolProfit[pool]!;
    return stateOf(equity, this.#poolInitial[pool]!, this.#poolMaintenance[pool]!);
  }

  #positionStateNow(position: number): number {
    const equity = this.#posted[position]! + this.#value[position]! - this.#cost[position]!;
    return stateOf(equity, this.#initial[position]!, this.#maintenance[position]!);
  }

  #judge(position: number): void {
    const { poolState, positionState } = this.#states;
    const cross = this.#cross[position] === 1;
    const states = cross ? poolState : positionState;
    const row = cross ? this.#pool[position]! : position;
    const to = cross ? this.#poolStateNow(row) : this.#positionStateNow(row);
    this.#states.move(this.#account[position]!, states[row]!, to);
    states[row] = to;
  }

  figures(): Figures {
    return {
      poolEquity: Array.from(this.#balance, (balance, pool) => Number(balance + this.#poolProfit[pool]!)),
      poolInitialMargin: Array.from(this.#poolInitial, Number),
      poolMaintenanceMargin: Array.from(this.#poolMaintenance, Number),
      poolScanLoss: [...this.#scenarios.poolScanLoss],
      poolWorstScenario: [...this.#scenarios.poolWorstScenario],
      poolState: [...this.#states.poolState],
      positionValue: Array.from(this.#value, Number),
      positionInitialMargin: Array.from(this.#initial, Number),
      positionMaintenanceMargin: Array.from(this.#maintenance, Number),
      positionScanLoss: [...this.#scenarios.positionScanLoss],
      positionWorstScenario: [...this.#scenarios.positionWorstScenario],
      positionState: [...this.#states.positionState],
    };
  }
}

function stateOf(equity: bigint, initial: bigint, maintenance: bigint): number {
  if (equity < 0n) return STATE_BANKRUPT;
  if (equity < maintenance) return STATE_LIQUIDATING;
  return equity < initial ? STATE_CALLED : STATE_HEALTHY;
}

/** c > 0 */
function floorOf(product: bigint, c: bigint): bigint {
  const quotient = product / c;
  return product < 0n && quotient * c !== product ? quotient - 1n : quotient;
}

/** product >= 0, c > 0 */
function ceilOf(product: bigint, c: bigint): bigint {
  const quotient = product / c;
  return quotient * c === product ? quotient : quotient + 1n;
}
