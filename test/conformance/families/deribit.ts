// Deribit: standard margin of futures and options, the answer of pme/simulate, and the rules of the first portfolio margin.

import { exact, near } from "../checks.ts";
import { compared, isZero, magnitude, negated, plain, product, quotient } from "../decimalText.ts";
import type { Bench, Check, Family, Margined, PublishedCase } from "../family.ts";
import { type Fields, figure, given } from "../figures.ts";

const STANDARD = "deribit-standard-2026-01";
const STANDARD_EARLY = "deribit-standard-2018";
const PORTFOLIO = "deribit-portfolio-2026-02";
const PORTFOLIO_2019 = "deribit-portfolio-2019";
const PORTFOLIO_2018 = "deribit-portfolio-2018";

const TIME_MS = Date.UTC(2026, 0, 2, 8);
const DAY_MS = 86_400_000;

const isDeribit = ({ venue = "" }: PublishedCase): boolean => /^deribit/i.test(venue);
const names = (fields: unknown): readonly string[] => Object.keys((fields ?? {}) as Fields);
const iso = (ms: number): string => new Date(ms).toISOString();

/** The first field whose name fits. */
function matching(fields: unknown, pattern: RegExp): string | undefined {
  const name = names(fields).find((each) => pattern.test(each));
  return name === undefined ? undefined : figure(fields, [name]);
}

/* Standard margin */

interface StandardBook {
  readonly book: unknown;
  readonly overrides: { readonly parameters: Record<string, unknown> };
  /** Price of a coin, for figures in USD of a coin-margined case. */
  readonly coin: string;
}

/** "0.5% per 100 BTC" or 0.00005: what a coin of size adds to the rate. */
function sizeRateOf(inputs: unknown): string | undefined {
  const rate = matching(inputs, /^size_(increment|rate)|increment_(rate|per_coin)/i);
  if (rate !== undefined) return rate;
  const told = /([\d.]+)\s*%\s*(?:per|\/|every)\s*([\d.]*)/i.exec(
    String(given(inputs, "increment", "size_increment") ?? ""),
  );
  return told === null ? undefined : quotient(quotient(told[1]!, "100"), told[2] || "1");
}

function ratesOf(inputs: unknown): Record<string, unknown> {
  const rates: Readonly<Record<string, string | undefined>> = {
    initial_rate: matching(inputs, /^(im|initial)_(base_|margin_)?rate|^im_base/i),
    maintenance_rate: matching(inputs, /^(mm|maintenance)_(base_|margin_)?rate|^mm_base/i),
    size_rate: sizeRateOf(inputs),
  };
  return Object.fromEntries(Object.entries(rates).filter(([, rate]) => rate !== undefined));
}

function futureBook(inputs: unknown): StandardBook {
  const symbol = String(given(inputs, "instrument", "symbol") ?? "");
  const sizeField =
    names(inputs).find((name) => /^(position_)?size|^quantity|^amount/i.test(name)) ?? "position_size_btc";
  const coinOfField = /_(btc|eth|sol|xrp)$/i.exec(sizeField)?.[1];
  const [, underlying = "BTC", stable] =
    /^([A-Z]+)(?:_(USD[A-Z]))?/.exec(symbol || (coinOfField ?? "BTC").toUpperCase()) ?? [];
  const mark = figure(inputs, ["mark_price", "mark", "index_price", "index"], 10_000);
  const settlement = stable ?? underlying;
  const book = {
    currencies: { [settlement]: { balance: "0", price: stable === undefined ? mark : "1" } },
    underlyings: { [underlying]: { index: figure(inputs, ["index_price", "index"], mark) } },
    // Sizes are in coins: with the mark price as multiplier a quantity of 1 of an inverse future is one coin.
    instruments: {
      FUTURE: {
        product: "perpetual",
        inverse: stable === undefined,
        underlying,
        settlement,
        mark,
        multiplier: stable === undefined ? mark : "1",
      },
    },
    positions: [{ instrument: "FUTURE", quantity: figure(inputs, [sizeField]), profit: "0" }],
  };
  return { book, overrides: { parameters: ratesOf(inputs) }, coin: mark };
}

