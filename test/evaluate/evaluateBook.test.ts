// A book that is given whole: what it requires, and what is wrong with it.

import { describe, expect, test } from "vitest";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { BookRefusedError } from "../../services/evaluate/evaluation.ts";
import { readBook } from "../../services/evaluate/readBook.ts";
import { formatFixed, parseFixed } from "../../services/regimes/fixed.ts";
import { loadRegime } from "../../services/regimes/loadRegime.ts";

const PORTFOLIO = loadRegime("deribit-portfolio-2026-02");
const EXPIRY = "2026-03-27T08:00:00Z";
const NAME = "BTC-27MAR26-70000-C";

const call = {
  product: "call",
  inverse: true,
  underlying: "BTC",
  settlement: "BTC",
  mark: "0.05",
  forward: 67_000,
  strike: 70_000,
  volatility: "0.5",
  expiry: EXPIRY,
  lot: "0.1",
};
const perpetual = {
  product: "perpetual",
  inverse: true,
  underlying: "BTC",
  settlement: "BTC",
  multiplier: 10,
  mark: 65_670,
};
const book = {
  time: "2026-01-29T08:00:00Z",
  currencies: { BTC: { balance: "1.5", price: 65_666 } },
  underlyings: { BTC: { index: 65_666 } },
  instruments: { [NAME]: call, "BTC-PERPETUAL": perpetual },
  positions: [
    { instrument: NAME, quantity: "-1.5" },
    { instrument: "BTC-PERPETUAL", quantity: 100, entry: 65_000 },
  ],
};

const without = (fact: keyof typeof call) => withCall({ [fact]: undefined });

function withCall(changes: Readonly<Record<string, unknown>>) {
  return { ...book, instruments: { ...book.instruments, [NAME]: { ...call, ...changes } } };
}

function withPosition(changes: Readonly<Record<string, unknown>>) {
  return { ...book, positions: [{ ...book.positions[0], ...changes }] };
}

/** By name, each with its code and its place. */
const BAD_BOOKS: readonly (readonly [name: string, book: unknown, code: string, place: string])[] = [
  ["unknown instrument", withPosition({ instrument: "BTC-1" }), "unknown-instrument", "positions[0].instrument"],
  [
    "unknown instrument of an order",
    { ...book, orders: [{ instrument: "X", side: "buy", quantity: 1 }] },
    "unknown-instrument",
    "orders[0].instrument",
  ],
  ["unknown currency", withCall({ settlement: "DOGE" }), "unknown-currency", `instruments.${NAME}.settlement`],
  ["unknown underlying", withCall({ underlying: "DOGE" }), "missing-parameter", "parameters.price_range"],
  ["another regime", { ...book, regime: "okx-portfolio-2025-01" }, "another-regime", "regime"],
  ["another vintage", { ...book, vintage: "2019-01-01" }, "another-vintage", "vintage"],
  ["volatility of zero", withCall({ volatility: 0 }), "volatility-out-of-range", `instruments.${NAME}.volatility`],
  ["volatility of 500 %", withCall({ volatility: 5 }), "volatility-out-of-range", `instruments.${NAME}.volatility`],
  ["volatility in percent", withCall({ volatility: 50 }), "volatility-out-of-range", `instruments.${NAME}.volatility`],
  ["no volatility", without("volatility"), "missing-fact", `instruments.${NAME}.volatility`],
  ["no forward", without("forward"), "missing-fact", `instruments.${NAME}.forward`],
  ["no strike", without("strike"), "missing-fact", `instruments.${NAME}.strike`],
  ["no expiry", without("expiry"), "missing-fact", `instruments.${NAME}.expiry`],
  ["no mark", without("mark"), "missing-fact", `instruments.${NAME}.mark`],
  ["no index", { ...book, underlyings: {} }, "missing-fact", "underlyings.BTC.index"],
  ["no time", { ...book, time: undefined }, "time-missing", "time"],
  ["off the lot", withPosition({ quantity: "0.15" }), "off-the-lot", "positions[0].quantity"],
  [
    "more digits than are kept",
    withPosition({ quantity: "0.1000000000000000001" }),
    "too-precise",
    "positions[0].quantity",
  ],
  ["more than can be kept", withPosition({ quantity: "1e30" }), "too-large", "positions[0].quantity"],
  [
    "limits that fall",
    { ...withCall({ volatility: 0 }), limits: { volatility: [1, 0] } },
    "not-a-book",
    "limits.volatility",
  ],
  [
    "outside the book's own limits",
    { ...book, limits: { volatility: ["0.6", 9] } },
    "volatility-out-of-range",
    `instruments.${NAME}.volatility`,
  ],
];

