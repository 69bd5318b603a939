/**
 * What a kernel knows an input by (INP-001), 64 bits each: two multiplicative lanes over the UTF-16 units of each text and a
 * separator, then an avalanche.
 *
 * @param seed 1 a fill, 3 a command, 5 an order, 7 a control
 * @param texts what is the identity
 * @param rest what else the input says
 */
export function identityOf(seed: number, texts: readonly string[], rest: string) {
  return { identity: hashed(seed, texts), fingerprint: hashed(seed + 1, [rest]) };
}

/** The key that a kernel knows an order by, within its account. */
export function orderKey(orderId: string): bigint {
  return hashed(5, [orderId, "", ""]);
}

function hashed(seed: number, texts: readonly string[]): bigint {
  let low = 0x9e3779b9 ^ seed;
  let high = 0x85ebca6b ^ seed;
  for (const text of texts) {
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      low = Math.imul(low ^ unit, 0x9e3779b1);
      high = Math.imul(high ^ unit, 0x5f356495);
      low ^= low >>> 15;
      high ^= high >>> 13;
    }
    low = Math.imul(low ^ 0x1f, 0x85ebca77);
    high = Math.imul(high ^ 0x1f, 0xc2b2ae3d);
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}
