// Fills, marks, money and changes of margin state straight from a journal's bytes: nearly every row is one of them. What is not
// as this version writes it is left to `recall.ts`, which can read it all.

import {
  COLLATERAL_MOVED,
  FILL_APPLIED,
  FLAG_FEE_GIVEN,
  FLAG_FORWARD,
  FLAG_INTEREST,
  FLAG_LIQUIDATION,
  FLAG_ORDER_NAMED,
  FLAG_VOLATILITY,
  INPUT_BLOB,
  INPUT_BLOB_COUNT,
  INPUT_CURRENCY,
  INPUT_FINGERPRINT,
  INPUT_FIRST,
  INPUT_FLAGS,
  INPUT_ORDER,
  INPUT_SECOND,
  INPUT_SIZE,
  INPUT_THIRD,
  INPUT_TIME,
  MARK_PRICE_SET,
  NONE,
  OUTPUT_CURRENCY,
  OUTPUT_FROM_STATE,
  OUTPUT_ISOLATED,
  OUTPUT_VALUES,
} from "../../assembly/memory/layout.ts";
import { FILL_IDENTITY, identityOf, ORDER_IDENTITY } from "../kernel/identity.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { high, low, readVarint, readZigzag } from "../kernel/words.ts";

const WORDS = INPUT_SIZE / 4;
/** Fields of FillApplied below it say what the venue said, from it on what the fill did. */
const FIRST_OUTCOME = 10;
const VALUES = 7;

/** i64s of the blob that a mark may take for itself. */
export const MARK_BLOB = 3;

