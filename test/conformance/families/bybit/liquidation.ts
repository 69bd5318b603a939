import type { Family, PublishedCase } from "../../family.ts";
import { type Figure, figure, fixedOf, given, negated, quotient, signed, sum } from "../../figures.ts";
import { expectedFigures, type Shown, termOf, unshown } from "../reading/expectedTerms.ts";
import { givenTiers } from "../reading/givenTiers.ts";
import { asShown } from "../reading/shownDigits.ts";

const FORMER = "bybit-unified-2024-09";
const PRESENT = "bybit-unified-2026-05";
const CLASSIC = "bybit-inverse-classic-2020-10";

const SHOWN: Shown = [
  [/liq|^lp\b|^lp_/, "liquidation_price"],
  [/bankrupt|^bp\b|^bp_/, "bankruptcy_price"],
  [/value|^pv\b/, "entry_value"],
  [/maint|^mm/, "entry_maintenance"],
  [/initial|^im/, "entry_initial"],
];
const RATE = ["mmr", "mm_rate", "maintenance_margin_rate"];
const BALANCE = ["balance", "account_balance", "wallet_balance", "available_balance", "balance_btc"];

function isInverse({ model = "", inputs }: PublishedCase): boolean {
  const symbol = String(given(inputs, "symbol", "contract", "pair", "type") ?? "");
  return /inverse|coin-m/i.test(`${model} ${symbol}`) || /USD$/.test(symbol) || given(inputs, "inverse") === true;
}

function isClassic(published: PublishedCase): boolean {
  const { model = "", notes = "", source = "", inputs } = published;
  return (
    isInverse(published) &&
    (/classic|cross/i.test(`${model} ${notes}`) ||
      given(inputs, ...BALANCE) !== undefined ||
      /help\.bybit\.com/.test(source))
  );
}

/** The form of 2026 where the case is of that copy, or names what only that form has. */
function isPresent({ model = "", notes = "", source = "", inputs }: PublishedCase): boolean {
  return /2026|kbybit/i.test(`${model} ${notes} ${source} ${given(inputs, "vintage") ?? ""}`);
}

/** Tiers that take `rate` less a fixed deduction: nothing below deduction / rate. */
function tiersOf(inputs: unknown): readonly (readonly Figure[])[] | undefined {
  const tiers = given(inputs, "tiers", "risk_limits");
  if (tiers !== undefined) return givenTiers(tiers);
  const rate = given(inputs, ...RATE);
  if (rate === undefined) return undefined;
  const deduction = figure(inputs, ["deduction", "mm_deduction", "maintenance_margin_deduction"], 0);
  return fixedOf(deduction) === 0n
    ? [["0", rate as Figure]]
    : [
        ["0", "0"],
        [quotient(deduction, rate), rate as Figure],
      ];
}

function bookOf(published: PublishedCase) {
  const { inputs } = published;
  const inverse = isInverse(published);
  const classic = isClassic(published);
  const settlement = inverse ? "BTC" : "USDT";
  const instrument = inverse ? "BTCUSD" : "CONTRACT";
  const entry = figure(inputs, ["entry", "entry_price", "price", "open_price", "average_price"]);
  const quantity = figure(inputs, ["qty", "quantity", "size", "contracts", "position_size"], 1);
  const balance = figure(inputs, BALANCE, 0);
  const held = figure(inputs, ["order_margin", "orders_margin"], 0);
  const book = {
    currencies: {
      [settlement]: {
        balance: classic ? sum(balance, negated(held)) : balance,
        price: entry,
      },
    },
    instruments: { [instrument]: { product: "perpetual", inverse, underlying: "BTC", settlement, mark: entry } },
    positions: [
      {
        instrument,
        quantity: signed(quantity, given(inputs, "side", "direction")),
        entry,
        leverage: figure(inputs, ["leverage"], 1),
      },
    ],
    ...(classic
      ? {}
      : {
          inputs: {
            added_margin: figure(inputs, ["extra_margin", "extra", "added_margin", "extra_margin_added", "added"], 0),
          },
        }),
  };
  const fee = given(inputs, "taker_fee", "fee", "fee_rate", "taker_fee_rate");
  const tick = given(inputs, "tick", "tick_size");
  const tiers = tiersOf(inputs);
  const overrides = {
    parameters: {
      ...(fee === undefined ? {} : { taker_fee: fee }),
      ...(tick === undefined || !classic ? {} : { tick }),
    },
    tables: tiers === undefined ? {} : { risk_limits: tiers },
  };
  return { book, overrides };
}

function termFor(name: string, published: PublishedCase): string {
  const term = termOf(name, SHOWN)!;
  if (!isClassic(published)) return term;
  if (term === "liquidation_price" && given(published.inputs, ...BALANCE) === undefined)
    return "isolated_liquidation_price";
  return { entry_initial: "position_initial", entry_maintenance: "position_maintenance" }[term] ?? term;
}

export const bybitLiquidation: Family = {
  name: "Bybit liquidation and bankruptcy price",
  regimes: [FORMER, PRESENT, CLASSIC],
  matches: ({ venue, model = "", expected }) =>
    venue === "Bybit" &&
    (/(liquidation|bankruptcy) price|bankruptcy|(isolated|cross|inverse|linear|perpetual).*liquidation/i.test(model) ||
      Object.keys(expected as object).some((name) => /liq.*price|bankrupt/i.test(name))),
  notSupported: (published) => unshown(published, SHOWN),
  run(published, bench) {
    const { book, overrides } = bookOf(published);
    const regime = isClassic(published) ? CLASSIC : isPresent(published) ? PRESENT : FORMER;
    const margined = bench.margin(regime, book, overrides);
    return expectedFigures(published).map(([name, expected]) =>
      asShown(name, expected, [...margined.values(termFor(name, published)).values()][0] ?? "undefined"),
    );
  },
};
