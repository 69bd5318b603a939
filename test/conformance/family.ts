// One family of published cases: which cases it is, which regime margins them, and how a case becomes a book.

import type { Evaluation } from "../../services/evaluate/evaluation.ts";
import type { Overrides } from "../../services/regimes/overrides.ts";
import type { Program } from "../../services/regimes/program.ts";

/** A line of the published files, or of a table of this folder. Values are as published: number or text. */
export interface PublishedCase {
  readonly id: string;
  readonly venue?: string;
  readonly model?: string;
  readonly peer?: string;
  readonly family?: string;
  readonly title?: string;
  readonly source: string;
  // biome-ignore lint/suspicious/noExplicitAny: published shapes differ by family; each family reads its own
  readonly inputs: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly expected: any;
  readonly notes?: string;
}

/** One published figure against ours. */
export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
  /** "exact", "1e-8 relative", "rounded to 2 digits", ..: the source's own. */
  readonly tolerance: string;
  readonly passed: boolean;
}

export interface Margined {
  readonly program: Program;
  readonly evaluation: Evaluation;
  /** Isolated positions, each a book of its own, by name of the instrument; everything else here is of the rest. */
  readonly isolated: ReadonlyMap<string, Margined>;
  /** A term of the account, or the only row of a term. Text with all digits; throws where it is undefined or has more rows. */
  value(term: string): string;
  /** A term's rows by name; those that are undefined are left out. */
  values(term: string): ReadonlyMap<string, string>;
  /** A matrix term: by row name, a value for each scenario. */
  scenarios(term: string): ReadonlyMap<string, readonly number[]>;
}

/** What a family may use: the compiler and the kernel, nothing else. */
export interface Bench {
  /** Margins a book (docs/books.md) under a regime, with parameters, tables or scenarios of the case in place of its own. */
  margin(regime: string, book: unknown, overrides?: Overrides): Margined;
}

export interface Family {
  /** As it is printed. */
  readonly name: string;
  /** Regimes that it shows. */
  readonly regimes: readonly string[];
  matches(published: PublishedCase): boolean;
  /** Why a case of this family cannot be run, or undefined. */
  notSupported?(published: PublishedCase): string | undefined;
  run(published: PublishedCase, bench: Bench): readonly Check[];
}
