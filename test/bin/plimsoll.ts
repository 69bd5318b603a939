import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `plimsoll` process as a user starts it. */
export class Plimsoll {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = "";
  stderr = "";

  constructor(...args: readonly string[]) {
    const program = join(import.meta.dirname, "../../bin/plimsoll.js");
    this.process = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.process.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.process.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.finished = new Promise((resolve) => {
      this.process.on("close", (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Resolves when it has said so, on either stream; rejects when it ends without. */
  says(pattern: RegExp): Promise<void> {
    return this.#reaches(`saying ${pattern}`, () => pattern.test(this.stdout + this.stderr));
  }

  /** Resolves when its journal holds so many batches; rejects when it ends before. */
  writes(path: string, batches: number): Promise<void> {
    return this.#reaches(`batch ${batches}`, () => batchesIn(path) >= batches);
  }

  async #reaches(what: string, reached: () => boolean): Promise<void> {
    let ended = false;
    void this.finished.then(() => {
      ended = true;
    });
    while (!reached()) {
      if (ended) throw new Error(`it ended without ${what}:\n${this.stdout}${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Runs a command to its end. */
export function plimsoll(...args: readonly string[]): Promise<Finished> {
  return new Plimsoll(...args).finished;
}

/** How many batches a journal holds, read beside its engine. */
export function batchesIn(path: string): number {
  if (!existsSync(path)) return 0;
  const shell = new DatabaseSync(path, { readOnly: true });
  try {
    return (shell.prepare("SELECT count(*) AS batches FROM batch").get()?.["batches"] as number) ?? 0;
  } catch {
    // The engine has made the file and not yet its tables.
    return 0;
  } finally {
    shell.close();
  }
}
