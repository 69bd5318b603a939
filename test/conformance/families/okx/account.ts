import type { Family, PublishedCase } from "../../family.ts";
import { figure, given, product, quotient } from "../../figures.ts";
import { expectedFigures, type Shown, termOf, unshown } from "../reading/expectedTerms.ts";
import { type GivenTier, givenTiers } from "../reading/givenTiers.ts";
import { heldCurrencies } from "../reading/heldCurrencies.ts";
import { asShown } from "../reading/shownDigits.ts";

const REGIME = "okx-multi-2024-09";

/** Notional over requirement of a position that stands for a stated requirement. */
const SCALE = 1_000;

const SHOWN: Shown = [
  [/^(borrow\w*_|liab\w*_)?(imr?|initial)|borrow_?imr?|initial_margin/, "initial_margin"],
  [/^(borrow\w*_|liab\w*_)?(mmr?|maint)|borrow_?mmr?|maintenance_margin/, "maintenance_margin"],
  [/fee/, "liquidation_fees"],
  [/ratio|level/, "margin_ratio"],
  [/cancel/, "cancels_orders"],
  [/^(adj|discount|total|effective)|adjusted|collateral/, "adjusted_equity"],
  [/^[a-z0-9]+_equity$/, "currency_equity"],
  [/equity|usd|value/, "adjusted_equity"],
];

/** Balances by currency with their profits; a requirement that a case states itself is a position of that size. */
function accountBook(published: PublishedCase) {
  const { inputs } = published;
  const held = heldCurrencies(inputs);
  const stated = figure(inputs, ["mmr_usd", "mmr", "maintenance_margin", "mm", "position_mmr"], 0);
  const asRate = Number(stated) > 0 && Number(stated) < 1 && held.some(({ balance }) => balance.startsWith("-"));
  // So much larger than what it requires that rate and fee are of ordinary size.
  const worth = asRate ? "0" : product(stated, SCALE);
  const ordered = figure(inputs, ["order_margin", "open_order_margin", "orders_margin"], 0);
  const equity = given(inputs, "adjusted_equity", "adj_eq", "adjeq", "equity");
  const profits = held.filter(({ profit }) => profit !== undefined);
  const perpetual = (settlement: string) => ({ product: "perpetual", underlying: "X", settlement, mark: 1 });
  const book = {
    currencies: {
      ...Object.fromEntries(held.map(({ name, balance, price }) => [name, { balance, price }])),
      ...(equity === undefined ? {} : { USD: { balance: equity, price: 1 } }),
    },
    instruments: {
      ...Object.fromEntries(profits.map(({ name }) => [`X-${name}`, perpetual(name)])),
      ...(Number(worth) > 0 ? { STATED: perpetual("USD") } : {}),
      ...(Number(ordered) > 0 ? { ORDERED: perpetual("USD") } : {}),
    },
    positions: [
      ...profits.map(({ name, profit }) => ({ instrument: `X-${name}`, quantity: 1, leverage: 1, profit })),
      ...(Number(worth) > 0 ? [{ instrument: "STATED", quantity: worth, leverage: 1, profit: 0 }] : []),
      ...(Number(ordered) > 0 ? [{ instrument: "ORDERED", quantity: 0, leverage: 1, profit: 0 }] : []),
    ],
    orders: Number(ordered) > 0 ? [{ instrument: "ORDERED", side: "buy", quantity: ordered, price: 1 }] : [],
  };
  return { book, held, worth };
}

function overridesOf(published: PublishedCase, held: ReturnType<typeof heldCurrencies>, worth: string) {
  const { inputs } = published;
  const tiers = given(inputs, "tiers", "discount_tiers");
  const discounts = Object.fromEntries(
    held.flatMap(({ name, rate, balance }): (readonly [string, readonly GivenTier[]])[] => {
      const own = given(inputs, `${name.toLowerCase()}_tiers`) ?? (held.length === 1 ? tiers : undefined);
      if (own !== undefined) return [[name, givenTiers(own)]];
      return rate === undefined || balance.startsWith("-") ? [] : [[name, [["0", rate]]]];
    }),
  );
  const fees = given(inputs, "liquidation_fees", "liquidation_fee", "fees", "fee");
  const rate =
    given(inputs, "borrow_mmr", "liability_mmr", "mmr_rate") ?? (Number(worth) > 0 ? undefined : given(inputs, "mmr"));
  return {
    parameters: Number(worth) > 0 ? { taker_fee: fees === undefined ? 0 : quotient(fees, worth) } : {},
    tables: {
      ...(Object.keys(discounts).length === 0 ? {} : { discount_tiers: discounts }),
      ...(Number(worth) > 0
        ? { position_tiers: { STATED: [["0", quotient(1, SCALE), quotient(1, SCALE)]], default: [["0", "0", "0"]] } }
        : {}),
      ...(rate === undefined
        ? {}
        : { borrow_tiers: [["0", rate, given(inputs, "borrow_imr", "liability_imr", "imr") ?? rate]] }),
    },
  };
}

export const okxAccount: Family = {
  name: "OKX multi-currency account",
  regimes: [REGIME],
  matches: ({ venue, model = "" }) =>
    venue === "OKX" &&
    /discount|collateral|haircut|equity|multi-currency|adjusted|borrow|liability|account|margin (ratio|level)|order cancel/i.test(
      model,
    ),
  notSupported: (published) => unshown(published, SHOWN),
  run(published, bench) {
    const { book, held, worth } = accountBook(published);
    const margined = bench.margin(REGIME, book, overridesOf(published, held, worth));
    return expectedFigures(published).map(([name, expected]) => {
      const term = termOf(name, SHOWN)!;
      if (term !== "currency_equity") return asShown(name, expected, share(name, margined.value(term)));
      const currency = name.replace(/_equity$/, "").toUpperCase();
      return asShown(name, expected, margined.values(term).get(currency) ?? "undefined");
    });
  },
};

/** A ratio that is published in percent. */
function share(name: string, value: string): string {
  return /percent|pct/.test(name) ? product(value, 100) : value;
}
