// Every operation of the kernel's machine once, against results computed by hand (docs/regimes.md).

import { expect, test } from "vitest";
import * as format from "../../assembly/regime/format.ts";
import type { Book, BookOrder } from "../../services/evaluate/book.ts";
import { evaluateInKernel } from "../../services/evaluate/kernelEvaluation.ts";
import { formatFixed } from "../../services/regimes/fixed.ts";
import {
  FIELDS,
  type FieldName,
  LEVELS,
  type Level,
  OPERATIONS,
  type Program,
} from "../../services/regimes/program.ts";
import {
  bookKernel,
  bookOf,
  fixed,
  type GivenInstrument,
  instrumentOf,
  known,
  NOW_US,
  Nodes,
  positionOf,
  programOf,
} from "./regimePrograms.ts";

const kernel = bookKernel();

function texts(program: Program, book: Book, node: number): string[] {
  return evaluateInKernel(kernel, program, book)
    .column(node)
    .map((cell) => (cell === undefined ? "-" : formatFixed(cell)));
}

test.each([
  ["LEVEL_", LEVELS],
  ["FIELD_", FIELDS.map(({ name }) => name)],
  ["OPERATION_", OPERATIONS],
] as const)("the kernel's numbers of %s* are the program's", (prefix, names) => {
  const numbers = Object.entries(format).filter(
    ([name]) => name.startsWith(prefix) && name !== "LEVEL_COUNT" && name !== "FIELD_COUNT",
  );
  const listed = numbers
    .filter(([, number]) => number < names.length)
    .sort(([, one], [, other]) => one - other)
    .map(([name]) => name.slice(prefix.length).toLowerCase());
  expect(numbers).toHaveLength(names.length);
  expect(listed).toEqual(names);
});

test.each([
  ["add", "1.5 -2.25", "-0.75"],
  ["add", "1 -", "-"],
  ["subtract", "1.5 -2.25", "3.75"],
  ["multiply", "0.000000001 0.0000000015", "0.000000000000000001"],
  ["multiply", "-0.000000001 0.0000000015", "-0.000000000000000001"],
  ["multiply", "60000.5 -0.3", "-18000.15"],
  ["multiply", "10000000000 10000000000", "-"],
  ["divide", "1 3", "0.333333333333333333"],
  ["divide", "-2 3", "-0.666666666666666666"],
  ["divide", "1 0", "-"],
  ["divide", "0 0", "-"],
  ["negate", "1.5", "-1.5"],
  ["negate", "-", "-"],
  ["power", "1.5 2", "2.25"],
  ["power", "0 0", "1"],
  ["power", "0 0.5", "0"],
  ["power", "-2 3", "-8"],
  ["power", "-2 0.5", "-"],
  ["minimum", "1 2", "1"],
  ["minimum", "- 2", "-"],
  ["maximum", "-1 -2", "-1"],
  ["less", "1 2", "1"],
  ["less", "2 2", "0"],
  ["less", "2 -", "-"],
  ["less_equal", "2 2", "1"],
  ["less_equal", "-3 -4", "0"],
  ["equal", "2 2", "1"],
  ["equal", "2 2.000000000000000001", "0"],
  ["not_equal", "2 2.000000000000000001", "1"],
  ["and", "3 -2", "1"],
  ["and", "0 -", "0"],
  ["and", "- 0", "0"],
  ["and", "1 -", "-"],
  ["or", "0 0", "0"],
  ["or", "- 7", "1"],
  ["or", "7 -", "1"],
  ["or", "- 0", "-"],
  ["not", "0", "1"],
  ["not", "-5", "0"],
  ["not", "-", "-"],
  ["choose", "1 2 3", "2"],
  ["choose", "0 2 3", "3"],
  ["choose", "1 2 -", "2"],
  ["choose", "0 - 3", "3"],
  ["choose", "0 2 -", "-"],
  ["choose", "- 2 2", "-"],
  ["absolute", "-1.25", "1.25"],
  ["sign", "-1.25", "-1"],
  ["sign", "0", "0"],
  ["sign", "9", "1"],
  ["square_root", "2.25", "1.5"],
  ["square_root", "-1", "-"],
  ["exponential", "0", "1"],
  ["exponential", "100", "-"],
  ["logarithm", "1", "0"],
  ["logarithm", "0", "-"],
  ["normal", "0", "0.5"],
  ["normal", "-50", "0"],
  ["normal_inverse", "0.5", "0"],
  ["normal_inverse", "1", "-"],
  ["floor", "-1.25 0.5", "-1.5"],
  ["floor", "1.25 0.5", "1"],
  ["floor", "1.25 0", "-"],
  ["floor", "1.25 -1", "-"],
  ["ceiling", "-1.25 0.5", "-1"],
  ["ceiling", "1.25 0.5", "1.5"],
  ["truncate", "-1.25 0.5", "-1"],
  ["round", "-1.25 0.5", "-1.5"],
  ["round", "1.24 0.5", "1"],
  ["round", "2.5 1", "3"],
  ["black_price", "1 110 100 0 1 0.5", "5"],
  ["black_price", "0 110 100 - 1 0.5", "-"],
  ["black_delta", "0 90 100 0.5 0 0.5", "-0.5"],
  ["black_gamma", "1 100 100 0 1 1", "0"],
  ["black_vega", "1 100 100 0 1 1", "0"],
  ["black_theta", "1 100 100 0 1 1", "0"],
  ["bachelier_price", "1 10 -5 0 1 0.5", "7.5"],
  ["bachelier_price", "1 -40 -30 0 1 1", "0"],
  ["bachelier_price", "0 -40 -30 0 1 1", "10"],
  ["bachelier_price", "0 1 1 -1 1 1", "-"],
  ["bachelier_delta", "0 -40 -40 5 1 0.5", "-0.25"],
  ["bachelier_gamma", "1 1 2 0 1 1", "0"],
  ["bachelier_vega", "1 1 2 0 1 1", "0"],
  ["bachelier_theta", "1 1 2 0 1 1", "0"],
] as const)("column: %s(%s) = %s", (operation, given, expected) => {
  const nodes = new Nodes();
  const args = given.split(" ").map((text) => nodes.constant(text));
  const node = nodes.add(operation, "account", args);
  expect(texts(programOf(nodes), bookOf(), node)).toEqual([expected]);
});

