import type { SourceBatch, SourcedInput, SourceSpan, VenueInput } from "../source.ts";

/** One partition at the start of a merge. Offsets are the next to read and the first that is not there yet. */
export interface MergePartition {
  readonly topic: string;
  /** Lower ranks go first among records of the same event time. */
  readonly topicRank: number;
  readonly partition: number;
  readonly nextOffset: number;
  readonly endOffset: number;
}

export interface MergeRecord {
  readonly offset: number;
  readonly leaderEpoch: number;
  /** Undefined for a record that could not be read: it goes right after the record before it. */
  readonly eventTimeUs: bigint | undefined;
  readonly bytes: number;
  readonly input: VenueInput;
}

/** What one partition may hold in memory before it counts as full. */
export interface MergeLimits {
  readonly records: number;
  readonly bytes: number;
}

export const defaultMergeLimits: MergeLimits = { records: 16_384, bytes: 8 * 1024 * 1024 };

/**
 * The sequencer across partitions: a merge of their heads by (event time, topic rank, partition, offset). A record is
 * released only when every other partition shows its head or is known to have been read to its end, so the same content
 * gives the same order whatever the order of the fetches. What comes after all partitions were at their end is live:
 * arrival decides, and the journal records it.
 *
 * Offsets within a partition are never reordered; a record whose time is earlier than that of the one before it goes
 * right after that one.
 */
export class PartitionMerge {
  readonly #lanes: Lane[];
  readonly #limits: MergeLimits;

  constructor(partitions: readonly MergePartition[], limits: MergeLimits = defaultMergeLimits) {
    this.#lanes = partitions.map((start) => ({
      ...start,
      records: [],
      times: [],
      head: 0,
      bytes: 0,
    }));
    this.#limits = limits;
  }

  /**
   * Takes what was read of the partition with this index.
   * @throws RangeError when an offset is before the partition's next one
   */
  add(index: number, records: readonly MergeRecord[]): void {
    const lane = this.#lanes[index]!;
    for (const record of records) {
      if (record.offset < lane.nextOffset) {
        throw new RangeError(
          `${lane.topic}[${lane.partition}]: offset ${record.offset} came where ${lane.nextOffset} was next`,
        );
      }
      lane.records.push(record);
      lane.times.push(record.eventTimeUs ?? earliest);
      lane.bytes += record.bytes;
      lane.nextOffset = record.offset + 1;
    }
  }

  /** The partition has been read up to `nextOffset` and ends at `endOffset`, neither of them included. */
  readTo(index: number, nextOffset: number, endOffset: number): void {
    const lane = this.#lanes[index]!;
    lane.nextOffset = Math.max(lane.nextOffset, nextOffset);
    lane.endOffset = Math.max(lane.endOffset, endOffset);
  }

  nextOffset(index: number): number {
    return this.#lanes[index]!.nextOffset;
  }

  /** No more should be read of this partition until it `hasRoom` again. */
  isFull(index: number): boolean {
    const lane = this.#lanes[index]!;
    return buffered(lane) >= this.#limits.records || lane.bytes >= this.#limits.bytes;
  }

  hasRoom(index: number): boolean {
    const lane = this.#lanes[index]!;
    return buffered(lane) <= this.#limits.records / 2 && lane.bytes <= this.#limits.bytes / 2;
  }

  /** Records that the partitions are known to hold and that were not released. */
  backlog(): number {
    let records = 0;
    for (const lane of this.#lanes) records += buffered(lane) + Math.max(0, lane.endOffset - lane.nextOffset);
    return records;
  }

  /** Up to `max` records whose place in the order is certain; an empty batch when there is none. */
  take(max: number): SourceBatch {
    const spans: SpanBuilder[] = [];
    const spanOf = new Map<Lane, number>();
    const inputs: SourcedInput[] = [];
    while (inputs.length < max) {
      const lane = this.#first();
      if (lane === undefined) break;
      const record = lane.records[lane.head]!;
      let span = spanOf.get(lane);
      if (span === undefined || spans[span]!.leaderEpoch !== record.leaderEpoch) {
        span = spans.push(startSpan(lane, record)) - 1;
        spanOf.set(lane, span);
      }
      spans[span]!.lastOffset = record.offset;
      inputs.push({ span, offset: record.offset, input: record.input });
      release(lane, record);
    }
    return { spans, inputs };
  }

  /** The partition whose head goes next, or undefined when some partition that has more has not shown its head. */
  #first(): Lane | undefined {
    let first: Lane | undefined;
    for (const lane of this.#lanes) {
      if (lane.head === lane.records.length) {
        if (lane.nextOffset < lane.endOffset) return undefined;
      } else if (first === undefined || goesBefore(lane, first)) {
        first = lane;
      }
    }
    return first;
  }
}

interface Lane {
  readonly topic: string;
  readonly topicRank: number;
  readonly partition: number;
  nextOffset: number;
  endOffset: number;
  /** Released records are cut off now and then; `head` is the first that is not released. */
  records: MergeRecord[];
  times: bigint[];
  head: number;
  bytes: number;
}

interface SpanBuilder extends SourceSpan {
  lastOffset: number;
}

/**
 * Before any event time: an unreadable record goes right after the one before it, which went before all other heads.
 * So it does when that one is only in the journal.
 */
const earliest = -(2n ** 63n);

const releasedBeforeCut = 1_024;

function buffered(lane: Lane): number {
  return lane.records.length - lane.head;
}

function goesBefore(left: Lane, right: Lane): boolean {
  const leftTime = left.times[left.head]!;
  const rightTime = right.times[right.head]!;
  if (leftTime !== rightTime) return leftTime < rightTime;
  if (left.topicRank !== right.topicRank) return left.topicRank < right.topicRank;
  return left.partition < right.partition;
}

function release(lane: Lane, record: MergeRecord): void {
  lane.head += 1;
  lane.bytes -= record.bytes;
  if (lane.head === lane.records.length || (lane.head >= releasedBeforeCut && lane.head * 2 >= lane.records.length)) {
    lane.records.splice(0, lane.head);
    lane.times.splice(0, lane.head);
    lane.head = 0;
  }
}

function startSpan(lane: Lane, record: MergeRecord): SpanBuilder {
  return {
    topic: lane.topic,
    partition: lane.partition,
    leaderEpoch: record.leaderEpoch,
    firstOffset: record.offset,
    lastOffset: record.offset,
  };
}
