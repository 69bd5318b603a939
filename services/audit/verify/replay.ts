import { createHash } from "node:crypto";
import type { ShardOpened } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { JournalBatch } from "../../journal/journal.ts";
import { type Chain, EPOCH_STARTED } from "./chain.ts";
import { doubt, VerificationError } from "./doubt.ts";
import type { JournalFile } from "./journalFile.ts";
import { Machine } from "./machine.ts";
import { decode, Rebuild, type RowDifference } from "./rebuild.ts";

/** One owner's stretch of the journal that one kernel wrote. */
export interface KernelStretch {
  readonly kernelHash: string;
  readonly layoutVersion: number;
  readonly firstBatch: number;
  readonly firstEvent: number;
}

/** Replays batches under the kernel that wrote each stretch, or all of them under a given one. */
export class Replay {
  readonly kernels: KernelStretch[] = [];
  /** Rows that the given kernel derives otherwise, by kind. */
  readonly differences = new Map<number, RowDifference>();
  /** Both are there once a batch was replayed. */
  shard!: ShardOpened;
  rebuild!: Rebuild;
  readonly #file: JournalFile;
  readonly #chain: Chain;
  readonly #given: Uint8Array | undefined;

  constructor(file: JournalFile, chain: Chain, given: Uint8Array | undefined) {
    this.#file = file;
    this.#chain = chain;
    this.#given = given;
  }

  /** @param batch the chain has stepped over it */
  batch(batch: JournalBatch): void {
    if (batch.kernelHash !== this.kernels.at(-1)?.kernelHash) this.rebuild = this.#changedKernel(batch);
    this.rebuild.batch(batch);
  }

  /** What the kernel says of a batch that its hash does not fit. */
  firstWrongEvent(batch: JournalBatch): number | undefined {
    try {
      this.batch(batch);
    } catch (error) {
      if (error instanceof VerificationError) return error.event;
    }
    return undefined;
  }

  #changedKernel(batch: JournalBatch): Rebuild {
    const { kernelHash, rows } = batch;
    const kept = this.#keptKernel(batch);
    this.shard ??= shardOf(batch);
    const own = new Machine(kept, this.shard);
    const firstEvent = this.#chain.position - rows.length + 1;
    this.kernels.push({ kernelHash, layoutVersion: own.layoutVersion, firstBatch: batch.batch, firstEvent });
    const former: Rebuild | undefined = this.rebuild;
    if (this.#given !== undefined) return former ?? new Rebuild(new Machine(this.#given, this.shard), this.differences);
    if (former === undefined) return new Rebuild(own);
    if (own.layoutVersion !== former.machine.layoutVersion) return this.#migrated(own, batch);
    own.takeOver(former.machine);
    former.machine = own;
    return former;
  }

  #keptKernel({ batch, kernelHash }: JournalBatch): Uint8Array {
    const kept = this.#file.kernel(kernelHash);
    if (kept !== undefined && createHash("sha256").update(kept).digest("hex") === kernelHash) return kept;
    throw doubt("kernel", `batch ${batch}: the kernel ${kernelHash} that computed it is not kept, or not whole`, {
      batch,
    });
  }

  /**
   * The records changed shape: the writer replayed every input under the new kernel, and so does this. How many rows
   * came out otherwise stands in the event that began the epoch.
   */
  #migrated(machine: Machine, { batch, rows }: JournalBatch): Rebuild {
    const rebuild = new Rebuild(machine, new Map());
    for (const former of this.#file.batches(batch - 1)) rebuild.batch(former);
    const counted = [...rebuild.differences!.values()].reduce((sum, { count }) => sum + count, 0);
    rebuild.differences = undefined;
    // The chain has stepped over the batch already: its own rows do not count.
    const heads = new Map(this.#chain.accountHeads);
    for (const { account, previous } of [...rows].reverse()) if (account !== undefined) heads.set(account, previous);
    machine.putPositions(rows[0]?.position ?? this.#chain.position + 1, heads);
    const started = rows.filter(({ kind }) => kind === EPOCH_STARTED).map((row) => decode(row).body)[0];
    const told = started?.$case === "epochStarted" ? started.value.migration?.differingRows : undefined;
    if (told === BigInt(counted)) return rebuild;
    throw doubt("kernel", `batch ${batch} says that ${told} rows differ under its kernel, ${counted} do`, { batch });
  }
}

/** The first event says how large the shard is. */
function shardOf({ batch, rows }: JournalBatch): ShardOpened {
  const body = rows[0] === undefined ? undefined : decode(rows[0]).body;
  if (body?.$case === "shardOpened") return body.value;
  throw doubt("derivation", `batch ${batch}: event 1 is not ShardOpened`, { batch, event: 1 });
}
