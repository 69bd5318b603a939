import { join } from "node:path";
import { Engine } from "../../services/engine/engine.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { GOLDEN_CAPACITIES, GOLDEN_MARKET, goldenHistory } from "./goldenHistory.ts";

/**
 * Writes the golden history as today's code does, by two owners, into `folder`.
 * @returns the file, and what the last engine says of it
 */
export async function writeGoldenJournal(folder: string, engineVersion: string) {
  const path = join(folder, "golden.sqlite");
  const history = goldenHistory();
  const snapshots = new SnapshotStore(join(folder, "golden-snapshots"));
  let engine: Engine | undefined;
  for (const upTo of [Math.floor(history.length / 2), history.length]) {
    const kinds = Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name] as const);
    engine = await Engine.open({
      journal: SqliteJournal.open(path, kinds),
      snapshots,
      kernelBinary: kernelBinary(),
      engineVersion,
      shard: "golden",
      market: GOLDEN_MARKET,
      capacities: GOLDEN_CAPACITIES,
      source: () => new ScriptedSource(history.slice(0, upTo)),
      snapshotEveryEvents: 1_000_000,
      pullLimit: 1_000,
      log: () => {},
    });
    await engine.run();
  }
  const { shard } = engine!;
  return {
    path,
    position: Number(engine!.asOf().journalPosition),
    stateHash: shard.stateHash(),
    kernelHash: shard.kernel.hash,
  };
}
