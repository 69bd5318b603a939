// `plimsoll verify`, to be read at one sitting. chain.ts proves that nothing was changed, dropped, swapped or put in since it
// was written (journalFile.ts brings the batches, doubt.ts names what may be wrong); verify.ts, below, walks it and holds it
// against exported heads. That the kernel derives every row and the state is proved by doing it again: replay.ts takes the
// kernel of each stretch, machine.ts runs it by the drawing of its records in layouts.ts, feed.ts (with listing.ts,
// identity.ts, names.ts) writes the recorded inputs into its slots, rebuild.ts compares its answers with the rows,
// whose payloads expected.ts derives by the table of rowFigures.ts. snapshotFiles.ts does so with the state that snapshots
// claim, money.ts adds up what the state holds.

import { setImmediate } from "node:timers/promises";
import type { Head } from "../../journal/headText.ts";
import { Chain } from "./chain.ts";
import { doubt } from "./doubt.ts";
import { type FileHead, JournalFile, type StoredBatch } from "./journalFile.ts";
import { addUp, type Money } from "./money.ts";
import type { RowDifference } from "./rebuild.ts";
import { type KernelStretch, Replay } from "./replay.ts";
import { type Claim, compareSnapshot, snapshotClaims } from "./snapshotFiles.ts";

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
  const snapshots = new Set(snapshotClaims(options.snapshots));
  const found = snapshots.size;
  const file = new JournalFile(options.journal);
  try {
    const end = file.head();
    const heads = headsByBatch(options.heads ?? [], end);
    const chain = new Chain(file);
    const replay = new Replay(file, chain, options.kernel);
    // Under another kernel than its own the state is not the one that was claimed.
    const claimed = options.kernel === undefined;
    for (const batch of file.batches(end.batch)) {
      chain.requireNext(batch);
      if (!chain.fits(batch)) throw chain.changed(batch, replay.firstWrongEvent(batch));
      const exported = heads.get(batch.batch) ?? [];
      for (const head of exported) compareHead(head, batch);
      chain.step(batch);
      replay.batch(batch);
      for (const { stateHash } of exported) {
        if (!claimed || stateHash === undefined || stateHash === replay.rebuild.stateHash()) continue;
        const reason = `batch ${batch.batch}: the state is not the one that the exported head names`;
        throw doubt("derivation", reason, { batch: batch.batch });
      }
      for (const snapshot of snapshots) {
        if (snapshot.batch !== batch.batch) continue;
        if (claimed) compareSnapshot(snapshot, batch, replay.rebuild);
        snapshots.delete(snapshot);
      }
      options.progress?.(chain.position, end.position);
      // Others get a turn: an engine of this process that appends, whoever shows the progress.
      await setImmediate();
    }
    requireEnd(chain, end, file, [...snapshots]);
    const { rebuild, kernels, differences } = replay;
    return {
      ...{ shard: replay.shard.shard, batches: chain.batch, position: chain.position, epoch: chain.epoch },
      ...{ eventTimeUs: chain.eventTimeUs, chainHash: hexadecimal(chain.hash), stateHash: rebuild.stateHash() },
      ...{ snapshots: found, heads: options.heads?.length ?? 0, kernels },
      differences: [...differences.values()].sort((a, b) => a.firstEvent - b.firstEvent),
      money: addUp(rebuild.machine, rebuild.names),
    };
  } finally {
    file.close();
  }
}

/** @throws VerificationError when two heads of one batch differ, or the journal ends before one */
function headsByBatch(heads: readonly Head[], { batch: last }: FileHead): Map<number, Head[]> {
  const byBatch = Map.groupBy(heads, ({ batch }) => batch);
  for (const [batch, of] of byBatch) {
    const [one, other] = new Set(of.map(({ chainHash }) => chainHash));
    if (other !== undefined)
      throw doubt("fork", `two exported heads of batch ${batch} differ: ${one} and ${other}`, { batch });
    if (batch <= last) continue;
    const reason = `the journal ends with batch ${last}, below the exported head of batch ${batch}`;
    throw doubt("truncated", reason, { batch: last + 1 });
  }
  return byBatch;
}

function compareHead({ batch, chainHash, position }: Head, { hash, lastPosition }: StoredBatch): void {
  const found = hexadecimal(hash);
  if (chainHash !== found) {
    throw doubt("fork", `batch ${batch} has hash ${found}, the exported head says ${chainHash}`, { batch });
  }
  if (position === lastPosition) return;
  throw doubt("fork", `batch ${batch} ends with event ${lastPosition}, the exported head says ${position}`, { batch });
}

/** @param snapshots that stand on none of the batches */
function requireEnd(chain: Chain, end: FileHead, file: JournalFile, snapshots: readonly Claim[]): void {
  const { batch, position, sources, stray } = end;
  if (chain.batch !== batch || chain.position !== position) {
    throw doubt("dropped", `the walk ended at batch ${chain.batch}, the last one is ${batch}`);
  }
  const [snapshot] = snapshots.toSorted((one, other) => other.batch - one.batch);
  if (snapshot !== undefined && snapshot.batch > batch) {
    const reason = `the journal ends with batch ${batch}, a snapshot stands on batch ${snapshot.batch}`;
    throw doubt("truncated", reason, { batch: batch + 1 });
  }
  if (snapshot !== undefined) throw doubt("snapshot", `one stands on batch ${snapshot.batch}, which there is not`);
  if (stray !== undefined) {
    throw doubt("inserted", `event ${stray} stands after the last batch and belongs to none`, { event: stray });
  }
  chain.compareSources(sources);
  const wrong = file.wrongAccountHead();
  if (wrong === undefined) return;
  const reason = `account_head names event ${wrong.position} of account ${wrong.account}, which is not the account's`;
  throw doubt("account chain", reason, { event: wrong.position });
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
