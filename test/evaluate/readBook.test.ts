import { describe, expect, test } from "vitest";
import { BookRefusedError } from "../../services/evaluate/evaluation.ts";
import { readBook } from "../../services/evaluate/readBook.ts";
import type { Input, Program } from "../../services/regimes/program.ts";

const ONE = 10n ** 18n;
const VINTAGE_US = 1_767_225_600_000_000n;

function input(name: string, level: Input["level"], set = -1): Input {
  return { name, level, set, value: undefined, note: "" };
}

/** As much of a program as reading a book looks at. */
const program = {
  id: "example-2026-01",
  vintage: "2026-01-01",
  effectiveUs: VINTAGE_US,
  valuation: "USD",
  riskUnit: "underlying",
  groups: new Map(),
  sets: [{ name: "span", count: 3, attributes: [] }],
  inputs: [
    input("confidence", "instrument"),
    input("stable_price", "account"),
    input("risk_array", "instrument", 0),
    input("haircut", "currency"),
    input("shock", "unit"),
  ],
} as unknown as Program;

const CALL = "BTC-27MAR26-90000-C";
const call = {
  product: "call",
  underlying: "BTC",
  settlement: "USDC",
  expiry: "2026-03-27T08:00:00Z",
  strike: 90_000,
  lot: "0.1",
};
const perpetual = { product: "perpetual", underlying: "BTC", settlement: "USD", mark: "60000.5" };
const book = {
  time: "2026-01-29T08:00:00Z",
  currencies: { USDC: {} },
  instruments: { [CALL]: call, "BTC-PERP": perpetual },
  positions: [{ instrument: "BTC-PERP", quantity: 2, entry: 59_000 }],
};

const main = (value: unknown) => readBook(value, program).main;

describe("numbers", () => {
  const balance = (value: unknown) => main({ currencies: { USD: { balance: value } } }).currencies[0]?.balance;

  test.for([
    [1, ONE],
    ["-12.50", (-25n * ONE) / 2n],
    ["1e-18", 1n],
    [1e-7, 10n ** 11n],
    ["1.5e3", 1_500n * ONE],
    ["+.5", ONE / 2n],
    ["0.1000000000000000000000", ONE / 10n],
    ["1e-400", undefined],
    // Shortest texts of doubles: the first ends within 18 decimals, the second is cut.
    [3.3333333333333335, 3_333_333_333_333_333_500n],
    [0.0012345678901234567, 1_234_567_890_123_456n],
    [-0.0012345678901234567, -1_234_567_890_123_456n],
    [1e-30, 0n],
    [0, 0n],
    [-0, 0n],
  ] as const)("%s is kept exactly", ([given, expected]) => {
    if (expected === undefined) expect(() => balance(given)).toThrow(/18 decimals/);
    else expect(balance(given)).toBe(expected);
  });

  test("JSON text loses no digit, where a double would", () => {
    const text =
      '{"currencies":{"A":{"balance":12345678901234567.890123},"B":{"balance":1.2e-05},"C":{"balance":1.10}}}';
    expect(main(text).currencies.map((currency) => currency.balance)).toEqual([
      12_345_678_901_234_567_890_123n * 10n ** 12n,
      12n * 10n ** 12n,
      (11n * ONE) / 10n,
    ]);
  });

  test.for([
    ["NaN", "not-a-number"],
    [Number.NaN, "not-a-number"],
    [Number.POSITIVE_INFINITY, "not-a-number"],
    ["", "not-a-number"],
    [".", "not-a-number"],
    ["1,000", "not-a-number"],
    ["0x10", "not-a-number"],
    [null, "not-a-number"],
    [true, "not-a-number"],
    ["1.0000000000000000001", "too-precise"],
    ["1e20", "too-large"],
    [1e20, "too-large"],
    ["1e999999", "too-large"],
    ["85070591730234615865.843651857942052864", "too-large"],
  ] as const)("%s is refused as %s", ([given, code]) => {
    expect(() => balance(given)).toThrow(expect.objectContaining({ code, place: "currencies.USD.balance" }));
  });

  test("the largest number is one unit below 2^126", () => {
    expect(balance("85070591730234615865.843651857942052863")).toBe(2n ** 126n - 1n);
  });
});

