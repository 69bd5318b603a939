// Binance: liquidation prices and maintenance amounts of USDⓈ-M and COIN-M futures, and Portfolio Margin Pro.

import type { Bench, Check, Family, PublishedCase } from "../family.ts";
import {
  exactly,
  type Figure,
  figure,
  fixedOf,
  given,
  product,
  quotient,
  rounded,
  signed,
  sum,
  within,
} from "../figures.ts";

const USD_MARGINED = "binance-usdm-2026-03";
const COIN_MARGINED = "binance-coinm-2020-06";
const PORTFOLIO = "binance-portfolio-margin-pro-2024-10";
/** More than any bracket allows: the leverage is not what these cases are about. */
const ANY_LEVERAGE = 1_000_000;

type Tier = readonly [from: Figure, rate: Figure, leverage: Figure];

/** Tiers in which a notional bears `rate` less `amount`: nothing below amount / rate, then the rate. */
function tiersOf(rate: Figure, amount: Figure): readonly Tier[] {
  if (fixedOf(amount) === 0n) return [[0, rate, ANY_LEVERAGE]];
  return [
    [0, 0, ANY_LEVERAGE],
    [quotient(amount, rate), rate, ANY_LEVERAGE],
  ];
}

function isCoinMargined({ model = "", inputs }: PublishedCase): boolean {
  return /coin-?m/i.test(model) || given(inputs, "inverse") === true;
}

/* Liquidation price */

const QUANTITY = ["qty", "quantity", "size", "amount", "contracts"];
const RATE = ["mmr", "mm_ratio", "maintenance_margin_rate", "mmr_level"];
const AMOUNT = ["cum", "maintenance_amount", "maint_amount"];

function positionsOf(inputs: unknown): readonly object[] {
  const own = given(inputs, "position") ?? [];
  const more = [given(inputs, "positions") ?? [], given(inputs, "other_positions", "others") ?? []];
  return [own, ...more].flat() as object[];
}

function liquidationBook({ inputs }: PublishedCase, inverse: boolean) {
  const legs = positionsOf(inputs).map((position, index) => {
    const symbol = String(given(position, "symbol", "pair") ?? `POSITION${index === 0 ? "" : index}`);
    const side = String(given(position, "side", "position_side") ?? "long").toLowerCase();
    const entry = figure(position, ["entry", "entry_price", "open_rate"]);
    return {
      name: `${symbol} ${side} ${index + 1}`,
      symbol,
      entry,
      quantity: signed(figure(position, QUANTITY), side),
      mark: figure(position, ["mark", "mark_price"], entry),
      multiplier: figure(position, ["multiplier", "contract_size", "contract_multiplier"], 1),
      tiers: tiersOf(figure(position, RATE), figure(position, AMOUNT, 0)),
    };
  });
  const settlement = inverse ? "COIN" : "USDT";
  const leverage = figure(inputs, ["leverage"], 1);
  const { quantity: size, entry: paid } = legs[0]!;
  // An isolated position without a balance holds its initial margin.
  const posted = quotient(product(size.replace("-", ""), paid), leverage);
  const book = {
    currencies: {
      [settlement]: { balance: figure(inputs, ["wallet_balance", "balance", "margin"], posted), price: 1 },
    },
    instruments: Object.fromEntries(
      legs.map(({ name, symbol: underlying, mark, multiplier }) => [
        name,
        { product: "perpetual", inverse, underlying, settlement, mark, multiplier },
      ]),
    ),
    positions: legs.map(({ name: instrument, quantity, entry }) => ({
      instrument,
      quantity,
      entry,
      leverage,
    })),
  };
  const brackets = { by: "instrument", ...Object.fromEntries(legs.map(({ name, tiers }) => [name, tiers])) };
  return { book, overrides: { tables: { brackets } }, first: legs[0]!.name };
}

const liquidationPrice: Family = {
  name: "Binance liquidation price",
  regimes: [USD_MARGINED, COIN_MARGINED],
  matches: ({ venue, model = "" }) => venue === "Binance" && /liquidation price/i.test(model),
  run(published, bench) {
    const inverse = isCoinMargined(published);
    const { book, overrides, first } = liquidationBook(published, inverse);
    const margined = bench.margin(inverse ? COIN_MARGINED : USD_MARGINED, book, overrides);
    // The case names one rate and amount: the closed form with these, not the search of the bracket.
    const actual = margined.values("liquidation_price_in_bracket").get(first) ?? "undefined";
    const expected = figure(published.expected, ["liquidation_price"]);
    const digits = /round(?:ed)? to (\d+) (?:decimals|digits)/i.exec(published.notes ?? "")?.[1];
    return [
      digits === undefined
        ? within("1e-9", "liquidation_price", expected, actual)
        : rounded(Number(digits), "liquidation_price", expected, actual),
    ];
  },
};

/* Maintenance amounts */

interface Brackets {
  readonly tiers: readonly Tier[];
  /** A notional within each bracket that the case asks for. */
  readonly notionals: readonly string[];
}

