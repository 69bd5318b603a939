import type { EachBatchPayload } from "kafkajs";
import { expect, test } from "vitest";
import { BrokerBehindJournalError } from "../../services/ingest/kafka/kafkaErrors.ts";
import { PartitionMerge } from "../../services/ingest/kafka/merge.ts";
import { PartitionReader } from "../../services/ingest/kafka/partitionReader.ts";
import { SourceGapError } from "../../services/ingest/source.ts";

const at = { topic: "t", content: "fills", partition: 2 } as const;

function readerAt(nextOffset: number, sparseOffsets = false) {
  const merge = new PartitionMerge([{ ...at, topicRank: 0, nextOffset, endOffset: nextOffset }]);
  return { merge, reader: new PartitionReader(at, 0, merge, sparseOffsets) };
}

/** A batch as kafkajs would hand it over. */
function fetched(fetchedFrom: number, offsets: readonly number[], end: { last?: number; highWatermark?: number } = {}) {
  const last = end.last ?? offsets.at(-1)!;
  const resolved: string[] = [];
  const payload = {
    batch: {
      fetchedOffset: String(fetchedFrom),
      highWatermark: String(end.highWatermark ?? last + 1),
      messages: offsets.map((offset) => ({ offset: String(offset), value: Buffer.alloc(0) })),
      lastOffset: () => String(last),
    },
    resolveOffset: (offset: string) => resolved.push(offset),
  };
  return { payload: payload as unknown as EachBatchPayload, resolved };
}

function offsetsIn(merge: PartitionMerge): number[] {
  return merge.take(100).inputs.map(({ offset }) => offset);
}

test("offsets that rise by one are taken and resolved", () => {
  const { merge, reader } = readerAt(5);
  const { payload, resolved } = fetched(5, [5, 6, 7]);
  expect(reader.read(payload)).toBe("read");
  expect(offsetsIn(merge)).toEqual([5, 6, 7]);
  expect(resolved).toEqual(["7"]);
});

test("records that were taken already are dropped, and the position goes on from the expected one", () => {
  const { merge, reader } = readerAt(5);
  const older = fetched(1, [1, 2, 3], { highWatermark: 9 });
  expect(reader.read(older.payload)).toBe("read");
  expect(older.resolved).toEqual(["4"]);
  reader.read(fetched(3, [3, 4, 5, 6]).payload);
  expect(offsetsIn(merge)).toEqual([5, 6]);
});

test("a position that kafkajs moved ahead is set back once; the second time it is a gap", () => {
  const { merge, reader } = readerAt(5);
  expect(reader.read(fetched(8, [8, 9]).payload)).toBe("seek");
  expect(() => reader.read(fetched(8, [8, 9]).payload)).toThrow(
    new SourceGapError([{ topic: "t", partition: 2, journalNext: 5, firstAvailable: 8 }]),
  );
  expect(offsetsIn(merge)).toEqual([]);
});

test("a position that was moved ahead is no hole in a sparse topic", () => {
  const { reader } = readerAt(5, true);
  expect(reader.read(fetched(8, [8]).payload)).toBe("seek");
  expect(() => reader.read(fetched(8, [8]).payload)).toThrow(SourceGapError);
});

test("a hole among the records is a gap, after what came before it", () => {
  const { merge, reader } = readerAt(5);
  expect(() => reader.read(fetched(5, [5, 6, 9]).payload)).toThrow(
    new SourceGapError([{ topic: "t", partition: 2, journalNext: 7, firstAvailable: 9 }]),
  );
  expect(offsetsIn(merge)).toEqual([5, 6]);
});

test("offsets may be left out in a sparse topic, in front, between and at the end", () => {
  const { merge, reader } = readerAt(5, true);
  reader.read(fetched(5, [6, 9], { last: 10 }).payload);
  expect(offsetsIn(merge)).toEqual([6, 9]);
  expect(reader.nextOffset).toBe(11);
});

test("a marker of a transaction at the end is a gap, unless the topic is sparse", () => {
  expect(() => readerAt(5).reader.read(fetched(5, [5], { last: 6 }).payload)).toThrow(SourceGapError);
  expect(() => readerAt(5).reader.readPast(5, 6)).toThrow(SourceGapError);
});

test("a partition that ends before the expected record was lost or made anew", () => {
  const { reader } = readerAt(50);
  expect(() => reader.read(fetched(0, [0, 1, 2]).payload)).toThrow(
    new BrokerBehindJournalError([{ topic: "t", partition: 2, journalNext: 50, highWatermark: 3 }]),
  );
});
