// A market of small round numbers, so that every figure in the tables can be checked by hand.

import { ContractKind, type InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarginTableDocument, MarketDocument } from "../../services/markets/market.ts";

const PERCENT_E9 = 10_000_000n;

/** Initial 10 %, maintenance 5 %, whatever the size. */
const FLAT: MarginTableDocument = {
  name: "flat",
  regime: "test",
  tiers: [{ floor: 0n, initialRateE9: 10n * PERCENT_E9, maintenanceRateE9: 5n * PERCENT_E9 }],
};

/** Deductions: maintenance 0, 50, 1,550; initial 0, 100, 3,100. */
const TIERED: MarginTableDocument = {
  name: "tiered",
  regime: "test",
  tiers: [
    { floor: 0n, initialRateE9: 10n * PERCENT_E9, maintenanceRateE9: 5n * PERCENT_E9 },
    { floor: 1_000n, initialRateE9: 20n * PERCENT_E9, maintenanceRateE9: 10n * PERCENT_E9 },
    { floor: 10_000n, initialRateE9: 50n * PERCENT_E9, maintenanceRateE9: 25n * PERCENT_E9 },
  ],
};

/** Moves of -50 %, -10 %, 0, +10 %, +25 %. */
const WIDE = {
  name: "wide",
  regime: "test",
  movesE9: [-50n * PERCENT_E9, -10n * PERCENT_E9, 0n, 10n * PERCENT_E9, 25n * PERCENT_E9],
};

/** Linear, k = 1, no fees, no price band, 10x. */
export const LINEAR: InstrumentListing = {
  kind: ContractKind.LINEAR,
  settlementCurrency: "USD",
  priceScale: 0,
  quantityScale: 0,
  tick: 1n,
  lot: 1n,
  multiplierNumerator: 1n,
  multiplierDenominator: 1n,
  expiryTimeUs: 0n,
  makerFeeRateE9: 0n,
  takerFeeRateE9: 0n,
  liquidationFeeRateE9: 0n,
  priceLimit: 100_000n,
  quantityLimit: 1_000_000n,
  allowsNonPositivePrices: false,
  priceBandE9: 0n,
  staleAfterUs: 60_000_000n,
  marginTable: "flat",
  scenarioGrid: "wide",
  defaultLeverageE2: 1_000,
};

/** Inverse, 1 contract = 1 USD, settled in satoshi; price units of 0.1 USD, so k = 10^9. */
export const INVERSE: InstrumentListing = {
  ...LINEAR,
  kind: ContractKind.INVERSE,
  settlementCurrency: "XBT",
  priceScale: 1,
  tick: 5n,
  priceLimit: 10_000_000n,
};

/** Changes to the listings of single instruments, by name. */
export type Listings = Readonly<Record<string, Partial<InstrumentListing>>>;

/**
 * Instruments, in order: LIN and OTH (linear, flat table), TIR (linear, tiered table), FEE (linear; maker -0.1 %, taker
 * 0.2 %, liquidation 1 %), DAT (linear, dated), OIL (linear, any price), HLF (linear, k = 1/2), INV (inverse), TIK
 * (linear; tick 5, lot 10, price band 10 %, limits 1,000).
 */
export function market(changes: Listings = {}): MarketDocument {
  const listings: Record<string, InstrumentListing> = {
    LIN: LINEAR,
    OTH: LINEAR,
    TIR: { ...LINEAR, marginTable: "tiered" },
    FEE: {
      ...LINEAR,
      makerFeeRateE9: -PERCENT_E9 / 10n,
      takerFeeRateE9: PERCENT_E9 / 5n,
      liquidationFeeRateE9: PERCENT_E9,
    },
    DAT: { ...LINEAR, expiryTimeUs: 1_798_761_600_000_000n },
    OIL: { ...LINEAR, allowsNonPositivePrices: true },
    HLF: { ...LINEAR, multiplierDenominator: 2n },
    INV: INVERSE,
    TIK: { ...LINEAR, tick: 5n, lot: 10n, priceBandE9: 10n * PERCENT_E9, priceLimit: 1_000n, quantityLimit: 1_000n },
  };
  return {
    id: "test",
    currencies: [
      { name: "USD", scale: 0 },
      { name: "XBT", scale: 8 },
    ],
    marginTables: [FLAT, TIERED],
    scenarioGrids: [WIDE],
    instruments: Object.entries(listings).map(([name, listing]) => ({
      name,
      listing: { ...listing, ...changes[name] },
    })),
  };
}
