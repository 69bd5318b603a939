import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DocumentProblem, MarketDocumentError } from "../../services/markets/documentError.ts";
import { loadMarket } from "../../services/markets/loadMarket.ts";

const REGIME = `id: test-regime
venue: nowhere
effective: "2026-01-01"
sources:
  - own
marginTables:
  - name: table
    currency: USDT
    tiers:
      - { floor: "0", initialRate: "0.8%", maintenanceRate: "0.4%" }
      - { floor: "50000", initialRate: "1%", maintenanceRate: "0.5%", publishedAmount: "50" }
      - { floor: "600000", initialRate: "2%", maintenanceRate: "0.65%" }
scenarioGrids:
  - name: grid
    moves: ["-10%", "0%", "10%"]
`;

const MARKET = `id: test-market
tables: [regime.yaml]
currencies:
  - { name: USDT, scale: 6 }
instruments:
  - name: BTC-PERP
    kind: linear
    settlementCurrency: USDT
    priceScale: 1
    quantityScale: 3
    tick: "0.1"
    lot: "0.001"
    multiplier: "1"
    makerFee: "-0.01%"
    takerFee: "0.05%"
    liquidationFee: "1%"
    priceLimit: "10000000"
    quantityLimit: "10000"
    priceBand: "10%"
    staleAfterMs: 60000
    marginTable: table
    scenarioGrid: grid
    defaultLeverage: "10"
`;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "market-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function load(market = MARKET, regime = REGIME): ReturnType<typeof loadMarket> {
  writeFileSync(join(folder, "market.yaml"), market);
  writeFileSync(join(folder, "regime.yaml"), regime);
  return loadMarket(join(folder, "market.yaml"));
}

function problems(market: string, regime: string): readonly DocumentProblem[] {
  try {
    load(market, regime);
  } catch (error) {
    if (error instanceof MarketDocumentError) return error.problems;
    throw error;
  }
  return [];
}

