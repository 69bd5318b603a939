import { loadRegime } from "../../services/regimes/loadRegime.ts";
import type { FundedBook } from "./accounts.ts";
import { type Black76Check, checkBlack76 } from "./black76.ts";
import { drawBooks } from "./books.ts";
import { collateralOf } from "./collateral.ts";
import { type LiveOptions, type LiveRun, runLive } from "./live.ts";
import { STUDIED_REGIMES } from "./regimes.ts";
import type { Snapshot } from "./snapshot.ts";

export interface StudyOptions extends Omit<LiveOptions, "books"> {
  readonly books: number;
  readonly seed: number;
}

export interface Study {
  readonly books: number;
  readonly seed: number;
  readonly regimes: readonly string[];
  readonly positions: number;
  readonly collateralUsd: number;
  readonly black76: Black76Check;
  readonly live: LiveRun;
}

/** Draws the books, funds them, plays them live, and prices the chains beside it. */
export async function runStudy({ snapshots, books: count, seed, ...hooks }: StudyOptions): Promise<Study> {
  const books = fundedBooks(snapshots[0]!, count, seed);
  const live = await runLive({ snapshots, books, ...hooks });
  const { indexE8 } = snapshots[0]!;
  const usd = ({ collateralE8 }: FundedBook): number =>
    (Number(collateralE8.BTC) * Number(indexE8.BTC) + Number(collateralE8.ETH) * Number(indexE8.ETH)) / 1e16;
  return {
    books: count,
    seed,
    regimes: STUDIED_REGIMES.map(({ id }) => id),
    positions: books.reduce((sum, { book }) => sum + book.legs.length, 0),
    collateralUsd: books.reduce((sum, book) => sum + usd(book), 0),
    black76: checkBlack76(snapshots),
    live,
  };
}

export function fundedBooks(snapshot: Snapshot, count: number, seed: number): readonly FundedBook[] {
  const programs = STUDIED_REGIMES.map(({ id }) => loadRegime(id));
  return drawBooks(snapshot, count, seed).map((book) => ({
    book,
    collateralE8: collateralOf(book, snapshot, programs),
  }));
}
