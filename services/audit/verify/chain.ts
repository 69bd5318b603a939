import { CHAIN_START, hashBatch } from "../../journal/batchHash.ts";
import type { JournalBatch } from "../../journal/journal.ts";
import { VerificationError } from "./doubt.ts";
import type { BatchClaim, JournalFile, SourceEnd } from "./journalFile.ts";

const EPOCH_STARTED = 11;

/** Holds each batch against the one before it. */
export class Chain {
  batch = 0;
  position = 0;
  epoch = 0;
  hash: Uint8Array = CHAIN_START;
  /** Position of each account's newest event. */
  readonly accountHeads = new Map<number, number>();
  /** The newest span of each partition, by topic and partition. */
  readonly #sources = new Map<string, SourceEnd>();
  #kernelHash = "";
  #eventTimeUs = Number.MIN_SAFE_INTEGER;
  readonly #file: JournalFile;

  constructor(file: JournalFile) {
    this.#file = file;
  }

  /** The batch of a claim, when it is the one that must come now and all its events are there. */
  accept(claim: BatchClaim): JournalBatch {
    const { batch, firstPosition, lastPosition } = claim;
    if (batch !== this.batch + 1 || !same(claim.previousHash, this.hash)) this.#misplaced(claim);
    if (firstPosition !== this.position + 1) {
      const reason = `batch ${batch} begins with event ${firstPosition}, the one before ended with ${this.position}`;
      throw new VerificationError("changed", reason, { batch });
    }
    const read = this.#file.batch(claim);
    for (let event = firstPosition; event <= lastPosition; event++) {
      if (read.rows[event - firstPosition]?.position === event) continue;
      const reason = `batch ${batch} claims events ${firstPosition} to ${lastPosition}, event ${event} is gone`;
      throw new VerificationError("dropped", reason, { batch, event });
    }
    return read;
  }

  /** @returns false when a batch's content and its hash differ */
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
    for (const { position, account, previous } of batch.rows) {
      this.position = position;
      if (account === undefined) continue;
      const head = this.accountHeads.get(account) ?? 0;
      if (previous !== head) {
        const reason = `event ${position}: account's previous event is ${head}, not ${previous}`;
        throw new VerificationError("account chain", reason, { ...at, event: position });
      }
      this.accountHeads.set(account, position);
    }
    this.batch = batch.batch;
    this.hash = batch.hash;
    this.#eventTimeUs = batch.eventTimeUs;
  }

  /** An epoch is one more than the one before, begins with its own event, and has one kernel. */
  #stepEpoch({ batch, epoch, kernelHash, rows }: JournalBatch): void {
    const started = rows.filter(({ kind }) => kind === EPOCH_STARTED).length;
    const begins = epoch !== this.epoch;
    const fault =
      begins && epoch !== this.epoch + 1
        ? `epoch ${epoch} after ${this.epoch}`
        : started !== (begins ? 1 : 0)
          ? `${started} owners begin in it, its epoch ${epoch} ${begins ? "is new" : "is the one before"}`
          : !begins && kernelHash !== this.#kernelHash && "its kernel is not that of its epoch";
    if (fault) throw new VerificationError("epoch", `batch ${batch}: ${fault}`, { batch });
    this.epoch = epoch;
    this.#kernelHash = kernelHash;
  }

  #stepSources({ batch, spans }: JournalBatch): void {
    for (const span of spans) {
      const { topic, partition, firstOffset, lastOffset } = span;
      const before = this.#sources.get(`${topic} ${partition}`)?.lastOffset;
      if (lastOffset < firstOffset || firstOffset <= (before ?? -1)) {
        const reason = `batch ${batch}: ${topic}[${partition}] goes from ${before} to ${firstOffset}..${lastOffset}`;
        throw new VerificationError("source", reason, { batch });
      }
      this.#sources.set(`${topic} ${partition}`, span);
    }
  }

  /** Says what was done to the chain, from the links that are left of it. */
  #misplaced({ batch, previousHash }: Pick<BatchClaim, "batch" | "previousHash">): never {
    const links = this.#file.links();
    const successor = links.find((link) => same(link.previousHash, this.hash));
    const gone = this.batch + 1;
    if (successor === undefined) {
      const reason = `batch ${gone} is gone: nothing stands on batch ${this.batch}`;
      throw new VerificationError("dropped", reason, { batch: gone });
    }
    const belongs = `batch ${successor.batch} belongs here`;
    if (links.some((link) => same(link.hash, previousHash) && link.batch > batch)) {
      const reason = `batch ${batch} stands on one that comes after it; ${belongs}`;
      throw new VerificationError("swapped", reason, { batch });
    }
    if (same(previousHash, this.hash)) {
      throw new VerificationError("dropped", `batch ${gone} is gone: batch ${batch} follows`, { batch });
    }
    throw new VerificationError("inserted", `batch ${batch} stands on none of the chain; ${belongs}`, { batch });
  }

  /** A batch stands in its place, but content and hash differ: changed, or put in before the one that belongs here. */
  changed({ batch, hash }: JournalBatch, event: number | undefined): VerificationError {
    const others = this.#file.links().filter((link) => link.batch !== batch);
    const rival = others.find((link) => same(link.previousHash, this.hash));
    if (rival !== undefined && !others.some((link) => same(link.previousHash, hash))) {
      const reason = `batch ${batch} was put in: batch ${rival.batch} stands in its place on batch ${this.batch}`;
      return new VerificationError("inserted", reason, { batch });
    }
    const seen = event === undefined ? "" : `; the kernel sees it first in event ${event}`;
    const at = { batch, ...(event === undefined ? {} : { event }) };
    return new VerificationError("changed", `batch ${batch}: content and hash differ${seen}`, at);
  }

  /** The kept ends of the sources against those that the batches reach. */
  compareSources(kept: readonly SourceEnd[]): void {
    for (const { topic, partition, lastOffset, leaderEpoch } of kept) {
      const reached = this.#sources.get(`${topic} ${partition}`);
      if (reached?.lastOffset === lastOffset && reached.leaderEpoch === leaderEpoch) continue;
      const reason = `source position ${topic}[${partition}] is ${lastOffset}, the batches reach`;
      throw new VerificationError("source", `${reason} ${reached?.lastOffset ?? "none of it"}`);
    }
    if (kept.length === this.#sources.size) return;
    const reason = `${kept.length} source positions are kept, the batches speak of ${this.#sources.size}`;
    throw new VerificationError("source", reason);
  }
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