/** Replaces text in one of the two documents and expects exactly that line and field to be named. */
function expectRefusal(document: "market" | "regime", from: string, to: string, field: string, reason: RegExp): void {
  const original = document === "market" ? MARKET : REGIME;
  expect(original).toContain(from);
  const changed = original.replace(from, to);
  const found = document === "market" ? problems(changed, REGIME) : problems(MARKET, changed);
  expect(found.map((each) => each.field)).toContain(field);
  const problem = found.find((each) => each.field === field) as DocumentProblem;
  expect(problem.reason).toMatch(reason);
  expect(problem.file).toBe(join(folder, `${document}.yaml`));
  const line = changed.split("\n")[problem.line - 1] ?? "";
  expect(line).toContain(field.replace(/.*\./, "").replace(/\[.*/, ""));
}

describe("loadMarket", () => {
  it("turns text into units and billionths", () => {
    const market = load();
    expect(market.marginTables).toEqual([
      {
        name: "table",
        regime: "test-regime",
        tiers: [
          { floor: 0n, initialRateE9: 8_000_000n, maintenanceRateE9: 4_000_000n },
          { floor: 50_000_000_000n, initialRateE9: 10_000_000n, maintenanceRateE9: 5_000_000n },
          { floor: 600_000_000_000n, initialRateE9: 20_000_000n, maintenanceRateE9: 6_500_000n },
        ],
      },
    ]);
    expect(market.scenarioGrids[0]?.movesE9).toEqual([-100_000_000n, 0n, 100_000_000n]);
    expect(market.instruments[0]?.listing).toMatchObject({
      tick: 1n,
      lot: 1n,
      makerFeeRateE9: -100_000n,
      priceLimit: 100_000_000n,
      quantityLimit: 10_000_000n,
      staleAfterUs: 60_000_000n,
      defaultLeverageE2: 1_000,
      expiryTimeUs: 0n,
    });
  });

  it("keeps a multiplier as a fraction and an expiry in microseconds", () => {
    const text = MARKET.replace('multiplier: "1"', 'multiplier: "0.0025"').replace(
      "    makerFee",
      '    expiry: "2026-01-02T08:00:00Z"\n    makerFee',
    );
    expect(load(text).instruments[0]?.listing).toMatchObject({
      multiplierNumerator: 1n,
      multiplierDenominator: 400n,
      expiryTimeUs: 1_767_340_800_000_000n,
    });
  });

  it.each(["simulated", "bitmex-xbtusd-2018", "binance-2024-08"])("accepts markets/%s.yaml", (name) => {
    const market = loadMarket(`markets/${name}.yaml`);
    expect(market.id).toBe(name);
    for (const grid of market.scenarioGrids) expect(grid.movesE9).toContain(0n);
  });

  it.each([
    ["the first floor is not 0", 'floor: "0"', 'floor: "10"', "tiers[0].floor", /first tier must start at "0"/],
    ["floors do not rise", 'floor: "600000"', 'floor: "50000"', "tiers[2].floor", /does not rise/],
    ["an initial rate does not rise", 'Rate: "1%"', 'Rate: "0.8%"', "tiers[1].initialRate", /does not rise/],
    ["a maintenance rate does not rise", '"0.65%"', '"0.5%"', "tiers[2].maintenanceRate", /does not rise/],
    ["maintenance is above initial", '"0.65%"', '"2.5%"', "tiers[2].maintenanceRate", /above the initial rate "2%"/],
    ["a rate is above 100 %", '"2%"', '"101%"', "tiers[2].initialRate", /at most 100 %/],
    ["a rate is zero", '"0.4%"', '"0%"', "tiers[0].maintenanceRate", /above zero/],
    [
      "a deduction is no whole unit",
      '"600000"',
      '"600000.0001"',
      "tiers[2].maintenanceRate",
      /no whole number \(MAR-013\)/,
    ],
    ["the published amount differs", '"50" }', '"51" }', "tiers[1].publishedAmount", /make the deduction 50000000/],
    ["a floor is no number", '"50000"', '"5e4"', "tiers[1].floor", /no plain decimal number/],
    ["a floor is finer than its currency", '"50000"', '"0.0000001"', "tiers[1].floor", /USDT has 6 digits/],
    ["a rate has too many digits", '"0.65%"', '"0.65000001%"', "tiers[2].maintenanceRate", /at most 9 digits/],
    ["a number is not quoted", 'floor: "50000"', "floor: 50000", "tiers[1].floor", /must be quoted/],
    ["a field is unknown", "currency: USDT", "currency: USDT\n    currencyy: USDT", "", /currencyy/],
  ])("MAR-013: refuses a margin table when %s", (_, from, to, field, reason) => {
    const path = `marginTables[0]${field === "" ? "" : `.${field}`}`;
    if (field === "") {
      const found = problems(MARKET, REGIME.replace(from, to));
      expect(found).toMatchObject([{ field: path, reason: expect.stringMatching(reason) }]);
    } else {
      expectRefusal("regime", from, to, path, reason);
    }
  });

  it.each([
    ["the zero move is missing", '"0%", ', "", "scenarioGrids[0].moves", /zero move/],
    ["moves do not rise", '"10%"]', '"0%"]', "scenarioGrids[0].moves[2]", /does not rise/],
    ["a move leaves no price", '"-10%"', '"-100%"', "scenarioGrids[0].moves[0]", /above -100 %/],
  ])("MAR-022: refuses a scenario grid when %s", (_, from, to, field, reason) => {
    expectRefusal("regime", from, to, field, reason);
  });

  it.each([
    ["tick is finer than the price scale", 'tick: "0.1"', 'tick: "0.05"', "tick", /priceScale is 1/],
    ["tick is zero", 'tick: "0.1"', 'tick: "0"', "tick", /above zero/],
    ["lot is finer than the quantity scale", 'lot: "0.001"', 'lot: "0.0001"', "lot", /quantityScale is 3/],
    ["lot is above the quantity limit", 'lot: "0.001"', 'lot: "10001"', "lot", /above quantityLimit/],
    ["the margin table is unknown", "marginTable: table", "marginTable: tabel", "marginTable", /known: table/],
    ["the grid is unknown", "scenarioGrid: grid", "scenarioGrid: gird", "scenarioGrid", /known: grid/],
    [
      "the currency is unknown",
      "settlementCurrency: USDT",
      "settlementCurrency: BTC",
      "settlementCurrency",
      /known: USDT/,
    ],
    ["the value overflows", 'priceLimit: "10000000"', 'priceLimit: "10000000000"', "priceLimit", /stay below 2\^62/],
    ["the multiplier is zero", 'multiplier: "1"', 'multiplier: "0"', "multiplier", /above zero/],
    [
      "the leverage is beyond the first tier",
      'Leverage: "10"',
      'Leverage: "126"',
      "defaultLeverage",
      /first initial rate/,
    ],
    ["the leverage is below 1", 'Leverage: "10"', 'Leverage: "0.5"', "defaultLeverage", /between 1 and/],
    ["a fee is above 100 %", 'takerFee: "0.05%"', 'takerFee: "500%"', "takerFee", /between -100 % and 100 %/],
    ["the kind is unknown", "kind: linear", "kind: quanto", "kind", /linear/],
    ["the band is zero", 'priceBand: "10%"', 'priceBand: "0%"', "priceBand", /above 0/],
  ])("refuses an instrument when %s", (_, from, to, field, reason) => {
    expectRefusal("market", from, to, `instruments[0].${field}`, reason);
  });

  it("refuses an inverse contract that allows prices of zero", () => {
    const found = problems(
      MARKET.replace("kind: linear", "kind: inverse").replace(
        "    makerFee",
        "    allowsNonPositivePrices: true\n    makerFee",
      ),
      REGIME,
    );
    expect(found).toMatchObject([{ line: 14, field: "instruments[0].allowsNonPositivePrices" }]);
  });

  it("refuses prices of zero and below without the price model that knows them, and the model without such prices", () => {
    const marketWith = (lines: string) => problems(MARKET.replace("    makerFee", `${lines}    makerFee`), REGIME);
    const model = [{ field: "instruments[0].priceModel" }];
    expect(marketWith("    allowsNonPositivePrices: true\n")).toMatchObject(model);
    expect(marketWith("    priceModel: bachelier\n")).toMatchObject(model);
    expect(marketWith("    allowsNonPositivePrices: true\n    priceModel: bachelier\n")).toEqual([]);
  });

  it("refuses a name that is used twice, in one document or in two", () => {
    const twice = MARKET + MARKET.slice(MARKET.indexOf("  - name: BTC-PERP"));
    expect(problems(twice, REGIME)).toMatchObject([{ line: 24, field: "instruments[1].name" }]);
    writeFileSync(join(folder, "other.yaml"), REGIME);
    const found = problems(MARKET.replace("[regime.yaml]", "[regime.yaml, other.yaml]"), REGIME);
    expect(found).toMatchObject([
      { file: join(folder, "other.yaml"), line: 7, field: "marginTables[0].name" },
      { file: join(folder, "other.yaml"), line: 14, field: "scenarioGrids[0].name" },
    ]);
  });

  it("refuses a table whose floors are in another currency", () => {
    const found = problems(MARKET, REGIME.replace("currency: USDT", "currency: BTC"));
    expect(found).toMatchObject([
      { line: 21, field: "instruments[0].marginTable", reason: expect.stringMatching(/in BTC/) },
    ]);
  });

  it("names a missing field by the line of what lacks it", () => {
    const found = problems(MARKET.replace('    tick: "0.1"\n', ""), REGIME);
    expect(found).toMatchObject([{ line: 6, field: "instruments[0].tick", reason: expect.stringMatching(/quoted/) }]);
  });

  it("names the line of text that is no YAML, and a file that is not there", () => {
    expect(problems(`${MARKET}\n  bad: [`, REGIME)[0]).toMatchObject({ file: join(folder, "market.yaml") });
    expect(problems(`${MARKET}\n  bad: [`, REGIME)[0]?.line).toBeGreaterThanOrEqual(24);
    expect(problems(MARKET.replace("[regime.yaml]", "[none.yaml]"), REGIME)).toMatchObject([
      { file: join(folder, "none.yaml"), line: 0, reason: expect.stringMatching(/cannot be read/) },
    ]);
  });

  it("tells all problems at once, each on a line of its own", () => {
    const bad = MARKET.replace('tick: "0.1"', 'tick: "x"').replace('lot: "0.001"', 'lot: "0"');
    expect(() => load(bad)).toThrow(
      /market\.yaml:11: instruments\[0\]\.tick: "x".*\n.*market\.yaml:12: instruments\[0\]\.lot/,
    );
  });
});

describe("markets/tables/", () => {
  it("names a source and a date in every document", () => {
    for (const name of ["binance-usdm-2024-05", "binance-coinm-2020-06", "bitmex-2018", "plimsoll-scenarios-2026"]) {
      expect(readFileSync(`markets/tables/${name}.yaml`, "utf8")).toMatch(
        /effective: "\d{4}-\d\d-\d\d"\nsources:\n {2}- ./,
      );
    }
  });
});
