import type { Source, SourceBatch, SourcedInput, VenueInput } from "../../services/ingest/source.ts";

const TOPIC = "deribit-surface";

/**
 * Yields the inputs of one snapshot after another. An engine pulls again only when what it pulled before is on disk: so at the pull
 * after a snapshot's last input the state is that of the whole snapshot, and `onSnapshot` may look at it.
 */
export class SnapshotSource implements Source {
  readonly name = TOPIC;
  readonly #snapshots: readonly (readonly VenueInput[])[];
  readonly #onSnapshot: (snapshot: number) => void;
  #snapshot = 0;
  #next = 0;
  #offset = 0;

  constructor(snapshots: readonly (readonly VenueInput[])[], onSnapshot: (snapshot: number) => void) {
    this.#snapshots = snapshots;
    this.#onSnapshot = onSnapshot;
  }

  async open(): Promise<void> {}

  async pull(max: number): Promise<SourceBatch | undefined> {
    const inputs = this.#snapshots[this.#snapshot];
    if (inputs === undefined) return undefined;
    if (this.#next === inputs.length) {
      this.#onSnapshot(this.#snapshot);
      this.#snapshot++;
      this.#next = 0;
      return this.pull(max);
    }
    const stretch = inputs.slice(this.#next, this.#next + max);
    this.#next += stretch.length;
    const firstOffset = this.#offset;
    const sourced = stretch.map((input): SourcedInput => ({ span: 0, offset: this.#offset++, input }));
    const span = { topic: TOPIC, partition: 0, leaderEpoch: 0, firstOffset, lastOffset: this.#offset - 1 };
    return { spans: [span], inputs: sourced };
  }

  durable(): void {}

  async close(): Promise<void> {}
}
