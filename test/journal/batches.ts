import type { SourceSpan } from "../../services/ingest/source.ts";
import { hashBatch } from "../../services/journal/batchHash.ts";
import type { JournalBatch, JournalHead, JournalRow } from "../../services/journal/journal.ts";

export const KERNEL_HASH = "ab".repeat(32);

/** Rows with every column in use, and some not, from a position on. */
export function rowsFrom(position: number, count: number): JournalRow[] {
  return Array.from({ length: count }, (_, index) => ({
    position: position + index,
    kind: 30 + (index % 3),
    account: index % 4 === 3 ? undefined : index % 4,
    instrument: index % 3 === 2 ? undefined : index,
    previous: index < 4 ? 0 : position + index - 4,
    eventTimeUs: 1_767_225_600_000_000 + index,
    payload: Uint8Array.of(index % 256, position % 256, 0, 255),
  }));
}

/** The batch that goes on at a head, with its hash. */
export function batchAfter(
  head: JournalHead,
  count: number,
  { epoch = Math.max(1, head.epoch), spans = [] as readonly SourceSpan[], kernelHash = KERNEL_HASH } = {},
): JournalBatch {
  const batch = {
    batch: head.batch + 1,
    epoch,
    eventTimeUs: 1_767_225_600_000_000 + head.batch,
    kernelHash,
    spans,
    rows: rowsFrom(head.position + 1, count),
    previousHash: head.hash,
  };
  return { ...batch, hash: hashBatch(batch) };
}

export function headOf(batch: JournalBatch, before: JournalHead): JournalHead {
  const position = before.position + batch.rows.length;
  return { batch: batch.batch, position, epoch: batch.epoch, hash: batch.hash };
}
