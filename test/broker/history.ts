import type { MarketEvent } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { inputsOf } from "../../services/ingest/kafka/publisher.ts";
import { stepTimeUs } from "../../services/ingest/simulatedMarket.ts";
import { SimulatedVenue } from "../../services/ingest/simulatedVenue.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { systemClock } from "../../services/ingest/systemClock.ts";
import { market } from "./engineRun.ts";

const listed = "ETH-NEXT";
const settled = "ETH-260102";

/**
 * A made-up venue for so many steps, and then what it does seldom: a mark beyond the band, funding, a settlement, a
 * listing with trades, a withdrawal that is refused.
 */
export async function venueHistory(steps: number): Promise<VenueInput[]> {
  const inputs: VenueInput[] = [];
  const venue = new SimulatedVenue({ market, seed: 7, clock: systemClock, stepIntervalMs: 0, maxSteps: steps });
  for await (const input of inputsOf(venue)) inputs.push(input);
  const lastMarks = new Map<string, bigint>();
  for (const input of inputs) {
    if (input.kind === "market" && input.event.event?.$case === "markPrice") {
      lastMarks.set(input.event.instrument, input.event.event.value.price);
    }
  }
  let timeUs = stepTimeUs(steps);
  const event = (instrument: string, body: NonNullable<MarketEvent["event"]>): VenueInput => {
    timeUs += 1n;
    return { kind: "market", event: { instrument, eventTimeUs: timeUs, event: body } };
  };
  const mark = (instrument: string, price: bigint) => event(instrument, { $case: "markPrice", value: { price } });
  const price = lastMarks.get(settled)!;
  const { listing } = market.instruments.find(({ name }) => name === settled)!;
  return [
    ...inputs,
    mark("BTC-PERP", lastMarks.get("BTC-PERP")! * 2n),
    mark("BTC-PERP", lastMarks.get("BTC-PERP")!),
    event("BTC-PERP", { $case: "funding", value: { rateE9: 123_456n } }),
    event(settled, { $case: "settlement", value: { price } }),
    event(listed, { $case: "listing", value: { ...listing, expiryTimeUs: stepTimeUs(steps * 10) } }),
    mark(listed, price),
    trade(timeUs + 1n, accountsOf(inputs)[0]!, Side.BUY, price),
    trade(timeUs + 1n, accountsOf(inputs)[1]!, Side.SELL, price),
    mark(listed, price + listing.tick),
    {
      kind: "account",
      command: {
        commandId: "too much",
        account: accountsOf(inputs)[1]!,
        eventTimeUs: timeUs + 1n,
        command: { $case: "withdrawal", value: { currency: "USDT", amount: 10n ** 17n } },
      },
    },
  ];
}

export function fillIdentities(inputs: readonly VenueInput[]): Set<string> {
  return new Set(
    inputs.flatMap((input) =>
      input.kind === "fill" ? [`${input.fill.venue}/${input.fill.tradeId}/${input.fill.account}`] : [],
    ),
  );
}

function accountsOf(inputs: readonly VenueInput[]): string[] {
  return [...new Set(inputs.flatMap((input) => (input.kind === "fill" ? [input.fill.account] : [])))];
}

function trade(eventTimeUs: bigint, account: string, side: Side, price: bigint): VenueInput {
  return {
    kind: "fill",
    fill: {
      venue: "test",
      tradeId: "first of the series",
      account,
      instrument: listed,
      side,
      quantity: 100n,
      price,
      liquidity: side === Side.BUY ? 1 : 2,
      liquidation: false,
      fee: undefined,
      eventTimeUs,
      orderId: "",
    },
  };
}
