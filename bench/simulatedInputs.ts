import { join } from "node:path";
import { packageRoot } from "../bin/packageRoot.ts";
import { inputsOf } from "../services/ingest/kafka/publisher.ts";
import { SimulatedVenue } from "../services/ingest/simulatedVenue.ts";
import type { VenueInput } from "../services/ingest/source.ts";
import { systemClock } from "../services/ingest/systemClock.ts";
import { loadMarket } from "../services/markets/loadMarket.ts";
import type { MarketDocument } from "../services/markets/market.ts";

/** What a venue said, and the market that it said it of. */
export interface RecordedInputs {
  readonly market: MarketDocument;
  /** In the venue's order: accounts open, then trades, marks, funding and transfers. */
  readonly inputs: readonly VenueInput[];
}

export interface SimulatedInputs extends RecordedInputs {
  readonly fills: number;
}

/** The first `count` inputs of the simulated venue, the same ones every time. */
export async function simulatedInputs(count: number): Promise<SimulatedInputs> {
  const market = loadMarket(join(packageRoot, "markets/simulated.yaml"));
  const source = new SimulatedVenue({ market, seed: 1, clock: systemClock, stepIntervalMs: 0 });
  const inputs: VenueInput[] = [];
  for await (const input of inputsOf(source)) {
    if (inputs.push(input) === count) break;
  }
  return { market, inputs, fills: inputs.filter(({ kind }) => kind === "fill").length };
}
