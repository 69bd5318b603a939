// nautilus_trader: margin of one position under its standard and its leveraged model; BitMEX contracts among them.

import type { Family, PublishedCase } from "../family.ts";
import { exactly, type Figure, figure, given, signed } from "../figures.ts";

const REGIME = "nautilus-margin-2025-08";

function isInverse({ inputs, expected }: PublishedCase): boolean {
  const said = given(inputs, "inverse");
  if (typeof said === "boolean") return said;
  if (said !== undefined) return String(said) === "true";
  return (
    /inverse|XBTUSD/i.test(String(given(inputs, "instrument"))) ||
    Object.keys(expected).some((name) => /_btc$/.test(name))
  );
}

/** initial or maintenance; `init` and `maint` are the source's words. */
function kindOf({ inputs, expected }: PublishedCase): "initial" | "maintenance" {
  const kind = String(given(inputs, "margin_kind", "kind") ?? Object.keys(expected).join(" "));
  return /maint/i.test(kind) ? "maintenance" : "initial";
}

/** The currency that the expected figure is in, when the case says so. */
function currencyOf({ expected }: PublishedCase): string | undefined {
  const named = given(expected, "currency");
  if (named !== undefined) return String(named).toUpperCase();
  const suffix = Object.keys(expected).map((name) => /margin_([a-z]{3,4})$/.exec(name)?.[1]);
  return suffix.find((each) => each !== undefined)?.toUpperCase();
}

export const families: readonly Family[] = [
  {
    name: "nautilus margin models",
    regimes: [REGIME],
    matches: ({ venue = "", family }) => family === "nautilus-margin" || /nautilus/i.test(venue),
    run(published, bench) {
      const { inputs, expected } = published;
      const inverse = isInverse(published);
      const kind = kindOf(published);
      const name = String(given(inputs, "instrument") ?? "INSTRUMENT").split(" ")[0]!;
      const shown = currencyOf(published);
      const isQuote = inverse && (given(inputs, "use_quote_for_inverse") === true || shown === "USD");
      const settlement = inverse ? "BTC" : (shown ?? "USD");
      const book = {
        currencies: { [settlement]: { price: 1 } },
        instruments: {
          [name]: {
            product: "perpetual",
            inverse,
            underlying: name,
            settlement,
            mark: figure(inputs, ["price", "mark"]),
            multiplier: figure(inputs, ["contract_multiplier", "contract_size"], 1),
          },
        },
        positions: [
          {
            instrument: name,
            quantity: signed(figure(inputs, ["quantity", "qty"]), given(inputs, "side")),
            profit: 0,
            leverage: figure(inputs, ["leverage"], 1),
          },
        ],
      };
      const initial = given(inputs, "margin_init", "initial_rate");
      const maintenance = given(inputs, "margin_maint", "maintenance_rate");
      const margined = bench.margin(REGIME, book, {
        parameters: {
          ...(initial === undefined ? {} : { initial_rate: initial }),
          ...(maintenance === undefined ? {} : { maintenance_rate: maintenance }),
          divide_by_leverage: /^standard/i.test(String(given(inputs, "model") ?? "leveraged")) ? 0 : 1,
          factor: given(inputs, "margin_multiplier", "multiplier", "factor") ?? 1,
        },
      });
      const [shownName, value] = Object.entries(expected as Record<string, Figure>).find(([key]) =>
        /margin/.test(key),
      )!;
      const term = isQuote ? `${kind}_in_quote` : kind;
      return [exactly(shownName, value, margined.values(term).get(name) ?? "undefined")];
    },
  },
];
