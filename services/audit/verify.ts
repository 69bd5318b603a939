import { createHash } from "node:crypto";
import { LAYOUT_VERSION } from "../../assembly/layout.ts";
import { type Conservation, conservationOf } from "../engine/conservation.ts";
import { capacitiesOf, replayBatch } from "../engine/recovery.ts";
import { Shard } from "../engine/shard.ts";
import type { SourcePosition } from "../ingest/source.ts";
import { CHAIN_START, hashBatch } from "../journal/batchHash.ts";
import type { Journal, JournalBatch, JournalHead } from "../journal/journal.ts";
import type { Snapshot, SnapshotStore } from "../journal/snapshots.ts";
import { Kernel } from "../kernel/kernel.ts";

/** A journal is not what it claims to be, or the kernel does not derive it. Names the first place where it fails. */
export class VerificationError extends Error {
  override readonly name = "VerificationError";
}

export interface Verification {
  readonly batches: number;
  readonly position: number;
  readonly epoch: number;
  readonly chainHash: string;
  readonly stateHash: string;
  readonly snapshots: number;
  readonly conservation: Conservation;
}

/**
 * Walks the whole journal: chain, positions, epochs, account chains; applies every input again and holds each derived byte
 * against the record; compares each snapshot with the state rebuilt at its position, the source positions with the spans
 * and the kept kernels with their hashes; adds up the money. An engine may go on appending meanwhile: what is verified is
 * the journal as it was at the start.
 *
 * @throws VerificationError, JournalDamagedError, JournalRowError or ReplayMismatchError at the first doubt
 */
export async function verifyJournal(
  journal: Journal,
  binary: Uint8Array,
  snapshots: SnapshotStore,
  progress: (done: number, total: number) => void,
): Promise<Verification> {
  // Snapshots first: none that is found can then claim a later batch than the head.
  const claims = snapshotsByBatch(snapshots);
  const { head, positions } = await headWithPositions(journal);
  if (head.batch === 0) throw new VerificationError("the journal is empty");
  const walk = new ChainWalk();
  let shard: Shard | undefined;
  let compared = 0;
  for await (const batch of journal.batches(1)) {
    if (!walk.kernels.has(batch.kernelHash)) await requireKeptKernel(journal, batch);
    walk.step(batch);
    // The first event says how large the shard is: it is believed once its batch has passed.
    shard ??= new Shard(Kernel.create(binary, await capacitiesOf(journal)));
    replayBatch(shard, batch);
    const claim = claims.get(batch.batch);
    if (claim !== undefined) {
      compareSnapshot(claim, shard, batch);
      compared++;
    }
    progress(walk.position, head.position);
    if (batch.batch === head.batch) break;
  }
  if (shard === undefined || walk.batch !== head.batch || walk.position !== head.position) {
    throw new VerificationError(`the walk ended at batch ${walk.batch}, the head says ${head.batch}`);
  }
  if (compared !== claims.size) throw new VerificationError("a snapshot claims a batch that the journal does not have");
  comparePositions(walk.sources, positions);
  await requireNothingAfter(journal, head);
  const conservation = conservationOf(shard);
  const lost = conservation.currencies.find((sum) => sum.difference !== 0n);
  if (lost !== undefined) {
    throw new VerificationError(`${lost.currency}: ${lost.difference} units are not accounted for (MAR-026)`);
  }
  return {
    batches: walk.batch,
    position: walk.position,
    epoch: walk.epoch,
    chainHash: Buffer.from(walk.hash).toString("hex"),
    stateHash: shard.stateHash(),
    snapshots: compared,
    conservation,
  };
}

/** The head and the source positions of the same moment, though an engine may be appending. */
async function headWithPositions(journal: Journal): Promise<{ head: JournalHead; positions: SourcePosition[] }> {
  for (let head = await journal.head(); ; ) {
    const positions = await journal.sourcePositions();
    const now = await journal.head();
    if (now.batch === head.batch) return { head, positions };
    head = now;
  }
}

async function requireKeptKernel(journal: Journal, { batch, kernelHash }: JournalBatch): Promise<void> {
  const kept = await journal.kernel(kernelHash);
  if (kept !== undefined && createHash("sha256").update(kept).digest("hex") === kernelHash) return;
  throw new VerificationError(`batch ${batch}: the kernel ${kernelHash} that computed it is not kept, or not whole`);
}

