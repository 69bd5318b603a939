/** CPU time that this thread has worked, in milliseconds. A busy thread's is brought up to date every 4 ms only. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/**
 * How long messages waited for this thread's work, in its CPU time: from the begin of the turn of its event loop before the one that
 * read them, the most that they would have waited had the thread a core of its own.
 */
export class TurnWaits {
  #beganMs: number | undefined;
  #turnBeforeMs = 0;

  /** To be called by whatever works first in a turn; what works later in it may call it too. */
  beginTurn(): void {
    if (this.#beganMs !== undefined) return;
    const began = threadCpuMs();
    this.#beganMs = began;
    setImmediate(() => {
      this.#turnBeforeMs = began;
      this.#beganMs = undefined;
    });
  }

  /** What a message has waited that is answered now, in milliseconds. */
  waitedMs(): number {
    return threadCpuMs() - this.#turnBeforeMs;
  }
}
