import type { JournalBatch, JournalRow } from "../journal/journal.ts";
import { sameContent } from "../journal/upcast.ts";
import { EVENT_KINDS, FIRST_DERIVED_KIND } from "./eventKinds.ts";
import { refoldBatch } from "./refold.ts";
import type { Shard } from "./shard.ts";

/** A journal cannot be carried to a kernel with other records. */
export class KernelMigrationError extends Error {
  override readonly name = "KernelMigrationError";
}

/** Inputs that give a name its number. */
const OPENING: ReadonlySet<number> = new Set([
  EVENT_KINDS.shardOpened,
  EVENT_KINDS.currencyListed,
  EVENT_KINDS.marginTableSet,
  EVENT_KINDS.scenarioGridSet,
  EVENT_KINDS.instrumentListed,
  EVENT_KINDS.regimeSet,
  EVENT_KINDS.accountOpened,
]);

/**
 * Replays a journal's inputs under a kernel that did not write them, to carry the state to records of another shape. What
 * was told stays as it was told: rows that come out otherwise are counted, positions aside.
 */
export class MigrationReplay {
  readonly #shard: Shard;
  readonly #accountHeads = new Map<number, number>();
  #position = 0;
  #differing = 0;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  get differingRows(): bigint {
    return BigInt(this.#differing);
  }

  /** @throws KernelMigrationError when a name is opened under one kernel only: the numbers after it would shift */
  batch(batch: JournalBatch): void {
    const derived = byInput(refoldBatch(this.#shard, batch));
    const kept = byInput(batch.rows);
    for (const [index, group] of kept.entries()) this.#compare(group, derived[index] ?? []);
    for (const row of batch.rows) {
      this.#position = row.position;
      if (row.account !== undefined) this.#accountHeads.set(row.account, row.position);
    }
  }

  #compare(kept: readonly JournalRow[], derived: readonly JournalRow[]): void {
    const [told, now] = [kept[0]!, derived[0]!];
    if (told.kind !== now.kind && (OPENING.has(told.kind) || OPENING.has(now.kind))) {
      throw new KernelMigrationError(
        `event ${told.position} opens a name under one kernel and is refused under the other: the numbers after it would ` +
          "shift; go on with the version that wrote the journal, or begin a new journal",
      );
    }
    const most = Math.max(kept.length, derived.length);
    for (let index = 0; index < most; index++) if (!sameRow(kept[index], derived[index])) this.#differing++;
  }

  /** The kernel goes on where the journal ends. @returns position of the last event */
  end(): number {
    this.#shard.kernel.putPositions(this.#position + 1, this.#accountHeads);
    return this.#position;
  }
}

/** Each input with what followed from it. */
function byInput(rows: Iterable<JournalRow>): JournalRow[][] {
  const groups: JournalRow[][] = [];
  for (const row of rows) {
    if (row.kind < FIRST_DERIVED_KIND) groups.push([]);
    groups.at(-1)?.push(row);
  }
  return groups;
}

function sameRow(kept: JournalRow | undefined, derived: JournalRow | undefined): boolean {
  return (
    kept !== undefined &&
    derived !== undefined &&
    kept.kind === derived.kind &&
    kept.account === derived.account &&
    kept.instrument === derived.instrument &&
    kept.eventTimeUs === derived.eventTimeUs &&
    sameContent(kept.payload, derived.payload)
  );
}