/** Reads stored events and writes them into the kernel's slots, or holds them against what the kernel answered. */
export class StoredEvents {
  readonly #kernel: Kernel;
  /** Where the body of the row under way begins. */
  #at = 0;
  readonly #expected = new Int32Array(6);

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Finds the body of a JournalEvent of today's version. @returns whether it is one, with a body of that kind alone */
  #open(bytes: Uint8Array, start: number, end: number, kind: number): boolean {
    let at = start;
    while (at < end) {
      at = readVarint(bytes, at);
      const tag = low;
      if (tag === 0x08 || tag === 0x10) {
        at = readVarint(bytes, at);
        continue;
      }
      if (tag !== ((kind << 3) | 2)) return false;
      at = readVarint(bytes, at);
      this.#at = at;
      return at + low === end;
    }
    return false;
  }

  /** Opens input slot `index` with what every input has. @returns its address in words */
  #slot(index: number, kind: number, account: number, instrument: number, timeUs: number): number {
    const slot = this.#kernel.inputSlot(index) >> 2;
    const { u32 } = this.#kernel;
    for (let word = slot; word < slot + WORDS; word++) u32[word] = 0;
    u32[slot] = kind;
    u32[slot + 1] = account;
    u32[slot + 2] = instrument;
    u32[slot + 3] = NONE;
    const upper = Math.floor(timeUs / 0x1_0000_0000);
    u32[slot + (INPUT_TIME >> 2)] = timeUs - upper * 0x1_0000_0000;
    u32[slot + (INPUT_TIME >> 2) + 1] = upper;
    return slot;
  }

  #put(word: number): void {
    this.#kernel.u32[word] = low;
    this.#kernel.u32[word + 1] = high;
  }

  /** Writes an applied fill into input slot `index`. @returns where it says what it did; -1 when `recall` must read it */
  writeFill(
    index: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    account: number,
    instrument: number,
    timeUs: number,
  ): number {
    if (!this.#open(bytes, start, end, FILL_APPLIED)) return -1;
    const slot = this.#slot(index, FILL_APPLIED, account, instrument, timeUs);
    const { u32 } = this.#kernel;
    let head = FILL_APPLIED;
    let at = this.#at;
    while (at < end) {
      const tag = bytes[at]!;
      if (tag >= FIRST_OUTCOME << 3) break;
      at++;
      switch (tag) {
        case 10:
        case 18:
          at = readVarint(bytes, at);
          at += low;
          break;
        case 24:
          at = readVarint(bytes, at);
          head |= (low & 0xff) << 8;
          break;
        case 32:
          at = readVarint(bytes, at);
          this.#put(slot + (INPUT_FIRST >> 2));
          break;
        case 40:
          at = readZigzag(bytes, at);
          this.#put(slot + (INPUT_SECOND >> 2));
          break;
        case 48:
          at = readVarint(bytes, at);
          head |= (low & 0xff) << 16;
          break;
        case 56:
          at = readVarint(bytes, at);
          if (low !== 0) head |= FLAG_LIQUIDATION << 24;
          break;
        case 64:
          at = readZigzag(bytes, at);
          head |= FLAG_FEE_GIVEN << 24;
          this.#put(slot + (INPUT_THIRD >> 2));
          break;
        case 74: {
          at = readVarint(bytes, at);
          const order = Buffer.from(bytes.buffer, bytes.byteOffset + at, low).toString();
          at += low;
          head |= FLAG_ORDER_NAMED << 24;
          const name = identityOf(ORDER_IDENTITY, order, "", "", "");
          u32[slot + (INPUT_ORDER >> 2)] = name.keyLow;
          u32[slot + (INPUT_ORDER >> 2) + 1] = name.keyHigh;
          const rest = identityOf(FILL_IDENTITY, "", "", "", order);
          u32[slot + (INPUT_FINGERPRINT >> 2)] = rest.textLow;
          u32[slot + (INPUT_FINGERPRINT >> 2) + 1] = rest.textHigh;
          break;
        }
        default:
          return -1;
      }
    }
    u32[slot] = head;
    return at;
  }

  /** Writes an applied mark; `blobUsed` i64s of the blob are taken. @returns those taken then, -1 when `recall` must read it */
  writeMark(
    index: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    instrument: number,
    timeUs: number,
    blobUsed: number,
  ): number {
    if (!this.#open(bytes, start, end, MARK_PRICE_SET)) return -1;
    const slot = this.#slot(index, MARK_PRICE_SET, NONE, instrument, timeUs);
    const { u32, blob } = this.#kernel;
    const extras = (blob >> 2) + blobUsed * 2;
    u32.fill(0, extras, extras + 6);
    let flags = 0;
    let at = this.#at;
    while (at < end) {
      const tag = bytes[at++]!;
      if (tag === 8) {
        at = readZigzag(bytes, at);
        this.#put(slot + (INPUT_FIRST >> 2));
      } else if (tag === 16) {
        at = readZigzag(bytes, at);
        flags |= FLAG_VOLATILITY;
        this.#put(extras);
      } else if (tag === 24) {
        at = readVarint(bytes, at);
        flags |= FLAG_FORWARD;
        this.#put(extras + 2);
      } else if (tag === 32) {
        at = readZigzag(bytes, at);
        flags |= FLAG_INTEREST;
        this.#put(extras + 4);
      } else {
        return -1;
      }
    }
    if (flags === 0) return blobUsed;
    this.#kernel.bytes[(slot << 2) + INPUT_FLAGS] = flags;
    u32[slot + (INPUT_BLOB >> 2)] = blobUsed * 8;
    u32[slot + (INPUT_BLOB_COUNT >> 2)] = 3;
    return blobUsed + 3;
  }

  /**
   * Writes a deposit, a withdrawal or collateral that was moved into input slot `index`.
   * @returns where it says what it did; -1 when `recall` must read it, the slot is then void
   */
  writeMoney(
    index: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    kind: number,
    account: number,
    instrument: number,
    timeUs: number,
  ): number {
    if (!this.#open(bytes, start, end, kind)) return -1;
    const slot = this.#slot(index, kind, account, instrument, timeUs);
    const { u32 } = this.#kernel;
    const moves = kind === COLLATERAL_MOVED;
    // Collateral is moved for an instrument; a transfer is in a currency, the first one where none is told.
    if (moves) u32[slot] = kind | (1 << 16);
    else u32[slot + (INPUT_CURRENCY >> 2)] = 0;
    const outcome = moves ? 24 : 32;
    let at = this.#at;
    while (at < end) {
      const tag = bytes[at]!;
      if (tag >= outcome) break;
      at++;
      if (tag === 10) {
        at = readVarint(bytes, at);
        at += low;
      } else if (tag === 16 && !moves) {
        at = readVarint(bytes, at);
        u32[slot + (INPUT_CURRENCY >> 2)] = low;
      } else if (tag === 16) {
        at = readZigzag(bytes, at);
        this.#put(slot + (INPUT_FIRST >> 2));
      } else if (tag === 24) {
        at = readVarint(bytes, at);
        this.#put(slot + (INPUT_FIRST >> 2));
      } else {
        return -1;
      }
    }
    return at;
  }

  /** Whether money came to what the kernel says in the output slot. @param outcome as `writeMoney` gave it */
  sameMoney(bytes: Uint8Array, outcome: number, end: number, kind: number, output: number): boolean {
    const { u32 } = this.#kernel;
    const first = (output + OUTPUT_VALUES) >> 2;
    if (outcome === end) return (u32[first]! | u32[first + 1]!) === 0;
    const moves = kind === COLLATERAL_MOVED;
    if (bytes[outcome] !== (moves ? 24 : 32)) return false;
    const at = moves ? readVarint(bytes, outcome + 1) : readZigzag(bytes, outcome + 1);
    return at === end && u32[first] === low >>> 0 && u32[first + 1] === high >>> 0;
  }

  /** Puts an account into the blob. */
  name(blobIndex: number, account: number): void {
    const word = (this.#kernel.blob >> 2) + blobIndex * 2;
    this.#kernel.u32[word] = account;
    this.#kernel.u32[word + 1] = 0;
  }

  /** Says that the mark in slot `index` names `count` accounts, which stand in the blob from i64 `offset` on. */
  nameFrom(index: number, offset: number, count: number): void {
    const slot = this.#kernel.inputSlot(index) >> 2;
    this.#kernel.u32[slot + (INPUT_SECOND >> 2)] = offset * 8;
    this.#kernel.u32[slot + (INPUT_THIRD >> 2)] = count;
  }

  /** Whether a stored fill did what the kernel says in the output slot. @param outcome as `writeFill` gave it */
  sameFill(bytes: Uint8Array, outcome: number, end: number, output: number): boolean {
    const { u32 } = this.#kernel;
    const first = (output + OUTPUT_VALUES) >> 2;
    let next = 0;
    let at = outcome;
    while (at < end) {
      let tag = bytes[at++]!;
      if (tag >= 0x80) tag = (tag & 0x7f) | (bytes[at++]! << 7);
      const value = (tag >> 3) - FIRST_OUTCOME;
      if (value < next || value >= VALUES || (tag & 7) !== 0) return false;
      // posted_after and liquidation_fee are never negative.
      at = value === 4 || value === 6 ? readVarint(bytes, at) : readZigzag(bytes, at);
      // What is not told is 0.
      for (; next < value; next++) if ((u32[first + next * 2]! | u32[first + next * 2 + 1]!) !== 0) return false;
      if (u32[first + value * 2] !== low >>> 0 || u32[first + value * 2 + 1] !== high >>> 0) return false;
      next = value + 1;
    }
    for (; next < VALUES; next++) if ((u32[first + next * 2]! | u32[first + next * 2 + 1]!) !== 0) return false;
    return true;
  }

  /** Whether a stored change of margin state is the one in the output slot at the address. */
  sameMarginState(bytes: Uint8Array, start: number, end: number, kind: number, output: number): boolean {
    if (!this.#open(bytes, start, end, kind)) return false;
    const expected = this.#expected.fill(0);
    let states = 0;
    let currency = 0;
    let isolated = 0;
    let at = this.#at;
    while (at < end) {
      const tag = bytes[at++]!;
      at = tag === 40 ? readZigzag(bytes, at) : readVarint(bytes, at);
      if (tag === 8) states |= low & 0xff;
      else if (tag === 16) states |= (low & 0xff) << 8;
      else if (tag === 24) currency = low;
      else if (tag === 32) isolated = low;
      else if (tag === 40 || tag === 48 || tag === 56) {
        expected[(tag >> 3) * 2 - 10] = low;
        expected[(tag >> 3) * 2 - 9] = high;
      } else return false;
    }
    const { bytes: memory, u32 } = this.#kernel;
    const told = memory[output + OUTPUT_FROM_STATE]! | (memory[output + OUTPUT_FROM_STATE + 1]! << 8);
    return (
      told === states &&
      u32[(output + OUTPUT_CURRENCY) >> 2] === currency >>> 0 &&
      u32[(output + OUTPUT_ISOLATED) >> 2] === isolated >>> 0 &&
      this.#answers(output)
    );
  }

  #answers(output: number): boolean {
    const { i32 } = this.#kernel;
    const first = (output + OUTPUT_VALUES) >> 2;
    for (let word = 0; word < this.#expected.length; word++) {
      if (i32[first + word] !== this.#expected[word]) return false;
    }
    return true;
  }
}
