import type { Family, PublishedCase } from "../../family.ts";
import { figure, given, negated, product, sum } from "../../figures.ts";
import { expectedFigures, type Shown, termOf, unshown } from "../reading/expectedTerms.ts";
import { asShown } from "../reading/shownDigits.ts";

const REGIME = "bybit-unified-2024-09";
const CONTRACT = /(?:^|[^A-Z0-9])(\d+(?:\.\d+)?)-([CP])\b/;

const SHOWN: Shown = [
  [/mm_?(rate|r\b)|mmr|mm%|mm_percent|maintenance_margin_rate/, "maintenance_rate"],
  [/im_?(rate|r\b)|imr|im%|im_percent|initial_margin_rate/, "initial_rate"],
  [/premium/, "premium"],
  [/fee/, "order_fee"],
  [/otm|out_of/, "out_of_money"],
  [/order_position_im|order_position/, "order_position_initial"],
  [/order|cost|open/, "option_order_initial"],
  [/mm|maint/, "option_maintenance"],
  [/im|initial|margin/, "initial"],
];

function strikeOf({ inputs }: PublishedCase) {
  const name = String(given(inputs, "contract", "instrument", "symbol", "option") ?? "");
  const [, strike, right] = CONTRACT.exec(name) ?? [];
  const said = String(given(inputs, "type", "option_type", "right") ?? right ?? "call");
  const put = /^p/i.test(said);
  const index = figure(inputs, ["index", "index_price"]);
  const away = figure(inputs, ["otm", "otm_amount"], 0);
  return {
    put,
    index,
    strike: figure(inputs, ["strike", "strike_price"], strike ?? sum(index, put ? negated(away) : away)),
  };
}

/** An order where the case speaks of one; otherwise a position. */
function orderSide({ model = "", inputs }: PublishedCase): "buy" | "sell" | undefined {
  const order =
    /order|cost|to open|premium/i.test(model) || given(inputs, "order_price", "order", "action") !== undefined;
  if (!order) return undefined;
  const text = `${given(inputs, "side", "action", "order", "direction") ?? ""} ${model}`;
  return /sell|short/i.test(text) || Number(given(inputs, "position", "qty", "size") ?? 0) < 0 ? "sell" : "buy";
}

function bookOf(published: PublishedCase) {
  const { inputs } = published;
  const { put, index, strike } = strikeOf(published);
  const side = orderSide(published);
  const entry = given(inputs, "entry", "entry_price", "avg_price", "average_price");
  const price = given(inputs, "order_price", "price", "traded_price", "trade_price", "limit_price");
  const mark = figure(inputs, ["mark", "mark_price", "option_mark"], (price ?? entry) as string);
  const size = figure(inputs, ["position", "qty", "quantity", "size", "order_size"], 1).replace("-", "");
  const text = String(given(inputs, "side", "direction") ?? "");
  const long = /buy|long/i.test(text);
  return {
    currencies: { USDC: { balance: figure(inputs, ["margin_balance", "balance", "wallet_balance"], 0), price: 1 } },
    underlyings: { X: { index } },
    instruments: { OPTION: { product: put ? "put" : "call", underlying: "X", settlement: "USDC", strike, mark } },
    positions:
      side === undefined
        ? [{ instrument: "OPTION", quantity: long ? size : negated(size), entry: entry ?? price ?? mark }]
        : [],
    orders: side === undefined ? [] : [{ instrument: "OPTION", side, quantity: size, price: price ?? entry ?? mark }],
  };
}

function parametersOf({ inputs }: PublishedCase) {
  const named = {
    option_maintenance_rate: given(inputs, "mm_factor", "mm_rate", "maintenance_factor"),
    option_liquidation_fee: given(inputs, "liq_fee_rate", "liquidation_fee_rate", "liquidation_fee"),
    option_initial_rate: given(inputs, "im_factor", "im_factor_max", "initial_factor", "im_rate"),
    option_initial_floor: given(inputs, "im_factor_min", "min_im_factor", "im_floor"),
    option_fee: given(inputs, "taker_fee", "fee_rate", "taker_fee_rate", "fee"),
    option_fee_cap: given(inputs, "fee_cap", "max_fee_proportion", "max_fee_rate"),
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

export const bybitOptions: Family = {
  name: "Bybit options",
  regimes: [REGIME],
  matches: ({ venue, model = "" }) => venue === "Bybit" && /option/i.test(model) && !/portfolio/i.test(model),
  notSupported: (published) => unshown(published, SHOWN),
  run(published, bench) {
    const ordered = orderSide(published) !== undefined;
    const margined = bench.margin(REGIME, bookOf(published), { parameters: parametersOf(published) });
    return expectedFigures(published).map(([name, expected]) => {
      const shown = termOf(name, SHOWN)!;
      const term = shown === "initial" ? (ordered ? orderTerm(name) : "option_initial") : shown;
      const actual = margined.value(term);
      return asShown(name, expected, /percent|pct|%/.test(name) ? product(actual, 100) : actual);
    });
  },
};

function orderTerm(name: string): string {
  return /position/i.test(name) ? "order_position_initial" : "option_order_initial";
}
