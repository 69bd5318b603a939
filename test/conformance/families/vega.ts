// Vega: margins of one market. Feature scenarios (a position and resting orders), and two unit tests of the risk engine.

import { exact, near } from "../checks.ts";
import { compared, magnitude, plain, product, quotient, sum } from "../decimalText.ts";
import type { Bench, Check, Family, Margined, PublishedCase } from "../family.ts";

const CROSS = "vega-cross-2024-10";
const ISOLATED = "vega-isolated-2024-10";
const MARKET = "MARKET";

type Text = string | number;

interface PublishedOrder {
  readonly remaining: Text;
  readonly price?: Text | null;
  readonly market_order?: boolean;
}

interface Market {
  /** Units of the underlying in one unit of size. */
  readonly multiplier: Text;
  readonly mark: Text;
  readonly position: Text;
  readonly buys: readonly PublishedOrder[];
  readonly sells: readonly PublishedOrder[];
  /** Money units of the book in one price unit of the case. */
  readonly money: Text;
  readonly inputs: Readonly<Record<string, unknown>>;
}

function bookOf({ multiplier, mark, position, buys, sells, money, inputs }: Market): unknown {
  const orders = (side: "buy" | "sell", published: readonly PublishedOrder[]) =>
    published.map(({ remaining, price, market_order }) => ({
      instrument: MARKET,
      side,
      quantity: plain(remaining),
      ...(market_order === true || price === undefined || price === null ? {} : { price: product(price, money) }),
    }));
  return {
    currencies: { ASSET: { balance: "0", price: "1" } },
    instruments: {
      [MARKET]: {
        product: "perpetual",
        underlying: "UNDERLYING",
        settlement: "ASSET",
        multiplier: plain(multiplier),
        mark: product(mark, money),
      },
    },
    // Margins do not look at the entry price, which the cases do not give.
    positions: [{ instrument: MARKET, quantity: plain(position), profit: "0" }],
    orders: [...orders("buy", buys), ...orders("sell", sells)],
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, { [MARKET]: value }])),
  };
}

/** 10^-places. */
function powerOfTenth(places: Text): string {
  return plain(`1e${-Number(places)}`);
}

interface RiskModel {
  readonly log_normal_risk_model?: Readonly<Record<string, Text>>;
  readonly risk_factor_long: Text;
  readonly risk_factor_short: Text;
  readonly linear_slippage_factor: Text;
  readonly quadratic_slippage_factor?: Text;
}

function riskParameters(given: RiskModel): Record<string, unknown> {
  const model = given.log_normal_risk_model;
  return {
    linear_slippage: plain(given.linear_slippage_factor),
    quadratic_slippage: plain(given.quadratic_slippage_factor ?? 0),
    ...(model === undefined
      ? {
          log_normal_model: 0,
          simple_long: plain(given.risk_factor_long),
          simple_short: plain(given.risk_factor_short),
        }
      : {
          log_normal_model: 1,
          risk_aversion: plain(model["risk aversion"] ?? model["risk_aversion"] ?? ""),
          horizon_years: plain(model["tau"] ?? ""),
          drift: plain(model["mu"] ?? 0),
          annual_volatility: plain(model["sigma"] ?? ""),
        }),
  };
}

const LEVELS: Readonly<Record<string, string>> = {
  maintenance: "maintenance_margin",
  search: "search_level",
  initial: "initial_margin",
  release: "release_level",
  order_margin: "order_margin",
};

/** Past this a product with 18 digits behind the point nears the end of a book's numbers. */
const LARGE = "1e16";
const THOUSAND_MILLIONS = "1e9";

/** Smallest units of the asset in one money unit of the book: 1, or many where an asset has so many decimals. */
function unitsOf(inputs: PublishedCase["inputs"]): string {
  const sizes = [...(inputs.buy_orders ?? []), ...(inputs.sell_orders ?? [])].map(({ remaining }) => remaining);
  const worth = product(
    sum(magnitude(inputs.open_volume), ...sizes),
    powerOfTenth(inputs.position_decimal_places ?? 0),
    inputs.mark_price,
    inputs.price_to_asset_units_multiplier ?? 1,
  );
  return compared(worth, LARGE) > 0 ? THOUSAND_MILLIONS : "1";
}

