import type { InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";

/** Tiers of one margin table (MAR-013, MAR-014), in units of the settlement currency and billionths. */
export interface MarginTableDocument {
  readonly name: string;
  readonly regime: string;
  readonly tiers: readonly {
    readonly floor: bigint;
    readonly initialRateE9: bigint;
    readonly maintenanceRateE9: bigint;
  }[];
}

/** Moves of a scenario grid (MAR-022), in billionths. */
export interface ScenarioGridDocument {
  readonly name: string;
  readonly regime: string;
  readonly movesE9: readonly bigint[];
}

/** All that a shard must know of a market before its first fill. It is journalled at genesis and never read again. */
export interface MarketDocument {
  readonly id: string;
  readonly currencies: readonly { readonly name: string; readonly scale: number }[];
  readonly marginTables: readonly MarginTableDocument[];
  readonly scenarioGrids: readonly ScenarioGridDocument[];
  readonly instruments: readonly { readonly name: string; readonly listing: InstrumentListing }[];
  /** Margin models, by the name that accounts are assigned to: YAML text, and from when on (0: at once). */
  readonly regimes?: readonly { readonly name: string; readonly text: string; readonly effectiveUs: bigint }[];
}