const NAN = Number.NaN;

test.each([
  [
    "add",
    [
      [1, 2, NAN],
      [10, -2, 1],
    ],
    [11, 0, NAN],
  ],
  [
    "add",
    [
      [1e308, -1e308, 1],
      [1e308, -1e308, 1],
    ],
    [NAN, NAN, 2],
  ],
  [
    "subtract",
    [
      [1, 2, 3],
      [10, -2, 1],
    ],
    [-9, 4, 2],
  ],
  [
    "multiply",
    [
      [1, 0.1, 1e200],
      [10, 0.1, 1e200],
    ],
    [10, 0.1 * 0.1, NAN],
  ],
  [
    "divide",
    [
      [1, 0, -1],
      [4, 0, 0],
    ],
    [0.25, NAN, NAN],
  ],
  ["negate", [[1, -2, NAN]], [-1, 2, NAN]],
  [
    "power",
    [
      [2, 4, -1],
      [3, 0.5, 0.5],
    ],
    [8, 2, NAN],
  ],
  [
    "minimum",
    [
      [1, 2, NAN],
      [2, 1, 1],
    ],
    [1, 1, NAN],
  ],
  [
    "maximum",
    [
      [1, 2, 3],
      [2, 1, NAN],
    ],
    [2, 2, NAN],
  ],
  [
    "less",
    [
      [1, 2, NAN],
      [2, 2, 1],
    ],
    [1, 0, NAN],
  ],
  [
    "less_equal",
    [
      [1, 2, 3],
      [2, 2, 1],
    ],
    [1, 1, 0],
  ],
  [
    "equal",
    [
      [1, 2, NAN],
      [2, 2, NAN],
    ],
    [0, 1, NAN],
  ],
  [
    "not_equal",
    [
      [1, 2, NAN],
      [2, 2, 1],
    ],
    [1, 0, NAN],
  ],
  [
    "and",
    [
      [0, 1, NAN],
      [NAN, NAN, 3],
    ],
    [0, NAN, NAN],
  ],
  [
    "and",
    [
      [2, 0, 1],
      [5, 0, 0],
    ],
    [1, 0, 0],
  ],
  [
    "or",
    [
      [0, 1, NAN],
      [NAN, NAN, 0],
    ],
    [NAN, 1, NAN],
  ],
  [
    "or",
    [
      [0, 0, NAN],
      [0, 2, -1],
    ],
    [0, 1, 1],
  ],
  ["not", [[0, 3, NAN]], [1, 0, NAN]],
  [
    "choose",
    [
      [1, 0, NAN],
      [10, NAN, 10],
      [NAN, 20, 10],
    ],
    [10, 20, NAN],
  ],
  ["absolute", [[-1, 2, NAN]], [1, 2, NAN]],
  ["sign", [[-7, 0, NAN]], [-1, 0, NAN]],
  ["square_root", [[4, -1, 0]], [2, NAN, 0]],
  ["exponential", [[0, 1000, NAN]], [1, NAN, NAN]],
  ["logarithm", [[1, 0, -1]], [0, NAN, NAN]],
  ["normal", [[0, 50, -50]], [0.5, 1, 0]],
  ["normal_inverse", [[0.5, 0, 1]], [0, NAN, NAN]],
  [
    "floor",
    [
      [-1.25, 1.25, 1],
      [0.5, 0.5, 0],
    ],
    [-1.5, 1, NAN],
  ],
  [
    "ceiling",
    [
      [-1.25, 1.25, 1],
      [0.5, 0.5, -1],
    ],
    [-1, 1.5, NAN],
  ],
  [
    "truncate",
    [
      [-1.75, 1.75, NAN],
      [0.5, 0.5, 1],
    ],
    [-1.5, 1.5, NAN],
  ],
  [
    "round",
    [
      [-2.5, 1.24, 0.49999999999999994],
      [1, 0.5, 1],
    ],
    [-3, 1, 0],
  ],
  [
    "black_price",
    [
      [1, 0, 1],
      [110, 110, 90],
      [100, 100, 100],
      [0, 0, 0],
      [1, 1, 1],
      [0.5, 0.5, 1],
    ],
    [5, 0, 0],
  ],
  [
    "black_delta",
    [
      [1, 0, 1],
      [110, 90, 100],
      [100, 100, 100],
      [0, 0, 0],
      [1, 1, 1],
      [0.5, 0.5, 1],
    ],
    [0.5, -0.5, 0.5],
  ],
] as const)("matrix: %s of %j", (operation, given, expected) => {
  const nodes = new Nodes();
  const count = expected.length;
  const args = given.map((_, index) => nodes.add("attribute", "account", [], { set: 0, index }));
  const node = nodes.add(operation, "account", args, { set: 0 });
  const attributes = given.map((values, index) => ({ name: `a${index}`, values: [...values] }));
  const program = programOf(nodes, { sets: [{ name: "grid", count, attributes }] });
  const [row] = evaluateInKernel(kernel, program, bookOf()).matrix(node);
  expect([...row!].map((value) => (value === 0 ? 0 : value))).toEqual([...expected]);
});

