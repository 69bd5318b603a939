import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";
import {
  isUnreadable,
  knownHeaders,
  recogniseTape,
  rowReader,
  type TapeTrade,
  type UnreadableRow,
} from "./tapeFormats.ts";

/** A tape cannot be read at all, or does not fit the market or the journal. */
export class TapeError extends Error {
  override readonly name = "TapeError";
  readonly file: string;
  /** From 1, the header included; 0 when the file as a whole is meant. */
  readonly line: number;

  constructor(file: string, line: number, reason: string, options?: ErrorOptions) {
    super(line > 0 ? `${file}:${line}: ${reason}` : `${file}: ${reason}`, options);
    this.file = file;
    this.line = line;
  }
}

/** One row behind the header, in the order of the tape. */
export interface TapeRow {
  readonly content: TapeTrade | UnreadableRow;
  /** The row's own text, one character a byte (latin1). */
  readonly text: string;
  readonly line: number;
  /** The row's time, or for a row without one the latest time before it. Never falls within a tape. */
  readonly orderMs: number;
}

const LONGEST_ROW_BYTES = 65_536;

/** Reads one gzip tape forward. At most one decompressed chunk is held. */
export class TapeReader {
  readonly file: string;
  readonly #gunzip: Gunzip;
  readonly #chunks: AsyncIterator<Buffer>;
  #read: ((row: string) => TapeTrade | UnreadableRow) | undefined;
  #lines: readonly string[] = [];
  #next = 0;
  #rest = "";
  #line = 0;
  #orderMs = 0;
  #ended = false;

  constructor(file: string) {
    this.file = file;
    this.#gunzip = createGunzip();
    // A failure of either stream ends the other and comes out of the iteration.
    pipeline(createReadStream(file), this.#gunzip, () => {});
    this.#chunks = this.#gunzip[Symbol.asyncIterator]();
  }

  /**
   * Makes sure that `take` has a row to give.
   *
   * @returns false at the end of the tape
   * @throws TapeError when the file is missing, no gzip, cut short, or no tape of a known format
   */
  async fill(): Promise<boolean> {
    while (this.#next >= this.#lines.length) {
      if (this.#ended) return false;
      const chunk = await this.#nextChunk();
      this.#ended = chunk === undefined;
      const lines = (this.#rest + (chunk?.toString("latin1") ?? "")).split("\n");
      this.#rest = this.#ended ? "" : (lines.pop() ?? "");
      if (this.#ended && lines.at(-1) === "") lines.pop();
      if (this.#rest.length > LONGEST_ROW_BYTES) {
        throw new TapeError(
          this.file,
          this.#line + 1,
          `a row of more than ${LONGEST_ROW_BYTES} bytes; is this a tape?`,
        );
      }
      this.#lines = lines;
      this.#next = 0;
      if (this.#read === undefined && (lines.length > 0 || this.#ended)) this.#readHeader(lines[0] ?? "");
    }
    return true;
  }

  /** Whether `take` has a row without another `fill`. */
  get ready(): boolean {
    return this.#next < this.#lines.length;
  }

  /** The next row; only when `ready`. */
  take(): TapeRow {
    const raw = this.#lines[this.#next] as string;
    this.#next += 1;
    this.#line += 1;
    const text = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const content = (this.#read as (row: string) => TapeTrade | UnreadableRow)(text);
    if (!isUnreadable(content)) this.#orderMs = Math.max(this.#orderMs, content.timeMs);
    return { content, text, line: this.#line, orderMs: this.#orderMs };
  }

  close(): void {
    this.#gunzip.destroy();
  }

  #readHeader(raw: string): void {
    const header = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const format = recogniseTape(header);
    if (format === undefined) {
      const shown = header.length > 200 ? `${header.slice(0, 200)}...` : header;
      throw new TapeError(
        this.file,
        1,
        `no known tape has the header "${shown}"; known: ${knownHeaders().join(" | ")}`,
      );
    }
    this.#read = rowReader(format);
    this.#next = 1;
    this.#line = 1;
  }

  async #nextChunk(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.#chunks.next();
      return done === true ? undefined : value;
    } catch (error) {
      throw new TapeError(this.file, 0, `cannot be read as gzip: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** Several tapes as one, by time; at the same time in the order in which the files were named. */
export class MergedTapes {
  readonly #readers: readonly TapeReader[];
  readonly #heads: (TapeRow | undefined)[] = [];

  constructor(files: readonly string[]) {
    this.#readers = files.map((file) => new TapeReader(file));
  }

  /** The next `count` rows, fewer only at the end. */
  async take(count: number): Promise<TapeRow[]> {
    const rows: TapeRow[] = [];
    while (rows.length < count) {
      for (const [index, reader] of this.#readers.entries()) {
        if (this.#heads[index] === undefined && (reader.ready || (await reader.fill()))) {
          this.#heads[index] = reader.take();
        }
      }
      let first: number | undefined;
      for (const [index, head] of this.#heads.entries()) {
        if (head === undefined) continue;
        const best = first === undefined ? undefined : this.#heads[first];
        if (best === undefined || head.orderMs < best.orderMs) first = index;
      }
      if (first === undefined) break;
      rows.push(this.#heads[first] as TapeRow);
      this.#heads[first] = undefined;
    }
    return rows;
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }
}
