import { LAYOUT_VERSION } from "../../assembly/layout.ts";
import { type Conservation, conservationOf } from "../engine/conservation.ts";
import { capacitiesOf, replayBatch } from "../engine/recovery.ts";
import { Shard } from "../engine/shard.ts";
import { CHAIN_START, hashBatch } from "../journal/batchHash.ts";
import type { Journal, JournalBatch } from "../journal/journal.ts";
import type { SnapshotHeader, SnapshotStore } from "../journal/snapshots.ts";
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
 * against the record; compares each snapshot with the state rebuilt at its position; adds up the money.
 *
 * @throws VerificationError at the first doubt
 */
export async function verifyJournal(
  journal: Journal,
  binary: Uint8Array,
  snapshots: SnapshotStore,
  progress: (done: number, total: number) => void,
): Promise<Verification> {
  const head = await journal.head();
  if (head.batch === 0) throw new VerificationError("the journal is empty");
  const shard = new Shard(Kernel.create(binary, await capacitiesOf(journal)));
  const claims = snapshotsByBatch(snapshots);
  const walk = new ChainWalk();
  let compared = 0;
  for await (const batch of journal.batches(1)) {
    walk.step(batch);
    replayBatch(shard, batch);
    const claim = claims.get(batch.batch);
    if (claim !== undefined) {
      compareSnapshot(claim, shard, batch);
      compared++;
    }
    progress(walk.position, head.position);
  }
  if (walk.batch !== head.batch || walk.position !== head.position) {
    throw new VerificationError(`the walk ended at batch ${walk.batch}, the head says ${head.batch}`);
  }
  if (compared !== claims.size) throw new VerificationError("a snapshot claims a batch that the journal does not have");
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

/** Holds each batch against the one before it. */
class ChainWalk {
  batch = 0;
  position = 0;
  epoch = 0;
  hash: Uint8Array = CHAIN_START;
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
    this.batch = batch.batch;
    this.epoch = batch.epoch;
    this.hash = batch.hash;
    this.#eventTimeUs = batch.eventTimeUs;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function snapshotsByBatch(snapshots: SnapshotStore): Map<number, SnapshotHeader> {
  const claims = new Map<number, SnapshotHeader>();
  const damaged = (file: string, reason: string): never => {
    throw new VerificationError(`snapshot ${file}: ${reason}`);
  };
  for (const { header } of snapshots.read(damaged)) {
    if (header.layoutVersion === LAYOUT_VERSION) claims.set(header.batch, header);
  }
  return claims;
}

function compareSnapshot(claim: SnapshotHeader, shard: Shard, batch: JournalBatch): void {
  const name = `snapshot at event ${claim.position}`;
  if (claim.chainHash !== Buffer.from(batch.hash).toString("hex")) {
    throw new VerificationError(`${name} belongs to another history`);
  }
  if (claim.kernelHash === shard.kernel.hash && claim.stateHash !== shard.stateHash()) {
    throw new VerificationError(`${name}: its state is not the one that the log gives`);
  }
}
