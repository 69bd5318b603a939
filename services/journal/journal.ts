import type { SourcePosition, SourceSpan } from "../ingest/source.ts";

/** One event as it is kept: the payload is an encoded plimsoll.v1.JournalEvent, the other fields are its columns. */
export interface JournalRow {
  /** Counted from 1 over the whole shard, without gaps. */
  readonly position: number;
  /** Field number of the event in JournalEvent.body. */
  readonly kind: number;
  readonly account: number | undefined;
  readonly instrument: number | undefined;
  /** Position of the account's previous event, 0 for its first: an account's history is a walk along these. */
  readonly previous: number;
  readonly eventTimeUs: number;
  readonly payload: Uint8Array;
}

/** What one append stores, whole or not at all. */
export interface JournalBatch {
  /** Counted from 1. */
  readonly batch: number;
  readonly epoch: number;
  /** Newest event time in it; never before that of the batch before. */
  readonly eventTimeUs: number;
  /** SHA-256 of the kernel binary that computed it, hexadecimal. */
  readonly kernelHash: string;
  readonly spans: readonly SourceSpan[];
  readonly rows: readonly JournalRow[];
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
}

/** Where a journal stands. */
export interface JournalHead {
  /** 0 when the journal is empty. */
  readonly batch: number;
  readonly position: number;
  readonly epoch: number;
  readonly hash: Uint8Array;
}

/** Batches from one on, up to the next stretch, were computed by this kernel. */
export interface KernelStretch {
  readonly firstBatch: number;
  readonly kernelHash: string;
}

/**
 * The store of one shard. It speaks of batches and expected heads, not of how they are kept; each adapter passes the same
 * contract tests.
 */
export interface Journal {
  head(): Promise<JournalHead>;
  /**
   * Appends a batch behind `expected`, durably.
   * @throws JournalConflictError when the head is another one: somebody else owns the shard now
   * @throws JournalUnknownOutcomeError when it cannot be said whether the batch is in: read the head again
   * @throws JournalFailedError when it is surely not in
   */
  append(batch: JournalBatch, expected: JournalHead): Promise<void>;
  /** Batches in order, from the given number on, in pages: memory does not grow with the log. */
  batches(from: number): AsyncIterable<JournalBatch>;
  /** One event, by primary key. */
  row(position: number): Promise<JournalRow | undefined>;
  /** The newest span of each partition. */
  sourcePositions(): Promise<SourcePosition[]>;
  /** Keeps a kernel binary under its hash: a stretch can always be replayed by the code that computed it. */
  keepKernel(hash: string, binary: Uint8Array): Promise<void>;
  kernel(hash: string): Promise<Uint8Array | undefined>;
  /** Stretches of the log from a batch on by the kernel that computed them, in order. Reads no events. */
  kernelStretches(from: number): Promise<KernelStretch[]>;
  /** A newest-event index as of a snapshot, for those who read the journal with a shell. */
  keepAccountHeads(heads: Iterable<readonly [account: number, position: number]>): Promise<void>;
  close(): Promise<void>;
}

/** Another owner has appended since: this one stops (design D9), it does not read again and retry. */
export class JournalConflictError extends Error {
  override readonly name = "JournalConflictError";
}

export class JournalUnknownOutcomeError extends Error {
  override readonly name = "JournalUnknownOutcomeError";
}

export class JournalFailedError extends Error {
  override readonly name = "JournalFailedError";
}

/** What is stored cannot be what was appended: the message names the batch or event. */
export class JournalDamagedError extends Error {
  override readonly name = "JournalDamagedError";
}
