// Customer portfolio margin on ten points: the exchange's table of examples, and a broker's house minimum.

import { exact, near } from "../checks.ts";
import type { Bench, Check, Family, PublishedCase } from "../family.ts";
import { figure, given } from "../figures.ts";
import { optionBookOf } from "../optionBooks.ts";

const EXCHANGE = "tims-2007";
const HOUSE = "tims-house-2021";

function portfolioMargin(published: PublishedCase, bench: Bench): readonly Check[] {
  const { json } = optionBookOf(published);
  // A share of an index fund moves by the same part as the index: nothing stands for anything here.
  const { inputs: _, ...book } = json;
  const actual = bench.margin(EXCHANGE, book).value("margin");
  const expected = given(published.expected, "portfolio_margin", "requirement", "margin") as number;
  const share = /tolerance\s+(\d+(?:\.\d+)?)\s*%/.exec(published.notes ?? "")?.[1];
  if (share === undefined) return [exact("portfolio_margin", expected, actual)];
  return [near("portfolio_margin", expected, actual, { relative: Number(share) / 100, told: `${share} %` })];
}

/** A short call far out of the money: its scan loss is nothing, so the minimum binds. */
function uncoveredMinimum({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const index = figure(inputs, ["underlying", "underlying_price", "spot"]);
  const rate = given(inputs, "rate", "percentage");
  const book = {
    time: "2021-01-04T21:00:00Z",
    underlyings: { XYZ: { index } },
    instruments: {
      "XYZ C": {
        product: "call",
        underlying: "XYZ",
        settlement: "USD",
        multiplier: figure(inputs, ["multiplier"], 100),
        mark: 0,
        strike: String(Number(index) * 10),
        forward: index,
        volatility: "0.2",
        expiry: "2021-01-15T21:00:00Z",
      },
    },
    positions: [
      { instrument: "XYZ C", quantity: -Math.abs(Number(given(inputs, "short_contracts", "contracts") ?? 1)) },
    ],
  };
  const overrides = rate === undefined ? {} : { parameters: { uncovered_minimum_rate: rate } };
  const margined = bench.margin(HOUSE, book, overrides);
  const minimum = figure(expected, ["minimum", "minimum_requirement", "requirement"]);
  return [exact("minimum", minimum, margined.value("margin"))];
}

export const families: readonly Family[] = [
  {
    name: "OCC, customer portfolio margin",
    regimes: [EXCHANGE],
    matches: ({ venue }) => /^OCC TIMS/i.test(venue ?? ""),
    run: portfolioMargin,
  },
  {
    name: "tastyworks, portfolio margin house minimum",
    regimes: [HOUSE],
    matches: ({ venue }) => /^Portfolio margin house rule/i.test(venue ?? ""),
    notSupported: ({ expected }) =>
      given(expected, "minimum", "minimum_requirement", "requirement") === undefined
        ? "asks for another figure than the minimum of uncovered short options"
        : undefined,
    run: uncoveredMinimum,
  },
];
