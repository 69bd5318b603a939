import type { MarketEvent } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { isOptionQuote } from "./books.ts";
import { futureListing, optionListing } from "./listings.ts";
import { COINS, type Coin, type FutureQuote, type OptionQuote, type Snapshot } from "./snapshot.ts";

/**
 * What the market says at each snapshot, in order: settlement of what has expired since the one before, listing of what is new,
 * indices, marks.
 *
 * An expiry is settled at the index of the snapshot nearest to it in time. The venue takes the mean of the index over the half hour
 * before 08:00; the nearest snapshot is that of about 09:30.
 */
export function marketInputs(snapshots: readonly Snapshot[]): readonly (readonly VenueInput[])[] {
  const listed = new Map<string, OptionQuote | FutureQuote>();
  return snapshots.map((snapshot) => {
    const inputs: VenueInput[] = [];
    for (const quote of [...listed.values()].filter(({ expiryUs }) => expiryUs !== 0n && expiryUs <= snapshot.timeUs)) {
      listed.delete(quote.name);
      inputs.push(settlementOf(quote, nearest(snapshots, quote.expiryUs).indexE8));
    }
    const quotes = [...snapshot.futures, ...snapshot.options].filter(
      ({ expiryUs }) => expiryUs === 0n || expiryUs > snapshot.timeUs,
    );
    for (const quote of quotes) {
      if (listed.has(quote.name)) continue;
      listed.set(quote.name, quote);
      const listing = isOptionQuote(quote) ? optionListing(quote) : futureListing(quote);
      inputs.push(market(quote.name, snapshot.timeUs, { $case: "listing", value: listing }));
    }
    for (const coin of COINS) {
      inputs.push(market(coin, snapshot.timeUs, { $case: "indexPrice", value: { priceE8: snapshot.indexE8[coin] } }));
    }
    for (const quote of quotes) inputs.push(markOf(quote, snapshot.timeUs));
    return inputs;
  });
}

function market(instrument: string, eventTimeUs: bigint, event: NonNullable<MarketEvent["event"]>): VenueInput {
  return { kind: "market", event: { instrument, eventTimeUs, event } };
}

function markOf(quote: OptionQuote | FutureQuote, timeUs: bigint): VenueInput {
  if (!isOptionQuote(quote)) return market(quote.name, timeUs, { $case: "markPrice", value: { price: quote.markE2 } });
  const { name, markE8: price, volatilityE9, forwardE8 } = quote;
  return market(name, timeUs, { $case: "markPrice", value: { price, volatilityE9, forwardE8 } });
}

function settlementOf(quote: OptionQuote | FutureQuote, indexE8: Readonly<Record<Coin, bigint>>): VenueInput {
  const index = indexE8[quote.coin];
  const value = isOptionQuote(quote)
    ? { price: 0n, underlyingPriceE8: index }
    : { price: (index + 500_000n) / 1_000_000n };
  return market(quote.name, quote.expiryUs, { $case: "settlement", value });
}

/** In time. */
export function nearest(snapshots: readonly Snapshot[], timeUs: bigint): Snapshot {
  const distance = (snapshot: Snapshot): bigint =>
    snapshot.timeUs > timeUs ? snapshot.timeUs - timeUs : timeUs - snapshot.timeUs;
  return snapshots.reduce((best, snapshot) => (distance(snapshot) < distance(best) ? snapshot : best));
}
