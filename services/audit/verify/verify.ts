// `plimsoll verify`. To be read at one sitting, in this order:
//
//   doubt.ts         what may be found wrong
//   journalFile.ts   the tables of a journal, a batch at a time
//   chain.ts         each batch against the one before: hashes, epochs, sources, account chains
//   layouts.ts       the kernel's slots and records, by layout version (data)
//   machine.ts       a kernel of the journal at work
//   identity.ts      the numbers that a kernel knows texts by
//   names.ts         which name has which number
//   feed.ts          a recorded input as a slot
//   rowFigures.ts    what a kernel's answer is called in a row (data); expected.ts: the payload that a row must have
//   rebuild.ts       inputs in, answers against rows
//   snapshotFiles.ts, money.ts
//   verify.ts        the walk, below

import { createHash } from "node:crypto";
import type { ShardOpened } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Head } from "../../journal/headText.ts";
import type { JournalBatch } from "../../journal/journal.ts";
import { Chain } from "./chain.ts";
import { VerificationError } from "./doubt.ts";
import { type FileHead, JournalFile } from "./journalFile.ts";
import { Machine } from "./machine.ts";
import { addUp, type Money } from "./money.ts";
import { Differences, decode, Rebuild, type RowDifference } from "./rebuild.ts";
import { compareSnapshot, snapshotClaims } from "./snapshotFiles.ts";

