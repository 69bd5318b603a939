import {
  type AccountCommand,
  type InstrumentListing,
  MarginMode,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarketDocument } from "../markets/market.ts";
import type { Drawing } from "./drawing.ts";
import type { VenueInput } from "./source.ts";

/** An account that a source made up. */
export interface RosterAccount {
  readonly name: string;
  readonly marginMode: MarginMode;
  /** What it sets for each instrument, in hundredths, before the instrument's own limit. */
  readonly leverageE2: number;
  /** Share of all trading, above 0; the shares of a roster add up to 1. */
  readonly activity: number;
  /** Log-normal, median 1. */
  readonly wealth: number;
}

const ISOLATED_SHARE = 0.3;
// Isolated positions are opened at the chosen leverage, cross ones only limited by it.
const ISOLATED_LEVERAGES_E2 = [200, 300, 500, 500, 1_000, 1_000, 2_000, 5_000, 12_500];
const CROSS_LEVERAGES_E2 = [1_000, 2_000, 2_000, 5_000, 12_500];
const STREAM_CHARACTER = 1;
const DRAWS = 32;

/** Made-up accounts of very unequal activity and wealth, the same for the same seed. */
export class Roster {
  readonly accounts: readonly RosterAccount[];
  readonly #drawing: Drawing;
  readonly #cumulative: Float64Array;

  /** @param wealthSpread sigma of the log-normal wealth */
  constructor(drawing: Drawing, count: number, prefix: string, wealthSpread: number) {
    if (!Number.isInteger(count) || count < 4)
      throw new RangeError(`accounts ${count}: must be a whole number of at least 4`);
    this.#drawing = drawing;
    // Zipf, flattened at the head: the busiest account does some 2 % of the trading, not 13 %.
    const weights = Array.from({ length: count }, (_, rank) => 1 / (rank + 1 + count / 100));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.accounts = weights.map((weight, rank) => this.#account(rank, prefix, weight / total, wealthSpread));
    this.#cumulative = new Float64Array(count);
    let sum = 0;
    for (const [rank, { activity }] of this.accounts.entries()) {
      sum += activity;
      this.#cumulative[rank] = sum;
    }
  }

  /**
   * An account, by activity, that `allowed` lets through; undefined when 32 draws found none.
   * Uses indexes `index` to `index + 31` of the stream.
   */
  draw(
    stream: number,
    counter: number,
    index: number,
    allowed: (account: RosterAccount) => boolean,
  ): RosterAccount | undefined {
    for (let attempt = 0; attempt < DRAWS; attempt += 1) {
      const rank = this.#rankAt(this.#drawing.uniform(stream, counter, index + attempt));
      const account = this.accounts[rank] as RosterAccount;
      if (allowed(account)) return account;
    }
    return undefined;
  }

  #rankAt(share: number): number {
    let low = 0;
    let high = this.accounts.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulative[middle] as number) > share) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #account(rank: number, prefix: string, activity: number, wealthSpread: number): RosterAccount {
    const isolated = this.#drawing.uniform(STREAM_CHARACTER, rank, 0) < ISOLATED_SHARE;
    const ladder = isolated ? ISOLATED_LEVERAGES_E2 : CROSS_LEVERAGES_E2;
    return {
      name: `${prefix}-${String(rank + 1).padStart(4, "0")}`,
      marginMode: isolated ? MarginMode.ISOLATED : MarginMode.CROSS,
      leverageE2: ladder[this.#drawing.below(ladder.length, STREAM_CHARACTER, rank, 1)] as number,
      activity,
      wealth: this.#drawing.logNormal(wealthSpread, STREAM_CHARACTER, rank, 2),
    };
  }
}

/** An account that takes what nobody else can. It is no part of a roster, so it is never drawn. */
export function marketMaker(number: number): RosterAccount {
  return { name: `mm-${number}`, marginMode: MarginMode.CROSS, leverageE2: 1_000, activity: 0, wealth: 1 };
}

/** An account command as an input. */
export function commandInput(
  account: string,
  commandId: string,
  eventTimeUs: bigint,
  command: NonNullable<AccountCommand["command"]>,
): VenueInput {
  return { kind: "account", command: { commandId, account, eventTimeUs, command } };
}

/** What opens an account: itself, its deposits (currency, amount), its leverage per instrument, its regime in portfolio mode. */
export function openingInputs(
  account: RosterAccount,
  deposits: readonly { readonly currency: string; readonly amount: bigint }[],
  leverages: readonly { readonly instrument: string; readonly leverageE2: number }[],
  eventTimeUs: bigint,
  regime?: string,
): VenueInput[] {
  const { name, marginMode } = account;
  const value = regime === undefined ? { marginMode } : { marginMode, regime };
  return [
    commandInput(name, "open", eventTimeUs, { $case: "openAccount", value }),
    ...deposits.map((value) =>
      commandInput(name, `open-deposit-${value.currency}`, eventTimeUs, { $case: "deposit", value }),
    ),
    ...leverages.map((value) =>
      commandInput(name, `open-leverage-${value.instrument}`, eventTimeUs, { $case: "setLeverage", value }),
    ),
  ];
}

/** The most leverage that an instrument's first tier allows (MAR-020), in hundredths. */
export function leverageLimitE2(market: MarketDocument, listing: InstrumentListing): number {
  const firstRateE9 = market.marginTables.find(({ name }) => name === listing.marginTable)?.tiers[0]?.initialRateE9;
  return firstRateE9 === undefined ? 100 : Number(100_000_000_000n / firstRateE9);
}
