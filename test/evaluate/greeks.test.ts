// Greeks of a book against differences of the price that the same kernel gives (docs/margin/greeks.md).

import { expect, test } from "vitest";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { greeksOf } from "../../services/evaluate/greeks.ts";
import { formatFixed } from "../../services/regimes/fixed.ts";
import { compileRegime } from "../../services/regimes/loadRegime.ts";

/** A document whose equity is the price of the options held. */
const PRICE = compileRegime(
  `id: price
venue: Test
title: Price of options
vintage: 2026-01-01
sources: { test: { title: here, where: here } }
valuation: USD
risk_unit: underlying
terms:
  worth: { per: position, formula: "quantity * multiplier * black_price(call, forward, strike, volatility, years, exp(0 - interest * years))", clause: price, source: test }
  whole: { per: account, formula: total(worth), clause: price, source: test }
  nothing: { per: account, formula: 0 * whole, clause: none, source: test }
requirement: { per: account, equity: whole, initial: nothing, maintenance: nothing }
`,
  "price.yaml",
);

interface Terms {
  readonly product: "call" | "put";
  readonly forward: number;
  readonly strike: number;
  readonly volatility: number;
  readonly interest: number;
  readonly days: number;
}

function bookOf({ days, ...option }: Terms) {
  const expiryMs = Date.UTC(2026, 0, 1) + days * 86_400_000;
  const given = Object.fromEntries(
    Object.entries(option).map(([name, value]) => [name, typeof value === "number" ? value.toFixed(9) : value]),
  );
  return {
    regime: "price",
    time: "2026-01-01",
    instruments: {
      C: {
        ...given,
        underlying: "BTC",
        settlement: "USD",
        multiplier: "0.1",
        expiry: new Date(expiryMs).toISOString(),
      },
    },
    positions: [{ instrument: "C", quantity: -30 }],
  };
}

const priceOf = (terms: Terms) => Number(formatFixed(evaluateBook(PRICE, bookOf(terms)).main.verdicts[0]!.equity));
const BASE: Terms = { product: "call", forward: 60_000, strike: 65_000, volatility: 0.6, interest: 0.03, days: 40 };

test.each<Partial<Terms>>([{}, { product: "put" }, { strike: 60_000, days: 3 }, { interest: 0, strike: 80_000 }])(
  "%o",
  (changes) => {
    const terms = { ...BASE, ...changes };
    const [greeks] = greeksOf(bookOf(terms)).positions;
    const told = (name: "delta" | "gamma" | "vega" | "theta") => Number(formatFixed(greeks![name]!));
    const at = (more: Partial<Terms>) => priceOf({ ...terms, ...more });
    const { forward, volatility } = terms;
    expect(told("delta")).toBeCloseTo((at({ forward: forward + 1 }) - at({ forward: forward - 1 })) / 2, 6);
    const second = (at({ forward: forward + 10 }) - 2 * at({}) + at({ forward: forward - 10 })) / 100;
    expect(told("gamma") / second).toBeCloseTo(1, 4);
    const oneUp = at({ volatility: volatility + 1e-4 }) - at({ volatility: volatility - 1e-4 });
    expect(told("vega")).toBeCloseTo(oneUp / 2e-4 / 100, 4);
    // The discount is held: taken out of both prices.
    const undiscounted = (days: number) => at({ days }) * Math.exp((terms.interest * days) / 365);
    const held = Math.exp((-terms.interest * terms.days) / 365);
    const dayLess = ((undiscounted(terms.days - 0.001) - undiscounted(terms.days + 0.001)) / 0.002) * held;
    expect(told("theta") / dayLess).toBeCloseTo(1, 4);
  },
);

test("add up to the underlying, and a fact that is missing leaves a gap instead of a refusal", () => {
  const book = bookOf(BASE);
  const two = {
    ...book,
    instruments: {
      ...book.instruments,
      F: { product: "future", underlying: "BTC", settlement: "USD", mark: 60_000, expiry: "2026-03-27" },
      P: { ...book.instruments.C, product: "put", volatility: undefined },
    },
    positions: [...book.positions, { instrument: "F", quantity: 2 }],
  };
  const { positions, underlyings } = greeksOf(JSON.stringify(two));
  expect(underlyings.map(({ name }) => name)).toEqual(["BTC"]);
  expect(underlyings[0]!.delta).toBe(positions.reduce((sum, { delta }) => sum + delta!, 0n));
  const lacking = greeksOf({ ...two, positions: [...two.positions, { instrument: "P", quantity: 1 }] });
  expect(lacking.positions[2]).toEqual({
    name: "P",
    delta: undefined,
    gamma: undefined,
    vega: undefined,
    theta: undefined,
  });
  expect(lacking.underlyings[0]!.delta).toBeUndefined();
});
