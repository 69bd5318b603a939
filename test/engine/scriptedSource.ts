import type { Source, SourceBatch, SourcedInput, SourcePosition, VenueInput } from "../../services/ingest/source.ts";

export const TOPIC = "script";

/**
 * Yields what a test gives it, one stretch a pull, with the number of the input as its offset. It begins after the
 * journal's position, as any source does; when the script is over it ends, or waits for more.
 */
export class ScriptedSource implements Source {
  readonly name = "script";
  readonly opened: (readonly SourcePosition[])[] = [];
  readonly toldDurable: SourcePosition[] = [];
  closed = 0;
  readonly #stretches: (readonly VenueInput[])[];
  readonly #endless: boolean;
  #next = 0;
  #offset = 0;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;

  /** @param ends whether the source ends after its script; else it waits for `push` */
  constructor(stretches: readonly (readonly VenueInput[])[], { ends = true } = {}) {
    this.#stretches = [...stretches];
    this.#endless = !ends;
  }

  async open(positions: readonly SourcePosition[]): Promise<void> {
    this.opened.push(positions);
    let skip = (positions.find(({ topic }) => topic === TOPIC)?.lastOffset ?? -1) + 1;
    this.#offset = skip;
    while (skip > 0) {
      const stretch = this.#stretches[this.#next];
      if (stretch === undefined) throw new Error(`the script ends before offset ${skip}`);
      if (stretch.length > skip) this.#stretches[this.#next] = stretch.slice(skip);
      else this.#next++;
      skip -= Math.min(skip, stretch.length);
    }
  }

  push(stretch: readonly VenueInput[]): void {
    this.#stretches.push(stretch);
    this.#wake?.();
  }

  /** The next pull, or the one under way, fails. */
  fail(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }

  async pull(): Promise<SourceBatch | undefined> {
    while (this.#next === this.#stretches.length && this.#endless && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
    const stretch = this.#stretches[this.#next];
    if (stretch === undefined) return undefined;
    this.#next++;
    if (stretch.length === 0) return { spans: [], inputs: [] };
    const firstOffset = this.#offset;
    const inputs = stretch.map((input): SourcedInput => ({ span: 0, offset: this.#offset++, input }));
    const span = { topic: TOPIC, partition: 0, leaderEpoch: 0, firstOffset, lastOffset: this.#offset - 1 };
    return { spans: [span], inputs };
  }

  durable(positions: readonly SourcePosition[]): void {
    this.toldDurable.push(...positions);
  }

  async close(): Promise<void> {
    this.closed++;
    this.fail(new Error("the source is closed"));
  }
}
