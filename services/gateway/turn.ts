/**
 * How long the turn of the event loop under way has worked. Whatever came in while it ran waits until it ends: when
 * it has worked for long, the batches that it reads further are turned away instead of decided.
 */
export class Turn {
  readonly #cpuMs: () => number;
  #beganMs: number | undefined;

  constructor(cpuMs: () => number) {
    this.#cpuMs = cpuMs;
  }

  /** Milliseconds of CPU time since the first question of this turn; 0 for the first. */
  lastsMs(): number {
    const cpuMs = this.#cpuMs();
    if (this.#beganMs === undefined) {
      this.#beganMs = cpuMs;
      // After everything that the sockets had ready.
      setImmediate(() => {
        this.#beganMs = undefined;
      });
    }
    return cpuMs - this.#beganMs;
  }
}
