/** For so long after a question more of them are expected. */
const EXPECTED_MS = 1_000;

/** A call takes some turns of the event loop, to be read, answered and written: between two slices it has them all. */
const TURNS_FOR_QUESTIONS = 8;

/** A batch takes so many slices at the most: whoever waits for the disk waits for the batch. */
const SLICES_OF_A_BATCH = 8;

/** How much a slice may change what the next one takes: one that was slow for another reason than its size must not halve it twice. */
const MOST_CHANGE = 1.5;

export interface FeedPaceOptions {
  /** How long a slice of a batch may take while questions come in. */
  readonly sliceMs: number;
  /** While questions come in, a batch begins so long after the one before it at the soonest, unless inputs were left over. */
  readonly everyMs: number;
  readonly nowMs: () => number;
}

/** Callers of the gate wait half a millisecond for the feed, and a batch is written 250 times a second. */
export const GATE_PACE = { sliceMs: 0.5, everyMs: 4 } as const;

/**
 * How the feed shares the thread with those who ask. While questions come in, a batch is folded in slices that take `sliceMs`, others have
 * their turns in between, and a batch takes what was gathered in `everyMs`, because each costs a write to the disk whatever is in
 * it. Otherwise a batch takes as many inputs as it may, at once.
 */
export class FeedPace {
  readonly #options: FeedPaceOptions | undefined;
  readonly #least: number;
  readonly #most: number;
  #fitting: number;
  #full = false;
  #beganMs = -Infinity;
  #asked = false;
  #askedMs = -Infinity;

  /**
   * @param options undefined: always `most`, and at once
   * @param least inputs of a slice, however long they take
   */
  constructor(options: FeedPaceOptions | undefined, least: number, most: number) {
    this.#options = options;
    this.#least = Math.min(least, most);
    this.#most = most;
    this.#fitting = this.#least;
  }

  /** Somebody asked. */
  asked(): void {
    this.#asked = true;
  }

  /** Inputs of the next batch, at the most. */
  batch(): number {
    return Math.min(this.#most, this.slice() * SLICES_OF_A_BATCH);
  }

  /** Inputs of the next slice, at the most. */
  slice(): number {
    return this.#expected() ? Math.floor(this.#fitting) : this.#most;
  }

  /** Turns of the event loop that others have before the next slice. */
  turns(): number {
    if (this.#options === undefined) return 0;
    return this.#expected() ? TURNS_FOR_QUESTIONS : 1;
  }

  /** How long the next batch waits for more inputs. */
  gatherMs(): number {
    if (this.#options === undefined || this.#full || !this.#expected()) return 0;
    return Math.max(0, this.#beganMs + this.#options.everyMs - this.#options.nowMs());
  }

  /** A batch of so many inputs begins. */
  begins(inputs: number): void {
    if (this.#options === undefined) return;
    this.#beganMs = this.#options.nowMs();
    this.#full = inputs >= this.batch();
  }

  /** Does the work of a slice and learns from how long it took. */
  timed<Result>(inputs: number, work: () => Result): Result {
    if (this.#options === undefined) return work();
    const { sliceMs, nowMs } = this.#options;
    const beganMs = nowMs();
    const result = work();
    const tookMs = nowMs() - beganMs;
    // A slice that was not full says little about one that is, unless it took too long already.
    if (inputs < Math.floor(this.#fitting) && tookMs <= sliceMs) return result;
    const change = Math.sqrt(sliceMs / tookMs);
    const fitting = this.#fitting * Math.max(1 / MOST_CHANGE, Math.min(MOST_CHANGE, change));
    this.#fitting = Math.max(this.#least, Math.min(this.#most, fitting));
    return result;
  }

  #expected(): boolean {
    if (this.#options === undefined) return false;
    const nowMs = this.#options.nowMs();
    if (this.#asked) {
      this.#asked = false;
      this.#askedMs = nowMs;
    }
    return nowMs - this.#askedMs <= EXPECTED_MS;
  }
}
