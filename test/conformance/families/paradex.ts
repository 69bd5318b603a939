// Paradex: the minimum delta requirement of portfolio margin, from deltas that a case names.

import { near } from "../checks.ts";
import { magnitude, quotient, sum } from "../decimalText.ts";
import type { Bench, Check, Family, PublishedCase } from "../family.ts";
import { type Fields, type Figure, figure, given } from "../figures.ts";

const REGIME = "paradex-portfolio";
const TIME = "2026-01-02T08:00:00Z";
const EXPIRY = "2026-02-01T08:00:00Z";
const PERPETUAL = "PERPETUAL";

/** Black-76 inputs that give a delta of 0.3 to a call: spot 1, 30 days, this strike, this volatility. */
const MODEL = { delta: "0.3", strike: "1.142857142857142857", volatility: "0.7389341409126511" };

interface Option {
  readonly name: string;
  readonly product: "call" | "put";
  readonly quantity: Figure;
  readonly delta: Figure;
}

function optionsOf(inputs: unknown): readonly Option[] {
  return ((given(inputs, "options") ?? []) as readonly Fields[]).map((option, index) => ({
    name: `OPTION-${index + 1}`,
    product: /^p/i.test(String(given(option, "type") ?? "call")) ? "put" : "call",
    quantity: figure(option, ["quantity", "size", "amount"]),
    delta: figure(option, ["delta"]),
  }));
}

function bookOf(inputs: unknown, options: readonly Option[], perpetual: string): unknown {
  const spot = figure(inputs, ["spot", "spot_price"]);
  const strike = String(Number(spot) * Number(MODEL.strike));
  return {
    time: TIME,
    currencies: { USDC: { balance: "0", price: "1" } },
    underlyings: { BTC: { index: spot } },
    instruments: {
      [PERPETUAL]: { product: "perpetual", underlying: "BTC", settlement: "USDC", mark: spot },
      ...Object.fromEntries(
        options.map(({ name }) => [
          name,
          {
            product: "call",
            underlying: "BTC",
            settlement: "USDC",
            mark: "0",
            forward: spot,
            strike,
            volatility: MODEL.volatility,
            expiry: EXPIRY,
          },
        ]),
      ),
    },
    positions: [
      { instrument: PERPETUAL, quantity: perpetual, profit: "0" },
      // Deltas only matter by their product with the quantity.
      ...options.map(({ name, quantity, delta }) => ({
        instrument: name,
        quantity: quotient(String(Number(quantity) * Number(delta)), MODEL.delta),
        profit: "0",
      })),
    ],
  };
}

function run({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const options = optionsOf(inputs);
  const margined = bench.margin(REGIME, bookOf(inputs, options, figure(inputs, ["perpetual", "perp"], 0)));
  const one = (term: string): string => [...margined.values(term).values()][0] ?? "0";
  const gross = sum(...[...margined.values("position_delta").values()].map(magnitude));
  const actualOf = (name: string): string | undefined => {
    if (name === "gross_delta") return gross;
    return margined.program.terms.some((term) => term.name === name) ? one(name) : undefined;
  };
  return Object.entries(expected as Record<string, Figure>).flatMap(([name, value]) => {
    const actual = actualOf(name);
    return actual === undefined
      ? []
      : [near(name, value, actual, { relative: "1e-9", told: "1e-9: the delta is met to that" })];
  });
}

export const families: readonly Family[] = [
  {
    name: "Paradex portfolio margin",
    regimes: [REGIME],
    matches: ({ venue = "", model = "" }) => /^paradex/i.test(venue) && /portfolio/i.test(model),
    run,
  },
];
