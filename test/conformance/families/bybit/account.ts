import type { Family, PublishedCase } from "../../family.ts";
import { figure, given, product, quotient } from "../../figures.ts";
import { expectedFigures, type Shown, termOf, unshown } from "../reading/expectedTerms.ts";
import { type GivenTier, givenTiers } from "../reading/givenTiers.ts";
import { type Held, heldCurrencies } from "../reading/heldCurrencies.ts";
import { asShown } from "../reading/shownDigits.ts";

const REGIME = "bybit-unified-2024-09";

const SHOWN: Shown = [
  [/im_?r(ate)?\b|im_?rate|imr|initial_margin_rate/, "initial_rate"],
  [/mm_?r(ate)?\b|mm_?rate|mmr|maintenance_margin_rate/, "maintenance_rate"],
  [/repa/, "repays"],
  [/release|reduce/, "to_release"],
  [/maint|mm/, "maintenance_margin"],
  [/initial|^im|_im$/, "initial_margin"],
  [/balance|collateral|equity|adjusted|total|wallet|usd/, "margin_balance"],
];

/** Balances at collateral ratios; totals that a case states itself are a position of that size. */
function bookOf({ inputs }: PublishedCase, held: readonly Held[]) {
  const stated = given(inputs, "margin_balance", "margin_balance_usd");
  const initial = figure(inputs, ["total_im", "im", "initial_margin", "account_im"], 0);
  const maintenance = figure(inputs, ["total_mm", "mm", "maintenance_margin", "account_mm"], 0);
  const size = Number(initial) > 0 ? initial : maintenance;
  return {
    currencies: {
      ...Object.fromEntries(held.map(({ name, balance, price }) => [name, { balance, price }])),
      ...(stated === undefined ? {} : { USD: { balance: stated, price: 1 } }),
    },
    instruments:
      Number(size) > 0 ? { STATED: { product: "perpetual", underlying: "X", settlement: "USD", mark: 1 } } : {},
    positions: Number(size) > 0 ? [{ instrument: "STATED", quantity: size, entry: 1, leverage: 1 }] : [],
    inputs: { haircut_loss: figure(inputs, ["haircut_loss"], 0) },
    size,
    maintenance,
  };
}

export const bybitAccount: Family = {
  name: "Bybit unified account",
  regimes: [REGIME],
  matches: ({ venue, model = "" }) =>
    venue === "Bybit" &&
    /collateral|haircut|margin balance|account|\b(IM|MM) rate/i.test(model) &&
    !/portfolio/i.test(model),
  notSupported: (published) => unshown(published, SHOWN),
  run(published, bench) {
    const { inputs } = published;
    const held = heldCurrencies(inputs);
    const { size, maintenance, ...book } = bookOf(published, held);
    const ratios = Object.fromEntries(
      held.flatMap(({ name, rate }): (readonly [string, readonly GivenTier[]])[] => {
        const own =
          given(inputs, `${name.toLowerCase()}_tiers`) ?? (held.length === 1 ? given(inputs, "tiers") : undefined);
        if (own !== undefined) return [[name, givenTiers(own)]];
        return rate === undefined ? [] : [[name, [["0", rate]]]];
      }),
    );
    const margined = bench.margin(REGIME, book, {
      parameters: { taker_fee: 0 },
      tables: {
        ...(Object.keys(ratios).length === 0 ? {} : { collateral_tiers: ratios }),
        ...(Number(size) > 0 ? { risk_limits: [["0", quotient(maintenance, size)]] } : {}),
      },
    });
    return expectedFigures(published).map(([name, expected]) => {
      const actual = margined.value(termOf(name, SHOWN)!);
      return asShown(name, expected, /percent|pct|%/.test(name) ? product(actual, 100) : actual);
    });
  },
};
