import { LAYOUT_VERSION } from "../../../assembly/memory/layout.ts";
import { type Moment, NoAnswerError } from "../../engine/auditDesk.ts";
import { capacitiesIn } from "../../engine/recovery.ts";
import { shardOfRung } from "../../engine/rung.ts";
import { Shard } from "../../engine/shard.ts";
import type { BatchOutline, JournalHistory } from "../../journal/journalHistory.ts";
import type { Rung, RungStore } from "../../journal/rungs.ts";
import { Kernel, KernelMismatchError } from "../../kernel/kernel.ts";
import { Walk } from "./walk.ts";

/** Brings shards to moments of a journal: the nearest rung at or before, and the events after it. */
export class Replayer {
  readonly history: JournalHistory;
  readonly rungs: RungStore;
  /** One that nobody reads any more. */
  #spare: Kernel | undefined;

  constructor(history: JournalHistory, rungs: RungStore) {
    this.history = history;
    this.rungs = rungs;
  }

  /** The journal's end. @throws NoAnswerError while it is empty */
  head(): BatchOutline {
    const head = this.history.head();
    if (head === undefined) throw new NoAnswerError("BEYOND_HEAD", "the journal is empty", { headPosition: "0" });
    return head;
  }

  /**
   * The position that a moment means.
   * @throws NoAnswerError before the journal's first event, or after its last
   */
  positionOf(moment: Moment): number {
    const head = this.head();
    if ("position" in moment) {
      if (moment.position < 1)
        throw new NoAnswerError("BEFORE_JOURNAL", `event ${moment.position}: the first one is 1`);
      if (moment.position > head.lastPosition) throw beyond(`event ${moment.position}`, head);
      return moment.position;
    }
    const { timeUs } = moment;
    if (timeUs > BigInt(head.eventTimeUs)) throw beyond(timeText(timeUs), head);
    return this.#lastAtOrBefore(timeUs);
  }

  /** The engine's clock never goes back: it is the newest event time seen so far. */
  #lastAtOrBefore(timeUs: bigint): number {
    const after = this.history.batchAfter(timeUs);
    if (after === undefined) return this.head().lastPosition;
    let last = after.firstPosition - 1;
    for (const row of this.history.rows(after.firstPosition, after.lastPosition)) {
      if (BigInt(row.eventTimeUs) > timeUs) break;
      last = row.position;
    }
    if (last === 0)
      throw new NoAnswerError("BEFORE_JOURNAL", `${timeText(timeUs)} is before the journal's first event`);
    return last;
  }

  /** The newest rung at or before a position that belongs to this history and fits this version. */
  rungBefore(position: number): Rung | undefined {
    const positions = this.rungs.positions();
    for (let index = positions.length - 1; index >= 0; index--) {
      if (positions[index]! > position) continue;
      const rung = this.rungs.read(positions[index]!);
      if (rung !== undefined && this.#fits(rung)) return rung;
    }
    return undefined;
  }

  #fits({ header }: Rung): boolean {
    const batch = this.history.batch(header.batch);
    return (
      header.layoutVersion === LAYOUT_VERSION &&
      batch?.hash === header.chainHash &&
      batch.lastPosition === header.position
    );
  }

  /** A walk that stands at the newest rung at or before the position, or at the start of the log. */
  walkBefore(position: number): Walk {
    const rung = this.rungBefore(position);
    if (rung === undefined) return this.walkFromStart(position);
    return new Walk(shardOfRung(rung, this.#kernelFor(rung, position)), this.history);
  }

  /** Takes back a kernel that a walk of this replayer made: its memory is worth more than what it holds. */
  reuse(kernel: Kernel): void {
    this.#spare = kernel;
  }

  /** A rung overwrites whatever the kernel held. */
  #kernelFor({ header }: Rung, position: number): Kernel {
    const spare = this.#spare;
    this.#spare = undefined;
    const fits = spare?.hash === header.kernelHash && this.history.batchOf(position)?.kernelHash === spare.hash;
    return fits ? spare : this.#kernelAt(position);
  }

  /** A walk at the start of the log, in the kernel that computed the event at the position. It remembers no identities. */
  walkFromStart(position: number): Walk {
    return new Walk(new Shard(this.#kernelAt(position)), this.history);
  }

  /** A walk that has the event at the position and all that followed from its input. */
  async walkTo(position: number): Promise<Walk> {
    const walk = this.walkBefore(position);
    await walk.advanceTo(position);
    return walk;
  }

  /** The kernel that computed the event, from the journal itself. */
  #kernelAt(position: number): Kernel {
    const hash = this.history.batchOf(position)?.kernelHash ?? "";
    const binary = this.history.kernel(hash);
    if (binary === undefined) {
      throw new NoAnswerError("KERNEL_UNKNOWN", `the kernel ${hash} that computed event ${position} is not kept`, {
        kernelHash: hash,
      });
    }
    try {
      return Kernel.createForReplay(binary, capacitiesIn(this.history.row(1)));
    } catch (error) {
      if (!(error instanceof KernelMismatchError)) throw error;
      throw new NoAnswerError("KERNEL_UNKNOWN", `event ${position}: ${error.message}`, { kernelHash: hash });
    }
  }
}

function beyond(what: string, head: BatchOutline): NoAnswerError {
  return new NoAnswerError(
    "BEYOND_HEAD",
    `${what} is beyond the journal's head: event ${head.lastPosition}, ${timeText(BigInt(head.eventTimeUs))}`,
    { headPosition: `${head.lastPosition}`, headEventTimeUs: `${head.eventTimeUs}` },
  );
}

/** Microseconds since 1970 as ISO 8601, to the microsecond. */
export function timeText(timeUs: bigint): string {
  const seconds = new Date(Number(timeUs / 1_000n)).toISOString().slice(0, 19);
  return `${seconds}.${(((timeUs % 1_000_000n) + 1_000_000n) % 1_000_000n).toString().padStart(6, "0")}Z`;
}
