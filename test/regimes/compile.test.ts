import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locateText } from "../../services/markets/locatedDocument.ts";
import { foldConstants } from "../../services/regimes/constants.ts";
import { formatFixed, ONE } from "../../services/regimes/fixed.ts";
import { levelsOf } from "../../services/regimes/levels.ts";
import { compileRegime } from "../../services/regimes/loadRegime.ts";
import {
  FIELDS,
  LEVELS,
  type Level,
  type Operation,
  type Program,
  type RiskUnit,
} from "../../services/regimes/program.ts";
import { bracketOf, marginalOf } from "../../services/regimes/tiers.ts";
import { ofCells } from "../oracle/regime/elementwise.ts";
import { bracket, marginal } from "../oracle/regime/tiers.ts";
import { REGIME, render, term, withTerms } from "./regimeText.ts";

function compiled(terms: string, sections?: Readonly<Record<string, string>>): Program {
  return compileRegime(withTerms(terms, sections), "test.yaml");
}

function rendered(program: Program, name: string): string {
  const found = program.terms.find((each) => each.name === name);
  return found === undefined ? `no term ${name}` : render(program, found.node, FIELDS);
}

/** What the formula of one term becomes. */
function nodesOf(per: string, formula: string, over = "", before = ""): string {
  return rendered(compiled(before + term("x", per, formula, over)), "x");
}

describe("levels", () => {
  const CHAIN: readonly Level[] = ["account", "unit", "underlying", "expiry", "strike", "position", "order"];
  const UNITS: readonly RiskUnit[] = ["underlying", "underlying-settlement", "settlement", "account", "group"];

  it.each(UNITS)("with a risk unit of %s", (riskUnit) => {
    const { isAbove } = levelsOf(riskUnit);
    const settles = riskUnit === "underlying-settlement" || riskUnit === "settlement";
    const aboveOf: Record<Level, readonly Level[]> = {
      account: [],
      unit: settles ? ["account", "currency"] : ["account"],
      underlying: settles ? ["account", "unit", "currency"] : ["account", "unit"],
      expiry: settles ? [...CHAIN.slice(0, 3), "currency"] : CHAIN.slice(0, 3),
      strike: settles ? [...CHAIN.slice(0, 4), "currency"] : CHAIN.slice(0, 4),
      position: [...CHAIN.slice(0, 5), "currency", "instrument"],
      order: [...CHAIN.slice(0, 6), "currency", "instrument"],
      currency: ["account"],
      instrument: ["account", "unit", "underlying", "currency"],
    };
    for (const below of LEVELS) {
      expect(
        LEVELS.filter((above) => isAbove(above, below)),
        below,
      ).toEqual(LEVELS.filter((above) => aboveOf[below].includes(above)));
    }
  });

  it("lets only facts of the market reach an instrument", () => {
    const { reaches } = levelsOf("underlying");
    expect(reaches({ level: "underlying", market: true }, "instrument")).toBe(true);
    expect(reaches({ level: "underlying", market: false }, "instrument")).toBe(false);
    expect(reaches({ level: "underlying", market: false }, "position")).toBe(true);
  });
});

