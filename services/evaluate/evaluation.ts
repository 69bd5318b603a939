// What came out of margining a book: by the kernel, or by the oracle in the tests. Both fill the same shape.

import type { Fixed, Level } from "../regimes/program.ts";

export type MarginState = "healthy" | "called" | "liquidating" | "bankrupt";

export interface Verdict {
  /** The valuation currency, or the settlement currency that is judged. */
  readonly currency: string;
  readonly equity: Fixed;
  readonly initial: Fixed;
  readonly maintenance: Fixed;
  readonly state: MarginState;
}

/** A value of a term: undefined where a fact it needs is missing. */
export type Cell = Fixed | undefined;

export interface Evaluation {
  /** Names of the rows of each level, as the explanation shows them: "BTC-PERPETUAL", "BTC/BTC 2026-03-27", .. */
  readonly rows: Readonly<Record<Level, readonly string[]>>;
  /** Number of the row above, for each row: `parents.position.expiry[3]`. Only levels that lie above. */
  readonly parents: Readonly<Record<Level, Partial<Readonly<Record<Level, readonly number[]>>>>>;
  readonly verdicts: readonly Verdict[];
  /** Column of a node (by its number), one cell a row. Not for nodes of the market (Node.market) unless a term names them. */
  column(node: number): readonly Cell[];
  /** Matrix of a node: for each row one value a scenario. */
  matrix(node: number): readonly Float64Array[];
}

/** The book cannot be margined under this regime: a fact is missing, or a number left its range. */
export class BookRefusedError extends Error {
  override readonly name = "BookRefusedError";
  /** Where: "instruments.BTC-27MAR26-90000-C.forward". */
  readonly place: string;
  readonly code: string;

  constructor(code: string, place: string, reason: string) {
    super(`${place}: ${reason}`);
    this.code = code;
    this.place = place;
  }
}
