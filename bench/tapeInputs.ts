import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../bin/packageRoot.ts";
import { marketOfTapes } from "../bin/tapeMarket.ts";
import { Engine } from "../services/engine/engine.ts";
import { EVENT_KINDS } from "../services/engine/eventKinds.ts";
import { DEFAULT_CAPACITIES } from "../services/engine/genesis.ts";
import type { Source, SourceBatch, VenueInput } from "../services/ingest/source.ts";
import { TapeSource } from "../services/ingest/tape.ts";
import { SnapshotStore } from "../services/journal/snapshots.ts";
import { SqliteJournal } from "../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../services/kernel/binary.ts";
import { removeFolder, temporaryFolder } from "./conditions.ts";
import type { RecordedInputs } from "./simulatedInputs.ts";

const DATA = process.env["PLIMSOLL_TEST_DATA"] ?? join(packageRoot, "../shared/data");
const TAPE = join(DATA, "bitmex_XBTUSD_trades_2018-01-01_700k.csv.gz");

/** Why there is nothing to be had; undefined when there is. */
export function tapeMissing(): string | undefined {
  return existsSync(TAPE) ? undefined : "the recorded BitMEX tape is not there (PLIMSOLL_TEST_DATA names its folder)";
}

/** About the first `count` inputs of the recorded BitMEX tape, as an engine pulls them that reads it. */
export async function tapeInputs(count: number): Promise<RecordedInputs> {
  const market = await marketOfTapes([TAPE]);
  const inputs: VenueInput[] = [];
  const folder = temporaryFolder();
  try {
    const engine = await Engine.open({
      journal: SqliteJournal.open(
        join(folder, "journal.sqlite"),
        Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name] as const),
      ),
      snapshots: new SnapshotStore(join(folder, "snapshots")),
      kernelBinary: kernelBinary(),
      engineVersion: "bench",
      shard: "bench",
      market,
      capacities: DEFAULT_CAPACITIES,
      source: (feedback) =>
        new Recorded(new TapeSource({ files: [TAPE], market, seed: 1, feedback }), inputs, () => inputs.length < count),
      snapshotEveryEvents: Number.MAX_SAFE_INTEGER,
      pullLimit: 512,
      log: () => {},
    });
    await engine.run();
  } finally {
    removeFolder(folder);
  }
  return { market, inputs };
}

/** A source that keeps what it gave, and ends when it is told to. */
class Recorded implements Source {
  readonly name: string;
  readonly #source: Source;
  readonly #inputs: VenueInput[];
  readonly #goesOn: () => boolean;

  constructor(source: Source, inputs: VenueInput[], goesOn: () => boolean) {
    this.name = source.name;
    this.#source = source;
    this.#inputs = inputs;
    this.#goesOn = goesOn;
  }

  open(positions: Parameters<Source["open"]>[0]): Promise<void> {
    return this.#source.open(positions);
  }

  async pull(max: number): Promise<SourceBatch | undefined> {
    if (!this.#goesOn()) return undefined;
    const pulled = await this.#source.pull(max);
    for (const { input } of pulled?.inputs ?? []) this.#inputs.push(input);
    return pulled;
  }

  durable(positions: Parameters<Source["durable"]>[0]): void {
    this.#source.durable(positions);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}
