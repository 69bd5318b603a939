import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatFixed, parseFixed, parseFloat64 } from "../../services/regimes/fixed.ts";
import { type BinaryOperator, type Expression, FormulaError, parseFormula } from "../../services/regimes/formula.ts";

/** With a parenthesis around every operation. */
function written(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return formatFixed(expression.value);
    case "name":
      return expression.name;
    case "member":
      return `${expression.owner}.${expression.name}`;
    case "call":
      return `${expression.name}(${expression.arguments.map(written).join(", ")})`;
    case "unary":
      return `(${expression.operator} ${written(expression.operand)})`;
    case "binary":
      return `(${written(expression.left)} ${expression.operator} ${written(expression.right)})`;
  }
}

const OPERATORS: readonly BinaryOperator[] = ["+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or"];

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  fc.bigInt(0n, 10n ** 24n).map((value) => ({ kind: "number" as const, offset: 0, value })),
  fc.constantFrom("a", "unit_value", "x2", "notional", "android", "order").map((name) => ({
    kind: "name" as const,
    offset: 0,
    name,
  })),
  fc.constant({ kind: "member" as const, offset: 0, owner: "brackets", name: "rate" }),
);
const tree: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    leaf,
    fc.record({
      kind: fc.constant("binary" as const),
      offset: fc.constant(0),
      operator: fc.constantFrom(...OPERATORS),
      left: tie("tree"),
      right: tie("tree"),
    }),
    fc.record({
      kind: fc.constant("unary" as const),
      offset: fc.constant(0),
      operator: fc.constantFrom("-" as const, "not" as const),
      operand: tie("tree"),
    }),
    fc.record({
      kind: fc.constant("call" as const),
      offset: fc.constant(0),
      name: fc.constantFrom("max", "if", "total"),
      arguments: fc.array(tie("tree"), { maxLength: 3 }),
    }),
  ),
})).tree;

