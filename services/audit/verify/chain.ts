import { CHAIN_START, hashBatch } from "../../journal/batchHash.ts";
import type { JournalBatch } from "../../journal/journal.ts";
import { doubt, type VerificationError } from "./doubt.ts";
import type { JournalFile, SourceEnd, StoredBatch } from "./journalFile.ts";

export const EPOCH_STARTED = 11;

/** Holds each batch against the one before it. */
export class Chain {
  batch = 0;
  position = 0;
  epoch = 0;
  eventTimeUs = Number.MIN_SAFE_INTEGER;
  hash: Uint8Array = CHAIN_START;
  /** Position of each account's newest event. */
  readonly accountHeads = new Map<number, number>();
  /** The newest span of each partition, by topic and partition. */
  readonly #sources = new Map<string, SourceEnd>();
  #kernelHash = "";
  readonly #file: JournalFile;

  constructor(file: JournalFile) {
    this.#file = file;
  }

  /** @throws VerificationError unless it is the batch that must come now and all its events are there */
  requireNext({ batch, previousHash, firstPosition, lastPosition, rows }: StoredBatch): void {
    if (batch !== this.batch + 1 || !same(previousHash, this.hash)) throw this.#misplaced(batch, previousHash);
    if (firstPosition !== this.position + 1) {
      const reason = `batch ${batch} begins with event ${firstPosition}, the one before ended with ${this.position}`;
      throw doubt("changed", reason, { batch });
    }
    const claimed = `batch ${batch} claims events ${firstPosition} to ${lastPosition}`;
    for (let event = firstPosition; event <= lastPosition; event++) {
      if (rows[event - firstPosition]?.position === event) continue;
      throw doubt("dropped", `${claimed}, event ${event} is gone`, { batch, event });
    }
    if (lastPosition < this.position) throw doubt("changed", `${claimed}: less than none`, { batch });
  }

  /** @returns false when a batch's content and its hash differ */
  fits(batch: JournalBatch): boolean {
    return same(hashBatch(batch), batch.hash);
  }

  step({ batch, epoch, eventTimeUs, kernelHash, spans, rows, hash }: StoredBatch): void {
    const started = rows.filter(({ kind }) => kind === EPOCH_STARTED).length;
    this.#stepEpoch(batch, epoch, kernelHash, started);
    this.#stepSources(batch, spans);
    if (eventTimeUs < this.eventTimeUs) throw doubt("time", `batch ${batch}: time goes back`, { batch });
    for (const { position, account, previous } of rows) {
      this.position = position;
      if (account === undefined) continue;
      const head = this.accountHeads.get(account) ?? 0;
      if (previous !== head) {
        const reason = `event ${position}: account's previous event is ${head}, not ${previous}`;
        throw doubt("account chain", reason, { batch, event: position });
      }
      this.accountHeads.set(account, position);
    }
    this.batch = batch;
    this.hash = hash;
    this.eventTimeUs = eventTimeUs;
  }

  /** An epoch is one more than the one before, begins with its own event, and has one kernel. */
  #stepEpoch(batch: number, epoch: number, kernelHash: string, started: number): void {
    const begins = epoch !== this.epoch;
    const fault =
      begins && epoch !== this.epoch + 1
        ? `epoch ${epoch} after ${this.epoch}`
        : started !== (begins ? 1 : 0)
          ? `${started} owners begin in it, its epoch ${epoch} ${begins ? "is new" : "is the one before"}`
          : !begins && kernelHash !== this.#kernelHash && "its kernel is not that of its epoch";
    if (fault) throw doubt("epoch", `batch ${batch}: ${fault}`, { batch });
    this.epoch = epoch;
    this.#kernelHash = kernelHash;
  }

  #stepSources(batch: number, spans: JournalBatch["spans"]): void {
    for (const span of spans) {
      const { topic, partition, firstOffset, lastOffset } = span;
      const before = this.#sources.get(`${topic} ${partition}`)?.lastOffset;
      if (lastOffset < firstOffset || firstOffset <= (before ?? -1)) {
        const reason = `batch ${batch}: ${topic}[${partition}] goes from ${before} to ${firstOffset}..${lastOffset}`;
        throw doubt("source", reason, { batch });
      }
      this.#sources.set(`${topic} ${partition}`, span);
    }
  }

  /** Says what was done to the chain, from the links that are left of it. */
  #misplaced(batch: number, previousHash: Uint8Array): VerificationError {
    const links = this.#file.links();
    const successor = links.find((link) => same(link.previousHash, this.hash));
    const gone = `batch ${this.batch + 1} is gone`;
    if (successor === undefined) {
      return doubt("dropped", `${gone}: nothing stands on batch ${this.batch}`, { batch: this.batch + 1 });
    }
    const belongs = `batch ${successor.batch} belongs here`;
    if (links.some((link) => same(link.hash, previousHash) && link.batch > batch)) {
      return doubt("swapped", `batch ${batch} stands on one that comes after it; ${belongs}`, { batch });
    }
    if (same(previousHash, this.hash)) return doubt("dropped", `${gone}: batch ${batch} follows`, { batch });
    return doubt("inserted", `batch ${batch} stands on none of the chain; ${belongs}`, { batch });
  }

  /**
   * A batch stands in its place, but content and hash differ: changed, or put in before the one that belongs here.
   * @param event where the kernel sees it
   */
  changed({ batch, hash }: JournalBatch, event: number | undefined): VerificationError {
    const others = this.#file.links().filter((link) => link.batch !== batch);
    const rival = others.find((link) => same(link.previousHash, this.hash));
    if (rival !== undefined && !others.some((link) => same(link.previousHash, hash))) {
      const reason = `batch ${batch} was put in: batch ${rival.batch} stands in its place on batch ${this.batch}`;
      return doubt("inserted", reason, { batch });
    }
    const seen = event === undefined ? "" : `; the kernel sees it first in event ${event}`;
    return doubt("changed", `batch ${batch}: content and hash differ${seen}`, { batch, event });
  }

  /** The kept ends of the sources against those that the batches reach. */
  compareSources(kept: readonly SourceEnd[]): void {
    for (const { topic, partition, lastOffset, leaderEpoch } of kept) {
      const reached = this.#sources.get(`${topic} ${partition}`);
      if (reached?.lastOffset === lastOffset && reached.leaderEpoch === leaderEpoch) continue;
      const reason = `source position ${topic}[${partition}] is ${lastOffset}, the batches reach`;
      throw doubt("source", `${reason} ${reached?.lastOffset ?? "none of it"}`);
    }
    if (kept.length === this.#sources.size) return;
    throw doubt("source", `${kept.length} source positions are kept, the batches speak of ${this.#sources.size}`);
  }
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
