// Randomness without state: every draw is a function of (seed, stream, counter, index) alone. A source that is resumed
// at step 4,711 therefore draws what it would have drawn had it run from the start.
//
// Only + - * / and 32-bit integer operations: Math.exp and Math.log may differ between two versions of Node.

const UINT32 = 0x1_0000_0000;

/** Draws of one seed. `stream` tells purposes apart, `counter` rows or steps, `index` draws within one of them. */
export class Drawing {
  readonly #low: number;
  readonly #high: number;

  /** @param seed a whole number, 0 to 2^53 - 1 */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`seed ${seed}: must be a whole number from 0 to 2^53 - 1`);
    }
    this.#low = seed >>> 0;
    this.#high = Math.floor(seed / UINT32);
  }

  /** 32 evenly spread bits. */
  bits(stream: number, counter: number, index: number): number {
    let hash = absorb(0x9747b28c, this.#low);
    hash = absorb(hash, this.#high);
    hash = absorb(hash, stream);
    hash = absorb(hash, counter >>> 0);
    hash = absorb(hash, Math.floor(counter / UINT32));
    return finish(absorb(hash, index));
  }

  /** Even in [0, 1). */
  uniform(stream: number, counter: number, index: number): number {
    return this.bits(stream, counter, index) / UINT32;
  }

  /** A whole number in [0, limit), limit at most 2^32. */
  below(limit: number, stream: number, counter: number, index: number): number {
    return Math.floor(this.uniform(stream, counter, index) * limit);
  }

  /** About normal (0, 1), cut at +-6: twelve even draws less six. Uses indexes `index` to `index + 11`. */
  normal(stream: number, counter: number, index: number): number {
    let sum = -6;
    for (let each = 0; each < 12; each += 1) sum += this.uniform(stream, counter, index + each);
    return sum;
  }

  /** About log-normal with median 1: exp(sigma x normal). Uses indexes `index` to `index + 11`. */
  logNormal(sigma: number, stream: number, counter: number, index: number): number {
    return exponential(sigma * this.normal(stream, counter, index));
  }
}

/** e^x to about 15 digits for |x| < 100, the same bits on every machine. */
export function exponential(x: number): number {
  const doublings = Math.round(x / Math.LN2);
  const rest = x - doublings * Math.LN2;
  let term = 1;
  let sum = 1;
  for (let order = 1; order <= 14; order += 1) {
    term = (term * rest) / order;
    sum += term;
  }
  for (let each = 0; each < Math.abs(doublings); each += 1) sum *= doublings > 0 ? 2 : 0.5;
  return sum;
}

/** One round of MurmurHash3 (32 bits). */
function absorb(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  const folded = hash ^ mixed;
  return (Math.imul((folded << 13) | (folded >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
