import type { JournalBatch, JournalRow } from "../journal/journal.ts";
import type { Names } from "./names.ts";
import { recallInput } from "./recall.ts";
import type { Shard } from "./shard.ts";

/** Feeds a batch's inputs to the shard again. @returns what comes out, in stretches as it comes */
export function* refoldBatch(shard: Shard, batch: JournalBatch): Generator<JournalRow> {
  // A name that the batch itself opens must be known before the rows after it are read, so the rows go in stretches.
  let pending: NonNullable<ReturnType<typeof recallInput>>[] = [];
  for (const row of batch.rows) {
    if (refersToUnknown(row, shard.names)) {
      yield* shard.fold(pending);
      pending = [];
    }
    const input = recallInput(row, shard.names);
    if (input !== undefined) pending.push(input);
  }
  yield* shard.fold(pending);
}

/** Whether a row needs a name that only the rows before it open. */
function refersToUnknown(row: JournalRow, names: Names): boolean {
  return (
    (row.account !== undefined && row.account >= names.accounts.length) ||
    (row.instrument !== undefined && row.instrument >= names.instruments.length)
  );
}
