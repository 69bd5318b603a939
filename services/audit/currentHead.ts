import type { Head } from "../journal/headText.ts";
import type { Journal } from "../journal/journal.ts";
import type { SnapshotStore } from "../journal/snapshots.ts";

/**
 * Where a journal stands now: batch 0 when it is empty. The state hash is in it when a snapshot stands on that batch, the time is
 * that of the batch, so the head of one batch is the same for whoever asks.
 */
export async function currentHead(journal: Journal, shard: string, snapshots: SnapshotStore): Promise<Head> {
  const { batch, position, hash } = await journal.head();
  const chainHash = Buffer.from(hash).toString("hex");
  const stateHash = stateHashAt(snapshots, batch, chainHash);
  const timeUs = await eventTimeOf(journal, batch);
  return { shard, batch, position, chainHash, ...(stateHash === undefined ? {} : { stateHash }), timeUs };
}

async function eventTimeOf(journal: Journal, number: number): Promise<number> {
  for await (const { batch, eventTimeUs } of journal.batches(number)) if (batch === number) return eventTimeUs;
  return 0;
}

function stateHashAt(snapshots: SnapshotStore, batch: number, chainHash: string): string | undefined {
  for (const { header } of snapshots.read(() => {})) {
    if (header.batch === batch && header.chainHash === chainHash) return header.stateHash;
  }
  return undefined;
}
