import { Worker } from "node:worker_threads";

/** Pages of the log (16 MiB) after which it is copied into the file: fewer, longer writes on a busy feed. */
export const PAGES_BETWEEN_CHECKPOINTS = 4_000;
/** Pages that a commit writes beside its rows: the ends of the tables, and where the sources are. */
const PAGES_OF_A_COMMIT = 6;
const ROWS_OF_A_PAGE = 24;

/**
 * Copies the write-ahead log into the file from time to time, in a thread of its own: 16 MiB and their syncs take 20 to 100 ms.
 * The thread begins when it is first needed.
 */
export class Checkpoints {
  readonly #path: string;
  readonly #failed: () => void;
  #pages = 0;
  #worker: Worker | undefined;
  #underWay = false;

  /** @param failed called when the thread has ended for a reason of its own: nothing is copied any more */
  constructor(path: string, failed: () => void) {
    this.#path = path;
    this.#failed = failed;
  }

  /** Called after each commit. */
  written(rows: number): void {
    this.#pages += PAGES_OF_A_COMMIT + rows / ROWS_OF_A_PAGE;
    if (this.#pages < PAGES_BETWEEN_CHECKPOINTS || this.#underWay) return;
    this.#pages = 0;
    this.#underWay = true;
    this.#worker ??= this.#begun();
    this.#worker.postMessage(undefined);
  }

  #begun(): Worker {
    const worker = new Worker(new URL("./checkpointThread.ts", import.meta.url), { workerData: this.#path });
    worker.on("message", () => {
      this.#underWay = false;
    });
    worker.on("error", this.#failed);
    worker.unref();
    return worker;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }
}