function optionBook(inputs: unknown): StandardBook {
  const forward = figure(inputs, ["underlying_mark", "underlying_price", "underlying_mark_price", "forward"]);
  const markField =
    names(inputs).find((name) => /^(option_)?mark(_price)?(_[a-z]+)?$/i.test(name)) ?? "option_mark_btc";
  const unit = (/_(btc|eth|usdc|usdt|usd)$/i.exec(markField)?.[1] ?? "btc").toUpperCase();
  const linear = unit.startsWith("USD");
  const [underlying, settlement] = linear ? ["BTC", "USDC"] : [unit, unit];
  const short = /^(s|short|sell)/i.test(String(given(inputs, "side", "direction") ?? "short"));
  const size = magnitude(figure(inputs, ["quantity", "size", "amount"], 1));
  const book = {
    time: iso(TIME_MS),
    currencies: { [settlement]: { balance: "0", price: linear ? "1" : forward } },
    underlyings: { [underlying]: { index: figure(inputs, ["index_price", "index"], forward) } },
    instruments: {
      OPTION: {
        product: /^c/i.test(String(given(inputs, "type", "option_type", "right"))) ? "call" : "put",
        inverse: !linear,
        underlying,
        settlement,
        mark: figure(inputs, [markField]),
        forward,
        strike: figure(inputs, ["strike"]),
        expiry: iso(TIME_MS + 30 * DAY_MS),
      },
    },
    positions: [{ instrument: "OPTION", quantity: short ? negated(size) : size }],
  };
  return { book, overrides: { parameters: {} }, coin: linear ? "1" : forward };
}

function standardRun(published: PublishedCase, bench: Bench): readonly Check[] {
  const { inputs, expected, model = "", source } = published;
  const isOption = given(inputs, "strike") !== undefined;
  const { book, overrides, coin } = isOption ? optionBook(inputs) : futureBook(inputs);
  const isEarly = !isOption && /legacy|test\.deribit\.com/i.test(`${model} ${source}`);
  const margined = bench.margin(isEarly ? STANDARD_EARLY : STANDARD, book, overrides);
  return names(expected).flatMap((name) => {
    const term = /^(initial|im)/i.test(name)
      ? "initial_margin"
      : /^(maint|mm)/i.test(name)
        ? "maintenance_margin"
        : undefined;
    if (term === undefined) return [];
    const [verdict] = margined.values(term).values();
    const actual = name.endsWith("_usd") ? product(verdict ?? "0", coin) : (verdict ?? "0");
    return [near(name, figure(expected, [name]), actual, { absolute: "1e-12" })];
  });
}

/* Portfolio margin: pme/simulate */

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const INSTRUMENT = /^([A-Z]+)(?:_(USD[A-Z]))?-(?:PERPETUAL|(\d{1,2})([A-Z]{3})(\d{2})(?:-(\d+(?:d\d+)?)-([CP]))?)$/;

/** An instrument of the book from its name and its ticker; sizes of futures in coins. */
function instrumentOf(name: string, ticker: unknown): Record<string, unknown> {
  const match = INSTRUMENT.exec(name);
  if (match === null) throw new Error(`${name} is no instrument of the venue`);
  const [, underlying = "", stable, day, month = "", year, strike, right] = match;
  const mark = typeof ticker === "object" ? figure(ticker, ["mark_price", "mark"]) : plain(ticker as number);
  const isOption = right !== undefined;
  const expiryMs = Date.UTC(2000 + Number(year), MONTHS.indexOf(month), Number(day), 8);
  return {
    product: isOption ? (right === "C" ? "call" : "put") : day === undefined ? "perpetual" : "future",
    inverse: stable === undefined,
    underlying,
    settlement: stable ?? underlying,
    mark,
    ...(isOption || stable !== undefined ? {} : { multiplier: mark }),
    ...(day === undefined ? {} : { expiry: iso(expiryMs) }),
    ...(isOption
      ? {
          strike: strike!.replace("d", "."),
          forward: figure(ticker, ["underlying_price", "forward"]),
          volatility: quotient(figure(ticker, ["mark_iv", "iv"]), "100"),
        }
      : {}),
  };
}