/** One instrument for each quantity, alternately of BTC and ETH. */
function heldOf(quantities: readonly string[]): Book {
  const instruments = quantities.map((_, number) =>
    instrumentOf({ name: `I${number}`, underlying: number % 2 === 0 ? "BTC" : "ETH", mark: "1" }),
  );
  return bookOf({
    instruments,
    positions: quantities.map((quantity, number) => positionOf(number, quantity)),
  });
}

function field(nodes: Nodes, name: FieldName): number {
  const index = FIELDS.findIndex((each) => each.name === name);
  return nodes.add("field", FIELDS[index]!.level, [], { index });
}

test.each([
  ["total", ["3", "-1"], ["1", "-2", "2", "1"]],
  ["highest", ["2", "1"], ["1", "-2", "2", "1"]],
  ["lowest", ["1", "-2"], ["1", "-2", "2", "1"]],
  ["count", ["1", "2"], ["0", "-2", "2", "1"]],
  ["any", ["0", "1"], ["0", "-2", "0", "0"]],
] as const)("%s over the rows beneath", (operation, expected, quantities) => {
  const nodes = new Nodes();
  const node = nodes.add(operation, "underlying", [field(nodes, "quantity")]);
  expect(texts(programOf(nodes), heldOf(quantities), node)).toEqual(expected);
});

test("aggregates over no rows, and over an undefined one", () => {
  const nodes = new Nodes();
  const quantity = field(nodes, "quantity");
  const volatility = field(nodes, "volatility");
  const operations = ["total", "highest", "lowest", "count", "any"] as const;
  const [none, unknown] = [quantity, volatility].map((source) =>
    operations.map((operation) => nodes.add(operation, "account", [source])),
  );
  const program = programOf(nodes);
  expect(none!.map((node) => texts(program, bookOf(), node)[0])).toEqual(["0", "-", "-", "0", "0"]);
  expect(unknown!.map((node) => texts(program, heldOf(["1"]), node)[0])).toEqual(["-", "-", "-", "-", "-"]);
});

test.each([
  [
    "total",
    [
      [4, 8, NAN],
      [-1, -2, NAN],
    ],
  ],
  [
    "highest",
    [
      [3, 6, NAN],
      [-1, -2, NAN],
    ],
  ],
  [
    "lowest",
    [
      [1, 2, NAN],
      [-1, -2, NAN],
    ],
  ],
  [
    "count",
    [
      [2, 2, NAN],
      [1, 1, NAN],
    ],
  ],
  [
    "any",
    [
      [1, 1, NAN],
      [1, 1, NAN],
    ],
  ],
] as const)("%s of matrices over the rows beneath", (operation, expected) => {
  const nodes = new Nodes();
  const quantity = nodes.add("spread", "position", [field(nodes, "quantity")], { set: 0 });
  const move = nodes.add("attribute", "account", [], { set: 0, index: 0 });
  const wide = nodes.add("widen", "position", [move], { set: 0 });
  const product = nodes.add("multiply", "position", [quantity, wide], { set: 0 });
  const node = nodes.add(operation, "underlying", [product], { set: 0 });
  const program = programOf(nodes, {
    sets: [{ name: "grid", count: 3, attributes: [{ name: "move", values: [1, 2, NAN] }] }],
  });
  const evaluation = evaluateInKernel(kernel, program, heldOf(["1", "-1", "3"]));
  expect(evaluation.matrix(node).map((row) => [...row])).toEqual(expected);
  // Whether or not the product was summed without being written down.
  expect([...evaluation.matrix(product)[2]!]).toEqual([3, 6, NAN]);
});

