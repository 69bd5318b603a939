// What an input did, and what a reader sees of an account: the shapes of services/kernel/views.ts, by name.

import type { MarginModeNumber, MarginStateNumber, OrderAnswer } from "../../services/kernel/views.ts";
import type { FillEffect } from "./ledger.ts";

/** A RefusalReason with the value that broke the limit; what each holds stands in checks.ts. */
export interface Refusal {
  readonly code: number;
  readonly value: bigint;
  readonly limit: bigint;
}

/** What followed from an input, in the order of the journal. */
export type Followed =
  | {
      readonly kind: "fundingPaid";
      readonly account: string;
      readonly instrument: string;
      readonly amount: bigint;
      readonly postedChange: bigint;
      readonly covered: bigint;
    }
  | {
      readonly kind: "positionSettled";
      readonly account: string;
      readonly instrument: string;
      readonly quantity: bigint;
      readonly realisedProfit: bigint;
      readonly postedReleased: bigint;
      readonly covered: bigint;
    }
  | {
      readonly kind: "insurancePaid";
      readonly account: string;
      readonly instrument: string;
      readonly currency: string;
      readonly amount: bigint;
    }
  | {
      readonly kind: "marginStateChanged";
      readonly account: string;
      /** Undefined for a pool. */
      readonly instrument: string | undefined;
      readonly currency: string;
      readonly from: MarginStateNumber;
      readonly to: MarginStateNumber;
      readonly equity: bigint;
      readonly initialMargin: bigint;
      readonly maintenanceMargin: bigint;
    }
  | { readonly kind: "accountQuarantined"; readonly account: string; readonly reason: number };

export interface Outcome extends Refusal {
  readonly followed: readonly Followed[];
  /** Of an applied fill. */
  readonly fill?: FillEffect | undefined;
  /** Booked rounding of an applied funding or settlement. */
  readonly rounding?: bigint | undefined;
  /** What an applied margin mode or collateral command moved into the position. */
  readonly postedChange?: bigint | undefined;
}

export interface PoolReport {
  readonly currency: string;
  readonly state: MarginStateNumber;
  readonly balance: bigint;
  readonly unrealisedProfit: bigint;
  readonly equity: bigint;
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
  readonly freeCollateral: bigint;
  readonly marginRatioE6: bigint;
  readonly scanLoss: number;
  readonly worstScenario: number;
  readonly openPositions: number;
}

export interface PositionReport {
  readonly instrument: string;
  readonly currency: string;
  readonly mode: MarginModeNumber;
  readonly state: MarginStateNumber;
  readonly leverageE2: number;
  readonly quantity: bigint;
  readonly entryCost: bigint;
  readonly markValue: bigint;
  readonly unrealisedProfit: bigint;
  readonly realisedProfit: bigint;
  readonly fees: bigint;
  readonly funding: bigint;
  readonly posted: bigint;
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
  readonly marginRatioE6: bigint;
  readonly scanLoss: number;
  readonly worstScenario: number;
  readonly liquidationPrice: bigint | undefined;
  readonly bankruptcyPrice: bigint | undefined;
}

export interface AccountReport<PoolShape = PoolReport, PositionShape = PositionReport> {
  readonly account: string;
  readonly mode: MarginModeNumber;
  readonly state: MarginStateNumber;
  readonly stateSinceUs: bigint;
  readonly quarantined: boolean;
  /** In the order of currencies. A pool that nothing ever touched is absent. */
  readonly pools: readonly PoolShape[];
  /** In the order of instruments. */
  readonly positions: readonly PositionShape[];
}

export interface InstrumentReport {
  readonly instrument: string;
  readonly settled: boolean;
  readonly mark: bigint | undefined;
  readonly markTimeUs: bigint;
  readonly openQuantity: bigint;
  readonly netQuantity: bigint;
  readonly holders: number;
}

export interface Order {
  readonly account: string;
  readonly instrument: string;
  readonly side: 1 | 2;
  readonly quantity: bigint;
  /** Undefined for a market order. */
  readonly price: bigint | undefined;
}

/** An answer by names. */
export interface OrderReport extends Omit<OrderAnswer, "priceKind" | "priceKey"> {
  /** Whose price is missing or too old, for example `mark:LIN`; "" where none is. */
  readonly price: string;
}

/** MAR-026. All of it is zero whenever both sides of every trade were seen. */
export interface ZeroSum {
  /** By currency: balances + posted collateral - entry costs. */
  readonly currencies: ReadonlyMap<string, bigint>;
  /** By instrument: the sum of quantities. */
  readonly instruments: ReadonlyMap<string, bigint>;
}
