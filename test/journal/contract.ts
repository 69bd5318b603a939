// What every adapter of the journal owes the engine. An adapter's test calls this with a way to open its store.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SourceSpan } from "../../services/ingest/source.ts";
import { CHAIN_START, hashBatch } from "../../services/journal/batchHash.ts";
import {
  type Journal,
  type JournalBatch,
  JournalConflictError,
  JournalFailedError,
  type JournalHead,
} from "../../services/journal/journal.ts";
import { batchAfter, headOf } from "./batches.ts";

/** One store; each `open` is another owner of it. */
export interface StoreUnderTest {
  open(): Promise<Journal>;
  dispose(): void;
}

export function journalContract(name: string, make: () => StoreUnderTest): void {
  describe(`journal contract: ${name}`, () => {
    let store: StoreUnderTest;
    let journal: Journal;
    let opened: Journal[];

    const open = async (): Promise<Journal> => {
      const owner = await store.open();
      opened.push(owner);
      return owner;
    };

    beforeEach(async () => {
      store = make();
      opened = [];
      journal = await open();
    });

    afterEach(async () => {
      for (const owner of opened) await owner.close();
      store.dispose();
    });

    /** Appends batches of these sizes. @returns them */
    const append = async (...sizes: readonly number[]): Promise<JournalBatch[]> => {
      const batches: JournalBatch[] = [];
      for (const size of sizes) {
        const head = await journal.head();
        batches.push(batchAfter(head, size));
        await journal.append(batches.at(-1)!, head);
      }
      return batches;
    };

    test("an empty journal has a head of zeros, no batch, no row, no position", async () => {
      expect(await journal.head()).toEqual({ batch: 0, position: 0, epoch: 0, hash: CHAIN_START });
      expect(await collect(journal.batches(1))).toEqual([]);
      expect(await journal.row(1)).toBeUndefined();
      expect(await journal.sourcePositions()).toEqual([]);
      expect(await journal.kernel("00")).toBeUndefined();
    });

    test("what was appended is read back, field by field, and its hash fits", async () => {
      const spans = [span("fills", 0, 5, 9), span("prices", 3, 0, 0)];
      const head = await journal.head();
      const batch = batchAfter(head, 200, { epoch: 7, spans });
      await journal.append(batch, head);
      expect(normal(await collect(journal.batches(1)))).toEqual(normal([batch]));
      expect(normalHead(await journal.head())).toEqual(
        normalHead({ batch: 1, position: 200, epoch: 7, hash: batch.hash }),
      );
      const [read] = await collect(journal.batches(1));
      expect(Buffer.from(hashBatch(read!))).toEqual(Buffer.from(batch.hash));
    });

    test("batches of any size go on one behind the other, those without rows too", async () => {
      const appended = await append(1, 63, 0, 64, 65, 128, 0);
      expect(normal(await collect(journal.batches(1)))).toEqual(normal(appended));
      expect(await journal.head()).toMatchObject({ batch: 7, position: 321 });
      const [next] = await append(2);
      expect(next!.rows[0]!.position).toBe(322);
    });

    test("a batch without rows keeps the source positions, and another owner finds the head", async () => {
      await append(3);
      const head = await journal.head();
      await journal.append(batchAfter(head, 0, { spans: [span("fills", 0, 10, 19)] }), head);
      const other = await open();
      expect(await other.head()).toMatchObject({ batch: 2, position: 3 });
      expect(await other.sourcePositions()).toMatchObject([{ topic: "fills", lastOffset: 19 }]);
    });

    test("batches() begins anywhere and crosses the borders of its pages", async () => {
      const appended = await append(...Array.from({ length: 600 }, (_, index) => index % 3));
      const all = await collect(journal.batches(1));
      expect(normal(all)).toEqual(normal(appended));
      expect(normal(await collect(journal.batches(257)))).toEqual(normal(appended.slice(256)));
      expect(await collect(journal.batches(601))).toEqual([]);
    });

    test("batches() of more events than a page holds are whole", async () => {
      const appended = await append(15_000, 4_999, 1, 1, 25_000, 3);
      const read = await collect(journal.batches(1));
      expect(read.map(({ rows }) => rows.length)).toEqual([15_000, 4_999, 1, 1, 25_000, 3]);
      expect(read.map((batch) => Buffer.from(hashBatch(batch)))).toEqual(appended.map(({ hash }) => Buffer.from(hash)));
    });

    test("kernelStretches() tells which kernel computed what, from any batch on", async () => {
      for (const kernelHash of ["0a", "0a", "0b", "0a"]) {
        const head = await journal.head();
        await journal.append(batchAfter(head, 1, { kernelHash: kernelHash.repeat(32) }), head);
      }
      const found = await journal.kernelStretches(1);
      expect(found.map(({ firstBatch, kernelHash }) => [firstBatch, kernelHash.slice(0, 2)])).toEqual([
        [1, "0a"],
        [3, "0b"],
        [4, "0a"],
      ]);
      expect((await journal.kernelStretches(2)).map(({ firstBatch }) => firstBatch)).toEqual([2, 3, 4]);
      expect(await journal.kernelStretches(5)).toEqual([]);
    });

    test("row() finds each event by its position, and none beyond the end", async () => {
      const [, second] = await append(70, 70);
      expect(normalRow((await journal.row(71))!)).toEqual(normalRow(second!.rows[0]!));
      expect(normalRow((await journal.row(140))!)).toEqual(normalRow(second!.rows[69]!));
      expect(await journal.row(141)).toBeUndefined();
      expect(await journal.row(0)).toBeUndefined();
    });

    test("sourcePositions() is the newest span of each partition", async () => {
      const stretches = [
        [span("fills", 0, 0, 4), span("fills", 1, 0, 2), span("prices", 0, 0, 99)],
        [span("fills", 0, 5, 7, 3)],
        [span("prices", 0, 100, 150)],
      ];
      for (const spans of stretches) {
        const head = await journal.head();
        await journal.append(batchAfter(head, 1, { spans }), head);
      }
      expect(await journal.sourcePositions()).toEqual([
        { topic: "fills", partition: 0, leaderEpoch: 3, lastOffset: 7 },
        { topic: "fills", partition: 1, leaderEpoch: 0, lastOffset: 2 },
        { topic: "prices", partition: 0, leaderEpoch: 0, lastOffset: 150 },
      ]);
    });

    test("fencing: once another owner has appended, the first one's next append conflicts and leaves nothing", async () => {
      await append(5, 5);
      const first = await journal.head();
      const second = await open();
      const epoch = batchAfter(await second.head(), 1, { epoch: 2 });
      await second.append(epoch, await second.head());
      const late = batchAfter(first, 4, { spans: [span("fills", 0, 0, 9)] });
      await expect(journal.append(late, first)).rejects.toThrow(JournalConflictError);
      expect(normalHead(await second.head())).toEqual(normalHead(headOf(epoch, first)));
      expect(await second.row(12)).toBeUndefined();
      expect(await second.sourcePositions()).toEqual([]);
      // Asking again does not help a former owner; the new one goes on.
      await expect(journal.append(late, first)).rejects.toThrow(JournalConflictError);
      await second.append(batchAfter(await second.head(), 1), await second.head());
      expect(await second.head()).toMatchObject({ batch: 4, position: 12, epoch: 2 });
    });

    test("a head of the same batch number with another hash conflicts too", async () => {
      await append(5);
      const head = await journal.head();
      const foreign = { ...head, hash: Uint8Array.from(head.hash, (byte) => byte ^ 1) };
      await expect(journal.append(batchAfter(foreign, 1), foreign)).rejects.toThrow(JournalConflictError);
      expect(await journal.head()).toEqual(head);
    });

    test("an append that fails in the middle leaves no trace, and the next one works", async () => {
      await append(5);
      const head = await journal.head();
      const good = batchAfter(head, 130, { spans: [span("fills", 0, 0, 9)] });
      for (const index of [0, 50, 129]) {
        const rows = good.rows.map((row, at) => (at === index ? { ...row, position: 3 } : row));
        await expect(journal.append({ ...good, rows }, head)).rejects.toThrow(JournalFailedError);
        expect(await journal.head()).toEqual(head);
        expect(await journal.row(6)).toBeUndefined();
        expect(await journal.sourcePositions()).toEqual([]);
        expect(await collect(journal.batches(2))).toEqual([]);
      }
      await journal.append(good, head);
      expect(await journal.head()).toMatchObject({ batch: 2, position: 135 });
    });

    test("an append that leaves a gap in the positions is refused", async () => {
      await append(5);
      const head = await journal.head();
      const gap = batchAfter({ ...head, position: 6 }, 3);
      await expect(journal.append(gap, head)).rejects.toThrow(JournalFailedError);
      expect(await journal.head()).toEqual(head);
    });

    test("kernels are kept under their hashes; a hash that is known stays as it is", async () => {
      await journal.keepKernel("aa", Uint8Array.of(1, 2, 3));
      await journal.keepKernel("bb", Uint8Array.of(4));
      await journal.keepKernel("aa", Uint8Array.of(9));
      const other = await open();
      expect([...(await other.kernel("aa"))!]).toEqual([1, 2, 3]);
      expect([...(await other.kernel("bb"))!]).toEqual([4]);
      expect(await other.kernel("cc")).toBeUndefined();
    });
  });
}

function span(topic: string, partition: number, firstOffset: number, lastOffset: number, leaderEpoch = 0): SourceSpan {
  return { topic, partition, leaderEpoch, firstOffset, lastOffset };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

function normalHead(head: JournalHead) {
  return { ...head, hash: Buffer.from(head.hash).toString("hex") };
}

function normalRow<Row extends { readonly payload: Uint8Array }>(row: Row) {
  return { ...row, payload: Buffer.from(row.payload).toString("hex") };
}

/** Buffers and Uint8Arrays of the same bytes are the same here. */
function normal(batches: readonly JournalBatch[]) {
  return batches.map((batch) => ({
    ...batch,
    previousHash: Buffer.from(batch.previousHash).toString("hex"),
    hash: Buffer.from(batch.hash).toString("hex"),
    rows: batch.rows.map(normalRow),
  }));
}