test("a total of products with an input that is one value for all scenarios", () => {
  const nodes = new Nodes();
  const quantity = nodes.add("spread", "position", [field(nodes, "quantity")], { set: 0 });
  const input = nodes.add("input", "position", [], { index: 0, set: 0 });
  const product = nodes.add("multiply", "position", [quantity, input], { set: 0 });
  const node = nodes.add("total", "account", [product], { set: 0 });
  const program = programOf(nodes, {
    sets: [{ name: "grid", count: 3, attributes: [] }],
    inputs: [{ name: "array", level: "position", set: 0, value: known("-2"), note: "" }],
  });
  expect([...evaluateInKernel(kernel, program, heldOf(["1", "3"])).matrix(node)[0]!]).toEqual([-8, -8, -8]);
});

const SCENARIOS = [3, -1, 2, -1, 0.5, -4, 7];

test.each([
  ["worst", undefined, "-4"],
  ["worst_at", undefined, "6"],
  ["quantile", "0.01", "-4"],
  ["quantile", "0.5", "0.5"],
  ["quantile", "1", "7"],
  // 7 x 0.3 = 2.1 scenarios: (-4 - 1 - 0.1) / 2.1
  ["tail_mean", "0.3", "-2.428571428571428381"],
  ["tail_mean", "1", "0.928571428571428603"],
  ["tail_mean", "0.01", "-4"],
  ["scenario", "1", "3"],
  ["scenario", "7", "7"],
] as const)("%s(m, %s) = %s", (operation, second, expected) => {
  const nodes = new Nodes();
  const matrix = nodes.add("attribute", "account", [], { set: 0, index: 0 });
  const args = second === undefined ? [matrix] : [matrix, nodes.constant(second)];
  const node = nodes.add(operation, "account", args);
  const program = programOf(nodes, {
    sets: [{ name: "grid", count: SCENARIOS.length, attributes: [{ name: "move", values: SCENARIOS }] }],
  });
  expect(texts(program, bookOf(), node)).toEqual([expected]);
});

test("a scenario that is undefined makes what looks at all of them undefined", () => {
  const nodes = new Nodes();
  const matrix = nodes.add("attribute", "account", [], { set: 0, index: 0 });
  const half = nodes.constant("0.5");
  const found = [
    nodes.add("worst", "account", [matrix]),
    nodes.add("worst_at", "account", [matrix]),
    nodes.add("quantile", "account", [matrix, half]),
    nodes.add("tail_mean", "account", [matrix, half]),
    nodes.add("scenario", "account", [matrix, nodes.constant("1")]),
    nodes.add("scenario", "account", [matrix, nodes.constant("3")]),
  ];
  const program = programOf(nodes, {
    sets: [{ name: "grid", count: 3, attributes: [{ name: "move", values: [1, 2, NAN] }] }],
  });
  expect(found.map((node) => texts(program, bookOf(), node)[0])).toEqual(["-", "-", "-", "-", "1", "-"]);
});

test("parameters, attributes, tables and inputs by key", () => {
  const nodes = new Nodes();
  const parameter = nodes.add("parameter", "underlying", [], { index: 0 });
  const missing = nodes.add("parameter", "underlying", [], { index: 1 });
  const attribute = nodes.add("attribute", "underlying", [], { set: 0, index: 0 });
  const scenario = nodes.add("scenario", "underlying", [attribute, nodes.constant("2")]);
  const input = nodes.add("input", "underlying", [], { index: 0 });
  const matrix = nodes.add("input", "instrument", [], { index: 1, set: 0 });
  const given = nodes.add("worst", "instrument", [matrix]);
  const size = field(nodes, "size");
  const charge = nodes.add("marginal", "position", [size], { index: 0, column: 1 });
  const program = programOf(nodes, {
    parameters: [
      {
        name: "rate",
        by: "underlying",
        value: known("0.1"),
        byKey: new Map([["ETH", known("0.2")]]),
        source: "",
        note: "",
      },
      { name: "own", by: "underlying", value: undefined, byKey: new Map([["BTC", known("7")]]), source: "", note: "" },
    ],
    sets: [
      {
        name: "grid",
        count: 2,
        attributes: [
          {
            name: "move",
            values: new Map([
              ["ETH", [3, 4]],
              ["default", [1, 2]],
            ]),
          },
        ],
      },
    ],
    tables: [
      {
        name: "brackets",
        by: "underlying",
        columns: ["from", "rate"],
        boundary: "begins",
        value: { from: [0n], columns: [[0n], [known("1")]] },
        byKey: new Map([
          [
            "ETH",
            {
              from: [0n, known("10")],
              columns: [
                [0n, known("10")],
                [known("0.1"), known("0.5")],
              ],
            },
          ],
        ]),
        source: "",
      },
    ],
    inputs: [
      { name: "confidence", level: "underlying", set: -1, value: known("1"), note: "" },
      { name: "array", level: "instrument", set: 0, value: known("-9"), note: "" },
    ],
  });
  const book: Book = {
    ...heldOf(["4", "-12"]),
    inputs: [
      { name: "confidence", all: undefined, byName: new Map([["ETH", known("0.5")]]), rows: new Map() },
      { name: "array", all: undefined, byName: new Map(), rows: new Map([["I0", [5, -6]]]) },
    ],
  };
  expect(texts(program, book, parameter)).toEqual(["0.1", "0.2"]);
  expect(texts(program, book, missing)).toEqual(["7", "-"]);
  expect(texts(program, book, scenario)).toEqual(["2", "4"]);
  expect(texts(program, book, input)).toEqual(["1", "0.5"]);
  expect(texts(program, book, given)).toEqual(["-6", "-9"]);
  const one = { name: "array", all: known("4"), byName: new Map(), rows: new Map() };
  expect(texts(program, { ...book, inputs: [one] }, given)).toEqual(["4", "4"]);
  expect(texts(program, book, charge)).toEqual(["4", "2"]);
});

