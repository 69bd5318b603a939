import type { Family, PublishedCase } from "../../family.ts";
import { figure, given, negated, quotient, sum } from "../../figures.ts";
import { expectedFigures, type Shown, termOf, unshown } from "../reading/expectedTerms.ts";
import { asShown } from "../reading/shownDigits.ts";

const REGIME = "okx-single-2024-04";
const INSTRUMENT = "OPTION";
/** Where a case gives no forward, any does: nothing in it depends on the level. */
const ANY_FORWARD = 10_000;

const ORDER: Shown = [
  [/order|frozen|hold|open|close/, "order_margin"],
  [/maint|^mm/, "contract_maintenance"],
  [/position|initial|^im|margin/, "contract_initial"],
];
const POSITION: Shown = [
  [/maint|^mm/, "option_maintenance"],
  [/position|initial|^im|margin/, "option_initial"],
];

interface Action {
  readonly side: "buy" | "sell";
  readonly closes: boolean;
}

function actionOf({ model = "", inputs }: PublishedCase): Action | undefined {
  const text =
    `${given(inputs, "action", "order", "order_type") ?? ""} ${/order/i.test(model) ? model : ""}`.toLowerCase();
  const side = /\b(buy|sell)\b/.exec(`${text} ${/order/i.test(model) ? (given(inputs, "side") ?? "") : ""}`)?.[1];
  if (side === undefined) return undefined;
  return { side: side as Action["side"], closes: /clos/.test(text) };
}

function isPut({ model = "", inputs }: PublishedCase): boolean {
  const text = `${given(inputs, "type", "option_type", "right", "contract", "instrument") ?? ""} ${given(inputs, "action") ?? ""} ${model}`;
  return /\bput\b/i.test(text) || /-P\b/.test(text);
}

function isLinear({ model = "", inputs }: PublishedCase): boolean {
  return /USD.?-margined|stable|linear|USDT|USDC/i.test(
    `${model} ${given(inputs, "type", "margin_type", "settlement") ?? ""}`,
  );
}

function underlyingOf({ model = "", inputs }: PublishedCase): string {
  const text = `${given(inputs, "underlying", "index_name", "contract", "instrument", "symbol", "coin") ?? ""} ${model}`;
  return /\b(BTC|ETH|EOS)/i.exec(text)?.[1]?.toUpperCase() ?? "BTC";
}

/** The option's forward and strike, so that it is out of the money by what the case says. */
function moneyOf(published: PublishedCase) {
  const { inputs } = published;
  const forward = figure(
    inputs,
    [
      "forward",
      "forward_price",
      "underlying_mark",
      "underlying_mark_price",
      "futures_mark",
      "underlying_price",
      "underlying",
      "index",
    ].filter((name) => Number.isFinite(Number(given(inputs, name)))),
    ANY_FORWARD,
  );
  const away = figure(inputs, ["otm", "otm_usd", "otm_amount", "out_of_money"], 0);
  const strike = figure(inputs, ["strike"], sum(forward, isPut(published) ? negated(away) : away));
  return { forward, strike };
}

function optionBook(published: PublishedCase, action: Action | undefined) {
  const { inputs } = published;
  const linear = isLinear(published);
  const multiplier = figure(inputs, ["multiplier", "contract_multiplier", "ct_mult", "contract_size"], 1);
  const own = given(
    inputs,
    "position_margin_btc",
    "position_margin",
    "position_margin_per_contract",
    "position_im",
    "position_imr",
  );
  const price = given(inputs, "price_btc", "order_price", "price", "limit_price", "price_eth");
  // A margin that the case states itself is what one contract is worth to us, without rates.
  const mark =
    own === undefined
      ? figure(inputs, ["mark", "mark_price", "option_mark", "option_mark_price", "mark_btc"], price as string)
      : quotient(own, multiplier);
  const { forward, strike } = moneyOf(published);
  const underlying = underlyingOf(published);
  const settlement = linear ? "USDT" : underlying;
  const quantity = figure(inputs, ["qty", "quantity", "contracts", "size", "amount"], 1).replace("-", "");
  const held =
    action === undefined
      ? negated(quantity)
      : !action.closes
        ? undefined
        : action.side === "buy"
          ? negated(quantity)
          : quantity;
  return {
    currencies: { [settlement]: { balance: 0, price: 1 } },
    underlyings: { [underlying]: { index: figure(inputs, ["index", "index_price"], forward) } },
    instruments: {
      [INSTRUMENT]: {
        product: isPut(published) ? "put" : "call",
        inverse: !linear,
        underlying,
        settlement,
        multiplier,
        mark,
        forward,
        strike,
      },
    },
    positions: held === undefined ? [] : [{ instrument: INSTRUMENT, quantity: held, entry: mark }],
    orders: action === undefined ? [] : [{ instrument: INSTRUMENT, side: action.side, quantity, price }],
  };
}

function overridesOf({ inputs }: PublishedCase) {
  const multiplier = figure(inputs, ["multiplier", "contract_multiplier", "ct_mult", "contract_size"], 1);
  const states = given(
    inputs,
    "position_margin_btc",
    "position_margin",
    "position_margin_per_contract",
    "position_im",
    "position_imr",
  );
  const perContract = given(inputs, "fee", "fee_btc", "fee_per_contract");
  const fee =
    perContract === undefined
      ? (given(inputs, "fee_rate", "taker_fee", "taker_fee_rate") ?? 0)
      : quotient(perContract, multiplier);
  const named = {
    option_initial_floor: given(inputs, "a"),
    option_initial_rate: given(inputs, "b"),
    option_maintenance_rate: given(inputs, "c"),
    option_order_floor: given(inputs, "min_order_margin", "min_open_order_margin", "minimum_order_margin", "min_order"),
  };
  const none = { option_initial_floor: 0, option_initial_rate: 0, option_maintenance_rate: 0 };
  const parameters = { ...named, ...(states === undefined ? {} : none), option_fee: fee };
  const factor = figure(inputs, ["factor", "margin_factor", "coefficient", "margin_coefficient", "tier_factor"], 1);
  return {
    parameters: Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)),
    tables: { option_tiers: [["0", factor]] },
  };
}

export const okxOptions: Family = {
  name: "OKX options",
  regimes: [REGIME],
  matches: ({ venue, model = "" }) => venue === "OKX" && /option/i.test(model),
  notSupported: (published) => unshown(published, actionOf(published) === undefined ? POSITION : ORDER),
  run(published, bench) {
    const action = actionOf(published);
    const margined = bench.margin(REGIME, optionBook(published, action), overridesOf(published));
    return expectedFigures(published).map(([name, expected]) =>
      asShown(name, expected, margined.value(termOf(name, action === undefined ? POSITION : ORDER)!)),
    );
  },
};
