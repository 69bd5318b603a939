/** A business identity as 64 bits of hash, and 64 bits of the rest of the input's text (INP-001). */
export interface Identity {
  keyLow: number;
  keyHigh: number;
  textLow: number;
  textHigh: number;
}

/**
 * Hashes texts into 2 x 32 bits, with a separator after each. Two multiplicative lanes with a final avalanche, as in
 * MurmurHash3; integer arithmetic only, so every machine agrees. A collision (one in 10^13 with a million remembered)
 * refuses a good input visibly; it never lets a bad one pass.
 */
let low = 0;
let high = 0;

function start(seed: number): void {
  low = 0x9e3779b9 ^ seed;
  high = 0x85ebca6b ^ seed;
}

function add(text: string): void {
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

function finish(): void {
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
}

const identity: Identity = { keyLow: 0, keyHigh: 0, textLow: 0, textHigh: 0 };

/**
 * @param seed which kind of identity: a fill and a command of the same name differ
 * @param rest text of the input that is not in its identity
 * @returns the same object at every call: it is read at once
 */
export function identityOf(seed: number, first: string, second: string, third: string, rest: string): Identity {
  start(seed);
  add(first);
  add(second);
  add(third);
  finish();
  identity.keyLow = low >>> 0;
  identity.keyHigh = high >>> 0;
  start(seed + 1);
  add(rest);
  finish();
  identity.textLow = low >>> 0;
  identity.textHigh = high >>> 0;
  return identity;
}

export const FILL_IDENTITY = 1;
export const COMMAND_IDENTITY = 3;
/** The venue's id of an order, within its account. */
export const ORDER_IDENTITY = 5;
export const CONTROL_IDENTITY = 7;
