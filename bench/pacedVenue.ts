import { SimulatedVenue, type SimulatedVenueOptions } from "../services/ingest/simulatedVenue.ts";
import type { Source, SourceBatch, SourcedInput, SourcePosition } from "../services/ingest/source.ts";

/** The simulated venue at a rate of inputs that can be set while it runs: fills and prices, made when they are pulled. */
export class PacedVenue implements Source {
  readonly name: string;
  readonly #venue: SimulatedVenue;
  readonly #nowMs: () => number;
  #ratePerSecond = Infinity;
  #sinceMs: number;
  #given = 0;
  #ended = false;
  readonly #pulled: () => void;

  /** @param pulled called at the begin of every pull */
  constructor(options: SimulatedVenueOptions, nowMs: () => number, pulled: () => void) {
    this.#pulled = pulled;
    this.#venue = new SimulatedVenue({ ...options, stepIntervalMs: 0 });
    this.name = this.#venue.name;
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
  }

  /** Inputs a second from now on; what was not given before is forgotten. */
  set ratePerSecond(rate: number) {
    this.#ratePerSecond = rate;
    this.#sinceMs = this.#nowMs();
    this.#given = 0;
  }

  open(positions: readonly SourcePosition[]): Promise<void> {
    return this.#venue.open(positions);
  }

  /** Whole steps of the venue, as many as are due. */
  async pull(max: number): Promise<SourceBatch | undefined> {
    this.#pulled();
    if (this.#ended) return undefined;
    const due = (this.#ratePerSecond * (this.#nowMs() - this.#sinceMs)) / 1000 - this.#given;
    if (!(due >= 1)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { spans: [], inputs: [] };
    }
    const most = Math.min(max, due);
    const inputs: SourcedInput[] = [];
    let span: SourceBatch["spans"][number] | undefined;
    while (inputs.length < most) {
      const step = (await this.#venue.pull(max))!;
      inputs.push(...step.inputs);
      span = { ...step.spans[0]!, firstOffset: span?.firstOffset ?? step.spans[0]!.firstOffset };
    }
    this.#given += inputs.length;
    return { spans: [span!], inputs };
  }

  durable(): void {}

  async close(): Promise<void> {
    this.#ended = true;
  }
}
