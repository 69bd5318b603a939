// Text of a formula -> tree (docs/regimes.md, "Formulas"). From the weakest to the strongest:
//
//   or | and | not | < <= > >= == != (one a comparison, no chains) | + - | * / | unary - | ^ (to the right)
//
// so -x^2 is -(x^2), and 2^-1 may be written.

import { parseFixed } from "./fixed.ts";
import type { Fixed } from "./program.ts";

export type BinaryOperator = "+" | "-" | "*" | "/" | "^" | "<" | "<=" | ">" | ">=" | "==" | "!=" | "and" | "or";

/** `offset` is that of the first character that belongs to this node itself (an operator's sign, a name's start). */
export type Expression =
  | { readonly kind: "number"; readonly offset: number; readonly value: Fixed }
  | { readonly kind: "name"; readonly offset: number; readonly name: string }
  /** `table.column`, `set.attribute` */
  | { readonly kind: "member"; readonly offset: number; readonly owner: string; readonly name: string }
  | {
      readonly kind: "call";
      readonly offset: number;
      readonly name: string;
      readonly arguments: readonly Expression[];
    }
  | {
      readonly kind: "unary";
      readonly offset: number;
      readonly operator: "-" | "not";
      readonly operand: Expression;
    }
  | {
      readonly kind: "binary";
      readonly offset: number;
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

export class FormulaError extends Error {
  override readonly name = "FormulaError";
  /** From 0, in the formula's text. */
  readonly offset: number;

  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

interface Token {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  readonly offset: number;
}

/** Words that no name may be. */
export const KEYWORDS: ReadonlySet<string> = new Set(["and", "or", "not"]);

const COMPARISONS: ReadonlySet<string> = new Set(["<", "<=", ">", ">=", "==", "!="]);
const TOKEN =
  /\s*(?:(\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+)?%?)|([A-Za-z][A-Za-z0-9_]*)|(<=|>=|==|!=|[-+*/^<>(),.]))/y;

/** More than any formula needs; they keep a hostile one from exhausting the stack. */
const DEPTH_MAX = 200;
const TOKENS_MAX = 4_000;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  let offset = 0;
  while (offset < end) {
    const match = TOKEN.exec(text);
    if (match === null) {
      const blank = /^\s*/.exec(text.slice(offset))?.[0].length ?? 0;
      const at = offset + blank;
      throw new FormulaError(at, unknownSign(text[at] ?? ""));
    }
    const found = match[1] ?? match[2] ?? match[3] ?? "";
    const start = TOKEN.lastIndex - found.length;
    if (tokens.length >= TOKENS_MAX) throw new FormulaError(start, "too long; split it into several terms");
    tokens.push({
      kind: match[1] !== undefined ? "number" : match[2] !== undefined ? "name" : "sign",
      text: found,
      offset: start,
    });
    offset = TOKEN.lastIndex;
  }
  tokens.push({ kind: "end", text: "", offset: end });
  return tokens;
}

function unknownSign(sign: string): string {
  const instead: Record<string, string> = { "=": "== to compare", "&": "and", "|": "or", "!": "not, or !=", "%": "5%" };
  const hint = instead[sign];
  return `"${sign}" means nothing here${hint === undefined ? "" : `; write ${hint}`}`;
}

/** @throws FormulaError with the place of the first fault */
export function parseFormula(text: string): Expression {
  const tokens = tokenize(text);
  let next = 0;
  let depth = 0;

  const peek = (): Token => tokens[next] as Token;
  const accept = (sign: string): Token | undefined => {
    const token = peek();
    if (token.text !== sign || token.kind === "number" || token.kind === "end") return undefined;
    next++;
    return token;
  };
  const expect = (sign: string, why: string): void => {
    if (accept(sign) === undefined) throw unexpected(peek(), `"${sign}" ${why}`);
  };
  const unexpected = (token: Token, wanted: string): FormulaError =>
    new FormulaError(
      token.offset,
      token.kind === "end"
        ? `the formula ends where ${wanted} is needed`
        : `"${token.text}" stands where ${wanted} is needed`,
    );
  const nested = <T>(parse: () => T): T => {
    if (++depth > DEPTH_MAX) throw new FormulaError(peek().offset, `more than ${DEPTH_MAX} levels of nesting`);
    const parsed = parse();
    depth--;
    return parsed;
  };

  const leftToRight = (operators: readonly BinaryOperator[], operand: () => Expression): Expression => {
    let left = operand();
    for (;;) {
      const operator = operators.find((each) => each === peek().text);
      const token = operator === undefined ? undefined : accept(operator);
      if (operator === undefined || token === undefined) return left;
      left = { kind: "binary", offset: token.offset, operator, left, right: operand() };
    }
  };

  const parseOr = (): Expression => nested(() => leftToRight(["or"], parseAnd));
  const parseAnd = (): Expression => leftToRight(["and"], parseNot);
  const parseNot = (): Expression => {
    const token = accept("not");
    if (token === undefined) return parseComparison();
    return { kind: "unary", offset: token.offset, operator: "not", operand: nested(parseNot) };
  };
  const parseComparison = (): Expression => {
    const left = parseSum();
    const token = peek();
    if (!COMPARISONS.has(token.text)) return left;
    next++;
    const right = parseSum();
    if (COMPARISONS.has(peek().text)) {
      throw new FormulaError(peek().offset, "comparisons do not chain; write a < b and b < c");
    }
    return { kind: "binary", offset: token.offset, operator: token.text as BinaryOperator, left, right };
  };
  const parseSum = (): Expression => leftToRight(["+", "-"], parseProduct);
  const parseProduct = (): Expression => leftToRight(["*", "/"], parseSigned);
  const parseSigned = (): Expression => {
    const token = accept("-");
    if (token === undefined) return parsePower();
    return { kind: "unary", offset: token.offset, operator: "-", operand: nested(parseSigned) };
  };
  const parsePower = (): Expression => {
    const left = parsePrimary();
    const token = accept("^");
    if (token === undefined) return left;
    return { kind: "binary", offset: token.offset, operator: "^", left, right: nested(parseSigned) };
  };
  const parsePrimary = (): Expression => {
    const token = peek();
    if (token.kind === "number") {
      next++;
      const value = parseFixed(token.text);
      if (typeof value === "string") throw new FormulaError(token.offset, value);
      return { kind: "number", offset: token.offset, value };
    }
    if (token.kind === "name" && !KEYWORDS.has(token.text)) {
      next++;
      return parseNamed(token);
    }
    if (accept("(") !== undefined) {
      const inner = parseOr();
      expect(")", "to close the parenthesis");
      return inner;
    }
    throw unexpected(token, "a number, a name or a parenthesis");
  };
  const parseNamed = ({ text: name, offset }: Token): Expression => {
    if (accept(".") !== undefined) {
      const column = peek();
      if (column.kind !== "name") throw unexpected(column, `a column of ${name}`);
      next++;
      return { kind: "member", offset, owner: name, name: column.text };
    }
    if (accept("(") === undefined) return { kind: "name", offset, name };
    const parsed: Expression[] = [];
    if (accept(")") !== undefined) return { kind: "call", offset, name, arguments: parsed };
    do parsed.push(parseOr());
    while (accept(",") !== undefined);
    expect(")", `to close ${name}(`);
    return { kind: "call", offset, name, arguments: parsed };
  };

  const expression = parseOr();
  if (peek().kind !== "end") throw unexpected(peek(), "an operator or the end");
  return expression;
}