const TIERS = {
  from: [0n, known("10"), known("100")],
  columns: [[known("0.01"), known("0.02"), known("0.05")]],
};

test.each([
  ["begins", "-5", "0", "0.01"],
  ["begins", "0", "0", "0.01"],
  ["begins", "10", "0.1", "0.02"],
  ["ends", "10", "0.1", "0.01"],
  ["ends", "10.5", "0.11", "0.02"],
  ["begins", "99.5", "1.89", "0.02"],
  ["begins", "1000", "46.9", "0.05"],
  ["begins", "-", "-", "-"],
] as const)("tiers where a value at the boundary %s: x = %s", (boundary, x, charge, rate) => {
  const nodes = new Nodes();
  const source = nodes.constant(x);
  const spread = nodes.add("spread", "account", [source], { set: 0 });
  const where = { index: 0, column: 0 };
  const columns = (["marginal", "bracket"] as const).map((operation) =>
    nodes.add(operation, "account", [source], where),
  );
  const matrices = (["marginal", "bracket"] as const).map((operation) => {
    const matrix = nodes.add(operation, "account", [spread], { ...where, set: 0 });
    return nodes.add("scenario", "account", [matrix, nodes.constant("1")]);
  });
  const program = programOf(nodes, {
    sets: [{ name: "grid", count: 1, attributes: [] }],
    tables: [{ name: "t", by: "account", columns: ["rate"], boundary, value: TIERS, byKey: new Map(), source: "" }],
  });
  const near = (text: string) => (text === "-" ? NAN : Number(text));
  expect(columns.map((node) => texts(program, bookOf(), node)[0])).toEqual([charge, rate]);
  for (const [index, node] of matrices.entries()) {
    const [found] = texts(program, bookOf(), node);
    const wanted = near([charge, rate][index]!);
    if (Number.isNaN(wanted)) expect(found).toBe("-");
    else expect(near(found!)).toBeCloseTo(wanted, 14);
  }
});

const OPTIONS: readonly GivenInstrument[] = [
  { name: "C90", product: "call", strike: "90", days: 30 },
  { name: "P100", product: "put", strike: "100", days: 30 },
  { name: "F", product: "future", mark: "95", days: 30 },
  { name: "C120", product: "call", strike: "120", days: 60 },
];

test("payoffs at expiry: the lowest, and at each strike", () => {
  const nodes = new Nodes();
  const quantity = field(nodes, "quantity");
  const floor = nodes.add("payoff_floor", "expiry", [quantity]);
  const at = nodes.add("payoff_at", "strike", [quantity]);
  const program = programOf(nodes);
  const book = bookOf({
    instruments: OPTIONS.map(instrumentOf),
    positions: [positionOf(0, "-2"), positionOf(1, "1"), positionOf(2, "1"), positionOf(3, "3")],
  });
  // First expiry: at 0: 100 - 95 = 5; at 90: 10 - 5 = 5; at 100: -20 + 0 + 5 = -15. Second: 0 at 0 and at 120.
  expect(texts(program, book, floor)).toEqual(["-15", "0"]);
  expect(texts(program, book, at)).toEqual(["5", "-15", "-", "0"]);
});

test("a spot pays its price at expiry, and what is not known makes the expiry undefined", () => {
  const nodes = new Nodes();
  const floor = nodes.add("payoff_floor", "expiry", [field(nodes, "quantity")]);
  const program = programOf(nodes);
  const instruments = [
    instrumentOf({ name: "S", product: "spot", mark: "100" }),
    instrumentOf({ name: "P", product: "put", strike: "80" }),
    instrumentOf({ name: "F", product: "future", days: 1 }),
  ];
  const positions = [positionOf(0, "2"), positionOf(1, "-1"), positionOf(2, "1")];
  expect(texts(program, bookOf({ instruments, positions }), floor)).toEqual(["-80", "-"]);
});

