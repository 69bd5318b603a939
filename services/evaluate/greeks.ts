import { loadRegime } from "../regimes/loadRegime.ts";
import type { Program } from "../regimes/program.ts";
import { parseBookText } from "./bookText.ts";
import { evaluateBook } from "./evaluateBook.ts";
import type { Cell, Evaluation } from "./evaluation.ts";

/** docs/margin/greeks.md; undefined where the book lacks a fact. */
export interface Greeks {
  readonly delta: Cell;
  readonly gamma: Cell;
  readonly vega: Cell;
  readonly theta: Cell;
}

export interface GreekRow extends Greeks {
  /** Of the instrument, or of the underlying. */
  readonly name: string;
}

export interface BookGreeks {
  readonly positions: readonly GreekRow[];
  readonly underlyings: readonly GreekRow[];
}

const NAMES = ["delta", "gamma", "vega", "theta"] as const;

/**
 * Sensitivities of what a book holds and does not hold isolated. Whatever regime it is meant for: that, its vintage and its
 * inputs are left aside.
 *
 * @param book JSON text, or what it parses to
 * @throws BookRefusedError naming the place and what is wrong with it
 */
export function greeksOf(book: unknown): BookGreeks {
  const program = loadRegime("greeks");
  const { main } = evaluateBook(program, withoutRegime(typeof book === "string" ? parseBookText(book) : book));
  return {
    positions: rows(program, main, "position", ""),
    underlyings: rows(program, main, "underlying", "total_"),
  };
}

function withoutRegime(book: unknown): unknown {
  if (typeof book !== "object" || book === null || Array.isArray(book)) return book;
  const { regime: _, vintage: __, inputs: ___, ...rest } = book as Record<string, unknown>;
  return rest;
}

function rows(program: Program, evaluation: Evaluation, level: "position" | "underlying", prefix: string): GreekRow[] {
  const columns = NAMES.map((name) => {
    return evaluation.column(program.terms.find((term) => term.name === `${prefix}${name}`)!.node);
  });
  return evaluation.rows[level].map((name, row) => {
    const [delta, gamma, vega, theta] = columns.map((column) => column[row]);
    return { name, delta, gamma, vega, theta };
  });
}
