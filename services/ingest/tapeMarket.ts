import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { InstrumentListing, MarketEvent, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { type DecimalReason, parseDecimal } from "../markets/decimal.ts";
import type { MarketDocument } from "../markets/market.ts";
import { notionalOf, type ValueFraction, valueFraction } from "../markets/valueFraction.ts";
import type { Drawing } from "./drawing.ts";
import { leverageLimitE2 } from "./roster.ts";
import { isUnreadable, type TapeTrade, type UnreadableRow } from "./tapeFormats.ts";
import type { TapeRow } from "./tapeReader.ts";

/** A trade of the tape in the units of its instrument. */
export interface ListedTrade {
  readonly venue: string;
  readonly tradeId: string;
  readonly instrument: string;
  readonly takerSide: Side;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly currency: string;
  /** In units of the currency. */
  readonly notional: bigint;
  readonly leverageLimitE2: number;
  readonly eventTimeUs: bigint;
}

/** What one row of a tape means: what the market does before the trade, and the trade or why there is none. */
export interface Advance {
  readonly events: readonly MarketEvent[];
  readonly trade: ListedTrade | undefined;
  readonly unreadable: UnreadableRow | undefined;
}

interface MarkedInstrument {
  readonly listing: InstrumentListing;
  readonly fraction: ValueFraction;
  readonly leverageLimitE2: number;
  mark: bigint | undefined;
  markMs: number;
}

const FUNDING_INTERVAL_MS = 8 * 3_600_000;
const BASE_FUNDING_RATE_E9 = 100_000;
const STREAM_FUNDING = 5;

const PRICE_REASONS: Record<DecimalReason, RefusalReason> = {
  "not-a-number": RefusalReason.NOT_A_NUMBER,
  "too-precise": RefusalReason.PRICE_OFF_TICK,
  "too-large": RefusalReason.PRICE_LIMIT,
};
const QUANTITY_REASONS: Record<DecimalReason, RefusalReason> = {
  "not-a-number": RefusalReason.NOT_A_NUMBER,
  "too-precise": RefusalReason.QUANTITY_OFF_LOT,
  "too-large": RefusalReason.QUANTITY_LIMIT,
};

/**
 * The market that a tape's rows tell of: marks and funding, which the tape does not hold, follow from its trades. Its
 * state depends on the rows alone, never on accounts.
 */
export class TapeMarket {
  readonly #instruments = new Map<string, MarkedInstrument>();
  readonly #markIntervalMs: number;
  readonly #drawing: Drawing;
  #fundedMs: number | undefined;

  /** @param markIntervalMs least tape time between two marks of an instrument, at least 1 */
  constructor(market: MarketDocument, markIntervalMs: number, drawing: Drawing) {
    if (!Number.isInteger(markIntervalMs) || markIntervalMs < 1) {
      throw new RangeError(`markIntervalMs ${markIntervalMs}: must be a whole number of at least 1`);
    }
    this.#markIntervalMs = markIntervalMs;
    this.#drawing = drawing;
    const scales = new Map(market.currencies.map(({ name, scale }) => [name, scale]));
    for (const { name, listing } of market.instruments) {
      const fraction = valueFraction(listing, scales.get(listing.settlementCurrency) ?? 0);
      this.#instruments.set(name, {
        listing,
        fraction,
        leverageLimitE2: leverageLimitE2(market, listing),
        mark: undefined,
        markMs: 0,
      });
    }
  }

  advance(row: TapeRow): Advance {
    if (isUnreadable(row.content)) return { events: [], trade: undefined, unreadable: row.content };
    const trade = this.#listed(row.content);
    if (isUnreadable(trade)) return { events: [], trade: undefined, unreadable: trade };
    const events = this.#funding(row.orderMs);
    const mark = this.#mark(trade, row.orderMs);
    return { events: mark === undefined ? events : [...events, mark], trade, unreadable: undefined };
  }

  #listed({ venue, tradeId, instrument, takerSide, timeMs, ...text }: TapeTrade): ListedTrade | UnreadableRow {
    const known = this.#instruments.get(instrument);
    if (known === undefined) {
      return { reason: RefusalReason.INSTRUMENT_UNKNOWN, detail: `the market lists no "${instrument}"` };
    }
    const { listing, fraction } = known;
    const price = parseDecimal(text.price, listing.priceScale);
    if (!price.ok) return { reason: PRICE_REASONS[price.reason], detail: `price "${text.price}" is ${price.reason}` };
    const quantity = parseDecimal(text.size, listing.quantityScale);
    if (!quantity.ok) {
      return { reason: QUANTITY_REASONS[quantity.reason], detail: `size "${text.size}" is ${quantity.reason}` };
    }
    if (price.units <= 0n && !listing.allowsNonPositivePrices) {
      return { reason: RefusalReason.PRICE_NOT_POSITIVE, detail: `price "${text.price}" is not above zero` };
    }
    if (quantity.units <= 0n) {
      return { reason: RefusalReason.QUANTITY_NOT_POSITIVE, detail: `size "${text.size}" is not above zero` };
    }
    return {
      venue,
      tradeId,
      instrument,
      takerSide,
      price: price.units,
      quantity: quantity.units,
      currency: listing.settlementCurrency,
      notional: notionalOf(listing.kind, fraction, quantity.units, price.units || 1n),
      leverageLimitE2: known.leverageLimitE2,
      eventTimeUs: BigInt(timeMs) * 1000n,
    };
  }

  /** A mark when the price changed and the last mark is old enough. */
  #mark({ instrument, price }: ListedTrade, nowMs: number): MarketEvent | undefined {
    const marked = this.#instruments.get(instrument) as MarkedInstrument;
    if (marked.mark === price) return undefined;
    if (marked.mark !== undefined && nowMs - marked.markMs < this.#markIntervalMs) return undefined;
    marked.mark = price;
    marked.markMs = nowMs;
    const event = { $case: "markPrice", value: { price } } as const;
    return { instrument, eventTimeUs: BigInt(nowMs) * 1000n, event };
  }

  /** Of every marked perpetual, when the tape passed a whole eight hours (UTC) since the row before. */
  #funding(nowMs: number): MarketEvent[] {
    const boundaryMs = Math.floor(nowMs / FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS;
    const passed = this.#fundedMs !== undefined && boundaryMs > this.#fundedMs;
    this.#fundedMs = boundaryMs;
    if (!passed) return [];
    const count = boundaryMs / FUNDING_INTERVAL_MS;
    return [...this.#instruments]
      .filter(([, { listing, mark }]) => listing.expiryTimeUs === 0n && mark !== undefined)
      .map(([instrument], index) => {
        const rate = BASE_FUNDING_RATE_E9 + 1_000 * (this.#drawing.below(301, STREAM_FUNDING, count, index) - 150);
        const event = { $case: "funding", value: { rateE9: BigInt(rate) } } as const;
        return { instrument, eventTimeUs: BigInt(boundaryMs) * 1000n, event };
      });
  }
}
