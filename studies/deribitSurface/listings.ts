import { ContractKind, type InstrumentListing, OptionType } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import { readRegimeText } from "../../services/regimes/loadRegime.ts";
import { STUDIED_REGIMES } from "./regimes.ts";
import type { Coin, FutureQuote, OptionQuote } from "./snapshot.ts";

/** USD in one contract of the venue's futures and perpetuals. */
export const CONTRACT_USD: Readonly<Record<Coin, number>> = { BTC: 10, ETH: 1 };
/** Options trade in 0.1 BTC and in 1 ETH; quantities count tenths of a coin. */
export const OPTION_LOT: Readonly<Record<Coin, number>> = { BTC: 1, ETH: 10 };
export const OPTION_QUANTITY_SCALE = 1;
/** Ten times: what an account of the cross regime has chosen. The venue's own regimes know no leverage. */
const CHOSEN_LEVERAGE_E2 = 1000;

/** Fees are left out: they are the same in every regime and would only blur what margin does. */
const COMMON = {
  kind: ContractKind.INVERSE,
  tick: 1n,
  multiplierDenominator: 1n,
  makerFeeRateE9: 0n,
  takerFeeRateE9: 0n,
  liquidationFeeRateE9: 0n,
  allowsNonPositivePrices: false,
  priceBandE9: 0n,
  staleAfterUs: 86_400_000_000n,
  marginTable: "coin",
  scenarioGrid: "coin",
  defaultLeverageE2: CHOSEN_LEVERAGE_E2,
};

export function optionListing({ coin, call, strike, expiryUs }: OptionQuote): InstrumentListing {
  return {
    ...COMMON,
    settlementCurrency: coin,
    underlying: coin,
    priceScale: 8,
    quantityScale: OPTION_QUANTITY_SCALE,
    lot: BigInt(OPTION_LOT[coin]),
    multiplierNumerator: 1n,
    expiryTimeUs: expiryUs,
    priceLimit: 10n ** 11n,
    quantityLimit: 10n ** 6n,
    optionType: call ? OptionType.CALL : OptionType.PUT,
    strikeE8: strike * 10n ** 8n,
  };
}

export function futureListing({ coin, expiryUs }: FutureQuote): InstrumentListing {
  return {
    ...COMMON,
    settlementCurrency: coin,
    underlying: coin,
    priceScale: 2,
    quantityScale: 0,
    lot: 1n,
    multiplierNumerator: BigInt(CONTRACT_USD[coin]),
    expiryTimeUs: expiryUs,
    priceLimit: 10n ** 9n,
    quantityLimit: 10n ** 7n,
  };
}

/** What there is before the first snapshot: currencies and regimes. Instruments are listed as the snapshots name them. */
export function surfaceMarket(): MarketDocument {
  return {
    id: "deribit-surface",
    currencies: [
      { name: "BTC", scale: 8 },
      { name: "ETH", scale: 8 },
      { name: "USD", scale: 2 },
    ],
    // Every account is in portfolio mode: table and grid are asked for by the listings and margin nobody.
    marginTables: [
      {
        name: "coin",
        regime: "deribit-surface",
        tiers: [{ floor: 0n, initialRateE9: 20_000_000n, maintenanceRateE9: 10_000_000n }],
      },
    ],
    scenarioGrids: [{ name: "coin", regime: "deribit-surface", movesE9: [-100_000_000n, 0n, 100_000_000n] }],
    instruments: [],
    regimes: STUDIED_REGIMES.map(({ name, id }) => ({ name, text: readRegimeText(id).text, effectiveUs: 0n })),
  };
}
