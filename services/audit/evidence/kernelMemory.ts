// A kernel binary in memory of its own, in Node and in a browser: one input in, what it said out.

import {
  INPUT_ACCOUNT,
  INPUT_BLOB_COUNT,
  INPUT_CURRENCY,
  INPUT_INSTRUMENT,
  INPUT_KIND,
  INPUT_SIZE,
  INPUT_TIME,
  LAYOUT_VERSION,
  NONE,
  OUTPUT_ACCOUNT,
  OUTPUT_CODE,
  OUTPUT_CURRENCY,
  OUTPUT_FROM_STATE,
  OUTPUT_INSTRUMENT,
  OUTPUT_ISOLATED,
  OUTPUT_KIND,
  OUTPUT_SIZE,
  OUTPUT_TO_STATE,
  OUTPUT_VALUES,
  VENUE_ACCOUNTS,
} from "../../../assembly/memory/layout.ts";
import type { Place } from "../verify/rowFigures.ts";

const PAGE = 65_536;
/** Room for margin regimes that the engine gives its kernel (services/kernel/kernel.ts): part of what a replay repeats. */
const REGIME_ROOM = [4 << 20, 48 << 20, 1024, 4096, 16 << 20] as const;

/** Accounts, pools, positions, instruments, identities, orders. */
export type Capacities = readonly [number, number, number, number, number, number];

interface Exports {
  configureRegimes?(programs: number, arena: number, positions: number, orders: number, market: number): void;
  layoutVersion(): number;
  configure(
    accounts: number,
    pools: number,
    positions: number,
    instruments: number,
    identities: number,
    holds: number,
  ): number;
  apply(count: number): number;
  inputAddress(): number;
  blobAddress(): number;
  outputAddress(): number;
  tableAddress(table: number): number;
}

/** A slot of what the kernel said, kept. */
export interface Said {
  readonly kind: number;
  readonly instrument: number | null;
  at(place: Place): bigint;
}

/** What became of a row, and what followed of the account, in order. */
export interface Told {
  readonly outcome: Said;
  readonly derived: readonly Said[];
}

/** A kernel of an evidence file at work: its memory, read and written by the drawing of its records. */
export class KernelMemory {
  readonly #exports: Exports;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  private constructor(exports: Exports, memory: WebAssembly.Memory) {
    this.#exports = exports;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** @throws RangeError for a kernel whose records this reader does not know */
  static open(module: WebAssembly.Module, capacities: Capacities): KernelMemory {
    const probe = instantiate(module, 1).exports;
    const layout = probe.layoutVersion();
    if (layout !== LAYOUT_VERSION) {
      throw new RangeError(`the kernel keeps records of layout ${layout}, this reader knows layout ${LAYOUT_VERSION}`);
    }
    const { exports, memory } = instantiate(module, Math.ceil(layOut(probe, capacities) / PAGE) + 1);
    layOut(exports, capacities);
    return new KernelMemory(exports, memory);
  }

  /** The first input slot, emptied, with a kind and a time. */
  slot(kind: number, eventTimeUs: number): number {
    const slot = this.#exports.inputAddress();
    this.#bytes.fill(0, slot, slot + INPUT_SIZE);
    this.u8(slot + INPUT_KIND, kind);
    for (const field of [INPUT_ACCOUNT, INPUT_INSTRUMENT, INPUT_CURRENCY]) this.u32(slot + field, NONE);
    this.i64(slot + INPUT_TIME, BigInt(eventTimeUs));
    return slot;
  }

  /** Numbers that belong to a slot. */
  list(slot: number, numbers: readonly bigint[]): void {
    this.u32(slot + INPUT_BLOB_COUNT, numbers.length);
    const blob = this.#exports.blobAddress();
    for (const [index, number] of numbers.entries()) this.i64(blob + index * 8, number);
  }

  /** Bytes that belong to a slot, a multiple of eight. */
  block(slot: number, bytes: Uint8Array): void {
    this.u32(slot + INPUT_BLOB_COUNT, bytes.length / 8);
    this.#bytes.set(bytes, this.#exports.blobAddress());
  }

  /**
   * Applies the one slot that was written.
   * @throws RangeError when it must hold and the kernel refuses it
   */
  apply(mustHold: boolean): Told {
    const { apply, outputAddress } = this.#exports;
    const written = apply(1);
    const code = this.byte(outputAddress() + OUTPUT_CODE);
    if (code !== 0 && mustHold) throw new RangeError(`the kernel refuses with reason ${code} what it applied then`);
    const derived: Said[] = [];
    for (let index = 1; index < written; index++) {
      const slot = outputAddress() + index * OUTPUT_SIZE;
      if (this.number(slot + OUTPUT_ACCOUNT) === VENUE_ACCOUNTS) derived.push(this.#said(slot));
    }
    return { outcome: this.#said(outputAddress()), derived };
  }

  #said(address: number): Said {
    const slot = new DataView(this.#bytes.slice(address, address + OUTPUT_SIZE).buffer);
    const instrument = slot.getUint32(OUTPUT_INSTRUMENT, true);
    const fields = { fromState: OUTPUT_FROM_STATE, toState: OUTPUT_TO_STATE };
    return {
      kind: slot.getUint8(OUTPUT_KIND),
      instrument: instrument === NONE ? null : instrument,
      at: (place) => {
        if (typeof place === "number") return slot.getBigInt64(OUTPUT_VALUES + place * 8, true);
        if (place === "currency") return BigInt(slot.getUint32(OUTPUT_CURRENCY, true));
        if (place === "priceKind" || place === "priceKey") {
          // Of an order that rests its quantity stands there.
          const price = slot.getUint8(OUTPUT_CODE) === 0 ? 0n : slot.getBigInt64(OUTPUT_VALUES + 13 * 8, true);
          return place === "priceKind" ? price >> 32n : price & 0xffff_ffffn;
        }
        if (place === "isolated") return BigInt(slot.getUint32(OUTPUT_ISOLATED, true));
        return BigInt(slot.getUint8(fields[place]));
      },
    };
  }

  /** Where a table begins. */
  table(table: number): number {
    return this.#exports.tableAddress(table);
  }

  byte(address: number): number {
    return this.#view.getUint8(address);
  }

  number(address: number): number {
    return this.#view.getUint32(address, true);
  }

  long(address: number): bigint {
    return this.#view.getBigInt64(address, true);
  }

  double(address: number): number {
    return this.#view.getFloat64(address, true);
  }

  u8(address: number, value: number): void {
    this.#view.setUint8(address, value);
  }

  u32(address: number, value: number): void {
    this.#view.setUint32(address, value, true);
  }

  i64(address: number, value: bigint): void {
    this.#view.setBigInt64(address, BigInt.asIntN(64, value), true);
  }
}

function layOut(exports: Exports, capacities: Capacities): number {
  exports.configureRegimes?.(...REGIME_ROOM);
  return exports.configure(...capacities) >>> 0;
}

function instantiate(module: WebAssembly.Module, pages: number): { exports: Exports; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { exports: instance.exports as unknown as Exports, memory };
}
