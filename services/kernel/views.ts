// What a reader sees of the kernel's records: plain values, copied out, in units of their currency or instrument.

/** 1 healthy, 2 called, 3 liquidating, 4 bankrupt (MAR-016): the numbers of plimsoll.v1.MarginState. */
export type MarginStateNumber = 1 | 2 | 3 | 4;
/** 1 isolated, 2 cross, 3 portfolio (of an account): the numbers of plimsoll.v1.MarginMode. */
export type MarginModeNumber = 1 | 2 | 3;
/** 0 margin tables; 1 its account's regime judges the pool; 2 it counts in the account's verdict elsewhere (MAR-030). */
export type PoolBasisNumber = 0 | 1 | 2;

/** The largest margin ratio: requirement without equity (MAR-017). */
export const RATIO_WITHOUT_EQUITY = 2n ** 63n - 1n;

export interface PoolView {
  readonly currency: number;
  readonly basis: PoolBasisNumber;
  readonly state: MarginStateNumber;
  readonly balance: bigint;
  readonly unrealisedProfit: bigint;
  readonly equity: bigint;
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
  /** MAR-015, less what orders reserve; may be negative. */
  readonly freeCollateral: bigint;
  /** What the orders that rest reserve (MAR-033 to MAR-035). */
  readonly reserved: bigint;
  /** MAR-017, in millionths. */
  readonly marginRatioE6: bigint;
  /** MAR-023, in currency units, with the index of the worst scenario. */
  readonly scanLoss: number;
  readonly worstScenario: number;
  readonly openPositions: number;
}

export interface PositionView {
  readonly instrument: number;
  readonly currency: number;
  readonly mode: MarginModeNumber;
  /** Own state if isolated, else 1; the pool's state counts for a cross position. */
  readonly state: MarginStateNumber;
  readonly leverageE2: number;
  readonly quantity: bigint;
  /** Exact sum (MAR-002); the entry price follows from it. */
  readonly entryCost: bigint;
  readonly markValue: bigint;
  readonly unrealisedProfit: bigint;
  readonly realisedProfit: bigint;
  readonly fees: bigint;
  readonly funding: bigint;
  /** Isolated only, else 0. */
  readonly posted: bigint;
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
  /** Isolated only (MAR-017), in millionths. */
  readonly marginRatioE6: bigint;
  readonly scanLoss: number;
  readonly worstScenario: number;
  /** MAR-018, in price units; undefined when no mark does it. */
  readonly liquidationPrice: bigint | undefined;
  readonly bankruptcyPrice: bigint | undefined;
}

export interface AccountView {
  readonly account: number;
  readonly mode: MarginModeNumber;
  readonly state: MarginStateNumber;
  readonly stateSinceUs: bigint;
  readonly quarantined: boolean;
  /** Number of the regime in portfolio mode. */
  readonly regime: number | undefined;
  /** 0, or the refusal that says why the regime cannot margin the account (MAR-030). */
  readonly marginUnknown: number;
  /** Journal position of the newest event of the account; 0n when it has none. */
  readonly lastEventPosition: bigint;
  readonly pools: readonly PoolView[];
  /** In ascending order of instrument, closed ones (quantity 0) included as long as their instrument lives. */
  readonly positions: readonly PositionView[];
}

export interface InstrumentView {
  readonly instrument: number;
  readonly settled: boolean;
  /** Undefined before the first mark. */
  readonly mark: bigint | undefined;
  readonly markTimeUs: bigint;
  /** What a mark told beside the price (INP-008). */
  readonly volatilityE9: bigint | undefined;
  readonly forwardE8: bigint | undefined;
  readonly interestE9: bigint;
  readonly openQuantity: bigint;
  readonly netQuantity: bigint;
  readonly holders: number;
}

/**
 * MAR-024, MAR-033. `code` is 0 for accept, else a plimsoll.v1.RefusalReason; `value` broke `limit`. Figures count the orders
 * that rest: before, and after this one was filled whole.
 */
export interface OrderAnswer {
  readonly code: number;
  readonly value: bigint;
  readonly limit: bigint;
  /** The constraint that decided or stands nearest: a refusal's name in lower case, or `reduces` when nothing limits it. */
  readonly binding: string;
  readonly reduces: boolean;
  readonly fee: bigint;
  readonly initialMarginBefore: bigint;
  readonly initialMarginAfter: bigint;
  readonly maintenanceMarginBefore: bigint;
  readonly maintenanceMarginAfter: bigint;
  readonly equityBefore: bigint;
  readonly equityAfter: bigint;
  readonly freeCollateralBefore: bigint;
  readonly freeCollateralAfter: bigint;
  /** Of a price that is too old or missing: a plimsoll.v1.PriceKind and the number of the name (`Names.keys`); else 0. */
  readonly priceKind: number;
  readonly priceKey: number;
}

/** How far the newest event that was taken lies behind the wall clock, beyond the bound (CTL-015). */
export interface FeedLag {
  readonly lagUs: bigint;
  readonly boundUs: bigint;
}

/** A scope by numbers; undefined stands for all. */
export interface ControlScope {
  readonly account: number | undefined;
  readonly instrument: number | undefined;
}

export interface LimitView extends ControlScope {
  /** A plimsoll.v1.Control. */
  readonly control: number;
  readonly currency: number | undefined;
  readonly value: bigint;
  readonly burst: bigint;
}

export interface SwitchesView extends ControlScope {
  /** Bits of plimsoll.v1.Switch that are on; never 0. */
  readonly switches: number;
}

export interface OverrideView extends ControlScope {
  readonly control: number;
  readonly expiryUs: bigint;
}

/** The controls before the trade as they are set (docs/controls.md). */
export interface ControlsView {
  readonly limits: readonly LimitView[];
  readonly switches: readonly SwitchesView[];
  readonly overrides: readonly OverrideView[];
  /** Accounts whose executions came too often, and the control that stopped them. */
  readonly stopped: readonly { readonly account: number; readonly control: number }[];
}