describe("parseFormula", () => {
  it.each([
    ["a + b * c", "(a + (b * c))"],
    ["a - b - c", "((a - b) - c)"],
    ["a / b * c", "((a / b) * c)"],
    ["(a - b) / c", "((a - b) / c)"],
    ["a ^ b ^ c", "(a ^ (b ^ c))"],
    ["-a ^ b", "(- (a ^ b))"],
    ["a ^ -b", "(a ^ (- b))"],
    ["-a * b", "((- a) * b)"],
    ["a * -b", "(a * (- b))"],
    ["- - a", "(- (- a))"],
    ["a + b < c * d", "((a + b) < (c * d))"],
    ["not a < b and c", "((not (a < b)) and c)"],
    ["not not a", "(not (not a))"],
    ["a and b or c and d", "((a and b) or (c and d))"],
    ["a or (b or c)", "(a or (b or c))"],
    ["max(a, min(b, -c), 3)", "max(a, min(b, (- c)), 3)"],
    ["marginal(brackets.rate, x)", "marginal(brackets.rate, x)"],
    ["nothing()", "nothing()"],
    ["\n  a\n  + b\t", "(a + b)"],
    ["android + nota + order_", "((android + nota) + order_)"],
  ])("%s is %s", (text, expected) => {
    expect(written(parseFormula(text))).toBe(expected);
  });

  it("reads what it writes", () => {
    fc.assert(
      fc.property(tree, (expression) => {
        const text = written(expression);
        expect(written(parseFormula(text))).toBe(text);
      }),
    );
  });

  it("keeps where each node stands", () => {
    const sum = parseFormula("  alpha + max(b, t.c)") as Extract<Expression, { kind: "binary" }>;
    const call = sum.right as Extract<Expression, { kind: "call" }>;
    expect([sum.left.offset, sum.offset, call.offset]).toEqual([2, 8, 10]);
    expect(call.arguments.map(({ offset }) => offset)).toEqual([14, 17]);
  });

  it.each([
    ["", 0, /ends where a number, a name or a parenthesis/],
    ["a +", 3, /ends where a number/],
    ["a + * b", 4, /"\*" stands where a number/],
    ["(a + b", 6, /to close the parenthesis/],
    ["max(a, b", 8, /to close max\(/],
    ["max(a,,b)", 6, /"," stands where/],
    ["a b", 2, /"b" stands where an operator/],
    ["a)", 1, /"\)" stands where an operator/],
    ["a = b", 2, /write == to compare/],
    ["a && b", 2, /write and/],
    ["a % b", 2, /write 5%/],
    ["a < b < c", 6, /do not chain/],
    ["a == b != c", 7, /do not chain/],
    ["a + and", 4, /"and" stands where/],
    ["t.", 2, /a column of t/],
    ["t.5", 2, /"5" stands where a column of t/],
    ["a ? b", 2, /"\?" means nothing/],
    ["1__0", 1, /"_" means nothing/],
    ["0.0000000000000000001", 0, /more than 18 digits/],
    ["100000000000000000000", 0, /too large/],
  ])("refuses %j at offset %i", (text, offset, reason) => {
    let caught: unknown;
    try {
      parseFormula(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(FormulaError);
    expect((caught as FormulaError).message).toMatch(reason);
    expect((caught as FormulaError).offset).toBe(offset);
  });

  it("refuses what is nested too deep or too long, before the stack ends", () => {
    expect(() => parseFormula("(".repeat(3_000))).toThrow(/nesting/);
    expect(() => parseFormula("-".repeat(3_000))).toThrow(/nesting/);
    expect(() => parseFormula("a ^ ".repeat(1_500))).toThrow(/nesting/);
    expect(() => parseFormula("not ".repeat(3_000))).toThrow(/nesting/);
    expect(() => parseFormula(Array(100_000).fill("a").join("+"))).toThrow(/too long/);
    expect(() => parseFormula(Array(1_900).fill("a").join("+"))).not.toThrow();
  });
});

describe("numbers", () => {
  const E18 = 10n ** 18n;

  it.each([
    ["0.1", E18 / 10n],
    ["-12.50", (-25n * E18) / 2n],
    ["5%", E18 / 20n],
    ["0.0005%", 5n * 10n ** 12n],
    ["1_000_000", 1_000_000n * E18],
    ["1_000.000_1", 1000n * E18 + E18 / 10_000n],
    ["2e-18", 2n],
    ["1.5E3", 1500n * E18],
    ["+3", 3n * E18],
    [".5", E18 / 2n],
    ["7.", 7n * E18],
    ["0.123456789012345678", 123_456_789_012_345_678n],
    ["0.1000000000000000000000", E18 / 10n],
    ["0e999", 0n],
    ["85070591730234615865.843651857942052863", 2n ** 126n - 1n],
    ["-85070591730234615865.843651857942052863", 1n - 2n ** 126n],
  ])("%s is %i", (text, expected) => {
    expect(parseFixed(text)).toBe(expected);
  });

  it.each([
    ["", /is no number/],
    [".", /is no number/],
    ["abc", /is no number/],
    ["1,5", /is no number/],
    ["1__0", /is no number/],
    ["_1", /is no number/],
    ["0x10", /is no number/],
    [".inf", /is no number/],
    ["5%%", /is no number/],
    ["0.0000000000000000001", /more than 18 digits/],
    ["1e-19", /more than 18 digits/],
    ["0.00000000000000001%", /more than 18 digits/],
    ["85070591730234615865.843651857942052864", /too large/],
    ["1e999", /too large/],
    ["9".repeat(1_000_000), /is no number/],
  ])("%.40s is refused", (text, reason) => {
    expect(parseFixed(text)).toMatch(reason);
  });

  it("writes what it reads", () => {
    fc.assert(
      fc.property(fc.bigInt(1n - 2n ** 126n, 2n ** 126n - 1n), (value) => {
        expect(parseFixed(formatFixed(value))).toBe(value);
      }),
    );
  });

  it("takes the nearest float64", () => {
    expect(parseFloat64("-15%")).toBe(-0.15);
    expect(parseFloat64("0.1")).toBe(0.1);
    expect(parseFloat64("0.30000000000000004441")).toBe(0.1 + 0.2);
    expect(parseFloat64("1e400")).toMatch(/too large/);
  });
});
