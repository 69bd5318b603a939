import type { ShardOpened } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Head } from "../../journal/headText.ts";
import type { JournalBatch } from "../../journal/journal.ts";
import { Chain } from "./chain.ts";
import { VerificationError } from "./doubt.ts";
import { type FileHead, JournalFile } from "./journalFile.ts";
import { Machine } from "./machine.ts";
import { addUp, type Money } from "./money.ts";
import { Differences, decode, keptKernel, Rebuild, type RowDifference } from "./rebuild.ts";
import { compareSnapshot, snapshotClaims } from "./snapshotFiles.ts";

export interface VerifyOptions {
  /** The journal's SQLite file. */
  readonly journal: string;
  /** The folder of its snapshots. */
  readonly snapshots: string;
  /** Exported heads of this shard, whose signatures were checked. */
  readonly heads?: readonly Head[];
  /** Replays every stretch under this kernel and counts where rows differ, instead of each under the one that wrote it. */
  readonly kernel?: Uint8Array | undefined;
  readonly progress?: (done: number, total: number) => void;
}

/** One owner's stretch of the journal that one kernel wrote. */
export interface KernelStretch {
  readonly kernelHash: string;
  readonly layoutVersion: number;
  readonly firstBatch: number;
  readonly firstEvent: number;
}

export interface Verification {
  readonly shard: string;
  readonly batches: number;
  readonly position: number;
  readonly epoch: number;
  readonly eventTimeUs: number;
  readonly chainHash: string;
  readonly stateHash: string;
  readonly snapshots: number;
  readonly heads: number;
  readonly kernels: readonly KernelStretch[];
  /** Rows that the given kernel derives otherwise; empty when each stretch was replayed under its own. */
  readonly differences: readonly RowDifference[];
  readonly money: Money;
}

/**
 * Walks a journal from its first byte and rebuilds what it says, sharing nothing with its writer but the tables, the
 * protobuf types, the hash of a batch and the kernels that the journal keeps. An engine may go on appending: what is
 * verified is the journal as it was at the start.
 *
 * @throws VerificationError at the first doubt: what kind, which batch, which event
 */
export async function verifyJournal(options: VerifyOptions): Promise<Verification> {
  // Snapshots first: none that is found can then claim a later batch than the head.
  const snapshots = snapshotClaims(options.snapshots);
  const file = new JournalFile(options.journal);
  try {
    const walk = new Walk(options, file, file.head());
    let compared = 0;
    for (const batch of file.batches(walk.head.batch, (claim) => walk.chain.accept(claim))) {
      walk.step(batch);
      const claim = snapshots.get(batch.batch);
      if (claim !== undefined) {
        if (options.kernel === undefined) compareSnapshot(claim, walk.rebuild, batch.hash);
        compared++;
      }
      options.progress?.(walk.chain.position, walk.head.position);
      // Others get a turn, an engine that appends among them.
      await undefined;
    }
    return walk.end(compared, [...snapshots.keys()]);
  } finally {
    file.close();
  }
}

class Walk {
  readonly chain: Chain;
  readonly head: FileHead;
  readonly #file: JournalFile;
  readonly #heads: ReadonlyMap<number, Head>;
  readonly #kernel: Uint8Array | undefined;
  readonly #differences = new Differences();
  readonly #kernels: KernelStretch[] = [];
  #shard: ShardOpened | undefined;
  #rebuild: Rebuild | undefined;
  #kernelHash = "";
  #eventTimeUs = 0;

  constructor({ heads = [], kernel }: VerifyOptions, file: JournalFile, head: FileHead) {
    this.#file = file;
    this.#kernel = kernel;
    this.#heads = headsByBatch(heads, head);
    this.head = head;
    this.chain = new Chain(file);
  }

  get rebuild(): Rebuild {
    return this.#rebuild!;
  }

  step(batch: JournalBatch): void {
    if (!this.chain.fits(batch)) throw this.chain.changed(batch, this.#firstWrongEvent(batch));
    const exported = this.#heads.get(batch.batch);
    const hash = Buffer.from(batch.hash).toString("hex");
    if (exported !== undefined && exported.chainHash !== hash) {
      const reason = `batch ${batch.batch} has hash ${hash}, the exported head says ${exported.chainHash}`;
      throw new VerificationError("fork", reason, { batch: batch.batch });
    }
    this.chain.step(batch);
    this.#chooseKernel(batch);
    this.rebuild.batch(batch);
    this.#eventTimeUs = batch.eventTimeUs;
    if (exported !== undefined) this.#compareHead(exported);
  }

  /** What the kernel says of a batch that its hash does not fit. */
  #firstWrongEvent(batch: JournalBatch): number | undefined {
    try {
      this.#chooseKernel(batch);
      this.rebuild.batch(batch);
    } catch (error) {
      if (error instanceof VerificationError) return error.event;
    }
    return undefined;
  }

