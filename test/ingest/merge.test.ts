import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type MergePartition, type MergeRecord, PartitionMerge } from "../../services/ingest/kafka/merge.ts";
import type { SourceBatch, VenueInput } from "../../services/ingest/source.ts";

const input: VenueInput = {
  kind: "unreadable",
  reason: RefusalReason.UNDECODABLE,
  detail: "",
  record: new Uint8Array(0),
};

function record(offset: number, eventTimeUs: bigint | undefined, leaderEpoch = 0, bytes = 10): MergeRecord {
  return { offset, leaderEpoch, eventTimeUs, bytes, input };
}

/** Partitions of topics `t0`, `t1`, ... whose rank is their number, holding records from offset 0 on. */
function partitions(...contents: { rank: number; partition: number; length: number }[]): MergePartition[] {
  return contents.map(({ rank, partition, length }) => ({
    topic: `t${rank}`,
    topicRank: rank,
    partition,
    nextOffset: 0,
    endOffset: length,
  }));
}

function labels(batch: SourceBatch): string[] {
  return batch.inputs.map(({ span, offset }) => {
    const { topic, partition } = batch.spans[span]!;
    return `${topic}[${partition}]@${offset}`;
  });
}

describe("the order of a merge", () => {
  test("event time first, then topic rank, then partition, then offset", () => {
    const merge = new PartitionMerge(
      partitions(
        { rank: 1, partition: 0, length: 2 },
        { rank: 0, partition: 1, length: 1 },
        { rank: 0, partition: 0, length: 2 },
      ),
    );
    merge.add(0, [record(0, 5n), record(1, 7n)]);
    merge.add(1, [record(0, 7n)]);
    merge.add(2, [record(0, 7n), record(1, 7n)]);
    expect(labels(merge.take(100))).toEqual(["t1[0]@0", "t0[0]@0", "t0[0]@1", "t0[1]@0", "t1[0]@1"]);
  });

  test("nothing is released while a partition that has more has not shown its head", () => {
    const merge = new PartitionMerge(
      partitions({ rank: 0, partition: 0, length: 1 }, { rank: 1, partition: 0, length: 2 }),
    );
    merge.add(0, [record(0, 5n)]);
    expect(labels(merge.take(100))).toEqual([]);
    merge.add(1, [record(0, 4n)]);
    expect(labels(merge.take(100))).toEqual(["t1[0]@0"]);
    merge.add(1, [record(1, 6n)]);
    expect(labels(merge.take(100))).toEqual(["t0[0]@0", "t1[0]@1"]);
  });

  test("a partition that was read to its end holds nobody up, until it is known to have more", () => {
    const merge = new PartitionMerge(
      partitions({ rank: 0, partition: 0, length: 0 }, { rank: 1, partition: 0, length: 1 }),
    );
    merge.add(1, [record(0, 9n)]);
    expect(labels(merge.take(1))).toEqual(["t1[0]@0"]);
    merge.add(1, [record(1, 10n)]);
    merge.readTo(0, 0, 1);
    expect(labels(merge.take(1))).toEqual([]);
    merge.readTo(0, 1, 1);
    expect(labels(merge.take(1))).toEqual(["t1[0]@1"]);
  });

  test("an unreadable record goes right after the one before it, also first after a restart", () => {
    const both = partitions({ rank: 0, partition: 0, length: 3 }, { rank: 1, partition: 0, length: 2 });
    const merge = new PartitionMerge(both);
    merge.add(0, [record(0, 5n), record(1, undefined), record(2, 8n)]);
    merge.add(1, [record(0, 5n), record(1, 6n)]);
    expect(labels(merge.take(100))).toEqual(["t0[0]@0", "t0[0]@1", "t1[0]@0", "t1[0]@1", "t0[0]@2"]);

    const restarted = new PartitionMerge([{ ...both[0]!, nextOffset: 1 }, both[1]!]);
    restarted.add(0, [record(1, undefined), record(2, 8n)]);
    restarted.add(1, [record(0, 5n), record(1, 6n)]);
    expect(labels(restarted.take(100))).toEqual(["t0[0]@1", "t1[0]@0", "t1[0]@1", "t0[0]@2"]);
  });

  test("a time that runs backwards never reorders a partition", () => {
    const merge = new PartitionMerge(partitions({ rank: 0, partition: 0, length: 2 }));
    merge.add(0, [record(0, 9n), record(1, -(2n ** 63n))]);
    expect(labels(merge.take(100))).toEqual(["t0[0]@0", "t0[0]@1"]);
  });

  test("an offset that was taken already is refused", () => {
    const merge = new PartitionMerge(partitions({ rank: 0, partition: 3, length: 2 }));
    merge.add(0, [record(0, 9n)]);
    expect(() => merge.add(0, [record(0, 9n)])).toThrow("t0[3]: offset 0 came where 1 was next");
  });
});

