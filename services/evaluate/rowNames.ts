// How rows are called, in explanations and where inputs are given by name (docs/books.md).

import { formatFixed } from "../regimes/fixed.ts";
import type { Level, Program } from "../regimes/program.ts";
import type { Book, BookInstrument } from "./book.ts";

/** Levels whose rows are made from positions. */
export type GatheredLevel = Extract<Level, "unit" | "underlying" | "expiry" | "strike">;
export const GATHERED_LEVELS = ["unit", "underlying", "expiry", "strike"] as const satisfies readonly GatheredLevel[];

/** @returns for an instrument the name of the row that it is gathered to */
export function rowNamer(program: Program, book: Book): (level: GatheredLevel, instrument: BookInstrument) => string {
  const { riskUnit, groups } = program;
  const settles = riskUnit === "underlying-settlement" || riskUnit === "settlement";
  const expiryName = expiryNamer(book);

  const unitName = ({ underlying, settlement }: BookInstrument): string => {
    switch (riskUnit) {
      case "account":
        return "account";
      case "settlement":
        return settlement;
      case "underlying-settlement":
        return `${underlying}/${settlement}`;
      case "group":
        return groups.get(underlying) ?? underlying;
      case "underlying":
        return underlying;
    }
  };
  const namer = (level: GatheredLevel, instrument: BookInstrument): string => {
    const { underlying, settlement, strike, expiryUs } = instrument;
    switch (level) {
      case "unit":
        return unitName(instrument);
      case "underlying":
        return settles ? `${underlying}/${settlement}` : underlying;
      case "expiry":
        return `${namer("underlying", instrument)} ${expiryName(expiryUs)}`;
      case "strike":
        return `${namer("expiry", instrument)} ${strike === undefined ? "none" : formatFixed(strike)}`;
    }
  };
  return namer;
}

/** The date, and the time of day where two expiries of the book share a date. */
function expiryNamer({ instruments }: Book): (expiryUs: bigint | undefined) => string {
  const expiries = new Set(instruments.flatMap(({ expiryUs }) => (expiryUs === undefined ? [] : [expiryUs])));
  const onDate = new Map<string, number>();
  for (const expiryUs of expiries) {
    const date = timeName(expiryUs).slice(0, 10);
    onDate.set(date, (onDate.get(date) ?? 0) + 1);
  }
  return (expiryUs) => {
    if (expiryUs === undefined) return "none";
    const time = timeName(expiryUs);
    const date = time.slice(0, 10);
    return onDate.get(date)! > 1 ? time : date;
  };
}

function timeName(timeUs: bigint): string {
  const time = new Date(Number(timeUs / 1_000n)).toISOString();
  return timeUs % 1_000n === 0n ? time : `${time}+${timeUs % 1_000n}us`;
}