/** Numbers of `model_params` by name, wherever they stand; those of the case's own currency before those of others. */
function modelParameters(given_: unknown, currency: string): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const walk = (fields: unknown, isOwn: boolean): void => {
    for (const [name, value] of Object.entries((fields ?? {}) as Fields)) {
      if (typeof value === "object" && value !== null) {
        walk(value, !/(^|_)(usd|btc|eth|sol|xrp)/i.test(name) || new RegExp(`(^|_)${currency}`, "i").test(name));
      } else if (isOwn || !found.has(name)) {
        found.set(name, value);
      }
    }
  };
  walk(given_, true);
  return found;
}

function portfolioOverrides(parameters: ReadonlyMap<string, unknown>, known: readonly string[]) {
  const buckets = Number(parameters.get("buckets_count") ?? 4);
  const part = Array.from({ length: 2 * buckets + 1 }, (_, index) =>
    quotient(String(index - buckets), String(buckets)),
  );
  return {
    parameters: Object.fromEntries([...parameters].filter(([name]) => known.includes(name))),
    scenarios: { standard: { product: { part, vol: ["1", "0", "-1"] } } },
  };
}

function simulateBook({ inputs }: PublishedCase, positions: Fields, currency: string): unknown {
  const tickers = (given(inputs, "ticker", "tickers") ?? {}) as Fields;
  const instruments = Object.fromEntries(names(positions).map((name) => [name, instrumentOf(name, tickers[name])]));
  const index = given(inputs, "index_price", "index");
  const indexOf = (underlying: string): string =>
    typeof index === "object" ? matching(index, new RegExp(`^${underlying}`, "i"))! : plain(index as number);
  const underlyings = new Set(Object.values(instruments).map(({ underlying }) => String(underlying)));
  return {
    time: iso(Number(given(inputs, "timestamp_ms", "timestamp") ?? TIME_MS)),
    currencies: { [currency]: { balance: "0" } },
    underlyings: Object.fromEntries([...underlyings].map((each) => [each, { index: indexOf(each) }])),
    instruments,
    positions: Object.entries(positions).map(([instrument, quantity]) => ({
      instrument,
      quantity: plain(quantity as number),
      profit: "0",
    })),
    inputs: Object.fromEntries(
      ["spot_margin", "mmp_margin", "open_orders_margin"].map((name) => [
        name,
        { [currency]: figure(inputs, [name], 0) },
      ]),
    ),
  };
}

/** A vector as published: one value for each price, or for each price and volatility. */
function vector(name: string, expected: readonly number[], cells: readonly number[]): Check {
  const each = cells.length / expected.length;
  const actual = expected.map((_, index) => cells[Number.isInteger(each) ? index * each : index] ?? Number.NaN);
  // Published values are doubles of a calculation in another order of operations.
  const passed = expected.every((value, index) => Math.abs(value - actual[index]!) <= 1e-15 + 1e-12 * Math.abs(value));
  return {
    name,
    expected: expected.join(" "),
    actual: actual.join(" "),
    tolerance: "1e-12 relative, each value",
    passed,
  };
}

