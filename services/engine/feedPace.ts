/** For so long after a question more of them are expected. */
const EXPECTED_MS = 1_000;

/** A call takes some turns of the event loop, to be read, answered and written: between two batches it has them all. */
const TURNS_FOR_QUESTIONS = 8;

/** How much a batch may change what the next one takes: one that was slow for another reason than its size must not halve it twice. */
const MOST_CHANGE = 1.5;

export interface FeedPaceOptions {
  /** How long a batch may take while questions come in. */
  readonly withinMs: number;
  /** While questions come in, a batch begins so long after the one before it at the soonest, unless inputs were left over. */
  readonly everyMs: number;
  readonly nowMs: () => number;
}

/** While the gate is asked, its callers wait no longer for one batch of the feed, and get at least half of the time. */
export const GATE_PACE = { withinMs: 2, everyMs: 4 } as const;

/**
 * How much of the feed a batch takes, and when the next one may begin. Nobody is answered while a batch is folded and written: while
 * questions come in, a batch takes as many inputs as fit `withinMs`, otherwise as many as it may. Every batch costs a write to the
 * disk whatever is in it: inputs are gathered for `everyMs`, and others have their turns until then.
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

  /** @param options undefined: always `most`, and at once */
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
  next(): number {
    return this.#expected() ? Math.floor(this.#fitting) : this.#most;
  }

  /** Turns of the event loop that others have before the next batch. */
  turns(): number {
    if (this.#options === undefined) return 0;
    return this.#expected() ? TURNS_FOR_QUESTIONS : 1;
  }

  /** How long the next batch waits for more inputs. */
  gatherMs(): number {
    if (this.#options === undefined || this.#full || !this.#expected()) return 0;
    return Math.max(0, this.#beganMs + this.#options.everyMs - this.#options.nowMs());
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

  /** Does the part of a batch in which nobody is answered, and learns from how long it took. */
  timed<Result>(inputs: number, work: () => Result): Result {
    if (this.#options === undefined || inputs === 0) return work();
    const { withinMs, nowMs } = this.#options;
    const beganMs = nowMs();
    const result = work();
    const tookMs = nowMs() - beganMs;
    this.#beganMs = beganMs;
    this.#full = inputs >= Math.floor(this.#fitting);
    // A short batch says little about a longer one: it costs its write all the same.
    if (!this.#full && tookMs <= withinMs) return result;
    const change = Math.sqrt(withinMs / tookMs);
    const fitting = this.#fitting * Math.max(1 / MOST_CHANGE, Math.min(MOST_CHANGE, change));
    this.#fitting = Math.max(this.#least, Math.min(this.#most, fitting));
    return result;
  }
}