/** A table of tiers, or the step from one level to the next. */
function bracketsOf(inputs: unknown): Brackets {
  const rows = given(inputs, "tiers", "brackets") as readonly object[] | undefined;
  if (rows !== undefined) {
    const tiers = rows.map(
      (row): Tier => [
        figure(row, ["min", "floor", "from", "min_notional", "minNotional", "notionalFloor"]),
        figure(row, [...RATE, "rate", "maintenanceMarginRate", "maintMarginRatio"]),
        figure(row, ["max_leverage", "leverage", "maxLeverage"], 1),
      ],
    );
    const notionals = tiers.map(([from], index) => {
      const next = tiers[index + 1]?.[0] ?? sum(from, 2);
      return quotient(sum(from, next), 2);
    });
    return { tiers, notionals };
  }
  const named = (pattern: RegExp): string => {
    const found = Object.entries(inputs as object).find(([name]) => pattern.test(name));
    if (found === undefined) throw new Error(`the case gives none of ${pattern}`);
    return figure({ found: found[1] }, ["found"]);
  };
  const floor = named(/^floor/);
  const before = tiersOf(named(/^(mmr|rate)_prev/), named(/^(cum|amount|maintenance_amount)_prev/));
  return { tiers: [...before, [floor, named(/^(mmr|rate)(_level)?$/), ANY_LEVERAGE]], notionals: [sum(floor, 1)] };
}

function amountsOf(bench: Bench, regime: string, inverse: boolean, { tiers, notionals }: Brackets): readonly string[] {
  const settlement = inverse ? "COIN" : "USDT";
  const names = notionals.map((_, index) => `bracket ${index + 1}`);
  const instrument = { product: "perpetual", inverse, underlying: "X", settlement, mark: 1 };
  const book = {
    currencies: { [settlement]: { price: 1 } },
    instruments: Object.fromEntries(names.map((name) => [name, instrument])),
    positions: names.map((name, index) => ({
      instrument: name,
      quantity: notionals[index]!,
      entry: 1,
      leverage: 1,
    })),
  };
  const amounts = bench.margin(regime, book, { tables: { brackets: tiers } }).values("maintenance_amount");
  return names.map((name) => amounts.get(name) ?? "undefined");
}

const maintenanceAmount: Family = {
  name: "Binance maintenance amount",
  regimes: [USD_MARGINED, COIN_MARGINED],
  matches: ({ venue, model = "" }) => venue === "Binance" && /maintenance amount/i.test(model),
  run(published, bench) {
    const inverse = isCoinMargined(published);
    const actual = amountsOf(bench, inverse ? COIN_MARGINED : USD_MARGINED, inverse, bracketsOf(published.inputs));
    return Object.entries(published.expected as Record<string, Figure | readonly Figure[]>).flatMap(
      ([name, expected]) =>
        [expected].flat().map((amount, index) => exactly(`${name} ${index + 1}`, amount, actual[index] ?? "undefined")),
    );
  },
};

/** Brackets that a document carries itself, against the venue's own amounts. */
const ownBrackets: Family = {
  name: "Binance brackets of a document",
  regimes: [USD_MARGINED, "binance-usdm-2024-10", COIN_MARGINED],
  matches: ({ venue, model = "" }) => venue === "Binance" && model === "brackets of a document",
  run({ inputs, expected }, bench) {
    const { regime, underlying, settlement, product: kind = "perpetual", notional, leverage = 1 } = inputs;
    const inverse = regime === COIN_MARGINED;
    const book = {
      currencies: { [settlement]: { price: 1 } },
      instruments: { X: { product: kind, inverse, underlying, settlement, mark: 1, ...inputs.instrument } },
      positions: [{ instrument: "X", quantity: notional, entry: 1, leverage }],
      ...(inputs.time === undefined ? {} : { time: inputs.time }),
    };
    const margined = bench.margin(regime, book);
    return Object.entries(expected as Record<string, Figure>).map(([term, value]) =>
      exactly(term, value, margined.values(term).get("X") ?? "undefined"),
    );
  },
};

/* Portfolio Margin Pro */

const STABLE = /^(USD|USDT|USDC|BUSD|FDUSD)$/;
const SYMBOL = /^([A-Z0-9]+?)(USDT|USDC|BUSD|FDUSD|USD)(?:_|$)/;

/** Expected figures by the term that shows them. */
const PORTFOLIO_TERMS: readonly (readonly [RegExp, string])[] = [
  [/^equity_margin$|^margin_equity$/i, "margin_equity"],
  [/^margin_mm$|^margin_maintenance$/i, "margin_maintenance"],
  [/^(futures_mm|futures_maintenance)$/i, "maintenance"],
  [/^uni_?mmr$/i, "uni_mmr"],
  [/^(adjusted_|unified_|total_)?equity(_usd)?$/i, "unified_equity"],
  [/^(unified_|total_)?(mm|maintenance(_margin)?)(_usd)?$/i, "unified_maintenance"],
];
const VALUED = new Set(["uni_mmr", "unified_equity", "unified_maintenance"]);

