import {
  FLAG_FEE_GIVEN,
  FLAG_LIQUIDATION,
  FLAG_MALFORMED,
  INPUT_ACCOUNT,
  INPUT_BLOB,
  INPUT_BLOB_COUNT,
  INPUT_CHOICE,
  INPUT_CURRENCY,
  INPUT_FINGERPRINT,
  INPUT_FIRST,
  INPUT_FLAGS,
  INPUT_IDENTITY,
  INPUT_INSTRUMENT,
  INPUT_KIND,
  INPUT_LIQUIDITY,
  INPUT_SECOND,
  INPUT_SIZE,
  INPUT_THIRD,
  INPUT_TIME,
  NONE,
} from "../../assembly/layout.ts";
import type { Identity } from "./identity.ts";
import type { Kernel } from "./kernel.ts";

/** Writes inputs into the kernel's slots, one after another, without making objects. */
export class InputSlots {
  readonly #kernel: Kernel;
  readonly #view: DataView;
  #count = 0;
  #blobUsed = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#view = new DataView(kernel.bytes.buffer);
  }

  get count(): number {
    return this.#count;
  }

  /** No more slot is free: apply what is there. */
  get full(): boolean {
    return this.#count === this.#kernel.inputCapacity;
  }

  clear(): void {
    this.#count = 0;
    this.#blobUsed = 0;
  }

  /** Moves the slots from `first` on to the front, after the kernel has applied those before. */
  keepFrom(first: number): void {
    const { bytes, inputs } = this.#kernel;
    bytes.copyWithin(inputs, inputs + first * INPUT_SIZE, inputs + this.#count * INPUT_SIZE);
    this.#count -= first;
  }

  /** Opens a slot with what every input has. @returns its address */
  #open(kind: number, account: number, instrument: number, timeUs: bigint): number {
    const slot = this.#kernel.inputSlot(this.#count++);
    this.#kernel.bytes.fill(0, slot, slot + INPUT_SIZE);
    const view = this.#view;
    view.setUint8(slot + INPUT_KIND, kind);
    view.setUint32(slot + INPUT_ACCOUNT, account, true);
    view.setUint32(slot + INPUT_INSTRUMENT, instrument, true);
    view.setUint32(slot + INPUT_CURRENCY, NONE, true);
    view.setBigInt64(slot + INPUT_TIME, timeUs, true);
    return slot;
  }

  #identify(slot: number, identity: Identity): void {
    const view = this.#view;
    view.setUint32(slot + INPUT_IDENTITY, identity.keyLow, true);
    view.setUint32(slot + INPUT_IDENTITY + 4, identity.keyHigh, true);
    view.setUint32(slot + INPUT_FINGERPRINT, identity.textLow, true);
    view.setUint32(slot + INPUT_FINGERPRINT + 4, identity.textHigh, true);
  }

  fill(
    kind: number,
    account: number,
    instrument: number,
    timeUs: bigint,
    identity: Identity,
    side: number,
    liquidity: number,
    liquidation: boolean,
    quantity: bigint,
    price: bigint,
    fee: bigint | undefined,
  ): void {
    const slot = this.#open(kind, account, instrument, timeUs);
    const view = this.#view;
    view.setUint8(slot + INPUT_CHOICE, side);
    view.setUint8(slot + INPUT_LIQUIDITY, liquidity);
    view.setUint8(slot + INPUT_FLAGS, (liquidation ? FLAG_LIQUIDATION : 0) | (fee === undefined ? 0 : FLAG_FEE_GIVEN));
    this.#identify(slot, identity);
    view.setBigInt64(slot + INPUT_FIRST, quantity, true);
    view.setBigInt64(slot + INPUT_SECOND, price, true);
    view.setBigInt64(slot + INPUT_THIRD, fee ?? 0n, true);
  }

  /** A mark, a funding rate or a settlement price. */
  market(kind: number, instrument: number, timeUs: bigint, number: bigint): void {
    const slot = this.#open(kind, NONE, instrument, timeUs);
    this.#view.setBigInt64(slot + INPUT_FIRST, number, true);
  }

  /** What an account asks for. `choice` is a margin mode; `forInstrument` says that a mode is for one instrument. */
  command(
    kind: number,
    account: number,
    instrument: number,
    currency: number,
    timeUs: bigint,
    identity: Identity,
    choice: number,
    forInstrument: boolean,
    amount: bigint,
  ): void {
    const slot = this.#open(kind, account, instrument, timeUs);
    const view = this.#view;
    view.setUint8(slot + INPUT_CHOICE, choice);
    view.setUint8(slot + INPUT_LIQUIDITY, forInstrument ? 1 : 0);
    view.setUint32(slot + INPUT_CURRENCY, currency, true);
    this.#identify(slot, identity);
    view.setBigInt64(slot + INPUT_FIRST, amount, true);
  }

  /** Part of a market's set-up; `numbers` go into the blob. */
  listing(
    kind: number,
    instrument: number,
    currency: number,
    choice: number,
    timeUs: bigint,
    numbers: readonly bigint[],
  ): void {
    const slot = this.#open(kind, NONE, instrument, timeUs);
    const view = this.#view;
    view.setUint8(slot + INPUT_CHOICE, choice);
    view.setUint32(slot + INPUT_CURRENCY, currency, true);
    view.setUint32(slot + INPUT_BLOB, this.#blobUsed * 8, true);
    view.setUint32(slot + INPUT_BLOB_COUNT, numbers.length, true);
    numbers.forEach((number, index) => {
      view.setBigInt64(this.#kernel.blob + (this.#blobUsed + index) * 8, number, true);
    });
    this.#blobUsed += numbers.length;
  }

  /** An input that the host could not read, or whose fields make no sense: it is counted and kept, not applied. */
  malformed(kind: number, account: number, instrument: number, timeUs: bigint, reason: number): void {
    const slot = this.#open(kind, account, instrument, timeUs);
    this.#view.setUint8(slot + INPUT_FLAGS, FLAG_MALFORMED);
    this.#view.setBigInt64(slot + INPUT_FIRST, BigInt(reason), true);
  }
}
