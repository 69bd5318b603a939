import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** What a rung says of itself, readable without its body. */
export interface RungHeader {
  readonly layoutVersion: number;
  readonly kernelHash: string;
  /** The batch that it stands behind, and that batch's last event. */
  readonly batch: number;
  readonly position: number;
  readonly eventTimeUs: number;
  /** Accounts that were open: the account of number n is in the rung when n is below it. */
  readonly accounts: number;
  /** Hash of that batch, hexadecimal: a rung of another history is never used. */
  readonly chainHash: string;
  readonly namesBytes: number;
  readonly tableBytes: readonly number[];
}

export interface Rung {
  readonly header: RungHeader;
  /** Names as JSON. */
  readonly names: string;
  /** The kernel's tables in order; the table of remembered identities is empty. */
  readonly tables: readonly Uint8Array[];
}

const MAGIC = Buffer.from("PLIMSOLL-RUNG-1\n");
const SUFFIX = ".rung";
const PART = ".part";
const CHECKSUM_BYTES = 32;
/** A header is a few hundred bytes. */
const HEADER_READ_BYTES = 4096;
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * The ladder of a shard: light states that a question about the past begins from, one every few thousand events. It is a
 * cache beside the journal: written aside and renamed, with a checksum, never synced; what is missing or damaged, an older
 * rung or the log itself answers, and `plimsoll snapshots build` makes it again.
 */
export class RungStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  write({ header, names, tables }: Rung): void {
    mkdirSync(this.directory, { recursive: true });
    const head = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(head.length);
    const body = zstdCompressSync(Buffer.concat([Buffer.from(names), ...tables]), LEVEL);
    const bytes = Buffer.concat([MAGIC, length, head, body]);
    const path = join(this.directory, nameOf(header.position));
    const checksum = createHash("sha256").update(bytes).digest();
    writeFileSync(`${path}${PART}`, Buffer.concat([bytes, checksum]));
    renameSync(`${path}${PART}`, path);
  }

  /** Positions of the rungs that are there, ascending. */
  positions(): number[] {
    let files: string[];
    try {
      files = readdirSync(this.directory);
    } catch {
      // No folder yet: no rung yet.
      return [];
    }
    return files
      .filter((file) => file.endsWith(SUFFIX))
      .map((file) => Number(file.slice(0, -SUFFIX.length)))
      .sort((a, b) => a - b);
  }

  /** @returns undefined when the rung is gone or damaged */
  header(position: number): RungHeader | undefined {
    const bytes = Buffer.alloc(HEADER_READ_BYTES);
    try {
      const file = openSync(join(this.directory, nameOf(position)), "r");
      try {
        return headerOf(bytes.subarray(0, readSync(file, bytes, 0, HEADER_READ_BYTES, 0))).header;
      } finally {
        closeSync(file);
      }
    } catch {
      return undefined;
    }
  }

  /** @returns undefined when the rung is gone or damaged */
  read(position: number): Rung | undefined {
    try {
      return decode(readFileSync(join(this.directory, nameOf(position))));
    } catch {
      return undefined;
    }
  }

  /** Removes what claims to stand after the end of the journal: it belongs to another history. */
  removeAfter(position: number): void {
    for (const other of this.positions()) {
      if (other > position) rmSync(join(this.directory, nameOf(other)), { force: true });
    }
  }
}

function nameOf(position: number): string {
  return `${String(position).padStart(16, "0")}${SUFFIX}`;
}

function headerOf(bytes: Buffer): { header: RungHeader; end: number } {
  const start = MAGIC.length + 4;
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error("not a rung");
  const end = start + bytes.readUInt32LE(MAGIC.length);
  return { header: JSON.parse(bytes.toString("utf8", start, end)) as RungHeader, end };
}

function decode(file: Buffer): Rung {
  const body = file.subarray(0, file.length - CHECKSUM_BYTES);
  const checksum = createHash("sha256").update(body).digest();
  if (!checksum.equals(file.subarray(body.length))) throw new Error("the checksum does not fit the content");
  const { header, end } = headerOf(body);
  const bytes = header.tableBytes.reduce((sum, length) => sum + length, header.namesBytes);
  // In one piece: by default it would come in hundreds.
  const content = zstdDecompressSync(body.subarray(end), { chunkSize: Math.max(bytes, 64) });
  let at = header.namesBytes;
  const tables = header.tableBytes.map((length) => {
    at += length;
    return content.subarray(at - length, at);
  });
  return { header, names: content.toString("utf8", 0, header.namesBytes), tables };
}
