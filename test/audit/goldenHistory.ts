// What a golden journal tells: one of everything, in a market of coin-settled options and perpetuals. Drawn by a plain
// generator, so that the same version writes the same journal again.

import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type {
  AccountCommand,
  Control,
  ControlCommand,
  Fill,
  MarketEvent,
  PlaceHold,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
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
  return [...openings(), ...trading(), ...orders(), ...controls(), ...badInput(), ...ends()];
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

/** Orders that are held, amended, filled, released, refused; some end by themselves. */
function orders(): VenueInput[][] {
  const at = 44_000_000n;
  return [
    [
      ...marketAt(at, 40_000n),
      command("maker", "open", at, { $case: "openAccount", value: { marginMode: 2, regime: undefined } }),
      command("maker", "pay", at, { $case: "deposit", value: { currency: "BTC", amount: 5n * COIN } }),
    ],
    [
      place("maker", "first", at + 1n, { price: 3_900_000n, quantity: 1_000n }),
      place("maker", "market", at + 1n, { side: 2, quantity: 500n }),
      place("maker", "short-lived", at + 2n, { quantity: 70n, expiresAtUs: START_US + at + 6n }),
      place("maker", "until settled", at + 2n, { instrument: "BTC-FUT", price: 3_950_000n }),
      place("maker", "reducing", at + 2n, { side: 2, price: 4_100_000n, reduceOnly: true }),
      place("portfolio", "call", at + 2n, { instrument: "BTC-70000-C", price: 450n, quantity: 10n }),
    ],
    [
      command("maker", "amend first", at + 3n, {
        $case: "amendHold",
        value: { orderId: "first", quantity: 800n, price: 3_950_000n, expiresAtUs: START_US + at + 9_000_000n },
      }),
      command("maker", "release market", at + 3n, { $case: "releaseHold", value: { orderId: "market" } }),
      ...fillOf("first", 300n, at + 4n),
      ...fillOf("first", 500n, at + 5n),
      ...fillOf("first", 10n, at + 5n),
    ],
    [
      // Time passes by somebody else's event; the id of the order that ended by it is free again.
      command("thin", "later", at + 6n, { $case: "deposit", value: { currency: "BTC", amount: 1n } }),
      place("maker", "short-lived", at + 5n, { quantity: 70n }, "short-lived again"),
    ],
    marketAt(at + 7n, 40_100n),
    [
      place("maker", "until settled", at + 8n, {}, "taken"),
      place("maker", "first", at + 1n, { price: 3_900_000n, quantity: 1_000n }),
      place("maker", "first", at + 1n, { price: 3_900_000n, quantity: 1_001n }),
      place("maker", "too much", at + 8n, { price: 4_000_000n, quantity: 90_000_000n }),
      place("maker", "", at + 8n, {}),
      place("maker", "nowhere", at + 8n, { instrument: "DOGE" }),
      place("maker", "too late", at + 8n, { expiresAtUs: 1n }),
      place("nobody", "order", at + 8n, {}),
      command("maker", "amend nothing", at + 8n, {
        $case: "amendHold",
        value: { orderId: "nothing", quantity: 1n, price: undefined, expiresAtUs: undefined },
      }),
      command("maker", "amend too much", at + 8n, {
        $case: "amendHold",
        value: { orderId: "reducing", quantity: 90_000_000n, price: undefined, expiresAtUs: undefined },
      }),
      command("maker", "release nothing", at + 8n, { $case: "releaseHold", value: { orderId: "nothing" } }),
    ],
  ];
}

/** Limits, switches and overrides; an account that is stopped; commands that are refused. */
function controls(): VenueInput[][] {
  const at = 46_000_000n;
  const limit = (control: Control, value: bigint | undefined, burst = 0n): ControlCommand["command"] => {
    return { $case: "setLimit", value: { control, value, burst } };
  };
  const reduceOnly = (on: boolean): ControlCommand["command"] => ({ $case: "setSwitch", value: { switch: 4, on } });
  const override = (control: Control, expiryTimeUs: bigint, approvedBy = "grace"): ControlCommand["command"] => {
    return { $case: "setOverride", value: { control, approvedBy, expiryTimeUs } };
  };
  const inPerp = { instrument: "BTC-PERP" };
  const maker = { account: "maker" };
  const soon = START_US + at + 9n;
  return [
    [
      control("collar", at, limit(1, 100_000_000n), inPerp),
      control("quantity", at, limit(2, 1_000_000n)),
      control("notional", at, limit(3, 100n * COIN), { ...maker, currency: "BTC" }),
      control("rate", at, limit(4, 50n, 100n), maker),
      control("repeated", at, limit(12, 1n), maker),
      control("no collar", at, limit(1, undefined), { instrument: "BTC-FUT" }),
      control("only reduce", at, reduceOnly(true), { ...maker, instrument: "ETH-PERP" }),
      control("venue", at, reduceOnly(true)),
      control("venue again", at, reduceOnly(false)),
    ],
    [
      place("maker", "far", at + 1n, { price: 3_000_000n }),
      place("maker", "not permitted", at + 1n, { instrument: "ETH-PERP", price: 190_000n }),
      place("maker", "again", at + 1n, { price: 3_950_000n, quantity: 200n }),
      ...fillOf("again", 50n, at + 2n),
      ...fillOf("again", 50n, at + 3n),
      place("maker", "stopped", at + 4n, { price: 3_950_000n }),
    ],
    [
      control("go on", at + 5n, override(12, soon), maker),
      control("lift", at + 5n, override(1, soon), { ...maker, ...inPerp }),
      place("maker", "after all", at + 6n, { price: 3_000_000n }),
      control("end", at + 7n, override(1, 0n), { ...maker, ...inPerp }),
    ],
    marketAt(at + 10n, 40_200n),
    [
      control("go on", at + 5n, override(12, soon), maker),
      control("go on", at + 5n, override(12, soon + 1n), maker),
      control("alone", at + 11n, override(1, soon, "ada"), maker),
      control("over", at + 11n, override(1, soon), maker),
      control("wide", at + 11n, limit(11, 1n, 1n)),
      control("negative", at + 11n, limit(2, -1n)),
      control("unknown", at + 11n, limit(77 as Control, 1n)),
      control("beyond", at + 11n, limit(300 as Control, 1n)),
      control("nobody", at + 11n, limit(2, 1n), { account: "nobody" }),
      control("nowhere", at + 11n, limit(2, 1n), { instrument: "DOGE" }),
      control("no money", at + 11n, limit(3, 1n), { currency: "DOGE" }),
      control("nothing", at + 11n, undefined, maker),
      control("unnamed", at + 11n, limit(2, 1n), { by: "" }),
    ],
  ];
}

function control(
  commandId: string,
  atUs: bigint,
  body: ControlCommand["command"],
  { instrument = "", ...scope }: Partial<ControlCommand> & { readonly instrument?: string } = {},
): VenueInput {
  const value = { account: "", currency: "", by: "ada", reason: "golden", ...scope, commandId, command: body };
  return market(instrument, atUs, { $case: "control", value });
}

function place(
  account: string,
  orderId: string,
  atUs: bigint,
  terms: Partial<PlaceHold>,
  commandId = `place ${orderId}`,
): VenueInput {
  const plain = { instrument: "BTC-PERP", side: 1, quantity: 100n, price: undefined, reduceOnly: false } as const;
  const value = { ...plain, expiresAtUs: undefined, ...terms, orderId };
  return command(account, commandId, atUs, { $case: "placeHold", value });
}

/** Part of an order of "maker" is bought. */
function fillOf(orderId: string, lots: bigint, atUs: bigint): VenueInput[] {
  const id = `${orderId} at ${atUs}, ${lots}`;
  return [
    fill("maker", id, "BTC-PERP", 1, lots, 3_950_000n, atUs, { orderId }),
    fill("seller", id, "BTC-PERP", 2, lots, 3_950_000n, atUs),
  ];
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
