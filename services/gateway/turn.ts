/**
 * How long the turn of the event loop under way has been answering. Whatever came in while it ran waits until it ends: when
 * it has run for long, the rest of what it reads is turned away instead of decided, so that nobody waits much longer than that.
 */
export class Turn {
  readonly #nowMs: () => number;
  #beganMs: number | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Milliseconds since the first question of this turn; 0 for the first. */
  lastsMs(): number {
    const nowMs = this.#nowMs();
    if (this.#beganMs === undefined) {
      this.#beganMs = nowMs;
      // After everything that the sockets had ready.
      setImmediate(() => {
        this.#beganMs = undefined;
      });
    }
    return nowMs - this.#beganMs;
  }
}
