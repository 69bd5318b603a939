import type { InstrumentListing, MarketEvent } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarketDocument } from "../markets/market.ts";
import { isOption, type ValueFraction, valueFraction } from "../markets/valueFraction.ts";
import type { Drawing } from "./drawing.ts";
import { leverageLimitE2 } from "./roster.ts";
import { type OptionQuote, quoteOption } from "./simulatedOptions.ts";
import type { VenueFeedback } from "./venueFeedback.ts";

/** An instrument that trades at some step. */
export interface TradedInstrument {
  readonly name: string;
  readonly listing: InstrumentListing;
  /** The same for every instrument of a dated series. */
  readonly fraction: ValueFraction;
  readonly leverageLimitE2: number;
}

/** What the market does at the start of a step, and the marks that hold in it. */
export interface MarketStep {
  readonly events: readonly MarketEvent[];
  readonly instruments: readonly TradedInstrument[];
  /** In price units, by instrument name. */
  readonly marks: ReadonlyMap<string, bigint>;
}

export const STEP_MS = 30_000;
/** A Friday, eight hours before the first future settles. */
const START_MS = Date.UTC(2026, 0, 2);
const HOUR_MS = 3_600_000;
const WEEK_US = BigInt(7 * 24 * HOUR_MS) * 1000n;
const YEAR_MS = 365 * 24 * HOUR_MS;

const START_PRICES: Readonly<Record<string, number>> = { BTC: 60_000, ETH: 3_000 };
const CALM_DEVIATION = 0.0007;
const BURST_DEVIATION = 0.0025;
/** Share of the way back to the start price that a step goes: prices wander, and stay plausible for days. */
const PULL = 0.0015;
/** How much of the first underlying's move the others follow. */
const COMMON_SHARE = 0.75;
const BASIS_PER_YEAR = 0.08;
const MARK_NOISE = 0.0002;

const BURST_EVERY_STEPS = 120;
const BURST_CHANCE = 0.6;
const FUNDING_RATE_E9 = 100_000;

const STREAM_RETURNS = 10;
const STREAM_BURSTS = 11;
const STREAM_NOISE = 12;
const STREAM_FUNDING = 13;

/** @returns event time of a step in microseconds */
export function stepTimeUs(step: number): bigint {
  return BigInt(START_MS + step * STEP_MS) * 1000n;
}

interface Underlying {
  readonly name: string;
  /** The perpetual whose mark carries the price from step to step. */
  readonly reference: TradedInstrument;
  price: number;
}

/**
 * Prices, funding and calendar of the simulated venue. The walk goes on from the engine's marks where there are any,
 * else from its own memory; all draws are functions of seed and step.
 */
export class SimulatedMarket {
  /** Currencies that are worth a dollar. */
  readonly dollarCurrencies: readonly string[];
  readonly #drawing: Drawing;
  readonly #listed: readonly TradedInstrument[];
  readonly #underlyings: readonly Underlying[];
  // What `instrumentsAt` last answered, and the stretch of time for which it holds.
  #series: readonly TradedInstrument[] = [];
  #contracts: readonly TradedInstrument[] = [];
  #options: readonly TradedInstrument[] = [];
  #seriesFromUs = 0n;
  #seriesUntilUs = 0n;

