import { FIRST_DERIVED_KIND } from "../../engine/eventKinds.ts";
import { ReplayMismatchError } from "../../engine/recovery.ts";
import type { Shard } from "../../engine/shard.ts";
import { StoredFold } from "../../engine/storedFold.ts";
import type { EventColumns } from "../../journal/eventColumns.ts";
import type { JournalRow } from "../../journal/journal.ts";
import type { JournalHistory } from "../../journal/journalHistory.ts";

/** Events that are read at a time: memory does not grow with the stretch. */
const PAGE = 4_096;
/** Events that are read beyond the one that is asked for: what followed from its input is nearly always among them. */
const BEYOND = 64;

/** A shard that moves along its journal, and holds what the kernel derives against what was kept. It remembers no identities. */
export class Walk {
  readonly shard: Shard;
  replayedEvents = 0;
  readonly #history: JournalHistory;
  readonly #fold: StoredFold;
  #page: EventColumns | undefined;
  /** Rows of the page that are whole inputs, each with all that followed from it. */
  #whole = 0;

  constructor(shard: Shard, history: JournalHistory) {
    this.shard = shard;
    this.#history = history;
    this.#fold = new StoredFold(shard);
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
      const first = this.position + 1;
      const page = this.#pageFrom(first, position);
      const from = first - page.first;
      let to = Math.min(position - page.first + 1, this.#whole);
      while (to < this.#whole && page.kinds[to]! >= FIRST_DERIVED_KIND) to++;
      this.#fold.apply(page, from, to);
      this.replayedEvents += to - from;
      if (this.position < position) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** A page that has the whole input at a position, and as much as is wanted up to another. */
  #pageFrom(first: number, last: number): EventColumns {
    const known = this.#page;
    if (known !== undefined && first >= known.first && first < known.first + this.#whole) return known;
    // As it was before the page was read: a running engine appends.
    const head = this.#history.head()?.lastPosition ?? 0;
    for (let size = Math.min(PAGE, last - first + 1 + BEYOND); ; size *= 2) {
      const page = this.#history.columns(first, first + size - 1);
      if (page.count === 0) throw new ReplayMismatchError(first, "the journal does not have it");
      if (page.count < Math.min(size, head - first + 1)) {
        throw new ReplayMismatchError(first, `only ${page.count} of the events from there to ${head} are there`);
      }
      if (page.kinds[0]! >= FIRST_DERIVED_KIND) throw new ReplayMismatchError(first, "it follows from no input");
      // Batches are appended whole: where the journal ends, an input has all that followed from it.
      let whole = page.count;
      if (page.count === size) {
        do whole--;
        while (page.kinds[whole]! >= FIRST_DERIVED_KIND);
      }
      if (whole === 0) continue;
      this.#page = page;
      this.#whole = whole;
      return page;
    }
  }
}

/** Whether the row follows from an input before it. */
export function isDerived(row: JournalRow): boolean {
  return row.kind >= FIRST_DERIVED_KIND;
}
