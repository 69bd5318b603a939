// The machine as a whole: what it refuses and names, what it keeps, and that the same bits come out on every way.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HEADER_PROGRAM_BYTES, TABLE_HEADER, TABLE_PROGRAMS } from "../../assembly/memory/layout.ts";
import {
  DIRECTORY_ARENA,
  DIRECTORY_POSITION_KEYS,
  DIRECTORY_REFUSAL,
  DIRECTORY_VERDICTS,
  EVALUATE_ALL,
  EVALUATE_LIVE,
  EVALUATE_VERDICT,
  POSITION_KEYS_SIZE,
  POSITION_VERSION,
  PROGRAM_SLOTS,
  REFUSAL_NODE,
  REFUSAL_ROW,
  REGIME_DONE,
  REGIME_PROGRAM_INVALID,
  REGIME_PROGRAM_UNKNOWN,
  VERDICT_SIZE,
} from "../../assembly/regime/format.ts";
import type { Book } from "../../services/evaluate/book.ts";
import { writeBook } from "../../services/evaluate/bookWriter.ts";
import { BookRefusedError, type Evaluation } from "../../services/evaluate/evaluation.ts";
import { evaluateInKernel } from "../../services/evaluate/kernelEvaluation.ts";
import { readBook } from "../../services/evaluate/readBook.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel, REGIME_CAPACITIES } from "../../services/kernel/kernel.ts";
import { encodeProgram, type Numbering } from "../../services/regimes/encodeProgram.ts";
import { listRegimes, loadRegime, readExamples, readRegimeText } from "../../services/regimes/loadRegime.ts";
import { FIELDS, type FieldName, type Program } from "../../services/regimes/program.ts";
import { randomBook } from "../properties/randomBook.ts";
import { randomRegime } from "../properties/randomRegime.ts";
import { bookKernel, bookOf, instrumentOf, known, NOW_US, Nodes, positionOf, programOf } from "./regimePrograms.ts";

const kernel = bookKernel();
const NO_SHARD = { accounts: 4, pools: 4, positions: 1, instruments: 1, identities: 1 };

function field(nodes: Nodes, name: FieldName): number {
  const index = FIELDS.findIndex((each) => each.name === name);
  const { level } = FIELDS[index]!;
  return nodes.add("field", level, [], { index, market: level === "instrument" });
}

