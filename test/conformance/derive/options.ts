// Options of the published Derive cases as instruments of a book. Times are seconds to expiry, from a moment of ours.

import type { Figure } from "../figures.ts";

const TIME_MS = Date.UTC(2025, 0, 1, 8);

/** At which every Derive case is margined. */
export const TIME = new Date(TIME_MS).toISOString();

/** Cases with extreme surfaces have volatilities of 200,000 %. */
export const VOLATILITY_LIMIT = 10_000;

export interface PublishedOption {
  readonly underlying: string;
  readonly secondsToExpiry: Figure;
  readonly strike: Figure;
  readonly isCall: boolean;
  readonly volatility: Figure;
  readonly forward: Figure;
  readonly interest?: Figure;
}

/** An instrument of a book (docs/books.md), settled in USDC. */
export function optionInstrument(option: PublishedOption): Record<string, unknown> {
  return {
    product: option.isCall ? "call" : "put",
    underlying: option.underlying,
    settlement: "USDC",
    strike: option.strike,
    volatility: option.volatility,
    forward: option.forward,
    ...(option.interest === undefined ? {} : { interest: option.interest }),
    expiry: new Date(TIME_MS + Number(option.secondsToExpiry) * 1000).toISOString(),
  };
}

/** "call", "C", 1 and true say call. */
export function isCall(right: unknown): boolean {
  return right === true || /^(c|1|true)/i.test(String(right));
}
