// Protobuf numbers as two 32-bit words, without a BigInt: one for each number of a journal would cost a replay more than
// the kernel does. A number that was read stands in `low` and `high` until the next one is.

export let low = 0;
export let high = 0;

/** Reads a varint of 64 bits. @returns where it ends */
export function readVarint(bytes: Uint8Array, start: number): number {
  let at = start;
  let byte = bytes[at++]!;
  low = byte & 0x7f;
  high = 0;
  if (byte < 0x80) return at;
  for (let shift = 7; shift < 28; shift += 7) {
    byte = bytes[at++]!;
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) return at;
  }
  byte = bytes[at++]!;
  low |= (byte & 0x0f) << 28;
  high = (byte & 0x7f) >> 4;
  for (let shift = 3; byte >= 0x80 && shift < 32; shift += 7) {
    byte = bytes[at++]!;
    high |= (byte & 0x7f) << shift;
  }
  return at;
}

/** Reads a varint and undoes the zigzag of `sint64`. @returns where it ends */
export function readZigzag(bytes: Uint8Array, start: number): number {
  const end = readVarint(bytes, start);
  const sign = -(low & 1);
  low = ((low >>> 1) | (high << 31)) ^ sign;
  high = (high >>> 1) ^ sign;
  return end;
}
