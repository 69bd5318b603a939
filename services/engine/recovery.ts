import { LAYOUT_VERSION } from "../../assembly/layout.ts";
import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Journal, JournalBatch, JournalHead, JournalRow } from "../journal/journal.ts";
import type { Snapshot, SnapshotStore } from "../journal/snapshots.ts";
import { type Capacities, Kernel } from "../kernel/kernel.ts";
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

/** The journal cannot be what it seems to be. */
export class JournalDamagedError extends Error {
  override readonly name = "JournalDamagedError";
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
  const body = first === undefined ? undefined : JournalEvent.decode(first.payload).body;
  if (body?.$case !== "shardOpened") throw new JournalDamagedError("the first event is not ShardOpened");
  const { accountCapacity, poolCapacity, positionCapacity, instrumentCapacity, identityCapacity } = body.value;
  return {
    accounts: accountCapacity,
    pools: poolCapacity,
    positions: positionCapacity,
    instruments: instrumentCapacity,
    identities: identityCapacity,
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
  const fresh = Kernel.create(binary, capacities);
  const snapshot = await newestThatFits(journal, fresh, head, snapshots, log);
  let shard = new Shard(fresh);
  if (snapshot !== undefined) {
    shard = new Shard(fresh, Names.fromText(snapshot.header.names as NamesText));
    fresh.restoreTables(snapshot.tables);
  }
  const snapshotPosition = snapshot?.header.position ?? 0;
  for await (const batch of journal.batches((snapshot?.header.batch ?? 0) + 1)) {
    replayBatch(shard, batch);
    progress(shard.reader.nextPosition - 1 - snapshotPosition, head.position - snapshotPosition);
  }
  const position = shard.reader.nextPosition - 1;
  if (position !== head.position) {
    throw new JournalDamagedError(`the log ends at event ${position}, its last batch says ${head.position}`);
  }
  return { shard, head, snapshotPosition, replayedEvents: position - snapshotPosition };
}

async function newestThatFits(
  journal: Journal,
  kernel: Kernel,
  head: JournalHead,
  snapshots: SnapshotStore,
  log: (message: string) => void,
): Promise<Snapshot | undefined> {
  for (const snapshot of snapshots.read((file, reason) => log(`snapshot ${file} passed over: ${reason}`))) {
    const { header } = snapshot;
    const name = `snapshot at event ${header.position} passed over:`;
    if (header.kernelHash !== kernel.hash || header.layoutVersion !== LAYOUT_VERSION) {
      log(`${name} another kernel wrote it`);
    } else if (header.batch > head.batch) {
      log(`${name} the journal ends before it, at event ${head.position}`);
    } else if (header.chainHash !== (await hashOfBatch(journal, header.batch))) {
      log(`${name} it belongs to another history`);
    } else {
      return snapshot;
    }
  }
  return undefined;
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
