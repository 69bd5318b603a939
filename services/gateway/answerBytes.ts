import { AsOf } from "../../generated/proto/plimsoll/v1/as_of.ts";
import {
  CheckOrderResponse,
  type DecideResponse,
  GateAnswer,
  GateError,
  GateServiceService,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { AcceptedOrder } from "./acceptedOrder.ts";

// Tags of the fields: number x 8 + 2 for what has a length, + 0 for a varint.
const AS_OF = 10;
const [DECISION, ANSWERS, CHECK] = [18, 18, 18] as const;
const TAG = 8;
const ERROR = 34;
const [ACCEPTED, REDUCES, CURRENCY, FEE, BEFORE, AFTER, BINDING] = [8, 24, 34, 42, 50, 58, 66] as const;
const [EQUITY, INITIAL_MARGIN, MAINTENANCE_MARGIN, FREE_COLLATERAL] = [10, 18, 26, 34] as const;

/** Bytes that an accepted order takes at the most, beside its two names: ten amounts of 21 characters and their tags. */
const ORDER_BYTES = 300;
const LARGEST_SCALE = 9;
const POWERS = Array.from({ length: LARGEST_SCALE + 1 }, (_, digits) => 10 ** digits);
const [ZERO, POINT, MINUS] = ["0".charCodeAt(0), ".".charCodeAt(0), "-".charCodeAt(0)] as const;

/**
 * Writes answers of the gate as the generated code would, byte for byte, but accepted orders straight from their numbers: most of
 * what a check in a batch costs is the text of its ten amounts. One for all answers: it keeps its room.
 */
class AnswerWriter {
  #bytes = Buffer.allocUnsafeSlow(1 << 16);
  #at = 0;
  readonly #names = new Map<string, Buffer>();
  readonly #errors = new WeakMap<GateError, Uint8Array>();

  /** Forgets what was written: an answer that could not be encoded to its end must not stand before the next. */
  begin(asOf: AsOf | undefined): void {
    this.#at = 0;
    if (asOf !== undefined) this.message(AS_OF, AsOf.encode(asOf).finish());
  }

  /** What was written, as bytes of its own. */
  finish(): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.#at);
    this.#bytes.copy(copy, 0, 0, this.#at);
    return copy;
  }

  message(tag: number, encoded: Uint8Array): void {
    this.#need(encoded.length + 10);
    this.#bytes[this.#at++] = tag;
    this.#varint(encoded.length);
    this.#bytes.set(encoded, this.#at);
    this.#at += encoded.length;
  }

  acceptedAnswer(tag: bigint, order: AcceptedOrder): void {
    this.#need(ORDER_BYTES);
    this.#bytes[this.#at++] = ANSWERS;
    const start = this.#open();
    if (tag !== 0n) {
      this.#bytes[this.#at++] = TAG;
      this.#varint64(tag);
    }
    this.acceptedOrder(CHECK, order);
    this.#close(start);
  }

  /** An error that is the answer to many questions is encoded once. */
  failedAnswer(tag: bigint, error: GateError): void {
    let encoded = this.#errors.get(error);
    if (encoded === undefined) {
      encoded = GateError.encode(error).finish();
      this.#errors.set(error, encoded);
    }
    this.#need(encoded.length + ORDER_BYTES);
    this.#bytes[this.#at++] = ANSWERS;
    const start = this.#open();
    if (tag !== 0n) {
      this.#bytes[this.#at++] = TAG;
      this.#varint64(tag);
    }
    this.message(ERROR, encoded);
    this.#close(start);
  }

  acceptedOrder(tag: number, order: AcceptedOrder): void {
    this.#need(ORDER_BYTES);
    const { answer, scale } = order;
    this.#bytes[this.#at++] = tag;
    const start = this.#open();
    this.#bytes[this.#at++] = ACCEPTED;
    this.#bytes[this.#at++] = 1;
    if (answer.reduces) {
      this.#bytes[this.#at++] = REDUCES;
      this.#bytes[this.#at++] = 1;
    }
    this.#name(CURRENCY, order.currency);
    this.#amount(FEE, answer.fee, scale);
    const { equityBefore, initialMarginBefore, maintenanceMarginBefore, freeCollateralBefore } = answer;
    this.#figures(BEFORE, equityBefore, initialMarginBefore, maintenanceMarginBefore, freeCollateralBefore, scale);
    const { equityAfter, initialMarginAfter, maintenanceMarginAfter, freeCollateralAfter } = answer;
    this.#figures(AFTER, equityAfter, initialMarginAfter, maintenanceMarginAfter, freeCollateralAfter, scale);
    this.#name(BINDING, answer.binding);
    this.#close(start);
  }

  #figures(
    tag: number,
    equity: bigint,
    initialMargin: bigint,
    maintenanceMargin: bigint,
    freeCollateral: bigint,
    scale: number,
  ): void {
    this.#bytes[this.#at++] = tag;
    // Four amounts are less than 128 bytes: their length takes one.
    const start = this.#at++;
    this.#amount(EQUITY, equity, scale);
    this.#amount(INITIAL_MARGIN, initialMargin, scale);
    this.#amount(MAINTENANCE_MARGIN, maintenanceMargin, scale);
    this.#amount(FREE_COLLATERAL, freeCollateral, scale);
    this.#bytes[start] = this.#at - start - 1;
  }

  /** The digits of `formatDecimal`, from the last one to the first. */
  #amount(tag: number, units: bigint, scale: number): void {
    const bytes = this.#bytes;
    bytes[this.#at++] = tag;
    const number = Number(units);
    if (number > Number.MAX_SAFE_INTEGER || number < Number.MIN_SAFE_INTEGER || scale > LARGEST_SCALE) {
      const text = formatDecimal(units, scale);
      bytes[this.#at++] = text.length;
      this.#at += bytes.write(text, this.#at, "latin1");
      return;
    }
    const magnitude = Math.abs(number);
    const power = POWERS[scale]!;
    let whole = Math.floor(magnitude / power);
    let fraction = magnitude - whole * power;
    // The quotient of two doubles is rounded.
    if (fraction < 0) {
      whole -= 1;
      fraction += power;
    }
    const sign = number < 0 ? 1 : 0;
    const length = sign + digitsOf(whole) + (scale === 0 ? 0 : scale + 1);
    bytes[this.#at++] = length;
    let at = this.#at + length;
    this.#at = at;
    if (scale > 0) {
      for (let left = scale, rest = fraction | 0; left > 0; left--) {
        const tenth = (rest / 10) | 0;
        bytes[--at] = ZERO + rest - tenth * 10;
        rest = tenth;
      }
      bytes[--at] = POINT;
    }
    while (whole > 0x7fff_ffff) {
      const tenth = Math.floor(whole / 10);
      bytes[--at] = ZERO + (whole - tenth * 10);
      whole = tenth;
    }
    let rest = whole | 0;
    do {
      const tenth = (rest / 10) | 0;
      bytes[--at] = ZERO + rest - tenth * 10;
      rest = tenth;
    } while (rest > 0);
    if (sign === 1) bytes[--at] = MINUS;
  }

  #name(tag: number, name: string): void {
    if (name === "") return;
    let encoded = this.#names.get(name);
    if (encoded === undefined) {
      encoded = Buffer.from(name);
      this.#names.set(name, encoded);
    }
    this.#need(encoded.length + ORDER_BYTES);
    this.#bytes[this.#at++] = tag;
    this.#varint(encoded.length);
    for (let index = 0; index < encoded.length; index++) this.#bytes[this.#at++] = encoded[index]!;
  }

  /** Room for the length of what follows: two bytes, which nearly all take. */
  #open(): number {
    this.#at += 2;
    return this.#at;
  }

  #close(start: number): void {
    const length = this.#at - start;
    if (length >= 0x80 && length < 0x4000) {
      this.#bytes[start - 2] = (length & 0x7f) | 0x80;
      this.#bytes[start - 1] = length >>> 7;
      return;
    }
    const size = length < 0x80 ? 1 : 3;
    this.#need(1);
    this.#bytes.copyWithin(start - 2 + size, start, this.#at);
    this.#at = start - 2;
    this.#varint(length);
    this.#at += length;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #varint64(value: bigint): void {
    let rest = value;
    while (rest > 0x7fff_ffffn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#varint(Number(rest));
  }

  #need(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * (this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function digitsOf(whole: number): number {
  let digits = 1;
  for (let limit = 10; whole >= limit; limit *= 10) digits += 1;
  return digits;
}

const writer = new AnswerWriter();

export function decideBytes({ asOf, answers }: DecideResponse): Buffer {
  writer.begin(asOf);
  for (const each of answers) {
    const { tag, answer } = each;
    if (answer?.$case === "check" && answer.value instanceof AcceptedOrder) writer.acceptedAnswer(tag, answer.value);
    else if (answer?.$case === "error") writer.failedAnswer(tag, answer.value);
    else writer.message(ANSWERS, GateAnswer.encode(each).finish());
  }
  return writer.finish();
}

export function checkOrderBytes(response: CheckOrderResponse): Buffer {
  const { asOf, decision } = response;
  if (!(decision instanceof AcceptedOrder)) return Buffer.from(CheckOrderResponse.encode(response).finish());
  writer.begin(asOf);
  writer.acceptedOrder(DECISION, decision);
  return writer.finish();
}

/** plimsoll.v1.GateService with the serializers above. */
export const GATE_SERVICE = {
  ...GateServiceService,
  checkOrder: { ...GateServiceService.checkOrder, responseSerialize: checkOrderBytes },
  decide: { ...GateServiceService.decide, responseSerialize: decideBytes },
  decideStream: { ...GateServiceService.decideStream, responseSerialize: decideBytes },
};
