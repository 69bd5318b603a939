import { CHAIN_START, hashBatch } from "../../journal/batchHash.ts";
import type { JournalBatch } from "../../journal/journal.ts";
import { VerificationError } from "./doubt.ts";
import type { BatchClaim, JournalFile, SourceEnd } from "./journalFile.ts";

const EPOCH_STARTED_KIND = 11;

/** Holds each batch against the one before it. */
export class Chain {
  batch = 0;
  position = 0;
  epoch = 0;
  hash: Uint8Array = CHAIN_START;
  /** Position of each account's newest event. */
  readonly accountHeads = new Map<number, number>();
  /** The newest span of each partition, by topic and partition. */
  readonly sources = new Map<string, SourceEnd>();
  #kernelHash = "";
  #eventTimeUs = Number.MIN_SAFE_INTEGER;
  readonly #file: JournalFile;

  constructor(file: JournalFile) {
    this.#file = file;
  }

  /** Whether the batch is the one that must come now: asked before its events are looked at. */
  accept(claim: BatchClaim): void {
    if (claim.batch !== this.batch + 1 || !same(claim.previousHash, this.hash)) this.#misplaced(claim);
    if (claim.firstPosition !== this.position + 1) {
      const reason = `batch ${claim.batch} begins with event ${claim.firstPosition}, the one before ended with`;
      throw new VerificationError("changed", `${reason} ${this.position}`, { batch: claim.batch });
    }
  }

  /** The content of a batch that was accepted. @returns false when content and hash differ */
  fits(batch: JournalBatch): boolean {
    return same(hashBatch(batch), batch.hash);
  }

  step(batch: JournalBatch): void {
    this.#stepEpoch(batch);
    this.#stepSources(batch);
    const at = { batch: batch.batch };
    if (batch.eventTimeUs < this.#eventTimeUs) {
      throw new VerificationError("time", `batch ${batch.batch}: time goes back`, at);
    }
    for (const row of batch.rows) {
      this.position = row.position;
      if (row.account === undefined) continue;
      const previous = this.accountHeads.get(row.account) ?? 0;
      if (row.previous !== previous) {
        const reason = `event ${row.position}: account's previous event is ${previous}, not ${row.previous}`;
        throw new VerificationError("account chain", reason, { ...at, event: row.position });
      }
      this.accountHeads.set(row.account, row.position);
    }
    this.batch = batch.batch;
    this.hash = batch.hash;
    this.#eventTimeUs = batch.eventTimeUs;
  }

  /** An epoch is one more than the one before, begins with its own event, and has one kernel. */
  #stepEpoch({ batch, epoch, kernelHash, rows }: JournalBatch): void {
    const started = rows.filter(({ kind }) => kind === EPOCH_STARTED_KIND).length;
    const begins = epoch !== this.epoch;
    const fault =
      begins && epoch !== this.epoch + 1
        ? `epoch ${epoch} after ${this.epoch}`
        : started !== (begins ? 1 : 0)
          ? `${started} owners begin in it, its epoch ${epoch} ${begins ? "is new" : "is the one before"}`
          : !begins && kernelHash !== this.#kernelHash
            ? "its kernel is not that of its epoch"
            : undefined;
    if (fault !== undefined) throw new VerificationError("epoch", `batch ${batch}: ${fault}`, { batch });
    this.epoch = epoch;
    this.#kernelHash = kernelHash;
  }

  #stepSources({ batch, spans }: JournalBatch): void {
    for (const span of spans) {
      const { topic, partition, firstOffset, lastOffset } = span;
      const key = sourceKey(span);
      const before = this.sources.get(key);
      if (lastOffset < firstOffset || firstOffset <= (before?.lastOffset ?? -1)) {
        const reason = `${topic}[${partition}] goes from ${before?.lastOffset} to ${firstOffset}..${lastOffset}`;
        throw new VerificationError("source", `batch ${batch}: ${reason}`, { batch });
      }
      this.sources.set(key, span);
    }
  }

  /** Says what was done to the chain, from the links that are left of it. */
  #misplaced({ batch, previousHash }: BatchClaim): never {
    const at = { batch };
    const links = this.#file.links();
    const successor = links.find((link) => same(link.previousHash, this.hash));
    if (successor === undefined) {
      const gone = this.batch + 1;
      throw new VerificationError("dropped", `batch ${gone} is gone: nothing stands on batch ${this.batch}`, {
        batch: gone,
      });
    }
    if (links.some((link) => same(link.hash, previousHash) && link.batch > batch)) {
      const reason = `batch ${batch} stands on one that comes after it; batch ${successor.batch} belongs here`;
      throw new VerificationError("swapped", reason, at);
    }
    if (same(previousHash, this.hash)) {
      throw new VerificationError("dropped", `batch ${this.batch + 1} is gone: batch ${batch} follows`, at);
    }
    const reason = `batch ${batch} stands on none of the chain; batch ${successor.batch} belongs here`;
    throw new VerificationError("inserted", reason, at);
  }

  /** A batch stands in its place, but content and hash differ: changed, or put in before the one that belongs here. */
  changed({ batch, hash }: JournalBatch, event: number | undefined): VerificationError {
    const links = this.#file.links();
    const rival = links.find((link) => link.batch !== batch && same(link.previousHash, this.hash));
    const carriesOn = links.some((link) => link.batch !== batch && same(link.previousHash, hash));
    if (rival !== undefined && !carriesOn) {
      const reason = `batch ${batch} was put in: batch ${rival.batch} stands in its place on batch ${this.batch}`;
      return new VerificationError("inserted", reason, { batch });
    }
    const seen = event === undefined ? "" : `; the kernel sees it first in event ${event}`;
    const at = { batch, ...(event === undefined ? {} : { event }) };
    return new VerificationError("changed", `batch ${batch}: content and hash differ${seen}`, at);
  }

  /** The kept ends of the sources against those that the batches reach. */
  compareSources(kept: readonly SourceEnd[]): void {
    for (const end of kept) {
      const reached = this.sources.get(sourceKey(end));
      if (reached?.lastOffset === end.lastOffset && reached.leaderEpoch === end.leaderEpoch) continue;
      const reason = `source position ${end.topic}[${end.partition}] is ${end.lastOffset}, the batches reach`;
      throw new VerificationError("source", `${reason} ${reached?.lastOffset ?? "none of it"}`);
    }
    if (kept.length === this.sources.size) return;
    const reason = `${kept.length} source positions are kept, the batches speak of ${this.sources.size}`;
    throw new VerificationError("source", reason);
  }
}

function sourceKey({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic} ${partition}`;
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
