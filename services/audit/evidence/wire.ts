// Reads the protobuf wire format: just enough for the events of an evidence file, in a browser too.

/** A field of a message: its number, and its value as a number (varint, fixed 64 bits) or bytes. */
export interface WireField {
  readonly number: number;
  readonly value: bigint;
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array();

/** @throws RangeError when the bytes are no message */
export function fieldsOf(message: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined || shift > 63n) throw new RangeError("the payload ends within a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: varint(), bytes: NO_BYTES });
        break;
      case 1:
        if (at + 8 > message.length) throw new RangeError("the payload ends within a field");
        fields.push({ number, value: fixed64(message, at), bytes: NO_BYTES });
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        if (at + length > message.length) throw new RangeError("the payload ends within a field");
        fields.push({ number, value: 0n, bytes: message.subarray(at, at + length) });
        at += length;
        break;
      }
      default:
        throw new RangeError(`wire type ${tag & 7} stands in no event`);
    }
  }
  return fields;
}

function fixed64(message: Uint8Array, at: number): bigint {
  return new DataView(message.buffer, message.byteOffset + at, 8).getBigUint64(0, true);
}

/** A message by the numbers of its fields. */
export class WireMessage {
  readonly #fields: readonly WireField[];

  constructor(message: Uint8Array) {
    this.#fields = fieldsOf(message);
  }

  has(number: number): boolean {
    return this.#fields.some((field) => field.number === number);
  }

  /** int64, uint32, fixed64, enum, bool; 0 when absent. */
  int(number: number): bigint {
    return BigInt.asIntN(64, this.#last(number)?.value ?? 0n);
  }

  /** sint64; 0 when absent. */
  signed(number: number): bigint {
    const value = this.#last(number)?.value ?? 0n;
    return (value >> 1n) ^ -(value & 1n);
  }

  bytes(number: number): Uint8Array {
    return this.#last(number)?.bytes ?? NO_BYTES;
  }

  text(number: number): string {
    return new TextDecoder().decode(this.bytes(number));
  }

  message(number: number): WireMessage {
    return new WireMessage(this.bytes(number));
  }

  all(number: number): readonly WireMessage[] {
    return this.#fields.filter((field) => field.number === number).map(({ bytes }) => new WireMessage(bytes));
  }

  texts(number: number): string[] {
    return this.#fields.filter((field) => field.number === number).map(({ bytes }) => new TextDecoder().decode(bytes));
  }

  /** A repeated sint64, packed or not. */
  signedList(number: number): bigint[] {
    const values: bigint[] = [];
    for (const field of this.#fields) {
      if (field.number !== number) continue;
      if (field.bytes.length === 0) values.push(unzigzag(field.value));
      let value = 0n;
      let shift = 0n;
      for (const byte of field.bytes) {
        value |= BigInt(byte & 0x7f) << shift;
        shift += 7n;
        if (byte >= 0x80) continue;
        values.push(unzigzag(value));
        value = 0n;
        shift = 0n;
      }
    }
    return values;
  }

  /** Numbers of the fields that are there. */
  get numbers(): readonly number[] {
    return this.#fields.map(({ number }) => number);
  }

  #last(number: number): WireField | undefined {
    return this.#fields.findLast((field) => field.number === number);
  }
}

function unzigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}
