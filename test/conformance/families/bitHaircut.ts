// BIT.com: what balances are worth as collateral.

import type { Family } from "../family.ts";
import { exactly, type Figure, figure, given, within } from "../figures.ts";

const REGIME = "bit-2024-10";

export const families: readonly Family[] = [
  {
    name: "BIT.com collateral",
    regimes: [REGIME],
    matches: ({ venue, model = "" }) => venue === "BIT.com" && /collateral|haircut/i.test(model),
    run({ inputs, expected, notes = "" }, bench) {
      const assets = (given(inputs, "assets", "balances") ?? [inputs]) as readonly object[];
      const held = assets.map((asset, index) => ({
        currency: String(given(asset, "currency", "asset", "coin") ?? `COIN${index + 1}`),
        balance: figure(asset, ["qty", "quantity", "equity", "balance", "amount"]),
        price: figure(asset, ["price", "index_price", "usd_index_price"]),
        haircut: given(asset, "haircut", "haircut_ratio"),
      }));
      const haircuts = held.flatMap(({ currency, haircut }) => (haircut === undefined ? [] : [[currency, haircut]]));
      const margined = bench.margin(
        REGIME,
        { currencies: Object.fromEntries(held.map(({ currency, balance, price }) => [currency, { balance, price }])) },
        { parameters: { haircut: Object.fromEntries(haircuts) } },
      );
      const rows = margined.values("collateral");
      const tolerance = /relative tolerance ([\d.]+(?:e-?\d+)?)/i.exec(notes)?.[1];
      const compare = (name: string, value: Figure, actual: string) =>
        tolerance === undefined ? exactly(name, value, actual) : within(tolerance, name, value, actual);
      return Object.entries(expected as Record<string, Figure>).map(([name, value]) =>
        compare(name, value, rows.get(name) ?? margined.value("equity")),
      );
    },
  },
];
