/** How much the newest batch counts in what an input is taken to cost. */
const NEWEST = 0.3;
/** For so long after a question more of them are expected. */
const EXPECTED_MS = 1_000;

/** While the gate is asked, its callers wait no longer for one batch of the feed. */
export const BATCH_WITHIN_MS = 2;

/** A call takes some turns of the event loop, to be read, answered and written: between two batches it has them all. */
const TURNS_FOR_QUESTIONS = 8;

export interface BatchSizeOptions {
  /** How long a batch may take while questions come in. */
  readonly withinMs: number;
  readonly nowMs: () => number;
}

/**
 * How many inputs a batch takes. Nobody is answered while a batch is folded and written: while questions come in, a batch takes
 * as many inputs as fit `withinMs`, otherwise as many as it may; and others have their turns before the next one.
 */
export class BatchSize {
  readonly #options: BatchSizeOptions | undefined;
  readonly #least: number;
  readonly #most: number;
  #inputMs = 0;
  #asked = false;
  #askedMs = -Infinity;

  /** @param options undefined: always `most` */
  constructor(options: BatchSizeOptions | undefined, least: number, most: number) {
    this.#options = options;
    this.#least = Math.min(least, most);
    this.#most = most;
  }

  /** Somebody asked. */
  asked(): void {
    this.#asked = true;
  }

  next(): number {
    if (this.#options === undefined || this.#inputMs === 0 || !this.#expected(this.#options)) return this.#most;
    return Math.max(this.#least, Math.min(this.#most, Math.floor(this.#options.withinMs / this.#inputMs)));
  }

  /** Turns of the event loop that others have before the next batch. */
  turns(): number {
    if (this.#options === undefined) return 0;
    return this.#expected(this.#options) ? TURNS_FOR_QUESTIONS : 1;
  }

  #expected({ nowMs }: BatchSizeOptions): boolean {
    if (this.#asked) {
      this.#asked = false;
      this.#askedMs = nowMs();
    }
    return nowMs() - this.#askedMs <= EXPECTED_MS;
  }

  /** Does the work of a batch and learns from how long it took. */
  async timed(inputs: number, work: () => Promise<void>): Promise<void> {
    const nowMs = this.#options?.nowMs;
    if (nowMs === undefined || inputs === 0) return work();
    const startMs = nowMs();
    await work();
    const inputMs = (nowMs() - startMs) / inputs;
    this.#inputMs = this.#inputMs === 0 ? inputMs : NEWEST * inputMs + (1 - NEWEST) * this.#inputMs;
  }
}
