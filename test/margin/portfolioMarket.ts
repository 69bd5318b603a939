import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AccountCommand,
  ContractKind,
  type InstrumentListing,
  type MarketEvent,
  OptionType,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { PlacedInput } from "../../services/engine/engineInput.ts";
import { genesis } from "../../services/engine/genesis.ts";
import { Shard } from "../../services/engine/shard.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import type { MarketDocument } from "../../services/markets/market.ts";

export const START_US = 1_770_000_000_000_000n;
const CAPACITIES = { accounts: 64, pools: 256, positions: 512, instruments: 64, identities: 4096 };

const BASE: InstrumentListing = {
  kind: ContractKind.INVERSE,
  settlementCurrency: "BTC",
  priceScale: 2,
  quantityScale: 0,
  tick: 1n,
  lot: 1n,
  multiplierNumerator: 1n,
  multiplierDenominator: 1n,
  expiryTimeUs: 0n,
  makerFeeRateE9: 0n,
  takerFeeRateE9: 0n,
  liquidationFeeRateE9: 0n,
  priceLimit: 10n ** 8n,
  quantityLimit: 10n ** 8n,
  allowsNonPositivePrices: false,
  priceBandE9: 0n,
  staleAfterUs: 60_000_000n,
  marginTable: "coin",
  scenarioGrid: "grid",
  defaultLeverageE2: 1000,
  underlying: "BTC",
};

export const EXPIRY_US = START_US + 25n * 86_400_000_000n;

const FUTURE: InstrumentListing = { ...BASE, expiryTimeUs: EXPIRY_US };

/** Priced and settled in coins, four digits; strikes in USD. */
function option(optionType: OptionType, strike: bigint): InstrumentListing {
  const strikeE8 = strike * 10n ** 8n;
  const scales = { priceScale: 4, quantityScale: 1, priceLimit: 10n ** 6n, quantityLimit: 10n ** 6n };
  return { ...BASE, ...scales, expiryTimeUs: EXPIRY_US, optionType, strikeE8 };
}

export function regimeText(id: string): string {
  return readFileSync(join(import.meta.dirname, "../../regimes", `${id}.yaml`), "utf8");
}

/** Coin-settled BTC: perpetual, future, options; ETH perpetual; collateral in BTC, ETH and USD. */
export function optionMarket(regimes: Readonly<Record<string, string>>): MarketDocument {
  const coin = {
    name: "coin",
    regime: "test",
    tiers: [{ floor: 0n, initialRateE9: 20_000_000n, maintenanceRateE9: 10_000_000n }],
  };
  return {
    id: "options",
    currencies: [
      { name: "BTC", scale: 8 },
      { name: "ETH", scale: 8 },
      { name: "USD", scale: 2 },
    ],
    marginTables: [coin],
    scenarioGrids: [{ name: "grid", regime: "test", movesE9: [-100_000_000n, 0n, 100_000_000n] }],
    instruments: [
      { name: "BTC-PERP", listing: BASE },
      { name: "BTC-FUT", listing: FUTURE },
      { name: "BTC-70000-C", listing: option(OptionType.CALL, 70_000n) },
      { name: "BTC-60000-P", listing: option(OptionType.PUT, 60_000n) },
      { name: "ETH-PERP", listing: { ...BASE, settlementCurrency: "ETH", underlying: "ETH" } },
    ],
    regimes: Object.entries(regimes).map(([name, id]) => ({ name, text: regimeText(id), effectiveUs: 0n })),
  };
}

let sequence = 0;

/** The same steps have the same identities again. */
export function restartIdentities(): void {
  sequence = 0;
}

export function placed(input: PlacedInput["input"]): PlacedInput {
  return { span: 0, offset: 0, eventTimeUs: 0, input };
}

export function market(name: string, atUs: bigint, event: NonNullable<MarketEvent["event"]>): PlacedInput {
  return placed({ kind: "market", event: { instrument: name, eventTimeUs: START_US + atUs, event } });
}

export function index(name: string, price: bigint, atUs: bigint): PlacedInput {
  return market(name, atUs, { $case: "indexPrice", value: { priceE8: price * 10n ** 8n } });
}

export function mark(name: string, price: bigint, atUs: bigint, extras = {}): PlacedInput {
  return market(name, atUs, { $case: "markPrice", value: { price, ...extras } });
}

/** Volatility in percent, forward in USD. */
export function optionMark(name: string, price: bigint, percent: bigint, forward: bigint, atUs: bigint): PlacedInput {
  return mark(name, price, atUs, { volatilityE9: percent * 10n ** 7n, forwardE8: forward * 10n ** 8n });
}

export function command(account: string, body: NonNullable<AccountCommand["command"]>, atUs = 0n): PlacedInput {
  const commandId = `command-${++sequence}`;
  return placed({ kind: "account", command: { account, commandId, eventTimeUs: START_US + atUs, command: body } });
}

export function fill(account: string, instrument: string, quantity: bigint, price: bigint, atUs: bigint): PlacedInput {
  return placed({
    kind: "fill",
    fill: {
      venue: "test",
      tradeId: `trade-${++sequence}`,
      account,
      instrument,
      side: quantity > 0n ? 1 : 2,
      quantity: quantity > 0n ? quantity : -quantity,
      price,
      liquidity: 2,
      liquidation: false,
      fee: undefined,
      eventTimeUs: START_US + atUs,
      orderId: "",
    },
  });
}

export function openShard(document: MarketDocument, build: "release" | "debug" = "release"): Shard {
  const shard = new Shard(Kernel.create(kernelBinary(build), CAPACITIES));
  shard.fold(genesis("test", CAPACITIES, document));
  return shard;
}

/** Marks and indices of everything, at one moment. */
export function marketAt(atUs: bigint, btc = 66_000n): PlacedInput[] {
  return [
    index("BTC", btc, atUs),
    index("ETH", 1950n, atUs),
    mark("BTC-PERP", btc * 100n + 1000n, atUs),
    mark("BTC-FUT", btc * 100n + 20_000n, atUs),
    optionMark("BTC-70000-C", 450n, 62n, btc + 200n, atUs),
    optionMark("BTC-60000-P", 300n, 70n, btc + 200n, atUs),
    mark("ETH-PERP", 195_100n, atUs),
  ];
}
