import { type LatencyCounts, LatencyHistogram } from "../services/load/latencyHistogram.ts";
import type { LoadReport } from "../services/load/openLoop.ts";
import { quantile, type Series, seriesOf } from "./measure.ts";

const STRETCHES = 10;
export const STRETCH_SECONDS = 0.3;

/** One of two loads whose waits are compared. */
export interface WaitSide {
  readonly name: string;
  /** One stretch of the load; what the server's thread counted of it. */
  run(seed: number): Promise<{ readonly report: LoadReport; readonly waits: LatencyCounts }>;
}

export interface WaitRounds {
  /** p99 of each side's waits in a round, in CPU time of the server's thread. */
  readonly series: readonly [Series, Series];
  /** p99 by the clock from when a question was due: the median over the stretches, in milliseconds. */
  readonly clockMs: readonly [number, number];
}

export const WAIT_NOTE =
  `a round is ${STRETCHES} stretches of ${STRETCH_SECONDS} s of each side in turn; "round" is the p99 of the CPU time of the server's thread from the ` +
  "turn of its event loop before a question came to its answer: what it would wait, at most, on a core of its own";

/** Rounds of two loads. A host that slows down for seconds slows both: they take turns within a round. */
export async function waitRounds(
  sides: readonly [WaitSide, WaitSide],
  rounds: number,
  warmUpRounds: number,
): Promise<WaitRounds> {
  const p99Ms: [number[], number[]] = [[], []];
  const clockMs: [number[], number[]] = [[], []];
  for (let round = -warmUpRounds; round < rounds; round++) {
    const waits = [new LatencyHistogram(), new LatencyHistogram()] as const;
    for (let stretch = 0; stretch < STRETCHES; stretch++) {
      for (const side of stretch % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const run = await sides[side].run((round + warmUpRounds) * STRETCHES + stretch + 1);
        waits[side].merge(run.waits);
        if (round >= 0) clockMs[side].push(run.report.answeredMs.p99);
      }
    }
    if (round < 0) continue;
    for (const side of [0, 1] as const) p99Ms[side].push(waits[side].quantile(0.99));
  }
  const series = (side: 0 | 1) => seriesOf(`${sides[side].name}, p99`, p99Ms[side], warmUpRounds);
  return { series: [series(0), series(1)], clockMs: [quantile(clockMs[0], 0.5), quantile(clockMs[1], 0.5)] };
}
