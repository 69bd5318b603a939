import { LAYOUT_VERSION } from "../../assembly/memory/layout.ts";
import type { JournalHead } from "../journal/journal.ts";
import type { RungStore } from "../journal/rungs.ts";
import type { SnapshotStore } from "../journal/snapshots.ts";
import { reasonOf } from "./reason.ts";
import { RungWriter } from "./rung.ts";
import type { Shard } from "./shard.ts";

export interface StatesLeftOptions {
  readonly snapshots: SnapshotStore;
  /** Where states are left for questions about the past; absent: nowhere. */
  readonly rungs?: RungStore;
  /** A snapshot is taken after so many events. */
  readonly snapshotEveryEvents: number;
  readonly log: (message: string) => void;
}

/**
 * Leaves states behind a shard that moves on: snapshots for the next start, rungs for questions about the past. All are caches: without
 * them a start or an answer takes longer, and that is all; so one that cannot be written is told of, and stops nothing.
 */
export class StatesLeft {
  readonly #options: StatesLeftOptions;
  readonly #shard: Shard;
  readonly #rungs: RungWriter | undefined;
  #snapshotPosition: number;

  /**
   * @param position where the shard is
   * @param snapshotPosition that of the snapshot that it began with
   */
  constructor(options: StatesLeftOptions, shard: Shard, position: number, snapshotPosition: number) {
    this.#options = options;
    this.#shard = shard;
    this.#snapshotPosition = snapshotPosition;
    if (options.rungs !== undefined) this.#rungs = new RungWriter(options.rungs, position);
  }

  /** Called when a batch is on disk and nothing after it is folded: the state is that of the head. */
  pass(head: JournalHead): void {
    if (head.position - this.#snapshotPosition >= this.#options.snapshotEveryEvents) this.snapshot(head);
    try {
      this.#rungs?.pass(this.#shard, head);
    } catch (error) {
      this.#options.log(`no rung at event ${head.position}: ${reasonOf(error)}`);
    }
  }

  /** Writes a snapshot of the state at the head. */
  snapshot(head: JournalHead): void {
    this.#snapshotPosition = head.position;
    try {
      this.#write(head);
    } catch (error) {
      this.#options.log(`no snapshot at event ${head.position}: ${reasonOf(error)}`);
    }
  }

  #write(head: JournalHead): void {
    const tables = this.#shard.kernel.copyTables();
    this.#options.snapshots.write({
      header: {
        layoutVersion: LAYOUT_VERSION,
        kernelHash: this.#shard.kernel.hash,
        batch: head.batch,
        position: head.position,
        chainHash: Buffer.from(head.hash).toString("hex"),
        stateHash: this.#shard.stateHash(),
        names: this.#shard.names.toText(),
        tableBytes: tables.map((table) => table.length),
      },
      tables,
    });
  }
}
