// What a golden journal tells: one of everything, in a market of coin-settled options and perpetuals. Drawn by a plain
// generator, so that the same version writes the same journal again.

import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountCommand, Fill, MarketEvent } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { EXPIRY_US, optionMarket, regimeText, START_US } from "../margin/portfolioMarket.ts";

export const GOLDEN_MARKET = optionMarket({
  portfolio: "deribit-portfolio-2026-02",
  standard: "deribit-standard-2026-01",
});
export const GOLDEN_CAPACITIES = { accounts: 24, pools: 64, positions: 96, instruments: 8, identities: 256 };

const COIN = 100_000_000n;
const ACCOUNTS = ["isolated", "crossed", "portfolio", "standard", "seller", "thin"] as const;

/** Everything, in stretches that become batches. */
export function goldenHistory(): VenueInput[][] {
  return [...openings(), ...trading(), ...badInput(), ...ends()];
}

function openings(): VenueInput[][] {
  const modes: Record<(typeof ACCOUNTS)[number], readonly [1 | 2 | 3, string?]> = {
    isolated: [1],
    crossed: [2],
    portfolio: [3, "portfolio"],
    standard: [3, "standard"],
    seller: [3, "portfolio"],
    thin: [2],
  };
  return [
    marketAt(1n, 66_000n),
    ...ACCOUNTS.map((name) => {
      const [marginMode, regime] = modes[name];
      return [
        command(name, "open", 2n, { $case: "openAccount", value: { marginMode, regime } }),
        command(name, "pay", 2n, {
          $case: "deposit",
          value: { currency: "BTC", amount: name === "thin" ? 2n * COIN : 50n * COIN },
        }),
        command(name, "eth", 2n, { $case: "deposit", value: { currency: "ETH", amount: 100n * COIN } }),
      ];
    }),
    [
      command("isolated", "leverage", 3n, { $case: "setLeverage", value: { instrument: "BTC-PERP", leverageE2: 500 } }),
      command("crossed", "mode", 3n, {
        $case: "setMarginMode",
        value: { instrument: "ETH-PERP", marginMode: 1, regime: undefined },
      }),
      command("crossed", "take", 3n, { $case: "withdrawal", value: { currency: "BTC", amount: COIN } }),
    ],
  ];
}

function trading(): VenueInput[][] {
  const stretches: VenueInput[][] = [];
  let seed = 20_260_102;
  const draw = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let btc = 66_000n;
  for (let step = 0; step < 36; step++) {
    const at = 1_000_000n * BigInt(step + 1);
    btc += BigInt(draw(2_400)) - (step > 18 ? 1_700n : 1_000n);
    const [buyer, seller] = [ACCOUNTS[draw(6)]!, ACCOUNTS[draw(6)]!];
    const lots = BigInt(100 + draw(20_000));
    const options = step % 5 === 0;
    stretches.push([
      ...marketAt(at, btc),
      ...trade(`perp ${step}`, "BTC-PERP", buyer, seller, lots, btc * 100n + 1000n, at + 1n),
      ...(options ? trade(`call ${step}`, "BTC-70000-C", "portfolio", "seller", 10n, 450n, at + 2n) : []),
      ...(step % 7 === 0
        ? trade(`future ${step}`, "BTC-FUT", "crossed", "standard", 500n, btc * 100n + 20_000n, at + 3n)
        : []),
      ...(step % 9 === 4
        ? [market("BTC-PERP", at + 4n, { $case: "funding", value: { rateE9: BigInt(draw(400_000) - 200_000) } })]
        : []),
    ]);
  }
  const end = 40_000_000n;
  stretches.push(
    // Ten times leveraged and isolated; sold at half the price, the loss goes beyond what it posted: insurance pays.
    trade("doomed", "ETH-PERP", "isolated", "seller", 10_000n, 195_100n, end - 3n),
    trade("doom", "ETH-PERP", "seller", "isolated", 10_000n, 97_500n, end - 2n),
    trade("thin goes long", "BTC-PERP", "thin", "seller", 400_000n, btc * 100n + 1000n, end),
    marketAt(end + 1n, (btc * 85n) / 100n),
    [
      fill("thin", "liquidation", "BTC-PERP", 2, 200_000n, btc * 85n + 1000n, end + 2n, { liquidation: true }),
      fill("seller", "liquidation", "BTC-PERP", 1, 200_000n, btc * 85n + 1000n, end + 2n),
    ],
    marketAt(end + 3n, (btc * 60n) / 100n),
    [
      command("isolated", "post", end + 4n, {
        $case: "moveCollateral",
        value: { instrument: "BTC-PERP", amount: COIN / 100n },
      }),
    ],
  );
  return stretches;
}