function portfolioTermOf(name: string): string {
  const term = PORTFOLIO_TERMS.find(([pattern]) => pattern.test(name))?.[1];
  if (term === undefined) throw new Error(`no term shows ${name}`);
  return term;
}

function portfolioBook({ inputs, expected }: PublishedCase) {
  const assets = (given(inputs, "margin_assets") ?? {}) as Record<string, Figure>;
  const loans = (given(inputs, "margin_loans") ?? {}) as Record<string, Figure>;
  const futures = ((given(inputs, "futures") ?? []) as readonly object[]).map((future) => {
    const symbol = String(given(future, "symbol"));
    const [, base = symbol, quote = "USDT"] = SYMBOL.exec(symbol) ?? [];
    const settlement = String(given(future, "asset", "settlement") ?? quote);
    const quantity = Object.entries(future).find(([name]) => /^(qty|quantity|size)/.test(name))?.[1];
    return {
      symbol,
      settlement,
      inverse: !STABLE.test(settlement),
      underlying: base,
      quantity: signed(figure({ quantity }, ["quantity"]), given(future, "side")),
      entry: figure(future, ["entry", "entry_price"]),
      mark: figure(future, ["mark", "mark_price"]),
      rate: figure(future, RATE, 0),
      amount: figure(future, AMOUNT, 0),
    };
  });
  const wallets = { ...(given(inputs, "futures_wallets", "wallets") as Record<string, Figure> | undefined) };
  for (const [name, value] of Object.entries(inputs as Record<string, unknown>)) {
    const currency = /^[uc]m_wallet_(\w+)$/.exec(name)?.[1]?.toUpperCase();
    if (currency !== undefined) wallets[currency] = sum(wallets[currency] ?? 0, value);
  }
  const prices = given(inputs, "prices", "index_prices", "asset_prices", "assetIndexPrice") as
    | Record<string, Figure>
    | undefined;
  const needsPrices = Object.keys(expected).some(
    (name) => !name.startsWith("upnl_") && VALUED.has(portfolioTermOf(name)),
  );
  const priceOf = (currency: string): Figure | undefined => {
    const marked = futures.find(({ underlying }) => underlying === currency)?.mark;
    // Components in coins need no price: where the case has none, 1 stands for it.
    return prices?.[currency] ?? (STABLE.test(currency) ? 1 : (marked ?? (needsPrices ? undefined : 1)));
  };
  const held = new Set([
    ...Object.keys(assets),
    ...Object.keys(loans),
    ...Object.keys(wallets),
    ...futures.map(({ settlement }) => settlement),
  ]);
  const book = {
    currencies: Object.fromEntries(
      [...held].map((currency) => [currency, { balance: wallets[currency] ?? 0, price: priceOf(currency) }]),
    ),
    instruments: Object.fromEntries(
      futures.map(({ symbol, inverse, underlying, settlement, mark }) => [
        symbol,
        { product: "perpetual", inverse, underlying, settlement, mark },
      ]),
    ),
    positions: futures.map(({ symbol: instrument, quantity, entry }) => ({ instrument, quantity, entry })),
    inputs: { margin_asset: assets, margin_loan: loans },
  };
  const haircuts = given(inputs, "collateral_rates", "collateral_rate") as Record<string, Figure> | undefined;
  const overrides = {
    parameters: {
      loan_maintenance_rate: given(inputs, "loan_mmr", "loan_maintenance_rate") ?? "0.1",
      ...(haircuts === undefined ? {} : { collateral_rate: haircuts }),
    },
    tables: {
      brackets: {
        by: "instrument",
        default: [[0, 0]],
        ...Object.fromEntries(
          futures.map(({ symbol, rate, amount }) => [
            symbol,
            tiersOf(rate, amount).map(([from, each]) => [from, each]),
          ]),
        ),
      },
    },
  };
  return { book, overrides };
}

const portfolioMargin: Family = {
  name: "Binance Portfolio Margin Pro",
  regimes: [PORTFOLIO],
  matches: ({ venue, model = "" }) => venue === "Binance" && /portfolio margin/i.test(model),
  run(published, bench) {
    const { book, overrides } = portfolioBook(published);
    const margined = bench.margin(PORTFOLIO, book, overrides);
    const profits = margined.values("unrealized_profit");
    return Object.entries(published.expected as Record<string, Figure | Record<string, Figure>>).flatMap(
      ([name, expected]): readonly Check[] => {
        if (name.startsWith("upnl_")) return [exactly(name, expected, profits.get(name.slice(5)) ?? "undefined")];
        const term = portfolioTermOf(name);
        if (typeof expected !== "object") return [within("1e-9", name, expected, margined.value(term))];
        const rows = margined.values(term);
        return Object.entries(expected).map(([row, value]) =>
          exactly(`${name} ${row}`, value, rows.get(row) ?? "undefined"),
        );
      },
    );
  },
};

export const families: readonly Family[] = [liquidationPrice, maintenanceAmount, ownBrackets, portfolioMargin];
