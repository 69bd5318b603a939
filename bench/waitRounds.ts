import type { LoadReport } from "../services/load/openLoop.ts";
import { quantile, type Series, seriesOf } from "./measure.ts";

export const STRETCHES = 20;
export const STRETCH_SECONDS = 0.3;

/** One of two loads whose waits are compared. */
export interface WaitSide {
  readonly name: string;
  /** One stretch of the load. */
  run(seed: number): Promise<LoadReport>;
}

export const WAIT_NOTE =
  `a round is ${STRETCHES} stretches of ${STRETCH_SECONDS} s of each side in turn, and "round" the median of their p99, by the clock, from when a ` +
  "question was due";

/**
 * Rounds of two loads. A host that slows down for seconds slows both, because they take turns within a round; one that stands still
 * for a moment spoils a stretch and not the round, because the median of the stretches counts.
 */
export async function waitRounds(
  sides: readonly [WaitSide, WaitSide],
  rounds: number,
  warmUpRounds: number,
  beginRound: () => Promise<void> = async () => {},
): Promise<readonly [Series, Series]> {
  const p99Ms: [number[], number[]] = [[], []];
  for (let round = -warmUpRounds; round < rounds; round++) {
    await beginRound();
    const stretchesMs: [number[], number[]] = [[], []];
    for (let stretch = 0; stretch < STRETCHES; stretch++) {
      const seed = (round + warmUpRounds) * STRETCHES + stretch + 1;
      for (const side of stretch % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        stretchesMs[side].push((await sides[side].run(seed)).answeredMs.p99);
      }
    }
    if (round < 0) continue;
    for (const side of [0, 1] as const) p99Ms[side].push(quantile(stretchesMs[side], 0.5));
  }
  const series = (side: 0 | 1) => seriesOf(`${sides[side].name}, p99`, p99Ms[side], warmUpRounds);
  return [series(0), series(1)];
}
