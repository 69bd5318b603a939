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
  #underWay = 0;
  /** Inputs whose batch is on disk. */
  durableInputs = 0;
  /** Of the venue's steps, not given yet. */
  readonly #made: SourcedInput[] = [];
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

  /** Inputs that are due, at most `max`: a step of the venue may come in parts. */
  async pull(max: number): Promise<SourceBatch | undefined> {
    this.#pulled();
    if (this.#ended) return undefined;
    const due = (this.#ratePerSecond * (this.#nowMs() - this.#sinceMs)) / 1000 - this.#given;
    if (!(due >= 1)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { spans: [], inputs: [] };
    }
    const most = Math.floor(Math.min(max, due));
    while (this.#made.length < most) {
      const step = (await this.#venue.pull(max))!;
      this.#made.push(...step.inputs);
    }
    const inputs = this.#made.splice(0, most);
    this.#given += inputs.length;
    this.#underWay += inputs.length;
    const span = { topic: this.name, partition: 0, leaderEpoch: 0, firstOffset: inputs[0]!.offset };
    return { spans: [{ ...span, lastOffset: inputs.at(-1)!.offset }], inputs };
  }

  durable(): void {
    this.durableInputs += this.#underWay;
    this.#underWay = 0;
  }

  async close(): Promise<void> {
    this.#ended = true;
  }
}
