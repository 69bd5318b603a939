import type { Family, PublishedCase } from "../../family.ts";
import { figure, given, signed, within } from "../../figures.ts";
import { expectedFigures, type Shown, termOf, unshown } from "../reading/expectedTerms.ts";
import { givenTiers } from "../reading/givenTiers.ts";
import { asShown } from "../reading/shownDigits.ts";

const REGIME = "bybit-unified-2024-09";

const SHOWN: Shown = [
  [/value|notional/, "position_value"],
  [/rate$|ratio/, "maintenance_rate"],
  [/^(?!.*(initial|maint|margin|_im|_mm)).*fee/, "closing_fee"],
  [/order/, "future_order_initial"],
  [/maint|^mm|_mm$|_mm_/, "maintenance"],
  [/initial|^im|_im$|_im_|margin/, "initial"],
];

/** With the fee to close, where the figure is of the venue's screen or says so. */
const WITH_FEE: Readonly<Record<string, string>> = { initial: "future_initial", maintenance: "future_maintenance" };
const WITHOUT_FEE: Readonly<Record<string, string>> = {
  initial: "leverage_margin",
  maintenance: "maintenance_by_tiers",
};
/** The screen's price is not the stated one, to the last digit. */
const SCREEN = "0.03";

function isOnScreen(name: string): boolean {
  return /(^|_)ui(_|$)/i.test(name);
}

function hasFee(name: string, { model = "" }: PublishedCase): boolean {
  return (
    isOnScreen(name) || /incl|with_fee|total/i.test(name) || (/fee/i.test(model) && !/excl|without|no_fee/i.test(name))
  );
}

function bookOf({ model = "", inputs }: PublishedCase) {
  const symbol = String(given(inputs, "symbol", "contract", "pair") ?? (/inverse/i.test(model) ? "BTCUSD" : "BTCUSDT"));
  const inverse = /USD$/.test(symbol) || /inverse/i.test(model);
  const settlement = inverse ? symbol.replace(/USD$/, "") : (/(USDT|USDC)$/.exec(symbol)?.[1] ?? "USDT");
  const entry = figure(inputs, ["entry", "entry_price", "price", "order_price"]);
  const mark = figure(inputs, ["mark", "mark_price"], entry);
  return {
    currencies: {
      [settlement]: {
        balance: figure(inputs, ["balance", "margin_balance", "wallet_balance"], 0),
        price: inverse ? mark : 1,
      },
    },
    instruments: { [symbol]: { product: "perpetual", inverse, underlying: "X", settlement, mark } },
    positions: [
      {
        instrument: symbol,
        quantity: signed(figure(inputs, ["qty", "quantity", "size", "contracts"]), given(inputs, "side", "direction")),
        entry,
        leverage: figure(inputs, ["leverage"], 1),
      },
    ],
  };
}

export const bybitFutures: Family = {
  name: "Bybit futures and perpetuals",
  regimes: [REGIME],
  matches: ({ venue, model = "" }) =>
    venue === "Bybit" && /initial margin|maintenance margin/i.test(model) && !/portfolio/i.test(model),
  notSupported: (published) => unshown(published, SHOWN),
  run(published, bench) {
    const { inputs } = published;
    const fee = given(inputs, "taker_fee", "fee", "fee_rate", "taker_fee_rate");
    const tiers = given(inputs, "tiers", "risk_limits");
    const rate = given(inputs, "mmr", "mm_rate", "margin_rate", "maintenance_margin_rate");
    const rows = tiers !== undefined ? givenTiers(tiers) : rate === undefined ? undefined : [["0", rate]];
    const margined = bench.margin(REGIME, bookOf(published), {
      parameters: fee === undefined ? {} : { taker_fee: fee },
      tables: rows === undefined ? {} : { risk_limits: rows },
    });
    return expectedFigures(published).map(([name, expected]) => {
      const term = termOf(name, SHOWN)!;
      const actual = margined.value((hasFee(name, published) ? WITH_FEE : WITHOUT_FEE)[term] ?? term);
      return isOnScreen(name) ? within(SCREEN, name, expected, actual) : asShown(name, expected, actual);
    });
  },
};
