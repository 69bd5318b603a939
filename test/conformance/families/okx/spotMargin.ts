import type { Family, PublishedCase } from "../../family.ts";
import { figure, given, negated, product, quotient, sum } from "../../figures.ts";
import { expectedFigures, type Shown, termOf, unshown } from "../reading/expectedTerms.ts";
import { asShown } from "../reading/shownDigits.ts";

const REGIME = "okx-spot-margin-2024-04";
const INSTRUMENT = "PAIR";

const LONG: Shown = [
  [/liq/, "liquidation_price"],
  [/ratio|level/, "margin_ratio"],
  [/borrow|liab|debt/, "quote_debt"],
  [/asset/, "base_assets"],
  [/maint|^mm/, "maintenance_margin"],
  [/margin|^im/, "initial_base"],
];
const SHORT: Shown = LONG.map(([pattern, term]) => {
  const other: Record<string, string> = {
    quote_debt: "base_debt",
    base_assets: "quote_assets",
    initial_base: "initial_quote",
  };
  return [pattern, other[term] ?? term];
});

function isLong({ model = "", inputs }: PublishedCase): boolean {
  return !/short|sell/i.test(String(given(inputs, "side", "direction") ?? model));
}

/** Whether the margin that is put beside the position is of the base currency: of a long one, unless the case says otherwise. */
function isBaseMargin(published: PublishedCase): boolean {
  const currency = given(published.inputs, "margin_currency", "margin_ccy", "margin_asset");
  const [base] = String(given(published.inputs, "pair", "symbol") ?? "BTC/USDT").split(/[/-]/);
  return currency === undefined ? isLong(published) : /^base$/i.test(String(currency)) || currency === base;
}

/** By what was traded, or by the assets and the debt that the position has now. */
function spotBook(published: PublishedCase) {
  const { inputs } = published;
  const long = isLong(published);
  const debt = given(inputs, "liability", "liabilities", "debt", "borrowed", "borrowed_usdt", "borrowed_btc");
  const assets = given(
    inputs,
    "assets",
    "position_assets",
    "total_assets",
    "position_assets_btc",
    "position_assets_usdt",
  );
  const margin = given(inputs, "margin", "added_margin", "margin_balance") ?? 0;
  const extra = isBaseMargin(published) ? { base_added: margin } : { quote_added: margin };
  const price = figure(
    inputs,
    ["fill_price", "entry", "entry_price", "price", "open_price"],
    debt === undefined ? undefined : 1,
  );
  const mark = figure(inputs, ["mark", "mark_price"], price);
  const interest = figure(inputs, ["interest", "accrued_interest"], 0);
  const terms = { product: "spot", underlying: "BASE", settlement: "QUOTE", mark };
  const shell = { currencies: { QUOTE: { price: 1 } }, instruments: { [INSTRUMENT]: terms } };
  if (debt === undefined) {
    const size = figure(inputs, ["qty", "quantity", "amount", "size"]);
    const quantity = long ? size : negated(size);
    const leverage = figure(inputs, ["leverage"], 1);
    return {
      ...shell,
      positions: [{ instrument: INSTRUMENT, quantity, entry: price, leverage }],
      inputs: { interest_owed: interest, ...extra },
    };
  }
  // One unit bought for the whole debt, or the debt sold at 1, without leverage; the difference in assets is set right.
  const opened = figure({ debt }, ["debt"]);
  const own = long ? "2" : product(opened, 2);
  const beside = sum(figure({ assets }, ["assets"]), negated(own));
  const [base, quote] = long ? [beside, "0"] : ["0", beside];
  return {
    ...shell,
    positions: [
      { instrument: INSTRUMENT, quantity: long ? 1 : negated(opened), entry: long ? opened : 1, leverage: 1 },
    ],
    inputs: {
      interest_owed: interest,
      base_added: sum(base, "base_added" in extra ? extra.base_added : 0),
      quote_added: sum(quote, "quote_added" in extra ? extra.quote_added : 0),
    },
  };
}

export const okxSpotMargin: Family = {
  name: "OKX spot margin, isolated",
  regimes: [REGIME],
  matches: ({ venue, model = "" }) => venue === "OKX" && /spot/i.test(model),
  notSupported: (published) => unshown(published, LONG),
  run(published, bench) {
    const { inputs } = published;
    const rate = given(inputs, "mmr", "maintenance_margin_rate", "mm_rate");
    const fee = given(inputs, "taker_fee", "fee", "fee_rate", "taker_fee_rate");
    const asksLiquidation = expectedFigures(published).some(([name]) => /liq/i.test(name));
    const tiers = rate === undefined ? [] : [["0", rate, rate]];
    const margined = bench.margin(REGIME, spotBook(published), {
      parameters: fee === undefined ? (asksLiquidation ? { taker_fee: 0 } : {}) : { taker_fee: fee },
      tables: tiers.length === 0 ? {} : { long_tiers: tiers, short_tiers: tiers },
    });
    const shown = isLong(published) ? LONG : SHORT;
    const mark = figure(inputs, ["mark", "mark_price", "fill_price", "entry", "entry_price", "price"], 1);
    return expectedFigures(published).map(([name, expected]) => {
      const value = margined.value(termOf(name, shown)!);
      const inBase =
        termOf(name, shown) === "maintenance_margin" && isLong(published) && /btc|eth|base|coin/i.test(name);
      return asShown(name, expected, inBase ? quotient(value, mark) : value);
    });
  },
};