test("correlated sums", () => {
  const nodes = new Nodes();
  const exposure = nodes.add("total", "underlying", [field(nodes, "quantity")]);
  const node = nodes.add("correlated", "account", [exposure], { index: 0 });
  const half = known("0.5");
  const one = known("1");
  const pairTables = [
    {
      name: "rho",
      keys: ["ETH", "BTC"],
      values: [
        [one, half],
        [half, one],
      ],
      otherwise: 0n,
    },
  ];
  // sqrt(9 + 16 + 2 x 0.5 x 3 x 4) = sqrt(37), sqrt(9 + 16 - 12) = sqrt(13)
  expect(Number(texts(programOf(nodes, { pairTables }), heldOf(["3", "4"]), node)[0])).toBeCloseTo(Math.sqrt(37), 15);
  expect(Number(texts(programOf(nodes, { pairTables }), heldOf(["3", "-4"]), node)[0])).toBeCloseTo(Math.sqrt(13), 15);
  const others = [{ ...pairTables[0]!, keys: ["ADA", "SOL"], otherwise: known("-1") }];
  expect(texts(programOf(nodes, { pairTables: others }), heldOf(["3", "4"]), node)).toEqual(["1"]);
});

test("two units of one underlying are correlated by 1, and keyed by the underlying", () => {
  const nodes = new Nodes();
  const exposure = nodes.add("total", "unit", [field(nodes, "quantity")]);
  const node = nodes.add("correlated", "account", [exposure], { index: 0 });
  const rate = nodes.add("parameter", "unit", [], { index: 0 });
  const pairTables = [{ name: "rho", keys: ["BTC"], values: [[known("1")]], otherwise: 0n }];
  const byKey = new Map([
    ["BTC", known("2")],
    ["BTC/USDC", known("3")],
  ]);
  const program = programOf(nodes, {
    riskUnit: "underlying-settlement",
    pairTables,
    parameters: [{ name: "rate", by: "unit", value: known("1"), byKey, source: "", note: "" }],
  });
  const instruments = [
    instrumentOf({ name: "A", settlement: "BTC" }),
    instrumentOf({ name: "B", settlement: "USDC" }),
    instrumentOf({ name: "C", underlying: "ETH", settlement: "USDC" }),
  ];
  const positions = [positionOf(0, "3"), positionOf(1, "4"), positionOf(2, "24")];
  const book = bookOf({ instruments, positions });
  // (3 + 4)^2 + 24^2 = 25^2
  expect(texts(program, book, node)).toEqual(["25"]);
  expect(texts(program, book, rate)).toEqual(["2", "3", "1"]);
  expect(evaluateInKernel(kernel, program, book).rows.unit).toEqual(["BTC/BTC", "BTC/USDC", "ETH/USDC"]);
});

test.each([
  // Of 1 BTC and 2 ETH there are 4 spreads; what is left of BTC makes 3 of 2 BTC and 1 SOL.
  ["10", "-8", "-6", ["35", "40", "7.5"]],
  ["-10", "8", "6", ["35", "40", "7.5"]],
  ["10", "8", "-6", ["25", "0", "12.5"]],
  ["10", "0", "0", ["0", "0", "0"]],
] as const)("spread credits of deltas %s, %s and %s", (btc, eth, sol, expected) => {
  const nodes = new Nodes();
  const delta = nodes.add("total", "underlying", [field(nodes, "quantity")]);
  const worth = nodes.add("widen", "underlying", [nodes.constant("10")]);
  const node = nodes.add("spread_credit", "underlying", [delta, worth], { index: 0 });
  const leg = (key: string, ratio: string) => ({ key, ratio: known(ratio) });
  const program = programOf(nodes, {
    spreadTables: [
      {
        name: "inter",
        spreads: [
          { priority: 2, legs: [leg("BTC", "2"), leg("SOL", "-1")], rate: known("0.25") },
          { priority: 1, legs: [leg("BTC", "1"), leg("ETH", "-2")], rate: known("0.5") },
        ],
      },
    ],
  });
  const instruments = ["BTC", "ETH", "SOL"].map((underlying) => instrumentOf({ name: underlying, underlying }));
  const positions = [btc, eth, sol].map((quantity, number) => positionOf(number, quantity));
  expect(texts(program, bookOf({ instruments, positions }), node)).toEqual(expected);
});