function runScenario({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const isolated = inputs.margin_mode === "isolated";
  const auction = inputs.market_phase === "auction" || inputs.auction === true;
  const { search, initial, release } = inputs.scaling_factors;
  const units = unitsOf(inputs);
  const unit = quotient(1, units);
  const money = product(inputs.price_to_asset_units_multiplier ?? 1, unit);
  const margined = bench.margin(
    isolated ? ISOLATED : CROSS,
    bookOf({
      multiplier: powerOfTenth(inputs.position_decimal_places ?? 0),
      mark: inputs.mark_price,
      position: inputs.open_volume,
      buys: inputs.buy_orders ?? [],
      sells: inputs.sell_orders ?? [],
      money,
      inputs: {
        ...(isolated ? { margin_factor: plain(inputs.margin_factor ?? 1) } : {}),
        ...(auction ? { auction: 1, auction_price: product(auctionPrice(inputs), money) } : {}),
        ...(inputs.funding_payment_to_date === undefined
          ? {}
          : { funding_payment: product(inputs.funding_payment_to_date, money) }),
      },
    }),
    {
      parameters: {
        ...riskParameters(inputs),
        smallest_unit: unit,
        initial_factor: plain(initial),
        ...(isolated ? {} : { search_factor: plain(search), release_factor: plain(release) }),
        ...(inputs.margin_funding_factor === undefined ? {} : { funding_factor: plain(inputs.margin_funding_factor) }),
      },
    },
  );
  const levels = Object.entries(LEVELS).filter(([level]) => expected[level] !== undefined && expected[level] !== null);
  const factors: Readonly<Record<string, Text>> = { maintenance: 1, search, initial, release, order_margin: 1 };
  const checks = levels.map(([level, term]) =>
    inputs.risk_factors_are_derived === true
      ? // A maintenance margin that is one unit off moves the other levels by their factor.
        near(level, expected[level], product(margined.value(term), units), {
          absolute: Math.ceil(Number(factors[level])),
          relative: "1e-9",
          told: "1 unit (of the maintenance margin) or 1e-9 relative",
        })
      : exact(level, expected[level], product(margined.value(term), units)),
  );
  return inputs.risk_factors_are_derived === true ? [...checks, ...riskFactors(inputs, margined)] : checks;
}

/** The indicative price where it is given. */
function auctionPrice(inputs: PublishedCase["inputs"]): Text {
  return inputs.auction_price ?? inputs.indicative_price ?? inputs.mark_price;
}

function riskFactors(inputs: PublishedCase["inputs"], margined: Margined): readonly Check[] {
  return ["risk_factor_long", "risk_factor_short"].map((factor) =>
    near(factor, inputs[factor], margined.value(factor), { relative: "1e-9" }),
  );
}

function runMaintenance({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const margined = bench.margin(
    CROSS,
    bookOf({
      multiplier: inputs.position_factor === undefined ? 1 : quotient(1, inputs.position_factor),
      mark: inputs.mark_price,
      position: inputs.position,
      buys: inputs.buy_orders ?? [],
      sells: inputs.sell_orders ?? [],
      money: 1,
      inputs: {
        auction: inputs.auction === true ? 1 : 0,
        auction_price: plain(inputs.auction_price ?? 0),
        funding_payment: plain(inputs.funding_payment_to_date ?? 0),
      },
    }),
    { parameters: { ...riskParameters(inputs), funding_factor: plain(inputs.margin_funding_factor ?? 0) } },
  );
  return [exact("maintenance_margin", expected.maintenance_margin, margined.value("maintenance_margin"))];
}

function runOrderMargin({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const of = (side: string) => inputs.orders.filter((order: { side: string }) => order.side === side);
  const auction = inputs.auction_price !== undefined && inputs.auction_price !== null;
  const margined = bench.margin(
    ISOLATED,
    bookOf({
      multiplier: quotient(1, inputs.position_factor ?? 1),
      // The position's own margin is no part of these cases.
      mark: inputs.mark_price ?? 1,
      position: inputs.position,
      buys: of("buy"),
      sells: of("sell"),
      money: 1,
      inputs: {
        margin_factor: plain(inputs.margin_factor),
        ...(auction ? { auction: 1, auction_price: plain(inputs.auction_price) } : {}),
      },
    }),
  );
  return [exact("order_margin", expected.order_margin, margined.value("order_margin"))];
}

function isOf(...names: readonly string[]): Family["matches"] {
  return ({ family }) => family !== undefined && names.includes(family);
}

export const families: readonly Family[] = [
  { name: "Vega cross margin", regimes: [CROSS], matches: isOf("vega-cross"), run: runScenario },
  {
    name: "Vega cross margin, log-normal",
    regimes: [CROSS],
    matches: isOf("vega-lognormal-cross"),
    run: runScenario,
  },
  {
    name: "Vega isolated margin",
    regimes: [ISOLATED],
    matches: isOf("vega-isolated", "vega-lognormal-isolated"),
    run: runScenario,
  },
  {
    name: "Vega maintenance margin, unit tests",
    regimes: [CROSS],
    matches: isOf("vega-unit-maintenance"),
    run: runMaintenance,
  },
  {
    name: "Vega order margin, unit tests",
    regimes: [ISOLATED],
    matches: isOf("vega-unit-order-margin"),
    run: runOrderMargin,
  },
];
