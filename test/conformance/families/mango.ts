// Mango v4: health of an account in native units, from the tests of the program.

import { near, type Tolerance } from "../checks.ts";
import { difference, isZero, plain, product, quotient, sum } from "../decimalText.ts";
import type { Bench, Check, Family, PublishedCase } from "../family.ts";

const REGIME = "mango-v4-2024-03";

type Text = string | number;
type Given = Readonly<Record<string, unknown>>;

/** The source compares to a thousandth; its own numbers are cut at 2^-48. */
const ALLOWED: Tolerance = { absolute: "1e-7", told: "1e-7 (the source's)" };

interface Parts {
  readonly currencies: Record<string, unknown>;
  readonly instruments: Record<string, unknown>;
  readonly positions: unknown[];
  readonly orders: unknown[];
  readonly inputs: Record<string, Record<string, string>>;
  readonly parameters: Record<string, Record<string, string>>;
}

function emptyParts(quote: string): Parts {
  return {
    currencies: {},
    instruments: {},
    positions: [],
    orders: [],
    inputs: {},
    parameters: { quote: { [quote]: "1" } },
  };
}

function put(into: Record<string, Record<string, string>>, name: string, key: string, value: unknown): void {
  if (value === undefined || value === null) return;
  into[name] = { ...into[name], [key]: plain(value as Text) };
}

/** Published name of a weight, by the parameter's name. */
const TOKEN_WEIGHTS: Readonly<Record<string, string>> = {
  initial_asset_weight: "init_asset_weight",
  initial_liability_weight: "init_liab_weight",
  maintenance_asset_weight: "maint_asset_weight",
  maintenance_liability_weight: "maint_liab_weight",
};

const PERPETUAL_WEIGHTS: Readonly<Record<string, string>> = {
  perpetual_initial_asset_weight: "init_base_asset_weight",
  perpetual_initial_liability_weight: "init_base_liab_weight",
  perpetual_maintenance_asset_weight: "maint_base_asset_weight",
  perpetual_maintenance_liability_weight: "maint_base_liab_weight",
  profit_initial_weight: "init_overall_asset_weight",
  profit_maintenance_weight: "maint_overall_asset_weight",
};

const BANK: Readonly<Record<string, string>> = {
  bank_borrows: "borrows",
};

const BANK_STARTS: Readonly<Record<string, string>> = {
  deposit_scale_start: "deposit_weight_scale_start_quote",
  borrow_scale_start: "borrow_weight_scale_start_quote",
};

function addToken(parts: Parts, name: string, balance: unknown, price: Text, weights: Given): void {
  parts.currencies[name] = { balance: plain((balance as Text | undefined) ?? 0), price: plain(price) };
  for (const [parameter, published] of Object.entries(TOKEN_WEIGHTS)) {
    put(parts.parameters, parameter, name, weights[published]);
  }
}

function addBank(parts: Parts, token: string, settings: Given): void {
  const { deposits = 0, potential_serum_tokens = 0 } = settings as { deposits?: Text; potential_serum_tokens?: Text };
  put(parts.inputs, "bank_deposits", token, sum(deposits, potential_serum_tokens));
  for (const [input, published] of Object.entries(BANK)) put(parts.inputs, input, token, settings[published]);
  for (const [parameter, published] of Object.entries(BANK_STARTS)) {
    put(parts.parameters, parameter, token, settings[published]);
  }
}

function addSpotOrders(parts: Parts, base: string, quote: string, held: Given): void {
  const name = `${base}/${quote}`;
  parts.instruments[name] = { product: "spot", underlying: base, settlement: base };
  parts.positions.push({ instrument: name, quantity: "0" });
  put(parts.inputs, "reserved_base", name, held[`reserved_base_${base}`] ?? held["reserved_base"]);
  put(parts.inputs, "reserved_quote", name, held[`reserved_quote_${quote}`] ?? held["reserved_quote"]);
  put(parts.inputs, "lowest_ask", name, held["lowest_placed_ask"]);
  const inverse = held["highest_placed_bid_inv"] as Text | undefined;
  const highest = inverse === undefined || isZero(inverse) ? undefined : quotient(1, inverse);
  put(parts.inputs, "highest_bid", name, held["highest_placed_bid"] ?? highest);
}

interface Perpetual {
  readonly underlying: string;
  readonly settlement: string;
  readonly lot: Text;
  readonly quoteLot: Text;
  readonly price: Text;
  readonly weights: Given;
  readonly held: Given;
}

function addPerpetual(parts: Parts, { underlying, settlement, lot, quoteLot, price, weights, held }: Perpetual): void {
  const name = `${underlying}-PERP`;
  const text = (key: string) => (held[key] as Text | undefined) ?? 0;
  const lots = sum(text("base_lots"), text("taker_base_lots"));
  const cash = sum(text("quote"), product(text("taker_quote_lots"), quoteLot));
  parts.instruments[name] = {
    product: "perpetual",
    underlying,
    settlement,
    multiplier: plain(lot),
    mark: plain(price),
  };
  parts.positions.push({ instrument: name, quantity: lots, profit: sum(product(lots, lot, price), cash) });
  for (const [side, key] of [
    ["buy", "bids_base_lots"],
    ["sell", "asks_base_lots"],
  ] as const) {
    if (!isZero(text(key)))
      parts.orders.push({ instrument: name, side, quantity: plain(text(key)), price: plain(price) });
  }
  for (const [parameter, published] of Object.entries(PERPETUAL_WEIGHTS)) {
    put(parts.parameters, parameter, name, weights[published]);
  }
}

