// LEAN: initial and maintenance margin of crypto futures, with the tolerance that its tests allow for a venue's fees.

import type { Check, Family, PublishedCase } from "../family.ts";
import { exactly, type Figure, figure, given, within } from "../figures.ts";

const REGIME = "lean-crypto-future-2024-12";
/** Published beside the expected value; it holds fees, which the model leaves out. */
const FEES = "3%";

function isInverse(inputs: unknown): boolean {
  const kind = given(inputs, "kind");
  if (kind !== undefined) return /inverse|coin/i.test(String(kind));
  return /USD$/.test(String(given(inputs, "symbol")));
}

function toleranceOf({ notes = "" }: PublishedCase): string | undefined {
  const percent = /tolerance (?:of )?([\d.]+)\s*%/i.exec(notes)?.[1];
  return percent === undefined ? undefined : `${percent}%`;
}

export const families: readonly Family[] = [
  {
    name: "LEAN crypto futures",
    regimes: [REGIME],
    matches: ({ family = "" }) => family.startsWith("lean-cryptofuture"),
    run(published, bench) {
      const { inputs, expected, family = "" } = published;
      const inverse = isInverse(inputs);
      const symbol = String(given(inputs, "symbol") ?? "SYMBOL");
      const price = figure(inputs, ["price", "mark"]);
      const underlying = symbol.replace(/USD[TC]?$/, "");
      const settlement = inverse ? underlying : symbol.slice(underlying.length);
      const rate = given(inputs, "maintenance_rate", "maintenance_margin_rate", "margin_rate", "marginRate");
      const book = {
        // A coin is worth the price; the conversion that a case names is that of a quote currency.
        currencies: { [settlement]: { price: inverse ? price : figure(inputs, ["conversion"], 1) } },
        instruments: {
          [symbol]: {
            product: "perpetual",
            inverse,
            underlying,
            settlement,
            mark: price,
            multiplier: figure(inputs, ["contract_multiplier", "multiplier"], 1),
          },
        },
        positions: [
          {
            instrument: symbol,
            quantity: figure(inputs, ["quantity"]),
            profit: 0,
            leverage: figure(inputs, ["leverage"], 25),
          },
        ],
      };
      const margined = bench.margin(
        REGIME,
        book,
        rate === undefined ? undefined : { parameters: { maintenance_rate: rate } },
      );
      const currency = given(expected, "currency");
      const inSettlement = currency === undefined ? family === "lean-cryptofuture-bybit" : currency === settlement;
      const tolerance = toleranceOf(published);
      return Object.entries(expected as Record<string, Figure | null>).flatMap(([name, value]): readonly Check[] => {
        if (value === null || name === "currency") return [];
        const kind = /maint/.test(name) ? "maintenance" : "initial";
        const actual = margined.values(inSettlement ? kind : `${kind}_in_dollars`).get(symbol) ?? "undefined";
        if (/ui/.test(name)) return [within(FEES, name, value, actual)];
        return [tolerance === undefined ? exactly(name, value, actual) : within(tolerance, name, value, actual)];
      });
    },
  },
];
