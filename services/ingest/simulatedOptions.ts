import { type InstrumentListing, OptionType } from "../../generated/proto/plimsoll/v1/venue_events.ts";

/** What the simulated venue says of an option beside its tick. */
export interface OptionQuote {
  /** In the settlement currency. */
  readonly price: number;
  /** Of the expiry, in dollars. */
  readonly forward: number;
  /** 0.5 is 50 %. */
  readonly volatility: number;
}

const YEAR_MS = 365 * 24 * 3_600_000;
const CALM_VOLATILITY = 0.5;
/** How much a fall or rise of the underlying from its start raises the volatility, and how much a strike away does. */
const FEAR = 1.5;
const SMILE = 0.8;

/**
 * @param underlying price in dollars
 * @param basis forward / underlying - 1, for a year
 * @param noise of the volatility, -0.5 to 0.5
 */
export function quoteOption(
  { strikeE8 = 0n, optionType }: InstrumentListing,
  terms: {
    readonly underlying: number;
    readonly start: number;
    readonly basis: number;
    readonly untilExpiryMs: number;
  },
  noise: number,
): OptionQuote {
  const years = Math.max(0, terms.untilExpiryMs) / YEAR_MS;
  const forward = terms.underlying * (1 + terms.basis * years);
  const strike = Number(strikeE8) / 1e8;
  const moved = Math.abs(Math.log(terms.underlying / terms.start));
  const away = Math.log(strike / forward);
  const volatility = CALM_VOLATILITY + FEAR * moved + SMILE * away * away + 0.01 * noise;
  const price = black(optionType === OptionType.CALL, forward, strike, volatility * Math.sqrt(years));
  return { price, forward, volatility };
}

/** Black-76 without discount. A venue's price, not the kernel's: what a regime says of an option it computes itself. */
function black(call: boolean, forward: number, strike: number, deviation: number): number {
  const sign = call ? 1 : -1;
  if (deviation === 0) return Math.max(0, sign * (forward - strike));
  const d1 = Math.log(forward / strike) / deviation + deviation / 2;
  return sign * (forward * normal(sign * d1) - strike * normal(sign * (d1 - deviation)));
}

/** Abramowitz and Stegun 26.2.17: seven digits, more than a tick shows. */
function normal(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return x > 0 ? 1 - tail : tail;
}
