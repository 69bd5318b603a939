import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeRegime } from "../../services/regimes/describeRegime.ts";
import { formatFixed, ONE } from "../../services/regimes/fixed.ts";
import { compileRegime, listRegimes, loadRegime, readExamples } from "../../services/regimes/loadRegime.ts";
import type { Overrides } from "../../services/regimes/overrides.ts";
import type { Fixed, Parameter, Program, Table } from "../../services/regimes/program.ts";
import { RegimeDocumentError, UnknownOverrideError } from "../../services/regimes/regimeError.ts";
import { REGIME } from "./regimeText.ts";

const REGIMES = join(import.meta.dirname, "../../regimes");

function overridden(overrides: Overrides): Program {
  return compileRegime(REGIME, "example.yaml", overrides);
}

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("the regimes of the project", () => {
  it("are listed by id", () => {
    const ids = listRegimes();
    expect(ids.length).toBeGreaterThan(0);
    expect(ids).toEqual([...ids].sort());
  });

  it.each(listRegimes())("%s compiles, by its id and by its file", (id) => {
    const program = loadRegime(id);
    expect(program.id).toBe(id);
    const { venue, title, vintage } = program;
    expect(describeRegime(id)).toEqual({ id, venue, title, vintage });
    expect(loadRegime(join(REGIMES, `${id}.yaml`))).toEqual(program);
  });

  it("are hinted at when an id is nearly right", () => {
    const [id = ""] = listRegimes();
    const error = caught(() => loadRegime(`${id}x`));
    expect(error).toBeInstanceOf(RegimeDocumentError);
    expect((error as Error).message).toContain(`did you mean ${id}?`);
  });
});

describe("loadRegime", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "regime-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("reads a file by its path", () => {
    const file = join(folder, "example-2026-01.yaml");
    writeFileSync(file, REGIME);
    expect(loadRegime(file).title).toBe("Example futures, portfolio mode");
  });

  it("refuses a file whose name is not its id", () => {
    const file = join(folder, "other.yaml");
    writeFileSync(file, REGIME);
    const error = caught(() => loadRegime(file));
    expect(error).toBeInstanceOf(RegimeDocumentError);
    expect((error as RegimeDocumentError).problems).toEqual([
      { file, line: 1, field: "id", reason: '"example-2026-01" is not the file\'s name, other' },
    ]);
  });

  it("refuses a file that cannot be read", () => {
    const error = caught(() => loadRegime(join(folder, "nothing.yaml")));
    expect(error).toBeInstanceOf(RegimeDocumentError);
    expect((error as RegimeDocumentError).problems[0]).toMatchObject({ line: 0, field: "" });
  });
});

describe("numbers of a document", () => {
  it.each([
    ["0.1", ONE / 10n],
    ["0.100000000000000001", ONE / 10n + 1n],
    ["'0.100000000000000001'", ONE / 10n + 1n],
    ["1_000_000.5", 1_000_000n * ONE + ONE / 2n],
    ["5e-3", ONE / 200n],
    ["9007199254740993", 9_007_199_254_740_993n * ONE],
    ["-3%", (-3n * ONE) / 100n],
    ["+4", 4n * ONE],
  ])("%s keeps all its digits", (text, expected) => {
    const changed = REGIME.replace("maintenance_factor: { value: 0.8", `maintenance_factor: { value: ${text}`).replace(
      "maintenance_factor <= 1",
      "0 <= 1",
    );
    expect(compileRegime(changed, "example.yaml").parameters[0]?.value).toBe(expected);
  });

  it.each(["0x10", ".inf", ".nan", "true", "null", "[1]", "one"])("%s is none", (text) => {
    const changed = REGIME.replace("maintenance_factor: { value: 0.8", `maintenance_factor: { value: ${text}`);
    const error = caught(() => compileRegime(changed, "example.yaml"));
    expect(error).toBeInstanceOf(RegimeDocumentError);
    expect((error as RegimeDocumentError).problems[0]?.field).toBe("parameters.maintenance_factor.value");
  });

  it("may be keys and come from an anchor", () => {
    const changed = REGIME.replace("BTC: 0.075, ETH: 5%", "1000: &small 0.0750, 2e3: *small");
    expect([...(compileRegime(changed, "example.yaml").parameters[1]?.byKey ?? [])]).toEqual([
      ["1000", (75n * ONE) / 1000n],
      ["2e3", (75n * ONE) / 1000n],
    ]);
  });
});

