import type { SourcePosition } from "../../services/ingest/source.ts";
import { CHAIN_START } from "../../services/journal/batchHash.ts";
import {
  type Journal,
  type JournalBatch,
  JournalConflictError,
  JournalFailedError,
  type JournalHead,
  type JournalRow,
  type KernelStretch,
} from "../../services/journal/journal.ts";

/** What several owners of a MemoryJournal share, as they would share a file. */
export class MemoryStore {
  readonly batches: JournalBatch[] = [];
  readonly rows: JournalRow[] = [];
  readonly kernels = new Map<string, Uint8Array>();
  readonly positions = new Map<string, SourcePosition>();
}

/** A journal that is forgotten with the test. It passes the same contract as those that are kept. */
export class MemoryJournal implements Journal {
  readonly store: MemoryStore;
  closed = false;

  constructor(store = new MemoryStore()) {
    this.store = store;
  }

  async head(): Promise<JournalHead> {
    return this.#head();
  }

  #head(): JournalHead {
    const last = this.store.batches.at(-1);
    if (last === undefined) return { batch: 0, position: 0, epoch: 0, hash: CHAIN_START };
    return { batch: last.batch, position: this.store.rows.length, epoch: last.epoch, hash: last.hash };
  }

  async append(batch: JournalBatch, expected: JournalHead): Promise<void> {
    const head = this.#head();
    if (head.batch !== expected.batch || Buffer.compare(head.hash, expected.hash) !== 0) {
      throw new JournalConflictError(`the journal ends with batch ${head.batch}, not ${expected.batch}`);
    }
    const first = this.store.rows.length + 1;
    if (batch.rows.some((row, index) => row.position !== first + index)) {
      throw new JournalFailedError(`batch ${batch.batch} does not go on at position ${first}`);
    }
    this.store.batches.push({ ...batch, rows: [...batch.rows] });
    this.store.rows.push(...batch.rows);
    for (const { topic, partition, leaderEpoch, lastOffset } of batch.spans) {
      this.store.positions.set(JSON.stringify([topic, partition]), { topic, partition, leaderEpoch, lastOffset });
    }
  }

  async *batches(from: number): AsyncGenerator<JournalBatch> {
    for (let index = from - 1; index < this.store.batches.length; index++) yield this.store.batches[index]!;
  }

  async row(position: number): Promise<JournalRow | undefined> {
    return this.store.rows[position - 1];
  }

  async sourcePositions(): Promise<SourcePosition[]> {
    return [...this.store.positions].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, position]) => position);
  }

  async keepKernel(hash: string, binary: Uint8Array): Promise<void> {
    if (!this.store.kernels.has(hash)) this.store.kernels.set(hash, Buffer.from(binary));
  }

  async kernel(hash: string): Promise<Uint8Array | undefined> {
    return this.store.kernels.get(hash);
  }

  async kernelStretches(from: number): Promise<KernelStretch[]> {
    return this.store.batches
      .slice(from - 1)
      .filter(({ kernelHash }, index, all) => kernelHash !== all[index - 1]?.kernelHash)
      .map(({ batch, kernelHash }) => ({ firstBatch: batch, kernelHash }));
  }

  async keepAccountHeads(): Promise<void> {
    // For those who read with a shell; nobody has one here.
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
