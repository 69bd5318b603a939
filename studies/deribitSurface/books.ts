import { Drawing, exponential } from "../../services/ingest/drawing.ts";
import { CONTRACT_USD, OPTION_LOT } from "./listings.ts";
import { COINS, type Coin, type FutureQuote, type OptionQuote, type Snapshot } from "./snapshot.ts";
import { type Choices, STYLES } from "./styles.ts";

/** A position in units of its instrument: tenths of a coin for options, contracts for futures. */
export interface Leg {
  readonly quote: OptionQuote | FutureQuote;
  readonly quantity: bigint;
}

export interface Book {
  readonly name: string;
  readonly styles: readonly string[];
  readonly legs: readonly Leg[];
  /** Equity over initial margin that the book begins with, in the regime that asks most of it. */
  readonly cushion: number;
}

const STREAM = 1;
const LEAST_CUSHION = 1.2;
const LARGEST_CUSHION = 3;
/** Coins of a style, log-even between the two. */
const SIZES: Readonly<Record<Coin, readonly [number, number]>> = { BTC: [0.5, 20], ETH: [10, 400] };
/** Expiries nearer than this are not opened. */
const LEAST_LIFE_US = 36n * 3_600_000_000n;

export function isOptionQuote(quote: OptionQuote | FutureQuote): quote is OptionQuote {
  return "strike" in quote;
}

/** The same books from the same seed and snapshot: one to three styles each, in BTC or ETH. */
export function drawBooks(snapshot: Snapshot, count: number, seed: number): readonly Book[] {
  const drawing = new Drawing(seed);
  return Array.from({ length: count }, (_, number) => drawBook(snapshot, drawing, number));
}

function drawBook(snapshot: Snapshot, drawing: Drawing, number: number): Book {
  let draws = 0;
  const uniform = (): number => drawing.uniform(STREAM, number, draws++);
  const names = Object.keys(STYLES);
  const styles: string[] = [];
  const quantities = new Map<OptionQuote | FutureQuote, bigint>();
  for (let left = 1 + Math.floor(uniform() * 3); left > 0; left--) {
    const coin = COINS[uniform() < 0.6 ? 0 : 1];
    const style = names[Math.floor(uniform() * names.length)]!;
    styles.push(`${coin} ${style}`);
    for (const { quote, coins } of STYLES[style]!(choicesOf(snapshot, coin, uniform))) {
      const units = unitsOf(quote, coins);
      if (units !== 0n) quantities.set(quote, (quantities.get(quote) ?? 0n) + units);
    }
  }
  return {
    name: `book-${String(number + 1).padStart(4, "0")}`,
    styles,
    legs: [...quantities].filter(([, quantity]) => quantity !== 0n).map(([quote, quantity]) => ({ quote, quantity })),
    cushion: logEven(LEAST_CUSHION, LARGEST_CUSHION, uniform()),
  };
}

function logEven(from: number, to: number, uniform: number): number {
  return from * exponential(Math.log(to / from) * uniform);
}

/** Whole lots, at least one. */
function unitsOf(quote: OptionQuote | FutureQuote, coins: number): bigint {
  if (isOptionQuote(quote)) {
    const lot = OPTION_LOT[quote.coin];
    const lots = Math.max(1, Math.round((Math.abs(coins) * 10) / lot));
    return BigInt(Math.sign(coins) * lots * lot);
  }
  return BigInt(Math.round((coins * Number(quote.markE2)) / 100 / CONTRACT_USD[quote.coin]));
}

function choicesOf({ timeUs, options, futures }: Snapshot, coin: Coin, uniform: () => number): Choices {
  // What is marked at nothing cannot be traded at its mark.
  const offered = options.filter(
    (option) => option.coin === coin && option.markE8 > 0n && option.expiryUs >= timeUs + LEAST_LIFE_US,
  );
  const expiries = [...new Set(offered.map(({ expiryUs }) => expiryUs))].sort((a, b) => (a < b ? -1 : 1));
  const near = Math.floor(uniform() * (expiries.length - 1));
  const later = near + 1 + Math.floor(uniform() * (expiries.length - 1 - near));
  const dated = futures.filter((future) => future.coin === coin && future.expiryUs >= timeUs + LEAST_LIFE_US);
  const datedFuture = dated[Math.floor(uniform() * dated.length)]!;
  const [least, largest] = SIZES[coin];
  return {
    coins: logEven(least, largest, uniform()),
    perpetual: futures.find((future) => future.coin === coin && future.expiryUs === 0n)!,
    datedFuture,
    between: (from, to) => from + (to - from) * uniform(),
    option: (call, moneyness, which = "near") => {
      const expiryUs = expiries[which === "near" ? near : later];
      const chain = offered.filter((option) => option.call === call && option.expiryUs === expiryUs);
      const distance = ({ strike, forwardE8 }: OptionQuote): number =>
        Math.abs(Number(strike) / (Number(forwardE8) / 1e8) - 1 - moneyness);
      return chain.reduce((best, option) => (distance(option) < distance(best) ? option : best));
    },
  };
}
