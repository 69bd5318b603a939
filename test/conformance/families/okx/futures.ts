import type { Family, PublishedCase } from "../../family.ts";
import { type Figure, figure, given, product, signed, sum } from "../../figures.ts";
import { expectedFigures, type Shown, termOf, unshown } from "../reading/expectedTerms.ts";
import { asShown } from "../reading/shownDigits.ts";

const REGIME = "okx-single-2024-04";

const SHOWN: Shown = [
  [/liq/, "liquidation_price"],
  [/ratio|level/, "margin_ratio"],
  [/maint|^mm/, "position_maintenance"],
  [/initial|^im|margin/, "position_initial"],
];

function isInverse({ model = "", inputs }: PublishedCase): boolean {
  const kind = `${model} ${given(inputs, "type", "contract", "symbol", "kind") ?? ""}`;
  return /inverse|crypto|coin/i.test(kind) || given(inputs, "inverse") === true || /USD(-SWAP)?$/.test(kind);
}

function isIsolated({ model = "", inputs }: PublishedCase): boolean {
  return /isolated/i.test(`${model} ${given(inputs, "mode", "margin_mode") ?? ""}`);
}

/** A position alone, at its entry price where no mark price is given. */
function futureBook(published: PublishedCase) {
  const { inputs } = published;
  const inverse = isInverse(published);
  const entry = figure(inputs, ["entry", "entry_price", "open_price", "average_price", "avg_price", "price"]);
  const multiplier = figure(
    inputs,
    ["face", "face_value", "contract_value", "contract_size", "multiplier", "ct_val"],
    1,
  );
  const contracts = given(inputs, "qty", "quantity", "contracts", "size", "n", "number_of_contracts");
  const coins = given(inputs, "notional_btc", "notional_coin", "coins", "amount_btc");
  const quantity = contracts ?? (inverse ? product(coins ?? 1, entry) : (coins ?? 1));
  const leverage = figure(inputs, ["leverage"], 1);
  const posted = given(inputs, "margin", "margin_balance", "fixed_margin", "posted");
  const added = given(inputs, "added_margin", "extra_margin", "extra");
  const rate = figure(inputs, ["mmr", "maintenance_margin_rate", "mm_rate"], 0);
  const settlement = inverse ? "COIN" : "USDT";
  const isolated = isIsolated(published) && posted !== undefined;
  const instrument = "CONTRACT";
  const book = {
    currencies: { [settlement]: { balance: figure(inputs, ["balance", "equity", "wallet_balance"], 0), price: 1 } },
    instruments: {
      [instrument]: {
        product: "perpetual",
        inverse,
        underlying: "X",
        settlement,
        multiplier,
        mark: figure(inputs, ["mark", "mark_price"], entry),
      },
    },
    positions: [
      {
        instrument,
        quantity: signed(figure({ quantity }, ["quantity"]), given(inputs, "side", "direction")),
        entry,
        leverage,
        ...(isolated ? { isolated, posted: sum(posted, added ?? 0) } : {}),
      },
    ],
    ...(added === undefined || isolated ? {} : { inputs: { added_margin: added } }),
  };
  const overrides = {
    parameters: { taker_fee: figure(inputs, ["taker_fee", "fee", "fee_rate", "taker_fee_rate"], 0) },
    tables: { position_tiers: [["0", rate, rate] satisfies Figure[]] },
  };
  return { book, overrides, instrument, isolated };
}

export const okxFutures: Family = {
  name: "OKX futures and perpetuals",
  regimes: [REGIME],
  matches: ({ venue, model = "", expected }) =>
    venue === "OKX" &&
    (/(futures|swap|perpetual|contract).*margin|liquidation/i.test(model) ||
      Object.keys(expected as object).some((name) => /liq.*price/i.test(name))),
  notSupported: (published) => unshown(published, SHOWN),
  run(published, bench) {
    const { book, overrides, instrument, isolated } = futureBook(published);
    const margined = bench.margin(REGIME, book, overrides);
    const own = isolated ? margined.isolated.get(instrument)! : margined;
    return expectedFigures(published).map(([name, expected]) => {
      const actual = own.values(termOf(name, SHOWN)!).values().next().value;
      return asShown(name, expected, actual ?? "undefined");
    });
  },
};
