/** Settlement coins of the chains, which are their underlyings too. */
export const COINS = ["BTC", "ETH"] as const;
export type Coin = (typeof COINS)[number];

/** One option as the venue marked it. */
export interface OptionQuote {
  readonly name: string;
  readonly coin: Coin;
  readonly call: boolean;
  /** USD. */
  readonly strike: bigint;
  readonly expiryUs: bigint;
  /** In 10^-8 coin. */
  readonly markE8: bigint;
  /** A year, in billionths. */
  readonly volatilityE9: bigint;
  /** Of its expiry, in 10^-8 USD. */
  readonly forwardE8: bigint;
  /** The venue's: N(d1), less 1 for a put. */
  readonly delta: number;
}

/** A dated future or, with expiry 0, a perpetual. */
export interface FutureQuote {
  readonly name: string;
  readonly coin: Coin;
  readonly expiryUs: bigint;
  /** In 10^-2 USD. */
  readonly markE2: bigint;
}

/** Everything that the venue said at one moment. */
export interface Snapshot {
  readonly id: string;
  readonly timeUs: bigint;
  /** Spot index, in 10^-8 USD. */
  readonly indexE8: Readonly<Record<Coin, bigint>>;
  readonly options: readonly OptionQuote[];
  readonly futures: readonly FutureQuote[];
}
