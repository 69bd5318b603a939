import { STATE_BANKRUPT, STATE_CALLED, STATE_HEALTHY, STATE_LIQUIDATING } from "../assembly/memory/layout.ts";
import { type Holders, holdersOf, StateChanges } from "./holders.ts";
import type { Figures, MarginBook } from "./marginBook.ts";
import { ScenarioSums } from "./scenarioSums.ts";

const TIER_CELLS = 5;

/**
 * Revaluation (MAR-012 to MAR-016, MAR-023) in TypeScript with doubles in typed arrays: the fastest that plain
 * TypeScript offers, and exact only while every product stays below 2^53. It has neither the kernel's 128-bit products
 * nor its guards against overflow.
 */
export class NumberBook {
  readonly #holders: Holders;
  readonly #scenarios: ScenarioSums;
  readonly #states: StateChanges;
  readonly #linear: Uint8Array;
  readonly #numerator: Float64Array;
  readonly #denominator: Float64Array;
  /** Of all instruments one after another: floor, initial rate, maintenance rate, initial and maintenance deduction. */
  readonly #tiers: Float64Array;
  readonly #firstTier: Uint32Array;
  readonly #account: Uint32Array;
  readonly #pool: Uint32Array;
  readonly #cross: Uint8Array;
  readonly #leverage: Float64Array;
  readonly #quantity: Float64Array;
  readonly #cost: Float64Array;
  readonly #posted: Float64Array;
  readonly #value: Float64Array;
  readonly #initial: Float64Array;
  readonly #maintenance: Float64Array;
  readonly #balance: Float64Array;
  readonly #poolProfit: Float64Array;
  readonly #poolInitial: Float64Array;
  readonly #poolMaintenance: Float64Array;

  constructor(book: MarginBook) {
    const { instruments, pools, positions } = book;
    this.#holders = holdersOf(book);
    this.#scenarios = new ScenarioSums(book);
    this.#states = new StateChanges(book);
    this.#linear = Uint8Array.from(instruments, ({ linear }) => (linear ? 1 : 0));
    this.#numerator = Float64Array.from(instruments, ({ numerator }) => Number(numerator));
    this.#denominator = Float64Array.from(instruments, ({ denominator }) => Number(denominator));
    this.#tiers = Float64Array.from(
      instruments.flatMap(({ tiers }) =>
        tiers.flatMap((tier) => [
          Number(tier.floor),
          Number(tier.initialRateE9),
          Number(tier.maintenanceRateE9),
          Number(tier.initialDeduction),
          Number(tier.maintenanceDeduction),
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
    this.#leverage = Float64Array.from(positions, ({ leverageE2 }) => Number(leverageE2));
    this.#quantity = Float64Array.from(positions, ({ quantity }) => Number(quantity));
    this.#cost = Float64Array.from(positions, ({ entryCost }) => Number(entryCost));
    this.#posted = Float64Array.from(positions, ({ posted }) => Number(posted));
    this.#value = Float64Array.from(this.#cost);
    this.#initial = new Float64Array(positions.length);
    this.#maintenance = new Float64Array(positions.length);
    this.#balance = Float64Array.from(pools, ({ balance }) => Number(balance));
    this.#poolProfit = new Float64Array(pools.length);
    this.#poolInitial = new Float64Array(pools.length);
    this.#poolMaintenance = new Float64Array(pools.length);
    // Twice: the scenario sums of the first ones lack the arrays of the instruments after them.
    for (let turn = 0; turn < 2; turn++) {
      for (const [index, { mark }] of instruments.entries()) this.tick(index, Number(mark));
    }
  }

  get stateChanges(): number {
    return this.#states.reported;
  }

  tick(instrument: number, price: number): void {
    const { first, members } = this.#holders;
    this.#scenarios.revalueInstrument(instrument, price);
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

  #revalue(instrument: number, position: number, price: number): void {
    const quantity = this.#quantity[position]!;
    const numerator = this.#numerator[instrument]!;
    const denominator = this.#denominator[instrument]!;
    const value =
      this.#linear[instrument] === 1
        ? Math.floor((quantity * price * numerator) / denominator)
        : Math.floor((-quantity * numerator) / (price * denominator));
    const notional = Math.abs(value);
    const tiers = this.#tiers;
    let tier = (this.#firstTier[instrument + 1]! - 1) * TIER_CELLS;
    while (tiers[tier]! > notional) tier -= TIER_CELLS;
    const byTier = Math.ceil((notional * tiers[tier + 1]!) / 1e9) - tiers[tier + 3]!;
    const byLeverage = Math.ceil((notional * 100) / this.#leverage[position]!);
    const initial = byTier > byLeverage ? byTier : byLeverage;
    const maintenance = Math.ceil((notional * tiers[tier + 2]!) / 1e9) - tiers[tier + 4]!;
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
      poolEquity: Array.from(this.#balance, (balance, pool) => balance + this.#poolProfit[pool]!),
      poolInitialMargin: [...this.#poolInitial],
      poolMaintenanceMargin: [...this.#poolMaintenance],
      poolScanLoss: [...this.#scenarios.poolScanLoss],
      poolWorstScenario: [...this.#scenarios.poolWorstScenario],
      poolState: [...this.#states.poolState],
      positionValue: [...this.#value],
      positionInitialMargin: [...this.#initial],
      positionMaintenanceMargin: [...this.#maintenance],
      positionScanLoss: [...this.#scenarios.positionScanLoss],
      positionWorstScenario: [...this.#scenarios.positionWorstScenario],
      positionState: [...this.#states.positionState],
    };
  }
}

function stateOf(equity: number, initial: number, maintenance: number): number {
  if (equity < 0) return STATE_BANKRUPT;
  if (equity < maintenance) return STATE_LIQUIDATING;
  return equity < initial ? STATE_CALLED : STATE_HEALTHY;
}