  #chooseKernel(batch: JournalBatch): void {
    const { kernelHash } = batch;
    if (kernelHash === this.#kernelHash) return;
    const kept = keptKernel(this.#file.kernel(kernelHash), kernelHash, batch.batch);
    this.#shard ??= shardOf(batch);
    const machine = new Machine(this.#kernel ?? kept, this.#shard);
    const { layoutVersion } = this.#kernel === undefined ? machine : new Machine(kept, this.#shard);
    const firstEvent = this.chain.position - batch.rows.length + 1;
    this.#kernels.push({ kernelHash, layoutVersion, firstBatch: batch.batch, firstEvent });
    this.#kernelHash = kernelHash;
    if (this.#rebuild === undefined) {
      this.#rebuild = new Rebuild(machine, this.#kernel === undefined ? undefined : this.#differences);
    } else if (this.#kernel === undefined) {
      if (machine.layoutVersion === this.#rebuild.machine.layoutVersion) this.#rebuild.goOnUnder(machine);
      else this.#migrate(machine, batch);
    }
  }

  /**
   * The records changed shape: the writer replayed every input under the new kernel, and so does this. How many rows
   * came out otherwise stands in the event that began the epoch.
   */
  #migrate(machine: Machine, batch: JournalBatch): void {
    const differences = new Differences();
    const rebuild = new Rebuild(machine, differences);
    for (const earlier of this.#file.batches(batch.batch - 1, () => {})) rebuild.batch(earlier);
    rebuild.compareStrictly();
    const first = batch.rows[0]?.position ?? this.chain.position + 1;
    machine.putPositions(first, this.#headsBefore(batch));
    const started = batch.rows.map((row) => decode(row).body).find((body) => body?.$case === "epochStarted");
    const told = started?.$case === "epochStarted" ? started.value.migration?.differingRows : undefined;
    if (told !== BigInt(differences.count)) {
      const reason = `batch ${batch.batch} says that ${told} rows differ under its kernel, ${differences.count} do`;
      throw new VerificationError("kernel", reason, { batch: batch.batch });
    }
    this.#rebuild = rebuild;
  }

  /** The chain has stepped over the batch already: its own rows do not count. */
  #headsBefore({ rows }: JournalBatch): Map<number, number> {
    const heads = new Map(this.chain.accountHeads);
    for (const row of [...rows].reverse()) if (row.account !== undefined) heads.set(row.account, row.previous);
    return heads;
  }

  #compareHead({ batch, position, stateHash }: Head): void {
    const at = { batch };
    if (position !== this.chain.position) {
      const reason = `batch ${batch} ends with event ${this.chain.position}, the exported head says ${position}`;
      throw new VerificationError("fork", reason, at);
    }
    if (stateHash === undefined || this.#kernel !== undefined || stateHash === this.rebuild.stateHash()) return;
    const reason = `batch ${batch}: the state is not the one that the exported head names`;
    throw new VerificationError("derivation", reason, at);
  }

  end(compared: number, snapshotBatches: readonly number[]): Verification {
    const { chain, head, rebuild } = this;
    if (chain.batch !== head.batch || chain.position !== head.position) {
      throw new VerificationError("dropped", `the walk ended at batch ${chain.batch}, the last one is ${head.batch}`);
    }
    const beyond = snapshotBatches.find((batch) => batch > head.batch);
    if (beyond !== undefined) {
      const reason = `the journal ends with batch ${head.batch}, a snapshot stands on batch ${beyond}`;
      throw new VerificationError("truncated", reason, { batch: head.batch + 1 });
    }
    if (head.stray !== undefined) {
      const reason = `event ${head.stray} stands after the last batch and belongs to none`;
      throw new VerificationError("inserted", reason, { event: head.stray });
    }
    chain.compareSources(head.sources);
    const wrong = this.#file.wrongAccountHead();
    if (wrong !== undefined) {
      const reason = `account_head names event ${wrong.position} of account ${wrong.account}, which is not the account's`;
      throw new VerificationError("account chain", reason, { event: wrong.position });
    }
    return {
      shard: this.#shard!.shard,
      batches: chain.batch,
      position: chain.position,
      epoch: chain.epoch,
      eventTimeUs: this.#eventTimeUs,
      chainHash: Buffer.from(chain.hash).toString("hex"),
      stateHash: rebuild.stateHash(),
      snapshots: compared,
      heads: this.#heads.size,
      kernels: this.#kernels,
      differences: this.#differences.byKind(),
      money: addUp(rebuild.machine, rebuild.names),
    };
  }
}

/** @throws VerificationError when two heads of one batch differ, or the journal ends before one */
function headsByBatch(heads: readonly Head[], { batch: last }: FileHead): Map<number, Head> {
  const byBatch = new Map<number, Head>();
  for (const head of heads) {
    const other = byBatch.get(head.batch);
    if (other !== undefined && other.chainHash !== head.chainHash) {
      const reason = `two exported heads of batch ${head.batch} differ: ${other.chainHash} and ${head.chainHash}`;
      throw new VerificationError("fork", reason, { batch: head.batch });
    }
    if (head.batch > last) {
      const reason = `the journal ends with batch ${last}, below the exported head of batch ${head.batch}`;
      throw new VerificationError("truncated", reason, { batch: last + 1 });
    }
    byBatch.set(head.batch, head);
  }
  return byBatch;
}

/** The first event says how large the shard is. */
function shardOf({ batch, rows }: JournalBatch): ShardOpened {
  const body = rows[0] === undefined ? undefined : decode(rows[0]).body;
  if (body?.$case === "shardOpened") return body.value;
  throw new VerificationError("derivation", `batch ${batch}: event 1 is not ShardOpened`, { batch, event: 1 });
}
