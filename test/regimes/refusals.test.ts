import { describe, expect, it } from "vitest";
import type { DocumentProblem } from "../../services/markets/documentError.ts";
import { compileRegime } from "../../services/regimes/loadRegime.ts";
import { RegimeDocumentError } from "../../services/regimes/regimeError.ts";
import { REGIME, term, withTerms } from "./regimeText.ts";

function problemsOf(text: string): readonly DocumentProblem[] {
  try {
    compileRegime(text, "example.yaml");
  } catch (error) {
    if (error instanceof RegimeDocumentError) return error.problems;
    throw error;
  }
  return [];
}

/** Puts text in the place of other text; expects exactly one problem: that field, on the line of the new text. */
function expectRefusal(from: string, to: string, field: string, reason: RegExp): void {
  expect(REGIME).toContain(from);
  const changed = REGIME.replace(from, () => to);
  const problems = problemsOf(changed);
  expect(problems.map((each) => `${each.field}: ${each.reason}`)).toHaveLength(1);
  const [problem] = problems as [DocumentProblem];
  expect(problem.file).toBe("example.yaml");
  expect(problem.field).toBe(field);
  expect(problem.reason).toMatch(reason);
  const names = field.split(/[.[\]]+/).filter((name) => name !== "" && !/^\d+$/.test(name));
  const line = changed.split("\n")[problem.line - 1] ?? "";
  // A field that is missing has no line: it is that of what is around it. Cells of a list stand on its line.
  expect(
    names.some((name) => line.includes(name)) || line.startsWith("  - ") || problem.line === 1,
    `line ${problem.line} of ${field}: ${line}`,
  ).toBe(true);
}

const BTC_TIERS = "[[0, 50_000, 0.008, 0.004, 125], [50000, inf, 1%, 0.5%, 100]]";
const tiers = (second: string) => `BTC: [[0, 50_000, 0.008, 0.004, 125], ${second}]`;

