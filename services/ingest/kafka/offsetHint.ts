import type { SourcePosition } from "../source.ts";

/** The next offset of each partition, by topic. */
export type CommittedOffsets = { topic: string; partitions: { partition: number; offset: string }[] }[];

type Commit = (offsets: CommittedOffsets) => Promise<void>;

/**
 * Tells Kafka how far the journal is, for tools that show the lag of a consumer group. Nothing reads it back. At most
 * one commit an interval; the newest positions win; the first failure in a row is told to `failed`, and none has an
 * effect.
 */
export class OffsetHint {
  readonly #commit: Commit;
  readonly #failed: (error: unknown) => void;
  readonly #intervalMs: number;
  #waiting: readonly SourcePosition[] | undefined;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(commit: Commit, failed: (error: unknown) => void, intervalMs: number) {
    this.#commit = commit;
    this.#failed = failed;
    this.#intervalMs = intervalMs;
  }

  tell(positions: readonly SourcePosition[]): void {
    this.#waiting = positions;
    if (this.#timer === undefined) this.#startInterval();
  }

  /** Sends what still waits, once, and sends nothing after that. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#send();
  }

  #startInterval(): void {
    void this.#send();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#waiting !== undefined) this.#startInterval();
    }, this.#intervalMs);
    this.#timer.unref();
  }

  async #send(): Promise<void> {
    const positions = this.#waiting;
    if (positions === undefined) return;
    this.#waiting = undefined;
    try {
      await this.#commit(committedOffsets(positions));
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#failed(error);
      this.#failing = true;
    }
  }
}

function committedOffsets(positions: readonly SourcePosition[]): CommittedOffsets {
  const byTopic = Map.groupBy(positions, ({ topic }) => topic);
  return [...byTopic].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ partition, lastOffset }) => ({ partition, offset: String(lastOffset + 1) })),
  }));
}