function simulateRun(published: PublishedCase, bench: Bench): readonly Check[] {
  const { inputs, expected } = published;
  const field = names(inputs).find((name) => /^portfolio_position|^positions?$/i.test(name));
  if (field === undefined) throw new Error("the case has no positions");
  const positions = (inputs as Fields)[field] as Fields;
  const [, underlying = "BTC", stable] = INSTRUMENT.exec(names(positions)[0] ?? "") ?? [];
  const own = stable ?? underlying;
  const known = bench.margin(PORTFOLIO, {}).program.parameters.map(({ name }) => name);
  const overrides = portfolioOverrides(modelParameters(given(inputs, "model_params"), own), known);
  const margined = bench.margin(PORTFOLIO, simulateBook(published, positions, own), overrides);
  const scenariosOf = (term: string): readonly number[] => [...margined.scenarios(term).values()][0] ?? [];
  const instrumentNamed = (name: string): string =>
    names(positions).find((each) => name.replaceAll("_", "-").endsWith(each.replaceAll("_", "-"))) ?? "";

  return Object.entries(expected as Fields).flatMap(([name, value]) => {
    if (Array.isArray(value)) {
      if (name === "price_moves") return [movesCheck(name, value, overrides, margined)];
      const aggregated = /^(pre_)?aggregated_(standard|extended)/.exec(name)?.[0];
      if (aggregated !== undefined) return [vector(name, value, scenariosOf(aggregated))];
      const term = /^extended|_extended/.test(name) ? "initial_extended" : "initial_standard";
      return [vector(name, value, margined.scenarios(term).get(instrumentNamed(name)) ?? [])];
    }
    const isTerm = margined.program.terms.some((term) => term.name === name);
    if (!isTerm || (typeof value !== "number" && typeof value !== "string")) return [];
    const [actual] = margined.values(name).values();
    return [near(name, value, actual ?? "0", { absolute: "1e-15", told: "all published digits (1e-15)" })];
  });
}

function movesCheck(
  name: string,
  expected: readonly number[],
  { parameters, scenarios }: ReturnType<typeof portfolioOverrides>,
  { program }: Margined,
): Check {
  const range = Number(parameters["price_range"] ?? 0);
  const moves = scenarios.standard.product.part.map((each) => Number(each) * range);
  return { ...vector(name, expected, moves), tolerance: `price range x part, ${program.id}` };
}

/* The first portfolio margin, 2018 and 2019 */

const at = (days: number): string => iso(TIME_MS + days * DAY_MS);

interface Leg {
  readonly product: "future" | "call" | "put";
  readonly days: number;
  readonly quantity: string;
}

/** Options at the money, futures in coins, at a price of 10,000. */
function coinBook(legs: readonly Leg[]): unknown {
  const price = "10000";
  return {
    time: iso(TIME_MS),
    currencies: { BTC: { balance: "0", price } },
    underlyings: { BTC: { index: price } },
    instruments: Object.fromEntries(
      legs.map(({ product: kind, days }, index) => [
        `LEG${index}`,
        {
          product: kind,
          inverse: true,
          underlying: "BTC",
          settlement: "BTC",
          expiry: at(days),
          ...(kind === "future"
            ? { mark: price, multiplier: price }
            : { mark: "0.05", forward: price, strike: price, volatility: "0.6" }),
        },
      ]),
    ),
    positions: legs.map(({ quantity }, index) => ({ instrument: `LEG${index}`, quantity, profit: "0" })),
  };
}

const one = (values: ReadonlyMap<string, string>): string => [...values.values()][0] ?? "0";

/** To as many digits as the source shows. */
function shown(name: string, expected: unknown, actual: string): Check {
  const text = plain(expected as string | number);
  const digits = /\.(\d+)$/.exec(text)?.[1]?.length ?? 0;
  const half = quotient("0.5", `1${"0".repeat(digits)}`);
  return near(name, text, actual, { absolute: half, told: `rounded to ${digits} digits` });
}

