import { createHash } from "node:crypto";
import { LAYOUT_VERSION } from "../../assembly/memory/layout.ts";
import type { Migration } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type Journal,
  type JournalBatch,
  JournalDamagedError,
  type JournalHead,
  type JournalRow,
} from "../journal/journal.ts";
import type { SnapshotStore } from "../journal/snapshots.ts";
import { sameContent } from "../journal/upcast.ts";
import { type Capacities, DEFAULT_HOLDS, Kernel, layoutVersionOf } from "../kernel/kernel.ts";
import { MigrationReplay } from "./migrationReplay.ts";
import { Names, type NamesText } from "./names.ts";
import { recallInput } from "./recall.ts";
import { refoldBatch } from "./refold.ts";
import { Shard } from "./shard.ts";

/** The kernel did not do again what the journal says it did. */
export class ReplayMismatchError extends Error {
  override readonly name = "ReplayMismatchError";
  readonly position: number;

  constructor(position: number, reason: string) {
    super(`event ${position} replays differently: ${reason}`);
    this.position = position;
  }
}

/** How a shard came back. */
export interface Recovery {
  /** Under the kernel that goes on. */
  readonly shard: Shard;
  readonly head: JournalHead;
  /** Position of the snapshot that it began with; 0 for the start of the log. */
  readonly snapshotPosition: number;
  readonly replayedEvents: number;
  /** Set when the records of the last owner's kernel had another shape: what the replay under this one found. */
  readonly migration: Migration | undefined;
}

export type RecoveryProgress = (done: number, total: number) => void;

/** The capacities that a journal was opened with: its first event. */
export async function capacitiesOf(journal: Journal): Promise<Capacities> {
  return capacitiesIn(await journal.row(1));
}

/** @param first event of a journal. @throws JournalDamagedError when it is no opening */
export function capacitiesIn(first: JournalRow | undefined): Capacities {
  const opened = first === undefined ? undefined : recallInput(first, new Names());
  if (opened?.input.kind !== "shardOpened") throw new JournalDamagedError("event 1 is not ShardOpened");
  const { accountCapacity, poolCapacity, positionCapacity, instrumentCapacity, identityCapacity, holdCapacity } =
    opened.input.shard;
  return {
    accounts: accountCapacity,
    pools: poolCapacity,
    positions: positionCapacity,
    instruments: instrumentCapacity,
    identities: identityCapacity,
    holds: holdCapacity === 0 ? DEFAULT_HOLDS : holdCapacity,
  };
}

/**
 * Builds a shard again from its journal: the newest snapshot that fits, and the batches after it, each under the kernel
 * that wrote it. The state is then handed to this host's kernel, table by table; where the records have another shape it
 * is built anew by a replay of every input (docs/journal.md, "The kernel that wrote it").
 *
 * @param log is told of snapshots that were passed over, and of a change of kernels
 * @throws ReplayMismatchError when a kernel does not derive what the journal holds
 * @throws KernelMigrationError when a journal cannot be carried to this host's records
 */
export async function recover(
  journal: Journal,
  binary: Uint8Array,
  snapshots: SnapshotStore,
  log: (message: string) => void,
  progress: RecoveryProgress = () => {},
): Promise<Recovery> {
  const head = await journal.head();
  const capacities = await capacitiesOf(journal);
  const kernels = new KeptKernels(journal, binary, capacities);
  const begun =
    (await newestThatFits(journal, head, snapshots, log, kernels)) ?? (await fromTheStart(journal, head, kernels));
  const { position: start } = begun;
  let { shard } = begun;
  for await (const batch of journal.batches(begun.batch + 1)) {
    if (batch.kernelHash !== shard.kernel.hash) {
      shard = handOver(shard, await kernels.create(batch.kernelHash));
    }
    replayBatch(shard, batch);
    progress(shard.reader.nextPosition - 1 - start, head.position - start);
  }
  const position = shard.reader.nextPosition - 1;
  if (position !== head.position) {
    throw new JournalDamagedError(`the log ends at event ${position}, its last batch says ${head.position}`);
  }
  const goesOn = kernels.current;
  if (shard.kernel.hash !== goesOn) {
    log(`kernel ${shard.kernel.hash.slice(0, 16)} wrote the journal so far, ${goesOn.slice(0, 16)} goes on`);
    shard = handOver(shard, await kernels.create(goesOn));
  }
  // One that happened before was told in its epoch's first event.
  const migration = begun.batch === head.batch ? begun.migration : undefined;
  if (migration !== undefined) {
    log(
      `the records changed from layout ${migration.formerLayout} to ${migration.layout}: every input was replayed, ` +
        `${migration.differingRows} rows come out otherwise and stay as they were told`,
    );
  }
  return { shard, head, snapshotPosition: begun.snapshot, replayedEvents: position - begun.snapshot, migration };
}

/** Where a recovery begins to compare. */
interface Beginning {
  readonly shard: Shard;
  /** The last batch and event that its state holds. */
  readonly batch: number;
  readonly position: number;
  readonly snapshot: number;
  readonly migration: Migration | undefined;
}

/** The kernels of a journal, this host's own among them. */
class KeptKernels {
  readonly current: string;
  readonly #journal: Journal;
  readonly #binary: Uint8Array;
  readonly #capacities: Capacities;

  constructor(journal: Journal, binary: Uint8Array, capacities: Capacities) {
    this.#journal = journal;
    this.#binary = binary;
    this.#capacities = capacities;
    this.current = hashOf(binary);
  }

