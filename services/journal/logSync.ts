import { closeSync, fdatasync, openSync } from "node:fs";

/** Puts on the disk what was written to a file: `fs.fdatasync`. */
export type SyncFile = (file: number, done: (error: Error | null) => void) => void;

/**
 * Brings the write-ahead log to the disk while the thread goes on. SQLite writes a commit to the log and does not wait for it
 * (synchronous NORMAL): to wait would stop the thread, and a shared disk takes now and then ten milliseconds and more for it.
 *
 * A sync covers all that was written before it began. After one has failed nothing is known of what it covered, and the system may
 * call it clean the next time: it is never tried again.
 */
export class LogSync {
  readonly #file: number;
  readonly #syncFile: SyncFile;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failed = false;

  /** @param path of the database, whose log has been opened by now */
  constructor(path: string, syncFile: SyncFile = fdatasync) {
    // Not the database's own file: to close that would release the locks that SQLite holds on it.
    this.#file = openSync(`${path}-wal`, "r+");
    this.#syncFile = syncFile;
  }

  /** Resolves when everything that has been written by now is on the disk. @throws what the system said, now or before */
  synced(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void> | undefined): Promise<void> {
    // Also without one under way: what is written in this turn of the event loop shares a sync.
    await running?.catch(() => {});
    this.#running = this.#next;
    this.#next = undefined;
    if (this.#failed) throw new Error("an earlier sync of the log failed");
    await new Promise<void>((resolve, reject) => {
      this.#syncFile(this.#file, (error) => {
        if (error === null) return resolve();
        this.#failed = true;
        reject(error);
      });
    });
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => {});
    closeSync(this.#file);
  }
}