function comparePositions(walked: ReadonlyMap<string, SourcePosition>, kept: readonly SourcePosition[]): void {
  for (const position of kept) {
    const { topic, partition, leaderEpoch, lastOffset } = position;
    const last = walked.get(partitionName(position));
    if (last?.lastOffset === lastOffset && last.leaderEpoch === leaderEpoch) continue;
    throw new VerificationError(
      `source position ${topic}[${partition}] is ${lastOffset}, the batches reach ${last?.lastOffset ?? "none of it"}`,
    );
  }
  if (kept.length !== walked.size) {
    throw new VerificationError(`${kept.length} source positions are kept, the batches speak of ${walked.size}`);
  }
}

async function requireNothingAfter(journal: Journal, head: JournalHead): Promise<void> {
  const after = await journal.row(head.position + 1);
  const now = await journal.head();
  if (after !== undefined && now.batch === head.batch) {
    throw new VerificationError(`event ${after.position} stands after the last batch and belongs to none`);
  }
}

/** Holds each batch against the one before it. */
class ChainWalk {
  batch = 0;
  position = 0;
  epoch = 0;
  hash: Uint8Array = CHAIN_START;
  /** Hashes of the kernels that the batches name. */
  readonly kernels = new Set<string>();
  /** The newest span of each partition. */
  readonly sources = new Map<string, SourcePosition>();
  #eventTimeUs = Number.MIN_SAFE_INTEGER;
  readonly #accountHeads = new Map<number, number>();

  step(batch: JournalBatch): void {
    const where = `batch ${batch.batch}`;
    if (batch.batch !== this.batch + 1) throw new VerificationError(`${where} follows batch ${this.batch}`);
    if (!equal(batch.previousHash, this.hash)) throw new VerificationError(`${where} does not stand on the one before`);
    if (!equal(hashBatch(batch), batch.hash)) throw new VerificationError(`${where}: content and hash differ`);
    if (batch.epoch < this.epoch) throw new VerificationError(`${where}: epoch ${batch.epoch} after ${this.epoch}`);
    if (batch.eventTimeUs < this.#eventTimeUs) throw new VerificationError(`${where}: time goes back`);
    for (const row of batch.rows) {
      if (row.position !== this.position + 1) {
        throw new VerificationError(`${where}: event ${row.position} follows event ${this.position}`);
      }
      this.position = row.position;
      if (row.account === undefined) continue;
      const previous = this.#accountHeads.get(row.account) ?? 0;
      if (row.previous !== previous) {
        throw new VerificationError(
          `event ${row.position}: account's previous event is ${previous}, not ${row.previous}`,
        );
      }
      this.#accountHeads.set(row.account, row.position);
    }
    for (const span of batch.spans) this.sources.set(partitionName(span), span);
    this.kernels.add(batch.kernelHash);
    this.batch = batch.batch;
    this.epoch = batch.epoch;
    this.hash = batch.hash;
    this.#eventTimeUs = batch.eventTimeUs;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function partitionName({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic} ${partition}`;
}

function snapshotsByBatch(snapshots: SnapshotStore): Map<number, Snapshot> {
  const claims = new Map<number, Snapshot>();
  const damaged = (file: string, reason: string): never => {
    throw new VerificationError(`snapshot ${file}: ${reason}`);
  };
  for (const snapshot of snapshots.read(damaged)) {
    if (snapshot.header.layoutVersion === LAYOUT_VERSION) claims.set(snapshot.header.batch, snapshot);
  }
  return claims;
}

function compareSnapshot({ header, tables }: Snapshot, shard: Shard, batch: JournalBatch): void {
  const name = `snapshot at event ${header.position}`;
  if (header.chainHash !== Buffer.from(batch.hash).toString("hex")) {
    throw new VerificationError(`${name} belongs to another history`);
  }
  if (header.kernelHash !== shard.kernel.hash) return;
  const same = shard.kernel.copyTables().every((table, index) => equal(table, tables[index] ?? new Uint8Array()));
  const named = JSON.stringify(header.names) === JSON.stringify(shard.names.toText());
  if (!same || !named || header.stateHash !== shard.stateHash()) {
    throw new VerificationError(`${name}: its state is not the one that the log gives`);
  }
}