describe("what a batch says of its sources", () => {
  test("one span a partition and leader epoch, both ends included, and every input names its own", () => {
    const merge = new PartitionMerge(
      partitions({ rank: 0, partition: 0, length: 4 }, { rank: 1, partition: 0, length: 1 }),
    );
    merge.add(0, [record(0, 1n), record(1, 3n), record(2, 4n, 7), record(3, 5n, 7)]);
    merge.add(1, [record(0, 2n)]);
    const batch = merge.take(100);
    expect(batch.spans).toEqual([
      { topic: "t0", partition: 0, leaderEpoch: 0, firstOffset: 0, lastOffset: 1 },
      { topic: "t1", partition: 0, leaderEpoch: 0, firstOffset: 0, lastOffset: 0 },
      { topic: "t0", partition: 0, leaderEpoch: 7, firstOffset: 2, lastOffset: 3 },
    ]);
    expect(batch.inputs.map(({ span, offset }) => [span, offset])).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [2, 2],
      [2, 3],
    ]);
  });

  test("a partition is full by records or by bytes, and has room again at half of it", () => {
    const merge = new PartitionMerge(partitions({ rank: 0, partition: 0, length: 9 }), { records: 4, bytes: 100 });
    merge.add(0, [record(0, 1n), record(1, 1n), record(2, 1n)]);
    expect(merge.isFull(0)).toBe(false);
    merge.add(0, [record(3, 1n, 0, 70)]);
    expect(merge.isFull(0)).toBe(true);
    expect(merge.backlog()).toBe(9);
    merge.take(3);
    expect(merge.isFull(0)).toBe(false);
    expect(merge.hasRoom(0)).toBe(false);
    merge.take(1);
    expect(merge.hasRoom(0)).toBe(true);
    expect(merge.backlog()).toBe(5);
  });
});

const content = fc.array(
  fc.record({
    rank: fc.integer({ min: 0, max: 2 }),
    times: fc.array(fc.option(fc.bigInt({ min: -4n, max: 8n }), { nil: undefined, freq: 6 }), { maxLength: 40 }),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Feeds the content in pieces, partition by partition as `picks` says, and pulls in between as `pulls` says. */
function mergedInPieces(
  lanes: readonly { rank: number; times: readonly (bigint | undefined)[] }[],
  from: readonly number[],
  picks: readonly { lane: number; length: number; pull: number }[],
): string[] {
  const merge = new PartitionMerge(
    lanes.map(({ rank, times }, index) => ({
      topic: `t${rank}`,
      topicRank: rank,
      partition: index,
      nextOffset: from[index]!,
      endOffset: times.length,
    })),
  );
  const read = [...from];
  const order: string[] = [];
  const feed = (lane: number, length: number): void => {
    const first = read[lane]!;
    const times = lanes[lane]!.times.slice(first, first + length);
    merge.add(
      lane,
      times.map((time, index) => record(first + index, time)),
    );
    read[lane] = first + times.length;
  };
  for (const { lane, length, pull } of picks) {
    feed(lane % lanes.length, length);
    order.push(...labels(merge.take(pull)));
  }
  for (const lane of lanes.keys()) feed(lane, Number.MAX_SAFE_INTEGER);
  order.push(...labels(merge.take(Number.MAX_SAFE_INTEGER)));
  return order;
}

const pieces = fc.array(fc.record({ lane: fc.nat(5), length: fc.nat(9), pull: fc.nat(15) }), { maxLength: 60 });

test("whatever the pieces in which content is fetched and pulled, its order is the same", () => {
  fc.assert(
    fc.property(content, pieces, (lanes, picks) => {
      const start = lanes.map(() => 0);
      const whole = mergedInPieces(lanes, start, []);
      expect(whole.length).toBe(lanes.reduce((sum, { times }) => sum + times.length, 0));
      expect(new Set(whole).size).toBe(whole.length);
      expect(mergedInPieces(lanes, start, picks)).toEqual(whole);
    }),
  );
});

test("a restart at any point goes on in the same order", () => {
  fc.assert(
    fc.property(content, fc.nat(240), (lanes, cutAt) => {
      const whole = mergedInPieces(
        lanes,
        lanes.map(() => 0),
        [],
      );
      const cut = Math.min(cutAt, whole.length);
      const from = lanes.map(
        ({ rank }, index) => whole.slice(0, cut).filter((label) => label.startsWith(`t${rank}[${index}]@`)).length,
      );
      expect(mergedInPieces(lanes, from, [])).toEqual(whole.slice(cut));
    }),
  );
});
