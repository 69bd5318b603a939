import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type AccountCommand,
  ContractKind,
  type ControlCommand,
  type InstrumentListing,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { AccountBook } from "../../services/engine/accountBook.ts";
import type { AccountExplanation } from "../../services/engine/explainAccount.ts";
import { NOTHING_LOOKED_AT } from "../../services/engine/holdOutcome.ts";
import { Names } from "../../services/engine/names.ts";
import type {
  AccountRank,
  CommandOutcome,
  Cure,
  HoldOutcome,
  HoldRequest,
  LargestOrder,
  LiquidationMoves,
  OrderQuestion,
  RiskEngine,
} from "../../services/engine/riskEngine.ts";
import type {
  AccountView,
  ControlsView,
  InstrumentView,
  MarginStateNumber,
  OrderAnswer,
  PoolView,
  PositionView,
} from "../../services/kernel/views.ts";

/** An engine without a kernel: it knows what a test sets, and lets a test say that a batch is durable. */
export class FakeEngine implements RiskEngine {
  readonly names = new Names();
  status = { serving: true, reason: "" };
  position = 100n;
  eventTimeUs = 1_584_000_000_000_000n;
  readonly views = new Map<number, AccountView>();
  readonly marks = new Map<number, bigint>();
  readonly questions: OrderQuestion[] = [];
  readonly commands: AccountCommand[] = [];
  readonly controlCommands: { readonly instrument: string; readonly command: ControlCommand }[] = [];
  controlsSet: ControlsView = { limits: [], switches: [], overrides: [], stopped: [] };
  answer: OrderAnswer = ACCEPTED;
  outcome: { code: number; value: bigint; limit: bigint } = { code: 0, value: 0n, limit: 0n };
  failure: Error | undefined;
  #ahead: Promise<void> | undefined;
  readonly #listeners = new Set<(touched: ReadonlySet<number>) => void>();

  constructor() {
    this.names.addCurrency({ name: "USDT", scale: 2 });
    this.names.addCurrency({ name: "XBT", scale: 8 });
    this.names.addInstrument({ name: "BTC-PERP", listing: LINEAR, currency: 0, marginTable: 0, scenarioGrid: 0 });
    this.names.addInstrument({ name: "XBTUSD", listing: INVERSE, currency: 1, marginTable: 0, scenarioGrid: 0 });
    for (const name of ["venue:fees", "venue:insurance", "venue:rounding", "venue:transfers"]) {
      this.open(name);
    }
    this.marks.set(0, 610_000n);
  }

  /** Opens an account with one USDT pool. @returns its number */
  open(name: string, pool: Partial<PoolView> = {}, positions: readonly PositionView[] = []): number {
    const account = this.names.addAccount(name);
    this.setPool(account, pool, positions);
    return account;
  }

  setPool(account: number, pool: Partial<PoolView>, positions: readonly PositionView[] = []): void {
    const whole = { ...POOL, ...pool };
    this.views.set(account, {
      account,
      mode: 2,
      state: whole.state,
      stateSinceUs: this.eventTimeUs,
      quarantined: false,
      regime: undefined,
      marginUnknown: 0,
      lastEventPosition: this.position,
      pools: [whole],
      positions,
    });
  }