  /** @throws JournalDamagedError when the journal does not have it whole */
  async binary(hash: string): Promise<Uint8Array> {
    if (hash === this.current) return this.#binary;
    const kept = await this.#journal.kernel(hash);
    if (kept !== undefined && hashOf(kept) === hash) return kept;
    throw new JournalDamagedError(`the kernel ${hash} that computed a stretch is not kept, or not whole`);
  }

  async layoutVersion(hash: string): Promise<number> {
    return hash === this.current ? LAYOUT_VERSION : layoutVersionOf(await this.binary(hash));
  }

  async create(hash: string): Promise<Kernel> {
    return Kernel.create(await this.binary(hash), this.#capacities);
  }
}

function hashOf(binary: Uint8Array): string {
  return createHash("sha256").update(binary).digest("hex");
}

/** The same state under another kernel whose records have the same shape. */
function handOver(shard: Shard, kernel: Kernel): Shard {
  kernel.restoreTables(shard.kernel.copyTables());
  return new Shard(kernel, shard.names);
}

/** The state at the newest snapshot that fits. */
async function newestThatFits(
  journal: Journal,
  head: JournalHead,
  snapshots: SnapshotStore,
  log: (message: string) => void,
  kernels: KeptKernels,
): Promise<Beginning | undefined> {
  for (const snapshot of snapshots.read((file, reason) => log(`snapshot ${file} passed over: ${reason}`))) {
    const { header } = snapshot;
    const passOver = (reason: string): void => {
      log(`snapshot at event ${header.position} passed over: ${reason}`);
    };
    if (header.batch > head.batch) {
      passOver(`the journal ends before it, at event ${head.position}`);
      continue;
    }
    const batch = await batchOf(journal, header.batch);
    if (batch === undefined || header.chainHash !== Buffer.from(batch.hash).toString("hex")) {
      passOver("it belongs to another history");
      continue;
    }
    // A kernel goes on from its own epoch: the batch names the one that the state is of.
    if (header.layoutVersion !== LAYOUT_VERSION || header.kernelHash !== batch.kernelHash) {
      passOver("another kernel wrote it");
      continue;
    }
    if (!(await stays(journal, header.batch, kernels))) {
      passOver("the records change their shape after it");
      continue;
    }
    const kernel = await kernels.create(header.kernelHash);
    const shard = new Shard(kernel, Names.fromText(header.names as NamesText));
    kernel.restoreTables(snapshot.tables);
    if (shard.stateHash() === header.stateHash) {
      const { position } = header;
      return { shard, batch: header.batch, position, snapshot: position, migration: undefined };
    }
    passOver("its state is not the one that it names");
  }
  return undefined;
}

/** Whether every kernel after the batch keeps records as this host reads them. */
async function stays(journal: Journal, after: number, kernels: KeptKernels): Promise<boolean> {
  const stretches = await journal.kernelStretches(after + 1);
  const layouts = await Promise.all(stretches.map(({ kernelHash }) => kernels.layoutVersion(kernelHash)));
  return layouts.every((layout) => layout === LAYOUT_VERSION);
}

/**
 * An empty shard; or, when kernels with records of another shape wrote a part of the log, the state that the first kernel
 * after them began with: all inputs replayed under it.
 */
async function fromTheStart(journal: Journal, head: JournalHead, kernels: KeptKernels): Promise<Beginning> {
  const stretches = await journal.kernelStretches(1);
  const layouts = await Promise.all(stretches.map(({ kernelHash }) => kernels.layoutVersion(kernelHash)));
  const foreign = layouts.findLastIndex((layout) => layout !== LAYOUT_VERSION);
  const next = stretches[foreign + 1];
  const kernel = await kernels.create(next?.kernelHash ?? kernels.current);
  const shard = new Shard(kernel);
  if (foreign < 0) return { shard, batch: 0, position: 0, snapshot: 0, migration: undefined };
  const upTo = next === undefined ? head.batch : next.firstBatch - 1;
  const replay = new MigrationReplay(shard);
  for await (const batch of journal.batches(1)) {
    if (batch.batch > upTo) break;
    replay.batch(batch);
  }
  const position = replay.end();
  const { differingRows } = replay;
  const migration = { formerLayout: layouts[foreign]!, layout: LAYOUT_VERSION, differingRows };
  return { shard, batch: upTo, position, snapshot: 0, migration };
}

async function batchOf(journal: Journal, number: number): Promise<JournalBatch | undefined> {
  for await (const batch of journal.batches(number)) return batch;
  return undefined;
}

/** Feeds a batch's inputs to the shard again and holds what comes out against what the batch says. */
export function replayBatch(shard: Shard, batch: JournalBatch): void {
  let compared = 0;
  for (const row of refoldBatch(shard, batch)) compareRow(row, batch.rows[compared++]);
  if (compared !== batch.rows.length) {
    throw new ReplayMismatchError(batch.rows[compared]!.position, "the kernel does not derive it");
  }
}

function compareRow(derived: JournalRow, kept: JournalRow | undefined): void {
  if (kept === undefined) throw new ReplayMismatchError(derived.position, "the journal does not have it");
  const same =
    derived.position === kept.position &&
    derived.kind === kept.kind &&
    derived.account === kept.account &&
    derived.instrument === kept.instrument &&
    derived.previous === kept.previous &&
    derived.eventTimeUs === kept.eventTimeUs &&
    sameContent(kept.payload, derived.payload);
  if (!same) {
    throw new ReplayMismatchError(
      kept.position,
      `the journal has kind ${kept.kind} of account ${kept.account}, the kernel derives kind ${derived.kind} of ` +
        `account ${derived.account}${derived.kind === kept.kind ? ", with other content" : ""}`,
    );
  }
}
