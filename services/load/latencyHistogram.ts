/** In milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly most: number;
}

/** Buckets grow by 2 %: a percentile is at most that far off, from a microsecond to minutes. */
const GROWTH = Math.log(1.02);
const BUCKETS = 1000;
const SMALLEST_MS = 0.001;

/** Latencies in milliseconds, counted in buckets: a million of them take no more room than ten. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #most = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    this.#counts[bucketOf(ms)]! += 1;
    this.#count += 1;
    this.#most = Math.max(this.#most, ms);
  }

  /** The latency that a share of all stays at or below; 0 of none. */
  quantile(share: number): number {
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= share * this.#count)
        return Math.min(SMALLEST_MS * Math.exp((bucket + 1) * GROWTH), this.#most);
    }
    return 0;
  }

  percentiles(): Percentiles {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99), p999: this.quantile(0.999), most: this.#most };
  }

  /** Lines "up to x ms: count", by powers of two, for people. */
  lines(): string[] {
    const lines: string[] = [];
    for (let upTo = SMALLEST_MS, from = 0; from < BUCKETS && upTo < 2 * Math.max(this.#most, SMALLEST_MS); upTo *= 2) {
      const to = bucketOf(upTo) + 1;
      let count = 0;
      for (let bucket = from; bucket < Math.min(to, BUCKETS); bucket++) count += this.#counts[bucket]!;
      from = to;
      if (count > 0)
        lines.push(
          `${upTo.toFixed(3).padStart(10)} ms  ${String(count).padStart(9)}  ${"#".repeat(Math.ceil((60 * count) / this.#count))}`,
        );
    }
    return lines;
  }
}

function bucketOf(ms: number): number {
  return Math.max(0, Math.min(BUCKETS - 1, Math.floor(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) / GROWTH)));
}