  durable(...touched: number[]): void {
    this.position += 1n;
    for (const listener of this.#listeners) {
      listener(new Set(touched));
    }
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** A batch is on its way to the disk until what is returned is called. */
  goAhead(): () => void {
    let arrived = () => {};
    this.#ahead = new Promise((resolve) => {
      arrived = () => {
        this.#ahead = undefined;
        resolve();
      };
    });
    return arrived;
  }

  waitForDisk(): Promise<void> | undefined {
    return this.#ahead;
  }

  asOf() {
    return { journalPosition: this.position, eventTimeUs: this.eventTimeUs };
  }

  account(account: number): AccountView {
    if (this.failure !== undefined) {
      throw this.failure;
    }
    return this.views.get(account)!;
  }

  instrument(instrument: number): InstrumentView {
    return {
      instrument,
      settled: false,
      mark: this.marks.get(instrument),
      markTimeUs: this.eventTimeUs,
      volatilityE9: undefined,
      forwardE8: undefined,
      interestE9: 0n,
      openQuantity: 0n,
      netQuantity: 0n,
      holders: 0,
    };
  }

  accountsByMarginRatio(): readonly AccountRank[] {
    return [...this.views.values()]
      .filter((view) => !this.names.accounts[view.account]!.startsWith("venue:"))
      .map((view) => ({
        account: view.account,
        state: view.state,
        marginRatioE6: view.pools[0]!.marginRatioE6,
      }))
      .sort((a, b) =>
        a.marginRatioE6 === b.marginRatioE6 ? a.account - b.account : a.marginRatioE6 > b.marginRatioE6 ? -1 : 1,
      );
  }

  readonly holds: HoldRequest[] = [];
  heldBack: Promise<void> = Promise.resolve();
  readonly #answered = new Set<string>();

  /** Requests that were answered, each once. */
  get heldOrders(): number {
    return this.#answered.size;
  }

  explain(): AccountExplanation {
    throw new Error("this engine explains nothing");
  }

  book(): AccountBook {
    throw new Error("this engine knows no books");
  }

  checkOrder(question: OrderQuestion): OrderAnswer {
    this.questions.push(question);
    return this.answer;
  }

  maxOrder(): LargestOrder {
    return { quantity: 1_250n, binding: "initial_margin" };
  }

  cure(): Cure | undefined {
    return { instrument: 0, side: 2, quantity: 20n, cost: 61n };
  }

  liquidationMoves(): LiquidationMoves {
    return { up: undefined, down: -123_456n };
  }

  /** Answers when `heldBack` lets it. */
  async submitHold(request: HoldRequest): Promise<HoldOutcome> {
    this.holds.push(request);
    await this.heldBack;
    if (this.failure !== undefined) {
      throw this.failure;
    }
    this.position += 1n;
    const { code, value, limit, binding } = this.answer;
    const duplicate = this.#answered.has(request.requestId);
    this.#answered.add(request.requestId);
    return { code, value, limit, binding, duplicate, figures: this.answer, asOf: this.asOf() };
  }

  async submit(command: AccountCommand): Promise<CommandOutcome> {
    this.commands.push(command);
    if (this.failure !== undefined) {
      throw this.failure;
    }
    this.position += 1n;
    return { ...this.outcome, asOf: this.asOf() };
  }

  controls(): ControlsView {
    return this.controlsSet;
  }

  async submitControl(instrument: string, command: ControlCommand): Promise<CommandOutcome> {
    this.controlCommands.push({ instrument, command });
    return { ...this.outcome, asOf: this.asOf() };
  }

  onDurable(listener: (touched: ReadonlySet<number>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Price units of 0.1, quantity units of 0.001 BTC, money units of 0.01 USDT. */
const LINEAR: InstrumentListing = {
  kind: ContractKind.LINEAR,
  settlementCurrency: "USDT",
  priceScale: 1,
  quantityScale: 3,
  tick: 5n,
  lot: 1n,
  multiplierNumerator: 1n,
  multiplierDenominator: 1n,
  expiryTimeUs: 0n,
  makerFeeRateE9: 0n,
  takerFeeRateE9: 500_000n,
  liquidationFeeRateE9: 0n,
  priceLimit: 10_000_000n,
  quantityLimit: 1_000_000n,
  allowsNonPositivePrices: false,
  priceBandE9: 0n,
  staleAfterUs: 60_000_000n,
  marginTable: "default",
  scenarioGrid: "default",
  defaultLeverageE2: 1_000,
};

/** The contract of the worked number of MAR-001: 1 contract is 1 USD, price units of 0.1, money in satoshi. */
const INVERSE: InstrumentListing = {
  ...LINEAR,
  kind: ContractKind.INVERSE,
  settlementCurrency: "XBT",
  quantityScale: 0,
};

export const HEALTHY: MarginStateNumber = 1;
export const CALLED: MarginStateNumber = 2;
export const LIQUIDATING: MarginStateNumber = 3;
export const BANKRUPT: MarginStateNumber = 4;

export const POOL: PoolView = {
  currency: 0,
  basis: 0,
  state: HEALTHY,
  balance: 100_000n,
  unrealisedProfit: -2_050n,
  equity: 97_950n,
  initialMargin: 12_200n,
  maintenanceMargin: 610n,
  freeCollateral: 85_750n,
  reserved: 0n,
  marginRatioE6: 6_228n,
  scanLoss: 7_320.2,
  worstScenario: 3,
  openPositions: 1,
};

/** Long 0.02 BTC-PERP bought for 1,240.50 USDT: at 62,025. */
export const POSITION: PositionView = {
  instrument: 0,
  currency: 0,
  mode: 2,
  state: HEALTHY,
  leverageE2: 1000,
  quantity: 20n,
  entryCost: 124_050n,
  markValue: 122_000n,
  unrealisedProfit: -2_050n,
  realisedProfit: 1_234n,
  fees: 62n,
  funding: -5n,
  posted: 0n,
  initialMargin: 12_200n,
  maintenanceMargin: 610n,
  marginRatioE6: 0n,
  scanLoss: 0,
  worstScenario: 0,
  liquidationPrice: 125_301n,
  bankruptcyPrice: 120_249n,
};

/** The worked number of MAR-001: long 1,000 contracts whose cost is -7,208,246 satoshi, isolated. */
export const INVERSE_POSITION: PositionView = {
  ...POSITION,
  instrument: 1,
  currency: 1,
  mode: 1,
  state: LIQUIDATING,
  quantity: 1_000n,
  entryCost: -7_208_246n,
  posted: 720_825n,
  marginRatioE6: 1_100_000n,
  scanLoss: 1_000_000.5,
  worstScenario: 1,
  liquidationPrice: undefined,
  bankruptcyPrice: undefined,
};

export const ACCEPTED: OrderAnswer = {
  code: 0,
  value: 0n,
  limit: 0n,
  binding: "initial_margin",
  reduces: false,
  fee: 31n,
  initialMarginBefore: 12_200n,
  initialMarginAfter: 18_300n,
  maintenanceMarginBefore: 610n,
  maintenanceMarginAfter: 915n,
  equityBefore: 97_950n,
  equityAfter: 97_919n,
  freeCollateralBefore: 85_750n,
  freeCollateralAfter: 79_619n,
  priceKind: 0,
  priceKey: 0,
};

export const REFUSED_FOR_MARGIN: OrderAnswer = {
  ...ACCEPTED,
  code: RefusalReason.INITIAL_MARGIN,
  value: 100_000n,
  limit: 97_919n,
};

/** As the kernel answers when it refuses before it looks at margin: without figures. */
export const REFUSED_AT_SIGHT: OrderAnswer = {
  ...NOTHING_LOOKED_AT,
  code: RefusalReason.QUANTITY_OFF_LOT,
  value: 15n,
  limit: 10n,
  binding: "quantity_off_lot",
};