test("calendar charges", () => {
  const nodes = new Nodes();
  const delta = nodes.add("total", "expiry", [field(nodes, "quantity")]);
  const rate = nodes.add("widen", "expiry", [nodes.constant("0.1")]);
  const node = nodes.add("calendar_charge", "underlying", [delta, rate]);
  const of = (name: string, underlying: string, days: number) =>
    instrumentOf({ name, underlying, product: "future", days });
  const instruments = [of("A", "BTC", 30), of("B", "BTC", 60), of("C", "ETH", 30), of("D", "BTC", 90)];
  const positions = ["5", "-3", "7", "-4"].map((quantity, number) => positionOf(number, quantity));
  // Long 5 against short 7; ETH has one side alone.
  expect(texts(programOf(nodes), bookOf({ instruments, positions }), node)).toEqual(["0.5", "0"]);
});

test("strategies: a short call is covered by the long one above it", () => {
  const nodes = new Nodes();
  const units = field(nodes, "quantity");
  const wide = (text: string) => nodes.add("widen", "position", [nodes.constant(text)]);
  const alone = nodes.add("choose", "position", [field(nodes, "short"), wide("30"), wide("2")]);
  const node = nodes.add("strategy", "underlying", [units, alone, wide("1"), wide("5"), wide("6")]);
  const instruments = [
    instrumentOf({ name: "C100", product: "call", strike: "100", days: 30 }),
    instrumentOf({ name: "C110", product: "call", strike: "110", days: 30 }),
  ];
  const positions = [positionOf(0, "-3"), positionOf(1, "2")];
  // Two pairs of 10 + 2, one short call alone.
  expect(texts(programOf(nodes), bookOf({ instruments, positions }), node)).toEqual(["54"]);
});

test("the facts of a book", () => {
  const instruments = [
    instrumentOf({ name: "L", mark: "200", multiplier: known("0.1") }),
    instrumentOf({ name: "I", product: "future", inverse: true, mark: "400", multiplier: known("100"), days: 365 }),
    instrumentOf({ name: "C", product: "call", inverse: true, mark: "0.05", strike: "90", forward: "95", days: 1 }),
    instrumentOf({ name: "P", product: "put", mark: "3", strike: "90", volatility: "0.5", days: 0 }),
    instrumentOf({ name: "S", product: "spot", mark: "7" }),
    instrumentOf({ name: "X", mark: "1" }),
  ];
  const positions = [
    positionOf(0, "3", { profit: undefined, entry: known("150"), leverage: known("10") }),
    positionOf(1, "-8", { profit: undefined, entry: known("200") }),
    positionOf(2, "2", { profit: known("1") }),
    positionOf(3, "0"),
    positionOf(4, "-1", { posted: known("5"), isolated: true }),
  ];
  const book = bookOf({
    instruments,
    positions,
    underlyings: [{ name: "BTC", index: known("201") }],
    currencies: [{ name: "USD", balance: known("-12.5"), price: known("1") }],
  });
  const wanted: Partial<Record<FieldName, readonly string[]>> = {
    linear: ["1", "0", "0", "1", "1"],
    inverse: ["0", "1", "1", "0", "0"],
    perpetual: ["1", "0", "0", "0", "0"],
    future: ["0", "1", "0", "0", "0"],
    option: ["0", "0", "1", "1", "0"],
    call: ["0", "0", "1", "0", "0"],
    put: ["0", "0", "0", "1", "0"],
    spot: ["0", "0", "0", "0", "1"],
    multiplier: ["0.1", "100", "1", "1", "1"],
    mark: ["200", "400", "0.05", "3", "7"],
    forward: ["200", "400", "95", "-", "-"],
    strike: ["-", "-", "90", "90", "-"],
    volatility: ["-", "-", "-", "0.5", "-"],
    interest: ["0", "0", "0", "0", "0"],
    seconds: ["-", "31536000", "86400", "0", "-"],
    days: ["-", "365", "1", "0", "-"],
    years: ["-", "1", "0.00273972602739726", "0", "-"],
    expired: ["0", "0", "0", "1", "0"],
    unit_value: ["20", "0.25", "0.05", "3", "7"],
    quantity: ["3", "-8", "2", "0", "-1"],
    size: ["3", "8", "2", "0", "1"],
    side: ["1", "-1", "1", "0", "-1"],
    long: ["1", "0", "1", "0", "0"],
    short: ["0", "1", "0", "0", "1"],
    entry: ["150", "200", "-", "-", "-"],
    value: ["60", "-2", "0.1", "0", "-7"],
    notional: ["60", "2", "0.1", "0", "7"],
    profit: ["15", "-2", "1", "0", "0"],
    leverage: ["10", "-", "-", "-", "-"],
    isolated: ["0", "0", "0", "0", "1"],
    posted: ["0", "0", "0", "0", "5"],
    index: ["201"],
    balance: ["-12.5"],
    price: ["1"],
  };
  for (const [name, expected] of Object.entries(wanted)) {
    const nodes = new Nodes();
    const node = field(nodes, name as FieldName);
    expect(texts(programOf(nodes), book, node), name).toEqual(expected);
  }
});