  /** @throws RangeError when an instrument's underlying has no linear perpetual or no known start price */
  constructor(market: MarketDocument, drawing: Drawing) {
    this.#drawing = drawing;
    const scales = new Map(market.currencies.map(({ name, scale }) => [name, scale]));
    this.#listed = market.instruments.map(({ name, listing }) => {
      const fraction = valueFraction(listing, scales.get(listing.settlementCurrency) ?? 0);
      return { name, listing, fraction, leverageLimitE2: leverageLimitE2(market, listing) };
    });
    this.dollarCurrencies = market.currencies.map(({ name }) => name).filter((name) => !(name in START_PRICES));
    const names = [...new Set(market.instruments.map(({ name }) => underlyingOf(name)))];
    this.#underlyings = names.map((name) => {
      const price = START_PRICES[name];
      const reference = this.#listed.find((each) => each.name === `${name}-PERP`);
      if (price === undefined || reference === undefined) {
        throw new RangeError(
          `market ${market.id}: underlying ${name} needs an instrument ${name}-PERP and a start price ` +
            `(there are ${Object.keys(START_PRICES).join(", ")})`,
        );
      }
      return { name, reference, price };
    });
  }

  /** Moves the market on to a step, in order, one at a time. */
  advance(step: number, feedback: VenueFeedback | undefined): MarketStep {
    this.#walk(step, feedback);
    const instruments = this.#seriesAt(step);
    const marks = new Map(instruments.map((each, index) => [each.name, this.#markOf(each, step, index)]));
    return { events: this.#events(step, instruments, marks), instruments, marks };
  }

  /** Perpetuals and futures: what everybody trades. */
  instrumentsAt(step: number): readonly TradedInstrument[] {
    this.#seriesAt(step);
    return this.#contracts;
  }

  /** What accounts in portfolio mode trade beside. */
  optionsAt(step: number): readonly TradedInstrument[] {
    this.#seriesAt(step);
    return this.#options;
  }

  /** The perpetual that carries the price of the option's underlying. */
  referenceOf({ name }: TradedInstrument): TradedInstrument {
    return this.#underlyingOf(name).reference;
  }

  /** Every dated series is replaced by its next week at its expiry. */
  #seriesAt(step: number): readonly TradedInstrument[] {
    const timeUs = stepTimeUs(step);
    if (timeUs < this.#seriesFromUs || timeUs >= this.#seriesUntilUs) this.#listSeries(timeUs);
    return this.#series;
  }

  #listSeries(timeUs: bigint): void {
    this.#series = this.#listed.map((each) => {
      const { expiryTimeUs } = each.listing;
      if (expiryTimeUs === 0n || timeUs < expiryTimeUs) return each;
      const next = expiryTimeUs + ((timeUs - expiryTimeUs) / WEEK_US + 1n) * WEEK_US;
      const day = new Date(Number(next / 1000n)).toISOString().slice(2, 10).replaceAll("-", "");
      const listing = { ...each.listing, expiryTimeUs: next };
      return { ...each, name: each.name.replace(/-\d{6}/, `-${day}`), listing };
    });
    this.#options = this.#series.filter(({ listing }) => isOption(listing));
    this.#contracts = this.#series.filter(({ listing }) => !isOption(listing));
    this.#seriesFromUs = timeUs;
    this.#seriesUntilUs = timeUs + WEEK_US;
    for (const { listing } of this.#series) {
      const { expiryTimeUs } = listing;
      if (expiryTimeUs > 0n && expiryTimeUs < this.#seriesUntilUs) this.#seriesUntilUs = expiryTimeUs;
    }
  }

  /** Of the instrument's underlying, in dollars. */
  startPrice(instrument: string): number {
    return START_PRICES[underlyingOf(instrument)] as number;
  }

  /** Dollars per unit of a settlement currency; what is no underlying is a dollar. */
  startPriceOfCurrency(currency: string): number {
    return START_PRICES[currency] ?? 1;
  }

  #walk(step: number, feedback: VenueFeedback | undefined): void {
    const common = this.#drawing.normal(STREAM_RETURNS, step, 0);
    const burst = this.#burstAt(step);
    for (const [index, underlying] of this.#underlyings.entries()) {
      const { name, reference } = underlying;
      const mark = feedback?.mark(reference.name);
      const before = mark === undefined ? underlying.price : Number(mark) / 10 ** reference.listing.priceScale;
      const own = this.#drawing.normal(STREAM_RETURNS, step, 16 * (index + 1));
      const normal = index === 0 ? common : COMMON_SHARE * common + (1 - COMMON_SHARE) * own;
      const deviation = burst === 0 ? CALM_DEVIATION : BURST_DEVIATION;
      const start = START_PRICES[name] as number;
      const after = before * (1 + deviation * normal + burst + PULL * ((start - before) / start));
      // To the tick, so that memory and the engine's mark tell the same price.
      underlying.price = Number(toTick(after, reference.listing)) / 10 ** reference.listing.priceScale;
    }
  }

  /** Drift of a step within a burst: every 120 steps perhaps one, 4 to 9 % in 12 to 24 steps; the first never fails. */
  #burstAt(step: number): number {
    const block = Math.floor(step / BURST_EVERY_STEPS);
    if (block > 0 && this.#drawing.uniform(STREAM_BURSTS, block, 0) >= BURST_CHANCE) return 0;
    const first = 40 + this.#drawing.below(40, STREAM_BURSTS, block, 1);
    const length = 12 + this.#drawing.below(13, STREAM_BURSTS, block, 2);
    const into = (step % BURST_EVERY_STEPS) - first;
    if (into < 0 || into >= length) return 0;
    const total = 0.04 + 0.05 * this.#drawing.uniform(STREAM_BURSTS, block, 3);
    return (this.#drawing.below(2, STREAM_BURSTS, block, 4) === 0 ? -total : total) / length;
  }

  #markOf({ name, listing }: TradedInstrument, step: number, index: number): bigint {
    const underlying = this.#underlyingOf(name);
    if (name === underlying.reference.name) return toTick(underlying.price, listing);
    if (isOption(listing)) return toTick(this.#quoteOf({ name, listing }, step, index).price, listing);
    const untilExpiryMs = listing.expiryTimeUs === 0n ? 0 : Number((listing.expiryTimeUs - stepTimeUs(step)) / 1000n);
    const noise = MARK_NOISE * (this.#drawing.uniform(STREAM_NOISE, step, index) - 0.5);
    return toTick(underlying.price * (1 + noise + (BASIS_PER_YEAR * untilExpiryMs) / YEAR_MS), listing);
  }

  /** Dollars that one unit of the underlying is worth, on the venue's index. */
  #underlyingOf(instrument: string): Underlying {
    return this.#underlyings.find((each) => each.name === underlyingOf(instrument)) as Underlying;
  }

  #quoteOf({ name, listing }: Pick<TradedInstrument, "name" | "listing">, step: number, index: number): OptionQuote {
    const terms = {
      underlying: this.#underlyingOf(name).price,
      start: this.startPrice(name),
      basis: BASIS_PER_YEAR,
      untilExpiryMs: Number((listing.expiryTimeUs - stepTimeUs(step)) / 1000n),
    };
    return quoteOption(listing, terms, this.#drawing.uniform(STREAM_NOISE, step, index) - 0.5);
  }

  #events(step: number, now: readonly TradedInstrument[], marks: ReadonlyMap<string, bigint>): MarketEvent[] {
    const eventTimeUs = stepTimeUs(step);
    const before = step === 0 ? now : this.#seriesAt(step - 1);
    const events: MarketEvent[] = this.#underlyings.map(({ name, price }) => ({
      instrument: name,
      eventTimeUs,
      event: { $case: "indexPrice", value: { priceE8: unitsE8(price) } },
    }));
    const hour = START_MS + step * STEP_MS;
    for (const [index, { name, listing }] of now.entries()) {
      const old = before[index] as TradedInstrument;
      if (old.name !== name) {
        const underlying = this.#underlyingOf(name);
        const value = isOption(listing)
          ? { price: 0n, underlyingPriceE8: unitsE8(underlying.price) }
          : { price: toTick(underlying.price, old.listing) };
        events.push({ instrument: old.name, eventTimeUs, event: { $case: "settlement", value } });
        events.push({ instrument: name, eventTimeUs, event: { $case: "listing", value: listing } });
      } else if (listing.expiryTimeUs === 0n && hour % HOUR_MS === 0) {
        const rate = FUNDING_RATE_E9 + 1_000 * (this.#drawing.below(401, STREAM_FUNDING, step, index) - 200);
        events.push({ instrument: name, eventTimeUs, event: { $case: "funding", value: { rateE9: BigInt(rate) } } });
      }
    }
    for (const [index, { name, listing }] of now.entries()) {
      const price = marks.get(name) as bigint;
      const value = isOption(listing)
        ? { price, ...optionFacts(this.#quoteOf({ name, listing }, step, index)) }
        : { price };
      events.push({ instrument: name, eventTimeUs, event: { $case: "markPrice", value } });
    }
    return events;
  }
}

function optionFacts({ volatility, forward }: OptionQuote): { volatilityE9: bigint; forwardE8: bigint } {
  return { volatilityE9: BigInt(Math.round(volatility * 1e9)), forwardE8: unitsE8(forward) };
}

function unitsE8(dollars: number): bigint {
  return BigInt(Math.round(dollars * 1e8));
}

/** The tick nearest to a price, at least one tick and at most the price limit. */
export function toTick(price: number, listing: InstrumentListing): bigint {
  const ticks = BigInt(Math.round((price * 10 ** listing.priceScale) / Number(listing.tick)));
  const highest = listing.priceLimit / listing.tick;
  if (ticks < 1n) return listing.tick;
  return (ticks > highest ? highest : ticks) * listing.tick;
}

function underlyingOf(instrument: string): string {
  return instrument.slice(0, instrument.indexOf("-"));
}