export interface VerifyOptions {
  /** The journal's SQLite file, and the folder of its snapshots. */
  readonly journal: string;
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

export interface Verification extends Readonly<Record<"batches" | "position" | "epoch" | "eventTimeUs", number>> {
  readonly shard: string;
  readonly chainHash: string;
  readonly stateHash: string;
  /** How many were compared. */
  readonly snapshots: number;
  readonly heads: number;
  readonly kernels: readonly KernelStretch[];
  /** Rows that the given kernel derives otherwise; empty when each stretch was replayed under its own. */
  readonly differences: readonly RowDifference[];
  readonly money: Money;
}

/**
 * Walks a journal from its first byte and rebuilds what it says, sharing nothing with its writer but the tables, the
 * protobuf types, the hash of a batch, the text of a head and the kernels that the journal keeps. An engine may go on
 * appending: what is verified is the journal as it was at the start.
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
    for (const claim of file.claims(walk.head.batch)) {
      walk.step(walk.chain.accept(claim));
      const snapshot = snapshots.get(claim.batch);
      if (snapshot !== undefined) {
        if (options.kernel === undefined) compareSnapshot(snapshot, walk.rebuild, claim.hash);
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
    this.#replay(batch);
    this.#eventTimeUs = batch.eventTimeUs;
    if (exported !== undefined) this.#compareHead(exported);
  }

  #replay(batch: JournalBatch): void {
    if (batch.kernelHash !== this.#kernels.at(-1)?.kernelHash) this.#changeKernel(batch);
    this.rebuild.batch(batch);
  }

  /** What the kernel says of a batch that its hash does not fit. */
  #firstWrongEvent(batch: JournalBatch): number | undefined {
    try {
      this.#replay(batch);
    } catch (error) {
      if (error instanceof VerificationError) return error.event;
    }
    return undefined;
  }

  #changeKernel(batch: JournalBatch): void {
    const { kernelHash } = batch;
    const kept = this.#keptKernel(batch);
    this.#shard ??= shardOf(batch);
    const machine = new Machine(this.#kernel ?? kept, this.#shard);
    const { layoutVersion } = this.#kernel === undefined ? machine : new Machine(kept, this.#shard);
    const firstEvent = this.chain.position - batch.rows.length + 1;
    this.#kernels.push({ kernelHash, layoutVersion, firstBatch: batch.batch, firstEvent });
    if (this.#rebuild === undefined) {
      this.#rebuild = new Rebuild(machine, this.#kernel === undefined ? undefined : this.#differences);
    } else if (this.#kernel === undefined) {
      if (machine.layoutVersion === this.#rebuild.machine.layoutVersion) this.#rebuild.goOnUnder(machine);
      else this.#migrate(machine, batch);
    }
  }

  #keptKernel({ batch, kernelHash }: JournalBatch): Uint8Array {
    const kept = this.#file.kernel(kernelHash);
    if (kept !== undefined && createHash("sha256").update(kept).digest("hex") === kernelHash) return kept;
    const reason = `batch ${batch}: the kernel ${kernelHash} that computed it is not kept, or not whole`;
    throw new VerificationError("kernel", reason, { batch });
  }

  /**
   * The records changed shape: the writer replayed every input under the new kernel, and so does this. How many rows
   * came out otherwise stands in the event that began the epoch.
   */
  #migrate(machine: Machine, { batch, rows }: JournalBatch): void {
    const differences = new Differences();
    const rebuild = new Rebuild(machine, differences);
    for (const claim of this.#file.claims(batch - 1)) rebuild.batch(this.#file.batch(claim));
    rebuild.compareStrictly();
    // The chain has stepped over the batch already: its own rows do not count.
    const heads = new Map(this.chain.accountHeads);
    for (const { account, previous } of [...rows].reverse()) if (account !== undefined) heads.set(account, previous);
    machine.putPositions(rows[0]?.position ?? this.chain.position + 1, heads);
    const started = rows.map((row) => decode(row).body).find((body) => body?.$case === "epochStarted");
    const told = started?.$case === "epochStarted" ? started.value.migration?.differingRows : undefined;
    if (told !== BigInt(differences.count)) {
      const reason = `batch ${batch} says that ${told} rows differ under its kernel, ${differences.count} do`;
      throw new VerificationError("kernel", reason, { batch });
    }
    this.#rebuild = rebuild;
  }

  #compareHead({ batch, position, stateHash }: Head): void {
    if (position !== this.chain.position) {
      const reason = `batch ${batch} ends with event ${this.chain.position}, the exported head says ${position}`;
      throw new VerificationError("fork", reason, { batch });
    }
    if (stateHash === undefined || this.#kernel !== undefined || stateHash === this.rebuild.stateHash()) return;
    const reason = `batch ${batch}: the state is not the one that the exported head names`;
    throw new VerificationError("derivation", reason, { batch });
  }

  end(snapshots: number, snapshotBatches: readonly number[]): Verification {
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
      ...{ shard: this.#shard!.shard, batches: chain.batch, position: chain.position, epoch: chain.epoch },
      eventTimeUs: this.#eventTimeUs,
      chainHash: Buffer.from(chain.hash).toString("hex"),
      stateHash: rebuild.stateHash(),
      ...{ snapshots, heads: this.#heads.size, kernels: this.#kernels },
      differences: this.#differences.byKind(),
      money: addUp(rebuild.machine, rebuild.names),
    };
  }
}

/** @throws VerificationError when two heads of one batch differ, or the journal ends before one */
function headsByBatch(heads: readonly Head[], { batch: last }: FileHead): Map<number, Head> {
  const byBatch = new Map<number, Head>();
  for (const head of heads) {
    const { batch, chainHash } = head;
    const other = byBatch.get(batch)?.chainHash ?? chainHash;
    if (other !== chainHash) {
      const reason = `two exported heads of batch ${batch} differ: ${other} and ${chainHash}`;
      throw new VerificationError("fork", reason, { batch });
    }
    if (batch > last) {
      const reason = `the journal ends with batch ${last}, below the exported head of batch ${batch}`;
      throw new VerificationError("truncated", reason, { batch: last + 1 });
    }
    byBatch.set(batch, head);
  }
  return byBatch;
}

/** The first event says how large the shard is. */
function shardOf({ batch, rows }: JournalBatch): ShardOpened {
  const body = rows[0] === undefined ? undefined : decode(rows[0]).body;
  if (body?.$case === "shardOpened") return body.value;
  throw new VerificationError("derivation", `batch ${batch}: event 1 is not ShardOpened`, { batch, event: 1 });
}