describe("a formula becomes nodes", () => {
  it.each([
    ["each row", "position", "quantity * entry", "multiply@position(quantity@position, entry@position)"],
    [
      "a value from above is widened",
      "position",
      "quantity * balance",
      "multiply@position(quantity@position, widen@position(balance@currency))",
    ],
    [
      "what stands above is computed there",
      "position",
      "quantity * (mark + index)",
      "multiply@position(quantity@position, widen@position(add@instrument(mark@instrument, widen@instrument(index@underlying))))",
    ],
    ["a term is brought to its level", "strike", "index", "widen@strike(index@underlying)"],
    [
      "facts of the market",
      "instrument",
      "price * index",
      "widen@instrument(multiply@underlying(widen@underlying(price@currency), index@underlying))",
    ],
    ["a > b is b < a", "position", "entry > quantity", "less@position(quantity@position, entry@position)"],
    ["a >= b is b <= a", "position", "entry >= quantity", "less_equal@position(quantity@position, entry@position)"],
    ["- and not", "position", "not -entry", "not@position(negate@position(entry@position))"],
    [
      "min of many",
      "position",
      "min(entry, value, profit)",
      "minimum@position(minimum@position(entry@position, value@position), profit@position)",
    ],
    [
      "clip",
      "position",
      "clip(value, entry, profit)",
      "minimum@position(maximum@position(value@position, entry@position), profit@position)",
    ],
    ["a unit left out is 1", "position", "ceil(value)", "ceiling@position(value@position, widen@position(1))"],
    ["a unit", "position", "round(value, entry)", "round@position(value@position, entry@position)"],
    [
      "power_law",
      "instrument",
      "power_law(days, 30, 0.3, 0.13)",
      "power@instrument(divide@instrument(widen@instrument(30), days@instrument), choose@instrument(less@instrument(days@instrument, widen@instrument(30)), widen@instrument(0.3), widen@instrument(0.13)))",
    ],
    ["constants are computed", "account", "2 * (3 - 1) / 8 + if(1 < 2, 5%, 1)", "0.55"],
    ["a known condition chooses", "position", "if(1 > 2, quantity, value)", "value@position"],
    ["float64 functions stay", "account", "2 ^ 3", "power@account(2, 3)"],
    ["a division by 0 stays", "account", "1 / 0", "divide@account(1, 0)"],
    [
      "parameters stay",
      "underlying",
      "move_risk * maintenance_factor",
      "multiply@underlying(move_risk@underlying, widen@underlying(maintenance_factor@account))",
    ],
    ["total", "unit", "total(value)", "total@unit(value@position)"],
    [
      "total to the term's level",
      "strike",
      "1 + total(value)",
      "add@strike(widen@strike(1), total@strike(value@position))",
    ],
    [
      "total of orders",
      "position",
      "total(order_quantity * mark)",
      "total@position(multiply@order(order_quantity@order, widen@order(mark@instrument)))",
    ],
    ["total of instruments", "account", "total(unit_value)", "total@account(widen@position(unit_value@instrument))"],
    [
      "total of currencies",
      "account",
      "total(balance * price)",
      "total@account(multiply@currency(balance@currency, price@currency))",
    ],
    [
      "total with something from above inside",
      "currency",
      "total(value * price * move_risk)",
      "total@currency(multiply@position(multiply@position(value@position, widen@position(price@currency)), widen@position(move_risk@underlying)))",
    ],
    [
      "total of tiers",
      "unit",
      "total(bracket(brackets.initial, index))",
      "total@unit(bracket@underlying.initial(index@underlying))",
    ],
    [
      "tiers by the key of the row",
      "position",
      "marginal(brackets.maintenance, notional)",
      "marginal@position.maintenance(notional@position)",
    ],
    [
      "tiers by a key below x",
      "underlying",
      "bracket(brackets.from, 5)",
      "bracket@underlying.from(widen@underlying(5))",
    ],
    [
      "payoff_floor",
      "expiry",
      "payoff_floor(quantity * multiplier)",
      "payoff_floor@expiry(multiply@position(quantity@position, widen@position(multiplier@instrument)))",
    ],
    [
      "total of structures",
      "account",
      "total(payoff_floor(quantity))",
      "total@account(payoff_floor@expiry(quantity@position))",
    ],
    [
      "a structure below the term",
      "position",
      "payoff_floor(1)",
      "widen@position(payoff_floor@expiry(widen@position(1)))",
    ],
    [
      "an aggregate inside a structure",
      "expiry",
      "payoff_floor(total(covered))",
      "payoff_floor@expiry(total@position(covered@order))",
    ],
    ["payoff_at", "strike", "payoff_at(quantity)", "payoff_at@strike(quantity@position)"],
    [
      "strategy",
      "underlying",
      "strategy(quantity, mark, 0, 0, 1)",
      "strategy@underlying(quantity@position, widen@position(mark@instrument), widen@position(0), widen@position(0), widen@position(1))",
    ],
    [
      "calendar_charge",
      "underlying",
      "calendar_charge(total(value), move_risk)",
      "calendar_charge@underlying(total@expiry(value@position), widen@expiry(move_risk@underlying))",
    ],
  ])("%s", (_, per, formula, expected) => {
    expect(nodesOf(per, formula)).toBe(expected);
  });

  it.each([
    [
      "a column is spread where it meets a matrix",
      "position",
      "grid",
      "value * grid.move",
      "multiply@position[grid](spread@position[grid](value@position), widen@position[grid](move@account[grid]))",
    ],
    ["a column as a matrix", "position", "grid", "value", "spread@position[grid](value@position)"],
    ["the term's set decides between columns of one name", "account", "history", "0", "spread@account[history](0)"],
    ["a column by underlying", "underlying", "history", "move", "move@underlying[history]"],
    ["a column of the only set", "account", "grid", "vol", "vol@account[grid]"],
    [
      "conditions",
      "position",
      "grid",
      "if(vol > 0, value, 0)",
      "choose@position[grid](widen@position[grid](less@account[grid](spread@account[grid](0), vol@account[grid])), spread@position[grid](value@position), spread@position[grid](widen@position(0)))",
    ],
    [
      "total of a matrix",
      "account",
      "grid",
      "total(value * vol)",
      "total@account[grid](multiply@position[grid](spread@position[grid](value@position), widen@position[grid](vol@account[grid])))",
    ],
    [
      "an input that is a matrix",
      "instrument",
      "span",
      "-risk_array",
      "negate@instrument[span](risk_array@instrument[span])",
    ],
    ["worst", "account", "", "worst(vol)", "worst@account(vol@account[grid])"],
    [
      "worst below",
      "position",
      "",
      "value * worst(vol)",
      "multiply@position(value@position, widen@position(worst@account(vol@account[grid])))",
    ],
    ["worst_at", "account", "", "worst_at(grid.move)", "worst_at@account(move@account[grid])"],
    [
      "a share made of parameters",
      "account",
      "",
      "quantile(vol, 1 - maintenance_factor)",
      "quantile@account(vol@account[grid], 0.2)",
    ],
    ["tail_mean", "account", "", "tail_mean(vol, 50%)", "tail_mean@account(vol@account[grid], 0.5)"],
    ["a scenario", "account", "", "scenario(vol, 7)", "scenario@account(vol@account[grid], 7)"],
    [
      "a total of the worst",
      "account",
      "",
      "total(worst(value * vol))",
      "total@account(worst@position(multiply@position[grid](spread@position[grid](value@position), widen@position[grid](vol@account[grid]))))",
    ],
  ])("%s", (_, per, over, formula, expected) => {
    expect(nodesOf(per, formula, over)).toBe(expected);
  });

  it("takes facts of the market that meet only at the instrument to there", () => {
    expect(rendered(compiled(term("x", "instrument", "price * index"), { risk_unit: "underlying" }), "x")).toBe(
      "multiply@instrument(widen@instrument(price@currency), widen@instrument(index@underlying))",
    );
  });

  it("takes levels that meet only further down to the term's level", () => {
    const before = term("of_unit", "unit", "total(value)");
    const program = compiled(before + term("x", "position", "of_unit * balance + quantity"), {
      risk_unit: "underlying",
    });
    expect(rendered(program, "x")).toBe(
      "add@position(multiply@position(widen@position(total@unit(value@position)), widen@position(balance@currency)), quantity@position)",
    );
  });

  it("keeps an account's values from an instrument's rows", () => {
    const before = term("of_unit", "unit", "total(value)");
    expect(nodesOf("position", "of_unit * mark", "", before)).toBe(
      "multiply@position(widen@position(total@unit(value@position)), widen@position(mark@instrument))",
    );
    expect(nodesOf("account", "total(of_unit * mark)", "", before)).toBe(
      "total@account(multiply@position(widen@position(total@unit(value@position)), widen@position(mark@instrument)))",
    );
  });

  it("goes over all units or underlyings of an account", () => {
    const before = term("delta", "underlying", "total(quantity)") + term("risk", "unit", "total(delta)");
    expect(nodesOf("account", "correlated(delta, correlation)", "", before)).toBe(
      "correlated@account(total@underlying(quantity@position))",
    );
    expect(nodesOf("account", "correlated(risk, correlation)", "", before)).toMatch(/^correlated@account\(total@unit/);
    expect(nodesOf("underlying", "spread_credit(delta, move_risk, inter)", "", before)).toBe(
      "spread_credit@underlying(total@underlying(quantity@position), move_risk@underlying)",
    );
    expect(nodesOf("unit", "spread_credit(risk, 1, inter)", "", before)).toMatch(
      /^spread_credit@unit\(.*, widen@unit\(1\)\)$/,
    );
    expect(nodesOf("account", "total(spread_credit(delta, 1, inter))", "", before)).toMatch(
      /^total@account\(spread_credit@underlying/,
    );
  });
});

describe("a program", () => {
  const program = compileRegime(REGIME, "test.yaml");

  it("says what the document says", () => {
    expect(program).toMatchObject({
      id: "example-2026-01",
      venue: "Example",
      title: "Example futures, portfolio mode",
      vintage: "2026-01-15",
      effectiveUs: 1_768_435_200_000_000n,
      sources: [{ key: "faq", title: "Portfolio margin", where: "https://example.com/faq" }],
      valuation: "USD",
      riskUnit: "underlying-settlement",
      reports: ["roll"],
    });
    expect(program.parameters).toEqual([
      { name: "maintenance_factor", by: "account", value: (ONE * 8n) / 10n, byKey: new Map(), source: "faq", note: "" },
      {
        name: "move_risk",
        by: "underlying",
        value: ONE / 10n,
        byKey: new Map([
          ["BTC", (ONE * 75n) / 1000n],
          ["ETH", ONE / 20n],
        ]),
        source: "faq",
        note: "",
      },
      {
        name: "credit_rate",
        by: "account",
        value: ONE / 50n,
        byKey: new Map(),
        source: "unpublished",
        note: "not published; our default",
      },
    ]);
    expect(program.tables).toEqual([
      {
        name: "brackets",
        by: "underlying",
        boundary: "ends",
        columns: ["from", "initial", "maintenance", "leverage"],
        value: { from: [0n], columns: [[0n], [ONE / 50n], [ONE / 100n], [50n * ONE]] },
        byKey: new Map([
          [
            "BTC",
            {
              from: [0n, 50_000n * ONE],
              columns: [
                [0n, 50_000n * ONE],
                [(ONE * 8n) / 1000n, ONE / 100n],
                [(ONE * 4n) / 1000n, ONE / 200n],
                [125n * ONE, 100n * ONE],
              ],
            },
          ],
        ]),
        source: "faq",
      },
    ]);
    expect(program.pairTables).toEqual([
      {
        name: "correlation",
        keys: ["BTC", "ETH"],
        values: [
          [ONE, (ONE * 8n) / 10n],
          [(ONE * 8n) / 10n, ONE],
        ],
        otherwise: ONE / 2n,
      },
    ]);
    expect(program.inputs).toEqual([
      { name: "confidence", level: "instrument", set: -1, value: ONE, note: "" },
      { name: "risk_array", level: "instrument", set: 2, value: undefined, note: "" },
    ]);
  });

  it("keeps spreads in the order of their priority", () => {
    expect(program.spreadTables[0]?.spreads.map(({ priority, rate }) => [priority, formatFixed(rate)])).toEqual([
      [1, "0.5"],
      [2, "0.25"],
    ]);
    expect(program.spreadTables[0]?.spreads[0]?.legs).toEqual([
      { key: "ES", ratio: ONE },
      { key: "NQ", ratio: -2n * ONE },
    ]);
  });

  it("keeps terms with their text and what they use", () => {
    expect(program.terms.map(({ name, level, set, uses }) => [name, level, set, uses.join()])).toEqual([
      ["unit_profit", "instrument", 0, ""],
      ["scan", "unit", 0, "unit_profit"],
      ["risk", "unit", -1, "scan"],
      ["roll", "underlying", -1, ""],
      ["initial_margin", "currency", -1, "risk,roll"],
      ["maintenance_margin", "currency", -1, "initial_margin"],
      ["equity", "currency", -1, ""],
    ]);
    expect(program.terms[0]).toMatchObject({
      formula: "multiplier * mark * grid.move * confidence",
      clause: "Profit of one.",
      source: "faq",
      measure: "settlement",
    });
  });

  it("judges by states, and by the usual ones where the document has none", () => {
    const { conclusion } = program;
    const shown = (node: number) => render(program, node, FIELDS);
    expect(conclusion.level).toBe("currency");
    expect(shown(conclusion.equity)).toBe("add@currency(balance@currency, total@currency(profit@position))");
    expect(shown(conclusion.called)).toBe(
      `less@currency(${shown(conclusion.equity)}, multiply@currency(widen@currency(1.1), ${shown(conclusion.initial)}))`,
    );
    expect(shown(conclusion.liquidating)).toBe(
      `less@currency(${shown(conclusion.equity)}, ${shown(conclusion.maintenance)})`,
    );
    expect(shown(conclusion.bankrupt)).toBe(`less@currency(${shown(conclusion.equity)}, widen@currency(0))`);
  });

  it.each([
    ["the example", program],
    ["constants that are computed", compiled(term("x", "account", "if(1 < 2, 2 * 3 + maintenance_factor, 1 / 7)"))],
  ])("has each node once, after its arguments, on their level and set, and needs all: %s", (_, program) => {
    const keys = program.nodes.map(({ market: _, ...node }) =>
      JSON.stringify(node, (_key, value) => (typeof value === "bigint" ? String(value) : value)),
    );
    expect(new Set(keys).size).toBe(keys.length);
    const needed = new Set([...program.terms.map(({ node }) => node), ...Object.values(program.conclusion)]);
    for (const { arguments: operands } of program.nodes) for (const each of operands) needed.add(each);
    const elsewhere = new Set<Operation>(["widen", "total", "highest", "lowest", "count", "any"]);
    const columns = new Set<Operation>(["spread", "worst", "worst_at", "quantile", "tail_mean", "scenario"]);
    for (const [number, { operation, level, set, arguments: operands }] of program.nodes.entries()) {
      expect(needed.has(number), `${operation} ${number}`).toBe(true);
      for (const each of operands) {
        const operand = program.nodes[each];
        expect(each).toBeLessThan(number);
        if (!elsewhere.has(operation)) expect(operand?.level, operation).toBe(level);
        if (!columns.has(operation)) expect(operand?.set, operation).toBe(set);
      }
    }
  });

  it("shares what terms have in common", () => {
    const shared = compiled(
      term("a", "position", "quantity * (mark + 1)") + term("b", "position", "quantity * (mark + 1) - 1"),
    );
    const nodes = shared.nodes.map(({ operation }) => operation);
    expect(nodes.filter((each) => each === "multiply")).toHaveLength(1);
    expect(nodes.filter((each) => each === "add")).toHaveLength(1);
  });

  it.each([
    ["instrument", "mark * confidence + index * price * move_risk", true],
    ["instrument", "worst(mark * grid.move)", true],
    ["instrument", "bracket(brackets.initial, index)", true],
    ["currency", "price", true],
    ["currency", "balance", false],
    ["underlying", "index", true],
    ["expiry", "index", false],
    ["position", "mark", false],
    ["position", "quantity", false],
    ["account", "total(unit_value)", false],
    ["account", "maintenance_factor", true],
  ])("a term per %s, %s: of the market alone is %s", (per, formula, market) => {
    const { terms, nodes } = compiled(term("x", per, formula));
    expect(nodes[terms[0]?.node ?? -1]?.market).toBe(market);
  });

  it("reads groups", () => {
    const grouped = compiled("", { risk_unit: "{ group: { SPX: broad-index, SPY: broad-index } }" });
    expect(grouped.riskUnit).toBe("group");
    expect(grouped.groups).toEqual(
      new Map([
        ["SPX", "broad-index"],
        ["SPY", "broad-index"],
      ]),
    );
  });

  it("compiles a long document in a moment", () => {
    const terms = Array.from({ length: 200 }, (_, number) =>
      term(
        `t${number}`,
        "position",
        `if(size > ${number}, notional * maintenance_factor + ${number}, max(value, entry)) + ${number === 0 ? 0 : `t${number - 1}`}`,
      ),
    );
    const text = withTerms(terms.join(""));
    const least = (action: () => void): number =>
      Math.min(
        ...Array.from({ length: 9 }, () => {
          const start = performance.now();
          action();
          return performance.now() - start;
        }),
      );
    const reading = least(() => locateText(text, "test.yaml", "text"));
    const compiling = least(() => compileRegime(text, "test.yaml"));
    // 30 ms in all, alone on one core; a ratio holds on a busy one too.
    expect(compiling / reading).toBeLessThan(5);
  });
});

describe("scenarios", () => {
  const setOf = (text: string) => compiled("", { scenarios: `{ s: ${text} }`, inputs: "{}" }).sets[0];

  it("multiplies out a product, the last column fastest, and adds rows", () => {
    expect(
      setOf(
        "{ kind: grid, product: { move: [-10%, 0], vol: [1, 0, -1] }, also: [{ move: 3, vol: 1, weight: 0.35 }], constant: { weight: 1 } }",
      ),
    ).toEqual({
      name: "s",
      count: 7,
      attributes: [
        { name: "move", values: [-0.1, -0.1, -0.1, 0, 0, 0, 3] },
        { name: "vol", values: [1, 0, -1, 1, 0, -1, 1] },
        { name: "weight", values: [1, 1, 1, 1, 1, 1, 0.35] },
      ],
    });
  });

  it("gives columns by underlying; one that is not named is undefined without a default", () => {
    expect(
      setOf(
        "{ kind: grid, product: { move: { BTC: [-0.1, 0], default: [-0.2, 0] }, vol: [0, 1] }, also: [{ move: 0.5, vol: { BTC: 2 } }] }",
      ),
    ).toEqual({
      name: "s",
      count: 5,
      attributes: [
        {
          name: "move",
          values: new Map([
            ["BTC", [-0.1, -0.1, 0, 0, 0.5]],
            ["default", [-0.2, -0.2, 0, 0, 0.5]],
          ]),
        },
        {
          name: "vol",
          values: new Map([
            ["BTC", [0, 1, 0, 1, 2]],
            ["default", [0, 1, 0, 1, Number.NaN]],
          ]),
        },
      ],
    });
  });

  it("takes rows by column or row by row", () => {
    const expected = {
      count: 2,
      attributes: [
        { name: "move", values: [0.1, -0.2] },
        { name: "day", values: [1, 2] },
      ],
    };
    expect(setOf("{ kind: joint, rows: { move: [0.1, -0.2], day: [1, 2] } }")).toMatchObject(expected);
    expect(setOf("{ kind: joint, rows: [{ move: 0.1, day: 1 }, { move: -0.2, day: 2 }] }")).toMatchObject(expected);
  });

  it("may have no columns at all", () => {
    expect(setOf("{ kind: joint, count: 16 }")).toEqual({ name: "s", count: 16, attributes: [] });
  });
});

describe("what is computed while compiling is what the kernel would compute", () => {
  const fixed = fc.oneof(
    fc.bigInt(1n - 2n ** 126n, 2n ** 126n - 1n),
    fc.bigInt(-5n * ONE, 5n * ONE),
    fc.constantFrom(0n, ONE, -ONE, ONE / 2n, 1n, -1n, 2n ** 126n - 1n),
  );
  const OPERATIONS: readonly (readonly [Operation, number])[] = [
    ["add", 2],
    ["subtract", 2],
    ["multiply", 2],
    ["divide", 2],
    ["negate", 1],
    ["minimum", 2],
    ["maximum", 2],
    ["less", 2],
    ["less_equal", 2],
    ["equal", 2],
    ["not_equal", 2],
    ["and", 2],
    ["or", 2],
    ["not", 1],
    ["choose", 3],
    ["absolute", 1],
    ["sign", 1],
    ["floor", 2],
    ["ceiling", 2],
    ["truncate", 2],
    ["round", 2],
  ];

  it.each(OPERATIONS)("%s", (operation, arity) => {
    fc.assert(
      fc.property(fc.array(fixed, { minLength: arity, maxLength: arity }), (values) => {
        const folded = foldConstants(operation, values);
        const expected = ofCells(operation, values);
        // Where the compiler leaves an operation alone, the kernel decides.
        if (folded !== undefined) expect(folded).toBe(expected);
        else expect(expected === undefined || ["floor", "ceiling", "truncate", "round"].includes(operation)).toBe(true);
      }),
    );
  });

  it("leaves what is computed in float64 alone", () => {
    for (const operation of ["power", "exponential", "logarithm", "square_root", "normal"] as const) {
      expect(foldConstants(operation, [ONE, ONE])).toBeUndefined();
    }
  });

  it("tiers", () => {
    const rising = fc.uniqueArray(fc.bigInt(1n, 1_000n), { maxLength: 5 }).map((starts) => {
      const from = [0n, ...starts.sort((a, b) => Number(a - b))].map((each) => each * ONE);
      return { from, columns: [from.map((_, index) => (BigInt(index) * ONE) / 7n)] };
    });
    const x = fc.oneof(
      fc.bigInt(-ONE, 1_200n * ONE),
      fc.bigInt(0n, 1_000n).map((each) => each * ONE),
    );
    fc.assert(
      fc.property(rising, x, fc.constantFrom("begins" as const, "ends" as const), (tiers, at, boundary) => {
        expect(bracketOf(tiers, 0, at, boundary)).toBe(bracket(tiers, 0, boundary, at));
        expect(marginalOf(tiers, 0, at)).toBe(marginal(tiers, 0, at));
      }),
    );
  });
});
