// MAR-013, MAR-018: cases that venues published, in this project's units.

import type { InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarginTableDocument, MarketDocument } from "../../services/markets/market.ts";
import { INVERSE, LINEAR } from "./market.ts";
import { rule } from "./rule.ts";

/** Tiers of floor and maintenance rate in millionths; initial rates, which the cases do not use, are twice that. */
function tiers(
  ...rows: readonly (readonly [floor: bigint, maintenanceRateE6: bigint])[]
): MarginTableDocument["tiers"] {
  return rows.map(([floor, rateE6]) => ({
    floor,
    initialRateE9: rateE6 * 2_000n,
    maintenanceRateE9: rateE6 * 1_000n,
  }));
}

function venueMarket(
  currency: { readonly name: string; readonly scale: number },
  tables: Readonly<Record<string, MarginTableDocument["tiers"]>>,
  listings: Readonly<Record<string, InstrumentListing>>,
): MarketDocument {
  return {
    id: "published",
    currencies: [currency],
    marginTables: Object.entries(tables).map(([name, rows]) => ({ name, regime: "published", tiers: rows })),
    scenarioGrids: [{ name: "wide", regime: "published", movesE9: [0n] }],
    instruments: Object.entries(listings).map(([name, listing]) => ({
      name,
      listing: { ...listing, settlementCurrency: currency.name },
    })),
  };
}

const CENTS = { name: "USDT", scale: 2 };

// Brackets of 2020 to 2021, from which the maintenance amounts 135,365 and 16,300 of the worked example follow.
const binanceUsdMargined = venueMarket(
  CENTS,
  {
    ETHUSDT: tiers(
      [0n, 5_000n],
      [1_000_000n, 6_500n],
      [10_000_000n, 10_000n],
      [50_000_000n, 20_000n],
      [100_000_000n, 50_000n],
      [200_000_000n, 100_000n],
    ),
    BTCUSDT: tiers([0n, 4_000n], [5_000_000n, 5_000n], [25_000_000n, 10_000n], [100_000_000n, 25_000n]),
  },
  {
    ETHUSDT: {
      ...LINEAR,
      priceScale: 2,
      quantityScale: 3,
      quantityLimit: 10n ** 9n,
      priceLimit: 10n ** 7n,
      marginTable: "ETHUSDT",
    },
    BTCUSDT: {
      ...LINEAR,
      priceScale: 2,
      quantityScale: 3,
      quantityLimit: 10n ** 9n,
      priceLimit: 10n ** 8n,
      marginTable: "BTCUSDT",
    },
  },
);

// Source: Binance FAQ b3c689c1f50a44cabb3a84e663b81d93, wallet 1,535,443.01 USDT. The published formula gives
// 1,153.2565 and 1,114.7850, shown there as 1,153.26 and 1,114.78; the rule names the highest price of 0.01 below it.
rule(
  "MAR-018 Binance, two USD-margined positions in one wallet: below 1,153.2565",
  `
  open alice cross
  deposit alice USDT 153,544,301
  buy alice ETHUSDT 3,683,979 @ 145,684
  buy alice BTCUSDT 109,488 @ 3,248,198
  mark ETHUSDT 133,518
  mark BTCUSDT 3,196,727
  position alice ETHUSDT liquidation=115,325
  `,
  { market: binanceUsdMargined },
);

rule(
  "MAR-018 Binance, the same position alone: below 1,114.7850",
  `
  open alice cross
  deposit alice USDT 153,544,301
  buy alice ETHUSDT 3,683,979 @ 145,684
  mark ETHUSDT 133,518
  position alice ETHUSDT liquidation=111,478
  `,
  { market: binanceUsdMargined },
);

// Maintenance rate 1 % with a maintenance amount of 0.01: half a per cent up to 2.
const smallPositions = venueMarket(
  { name: "USDT", scale: 8 },
  { small: tiers([0n, 5_000n], [200_000_000n, 10_000n]) },
  { ALT: { ...LINEAR, priceScale: 6, quantityScale: 1, priceLimit: 10n ** 9n, marginTable: "small" } },
);

