import type { Batch, EachBatchPayload } from "kafkajs";
import { SourceGapError } from "../source.ts";
import { decodeRecord } from "./decode.ts";
import { BrokerBehindJournalError } from "./kafkaErrors.ts";
import type { MergeRecord, PartitionMerge } from "./merge.ts";
import type { TopicContent } from "./topics.ts";
import { parseOffset } from "./watermarks.ts";

/** What became of a batch: `seek` when the fetch position is not where it should be and must be set again. */
export type ReadOutcome = "read" | "seek";

/**
 * Takes one partition's batches into the merge and answers for their offsets: each record once, in order, none missing.
 */
export class PartitionReader {
  readonly topic: string;
  readonly partition: number;
  readonly #content: TopicContent;
  readonly #index: number;
  readonly #merge: PartitionMerge;
  readonly #sparseOffsets: boolean;
  #soughtAgainAt = -1;
  paused = false;

  constructor(
    at: { readonly topic: string; readonly partition: number; readonly content: TopicContent },
    index: number,
    merge: PartitionMerge,
    sparseOffsets: boolean,
  ) {
    this.topic = at.topic;
    this.partition = at.partition;
    this.#content = at.content;
    this.#index = index;
    this.#merge = merge;
    this.#sparseOffsets = sparseOffsets;
  }

  get nextOffset(): number {
    return this.#merge.nextOffset(this.#index);
  }

  get isFull(): boolean {
    return this.#merge.isFull(this.#index);
  }

  get hasRoom(): boolean {
    return this.#merge.hasRoom(this.#index);
  }

  /**
   * Records before the expected one are dropped: they were taken already.
   * @throws SourceGapError when records are missing
   * @throws BrokerBehindJournalError when the partition ends before the expected record
   */
  read({ batch, resolveOffset }: Pick<EachBatchPayload, "batch" | "resolveOffset">): ReadOutcome {
    const highWatermark = this.#requireHighWatermark(batch.highWatermark);
    const fetchedFrom = parseOffset((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset);
    if (fetchedFrom > this.nextOffset) return this.#seekAgain(fetchedFrom);

    const records: MergeRecord[] = [];
    let next = this.nextOffset;
    for (const message of batch.messages) {
      const offset = parseOffset(message.offset);
      if (offset < next) continue;
      if (offset > next && !this.#sparseOffsets) {
        this.#merge.add(this.#index, records);
        throw this.#gap(next, offset);
      }
      const { batchContext } = message as { readonly batchContext?: { readonly partitionLeaderEpoch?: number } };
      records.push({
        offset,
        leaderEpoch: Math.max(0, batchContext?.partitionLeaderEpoch ?? 0),
        bytes: message.value?.length ?? 0,
        ...decodeRecord(this.#content, message.value),
      });
      next = offset + 1;
    }
    this.#merge.add(this.#index, records);
    this.readPast(parseOffset(batch.lastOffset()), highWatermark);
    resolveOffset(String(this.nextOffset - 1));
    return "read";
  }

  /**
   * The partition was read up to and with `lastOffset`, where the end may hold records that are not for readers:
   * markers of transactions, aborted or compacted records.
   * @throws SourceGapError when such records are not expected
   */
  readPast(lastOffset: number, highWatermark: number): void {
    if (lastOffset >= this.nextOffset && !this.#sparseOffsets) throw this.#gap(this.nextOffset, lastOffset + 1);
    this.#merge.readTo(this.#index, lastOffset + 1, highWatermark);
  }

  #requireHighWatermark(text: string): number {
    const highWatermark = parseOffset(text);
    if (highWatermark >= this.nextOffset) return highWatermark;
    const { topic, partition, nextOffset: journalNext } = this;
    throw new BrokerBehindJournalError([{ topic, partition, journalNext, highWatermark }]);
  }

  /** kafkajs moves its position in silence after a lost group or an offset that is out of range; once is forgiven. */
  #seekAgain(fetchedFrom: number): ReadOutcome {
    const next = this.nextOffset;
    if (this.#soughtAgainAt === next) throw this.#gap(next, fetchedFrom);
    this.#soughtAgainAt = next;
    return "seek";
  }

  #gap(journalNext: number, firstAvailable: number): SourceGapError {
    return new SourceGapError([{ topic: this.topic, partition: this.partition, journalNext, firstAvailable }]);
  }
}
