import { STUDIED_REGIMES } from "./regimes.ts";

/** How early a regime's liquidation would have come, over all books and snapshots. */
export interface RegimeWarnings {
  readonly regime: string;
  /** Of the books that were lost at some snapshot: liquidating at an earlier one, first at that one, or not by then. */
  readonly before: number;
  readonly atOnce: number;
  readonly never: number;
  /** Books that were liquidating or bankrupt at some snapshot and lost at none. */
  readonly notLost: number;
}

/** Remembers at which snapshot a book was first lost, and first liquidating in each regime. */
export class Warnings {
  readonly #firstLost = new Map<string, number>();
  readonly #firstLiquidating = STUDIED_REGIMES.map(() => new Map<string, number>());

  noteLost(book: string, snapshot: number): void {
    if (!this.#firstLost.has(book)) this.#firstLost.set(book, snapshot);
  }

  noteLiquidating(regime: number, book: string, snapshot: number): void {
    const first = this.#firstLiquidating[regime]!;
    if (!first.has(book)) first.set(book, snapshot);
  }

  /** Books that a regime had liquidating at some snapshot so far. */
  everLiquidating(regime: number): number {
    return this.#firstLiquidating[regime]!.size;
  }

  summary(): readonly RegimeWarnings[] {
    return STUDIED_REGIMES.map(({ name: regime }, at) => {
      const liquidating = this.#firstLiquidating[at]!;
      const counts = { before: 0, atOnce: 0, never: 0 };
      for (const [book, lost] of this.#firstLost) {
        const first = liquidating.get(book) ?? Number.POSITIVE_INFINITY;
        counts[first < lost ? "before" : first === lost ? "atOnce" : "never"]++;
      }
      const notLost = [...liquidating.keys()].filter((book) => !this.#firstLost.has(book)).length;
      return { regime, ...counts, notLost };
    });
  }
}