describe("what is left out", () => {
  test("is undefined, but for balances, multipliers, interest, posted collateral and the valuation's price", () => {
    const { instruments, positions, currencies, underlyings, timeUs } = main(book);
    expect(instruments.map(({ name }) => name)).toEqual([CALL, "BTC-PERP"]);
    expect(instruments[0]).toEqual({
      name: CALL,
      product: "call",
      inverse: false,
      bachelier: false,
      underlying: "BTC",
      settlement: "USDC",
      multiplier: ONE,
      mark: undefined,
      forward: undefined,
      strike: 90_000n * ONE,
      volatility: undefined,
      interest: 0n,
      expiryUs: 1_774_598_400_000_000n,
    });
    expect(positions).toEqual([
      {
        instrument: 1,
        quantity: 2n * ONE,
        entry: 59_000n * ONE,
        profit: undefined,
        leverage: undefined,
        isolated: false,
        posted: 0n,
      },
    ]);
    expect(currencies).toEqual([
      { name: "USDC", balance: 0n, price: undefined },
      { name: "USD", balance: 0n, price: ONE },
    ]);
    expect(underlyings).toEqual([{ name: "BTC", index: undefined }]);
    expect(timeUs).toBe(1_769_673_600_000_000n);
  });

  test("a settlement currency is not listed when it is the valuation currency or an underlying, and then has no price", () => {
    const inCoin = { ...book, currencies: {}, instruments: { [CALL]: { ...call, settlement: "BTC" } } };
    const held = { ...inCoin, positions: [{ instrument: CALL, quantity: "-0.3" }] };
    expect(main(held).currencies).toEqual([{ name: "BTC", balance: 0n, price: undefined }]);
    expect(() => main({ ...held, instruments: { [CALL]: call } })).toThrow(
      expect.objectContaining({ code: "unknown-currency", place: `instruments.${CALL}.settlement` }),
    );
  });

  test("the time is the vintage when nothing expires", () => {
    expect(main({ instruments: { "BTC-PERP": perpetual } }).timeUs).toBe(VINTAGE_US);
    expect(() => main({ ...book, time: undefined })).toThrow(expect.objectContaining({ code: "time-missing" }));
  });

  test("a price that is given counts for the valuation currency too", () => {
    expect(main({ currencies: { USD: { price: "0.99" } } }).currencies[0]?.price).toBe((99n * ONE) / 100n);
  });
});

describe("isolated positions", () => {
  const isolated = {
    ...book,
    currencies: { USD: { balance: 100 }, BTC: { balance: 1, price: 60_000 }, USDC: {} },
    positions: [
      { instrument: "BTC-PERP", quantity: 2, entry: 59_000, isolated: true, posted: "30.5" },
      { instrument: "BTC-PERP", quantity: 1, entry: 58_000, isolated: true },
      { instrument: CALL, quantity: "-0.1" },
    ],
    orders: [
      { instrument: "BTC-PERP", side: "sell", quantity: 1, price: 61_000, isolated: true },
      { instrument: "BTC-PERP", side: "buy", quantity: 1 },
    ],
  };

  test("are books of their own, whose only balance is what is posted", () => {
    const { main: rest, isolated: own } = readBook(isolated, program);
    expect([...own.keys()]).toEqual(["BTC-PERP"]);
    const alone = own.get("BTC-PERP")!;
    expect(alone.currencies).toEqual([{ name: "USD", balance: (61n * ONE) / 2n, price: ONE }]);
    expect(alone.positions.map(({ quantity }) => quantity)).toEqual([2n * ONE, ONE]);
    expect(alone.orders.map(({ buy }) => buy)).toEqual([false]);
    expect(rest.positions.map(({ instrument }) => instrument)).toEqual([0]);
    expect(rest.orders.map(({ buy }) => buy)).toEqual([true]);
    expect(rest.currencies.map(({ name }) => name)).toEqual(["USD", "BTC", "USDC"]);
    expect(rest.orders[0]).not.toHaveProperty("isolated");
  });
});

describe("inputs", () => {
  test("are one value, or values by name with a default for the others, or a list over scenarios", () => {
    const inputs = {
      confidence: { [CALL]: "0.5", default: 1 },
      stable_price: 0.99,
      risk_array: { [CALL]: [1, "-2.5", 0] },
    };
    expect(main({ ...book, inputs }).inputs).toEqual([
      { name: "confidence", all: ONE, byName: new Map([[CALL, ONE / 2n]]), rows: new Map() },
      { name: "stable_price", all: (99n * ONE) / 100n, byName: new Map(), rows: new Map() },
      { name: "risk_array", all: undefined, byName: new Map(), rows: new Map([[CALL, [1, -2.5, 0]]]) },
    ]);
  });

  test.for([
    [{ trust: 1 }, "unknown-input", "inputs.trust"],
    [{ confidence: { "BTC-28MAR26-90000-C": 1 } }, "unknown-instrument", "inputs.confidence.BTC-28MAR26-90000-C"],
    [{ haircut: { EUR: 1 } }, "unknown-currency", "inputs.haircut.EUR"],
    [{ shock: { ETH: 1 } }, "unknown-unit", "inputs.shock.ETH"],
    [{ stable_price: { USD: 1 } }, "not-a-book", "inputs.stable_price"],
    [{ confidence: { [CALL]: [1, 2, 3] } }, "not-a-book", `inputs.confidence.${CALL}`],
    [{ risk_array: { [CALL]: [1, 2] } }, "wrong-length", `inputs.risk_array.${CALL}`],
    [{ risk_array: { [CALL]: [1, 2, "x"] } }, "not-a-number", `inputs.risk_array.${CALL}[2]`],
  ] as const)("%o is refused", ([inputs, code, place]) => {
    expect(() => main({ ...book, inputs })).toThrow(expect.objectContaining({ code, place }));
  });
});