function badInput(): VenueInput[][] {
  const at = 50_000_000n;
  const regime = (document: string, effectiveTimeUs: bigint): VenueInput =>
    market("portfolio", at + 1n, { $case: "regime", value: { document, effectiveTimeUs } });
  const listing = GOLDEN_MARKET.instruments[0]!.listing;
  return [
    [
      fill("thin", "liquidation", "BTC-PERP", 2, 200_000n, 1n, 1n),
      fill("nobody", "stranger", "BTC-PERP", 1, 1n, 100n, at),
      fill("isolated", "no lot", "BTC-PERP", 1, 0n, 100n, at),
      fill("isolated", "out of time", "BTC-PERP", 1, 1n, 100n, -START_US),
      command("isolated", "pay", 2n, { $case: "deposit", value: { currency: "BTC", amount: 50n * COIN } }),
      command("isolated", "greedy", at, { $case: "withdrawal", value: { currency: "BTC", amount: 10n ** 15n } }),
      command("isolated", "empty", at, undefined),
      command("", "nameless", at, { $case: "deposit", value: { currency: "BTC", amount: 1n } }),
      command("crossed", "open", at, { $case: "openAccount", value: { marginMode: 1, regime: undefined } }),
      market("BTC-PERP", at, undefined),
      market("DOGE", at, { $case: "markPrice", value: { price: 1n } }),
      market("DOGE", at, { $case: "indexPrice", value: { priceE8: 1n } }),
      market("BTC-PERP", 5n, { $case: "markPrice", value: { price: 100n } }),
      market("WRONG", at, { $case: "listing", value: { ...listing, multiplierNumerator: 0n } }),
      market("BTC-PERP", at, { $case: "listing", value: listing }),
      {
        kind: "unreadable",
        reason: RefusalReason.NOT_A_NUMBER,
        detail: 'price "x"',
        record: new Uint8Array([1, 2, 3]),
      },
    ],
    [
      regime("id: nothing", 0n),
      regime(regimeText("deribit-standard-2026-01"), START_US + at + 10n),
      regime(regimeText("deribit-standard-2026-01"), START_US + at + 20n),
      market("BTC-80000-C", at + 2n, {
        $case: "listing",
        value: { ...GOLDEN_MARKET.instruments[2]!.listing, strikeE8: 80_000n * COIN },
      }),
      command("late", "open", at + 3n, { $case: "openAccount", value: { marginMode: 2, regime: undefined } }),
    ],
    // An option without a mark: what the account requires cannot be said until one comes.
    trade("in the dark", "BTC-80000-C", "portfolio", "seller", 10n, 200n, at + 4n),
    [
      market("BTC-80000-C", at + 5n, {
        $case: "markPrice",
        value: { price: 200n, volatilityE9: 65n * 10n ** 7n, forwardE8: 50_200n * COIN },
      }),
    ],
    marketAt(at + 15n, 50_000n),
    [
      command("seller", "mode", at + 16n, {
        $case: "setMarginMode",
        value: { instrument: "", marginMode: 2, regime: undefined },
      }),
    ],
  ];
}

function ends(): VenueInput[][] {
  const at = EXPIRY_US - START_US;
  return [
    [
      market("BTC-70000-C", at, { $case: "settlement", value: { price: 0n, underlyingPriceE8: 77_000n * COIN } }),
      market("BTC-FUT", at + 1n, { $case: "settlement", value: { price: 7_700_000n, underlyingPriceE8: undefined } }),
      market("BTC-FUT", at + 2n, { $case: "settlement", value: { price: 7_700_000n, underlyingPriceE8: undefined } }),
      fill("crossed", "after the end", "BTC-FUT", 1, 1n, 7_700_000n, at + 3n),
    ],
    marketAt(at + 4n, 77_000n),
  ];
}

function marketAt(atUs: bigint, btc: bigint): VenueInput[] {
  const index = (name: string, price: bigint) =>
    market(name, atUs, { $case: "indexPrice", value: { priceE8: price * COIN } });
  const mark = (name: string, price: bigint, volatility?: bigint) => {
    const extras =
      volatility === undefined ? {} : { volatilityE9: volatility * 10n ** 7n, forwardE8: (btc + 200n) * COIN };
    return market(name, atUs, { $case: "markPrice", value: { price, ...extras } });
  };
  return [
    index("BTC", btc),
    index("ETH", 1950n),
    mark("BTC-PERP", btc * 100n + 1000n),
    mark("BTC-FUT", btc * 100n + 20_000n),
    mark("BTC-70000-C", 450n, 62n),
    mark("BTC-60000-P", 300n, 70n),
    mark("ETH-PERP", 195_100n),
  ];
}

function trade(
  id: string,
  instrument: string,
  buyer: string,
  seller: string,
  lots: bigint,
  price: bigint,
  atUs: bigint,
): VenueInput[] {
  if (buyer === seller) return [];
  return [fill(buyer, id, instrument, 1, lots, price, atUs), fill(seller, id, instrument, 2, lots, price, atUs)];
}

function fill(
  account: string,
  tradeId: string,
  instrument: string,
  side: 1 | 2,
  quantity: bigint,
  price: bigint,
  atUs: bigint,
  changes: Partial<Fill> = {},
): VenueInput {
  const eventTimeUs = START_US + atUs;
  const rest = { liquidity: side, liquidation: false, fee: undefined, orderId: `order of ${tradeId}` };
  return {
    kind: "fill",
    fill: { venue: "golden", tradeId, account, instrument, side, quantity, price, eventTimeUs, ...rest, ...changes },
  };
}

function market(instrument: string, atUs: bigint, event: MarketEvent["event"]): VenueInput {
  return { kind: "market", event: { instrument, eventTimeUs: START_US + atUs, event } };
}

function command(account: string, commandId: string, atUs: bigint, body: AccountCommand["command"]): VenueInput {
  return { kind: "account", command: { account, commandId, eventTimeUs: START_US + atUs, command: body } };
}
