import {
  CURRENCY_LISTED,
  FLAG_FEE_GIVEN,
  FLAG_FORWARD,
  FLAG_INTEREST,
  FLAG_LIQUIDATION,
  FLAG_MALFORMED,
  FLAG_ORDER_NAMED,
  FLAG_VOLATILITY,
  INDEX_PRICE_SET,
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
  INPUT_ORDER,
  INPUT_SECOND,
  INPUT_SIZE,
  INPUT_THIRD,
  INPUT_TIME,
  INSTRUMENT_SETTLED_KIND,
  LIMIT_SET,
  MARK_PRICE_SET,
  NONE,
  OVERRIDE_SET,
  REGIME_SET,
  SWITCH_SET,
} from "../../assembly/memory/layout.ts";
import type { ControlCommand } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Identity } from "./identity.ts";
import type { Kernel } from "./kernel.ts";

/** i64s that any input but a listing or a regime puts into the blob at the most. */
const MARK_BLOB = 3;

const CONTROL_KINDS = { setLimit: LIMIT_SET, setSwitch: SWITCH_SET, setOverride: OVERRIDE_SET } as const;

/** What a mark may tell beside its price. */
export interface MarkExtras {
  readonly volatilityE9?: bigint | undefined;
  readonly forwardE8?: bigint | undefined;
  readonly interestE9?: bigint | undefined;
}

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
    return this.#count === this.#kernel.inputCapacity || !this.blobFits(MARK_BLOB);
  }

  clear(): void {
    this.#count = 0;
    this.#blobUsed = 0;
  }

  /** Moves the slots from `first` on to the front, after the kernel has applied those before. */
  keepFrom(first: number): void {
    this.#kernel.keepInputsFrom(first, this.#count);
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
    orderNamed: boolean,
  ): void {
    const slot = this.#open(kind, account, instrument, timeUs);
    const view = this.#view;
    view.setUint8(slot + INPUT_CHOICE, side);
    view.setUint8(slot + INPUT_LIQUIDITY, liquidity);
    const flags = (liquidation ? FLAG_LIQUIDATION : 0) | (fee === undefined ? 0 : FLAG_FEE_GIVEN);
    view.setUint8(slot + INPUT_FLAGS, flags | (orderNamed ? FLAG_ORDER_NAMED : 0));
    this.#identify(slot, identity);
    view.setBigInt64(slot + INPUT_FIRST, quantity, true);
    view.setBigInt64(slot + INPUT_SECOND, price, true);
    view.setBigInt64(slot + INPUT_THIRD, fee ?? 0n, true);
  }

  /** Says which order the input just written is about; `order` is its id's identity. */
  nameOrder(order: Identity): void {
    const slot = this.#kernel.inputSlot(this.#count - 1);
    this.#view.setUint32(slot + INPUT_ORDER, order.keyLow, true);
    this.#view.setUint32(slot + INPUT_ORDER + 4, order.keyHigh, true);
  }

  /**
   * A request for an order. `flags`: ORDER_PRICED, ORDER_REDUCE_ONLY; `expiresAtUs` 0 for none; `lag`: how far the engine was
   * behind its feed when it took the request, and its bound, us, if that was too far.
   */
  hold(
    kind: number,
    account: number,
    instrument: number,
    timeUs: bigint,
    identity: Identity,
    side: number,
    flags: number,
    quantity: bigint,
    price: bigint,
    expiresAtUs: bigint,
    lag: readonly [bigint, bigint] | undefined,
  ): void {
    const slot = this.#open(kind, account, instrument, timeUs);
    const view = this.#view;
    view.setUint8(slot + INPUT_CHOICE, side);
    view.setUint8(slot + INPUT_LIQUIDITY, flags);
    this.#identify(slot, identity);
    view.setBigInt64(slot + INPUT_FIRST, quantity, true);
    view.setBigInt64(slot + INPUT_SECOND, price, true);
    view.setBigInt64(slot + INPUT_THIRD, expiresAtUs, true);
    if (lag !== undefined) this.#blob(slot, lag);
  }

  /** A funding rate. */
  market(kind: number, instrument: number, timeUs: bigint, number: bigint): void {
    const slot = this.#open(kind, NONE, instrument, timeUs);
    this.#view.setBigInt64(slot + INPUT_FIRST, number, true);
  }

  /** A mark with what a risk model needs beside the price. */
  mark(instrument: number, timeUs: bigint, price: bigint, extras: MarkExtras): void {
    const slot = this.#open(MARK_PRICE_SET, NONE, instrument, timeUs);
    const { volatilityE9, forwardE8, interestE9 } = extras;
    const flags =
      (volatilityE9 === undefined ? 0 : FLAG_VOLATILITY) |
      (forwardE8 === undefined ? 0 : FLAG_FORWARD) |
      (interestE9 === undefined ? 0 : FLAG_INTEREST);
    this.#view.setUint8(slot + INPUT_FLAGS, flags);
    this.#view.setBigInt64(slot + INPUT_FIRST, price, true);
    if (flags !== 0) this.#blob(slot, [volatilityE9 ?? 0n, forwardE8 ?? 0n, interestE9 ?? 0n]);
  }

  settlement(instrument: number, timeUs: bigint, price: bigint, underlyingPriceE8: bigint): void {
    const slot = this.#open(INSTRUMENT_SETTLED_KIND, NONE, instrument, timeUs);
    this.#view.setBigInt64(slot + INPUT_FIRST, price, true);
    this.#view.setBigInt64(slot + INPUT_SECOND, underlyingPriceE8, true);
  }

  indexPrice(key: number, timeUs: bigint, priceE8: bigint): void {
    const slot = this.#open(INDEX_PRICE_SET, NONE, NONE, timeUs);
    this.#view.setUint32(slot + INPUT_CURRENCY, key, true);
    this.#view.setBigInt64(slot + INPUT_FIRST, priceE8, true);
  }

  /** A regime's program, from its effective time on. `keys`: how many names have numbers when it is there. */
  regime(
    number: number,
    timeUs: bigint,
    effectiveUs: bigint,
    valuationKey: number,
    keys: number,
    program: Uint8Array,
  ): void {
    const slot = this.#open(REGIME_SET, NONE, NONE, timeUs);
    const view = this.#view;
    view.setUint32(slot + INPUT_CURRENCY, number, true);
    view.setBigInt64(slot + INPUT_FIRST, effectiveUs, true);
    view.setBigInt64(slot + INPUT_SECOND, BigInt(valuationKey), true);
    view.setBigInt64(slot + INPUT_THIRD, BigInt(keys), true);
    view.setUint32(slot + INPUT_BLOB, this.#blobUsed * 8, true);
    view.setUint32(slot + INPUT_BLOB_COUNT, program.length / 8, true);
    this.#kernel.bytes.set(program, this.#kernel.blob + this.#blobUsed * 8);
    this.#blobUsed += program.length / 8;
  }

  /** Whether so many i64s still fit beside what is waiting. */
  blobFits(numbers: number): boolean {
    return this.#blobUsed + numbers <= this.#kernel.blobCapacity;
  }

  #blob(slot: number, numbers: readonly bigint[]): void {
    this.#view.setUint32(slot + INPUT_BLOB, this.#blobUsed * 8, true);
    this.#view.setUint32(slot + INPUT_BLOB_COUNT, numbers.length, true);
    numbers.forEach((number, index) => {
      this.#view.setBigInt64(this.#kernel.blob + (this.#blobUsed + index) * 8, number, true);
    });
    this.#blobUsed += numbers.length;
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

  /** A limit, a switch or an override, for the scope that the three numbers name (NONE: all). */
  control(
    account: number,
    instrument: number,
    currency: number,
    timeUs: bigint,
    identity: Identity,
    command: NonNullable<ControlCommand["command"]>,
  ): void {
    const slot = this.#open(CONTROL_KINDS[command.$case], account, instrument, timeUs);
    const view = this.#view;
    view.setUint32(slot + INPUT_CURRENCY, currency, true);
    this.#identify(slot, identity);
    switch (command.$case) {
      case "setLimit":
        view.setUint8(slot + INPUT_CHOICE, command.value.control);
        view.setUint8(slot + INPUT_LIQUIDITY, command.value.value === undefined ? 0 : 1);
        view.setBigInt64(slot + INPUT_FIRST, command.value.value ?? 0n, true);
        view.setBigInt64(slot + INPUT_SECOND, command.value.burst, true);
        return;
      case "setSwitch":
        view.setUint8(slot + INPUT_CHOICE, command.value.switch);
        view.setUint8(slot + INPUT_LIQUIDITY, command.value.on ? 1 : 0);
        return;
      case "setOverride":
        view.setUint8(slot + INPUT_CHOICE, command.value.control);
        view.setBigInt64(slot + INPUT_FIRST, command.value.expiryTimeUs, true);
        return;
    }
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
    this.#blob(slot, numbers);
  }

  /** A currency, with its digits and the number of its name. */
  currency(scale: number, key: number, timeUs: bigint): void {
    const slot = this.#open(CURRENCY_LISTED, NONE, NONE, timeUs);
    this.#view.setUint32(slot + INPUT_CURRENCY, scale, true);
    this.#view.setBigInt64(slot + INPUT_FIRST, BigInt(key), true);
  }

  /** An input that the host could not read, or whose fields make no sense: it is counted and kept, not applied. */
  malformed(kind: number, account: number, instrument: number, timeUs: bigint, reason: number): void {
    const slot = this.#open(kind, account, instrument, timeUs);
    this.#view.setUint8(slot + INPUT_FLAGS, FLAG_MALFORMED);
    this.#view.setBigInt64(slot + INPUT_FIRST, BigInt(reason), true);
  }

  /** The input written last is refused with this reason, as it once was, before the kernel looks at what it says. */
  refuseAs(reason: number): void {
    const slot = this.#kernel.inputSlot(this.#count - 1);
    this.#view.setUint8(slot + INPUT_FLAGS, FLAG_MALFORMED);
    this.#view.setBigInt64(slot + INPUT_FIRST, BigInt(reason), true);
  }
}
