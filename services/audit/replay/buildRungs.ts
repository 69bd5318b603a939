import { capacitiesOf, replayBatch } from "../../engine/recovery.ts";
import { RungWriter } from "../../engine/rung.ts";
import { Shard } from "../../engine/shard.ts";
import type { Journal } from "../../journal/journal.ts";
import type { RungStore } from "../../journal/rungs.ts";
import { Kernel } from "../../kernel/kernel.ts";

/**
 * Makes the whole ladder of a journal again, by one full replay under a kernel; rungs that were there are replaced.
 * @returns how many rungs there are now
 * @throws ReplayMismatchError when the kernel does not derive what the journal holds
 */
export async function buildRungs(
  journal: Journal,
  rungs: RungStore,
  binary: Uint8Array,
  progress: (done: number, total: number) => void,
): Promise<number> {
  const head = await journal.head();
  const shard = new Shard(Kernel.create(binary, await capacitiesOf(journal)));
  const writer = new RungWriter(rungs, 0);
  for await (const batch of journal.batches(1)) {
    replayBatch(shard, batch);
    const position = shard.reader.nextPosition - 1;
    writer.pass(shard, { batch: batch.batch, position, hash: batch.hash });
    progress(position, head.position);
    if (batch.batch === head.batch) break;
  }
  return rungs.positions().length;
}
