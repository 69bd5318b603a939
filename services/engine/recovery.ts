import { LAYOUT_VERSION } from "../../assembly/layout.ts";
import {
  type Journal,
  type JournalBatch,
  JournalDamagedError,
  type JournalHead,
  type JournalRow,
} from "../journal/journal.ts";
import type { SnapshotHeader, SnapshotStore } from "../journal/snapshots.ts";
import { type Capacities, DEFAULT_HOLDS, Kernel } from "../kernel/kernel.ts";
import { Names, type NamesText } from "./names.ts";
import { recallInput } from "./recall.ts";
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
  readonly shard: Shard;
  readonly head: JournalHead;
  /** Position of the snapshot that it began with; 0 for the start of the log. */
  readonly snapshotPosition: number;
  readonly replayedEvents: number;
}

export type RecoveryProgress = (done: number, total: number) => void;

/** The capacities that a journal was opened with: its first event. */
export async function capacitiesOf(journal: Journal): Promise<Capacities> {
  const first = await journal.row(1);
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
 * Builds a shard again from its journal: the newest snapshot that fits, and the batches after it.
 *
 * @param log is told of snapshots that were passed over
 * @throws ReplayMismatchError when the kernel does not derive what the journal holds
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
  const { shard, header } = await newestThatFits(journal, head, snapshots, log, () =>
    Kernel.create(binary, capacities),
  );
  const snapshotPosition = header?.position ?? 0;
  for await (const batch of journal.batches((header?.batch ?? 0) + 1)) {
    replayBatch(shard, batch);
    progress(shard.reader.nextPosition - 1 - snapshotPosition, head.position - snapshotPosition);
  }
  const position = shard.reader.nextPosition - 1;
  if (position !== head.position) {
    throw new JournalDamagedError(`the log ends at event ${position}, its last batch says ${head.position}`);
  }
  return { shard, head, snapshotPosition, replayedEvents: position - snapshotPosition };
}

/** A shard at the newest snapshot that fits, with the snapshot's header; without any, a shard at the start of the log. */
async function newestThatFits(
  journal: Journal,
  head: JournalHead,
  snapshots: SnapshotStore,
  log: (message: string) => void,
  freshKernel: () => Kernel,
): Promise<{ shard: Shard; header: SnapshotHeader | undefined }> {
  let kernel = freshKernel();
  for (const snapshot of snapshots.read((file, reason) => log(`snapshot ${file} passed over: ${reason}`))) {
    const { header } = snapshot;
    const passOver = (reason: string): void => {
      log(`snapshot at event ${header.position} passed over: ${reason}`);
    };
    if (header.kernelHash !== kernel.hash || header.layoutVersion !== LAYOUT_VERSION) {
      passOver("another kernel wrote it");
    } else if (header.batch > head.batch) {
      passOver(`the journal ends before it, at event ${head.position}`);
    } else if (header.chainHash !== (await hashOfBatch(journal, header.batch))) {
      passOver("it belongs to another history");
    } else {
      const shard = new Shard(kernel, Names.fromText(header.names as NamesText));
      kernel.restoreTables(snapshot.tables);
      if (shard.stateHash() === header.stateHash) return { shard, header };
      passOver("its state is not the one that it names");
      kernel = freshKernel();
    }
  }
  return { shard: new Shard(kernel), header: undefined };
}

async function hashOfBatch(journal: Journal, number: number): Promise<string | undefined> {
  for await (const batch of journal.batches(number)) return Buffer.from(batch.hash).toString("hex");
  return undefined;
}

/** Feeds a batch's inputs to the shard again and holds what comes out against what the batch says. */
export function replayBatch(shard: Shard, batch: JournalBatch): void {
  // A name that the batch itself opens must be known before the rows after it are read, so the rows go in stretches.
  let pending: NonNullable<ReturnType<typeof recallInput>>[] = [];
  let compared = 0;
  const flush = (): void => {
    const rows = shard.fold(pending);
    pending = [];
    for (const row of rows) compareRow(row, batch.rows[compared++]);
  };
  for (const row of batch.rows) {
    if (refersToUnknown(row, shard.names)) flush();
    const input = recallInput(row, shard.names);
    if (input !== undefined) pending.push(input);
  }
  flush();
  if (compared !== batch.rows.length) {
    throw new ReplayMismatchError(batch.rows[compared]!.position, "the kernel does not derive it");
  }
}

/** Whether a row needs a name that only the rows before it open. */
function refersToUnknown(row: JournalRow, names: Names): boolean {
  return (
    (row.account !== undefined && row.account >= names.accounts.length) ||
    (row.instrument !== undefined && row.instrument >= names.instruments.length)
  );
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
    Buffer.compare(derived.payload, kept.payload) === 0;
  if (!same) {
    throw new ReplayMismatchError(
      kept.position,
      `the journal has kind ${kept.kind} of account ${kept.account}, the kernel derives kind ${derived.kind} of ` +
        `account ${derived.account}${derived.kind === kept.kind ? ", with other content" : ""}`,
    );
  }
}