function healthOf({ parameters, ...book }: Parts, bench: Bench): Readonly<Record<string, string>> {
  const margined = bench.margin(REGIME, book, { parameters });
  return {
    init: margined.value("health_initial"),
    maint: margined.value("health_maintenance"),
    liquidation_end: margined.value("health_end"),
  };
}

function runConstellation({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const { tokens, perp } = inputs.env;
  const quote = String(perp?.settle_token ?? tokens[0].name);
  const parts = emptyParts(quote);
  for (const token of tokens) addToken(parts, token.name, inputs[token.name], token.price, token);
  for (const [key, value] of Object.entries(inputs as Given)) {
    const [, base, priced] = /^spot_open_orders_([^_]+)_([^_]+)$/.exec(key) ?? [];
    if (base !== undefined && priced !== undefined) addSpotOrders(parts, base, priced, value as Given);
    if (key.startsWith("bank_settings") && Array.isArray(value)) {
      for (const [number, settings] of value.entries()) addBank(parts, tokens[number].name, settings as Given);
    }
  }
  if (perp !== undefined && inputs.perp_position !== undefined) {
    addPerpetual(parts, {
      underlying: perp.oracle,
      settlement: quote,
      lot: perp.base_lot_size,
      quoteLot: perp.quote_lot_size ?? 1,
      price: perp.price,
      weights: perp,
      held: inputs.perp_position,
    });
  }
  return compare(healthOf(parts, bench), expected, "init");
}

function compare(health: Readonly<Record<string, string>>, expected: Given, kind: string): readonly Check[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const [, named] = /^(init|maint|liquidation_end)_health$/.exec(name) ?? [];
    if (named !== undefined) return [near(name, value as Text, health[named]!, ALLOWED)];
    if (name === "health") return [near(name, value as Text, health[kind]!, ALLOWED)];
    const [, over, under = "1"] = /^(-?\d+)(?:\/(\d+))?$/.exec(String(value)) ?? [];
    if (!name.endsWith("exact_fraction") || over === undefined) return [];
    return [near(name, quotient(over, under), health[kind]!, { absolute: "1e-12" })];
  });
}

/** What stands under a name or, by itself, with that name before it: "perp": {"quote": ..} or "perp_quote": .. */
function perpetualHeld(inputs: Given): Given | undefined {
  const nested = inputs["perp"] ?? inputs["perp_position"];
  const held: Record<string, unknown> = { ...(typeof nested === "object" && nested !== null ? nested : {}) };
  for (const key of ["base_lots", "quote", "bids_base_lots", "asks_base_lots", "taker_base_lots", "taker_quote_lots"]) {
    held[key] ??= inputs[`perp_${key}`] ?? inputs[key];
  }
  return held["base_lots"] === undefined && held["quote"] === undefined ? undefined : held;
}

/** A liability weight lies as far above 1 as the asset weight lies below it, as in the source's test banks. */
function mirrored(assetWeight: unknown): string | undefined {
  return assetWeight === undefined ? undefined : difference(2, assetWeight as Text);
}

function runStablePrice({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const parts = emptyParts("token");
  const weightsFrom = (prefix: string, names: Readonly<Record<string, string>>): Given =>
    Object.fromEntries(Object.values(names).map((published) => [published, inputs[`${prefix}${published}`]]));
  addToken(parts, "token", inputs.token, inputs.oracle_price, weightsFrom("token_", TOKEN_WEIGHTS));
  put(parts.inputs, "stable_price", "token", inputs.stable_price);
  const held = perpetualHeld(inputs);
  if (held !== undefined) {
    const weights = weightsFrom("perp_", PERPETUAL_WEIGHTS);
    addPerpetual(parts, {
      underlying: "token",
      settlement: "token",
      lot: inputs.base_lot_size ?? 1,
      quoteLot: inputs.quote_lot_size ?? 1,
      price: inputs.oracle_price,
      weights: {
        ...weights,
        init_base_liab_weight: weights["init_base_liab_weight"] ?? mirrored(weights["init_base_asset_weight"]),
        maint_base_liab_weight: weights["maint_base_liab_weight"] ?? mirrored(weights["maint_base_asset_weight"]),
      },
      held,
    });
    put(parts.inputs, "perpetual_stable_price", "token-PERP", inputs.stable_price);
  }
  return compare(healthOf(parts, bench), expected, String(inputs.health_type));
}

export const families: readonly Family[] = [
  {
    name: "Mango v4 health",
    regimes: [REGIME],
    matches: ({ family }) => family === "mango-health",
    run: runConstellation,
  },
  {
    name: "Mango v4 stable price",
    regimes: [REGIME],
    matches: ({ family }) => family === "mango-stable-price",
    run: runStablePrice,
  },
];