describe("readExamples", () => {
  it("keeps books apart from the program, with all digits", () => {
    expect(readExamples(REGIME)).toEqual([
      {
        name: "one",
        source: "faq",
        note: "",
        book: { currencies: { USD: { balance: "0.10000000000000000001" } } },
        expect: { equity: { USD: "5" }, initial: "1.50", maintenance: "1.2" },
      },
    ]);
    expect(JSON.stringify(Object.keys(compileRegime(REGIME, "example.yaml")))).not.toContain("example");
  });

  it("reads none from a document without examples", () => {
    expect(readExamples(REGIME.slice(0, REGIME.indexOf("examples:")))).toEqual([]);
  });

  it("refuses one without its shape", () => {
    expect(() => readExamples("examples: [{ name: a }]", "a.yaml")).toThrow(
      /a\.yaml:1: examples\[0\]\.book: must be a book/,
    );
    expect(() => readExamples("examples: 5", "a.yaml")).toThrow(/must be a list/);
    expect(() => readExamples(REGIME.replace("    expect:", "    tolerance: small\n    expect:"))).toThrow(
      /examples\[0\]\.tolerance: must be a number/,
    );
  });
});

describe("overrides", () => {
  const parameter = (overrides: unknown, index: number): Parameter | undefined =>
    overridden({ parameters: overrides as Record<string, unknown> }).parameters[index];
  const shown = ({ by, value, byKey }: Partial<Parameter> = {}): unknown => ({
    by,
    value: value === undefined ? undefined : formatFixed(value),
    ...Object.fromEntries([...(byKey ?? [])].map(([key, each]) => [key, formatFixed(each)])),
  });

  it.each([
    ["a number", 0.9, "0.9"],
    ["text", "0.900000000000000001", "0.900000000000000001"],
    ["a percentage", "90%", "0.9"],
    ["an integer", 1n, "1"],
    ["a map", { value: "0.7" }, "0.7"],
    ["a double with digits that were not meant", 0.001_234_567_890_123_456_7, "0.001234567890123456"],
    ["a tiny double", 1.5e-20, "0"],
    ["a small double", -1.5e-7, "-0.00000015"],
  ])("of a parameter: %s", (_, given, expected) => {
    expect(shown(parameter({ maintenance_factor: given }, 0))).toEqual({ by: "account", value: expected });
  });

  it("of a parameter with keys", () => {
    const own = { by: "underlying", value: "0.1", BTC: "0.075", ETH: "0.05" };
    expect(shown(parameter({}, 1))).toEqual(own);
    expect(shown(parameter({ move_risk: "0.02" }, 1))).toEqual({ by: "underlying", value: "0.02" });
    expect(shown(parameter({ move_risk: { BTC: 0.02, SOL: 0.03 } }, 1))).toEqual({ ...own, BTC: "0.02", SOL: "0.03" });
    expect(shown(parameter({ move_risk: { default: 0.02 } }, 1))).toEqual({ ...own, value: "0.02" });
    expect(shown(parameter({ move_risk: { by: "currency", USDC: 0.02 } }, 1))).toEqual({
      by: "currency",
      value: undefined,
      USDC: "0.02",
    });
    expect(shown(parameter({ credit_rate: { by: "underlying", BTC: 1, default: 0.5 } }, 2))).toEqual({
      by: "underlying",
      value: "0.5",
      BTC: "1",
    });
  });

  it("of a table", () => {
    const from = (tiers: { readonly from: readonly Fixed[] } | undefined) => tiers?.from.map(formatFixed).join();
    const table = (value: unknown): Partial<Table> => overridden({ tables: { brackets: value } }).tables[0] ?? {};
    const rows = [
      [0, 100, "2%", "1%", 50],
      [100, "inf", 0.04, 0.02, 25],
    ];
    expect(from(table(rows).value)).toBe("0,100");
    expect(table(rows).byKey?.size).toBe(0);
    expect(from(table({ ETH: rows }).byKey?.get("ETH"))).toBe("0,100");
    expect(from(table({ ETH: rows }).byKey?.get("BTC"))).toBe("0,50000");
    expect(from(table({ rows }).value)).toBe("0,100");
    expect(table({ boundary: "begins" }).boundary).toBe("begins");
    const columns = ["from", "initial", "maintenance"];
    expect(table({ columns, BTC: [[0, 1, 1]], default: [[0, 1, 1]] }).columns).toEqual(columns);
  });

  it("of pairs, credits and scenarios", () => {
    const program = overridden({
      pairs: { correlation: { otherwise: 0.25 } },
      credits: { inter: [{ priority: 1, legs: { A: 1, B: -1 }, rate: 0.75 }] },
      scenarios: { grid: { rows: { move: [0, 0.1 + 0.2], vol: [0, 1], weight: [1, 1] } } },
    });
    expect(program.pairTables[0]).toMatchObject({ keys: ["BTC", "ETH"], otherwise: ONE / 4n });
    expect(program.spreadTables[0]?.spreads).toEqual([
      {
        priority: 1,
        legs: [
          { key: "A", ratio: ONE },
          { key: "B", ratio: -ONE },
        ],
        rate: (ONE * 3n) / 4n,
      },
    ]);
    expect(program.sets[0]).toEqual({
      name: "grid",
      count: 2,
      attributes: [
        { name: "move", values: [0, 0.300_000_000_000_000_04] },
        { name: "vol", values: [0, 1] },
        { name: "weight", values: [1, 1] },
      ],
    });
  });

  it("leave everything else as it is", () => {
    const {
      parameters: [_, ...rest],
      ...program
    } = compileRegime(REGIME, "example.yaml");
    expect(overridden({ parameters: { maintenance_factor: 0.9 } })).toMatchObject({ ...program });
    expect(overridden({ parameters: { maintenance_factor: 0.9 } }).parameters.slice(1)).toEqual(rest);
    expect(overridden({})).toEqual(compileRegime(REGIME, "example.yaml"));
  });

  it("are checked like the document", () => {
    const error = caught(() =>
      overridden({
        parameters: { maintenance_factor: 1.5, credit_rate: -0.1 },
        tables: { brackets: { BTC: [[5, "inf", 0.1, 0.1, 1]] } },
      }),
    );
    expect(error).toBeInstanceOf(RegimeDocumentError);
    expect((error as RegimeDocumentError).problems).toEqual([
      {
        file: "example.yaml",
        line: REGIME.split("\n").findIndex((line) => line.includes("credit_rate")) + 1,
        field: "parameters.credit_rate.value",
        reason: "-0.1: a rate is not negative (overridden)",
      },
      expect.objectContaining({
        field: "tables.brackets.BTC[0][0]",
        reason: "5: the first tier starts at 0 (overridden)",
      }),
      expect.objectContaining({
        field: "checks[0].holds",
        reason: "does not hold (maintenance_factor 1.5): maintenance may not exceed initial margin",
      }),
    ]);
  });

  it("refuse names that the document does not have", () => {
    const error = caught(() =>
      overridden({
        parameters: { maintenance_faktor: 1, maintenance_factor: 0.5 },
        scenarios: { grids: {} },
        terms: {},
      } as Overrides),
    );
    expect(error).toBeInstanceOf(UnknownOverrideError);
    expect((error as UnknownOverrideError).places).toEqual([
      "terms",
      "parameters.maintenance_faktor",
      "scenarios.grids",
    ]);
    expect((error as Error).message).toContain(
      "example-2026-01 has no parameters.maintenance_faktor to override (did you mean maintenance_factor?)",
    );
  });
});

it("the form of docs/regimes.md is the one that is read", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/regimes.md"), "utf8");
  const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
  // The page leaves out terms, the set of the risk array and a book.
  const terms = ["equity", "initial_margin", "maintenance_margin", "liquidation_price"]
    .map((name) => `  ${name}: { per: currency, formula: balance, clause: Left out. }`)
    .join("\n");
  const whole = example
    .replace("  …\n", `${terms}\n`)
    .replace("inputs:", "  span: { kind: joint, count: 16 }\ninputs:")
    .replace(
      "parameters:",
      "parameters:\n  up: { value: 0.5, source: faq }\n  floor_volatility: { value: 0.5, source: faq }",
    )
    .replace("{ … }", "{}");
  expect(compileRegime(whole, "example-2026-01.yaml")).toMatchObject({
    id: "example-2026-01",
    riskUnit: "underlying-settlement",
  });
});