describe("a document is refused", () => {
  it("unless it makes sense", () => {
    expect(problemsOf(REGIME)).toEqual([]);
  });

  it.each([
    ["no id", "id: example-2026-01\n", "", "id", /is missing/],
    ["an id with blanks", "id: example-2026-01", "id: Example 1", "id", /small letters/],
    ["no vintage", "vintage: 2026-01-15\n", "", "vintage", /is missing/],
    ["a vintage that is no date", "2026-01-15", "January 2026", "vintage", /YYYY-MM-DD/],
    ["a day that does not exist", "2026-01-15", "2026-02-30", "vintage", /YYYY-MM-DD/],
    ["an unknown field", "valuation: USD", "valuation: USD\nvaluta: USD", "valuta", /unknown field/],
    ["a misspelt field", "reports:", "report:", "report", /did you mean reports\?/],
    [
      "an unknown risk unit",
      "risk_unit: underlying-settlement",
      "risk_unit: book",
      "risk_unit",
      /underlying-settlement, settlement, account, or/,
    ],
    [
      "a section that is no map",
      /credits:\n(?: .*\n)*/.exec(REGIME)?.[0] ?? "",
      "credits: [a]\n",
      "credits",
      /must be a map/,
    ],
    ["no sources", /sources:\n.*\n/.exec(REGIME)?.[0] ?? "", "sources: {}\n", "sources", /must name one source/],
    ["a source without an address", 'where: "https://example.com/faq", ', "", "sources.faq.where", /is missing/],
  ])("with %s", (what, from, to, field, reason) => {
    if (what !== "no sources") expectRefusal(from, to, field, reason);
    else expect(problemsOf(REGIME.replace(from, to)).map((each) => each.field)).toContain(field);
  });

  it.each([
    ["a value that is no number", "value: 0.8", "value: high", "parameters.maintenance_factor.value", /is no number/],
    [
      "a value with too many digits",
      "value: 0.8",
      "value: 0.1234567890123456789",
      "parameters.maintenance_factor.value",
      /18 digits/,
    ],
    ["no value", "value: 0.8, source: faq", "source: faq", "parameters.maintenance_factor", /needs a value/],
    ["no source", "value: 0.8, source: faq", "value: 0.8", "parameters.maintenance_factor.source", /is missing/],
    [
      "an unknown source",
      "value: 0.8, source: faq",
      "value: 0.8, source: fag",
      "parameters.maintenance_factor.source",
      /no entry of sources \(did you mean faq\?\)/,
    ],
    [
      "an unpublished value without a note",
      ', note: "not published; our default"',
      "",
      "parameters.credit_rate",
      /add a note/,
    ],
    [
      "keys of an unknown kind",
      "by: underlying, BTC: 0.075",
      "by: venue, BTC: 0.075",
      "parameters.move_risk.by",
      /none of these: account, underlying/,
    ],
    [
      "keys without a kind",
      "value: 0.8, source",
      "value: 0.8, BTC: 1, source",
      "parameters.maintenance_factor.BTC",
      /by does not say of what/,
    ],
    ["a value beside keys", 'default: "0.1"', "value: 0.1", "parameters.move_risk.value", /write default/],
    [
      "a default without keys",
      "value: 0.8",
      "value: 0.8, default: 1",
      "parameters.maintenance_factor.default",
      /write value/,
    ],
    [
      "keys but none of them",
      'BTC: 0.075, ETH: 5%, default: "0.1", ',
      "",
      "parameters.move_risk",
      /needs a value for a key/,
    ],
    ["a negative rate", "value: 0.02", "value: -0.02", "parameters.credit_rate.value", /a rate is not negative/],
    [
      "a name with a blank",
      "  maintenance_factor: {",
      "  maintenance factor: {",
      "parameters.maintenance factor",
      /is no name/,
    ],
  ])("for a parameter with %s", (what, from, to, field, reason) => {
    // A name that cannot be bound is unknown to the formulas.
    if (what !== "a name with a blank") expectRefusal(from, to, field, reason);
    else
      expect(problemsOf(REGIME.replace(from, to))[0]).toMatchObject({ field, reason: expect.stringMatching(reason) });
  });

  it.each([
    [
      "tiers that do not start at 0",
      "BTC: [[0, 50_000",
      "BTC: [[1, 50_000",
      "tables.brackets.BTC[0][0]",
      /1: the first tier starts at 0/,
    ],
    [
      "tiers that do not rise",
      `BTC: ${BTC_TIERS}`,
      tiers("[50000, 50000, 1%, 0.5%, 100], [50000, inf, 1%, 0.5%, 50]"),
      "tables.brackets.BTC[2][0]",
      /50000 does not rise above 50000/,
    ],
    [
      "a gap",
      "[50000, inf",
      "[50001, inf",
      "tables.brackets.BTC[0][1]",
      /50000 leaves a gap to the next tier, which starts at 50001/,
    ],
    ["an overlap", "[50000, inf", "[49999, inf", "tables.brackets.BTC[0][1]", /50000 overlaps the next tier/],
    [
      "an end below its start",
      `BTC: ${BTC_TIERS}`,
      tiers("[50000, 50000, 1%, 0.5%, 100]"),
      "tables.brackets.BTC[1][1]",
      /lies not above 50000/,
    ],
    ["an open end in the middle", "BTC: [[0, 50_000", "BTC: [[0, inf", "tables.brackets.BTC[0][1]", /is no number/],
    [
      "a negative rate",
      "0.008, 0.004, 125",
      "0.008, -0.004, 125",
      "tables.brackets.BTC[0][3]",
      /maintenance is not negative/,
    ],
    [
      "maintenance above initial",
      "0.008, 0.004, 125",
      "0.008, 0.009, 125",
      "tables.brackets.BTC[0][3]",
      /maintenance 0.009 is above initial 0.008/,
    ],
    [
      "a cell too few",
      "0.008, 0.004, 125",
      "0.008, 0.004",
      "tables.brackets.BTC[0]",
      /has 4 cells; the columns are from, to/,
    ],
    ["a cell that is no number", "0.004, 125", "0.004, lots", "tables.brackets.BTC[0][4]", /is no number/],
    [
      "a column twice",
      "maintenance, leverage]",
      "maintenance, leverage, leverage]",
      "tables.brackets.columns",
      /names leverage twice/,
    ],
    [
      "an unknown boundary",
      "boundary: ends",
      "boundary: open",
      "tables.brackets.boundary",
      /none of these: begins, ends/,
    ],
    [
      "rows of an unknown kind of key",
      "    by: underlying\n    boundary",
      "    by: account\n    boundary",
      "tables.brackets.BTC",
      /by does not say of what/,
    ],
    [
      "rows that are no list",
      "default: [[0, inf, 2%, 1%, 50]]",
      "default: 5",
      "tables.brackets.default",
      /must be a list of tiers/,
    ],
  ])("for a table with %s", (what, from, to, field, reason) => {
    if (what !== "a column twice") expectRefusal(from, to, field, reason);
    else expect(problemsOf(REGIME.replace(from, to)).map((each) => each.field)).toContain(field);
  });

  it.each([
    ["parameters", "{ p: { value: 1, source: fax } }"],
    ["tables", "{ t: { columns: [from], rows: [[0]], source: fax } }"],
    ["pairs", "{ p: { keys: [A], values: [[1]], source: fax } }"],
    ["credits", "{ c: { spreads: [], source: fax } }"],
    ["scenarios", "{ s: { kind: joint, count: 1, source: fax } }"],
  ])("for a source that does not exist, in %s", (section, content) => {
    const problems = problemsOf(withTerms("", { inputs: "{}", checks: "[]", [section]: content }));
    expect(problems).toMatchObject([
      { field: expect.stringMatching(/\.source$/), reason: /"fax" is no entry of sources/ },
    ]);
  });

  it("for a table without the column from", () => {
    const changed = REGIME.replace("[from, to, initial", "[start, to, initial");
    expect(problemsOf(changed)).toMatchObject([{ field: "tables.brackets.columns", reason: /needs the column from/ }]);
  });

  it("for a table whose columns rate and .._rate are negative, or maintenance_x above initial_x", () => {
    const table = (columns: string, row: string) =>
      problemsOf(withTerms("", { tables: `{ t: { columns: [from, ${columns}], rows: [[0, ${row}]], source: faq } }` }));
    expect(table("rate", "-1%")).toMatchObject([{ field: "tables.t.rows[0][1]" }]);
    expect(table("cash_rate", "-1%")).toMatchObject([{ field: "tables.t.rows[0][1]" }]);
    expect(table("deduction", "-1%")).toEqual([]);
    expect(table("initial_rate, maintenance_rate", "1%, 2%")).toMatchObject([{ field: "tables.t.rows[0][2]" }]);
    expect(table("initial_leverage, maintenance_rate", "1%, 2%")).toEqual([]);
  });

  it.each([
    [
      "a correlation above 1",
      "[[1, 0.8], [0.8, 1]]",
      "[[1, 1.1], [1.1, 1]]",
      ["pairs.correlation.values[0][1]", "pairs.correlation.values[1][0]"],
      /1.1: a correlation lies between -1 and 1/,
    ],
    [
      "a correlation below -1",
      "otherwise: 0.5",
      "otherwise: -1.5",
      ["pairs.correlation.otherwise"],
      /between -1 and 1/,
    ],
    [
      "no symmetry",
      "[0.8, 1]]",
      "[0.7, 1]]",
      ["pairs.correlation.values[1][0]"],
      /0.7 for ETH and BTC, but 0.8 the other way round/,
    ],
    ["no 1 with itself", "[[1, 0.8]", "[[0.9, 0.8]", ["pairs.correlation.values[0][0]"], /1 with itself/],
    ["a row too short", "[0.8, 1]]", "[0.8]]", ["pairs.correlation.values[1]"], /1 values for 2 keys/],
    ["a row too few", "[[1, 0.8], [0.8, 1]]", "[[1, 0.8]]", ["pairs.correlation.values"], /1 rows for 2 keys/],
    ["a key twice", "keys: [BTC, ETH]", "keys: [BTC, BTC]", ["pairs.correlation.keys[1]"], /named twice/],
    [
      "a credit rate above 1",
      "rate: 0.5 }",
      "rate: 1.5 }",
      ["credits.inter.spreads[1].rate"],
      /1.5: a credit rate lies between 0 and 1/,
    ],
    ["a negative credit rate", "rate: 0.25 }", "rate: -0.25 }", ["credits.inter.spreads[0].rate"], /between 0 and 1/],
    ["a spread of one leg", "{ ES: 1, NQ: -2 }", "{ ES: 1 }", ["credits.inter.spreads[1].legs"], /two legs or more/],
    ["a ratio of 0", "NQ: -2", "NQ: 0", ["credits.inter.spreads[1].legs.NQ"], /a ratio is not 0/],
    ["no priority", "priority: 2, ", "", ["credits.inter.spreads[0].priority"], /is missing/],
  ])("for pairs and credits with %s", (_, from, to, fields, reason) => {
    expect(REGIME).toContain(from);
    const problems = problemsOf(REGIME.replace(from, to));
    expect(problems.map(({ field }) => field)).toEqual(fields);
    for (const problem of problems) expect(problem.reason).toMatch(reason);
  });

  it.each([
    [
      "a grid without the zero move",
      "move: [-0.15, 0, 0.15]",
      "move: [-0.15, 0.1, 0.15]",
      "scenarios.grid",
      /no scenario in which move and vol are 0/,
    ],
    [
      "a grid whose vol is never 0 with move",
      "vol: [1, 0] }",
      "vol: [1, -1] }",
      "scenarios.grid",
      /no scenario in which move and vol are 0/,
    ],
    [
      "a move of -1",
      "move: [-0.15, 0, 0.15]",
      "move: [-1, 0, 0.15]",
      "scenarios.grid.product.move",
      /-1 in scenario 1: a move lies above -1/,
    ],
    [
      "a move below -1 in a further row",
      "move: 0.3",
      "move: -130%",
      "scenarios.grid.also[0].move",
      /-1.3 in scenario 7/,
    ],
    [
      "a move of -1 for one underlying",
      "ETH: [0.02, -0.03]",
      "ETH: [0.02, -1]",
      "scenarios.history.rows.move",
      /-1 for ETH in scenario 2/,
    ],
    [
      "a weight of 0",
      "constant: { weight: 1 }",
      "constant: { weight: 0 }",
      "scenarios.grid.constant.weight",
      /0 in scenario 1: a weight lies above 0/,
    ],
    ["a weight above 1", "weight: 35%", "weight: 135%", "scenarios.grid.also[0].weight", /1.35 in scenario 7/],
    [
      "a row that lacks a column",
      "also: [{ move: 0.3, vol: 1,",
      "also: [{ move: 0.3,",
      "scenarios.grid.also[0]",
      /has no vol/,
    ],
    [
      "columns of different lengths",
      "rows:\n      move:",
      "rows:\n      day: [1, 2, 3]\n      move:",
      "scenarios.history.rows.move",
      /has 2 values, day 3/,
    ],
    [
      "lists of different lengths",
      "ETH: [0.02, -0.03]",
      "ETH: [0.02]",
      "scenarios.history.rows.move.ETH",
      /has 1 values, the others 2/,
    ],
    [
      "an unknown kind",
      "kind: joint\n",
      "kind: simulated\n",
      "scenarios.history.kind",
      /none of these: grid, extreme, joint/,
    ],
    ["no scenarios", "{ kind: joint, count: 16 }", "{ kind: joint }", "scenarios.span", /has no scenarios/],
    [
      "a grid without columns",
      "{ kind: joint, count: 16 }",
      "{ kind: grid, count: 16 }",
      "scenarios.span",
      /a grid without columns/,
    ],
    [
      "a count that is wrong",
      "kind: joint\n",
      "kind: joint\n    count: 3\n",
      "scenarios.history.count",
      /is 3, but there are 2/,
    ],
    [
      "a product and rows",
      "kind: joint\n",
      "kind: joint\n    product: { day: [1] }\n",
      "scenarios.history.rows",
      /beside a product/,
    ],
    ["a value that is no number", "move: 0.3", "move: up", "scenarios.grid.also[0].move", /must be a number/],
    [
      "too many scenarios",
      "vol: [1, 0] }",
      `vol: [${Array(40_000).fill("0").join(", ")}] }`,
      "scenarios.grid.product",
      /makes 120000 scenarios; at most 100000/,
    ],
    [
      "a column with a field's name",
      "rows:\n      move:",
      "rows:\n      mark: [1, 2]\n      move:",
      "scenarios.history",
      /"mark" is already a fact of the book/,
    ],
  ])("for scenarios with %s", (_, from, to, field, reason) => {
    expectRefusal(from, to, field, reason);
  });

  it("for a grid without a shock", () => {
    const text = withTerms("", { scenarios: "{ s: { kind: grid, rows: { day: [1, 2] } } }", inputs: "{}" });
    expect(problemsOf(text)).toMatchObject([{ field: "scenarios.s", reason: /grid without a column move or vol/ }]);
  });

  it.each([
    [
      "an input per order",
      "confidence: { per: instrument",
      "confidence: { per: order",
      "inputs.confidence.per",
      /none of these: account, unit/,
    ],
    [
      "an input over no set",
      "over: span",
      "over: spam",
      "inputs.risk_array.over",
      /"spam" is no scenario set \(did you mean span\?\)/,
    ],
    ["a term without a clause", ", clause: What is there. }", "}", "terms.equity.clause", /is missing/],
    [
      "a term without a level",
      "equity: { per: currency, ",
      "equity: { ",
      "terms.equity.per",
      /is missing: account, unit/,
    ],
    [
      "a term over no set",
      "per: unit\n    over: grid",
      "per: unit\n    over: grit",
      "terms.scan.over",
      /"grit" is no scenario set/,
    ],
    [
      "a term with an unknown source",
      "source: faq\n    measure",
      "source: fax\n    measure",
      "terms.unit_profit.source",
      /no entry of sources/,
    ],
    ["an empty formula", "formula: max(0, -worst(scan))", 'formula: ""', "terms.risk.formula", /is empty/],
    [
      "a formula that does not parse",
      "-worst(scan))",
      "-worst(scan)",
      "terms.risk.formula",
      /to close max\( is needed \(column 20\)/,
    ],
    [
      "a report that is no term",
      "reports: [roll]",
      "reports: [rol]",
      "reports[0]",
      /"rol" is no term \(did you mean roll\?\)/,
    ],
    ["a requirement without equity", "equity: equity, ", "", "requirement.equity", /is missing/],
    [
      "a requirement per unit",
      "{ per: currency, equity: equity",
      "{ per: unit, equity: equity",
      "requirement.per",
      /none of these: account, currency/,
    ],
    ["an unknown state", 'called: "equity', 'cold: "equity', "states.cold", /unknown field/],
    [
      "a state that does not compile",
      "equity < 1.1 *",
      "equty < 1.1 *",
      "states.called",
      /unknown name equty \(did you mean equity\?\) \(column 1\)/,
    ],
    [
      "a requirement of scenarios",
      "maintenance: maintenance_margin }",
      "maintenance: worst(vol) + vol }",
      "requirement.maintenance",
      /reduce it to a column/,
    ],
    [
      "an example without a book",
      "    book: { currencies: { USD: { balance: 0.10000000000000000001 } } }\n",
      "",
      "examples[0].book",
      /must be a book/,
    ],
    [
      "an example with maintenance above initial",
      "maintenance: 1.2",
      "maintenance: 1.51",
      "examples[0].expect.maintenance",
      /1.51 is above initial 1.50/,
    ],
    [
      "an example with an unknown source",
      "name: one\n    source: faq",
      "name: one\n    source: fax",
      "examples[0].source",
      /no entry of sources/,
    ],
  ])("for %s", (_, from, to, field, reason) => {
    expectRefusal(from, to, field, reason);
  });

  it("for an example with maintenance above initial in one row", () => {
    const rows = 'initial: { USD: 1, EUR: 2 }, maintenance: { USD: 1, EUR: "2.1" }';
    const changed = REGIME.replace('initial: "1.50", maintenance: 1.2', rows);
    expect(problemsOf(changed)).toMatchObject([{ field: "examples[0].expect.maintenance.EUR" }]);
  });

  it.each([
    ["maintenance_factor <= 0.5", /does not hold \(maintenance_factor 0.8\): why/],
    ["move_risk <= 0.06", /does not hold \(move_risk 0.1\): why/],
    ["move_risk >= 0.06", /does not hold for ETH \(move_risk 0.05\): why/],
    ["bracket(brackets.leverage, 60000) >= 100", /does not hold: why/],
    ["bracket(brackets.leverage, 50000) == if(move_risk == 0.075, 125, 50)", null],
    ["bracket(brackets.leverage, 50000.000000000000000001) == if(move_risk == 0.075, 100, 50)", null],
    ["marginal(brackets.initial, 50100) == if(move_risk == 0.075, 401, 1002)", null],
    ["max(move_risk, maintenance_factor) < 1 and not (1 > 2)", null],
    ["maintenance_factor * 3 == 2.4", null],
    ["maintenance_factr < 1", /unknown name maintenance_factr \(did you mean maintenance_factor\?\)/],
    ["quantity < 1", /quantity is a fact of the book; a check names parameters and tables only/],
    ["maintenance_factor < ", /the formula ends/],
    ["2 ^ maintenance_factor > 1", /cannot be computed exactly/],
    ["1 / (maintenance_factor - 0.8) > 1", /cannot be computed exactly/],
    ["bracket(brackets.rate, 1) > 0", /the table brackets has no column rate/],
  ])("when the check %s does not hold", (holds, reason) => {
    const check = 'holds: "maintenance_factor <= 1", because: "maintenance may not exceed initial margin"';
    const problems = problemsOf(REGIME.replace(check, `holds: "${holds}", because: "why"`));
    if (reason === null) expect(problems).toEqual([]);
    else {
      expect(problems[0]?.field).toBe("checks[0].holds");
      expect(problems[0]?.reason).toMatch(reason);
      expect(problems[0]?.line).toBe(REGIME.split("\n").findIndex((line) => line.includes(check)) + 1);
    }
  });

  it("when a check holds for the default but not for a key, once for each", () => {
    const problems = problemsOf(REGIME.replace('holds: "move_risk <= 10%"', 'holds: "move_risk == 10%"'));
    expect(problems.map(({ reason }) => reason)).toEqual([
      "does not hold for BTC (move_risk 0.075): moves are small",
      "does not hold for ETH (move_risk 0.05): moves are small",
    ]);
  });

  it("by every combination of keys of different kinds", () => {
    const parameters =
      "{ a: { by: underlying, BTC: 1, default: 2, source: faq }, b: { by: currency, EUR: 1, default: 2, source: faq } }";
    const problems = problemsOf(
      withTerms("", { parameters, checks: '[{ holds: "a + b > 3", because: why }]', tables: "{}" }),
    );
    expect(problems.map(({ reason }) => reason)).toEqual([
      "does not hold for EUR (a 2, b 1): why",
      "does not hold for BTC (a 1, b 2): why",
      "does not hold for BTC, EUR (a 1, b 1): why",
    ]);
  });

  it("when a check has too many combinations to compute", () => {
    const keyed = (by: string) =>
      `{ by: ${by}, ${Array.from({ length: 110 }, (_, key) => `K${key}: 1`).join(", ")}, source: faq }`;
    const parameters = `{ a: ${keyed("underlying")}, b: ${keyed("currency")} }`;
    const problems = problemsOf(
      withTerms("", { parameters, tables: "{}", checks: '[{ holds: "a == b", because: why }]' }),
    );
    expect(problems).toMatchObject([{ field: "checks[0].holds", reason: /12321 combinations of keys; at most 10000/ }]);
  });

  it.each([
    ["a parameter", "  maintenance_factor:", "  mark:", "parameters.mark", /"mark" is already a fact of the book/],
    ["a parameter", "  maintenance_factor:", "  total:", "parameters.total", /"total" is a function/],
    ["a parameter", "  maintenance_factor:", "  and:", "parameters.and", /is a word of the formula language/],
    ["a table", "  brackets:", "  move_risk:", "tables.move_risk", /already a parameter/],
    ["a scenario set", "  history:", "  correlation:", "scenarios.correlation", /already a table of pairs/],
    ["an input", "  confidence:", "  vol:", "inputs.vol", /already a scenario column/],
    ["a term", "  roll:", "  inter:", "terms.inter", /already a list of spread credits/],
  ])("for %s whose name is taken", (_, from, to, field, reason) => {
    const problem = problemsOf(REGIME.replace(from, to)).find((each) => each.field === field);
    expect(problem?.reason).toMatch(reason);
  });

  it("that YAML cannot read", () => {
    expect(problemsOf("id: [")[0]).toMatchObject({ line: 1, field: "" });
    expect(problemsOf("id: a\nid: b\n")[0]).toMatchObject({ line: 2, reason: /unique/ });
    expect(problemsOf("id: *nowhere\n")[0]?.reason).toMatch(/nowhere/);
    expect(problemsOf("- a")).toMatchObject([{ reason: /must be a map/ }]);
    expect(problemsOf("")).toMatchObject([{ reason: /must be a map/ }]);
  });
});

describe("a formula is refused", () => {
  it.each([
    ["an unknown name", "position", "quantty * 2", 1, /unknown name quantty \(did you mean quantity\?\)/],
    ["an unknown function", "position", "1 + maxi(1, 2)", 5, /unknown function maxi \(did you mean max\?\)/],
    ["a name that is called", "position", "mark(2)", 1, /it is a name, write it without parentheses/],
    ["a function that is not called", "position", "2 * total", 5, /total is a function; call it as total\(x\)/],
    ["too few arguments", "position", "clip(mark, 1)", 1, /clip has 2 arguments; it is called as clip\(x, low, high\)/],
    ["too many arguments", "position", "abs(mark, 1)", 1, /abs has 2 arguments/],
    ["one argument for min", "position", "min(mark)", 1, /called as min\(a, b, \.\.\)/],
    ["a later term", "account", "nothing + 1", 1, /nothing is a later term/],
    ["itself", "account", "1 + x", 5, /x is a later term/],
    [
      "a level beneath",
      "unit",
      "quantity * 2",
      1,
      /quantity has one value for each position, more than one for each unit; put it inside an aggregate, such as total\(quantity\)/,
    ],
    [
      "a level beneath, of a table",
      "account",
      "bracket(brackets.initial, 1)",
      9,
      /brackets.initial has one value for each underlying, more than one/,
    ],
    ["a level beside", "currency", "index", 1, /put it inside an aggregate/],
    ["a position at an instrument", "instrument", "quantity", 1, /is no fact of the market.*make it per position/],
    ["a balance at an instrument", "instrument", "balance * 2", 1, /is no fact of the market/],
    ["an aggregate at an instrument", "instrument", "total(mark)", 1, /knows only the market/],
    ["a structure at an instrument", "instrument", "payoff_floor(mark)", 1, /is no fact of the market/],
    [
      "an aggregate of the same level",
      "position",
      "total(mark)",
      1,
      /adds up rows beneath position, but what it is given has one value for each position/,
    ],
    [
      "an aggregate of what stands above",
      "unit",
      "total(maintenance_factor)",
      1,
      /is given one value for each account; those do not lie beneath unit/,
    ],
    ["an aggregate of a number", "unit", "total(1)", 1, /one value for each account/],
    [
      "an aggregate inside an aggregate",
      "account",
      "total(1 + total(value))",
      11,
      /total stands inside total\(\.\.\); give it a term of its own/,
    ],
    [
      "an aggregate inside correlated",
      "account",
      "correlated(total(value), correlation)",
      12,
      /stands inside correlated/,
    ],
    ["a table alone", "position", "brackets * 2", 1, /brackets is a table; read it with marginal/],
    [
      "a column of a table alone",
      "position",
      "2 * brackets.initial",
      5,
      /a table is read with marginal\(brackets.initial, x\)/,
    ],
    [
      "an unknown column",
      "position",
      "bracket(brackets.inital, 1)",
      9,
      /the table brackets has no column inital \(did you mean initial\?\)/,
    ],
    ["the end of a tier", "position", "bracket(brackets.to, 1)", 9, /no column to/],
    ["tiers of a parameter", "position", "bracket(move_risk.rate, 1)", 9, /move_risk is a parameter, not a table/],
    [
      "tiers of an unknown table",
      "position",
      "bracket(bracket_s.rate, 1)",
      9,
      /unknown name bracket_s \(did you mean brackets\?\)/,
    ],
    ["tiers without a column", "position", "bracket(brackets, 1)", 9, /called as bracket\(table.column, x\)/],
    ["a column of a field", "position", "mark.price", 1, /mark is a fact of the book and has no columns/],
    ["pairs alone", "position", "correlation", 1, /use it as in correlated\(x, correlation\)/],
    ["credits alone", "position", "inter", 1, /use it as in spread_credit\(delta, worth, inter\)/],
    ["correlated without pairs", "account", "correlated(move_risk, inter)", 23, /with an entry of pairs/],
    [
      "correlated with unknown pairs",
      "account",
      "correlated(move_risk, corelation)",
      23,
      /unknown name corelation \(did you mean correlation\?\)/,
    ],
    [
      "correlated of positions",
      "account",
      "correlated(value, correlation)",
      1,
      /goes over units or underlyings, but is given one value for each position/,
    ],
    ["correlated of the account", "account", "correlated(1, correlation)", 1, /one value for each account/],
    [
      "spread_credit above its rows",
      "account",
      "spread_credit(move_risk, 1, inter)",
      1,
      /spread_credit has one value for each underlying, more than one for each account/,
    ],
    [
      "a structure above its rows",
      "unit",
      "payoff_floor(quantity)",
      1,
      /payoff_floor has one value for each expiry, more than one for each unit/,
    ],
    [
      "orders inside a structure",
      "expiry",
      "payoff_floor(covered)",
      14,
      /covered has one value for each order, more than one for each position/,
    ],
    [
      "a matrix inside a structure",
      "expiry",
      "payoff_floor(quantity * vol)",
      23,
      /takes columns; reduce the scenarios first/,
    ],
    ["a unit of 0", "position", "floor(value, 0)", 1, /multiples of a number above 0/],
    ["a scenario set alone", "position", "grid", 1, /grid is a scenario set; name one of its columns/],
    [
      "a column of two sets",
      "underlying",
      "worst(move)",
      7,
      /move is a column of several scenario sets; write grid.move or history.move/,
    ],
    [
      "an unknown column of a set",
      "position",
      "worst(grid.vols)",
      7,
      /the scenario set grid has no column vols \(did you mean vol\?\)/,
    ],
    ["a column of another set", "position", "worst(history.vol)", 7, /the scenario set history has no column vol/],
    ["two sets", "underlying", "worst(grid.move * history.move)", 17, /scenarios of two sets meet: grid and history/],
    ["worst of a column", "position", "worst(value)", 1, /goes over scenarios, but what it is given has none/],
    ["a share of 0", "account", "quantile(vol, 0)", 15, /a share lies above 0/],
    ["a share above 1", "account", "quantile(vol, 1.01)", 15, /a share lies above 0 and is at most 1/],
    ["a share of less than one scenario", "account", "tail_mean(vol, 10%)", 16, /less than one scenario/],
    ["a share that is not known", "account", "quantile(vol, total(value))", 21, /value is not known without a book/],
    [
      "a share by underlying",
      "account",
      "quantile(vol, move_risk)",
      15,
      /move_risk is not known without a book; write numbers, or parameters with one value/,
    ],
    ["scenario 0", "account", "scenario(vol, 0)", 15, /numbered from 1 to 7/],
    ["scenario 8 of 7", "account", "scenario(vol, 8)", 15, /numbered from 1 to 7/],
    ["half a scenario", "account", "scenario(vol, 1.5)", 15, /numbered from 1 to 7/],
  ])("for %s", (_, per, formula, column, reason) => {
    const problems = problemsOf(withTerms(term("x", per, formula)));
    expect(problems).toHaveLength(1);
    expect(problems[0]?.field).toBe("terms.x.formula");
    expect(problems[0]?.reason).toMatch(reason);
    expect(problems[0]?.reason).toContain(`(column ${column})`);
  });

  it("for scenarios in a term without a set, or over another one", () => {
    expect(problemsOf(withTerms(term("x", "account", "vol * 2")))).toMatchObject([
      {
        reason:
          /has a value for each scenario of grid; reduce it to a column, as worst\(\.\.\) does, or give the term over: grid/,
      },
    ]);
    expect(problemsOf(withTerms(term("x", "account", "vol * 2", "history")))).toMatchObject([
      { reason: /goes over the scenarios of grid, the term over those of history/ },
    ]);
  });

  it("when currencies do not lie above units", () => {
    const terms = term("risk", "unit", "total(value)");
    const apart = { risk_unit: "underlying" };
    expect(problemsOf(withTerms(terms + term("x", "unit", "risk * price")))).toEqual([]);
    expect(problemsOf(withTerms(terms + term("x", "unit", "risk * price"), apart))).toMatchObject([
      {
        reason:
          /price has one value for each currency, and unit and currency do not lie above one another under this risk unit/,
      },
    ]);
    expect(problemsOf(withTerms(terms + term("x", "currency", "total(risk)")))).toEqual([]);
    expect(problemsOf(withTerms(terms + term("x", "currency", "total(risk)"), apart))).toMatchObject([
      { reason: /those do not lie beneath currency/ },
    ]);
    expect(problemsOf(withTerms(terms + term("x", "account", "total(risk * balance)"), apart))).toMatchObject([
      { reason: /unit and currency do not lie above one another; bring them together in a term before total/ },
    ]);
  });
});

describe("all problems of a document are named", () => {
  it("in the order of the file, none for what only follows from another", () => {
    const changed = REGIME.replace("value: 0.8", "value: high")
      .replace("move: [-0.15, 0, 0.15]", "move: [-2, 0, 0.15]")
      .replace("[[0, inf, 2%", "[[3, inf, 2%")
      .replace("-worst(scan)", "-wurst(scan)")
      .replace("balance + total(profit)", "balanc + total(proft)")
      .replace("valuation: USD", "valuation: ''");
    expect(problemsOf(changed).map(({ field }) => field)).toEqual([
      "valuation",
      "parameters.maintenance_factor.value",
      "tables.brackets.default[0][0]",
      "scenarios.grid.product.move",
      "terms.risk.formula",
      "terms.equity.formula",
      "terms.equity.formula",
    ]);
  });

  it("not for shares made of a parameter that is broken", () => {
    const text = withTerms(term("x", "account", "quantile(vol, 1 - maintenance_factor)"));
    expect(problemsOf(text)).toEqual([]);
    expect(problemsOf(text.replace("value: 0.8", "value: high")).map(({ field }) => field)).toEqual([
      "parameters.maintenance_factor.value",
    ]);
  });

  it("not for columns of a scenario set that is broken", () => {
    const text = withTerms(term("x", "account", "worst(vol) + worst(weight)"));
    expect(problemsOf(text)).toEqual([]);
    expect(problemsOf(text.replace("weight: 1 }", "weight: 2 }")).map(({ field }) => field)).toEqual([
      "scenarios.grid.constant.weight",
    ]);
  });

  it("in the text of the error", () => {
    const changed = REGIME.replace("-worst(scan)", "-wurst(scan)");
    expect(() => compileRegime(changed, "example.yaml")).toThrow(
      /^example\.yaml:65: terms\.risk\.formula: unknown function wurst \(did you mean worst\?\) \(column 9\)$/,
    );
  });
});
