import { ContractKind, Liquidity, MarginMode, Side } from "../generated/proto/plimsoll/v1/venue_events.ts";
import { genesis, ownInput } from "../services/engine/genesis.ts";
import { Shard } from "../services/engine/shard.ts";
import { Drawing } from "../services/ingest/drawing.ts";
import type { VenueInput } from "../services/ingest/source.ts";
import { kernelBinary } from "../services/kernel/binary.ts";
import { Kernel } from "../services/kernel/kernel.ts";
import type { MarketDocument } from "../services/markets/market.ts";

/** A mark of an instrument, by number, in price units. */
export interface Tick {
  readonly instrument: number;
  readonly price: number;
}

export const TIME_US = 1_767_225_600_000_000n;

const percent = (value: number): bigint => BigInt(Math.round(value * 1e7));
const CENTS = 100n;
const SATOSHI = 100_000_000n;

/**
 * Money in cents and satoshi, positions up to a million dollars, inverse ones up to two coins: every product of the
 * margin rules then stays below 2^53, so that doubles are exact and TypeScript with plain numbers is a fair opponent.
 */
const MARKET: MarketDocument = {
  id: "revaluation",
  currencies: [
    { name: "USD", scale: 2 },
    { name: "XBT", scale: 8 },
  ],
  marginTables: [
    { name: "usd", regime: "bench", tiers: tiers([0n, 50_000n, 250_000n, 1_000_000n, 5_000_000n], CENTS) },
    { name: "xbt", regime: "bench", tiers: tiers([0n, 1n, 2n, 4n, 8n], SATOSHI / 4n) },
  ],
  scenarioGrids: [
    {
      name: "moves-30",
      regime: "bench",
      movesE9: [-30, -25, -20, -15, -10, -7.5, -5, -2.5, 0, 2.5, 5, 7.5, 10, 15, 20, 25, 30].map(percent),
    },
  ],
  instruments: [
    linear("BTC-PERP", 1, 3, 10_000_000n),
    linear("ETH-PERP", 2, 2, 100_000_000n),
    linear("SOL-PERP", 3, 1, 1_000_000_000n),
    {
      name: "BTC-USD",
      listing: {
        ...terms("XBT", "xbt"),
        kind: ContractKind.INVERSE,
        priceScale: 1,
        quantityScale: 0,
        priceLimit: 10_000_000n,
        quantityLimit: 1_000_000n,
      },
    },
  ],
};

/** In units of 10^-1, 10^-2, 10^-3 and 10^-1 dollars. */
const BASE_PRICES = [610_000, 320_000, 150_000, 610_000] as const;
/** Size of a position of one dollar, in quantity units. */
const UNITS_PER_DOLLAR = [1_000 / 61_000, 100 / 3_200, 10 / 150, 1] as const;
const MOST_DOLLARS = [650_000, 650_000, 650_000, 70_000] as const;

/** Accounts that each hold every instrument, one of the four isolated, the others in their pools. */
export function openShard(accounts: number, binary = kernelBinary()): Shard {
  const capacities = { accounts: accounts + 8, pools: accounts * 2 + 16, positions: accounts * 4, instruments: 8 };
  const shard = new Shard(Kernel.create(binary, { ...capacities, identities: accounts * 16 }));
  shard.fold(genesis("revaluation", shard.kernel.capacities, MARKET));
  shard.fold(marks(BASE_PRICES.map((price, instrument) => ({ instrument, price }))).map(ownInput));
  const drawing = new Drawing(1);
  for (let account = 0; account < accounts; account++) shard.fold(trader(account, drawing).map(ownInput));
  return shard;
}

/** Moves of a tenth of a per cent around the first marks, by turns; played again, they stay within the price band. */
export function tickPath(count: number): Tick[] {
  const drawing = new Drawing(2);
  return Array.from({ length: count }, (_, tick) => {
    const instrument = tick % BASE_PRICES.length;
    const move = 0.002 * (drawing.uniform(0, tick, 0) - 0.5);
    return { instrument, price: Math.round(BASE_PRICES[instrument]! * (1 + move)) };
  });
}