function refusalOf(program: Program, book: Book, on = kernel): { readonly code: string; readonly message: string } {
  try {
    evaluateInKernel(on, program, book);
  } catch (error) {
    if (error instanceof BookRefusedError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("was not refused");
}

/** A program that has the node as its equity. */
function judging(nodes: Nodes, equity: number, rest: Partial<Program> = {}): Program {
  const program = programOf(nodes, rest);
  return { ...program, conclusion: { ...program.conclusion, equity } };
}

const held = bookOf({
  instruments: [
    instrumentOf({ name: "A", mark: "10" }),
    instrumentOf({ name: "B", underlying: "ETH" }),
    instrumentOf({ name: "C", underlying: "ETH", settlement: "USDC", mark: "3" }),
  ],
  positions: [positionOf(0, "1"), positionOf(1, "2"), positionOf(2, "-1")],
  orders: [{ instrument: 2, buy: true, quantity: known("1"), price: undefined, reduceOnly: false }],
});

test.each<[FieldName, string]>([
  ["mark", "instruments.B.mark"],
  ["unit_value", "instruments.B.mark"],
  ["notional", "instruments.B.mark"],
  ["volatility", "instruments.A.volatility"],
  ["days", "instruments.A.expiry"],
  ["leverage", "positions.A.leverage"],
  ["entry", "positions.A.entry"],
  ["index", "underlyings.BTC.index"],
  ["price", "currencies.USDC.price"],
  ["order_price", "orders[0].price"],
])("a missing %s is named as %s", (name, place) => {
  const nodes = new Nodes();
  const equity = nodes.add("total", "account", [field(nodes, name)]);
  expect(refusalOf(judging(nodes, equity), held)).toEqual({
    code: "missing-fact",
    message: expect.stringMatching(`^${place.replaceAll(/[[\]]/g, "\\$&")}: `),
  });
});

test("the first missing fact is named through every kind of node", () => {
  const nodes = new Nodes();
  const mark = field(nodes, "mark");
  const atPosition = nodes.add("widen", "position", [mark]);
  const quantity = field(nodes, "quantity");
  const short = nodes.add("less", "position", [quantity, nodes.add("widen", "position", [nodes.constant("0")])]);
  const unknown = nodes.add("widen", "position", [field(nodes, "volatility")]);
  // Only short positions need a volatility: C is the first of them.
  const chosen = nodes.add("choose", "position", [
    short,
    unknown,
    nodes.add("widen", "position", [nodes.constant("0")]),
  ]);
  const spread = nodes.add("spread", "position", [chosen], { set: 0 });
  const grid = nodes.add("widen", "position", [nodes.add("attribute", "account", [], { set: 0, index: 0 })], {
    set: 0,
  });
  const product = nodes.add("multiply", "position", [spread, grid], { set: 0 });
  const total = nodes.add("total", "underlying", [product], { set: 0 });
  const worst = nodes.add("worst", "underlying", [total]);
  const equity = nodes.add("total", "account", [worst]);
  const sets = [{ name: "grid", count: 3, attributes: [{ name: "move", values: [1, 2, 3] }] }];
  expect(refusalOf(judging(nodes, equity, { sets }), held)).toEqual({
    code: "missing-fact",
    message: expect.stringContaining("instruments.C.volatility"),
  });
  const marks = nodes.add("total", "account", [atPosition]);
  expect(refusalOf(judging(nodes, marks, { sets }), held).message).toContain("instruments.B.mark");
});

test("parameters, inputs and results that do not exist are named", () => {
  const nodes = new Nodes();
  const rate = nodes.add("total", "account", [nodes.add("parameter", "underlying", [], { index: 0 })]);
  const input = nodes.add("total", "account", [nodes.add("input", "position", [], { index: 0 })]);
  const quotient = nodes.add("divide", "account", [nodes.constant("1"), nodes.constant("0")]);
  const rest: Partial<Program> = {
    parameters: [
      { name: "rate", by: "underlying", value: undefined, byKey: new Map([["BTC", 1n]]), source: "", note: "" },
    ],
    inputs: [{ name: "confidence", level: "position", set: -1, value: undefined, note: "" }],
    terms: [
      {
        name: "quotient",
        node: quotient,
        level: "account",
        set: -1,
        clause: "",
        source: "",
        measure: "",
        formula: "1 / 0",
        uses: [],
      },
    ],
  };
  const inputs = [{ name: "confidence", all: undefined, byName: new Map([["A", 1n]]), rows: new Map() }];
  const book = { ...held, inputs };
  expect(refusalOf(judging(nodes, rate, rest), book)).toEqual({
    code: "missing-parameter",
    message: expect.stringMatching(/^parameters\.rate: .*ETH/),
  });
  expect(refusalOf(judging(nodes, input, rest), book)).toEqual({
    code: "missing-input",
    message: expect.stringContaining("inputs.confidence.B"),
  });
  expect(refusalOf(judging(nodes, quotient, rest), book)).toEqual({
    code: "undefined-value",
    message: expect.stringContaining("quotient.account"),
  });
});

test("what is larger than the kernel's tables is refused", () => {
  const small = { ...REGIME_CAPACITIES, positions: 2, orders: 1, arenaBytes: 4096 };
  const tight = Kernel.create(kernelBinary(), NO_SHARD, small);
  const nodes = new Nodes();
  expect(refusalOf(programOf(nodes), held, tight)).toEqual({
    code: "too-many-rows",
    message: expect.stringContaining("positions: there are 3; the kernel takes 2"),
  });
  const grid = nodes.add("attribute", "account", [], { set: 0, index: 0 });
  const wide = nodes.add("negate", "account", [grid], { set: 0 });
  const values = Array.from({ length: 400 }, (_, scenario) => scenario);
  const sets = [{ name: "grid", count: 400, attributes: [{ name: "move", values }] }];
  const program = judging(nodes, nodes.add("worst", "account", [wide]), { sets });
  const roomy = Kernel.create(kernelBinary(), NO_SHARD, { ...small, arenaBytes: 16_384 });
  const book = bookOf({ instruments: [held.instruments[0]!], positions: [held.positions[0]!] });
  expect(evaluateInKernel(roomy, program, book).verdicts[0]!.equity).toBe(known("-399"));
  let again = wide;
  for (let times = 0; times < 5; times++) again = nodes.add("negate", "account", [again], { set: 0 });
  const larger = judging(nodes, nodes.add("worst", "account", [again]), { sets });
  expect(refusalOf(larger, book, roomy).code).toBe("too-large");
});

test("a kernel without room for regimes says so", () => {
  const none = Kernel.create(kernelBinary(), NO_SHARD, {
    programBytes: 0,
    arenaBytes: 0,
    positions: 0,
    orders: 0,
    marketBytes: 0,
  });
  expect(() => evaluateInKernel(none, programOf(new Nodes()), bookOf())).toThrow("without room");
});

/** A program whose equity is this number, with so many scenarios beside. */
function numbered(number: number, scenarios = 0): Program {
  const nodes = new Nodes();
  const equity = nodes.constant(String(number));
  if (scenarios === 0) return judging(nodes, equity);
  const values = Array.from({ length: scenarios }, (_, scenario) => scenario);
  return judging(nodes, equity, {
    sets: [{ name: "grid", count: scenarios, attributes: [{ name: "move", values }] }],
  });
}

test("many programs take turns in the slots and in the room of the store", () => {
  const store = Kernel.create(kernelBinary(), NO_SHARD, { ...REGIME_CAPACITIES, programBytes: 40_000 });
  const programs = Array.from({ length: PROGRAM_SLOTS + 8 }, (_, number) => numbered(number, (number * 137) % 1000));
  for (const turn of [0, 5, 1, 22, 7]) {
    for (let step = 0; step < programs.length; step++) {
      const number = (turn + step * 7) % programs.length;
      const [verdict] = evaluateInKernel(store, programs[number]!, bookOf()).verdicts;
      expect(verdict!.equity).toBe(known(String(number)));
    }
  }
  expect(() => evaluateInKernel(store, numbered(1, 6000), bookOf())).toThrow(RangeError);
  expect(evaluateInKernel(store, programs[3]!, bookOf()).verdicts[0]!.equity).toBe(known("3"));
});

test("an evaluation can be read after another one", () => {
  const nodes = new Nodes();
  const quantity = field(nodes, "quantity");
  const program = programOf(nodes);
  const first = evaluateInKernel(kernel, program, held);
  const other = evaluateInKernel(kernel, program, bookOf());
  expect(other.column(quantity)).toEqual([]);
  expect(first.column(quantity)).toEqual([known("1"), known("2"), known("-1")]);
  expect(other.column(quantity)).toEqual([]);
});

const numbering: Numbering = (() => {
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => numbers.get(name) ?? numbers.set(name, numbers.size).size - 1;
  return { underlying: numberOf, currency: numberOf, instrument: numberOf, group: numberOf };
})();

function address(on: Kernel, entry: number): number {
  return on.u32[(on.exports.regimeDirectory() + entry) / 4]!;
}

function install(on: Kernel, slot: number, program: Program): number {
  const image = encodeProgram(program, numbering);
  on.bytes.set(image, address(on, DIRECTORY_ARENA));
  return on.exports.installProgram(slot, image.length);
}

/** The bytes of the verdicts, or the refusal: its code, node and row. */
function driven(on: Kernel, slot: number, program: Program, book: Book, what: number, version = 1n): string {
  const { positions, currencies } = writeBook(on, program, book, numbering);
  const keys = address(on, DIRECTORY_POSITION_KEYS);
  for (let row = 0; row < positions.length; row++) {
    on.i64[(keys + row * POSITION_KEYS_SIZE + POSITION_VERSION) / 8] = version;
  }
  const code = on.exports.evaluateBook(slot, what);
  if (code !== REGIME_DONE) {
    const refusal = address(on, DIRECTORY_REFUSAL) / 4;
    return `${code} ${on.u32[refusal + REFUSAL_NODE / 4]} ${on.u32[refusal + REFUSAL_ROW / 4]}`;
  }
  const rows = program.conclusion.level === "account" ? 1 : currencies.length;
  const verdicts = address(on, DIRECTORY_VERDICTS);
  return Buffer.from(on.bytes.slice(verdicts, verdicts + rows * VERDICT_SIZE)).toString("hex");
}

test("programs are state: they are hashed, copied and put back", () => {
  const one = bookKernel();
  const other = bookKernel();
  const before = one.hashState();
  expect(one.table(TABLE_PROGRAMS)).toHaveLength(0);
  expect(install(one, 3, numbered(33, 5))).toBe(REGIME_DONE);
  expect(install(one, 9, numbered(99))).toBe(REGIME_DONE);
  expect(one.hashState()).not.toEqual(before);
  expect(one.table(TABLE_PROGRAMS)).toHaveLength(
    one.u32[(one.exports.tableAddress(TABLE_HEADER) + HEADER_PROGRAM_BYTES) / 4]!,
  );
  other.restoreTables(one.copyTables());
  expect(other.hashState()).toEqual(one.hashState());
  expect(driven(other, 9, numbered(99), bookOf(), EVALUATE_ALL)).toBe(
    driven(one, 9, numbered(99), bookOf(), EVALUATE_ALL),
  );
  expect(driven(other, 3, numbered(33, 5), bookOf(), EVALUATE_VERDICT)).toContain(
    BigInt.asUintN(64, known("33")).toString(16).match(/../g)!.reverse().join(""),
  );
  expect(driven(other, 4, numbered(1), bookOf(), EVALUATE_ALL)).toMatch(`${REGIME_PROGRAM_UNKNOWN} `);
});

test("bytes that are no program are not installed, and what was there stays", () => {
  const on = bookKernel();
  expect(install(on, 0, numbered(7))).toBe(REGIME_DONE);
  const arena = address(on, DIRECTORY_ARENA);
  on.bytes.fill(0, arena, arena + 4096);
  expect(on.exports.installProgram(0, 4096)).toBe(REGIME_PROGRAM_INVALID);
  expect(on.exports.installProgram(PROGRAM_SLOTS, 4096)).toBe(REGIME_PROGRAM_UNKNOWN);
  const image = encodeProgram(numbered(8), numbering);
  on.bytes.set(image, arena);
  expect(on.exports.installProgram(0, image.length - 16)).toBe(REGIME_PROGRAM_INVALID);
  expect(driven(on, 0, numbered(7), bookOf(), EVALUATE_ALL)).toHaveLength(VERDICT_SIZE * 2);
});

/** Figures of the conclusion from anywhere in the program, so that much of it is needed for the verdict. */
function concluding(program: Program, choice: number): Program {
  const { level } = program.conclusion;
  const columns = program.nodes.flatMap((node, number) => (node.level === level && node.set < 0 ? [number] : []));
  const [equity = 0, initial = 0] = [choice, choice >> 4].map((number) => columns[number % columns.length]);
  return { ...program, conclusion: { ...program.conclusion, equity, initial } };
}

test("the verdict is the same bits alone, with all terms, and from the market store", () => {
  let version = 0n;
  fc.assert(
    fc.property(
      randomRegime({ smooth: true }),
      fc.array(randomBook, { minLength: 3, maxLength: 3 }),
      fc.nat({ max: 255 }),
      fc.nat({ max: PROGRAM_SLOTS - 1 }),
      ({ program: drawn }, books, choice, slot) => {
        const program = concluding(drawn, choice);
        expect(install(kernel, slot, program)).toBe(REGIME_DONE);
        for (const draw of books) {
          const { main } = readBook(draw(program), program);
          // Another book is another market here; the second time its instruments are there.
          version += 1n;
          const all = driven(kernel, slot, program, main, EVALUATE_ALL);
          expect(driven(kernel, slot, program, main, EVALUATE_VERDICT)).toBe(all);
          expect(driven(kernel, slot, program, main, EVALUATE_LIVE, version)).toBe(all);
          expect(driven(kernel, slot, program, main, EVALUATE_LIVE, version)).toBe(all);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test.each(listRegimes())("%s: the worked books come to the same bits on every way", (id) => {
  const { text, file } = readRegimeText(id);
  for (const [number, { book, overrides }] of readExamples(text, file).entries()) {
    const program = loadRegime(id, overrides);
    expect(install(kernel, 0, program)).toBe(REGIME_DONE);
    const { main } = readBook(book, program);
    const all = driven(kernel, 0, program, main, EVALUATE_ALL);
    expect(driven(kernel, 0, program, main, EVALUATE_VERDICT)).toBe(all);
    for (let turn = 0; turn < 2; turn++) {
      expect(driven(kernel, 0, program, main, EVALUATE_LIVE, BigInt(number))).toBe(all);
    }
  }
});

/** Options under a scan: prices of the market by instrument, a sum by account. */
function scan(): { readonly program: Program; readonly priced: number } {
  const nodes = new Nodes();
  const spread = (name: FieldName) => nodes.add("spread", "instrument", [field(nodes, name)], { set: 0, market: true });
  const wide = (index: number) =>
    nodes.add("widen", "instrument", [nodes.add("attribute", "account", [], { set: 0, index, market: true })], {
      set: 0,
      market: true,
    });
  const one = nodes.add("widen", "instrument", [nodes.constant("1")], { market: true });
  const discount = nodes.add("spread", "instrument", [one], { set: 0, market: true });
  const forward = nodes.add("multiply", "instrument", [spread("forward"), wide(0)], { set: 0, market: true });
  const volatility = nodes.add("multiply", "instrument", [spread("volatility"), wide(1)], { set: 0, market: true });
  const priced = nodes.add(
    "black_price",
    "instrument",
    [spread("call"), forward, spread("strike"), volatility, spread("years"), discount],
    { set: 0, market: true },
  );
  const quantity = nodes.add("spread", "position", [field(nodes, "quantity")], { set: 0 });
  const atPosition = nodes.add("widen", "position", [priced], { set: 0 });
  const value = nodes.add("multiply", "position", [quantity, atPosition], { set: 0 });
  const worst = nodes.add("worst", "account", [nodes.add("total", "account", [value], { set: 0 })]);
  const attributes = [
    { name: "move", values: [0.85, 0.9, 1, 1.1, 1.15] },
    { name: "vol", values: [1.3, 1.1, 1, 0.9, 0.7] },
  ];
  return { program: judging(nodes, worst, { sets: [{ name: "grid", count: 5, attributes }] }), priced };
}

const options = ["90", "100", "110", "120"].map((strike, number) =>
  instrumentOf({
    name: `O${number}`,
    product: number % 2 === 0 ? "call" : "put",
    strike,
    forward: "103",
    volatility: "0.6",
    mark: "5",
    days: 30,
  }),
);

test("from the market store what another account had computed is taken, until the market or the time is another", () => {
  const on = bookKernel();
  const { program } = scan();
  expect(install(on, 2, program)).toBe(REGIME_DONE);
  const one = bookOf({ instruments: options, positions: [positionOf(0, "1"), positionOf(1, "-2")] });
  const other = bookOf({ instruments: options, positions: [positionOf(1, "3"), positionOf(3, "-1")] });
  const moved = (book: Book): Book => ({
    ...book,
    instruments: book.instruments.map((instrument) => ({ ...instrument, volatility: known("0.9") })),
  });
  const live = (book: Book, version: bigint) => driven(on, 2, program, book, EVALUATE_LIVE, version);
  const fresh = (book: Book) => driven(on, 2, program, book, EVALUATE_VERDICT);
  expect(live(one, 1n)).toBe(fresh(one));
  expect(live(other, 1n)).toBe(fresh(other));
  expect(live(one, 1n)).toBe(fresh(one));
  // Its lines are all there by now: they are taken as they stand, though the book says otherwise.
  expect(live(moved(other), 1n)).toBe(fresh(other));
  expect(live(moved(other), 2n)).toBe(fresh(moved(other)));
  expect(live(moved(other), 2n)).not.toBe(fresh(other));
  const later = (book: Book): Book => ({ ...book, timeUs: NOW_US + 86_400_000_000n });
  expect(live(later(moved(other)), 2n)).toBe(fresh(later(moved(other))));
  // Another program in the slot voids them.
  expect(install(on, 2, numbered(5))).toBe(REGIME_DONE);
  expect(install(on, 2, program)).toBe(REGIME_DONE);
  expect(live(other, 2n)).toBe(fresh(other));
});

test("a market store that is too small for its instruments only costs time", () => {
  const { program } = scan();
  const row = 32 + 48;
  for (const marketBytes of [0, row - 1, row, 2 * row, 3 * row]) {
    const on = Kernel.create(kernelBinary(), NO_SHARD, { ...REGIME_CAPACITIES, marketBytes });
    expect(install(on, 0, program)).toBe(REGIME_DONE);
    const book = bookOf({ instruments: options, positions: options.map((_, number) => positionOf(number, "-1")) });
    const wanted = driven(on, 0, program, book, EVALUATE_VERDICT);
    for (let turn = 0; turn < 3; turn++) expect(driven(on, 0, program, book, EVALUATE_LIVE)).toBe(wanted);
  }
});

/** Everything that can be read, with NaN as one value. */
function bits(program: Program, evaluate: () => Evaluation): unknown {
  try {
    const evaluation = evaluate();
    return [
      evaluation.rows,
      evaluation.parents,
      evaluation.verdicts,
      program.nodes.map(({ set }, node) =>
        set < 0
          ? evaluation.column(node).map(String)
          : evaluation
              .matrix(node)
              .map((row) => Buffer.from(row.map((x) => (Number.isNaN(x) ? Number.NaN : x)).buffer)),
      ),
    ];
  } catch (error) {
    if (error instanceof BookRefusedError) return [error.code, error.message];
    throw error;
  }
}

test("debug and release builds, and books in another order, come to the same bits", () => {
  const debug = bookKernel("debug");
  fc.assert(
    fc.property(randomRegime({ smooth: true }), randomBook, fc.nat(), ({ program }, draw, turn) => {
      const { main } = readBook(draw(program), program);
      const wanted = bits(program, () => evaluateInKernel(kernel, program, main));
      expect(bits(program, () => evaluateInKernel(debug, program, main))).toEqual(wanted);
      const count = main.positions.length;
      const turned = main.positions.map((_, at) => main.positions[(at + turn) % count]!).reverse();
      expect(bits(program, () => evaluateInKernel(kernel, program, { ...main, positions: turned }))).toEqual(wanted);
    }),
    { numRuns: 100 },
  );
});
