import type { Fixed } from "./program.ts";

const CELL = 16;
const GUARD = 1n << 126n;
const LOW = (1n << 64n) - 1n;
/** The smallest 128-bit integer stands for "undefined". */
const UNDEFINED_HIGH = -(1n << 63n);

/** Bytes of a program under way: records are laid out one after the other and filled by their offsets. */
export class ProgramImage {
  #view = new DataView(new ArrayBuffer(4096));
  #size = 0;

  /** @returns the offset of so many zero bytes, aligned to 16 */
  reserve(bytes: number): number {
    const offset = this.#size;
    this.#size += Math.ceil(bytes / CELL) * CELL;
    if (this.#size > this.#view.byteLength) {
      const grown = new Uint8Array(Math.max(this.#size, this.#view.byteLength * 2));
      grown.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(grown.buffer);
    }
    return offset;
  }

  get size(): number {
    return this.#size;
  }

  u8(offset: number, value: number): void {
    this.#view.setUint8(offset, value);
  }

  u16(offset: number, value: number): void {
    this.#view.setUint16(offset, value, true);
  }

  u32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  f64(offset: number, value: number): void {
    this.#view.setFloat64(offset, value, true);
  }

  /** A decimal: undefined when it is not given or past the guard. */
  cell(offset: number, value: Fixed | undefined): void {
    const known = value !== undefined && value < GUARD && value > -GUARD;
    this.#view.setBigUint64(offset, known ? value & LOW : 0n, true);
    this.#view.setBigInt64(offset + 8, known ? value >> 64n : UNDEFINED_HIGH, true);
  }

  /** Numbers one after the other; the count and their offset are written at `at`. */
  u32List(at: number, values: readonly number[]): void {
    const offset = this.reserve(values.length * 4);
    for (const [index, value] of values.entries()) this.u32(offset + index * 4, value);
    this.u32(at, values.length);
    this.u32(at + 4, offset);
  }

  cells(values: readonly (Fixed | undefined)[]): number {
    const offset = this.reserve(values.length * CELL);
    for (const [index, value] of values.entries()) this.cell(offset + index * CELL, value);
    return offset;
  }

  /** @returns the offset of `count` records of a size; count and offset are written at `at` */
  records(at: number, count: number, size: number): number {
    const offset = this.reserve(count * size);
    this.u32(at, count);
    this.u32(at + 4, offset);
    return offset;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#size);
  }
}
