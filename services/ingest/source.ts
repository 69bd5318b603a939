import type { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountCommand, Fill, MarketEvent } from "../../generated/proto/plimsoll/v1/venue_events.ts";

/** One thing that a venue said, as the engine takes it from any source. */
export type VenueInput =
  | { readonly kind: "fill"; readonly fill: Fill }
  | { readonly kind: "market"; readonly event: MarketEvent }
  | { readonly kind: "account"; readonly command: AccountCommand }
  /** A record that could not be read. The bytes are kept whole in the journal (INP-006). */
  | {
      readonly kind: "unreadable";
      readonly reason: RefusalReason;
      readonly detail: string;
      readonly record: Uint8Array;
    };

/**
 * A stretch of one partition of one topic, both ends included. For a file the topic is its name, the partition 0 and the
 * offset the row; for the simulated venue the offset is the step.
 */
export interface SourceSpan {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/** An input and where it came from: `span` indexes the batch's spans. */
export interface SourcedInput {
  readonly span: number;
  readonly offset: number;
  readonly input: VenueInput;
}

/** What one pull yields, in the order in which it is to be applied. Appended as one atomic batch. */
export interface SourceBatch {
  readonly spans: readonly SourceSpan[];
  readonly inputs: readonly SourcedInput[];
}

/** How far the journal holds one partition: `lastOffset` is in it, the next one is not. */
export interface SourcePosition {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly lastOffset: number;
}

/**
 * A way in. The journal says how far it has come (`open`), the engine pulls, and truth about offsets lies in the journal
 * alone: `durable` only tells the source what it may report outward as a hint.
 */
export interface Source {
  readonly name: string;
  /**
   * Starts after the journal's positions.
   * @throws SourceGapError when records after a position are no longer there
   */
  open(positions: readonly SourcePosition[]): Promise<void>;
  /**
   * The next inputs, at most about `max`; an empty batch when nothing came within a short wait; `undefined` when the
   * source has ended for good.
   */
  pull(max: number): Promise<SourceBatch | undefined>;
  /** These positions are on disk now. */
  durable(positions: readonly SourcePosition[]): void;
  /** Total number of inputs, where it is known: for a progress bar. */
  readonly expectedInputs?: number | undefined;
  /** Inputs that have come and wait to be pulled, where that can be said: how far the engine is behind. */
  backlog?(): number;
  close(): Promise<void>;
}

/** Records between the journal's position and what the source still has are gone; running on would lose them silently. */
export class SourceGapError extends Error {
  override readonly name = "SourceGapError";
  readonly missing: readonly { topic: string; partition: number; journalNext: number; firstAvailable: number }[];

  constructor(missing: readonly { topic: string; partition: number; journalNext: number; firstAvailable: number }[]) {
    super(
      missing
        .map(
          (gap) =>
            `${gap.topic}[${gap.partition}]: the journal needs offset ${gap.journalNext}, the first still there is ` +
            `${gap.firstAvailable}: ${gap.firstAvailable - gap.journalNext} records are missing`,
        )
        .join("; "),
    );
    this.missing = missing;
  }
}
