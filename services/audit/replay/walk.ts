import type { PlacedInput } from "../../engine/engineInput.ts";
import { EVENT_KINDS, FIRST_DERIVED_KIND } from "../../engine/eventKinds.ts";
import { recallForRung } from "../../engine/recall.ts";
import { ReplayMismatchError } from "../../engine/recovery.ts";
import { refersToUnknown } from "../../engine/refold.ts";
import type { Shard } from "../../engine/shard.ts";
import type { JournalRow } from "../../journal/journal.ts";
import type { JournalHistory } from "../../journal/journalHistory.ts";

/** Events that are read at a time: memory does not grow with the stretch. */
const PAGE = 1_024;

/** A shard that moves along its journal, and holds what the kernel derives against what was kept. */
export class Walk {
  readonly shard: Shard;
  replayedEvents = 0;
  readonly #history: JournalHistory;
  #page: readonly JournalRow[] = [];

  constructor(shard: Shard, history: JournalHistory) {
    this.shard = shard;
    this.#history = history;
  }

  /** The last event that the shard has. */
  get position(): number {
    return this.shard.reader.nextPosition - 1;
  }

  /**
   * Moves on until the shard has the event, and all that followed from the same input. Other work gets a turn between pages.
   * @throws ReplayMismatchError when the kernel derives something else
   */
  async advanceTo(position: number): Promise<void> {
    while (this.position < position) {
      const rows = this.#rowsTo(Math.min(position, this.position + PAGE));
      if (rows.length === 0) throw new ReplayMismatchError(this.position + 1, "the journal does not have it");
      const before = this.position;
      this.#apply(rows);
      if (this.position === before) throw new ReplayMismatchError(before + 1, "the kernel does not derive it");
      if (this.position < position) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The events after the shard's, up to a position. */
  #rowsTo(last: number): JournalRow[] {
    const first = this.position + 1;
    const start = this.#page[0]?.position ?? 0;
    const end = this.#page.at(-1)?.position ?? 0;
    if (first < start || last > end) this.#page = this.#history.rows(first, first + PAGE - 1);
    return this.#page.filter((row) => row.position >= first && row.position <= last);
  }

  #apply(rows: readonly JournalRow[]): void {
    const { shard } = this;
    let pending: PlacedInput[] = [];
    let from = this.position + 1;
    const flush = (): void => {
      if (pending.length === 0) return;
      const derived = shard.fold(pending);
      pending = [];
      this.#compare(derived, from, rows);
      from += derived.length;
      this.replayedEvents += derived.length;
    };
    for (const row of rows) {
      // A name that an earlier row opens must be known before this one is read.
      if (refersToUnknown(row, shard.names)) flush();
      const input = recallForRung(row, shard.names);
      if (input !== undefined) pending.push(input);
    }
    flush();
  }

  #compare(derived: readonly JournalRow[], from: number, rows: readonly JournalRow[]): void {
    const first = rows[0]!.position;
    const beyond = from + derived.length - 1 - rows.at(-1)!.position;
    const more = beyond > 0 ? this.#history.rows(rows.at(-1)!.position + 1, rows.at(-1)!.position + beyond) : [];
    derived.forEach((row, index) => {
      const at = from + index - first;
      const kept = at < rows.length ? rows[at] : more[at - rows.length];
      if (kept === undefined || !same(row, kept)) {
        throw new ReplayMismatchError(
          row.position,
          `the kernel derives kind ${row.kind}, the journal has ${kept?.kind}`,
        );
      }
    });
  }
}

/** What was refused for its identity is told again without the times that the memory of identities gave. */
function same(derived: JournalRow, kept: JournalRow): boolean {
  return (
    derived.position === kept.position &&
    derived.kind === kept.kind &&
    derived.account === kept.account &&
    derived.instrument === kept.instrument &&
    derived.previous === kept.previous &&
    derived.eventTimeUs === kept.eventTimeUs &&
    (kept.kind === EVENT_KINDS.inputRefused || Buffer.compare(derived.payload, kept.payload) === 0)
  );
}

/** Whether the row follows from an input before it. */
export function isDerived(row: JournalRow): boolean {
  return row.kind >= FIRST_DERIVED_KIND;
}