describe("a bad book is refused, and the place is named", () => {
  test.each(BAD_BOOKS)("%s", (_, given, code, place) => {
    expect(() => evaluateBook(PORTFOLIO, given)).toThrow(BookRefusedError);
    expect(() => evaluateBook(PORTFOLIO, given)).toThrow(expect.objectContaining({ code, place }));
  });

  test("after each the next good one is margined as ever", () => {
    const before = evaluateBook(PORTFOLIO, book).main.verdicts;
    for (const [, given] of BAD_BOOKS) expect(() => evaluateBook(PORTFOLIO, given)).toThrow(BookRefusedError);
    expect(evaluateBook(PORTFOLIO, book).main.verdicts).toEqual(before);
  });
});

test("a volatility of 0, and one of 600 %, are margined where the book says that it means them", () => {
  for (const volatility of ["0", "6"]) {
    const meant = { ...withCall({ volatility }), limits: { volatility: [0, 6] } };
    const { initial, maintenance } = evaluateBook(PORTFOLIO, meant).main.verdicts[0]!;
    expect(initial > maintenance && maintenance > 0n).toBe(true);
  }
});

test("an expired option is worth its intrinsic value and needs no volatility", () => {
  const expired = { ...withCall({ volatility: 0, forward: 77_000 }), time: EXPIRY };
  const [verdict] = evaluateBook(PORTFOLIO, expired).main.verdicts;
  expect(verdict!.state).toBeDefined();
});

test("an isolated position is a book of its own, by name of its instrument", () => {
  const [option, future] = book.positions;
  const { main, isolated } = evaluateBook(loadRegime("deribit-standard-2026-01"), {
    ...book,
    positions: [option, { ...future, isolated: true, posted: "0.1" }],
  });
  expect([...isolated.keys()]).toEqual(["BTC-PERPETUAL"]);
  expect(main.rows.position).toEqual([NAME]);
  expect(isolated.get("BTC-PERPETUAL")!.rows.position).toEqual(["BTC-PERPETUAL"]);
});

describe("surfaces", () => {
  const points = [
    [60_000, "0.62"],
    [70_000, "0.55"],
    [80_000, "0.57"],
  ];
  const onSurface = (strike: number | string, of: unknown = points, key = `BTC ${EXPIRY}`) => ({
    ...withCall({ volatility: undefined, strike }),
    surfaces: { [key]: of },
  });

  test.each([
    // docs/books.md: 0.62 - 0.07 x 6,000 / 10,000
    [66_000, "0.578"],
    [100_000, "0.57"],
    [1, "0.62"],
    [60_000, "0.62"],
    [80_000, "0.57"],
    // 0.55 + 0.02 / 3, cut at 18 digits
    ["73333.333333333333333333", "0.556666666666666666"],
  ])("at a strike of %s the volatility is %s", (strike, expected) => {
    const { main } = readBook(onSurface(strike), PORTFOLIO);
    expect(formatFixed(main.instruments[0]!.volatility!)).toBe(expected);
  });

  test("margins like the same volatility given to the option", () => {
    const own = withCall({ strike: 66_000, volatility: "0.578" });
    expect(evaluateBook(PORTFOLIO, onSurface(66_000)).main.verdicts).toEqual(
      evaluateBook(PORTFOLIO, own).main.verdicts,
    );
  });

  test("an option's own volatility comes first", () => {
    const own = { ...book, surfaces: { [`BTC ${EXPIRY}`]: points } };
    expect(readBook(own, PORTFOLIO).main.instruments[0]!.volatility).toBe(parseFixed("0.5"));
  });

  const place = `surfaces.BTC ${EXPIRY}`;
  test.each<readonly [string, unknown, string, string]>([
    ["no points", onSurface(1, []), "not-a-book", place],
    ["a point of one number", onSurface(1, [[1]]), "not-a-book", `${place}[0]`],
    [
      "strikes that fall",
      onSurface(1, [
        [2, "0.5"],
        [1, "0.5"],
      ]),
      "strikes-not-rising",
      `${place}[1][0]`,
    ],
    [
      "a strike twice",
      onSurface(1, [
        [2, "0.5"],
        [2, "0.6"],
      ]),
      "strikes-not-rising",
      `${place}[1][0]`,
    ],
    ["a volatility of 0", onSurface(1, [[1, 0]]), "volatility-out-of-range", `${place}[0][1]`],
    ["a strike of 0", onSurface(1, [[0, "0.5"]]), "not-positive", `${place}[0][0]`],
    ["no expiry", onSurface(1, points, "BTC"), "not-a-time", "surfaces.BTC"],
    ["another expiry", onSurface(1, points, "BTC 2026-03-27"), "unknown-expiry", "surfaces.BTC 2026-03-27"],
    ["another underlying", onSurface(1, points, `ETH ${EXPIRY}`), "unknown-expiry", `surfaces.ETH ${EXPIRY}`],
    [
      "one expiry twice",
      { ...onSurface(1), surfaces: { [`BTC ${EXPIRY}`]: points, "BTC 2026-03-27T09:00:00+01:00": points } },
      "duplicate-name",
      "surfaces.BTC 2026-03-27T09:00:00+01:00",
    ],
  ])("%s", (_, given, code, where) => {
    expect(() => readBook(given, PORTFOLIO)).toThrow(expect.objectContaining({ code, place: where }));
  });
});
