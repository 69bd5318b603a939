// A journal made from recorded inputs, and its replay from the first event.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { Replayer } from "../services/audit/replay/replayer.ts";
import type { Walk } from "../services/audit/replay/walk.ts";
import type { PlacedInput } from "../services/engine/engineInput.ts";
import { EVENT_KINDS } from "../services/engine/eventKinds.ts";
import { DEFAULT_CAPACITIES, genesis, ownInput } from "../services/engine/genesis.ts";
import type { Names } from "../services/engine/names.ts";
import { recallInput } from "../services/engine/recall.ts";
import { Shard } from "../services/engine/shard.ts";
import { CHAIN_START, hashBatch } from "../services/journal/batchHash.ts";
import type { JournalBatch, JournalHead } from "../services/journal/journal.ts";
import type { JournalHistory } from "../services/journal/journalHistory.ts";
import { RungStore } from "../services/journal/rungs.ts";
import { SqliteJournal } from "../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../services/kernel/binary.ts";
import { Kernel } from "../services/kernel/kernel.ts";
import type { Untimed } from "./measure.ts";
import type { RecordedInputs } from "./simulatedInputs.ts";

const INPUTS_PER_BATCH = 1_000;

export function placedInputs({ market, inputs }: RecordedInputs): PlacedInput[] {
  return [...genesis("bench", DEFAULT_CAPACITIES, market), ...inputs.map(ownInput)];
}

/**
 * Folds and appends, as the engine does, in batches of at most INPUTS_PER_BATCH.
 * @param chunks the inputs, so many at a time as are to be in memory
 * @returns a hash of the state at the end
 */
export async function ingest(chunks: Iterable<readonly PlacedInput[]>, file: string): Promise<string> {
  const journal = SqliteJournal.open(
    file,
    Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name] as const),
  );
  const shard = new Shard(Kernel.create(kernelBinary(), DEFAULT_CAPACITIES));
  await journal.keepKernel(shard.kernel.hash, shard.kernel.binary);
  let head: JournalHead = { batch: 0, position: 0, epoch: 0, hash: CHAIN_START };
  const append = async (rows: JournalBatch["rows"]): Promise<void> => {
    const batch: Omit<JournalBatch, "hash"> = {
      batch: head.batch + 1,
      epoch: 1,
      eventTimeUs: Number(shard.reader.eventTimeUs),
      kernelHash: shard.kernel.hash,
      spans: [],
      rows,
      previousHash: head.hash,
    };
    const hash = hashBatch(batch);
    await journal.append({ ...batch, hash }, head);
    head = { batch: batch.batch, position: rows.at(-1)!.position, epoch: 1, hash };
  };
  for (const inputs of chunks) {
    for (let first = 0; first < inputs.length; first += INPUTS_PER_BATCH) {
      await append(shard.fold(inputs.slice(first, first + INPUTS_PER_BATCH)));
    }
  }
  await journal.close();
  return tablesHash(shard);
}

/** Inputs of the journal as they once came in, `events` of it at a time. @param names with all that it opens */
export function* recalledInputs(history: JournalHistory, names: Names, events: number, untimed: Untimed) {
  const last = history.head()!.lastPosition;
  for (let first = 1; first <= last; first += events) {
    yield untimed(() =>
      history
        .rows(first, first + events - 1)
        .map((row) => recallInput(row, names))
        .filter((input) => input !== undefined),
    );
  }
}

export async function walkAll(history: JournalHistory, folder: string): Promise<Walk> {
  const replayer = new Replayer(history, new RungStore(join(folder, "no-rungs")));
  const walk = replayer.walkFromStart(replayer.head().lastPosition);
  await walk.advanceTo(replayer.head().lastPosition);
  return walk;
}

/** Accounts, pools and positions. */
export function tablesHash({ kernel }: Shard): string {
  const hash = createHash("sha256");
  for (const table of [6, 7, 8]) hash.update(kernel.table(table));
  return hash.digest("hex");
}
