import { Liquidity, MarginMode, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";

const firstTimeUs = 1_700_000_000_000_000n;

/**
 * `count` inputs of all three topics, each a microsecond after the one before it. As no two times are equal and times
 * rise in every partition, the merged order of the topics is the order of this list.
 */
export function venueInputs(count: number, firstStep = 0): VenueInput[] {
  return Array.from({ length: count }, (_, index) => venueInput(firstStep + index));
}

function venueInput(step: number): VenueInput {
  const eventTimeUs = firstTimeUs + BigInt(step);
  const account = `account-${(step * 7) % 23}`;
  switch (step % 5) {
    case 0:
      return {
        kind: "account",
        command: {
          commandId: `command-${step}`,
          account,
          eventTimeUs,
          command: { $case: "openAccount", value: { marginMode: MarginMode.CROSS } },
        },
      };
    case 1:
    case 2:
      return {
        kind: "market",
        event: {
          instrument: `instrument-${step % 3}`,
          eventTimeUs,
          event: { $case: "markPrice", value: { price: BigInt(step) - 50n } },
        },
      };
    default:
      return {
        kind: "fill",
        fill: {
          venue: "venue",
          tradeId: `trade-${step}`,
          account,
          instrument: "instrument-0",
          side: step % 2 === 0 ? Side.BUY : Side.SELL,
          quantity: 2n ** 60n + BigInt(step),
          price: -BigInt(step),
          liquidity: Liquidity.TAKER,
          liquidation: false,
          orderId: "",
          eventTimeUs,
        },
      };
  }
}