function firstPortfolioRun(published: PublishedCase, bench: Bench): readonly Check[] {
  const { inputs, expected, model = "", id, source } = published;
  const regime = /2018|category\/uncategorized/.test(`${model} ${id} ${source}`) ? PORTFOLIO_2018 : PORTFOLIO_2019;
  const rate = matching(inputs, /rate$|^contingency|per_net_short/i);
  const margin = (legs: readonly Leg[], parameters: Record<string, unknown> = {}) =>
    bench.margin(regime, coinBook(legs), { parameters });
  const charged = (parameter: string) => (rate === undefined ? {} : { [parameter]: rate });
  const contingency = names(expected).find((name) => /contingency|margin/i.test(name));
  const expectedCharge = (actual: string): Check[] =>
    contingency === undefined ? [] : [exact(contingency, figure(expected, [contingency]), actual)];

  const days = matching(inputs, /^days/i);
  if (days !== undefined) {
    const parameters: Record<string, unknown> = {};
    const range = matching(inputs, /range/i);
    const power = matching(inputs, /power|exponent/i);
    if (range !== undefined) parameters["volatility_range"] = range;
    if (power !== undefined) Object.assign(parameters, { short_term_power: power, long_term_power: power });
    const change = one(
      margin([{ product: "call", days: Number(days), quantity: "1" }], parameters).values("volatility_change"),
    );
    return names(expected).map((name) => shown(name, given(expected, name), change));
  }
  const call = matching(inputs, /call/i);
  const put = matching(inputs, /put/i);
  if (call !== undefined || put !== undefined) {
    const legs: readonly Leg[] = [
      { product: "call", days: 30, quantity: call ?? "0" },
      { product: "put", days: 30, quantity: put ?? "0" },
    ];
    const margined = margin(legs, charged("short_option_rate"));
    const netShort = matching(expected, /net_short/i);
    return [
      ...(netShort === undefined ? [] : [exact("net_short", magnitude(netShort), one(margined.values("net_short")))]),
      ...expectedCharge(one(margined.values("short_option_contingency"))),
    ];
  }
  const longVega = matching(inputs, /long.*vega|vega.*long/i);
  const shortVega = matching(inputs, /short.*vega|vega.*short/i);
  if (longVega !== undefined && shortVega !== undefined) {
    const legs = (long: string, short: string): readonly Leg[] => [
      { product: "call", days: 30, quantity: long },
      { product: "call", days: 60, quantity: negated(magnitude(short)) },
    ];
    const [first, second] = [...margin(legs("1", "1")).values("expiry_vega").values()];
    const margined = margin(
      legs(quotient(longVega, first!), quotient(shortVega, magnitude(second!))),
      charged("vega_offset_rate"),
    );
    const actual = one(margined.values("vega_contingency"));
    return contingency === undefined
      ? []
      : [
          near(contingency, figure(expected, [contingency]), actual, {
            absolute: "1e-12",
            told: "quantities that give the vega, 1e-12",
          }),
        ];
  }
  const long = matching(inputs, /long.*fut|fut.*long/i);
  const short = matching(inputs, /short.*fut|fut.*short/i);
  if (long !== undefined && short !== undefined) {
    const legs: readonly Leg[] = [
      { product: "future", days: 30, quantity: magnitude(long) },
      { product: "future", days: 120, quantity: negated(magnitude(short)) },
    ];
    return expectedCharge(one(margin(legs, charged("futures_offset_rate")).values("futures_contingency")));
  }
  const options = matching(inputs, /option|contracts/i);
  if (options !== undefined && !isZero(options)) {
    const legs: readonly Leg[] = [
      { product: "call", days: 30, quantity: compared(options, "0") < 0 ? options : negated(options) },
    ];
    return expectedCharge(one(margin(legs, charged("all_option_rate")).values("all_option_contingency")));
  }
  throw new Error(`no rule for ${names(inputs).join(", ")}`);
}

export const families: readonly Family[] = [
  {
    name: "Deribit standard margin",
    regimes: [STANDARD, STANDARD_EARLY],
    matches: (published) => isDeribit(published) && /standard margin/i.test(published.model ?? ""),
    run: standardRun,
  },
  {
    name: "Deribit portfolio margin",
    regimes: [PORTFOLIO],
    matches: (published) => isDeribit(published) && given(published.inputs, "model_params") !== undefined,
    run: simulateRun,
  },
  {
    name: "Deribit portfolio margin, first model",
    regimes: [PORTFOLIO_2019, PORTFOLIO_2018],
    matches: (published) =>
      isDeribit(published) &&
      /^pm|portfolio/i.test(published.model ?? "") &&
      given(published.inputs, "model_params") === undefined,
    run: firstPortfolioRun,
  },
];
