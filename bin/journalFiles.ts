import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EVENT_KINDS } from "../services/engine/eventKinds.ts";
import { RungStore } from "../services/journal/rungs.ts";
import { SnapshotStore } from "../services/journal/snapshots.ts";
import { SqliteJournal } from "../services/journal/sqliteJournal.ts";

const SUFFIX = ".sqlite";

/** Where a shard lies in a data folder: one SQLite file, and a folder of snapshots beside it. */
export interface ShardFiles {
  readonly shard: string;
  readonly journalPath: string;
  readonly snapshotsPath: string;
  readonly snapshots: SnapshotStore;
  /** States that questions about the past begin from. */
  readonly rungs: RungStore;
}

export function shardFiles(data: string, shard: string): ShardFiles {
  const snapshotsPath = join(data, `${shard}-snapshots`);
  return {
    shard,
    journalPath: join(data, `${shard}${SUFFIX}`),
    snapshotsPath,
    snapshots: new SnapshotStore(snapshotsPath),
    rungs: new RungStore(join(data, `${shard}-rungs`)),
  };
}

/** What a broker delivers does not continue what a simulation or a tape began: it has a journal of its own. */
export function kafkaShard(market: string): string {
  return `${market}-kafka`;
}

/** The shards that a data folder holds, by name. */
export function shardsIn(data: string): string[] {
  if (!existsSync(data)) return [];
  return readdirSync(data)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
}

export function openJournal(files: ShardFiles): SqliteJournal {
  return SqliteJournal.open(
    files.journalPath,
    Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name] as const),
  );
}