test("orders: their order, and what of them closes the position", () => {
  const of = (instrument: number, buy: boolean, quantity: string, price: string): BookOrder => ({
    instrument,
    buy,
    quantity: known(quantity),
    price: fixed(price),
    reduceOnly: price === "11",
  });
  const book = bookOf({
    instruments: [instrumentOf({ name: "A", mark: "1" }), instrumentOf({ name: "B", mark: "1" })],
    positions: [positionOf(1, "5")],
    orders: [
      of(1, false, "4", "12"),
      of(1, true, "1", "9"),
      of(1, false, "2", "11"),
      of(0, false, "3", "10"),
      of(1, true, "1", "10"),
      of(1, false, "1", "-"),
    ],
  });
  const wanted: Partial<Record<FieldName, readonly string[]>> = {
    order_quantity: ["3", "1", "1", "1", "2", "4"],
    order_price: ["10", "10", "9", "-", "11", "12"],
    buy: ["0", "1", "1", "0", "0", "0"],
    sell: ["1", "0", "0", "1", "1", "1"],
    covered: ["0", "0", "0", "1", "2", "2"],
    reduce_only: ["0", "0", "0", "0", "1", "0"],
    market_order: ["0", "0", "0", "1", "0", "0"],
  };
  for (const [name, expected] of Object.entries(wanted)) {
    const nodes = new Nodes();
    const node = field(nodes, name as FieldName);
    expect(texts(programOf(nodes), book, node), name).toEqual(expected);
  }
});

test("rows and what lies above them, for each risk unit", () => {
  const instruments = [
    instrumentOf({ name: "A", underlying: "ETH", product: "future", days: 30 }),
    instrumentOf({ name: "B", settlement: "USDC" }),
    instrumentOf({ name: "C", underlying: "SOL", product: "call", strike: "100", days: 30 }),
    instrumentOf({ name: "D" }),
  ];
  const book = bookOf({ instruments, positions: [0, 1, 2, 3].map((number) => positionOf(number, "1")) });
  const units = (riskUnit: Program["riskUnit"]) => {
    const groups = new Map([
      ["ETH", "SOL"],
      ["BTC", "big"],
    ]);
    const { rows, parents } = evaluateInKernel(kernel, programOf(new Nodes(), { riskUnit, groups }), book);
    return [rows.unit, parents.position.unit, rows.underlying, parents.unit.currency];
  };
  const plain = ["ETH", "BTC", "SOL"];
  const settled = ["ETH/USD", "BTC/USDC", "SOL/USD", "BTC/USD"];
  expect(units("account")).toEqual([["account"], [0, 0, 0, 0], plain, undefined]);
  expect(units("underlying")).toEqual([plain, [0, 1, 2, 1], plain, undefined]);
  expect(units("underlying-settlement")).toEqual([settled, [0, 1, 2, 3], settled, [0, 1, 0, 0]]);
  expect(units("settlement")).toEqual([["USD", "USDC"], [0, 1, 0, 0], settled, [0, 1]]);
  // SOL has no group, but one has its name.
  expect(units("group")).toEqual([["SOL", "big"], [0, 1, 0, 1], plain, undefined]);
  const { rows, parents } = evaluateInKernel(kernel, programOf(new Nodes()), book);
  expect(rows.expiry).toEqual(["ETH 2026-01-31", "BTC none", "SOL 2026-01-31"]);
  expect(rows.strike).toEqual(["ETH 2026-01-31 none", "BTC none none", "SOL 2026-01-31 100"]);
  expect(rows.currency).toEqual(["USD", "USDC"]);
  expect(parents.strike.expiry).toEqual([0, 1, 2]);
  expect(parents.position.currency).toEqual([0, 1, 0, 0]);
  expect(NOW_US % 86_400_000_000n).toBe(0n);
});

test("a value is widened through every level above", () => {
  const levels: readonly Level[] = ["unit", "underlying", "expiry", "strike", "position"];
  const nodes = new Nodes();
  const grid = nodes.add("attribute", "underlying", [], { set: 0, index: 0 });
  const seen = levels.slice(2).map((level) => nodes.add("widen", level, [grid], { set: 0 }));
  const twice = nodes.add("widen", "order", [seen[0]!], { set: 0 });
  const values = new Map([
    ["BTC", [1]],
    ["default", [2]],
  ]);
  const program = programOf(nodes, { sets: [{ name: "grid", count: 1, attributes: [{ name: "move", values }] }] });
  const book: Book = {
    ...heldOf(["1", "1", "1"]),
    orders: [1, 2].map((instrument) => ({
      instrument,
      buy: true,
      quantity: known("1"),
      price: undefined,
      reduceOnly: false,
    })),
  };
  const evaluation = evaluateInKernel(kernel, program, book);
  expect(evaluation.matrix(seen[0]!).map(([value]) => value)).toEqual([1, 2]);
  expect(evaluation.matrix(seen[2]!).map(([value]) => value)).toEqual([1, 2, 1]);
  expect(evaluation.matrix(twice).map(([value]) => value)).toEqual([2, 1]);
});