function marks(ticks: readonly Tick[]): VenueInput[] {
  return ticks.map(({ instrument, price }) => ({
    kind: "market",
    event: {
      instrument: MARKET.instruments[instrument]!.name,
      eventTimeUs: TIME_US,
      event: { $case: "markPrice", value: { price: BigInt(price) } },
    },
  }));
}

function trader(number: number, drawing: Drawing): VenueInput[] {
  const account = `trader-${number}`;
  let commands = 0;
  const command = (command: Extract<VenueInput, { kind: "account" }>["command"]["command"]): VenueInput => ({
    kind: "account",
    command: { account, commandId: String(commands++), eventTimeUs: TIME_US, command },
  });
  // From about the requirement of the positions to many times it, so that ticks change some states and not all.
  const dollars = 20_000 * drawing.logNormal(1, 0, number, 0);
  const wealth = 0.012 + 0.4 * drawing.uniform(0, number, 12) ** 3;
  const inputs = [
    command({ $case: "openAccount", value: { marginMode: MarginMode.CROSS } }),
    command({ $case: "deposit", value: { currency: "USD", amount: BigInt(Math.ceil(dollars * 300 * wealth)) } }),
    command({ $case: "deposit", value: { currency: "XBT", amount: BigInt(Math.ceil(dollars * 1_640 * wealth)) } }),
  ];
  for (const [instrument, { name }] of MARKET.instruments.entries()) {
    if ((number + instrument) % 4 === 0) {
      const value = { instrument: name, marginMode: MarginMode.ISOLATED };
      inputs.push(command({ $case: "setMarginMode", value }));
    }
    const size =
      Math.min(dollars, MOST_DOLLARS[instrument]!) *
      UNITS_PER_DOLLAR[instrument]! *
      (0.5 + drawing.uniform(2, number, instrument));
    inputs.push({
      kind: "fill",
      fill: {
        venue: "bench",
        tradeId: `${number}-${instrument}`,
        account,
        instrument: name,
        side: drawing.below(2, 3, number, instrument) === 0 ? Side.BUY : Side.SELL,
        quantity: BigInt(Math.max(1, Math.round(size))),
        price: BigInt(BASE_PRICES[instrument]!),
        liquidity: Liquidity.MAKER,
        liquidation: false,
        eventTimeUs: TIME_US,
        orderId: "",
      },
    });
    // Raised after the fill: what was posted at 10x is then more than is required, as for most who trade isolated.
    const leverageE2 = 100 * (12 + drawing.below(80, 1, number, instrument));
    inputs.push(command({ $case: "setLeverage", value: { instrument: name, leverageE2 } }));
  }
  return inputs;
}

function tiers(floors: readonly bigint[], unit: bigint): MarketDocument["marginTables"][number]["tiers"] {
  const initial = [1, 2, 4, 5, 10];
  const maintenance = [0.4, 0.5, 1, 2.5, 5];
  return floors.map((floor, index) => ({
    floor: floor * unit,
    initialRateE9: percent(initial[index]!),
    maintenanceRateE9: percent(maintenance[index]!),
  }));
}

function linear(
  name: string,
  priceScale: number,
  quantityScale: number,
  priceLimit: bigint,
): MarketDocument["instruments"][number] {
  const kind = ContractKind.LINEAR;
  const listing = { ...terms("USD", "usd"), kind, priceScale, quantityScale, priceLimit, quantityLimit: 1_000_000n };
  return { name, listing };
}

function terms(settlementCurrency: string, marginTable: string) {
  return {
    settlementCurrency,
    marginTable,
    scenarioGrid: "moves-30",
    tick: 1n,
    lot: 1n,
    multiplierNumerator: 1n,
    multiplierDenominator: 1n,
    expiryTimeUs: 0n,
    makerFeeRateE9: 0n,
    takerFeeRateE9: 0n,
    liquidationFeeRateE9: 0n,
    allowsNonPositivePrices: false,
    priceBandE9: percent(10),
    staleAfterUs: 0n,
    defaultLeverageE2: 1_000,
  };
}
