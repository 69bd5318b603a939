// Cases of Derive's standard manager: an account in up to two markets, and the net margins that the contracts return.

import { near } from "../checks.ts";
import { difference, product, sum } from "../decimalText.ts";
import type { Bench, Check, PublishedCase } from "../family.ts";
import { type Fields, type Figure, figure, given } from "../figures.ts";
import { isCall, optionInstrument, TIME, VOLATILITY_LIMIT } from "./options.ts";
import { isWholeDollars, wholeDollars } from "./wholeDollars.ts";

const REGIME = "derive-srm";

/** Name of a parameter of the cases -> of ours. */
const PARAMETERS: Readonly<Record<string, string>> = {
  oc_factor: "oracle_factor",
  base_im_scale: "base_im_scale",
};

function parametersOf(given_: Fields, known: readonly string[]): Record<string, unknown> {
  const renamed = Object.entries(given_).map(([name, value]) => [PARAMETERS[name] ?? name, value] as const);
  return Object.fromEntries(renamed.filter(([name]) => known.includes(name)));
}

/** A list with the market in each entry, or a map by market: one entry for each market. */
function byMarket(entries: unknown): readonly (readonly [market: string, entry: unknown])[] {
  if (entries === undefined || entries === null) return [];
  if (Array.isArray(entries)) return entries.map((entry) => [marketOf(entry), entry]);
  return Object.entries(entries as Fields).map(([market, entry]) => [market.toUpperCase(), entry]);
}

function marketOf(entry: unknown): string {
  return String(given(entry, "underlying", "market", "asset") ?? "ETH").toUpperCase();
}

interface Market {
  readonly spot: Figure;
  readonly perp: Figure;
  readonly spotConfidence: Figure;
  readonly perpConfidence: Figure;
}

function marketsOf(inputs: Fields): ReadonlyMap<string, Market> {
  const perps = new Map(byMarket(given(inputs, "perp_price", "perp_prices")));
  const pairs = new Map(byMarket(given(inputs, "spot_perp_confidence", "spot_perp_confidences")));
  return new Map(
    byMarket(given(inputs, "spot", "spot_price")).map(([market, spot]) => {
      const [spotConfidence, perpConfidence] = (pairs.get(market) ?? []) as readonly Figure[];
      const named = (kind: string, otherwise: Figure | undefined): Figure =>
        (given(
          inputs,
          `${market.toLowerCase()}_${kind}_conf`,
          `${market.toLowerCase()}_${kind}_confidence`,
        ) as Figure) ??
        otherwise ??
        1;
      return [
        market,
        {
          spot: spot as Figure,
          perp: (perps.get(market) ?? spot) as Figure,
          spotConfidence: named("spot", spotConfidence),
          perpConfidence: named("perp", perpConfidence),
        },
      ];
    }),
  );
}

/** Profit and funding of a perpetual: funding is paid by size for each unit that the index moved. */
function profitOf(perp: unknown, size: string, price: Figure): string {
  const told = given(perp, "unrealised_pnl", "unrealized_pnl");
  const profit =
    told === undefined
      ? product(size, difference(price, figure(perp, ["entry", "entry_price", "entryPrice"], price)))
      : figure(perp, ["unrealised_pnl", "unrealized_pnl"]);
  const funding = figure(perp, ["unrealised_funding", "unrealized_funding", "funding"], 0);
  return sum(profit, funding, product(size, "-1", figure(perp, ["funding_index_delta"], 0)));
}

