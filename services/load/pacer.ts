import { Worker } from "node:worker_threads";

/**
 * Wakes a sender when his next request is due, to a tenth of a millisecond or so. A timer is late by a millisecond and more, and a
 * sender who asks the clock in a loop takes a core from the engine that he measures.
 */
export class Pacer {
  readonly #asked = new Int32Array(new SharedArrayBuffer(4));
  readonly #sleepMs = new Float64Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;
  #wake: (() => void) | undefined;

  constructor() {
    const workerData: PacerData = { asked: this.#asked, sleepMs: this.#sleepMs };
    this.#worker = new Worker(new URL("./pacerThread.ts", import.meta.url), { workerData });
    this.#worker.on("message", () => this.#wake?.());
  }

  /** Resolves so many milliseconds from now; answers are heard meanwhile. One at a time; closed meanwhile, never. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#sleepMs[0] = ms;
      Atomics.add(this.#asked, 0, 1);
      Atomics.notify(this.#asked, 0);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** What both threads see: how often a sleep was asked for, and how long the newest is. */
export interface PacerData {
  readonly asked: Int32Array<SharedArrayBuffer>;
  readonly sleepMs: Float64Array<SharedArrayBuffer>;
}
