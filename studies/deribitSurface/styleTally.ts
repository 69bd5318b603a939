import type { Book } from "./books.ts";
import { STUDIED_REGIMES } from "./regimes.ts";

/** Books of one style alone, whatever their coin, after a snapshot; one figure for each regime. */
export interface StyleCensus {
  readonly style: string;
  readonly books: number;
  /** Initial margin, sum in USD. */
  readonly initialUsd: readonly number[];
  /** Accounts liquidating or bankrupt. */
  readonly failing: readonly number[];
}

/** Adds up accounts by the style of their book; books of several styles are left out. */
export class StyleTally {
  readonly #sums = new Map<string, { books: Set<string>; initialUsd: number[]; failing: number[] }>();

  add({ name, styles }: Book, regime: number, initialUsd: number, failing: boolean): void {
    const [first, ...others] = styles;
    if (first === undefined || others.length > 0) return;
    const style = first.slice(first.indexOf(" ") + 1);
    const zeros = (): number[] => STUDIED_REGIMES.map(() => 0);
    const sum = this.#sums.get(style) ?? { books: new Set(), initialUsd: zeros(), failing: zeros() };
    this.#sums.set(style, sum);
    sum.books.add(name);
    sum.initialUsd[regime]! += initialUsd;
    if (failing) sum.failing[regime]!++;
  }

  census(): readonly StyleCensus[] {
    return [...this.#sums]
      .map(([style, { books, initialUsd, failing }]) => ({ style, books: books.size, initialUsd, failing }))
      .sort((a, b) => (a.style < b.style ? -1 : 1));
  }
}
