// Random books for random regimes, as a giver would write them: facts are missing, instruments have expired, lots are many.

import * as fc from "fast-check";
import type { Program } from "../../services/regimes/program.ts";
import { CURRENCIES, UNDERLYINGS } from "./randomRegime.ts";

const TIME = Date.UTC(2026, 0, 29, 8);
const DAY = 86_400_000;
const PRODUCTS = ["perpetual", "future", "call", "put", "spot"] as const;

const missing = <Value>(arbitrary: fc.Arbitrary<Value>, freq = 12) => fc.option(arbitrary, { freq, nil: undefined });
const index = fc.noBias(fc.nat({ max: 999 }));

/** Decimals of all sizes as text: whole, with few digits, with all 18. */
const decimal = (min: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min, max }).map(String) },
    { weight: 4, arbitrary: fc.tuple(fc.integer({ min, max: max - 1 }), fc.nat({ max: 9_999 })).map(joined) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.integer({ min, max: max - 1 }), fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }))
        .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(18, "0")}`),
    },
  );

function joined([whole, fraction]: readonly [number, number]): string {
  return `${whole}.${String(fraction).padStart(4, "0")}`;
}

const price = fc.oneof({ weight: 9, arbitrary: decimal(1, 2_000) }, { weight: 1, arbitrary: decimal(-50, 50) });

const instrument = fc.record({
  product: index,
  inverse: fc.boolean(),
  bachelier: fc.boolean(),
  underlying: index,
  settlement: index,
  multiplier: fc.constantFrom("1", "1", "100", "0.001", "0.3"),
  mark: missing(price),
  forward: missing(price),
  strike: missing(fc.constantFrom("90", "100", "110.5", "100.000000000000000001")),
  volatility: missing(decimal(0, 5)),
  interest: missing(decimal(-1, 1), 2),
  /** In quarters of a day from the book's time: in the past, now, far away. */
  expiry: missing(fc.oneof(fc.integer({ min: -4, max: 8 }), fc.integer({ min: 9, max: 4_000 }))),
});

const position = fc.record({
  instrument: index,
  quantity: fc.oneof({ weight: 8, arbitrary: decimal(-30, 30) }, { weight: 1, arbitrary: fc.constant("0") }),
  entry: fc.constantFrom(undefined, "100", "100", "99.5", "0.000001", "1234567"),
  profit: missing(decimal(-500, 500), 2),
  posted: missing(decimal(0, 100), 1),
});

const order = fc.record({
  instrument: index,
  buy: fc.boolean(),
  quantity: decimal(1, 40),
  price: missing(fc.constantFrom("100", "101", "99.25"), 4),
  reduceOnly: fc.boolean(),
});

const drawn = fc.record({
  instruments: fc.array(instrument, { minLength: 1, maxLength: 7, size: "max" }),
  currencies: fc.array(fc.record({ balance: decimal(-50, 100_000), price: missing(decimal(1, 3)) }), {
    maxLength: CURRENCIES.length,
    size: "max",
  }),
  indices: fc.array(missing(price), { maxLength: UNDERLYINGS.length, size: "max" }),
  positions: fc.array(position, { maxLength: 9, size: "max" }),
  orders: fc.array(order, { maxLength: 6, size: "max" }),
  leverages: fc.array(missing(fc.constantFrom("1", "10", "3.5")), { maxLength: 7 }),
  inputs: fc.array(missing(decimal(-20, 20), 3), { maxLength: 40, size: "max" }),
});

/** A book for `readBook`: what is undefined is left out. */
export type RandomBook = (program: Program) => unknown;

export const randomBook: fc.Arbitrary<RandomBook> = drawn.map(
  (book) => (program) => JSON.parse(JSON.stringify(written(book, program))),
);

type Drawn = typeof drawn extends fc.Arbitrary<infer Value> ? Value : never;

function written(book: Drawn, program: Program): unknown {
  const instruments = book.instruments.map(({ bachelier, ...facts }, number) => {
    const product = PRODUCTS[facts.product % PRODUCTS.length]!;
    const underlying = UNDERLYINGS[facts.underlying % UNDERLYINGS.length]!;
    const isOption = product === "call" || product === "put";
    const expires = isOption || product === "future";
    const expiry = facts.expiry === undefined ? undefined : new Date(TIME + (facts.expiry * DAY) / 4).toISOString();
    return {
      ...facts,
      name: `${underlying}-${number}`,
      product,
      inverse: facts.inverse && product !== "spot",
      price_model: bachelier && !(facts.inverse && product !== "spot") ? "bachelier" : "black-76",
      underlying,
      settlement: CURRENCIES[facts.settlement % CURRENCIES.length]!,
      strike: isOption ? facts.strike : undefined,
      expiry: expires ? expiry : undefined,
    };
  });
  const nameAt = (number: number) => instruments[number % instruments.length]!.name;
  return {
    time: new Date(TIME).toISOString(),
    limits: { volatility: ["0", "6"] },
    currencies: Object.fromEntries([
      ...instruments.map(({ settlement }) => [settlement, {}]),
      ...book.currencies.map((facts, number) => [CURRENCIES[number]!, facts]),
    ]),
    underlyings: Object.fromEntries(book.indices.map((value, number) => [UNDERLYINGS[number]!, { index: value }])),
    instruments: Object.fromEntries(instruments.map(({ name, ...facts }) => [name, facts])),
    positions: book.positions.map(({ instrument: number, entry, profit, ...facts }) => ({
      ...facts,
      instrument: nameAt(number),
      entry: profit === undefined ? entry : undefined,
      profit,
      leverage: book.leverages[number % instruments.length],
    })),
    orders: book.orders.map(({ instrument: number, buy, ...facts }) => ({
      ...facts,
      instrument: nameAt(number),
      side: buy ? "buy" : "sell",
    })),
    inputs: inputsOf(book, program, instruments),
  };
}

function inputsOf(
  { inputs: values }: Drawn,
  program: Program,
  instruments: readonly { readonly name: string; readonly underlying: string; readonly settlement: string }[],
): unknown {
  let next = 0;
  const value = (): string | undefined => {
    next += 1;
    return values[(next - 1) % Math.max(values.length, 1)];
  };
  const names = (level: string): readonly string[] => {
    if (level === "underlying") return [...new Set(instruments.map(({ underlying }) => underlying))];
    if (level === "currency") return [...new Set(instruments.map(({ settlement }) => settlement))];
    return level === "unit" ? [] : instruments.map(({ name }) => name);
  };
  return Object.fromEntries(
    program.inputs.map(({ name, level, set }) => {
      if (level === "account" || level === "unit") return [name, value()];
      const listed = (key: string) => {
        const count = program.sets[set]?.count;
        const list = count === undefined ? [] : Array.from({ length: count }, value);
        return [key, list.length === 0 || list.includes(undefined) ? value() : list.map(Number)];
      };
      return [name, Object.fromEntries([...names(level).map(listed), ["default", value()]])];
    }),
  );
}