describe("refused", () => {
  const with_ = (instrument: object) => ({
    ...book,
    instruments: { ...book.instruments, [CALL]: { ...call, ...instrument } },
  });
  const held = (position: object) => ({ ...book, positions: [{ instrument: "BTC-PERP", quantity: 1, ...position }] });
  const ordered = (order: object) => ({
    ...book,
    orders: [{ instrument: "BTC-PERP", side: "buy", quantity: 1, ...order }],
  });

  test.for<readonly [unknown, string, string]>([
    ["{", "not-json", "book"],
    [3, "not-a-book", "book"],
    [{ ...book, cash: 1 }, "not-a-book", "book"],
    [{ positions: [{ instrument: "BTC-PERP" }] }, "not-a-number", "positions[0].quantity"],
    ['{"instruments": {"A": {}, "A": {}}}', "duplicate-name", "A"],
    [{ ...book, regime: "another" }, "another-regime", "regime"],
    [{ ...book, vintage: "2025-01-01" }, "another-vintage", "vintage"],
    [{ ...book, time: "yesterday" }, "not-a-time", "time"],
    [{ ...book, time: "2026-02-30" }, "not-a-time", "time"],
    [{ ...book, time: "1969-12-31" }, "time-out-of-range", "time"],
    [{ ...book, time: "2200-01-01" }, "time-out-of-range", "time"],
    [with_({ volatility: -0.01 }), "volatility-out-of-range", `instruments.${CALL}.volatility`],
    [with_({ volatility: 0 }), "volatility-out-of-range", `instruments.${CALL}.volatility`],
    [with_({ volatility: 5 }), "volatility-out-of-range", `instruments.${CALL}.volatility`],
    [with_({ strike: -1 }), "price-model-needed", `instruments.${CALL}.strike`],
    [with_({ forward: 0 }), "price-model-needed", `instruments.${CALL}.forward`],
    [with_({ price_model: "bachelier", inverse: true }), "inverse-bachelier", `instruments.${CALL}.price_model`],
    [with_({ multiplier: 0 }), "not-positive", `instruments.${CALL}.multiplier`],
    [with_({ product: "future" }), "strike-of-no-option", `instruments.${CALL}.strike`],
    [with_({ product: "spot", strike: undefined }), "expiry-of-no-term", `instruments.${CALL}.expiry`],
    [
      with_({ product: "spot", strike: undefined, expiry: undefined, inverse: true }),
      "inverse-spot",
      `instruments.${CALL}.inverse`,
    ],
    [held({ instrument: "ETH-PERP" }), "unknown-instrument", "positions[0].instrument"],
    [held({ quantity: "NaN" }), "not-a-number", "positions[0].quantity"],
    [held({ leverage: 0 }), "not-positive", "positions[0].leverage"],
    [held({ instrument: CALL, quantity: 0.15 }), "off-the-lot", "positions[0].quantity"],
    [ordered({ quantity: 0 }), "not-positive", "orders[0].quantity"],
    [ordered({ quantity: -1 }), "not-positive", "orders[0].quantity"],
    [ordered({ side: "long" }), "not-a-book", "orders[0].side"],
    [ordered({ instrument: "ETH-PERP" }), "unknown-instrument", "orders[0].instrument"],
    [ordered({ instrument: CALL, quantity: "0.25" }), "off-the-lot", "orders[0].quantity"],
    [ordered({ isolated: true }), "no-isolated-position", "orders[0]"],
  ])("%o: %s at %s", ([value, code, place]) => {
    expect(() => main(value)).toThrow(BookRefusedError);
    expect(() => main(value)).toThrow(expect.objectContaining({ code, place }));
  });

  test("lots of one instrument that differ in leverage", () => {
    const lots = [10, undefined, 20].map((leverage) => ({
      instrument: "BTC-PERP",
      quantity: 1,
      ...(leverage === undefined ? {} : { leverage }),
    }));
    expect(() => main({ ...book, positions: lots })).toThrow(
      expect.objectContaining({ code: "leverage-differs", place: "positions[2].leverage" }),
    );
  });

  test("a volatility of 0 or far above 500 % is not where the book says so, nor is a position of 0", () => {
    const wild = (volatility: string) => ({ ...with_({ volatility }), limits: { volatility: [0, 2_000] } });
    expect(main(wild("1886.29")).instruments[0]?.volatility).toBe((188_629n * ONE) / 100n);
    expect(main(wild("0")).instruments[0]?.volatility).toBe(0n);
    expect(main(held({ quantity: 0, leverage: 20 })).positions[0]?.quantity).toBe(0n);
  });

  test("names that end in one another are no duplicates, nor the same name in two objects", () => {
    expect(() => main('{"currencies": {"A": {"price": 1}, "AA": {"price": 1, "balance": 2}}}')).not.toThrow();
  });
});

test("times are read to the microsecond, in any zone", () => {
  expect(main({ time: "2026-01-29T09:00:00.000001+01:00" }).timeUs).toBe(1_769_673_600_000_001n);
  expect(main({ time: "2026-01-29" }).timeUs).toBe(1_769_644_800_000_000n);
});
