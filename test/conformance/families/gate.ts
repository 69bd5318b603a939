// Gate: liquidation price of isolated perpetuals, initial margin of short options.

import type { Family } from "../family.ts";
import { exactly, type Figure, figure, given, product, quotient, signed, within } from "../figures.ts";

const REGIME = "gate-2025-05";
const CONTRACT = "BTC_USDT";
const QUANTITY = ["qty", "quantity", "size", "amount", "position_size"];

const liquidationPrice: Family = {
  name: "Gate liquidation price",
  regimes: [REGIME],
  matches: ({ venue, model = "" }) => venue === "Gate" && /liquidation price/i.test(model),
  run({ inputs, expected }, bench) {
    const entry = figure(inputs, ["entry", "entry_price", "open_rate"]);
    const quantity = figure(inputs, QUANTITY);
    const multiplier = figure(inputs, ["multiplier", "contract_size"], 1);
    const leverage = figure(inputs, ["leverage"], 1);
    const posted = quotient(product(product(entry, quantity), multiplier), leverage);
    const book = {
      instruments: {
        [CONTRACT]: {
          product: "perpetual",
          underlying: "BTC",
          settlement: "USDT",
          mark: figure(inputs, ["mark", "mark_price"], entry),
          multiplier,
        },
      },
      positions: [
        {
          instrument: CONTRACT,
          quantity: signed(quantity, given(inputs, "side")),
          entry,
          leverage,
          isolated: true,
          posted: figure(inputs, ["margin", "isolated_margin", "wallet_balance"], posted),
        },
      ],
    };
    const margined = bench.margin(REGIME, book, {
      parameters: {
        maintenance_rate: given(inputs, "mmr", "maintenance_margin_rate", "maintenance_rate") ?? "0.5%",
        taker_fee: given(inputs, "taker_fee", "fee", "taker_fee_rate") ?? 0,
      },
    });
    const price = margined.isolated.get(CONTRACT)!.values("liquidation_price").get(CONTRACT) ?? "undefined";
    return [within("1e-9", "liquidation_price", figure(expected, ["liquidation_price"]), price)];
  },
};

const shortOption: Family = {
  name: "Gate short options",
  regimes: [REGIME],
  matches: ({ venue, model = "" }) => venue === "Gate" && /option/i.test(model),
  run({ inputs, expected }, bench) {
    const name = "OPTION";
    const type = String(given(inputs, "type", "option_type", "kind") ?? "call").toLowerCase();
    const book = {
      time: "2025-01-01",
      underlyings: { BTC: { index: figure(inputs, ["underlying_price", "underlying", "index"]) } },
      instruments: {
        [name]: {
          product: type.startsWith("p") ? "put" : "call",
          underlying: "BTC",
          settlement: "USDT",
          strike: figure(inputs, ["strike", "strike_price"]),
          mark: figure(inputs, ["mark", "mark_price"]),
          multiplier: figure(inputs, ["multiplier", "contract_multiplier"], 1),
          expiry: "2025-02-01",
        },
      },
      positions: [{ instrument: name, quantity: signed(figure(inputs, QUANTITY, 1), "short"), profit: 0, leverage: 1 }],
    };
    const low = given(inputs, "im1", "initial_margin_ratio_1", "init_margin_low");
    const high = given(inputs, "im2", "initial_margin_ratio_2", "init_margin_high");
    const margined = bench.margin(REGIME, book, {
      parameters: {
        ...(low === undefined ? {} : { option_low: low }),
        ...(high === undefined ? {} : { option_high: high }),
      },
    });
    return Object.entries(expected as Record<string, Figure>).map(([key, value]) =>
      exactly(key, value, margined.values(/maint/.test(key) ? "maintenance" : "initial").get(name) ?? "undefined"),
    );
  },
};

export const families: readonly Family[] = [liquidationPrice, shortOption];
