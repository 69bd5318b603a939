import { hash } from "node:crypto";
import type { JournalBatch, JournalRow } from "./journal.ts";

/** What the first batch stands on. */
export const CHAIN_START = new Uint8Array(32);

/** Bytes of a row before its payload. */
const ROW_HEADER = 44;
const ABSENT = 0xffffffff;
const HASH = 32;

/** What a batch says beside its rows. */
export type BatchHeader = Omit<JournalBatch, "hash" | "rows"> & {
  readonly firstPosition: number;
  readonly rowCount: number;
};

/**
 * SHA-256 that a batch adds to the chain. Covered, in this order, little-endian:
 *
 *   previous hash (32) | batch, first position, rows, epoch, event time us (u64 each)
 *   kernel hash (32) | length of the spans' JSON (u32) | spans as JSON | digest of the rows (32)
 *
 * The digest of the rows is the SHA-256 of the rows' own hashes (`hashRow`), as lowercase hexadecimal text one after the
 * other. So a row can be shown to stand in the chain while the others of its batch are shown as hashes alone.
 */
export function hashBatch(batch: Omit<JournalBatch, "hash">): Uint8Array {
  const { rows, ...header } = batch;
  let leaves = "";
  for (const row of rows) leaves += hashRow(row);
  const firstPosition = rows[0]?.position ?? 0;
  return hashHeader({ ...header, firstPosition, rowCount: rows.length }, digestOfRows(leaves));
}

/** The chain's hash of a batch whose rows have this digest. */
export function hashHeader(header: BatchHeader, rowsDigest: Uint8Array): Uint8Array {
  const spans = Buffer.from(spansText(header.spans));
  const bytes = Buffer.allocUnsafe(HASH + 40 + HASH + 4 + spans.length + HASH);
  // A view writes numbers several times faster than the buffer's own methods.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  bytes.set(header.previousHash, 0);
  let at = HASH;
  for (const number of [header.batch, header.firstPosition, header.rowCount, header.epoch, header.eventTimeUs]) {
    writeU64(view, number, at);
    at += 8;
  }
  at += bytes.write(header.kernelHash, at, "hex");
  at = bytes.writeUInt32LE(spans.length, at);
  bytes.set(spans, at);
  bytes.set(rowsDigest, at + spans.length);
  return hash("sha256", bytes, "buffer");
}

/**
 * SHA-256 of one row, in hexadecimal (as text it is computed three times faster): position u64 | kind u32 | account u32 |
 * instrument u32 | previous u64 | event time us i64 | length u32 | 4 zero bytes | payload.
 */
export function hashRow(row: JournalRow): string {
  const size = ROW_HEADER + row.payload.length;
  const fits = size <= SCRATCH;
  const bytes = fits ? scratch : Buffer.allocUnsafe(size);
  const view = fits ? scratchView : new DataView(bytes.buffer, bytes.byteOffset, size);
  writeU64(view, row.position, 0);
  view.setUint32(8, row.kind, true);
  view.setUint32(12, row.account ?? ABSENT, true);
  view.setUint32(16, row.instrument ?? ABSENT, true);
  writeU64(view, row.previous, 20);
  writeU64(view, row.eventTimeUs, 28);
  view.setUint32(36, row.payload.length, true);
  view.setUint32(40, 0, true);
  bytes.set(row.payload, ROW_HEADER);
  return hash("sha256", fits ? bytes.subarray(0, size) : bytes, "hex");
}

/** @param hashes of the rows of a batch, hexadecimal, one after the other */
export function digestOfRows(hashes: string): Uint8Array {
  return hash("sha256", hashes, "buffer");
}

/** Nearly every row fits; a buffer for each would cost as much as its hash. */
const SCRATCH = 1024;
const scratch = Buffer.alloc(SCRATCH);
const scratchView = new DataView(scratch.buffer, scratch.byteOffset, SCRATCH);

/** Two's complement in two halves: far faster than BigInt, and event times before 1970 keep their sign. */
function writeU64(view: DataView, number: number, at: number): void {
  const high = Math.floor(number / 0x1_0000_0000);
  view.setInt32(at + 4, high, true);
  view.setUint32(at, number - high * 0x1_0000_0000, true);
}

/** The text form of a batch's spans, as it is stored and hashed. */
export function spansText(spans: JournalBatch["spans"]): string {
  return JSON.stringify(
    spans.map(({ topic, partition, leaderEpoch, firstOffset, lastOffset }) => ({
      topic,
      partition,
      leaderEpoch,
      firstOffset,
      lastOffset,
    })),
  );
}