// Source: freqtrade tests/exchange/test_exchange.py at c9ae5e1e, which holds Binance's formula to these figures.
rule(
  "MAR-018 isolated longs at 5x and 3x: 6.454545.., 6.723905.., 8.063973..",
  `
  open alice isolated
  open bob isolated
  open carol isolated
  deposit alice USDT 1,000,000,000
  deposit bob USDT 1,000,000,000
  deposit carol USDT 1,000,000,000
  leverage alice ALT 500
  leverage bob ALT 300
  leverage carol ALT 500
  buy alice ALT 10 @ 8,000,000
  position alice ALT posted=160,000,000 liquidation=6,454,545
  buy bob ALT 10 @ 10,000,000
  position bob ALT posted=333,333,334 liquidation=6,723,905
  buy carol ALT 6 @ 10,000,000
  position carol ALT posted=120,000,000 liquidation=8,063,973
  `,
  { market: smallPositions },
);

const binanceBrackets = venueMarket(
  { name: "USDT", scale: 0 },
  {
    brackets: tiers(
      [0n, 4_000n],
      [50_000n, 5_000n],
      [600_000n, 6_500n],
      [3_000_000n, 10_000n],
      [12_000_000n, 20_000n],
      [50_000_000n, 25_000n],
      [65_000_000n, 50_000n],
      [150_000_000n, 100_000n],
      [320_000_000n, 125_000n],
      [400_000_000n, 150_000n],
      [530_000_000n, 250_000n],
      [800_000_000n, 500_000n],
    ),
  },
  { ETH: { ...LINEAR, priceLimit: 10n ** 10n, marginTable: "brackets" } },
);

// Source: freqtrade binance_leverage_tiers.json at c9ae5e1e (brackets as captured from the exchange). Their amounts are
// 50; 950; 11,450; 131,450; 381,450; 2,006,450; 9,506,450; 17,506,450; 27,506,450; 80,506,450; 280,506,450.
rule(
  "MAR-013 Binance, the maintenance amounts of twelve brackets",
  `
  open alice cross
  buy alice ETH 1 @ 60,000
  position alice ETH MM=250                 # 300 - 50
  mark ETH 600,000
  position alice ETH MM=2,950               # 3,900 - 950
  mark ETH 3,000,000
  position alice ETH MM=18,550              # 30,000 - 11,450
  mark ETH 12,000,000
  position alice ETH MM=108,550             # 240,000 - 131,450
  mark ETH 50,000,000
  position alice ETH MM=868,550             # 1,250,000 - 381,450
  mark ETH 65,000,000
  position alice ETH MM=1,243,550           # 3,250,000 - 2,006,450
  mark ETH 150,000,000
  position alice ETH MM=5,493,550           # 15,000,000 - 9,506,450
  mark ETH 320,000,000
  position alice ETH MM=22,493,550          # 40,000,000 - 17,506,450
  mark ETH 400,000,000
  position alice ETH MM=32,493,550          # 60,000,000 - 27,506,450
  mark ETH 530,000,000
  position alice ETH MM=51,993,550          # 132,500,000 - 80,506,450
  mark ETH 800,000,000
  position alice ETH MM=119,493,550         # 400,000,000 - 280,506,450
  `,
  { market: binanceBrackets },
);

// Source: Binance FAQ ceccfcfb4e3a45e3b48b0b1bb1a8ae46: the level from 50 BTC at 5 %, after 2.5 % with an amount of
// 0.56 BTC, has 1.81 BTC. The levels below 28 BTC are ours, chosen to arrive at the 0.56.
rule(
  "MAR-013 Binance, a coin-margined level: maintenance amount 1.81 BTC",
  `
  open alice cross
  buy alice BTCUSD 600,000 @ 100,000        # 60 BTC: 3 - 1.81
  position alice BTCUSD value=-6,000,000,000 MM=119,000,000
  mark BTCUSD 125,000                       # 48 BTC: 1.2 - 0.56
  position alice BTCUSD value=-4,800,000,000 MM=64,000,000
  `,
  {
    market: venueMarket(
      { name: "BTC", scale: 8 },
      { coin: tiers([0n, 5_000n], [2_800_000_000n, 25_000n], [5_000_000_000n, 50_000n]) },
      { BTCUSD: { ...INVERSE, marginTable: "coin" } },
    ),
  },
);