function bookOf(inputs: Fields): unknown {
  const markets = marketsOf(inputs);
  const options = (given(inputs, "options") ?? []) as readonly Fields[];
  const perps = byMarket(given(inputs, "perps", "perp")).map(([market, perp]) => ({
    market,
    perp,
    size: figure(typeof perp === "object" ? perp : { size: perp }, ["size", "amount", "quantity"]),
  }));
  const bases = byMarket(given(inputs, "base", "bases")).map(([market, base]) => ({
    market,
    balance: typeof base === "object" ? figure(base, ["amount", "size", "balance"]) : String(base),
  }));
  const spotOf = (market: string): Market => {
    const found = markets.get(market);
    if (found === undefined) throw new Error(`no spot price of ${market}`);
    return found;
  };
  const optionNames = options.map((option, index) => `${marketOf(option)}-OPTION-${index + 1}`);
  const sigma = given(inputs, "vol", "default_vol") as Figure | undefined;
  return {
    time: TIME,
    limits: { volatility: [0, VOLATILITY_LIMIT] },
    currencies: {
      USDC: { balance: figure(inputs, ["cash"], 0) },
      ...Object.fromEntries(bases.map(({ market, balance }) => [market, { balance, price: spotOf(market).spot }])),
    },
    underlyings: Object.fromEntries([...markets].map(([market, { spot }]) => [market, { index: spot }])),
    instruments: {
      ...Object.fromEntries(
        options.map((option, index) => [
          optionNames[index],
          optionInstrument({
            underlying: marketOf(option),
            secondsToExpiry: figure(option, ["sec_to_expiry", "seconds_to_expiry"]),
            strike: figure(option, ["strike"]),
            isCall: isCall(given(option, "type", "is_call")),
            volatility: figure(option, ["vol", "mark_vol", "volatility"], sigma),
            forward: figure(option, ["forward", "forward_price"]),
          }),
        ]),
      ),
      ...Object.fromEntries(
        perps.map(({ market }) => [
          `${market}-PERP`,
          { product: "perpetual", underlying: market, settlement: "USDC", mark: spotOf(market).perp },
        ]),
      ),
    },
    positions: [
      ...options.map((option, index) => ({
        instrument: optionNames[index],
        quantity: figure(option, ["amount", "size", "quantity"]),
      })),
      ...perps.map(({ market, perp, size }) => ({
        instrument: `${market}-PERP`,
        quantity: size,
        profit: profitOf(perp, size, spotOf(market).perp),
      })),
    ],
    inputs: {
      stable_price: figure(inputs, ["usdc_price", "stable_price"], 1),
      spot_confidence: Object.fromEntries([...markets].map(([market, { spotConfidence }]) => [market, spotConfidence])),
      base_confidence: Object.fromEntries(bases.map(({ market }) => [market, spotOf(market).spotConfidence])),
      confidence: {
        ...Object.fromEntries(
          options.map((option, index) => {
            const feeds = ["forward", "vol"].map((feed) =>
              Number(given(option, `${feed}_conf`, `${feed}_confidence`) ?? 1),
            );
            return [optionNames[index], Math.min(...feeds)];
          }),
        ),
        ...Object.fromEntries(perps.map(({ market }) => [`${market}-PERP`, spotOf(market).perpConfidence])),
      },
    },
  };
}

const FIGURES: Readonly<Record<string, string>> = {
  im: "net_im",
  mm: "net_mm",
  portfolio_mtm: "portfolio_mtm",
  mtm: "portfolio_mtm",
};

export function runStandard({ inputs, expected, notes = "" }: PublishedCase, bench: Bench): readonly Check[] {
  const known = bench.margin(REGIME, {}).program.parameters.map(({ name }) => name);
  const parameters = parametersOf((given(inputs, "params", "parameters") ?? {}) as Fields, known);
  const margined = bench.margin(REGIME, bookOf(inputs as Fields), { parameters });
  const share = /tolerance\s+([\d.]+)\s*%/i.exec(notes)?.[1];
  return Object.entries(expected as Record<string, Figure>).flatMap(([name, value]) => {
    const term = FIGURES[name];
    if (term === undefined) return [];
    const actual = margined.value(term);
    if (isWholeDollars(notes)) return [wholeDollars(name, value, actual)];
    const relative = share === undefined ? 1e-9 : Number(share) / 100;
    return [
      near(name, value, actual, {
        relative,
        absolute: "1e-9",
        told: share === undefined ? "1e-9 relative" : `${share} %`,
      }),
    ];
  });
}
