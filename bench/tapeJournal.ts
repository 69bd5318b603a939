import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../bin/packageRoot.ts";
import { marketOfTapes } from "../bin/tapeMarket.ts";
import { Engine } from "../services/engine/engine.ts";
import { EVENT_KINDS } from "../services/engine/eventKinds.ts";
import { DEFAULT_CAPACITIES } from "../services/engine/genesis.ts";
import type { Source, SourceBatch } from "../services/ingest/source.ts";
import { TapeSource } from "../services/ingest/tape.ts";
import type { RungStore } from "../services/journal/rungs.ts";
import { SnapshotStore } from "../services/journal/snapshots.ts";
import { SqliteJournal } from "../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../services/kernel/binary.ts";

const DATA = process.env["PLIMSOLL_TEST_DATA"] ?? join(packageRoot, "../shared/data");
const TAPE = join(DATA, "bitmex_XBTUSD_trades_2018-01-01_700k.csv.gz");

/** Why there is nothing to be had; undefined when there is. */
export function tapeMissing(): string | undefined {
  return existsSync(TAPE) ? undefined : "the recorded BitMEX tape is not there (PLIMSOLL_TEST_DATA names its folder)";
}

/**
 * Writes the journal of the recorded BitMEX tape, as an engine does that reads it.
 * @param folder to write to, empty
 * @param count about so many inputs, the first ones; Infinity: the whole tape
 * @param rungs where states are left for questions about the past; absent: nowhere
 * @returns the journal's file
 */
export async function tapeJournal(folder: string, count: number, rungs?: RungStore): Promise<string> {
  const market = await marketOfTapes([TAPE]);
  const file = join(folder, "journal.sqlite");
  const engine = await Engine.open({
    journal: SqliteJournal.open(
      file,
      Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name] as const),
    ),
    snapshots: new SnapshotStore(join(folder, "snapshots")),
    ...(rungs === undefined ? {} : { rungs }),
    kernelBinary: kernelBinary(),
    engineVersion: "bench",
    shard: "bench",
    market,
    capacities: DEFAULT_CAPACITIES,
    source: (feedback) => new Beginning(new TapeSource({ files: [TAPE], market, seed: 1, feedback }), count),
    snapshotEveryEvents: Number.MAX_SAFE_INTEGER,
    pullLimit: 512,
    log: () => {},
  });
  await engine.run();
  return file;
}

/** A source that ends after about so many inputs. */
class Beginning implements Source {
  readonly name: string;
  readonly #source: Source;
  readonly #count: number;
  #pulled = 0;

  constructor(source: Source, count: number) {
    this.name = source.name;
    this.#source = source;
    this.#count = count;
  }

  open(positions: Parameters<Source["open"]>[0]): Promise<void> {
    return this.#source.open(positions);
  }

  async pull(max: number): Promise<SourceBatch | undefined> {
    if (this.#pulled >= this.#count) return undefined;
    const pulled = await this.#source.pull(max);
    this.#pulled += pulled?.inputs.length ?? 0;
    return pulled;
  }

  durable(positions: Parameters<Source["durable"]>[0]): void {
    this.#source.durable(positions);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}
