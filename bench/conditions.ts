import { createHash } from "node:crypto";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { kernelBinary } from "../services/kernel/binary.ts";
import { quantile } from "./measure.ts";

/** On what a result was had. Figures of another machine say nothing without them, and little with them. */
export interface Conditions {
  readonly cpu: string;
  readonly cores: number;
  /** Of one minute, before the first bench. */
  readonly loadAverage: number;
  readonly node: string;
  readonly v8: string;
  /** SHA-256 of the kernel binary, hexadecimal. */
  readonly kernelHash: string;
  /** Appending 4 KiB and fdatasync, in the folder that the benches write to. */
  readonly fsync: { readonly writes: number; readonly p50Ms: number; readonly p99Ms: number };
}

const SYNCED_WRITES = 300;
const PAGE_BYTES = 4096;

export function conditionsNow(): Conditions {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    loadAverage: loadAverage(),
    node: process.version,
    v8: process.versions.v8,
    kernelHash: createHash("sha256").update(kernelBinary()).digest("hex"),
    fsync: fsyncTimes(),
  };
}

export function loadAverage(): number {
  return loadavg()[0]!;
}

/** A new folder for what a bench writes, on the disk that TMPDIR names. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "plimsoll-bench-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

function fsyncTimes(): Conditions["fsync"] {
  const folder = temporaryFolder();
  const file = openSync(join(folder, "fsync"), "w");
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const times: number[] = [];
  try {
    for (let write = 0; write < SYNCED_WRITES; write++) {
      const start = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      times.push(performance.now() - start);
    }
  } finally {
    closeSync(file);
    removeFolder(folder);
  }
  return { writes: SYNCED_WRITES, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}
