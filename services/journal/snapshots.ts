import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/** What a snapshot says of itself. */
export interface SnapshotHeader {
  readonly layoutVersion: number;
  readonly kernelHash: string;
  readonly batch: number;
  readonly position: number;
  /** Hash of the batch that it stands on, hexadecimal: a snapshot of another history is never used. */
  readonly chainHash: string;
  readonly stateHash: string;
  readonly names: unknown;
  readonly tableBytes: readonly number[];
}

export interface Snapshot {
  readonly header: SnapshotHeader;
  readonly tables: readonly Uint8Array[];
}

const MAGIC = Buffer.from("PLIMSOLL-SNAP-1\n");
const GENERATIONS = 2;
const SUFFIX = ".snapshot";
const PART = ".part";

/**
 * Snapshots are a cache (design D10): written aside, synced, renamed; two generations are kept. Whatever is wrong with one,
 * it is passed over, and the log answers.
 */
export class SnapshotStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  write(snapshot: Snapshot): void {
    mkdirSync(this.#directory, { recursive: true });
    const header = Buffer.from(JSON.stringify(snapshot.header));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    const parts = [MAGIC, length, header, ...snapshot.tables];
    const checksum = createHash("sha256");
    for (const part of parts) checksum.update(part);
    const name = `${String(snapshot.header.position).padStart(16, "0")}${SUFFIX}`;
    const aside = join(this.#directory, `${name}${PART}`);
    const file = openSync(aside, "w");
    try {
      for (const part of [...parts, checksum.digest()]) writeWhole(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, join(this.#directory, name));
    syncDirectory(this.#directory);
    this.#clear(name);
  }

  /** Keeps two generations. One that claims to be newer than what was just written belongs to another history. */
  #clear(newest: string): void {
    const files = this.#files();
    const own = files.indexOf(newest);
    const unused = [...files.slice(0, own), ...files.slice(own + GENERATIONS)];
    const unfinished = readdirSync(this.#directory).filter((file) => file.endsWith(PART));
    for (const file of [...unused, ...unfinished]) rmSync(join(this.#directory, file));
  }

  /** Snapshots that are whole, newest first; `passedOver` is told of the others. */
  *read(passedOver: (file: string, reason: string) => void): Generator<Snapshot> {
    for (const file of this.#files()) {
      let snapshot: Snapshot;
      try {
        snapshot = decode(readFileSync(join(this.#directory, file)));
      } catch (error) {
        // Removed since the folder was listed: a running engine has written a newer one.
        if (error instanceof Error && "code" in error && error.code === "ENOENT") continue;
        passedOver(file, error instanceof Error ? error.message : String(error));
        continue;
      }
      yield snapshot;
    }
  }

  #files(): string[] {
    let files: string[];
    try {
      files = readdirSync(this.#directory);
    } catch {
      // No folder yet: no snapshot yet.
      return [];
    }
    return files
      .filter((file) => file.endsWith(SUFFIX))
      .sort()
      .reverse();
  }
}

function writeWhole(file: number, part: Uint8Array): void {
  for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function decode(bytes: Buffer): Snapshot {
  const start = MAGIC.length + 4;
  if (bytes.length < start + 32 || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error("not a snapshot");
  const body = bytes.subarray(0, bytes.length - 32);
  if (
    !createHash("sha256")
      .update(body)
      .digest()
      .equals(bytes.subarray(bytes.length - 32))
  ) {
    throw new Error("the checksum does not fit the content");
  }
  const headerEnd = start + bytes.readUInt32LE(MAGIC.length);
  const header = JSON.parse(bytes.toString("utf8", start, headerEnd)) as SnapshotHeader;
  let at = headerEnd;
  const tables = header.tableBytes.map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
  return { header, tables };
}
