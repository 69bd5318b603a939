import { LatencyHistogram } from "../services/load/latencyHistogram.ts";
import { type Bench, compared, UnequalOutputsError } from "./bench.ts";
import { type ServerFigures, withEngine } from "./gateEngine.ts";
import { openLoop, peakOf, whole } from "./gatePeak.ts";
import { BATCH } from "./gateQuestions.ts";
import { quantile, seriesOf } from "./measure.ts";

const TIMES_OVER = 10;
const SECONDS = { checks: 4, overload: 2, rest: 5 } as const;
/** Of the highest goodput: what is asked before and after. */
const SHARE = 0.25;
/** 1.2 times as long at most. */
const PROMISED = 0.83;

export const gateRecovery: Bench = {
  name: "gate-recovery",
  summary: `how long a check may wait for work ${SECONDS.rest} s after an overload with holds, against before it`,
  run: (size) =>
    withEngine(async (engine) => {
      const checks = engine.load({ mode: "unary", kind: "check", run: "recovery", waiting: 128, connections: 4 });
      const { rate } = await peakOf(checks, { firstRate: 1_500, questions: 1 });
      const holds = engine.load({ mode: "batch", kind: "hold", run: "recovery", waiting: 128, connections: 4 });
      const peak = await peakOf(holds, { firstRate: 150, questions: BATCH });
      await holds.releaseAll();
      const cpuMs: [number[], number[]] = [[], []];
      const clockMs: [number[], number[]] = [[], []];
      const perCheckUs: [number[], number[]] = [[], []];
      const heap: number[] = [];
      const left: ServerFigures[] = [];
      let rested = 0;
      const ask = async (side: 0 | 1, round: number) => {
        const start = await engine.ask({ what: "collect" });
        const { answeredMs, answered } = await openLoop(checks, rate * SHARE, SECONDS.checks, round + 1);
        const end = await engine.ask({ what: "figures" });
        const waits = new LatencyHistogram();
        waits.merge(end.checkedCpu);
        cpuMs[side].push(waits.quantile(0.99));
        clockMs[side].push(answeredMs.p99);
        perCheckUs[side].push((1000 * (end.cpuMs - start.cpuMs)) / answered);
        return start.heapBytes;
      };
      for (let round = 0; round < size.rounds; round++) {
        const heapBytes = await ask(1, round);
        await openLoop(holds, peak.rate * TIMES_OVER, SECONDS.overload, round + 1);
        rested += await holds.releaseAll();
        await new Promise((resolve) => setTimeout(resolve, SECONDS.rest * 1000));
        const figures = await engine.ask({ what: "collect" });
        left.push(figures);
        heap.push(figures.heapBytes / heapBytes);
        await ask(0, round);
      }
      checks.close();
      holds.close();
      if (rested === 0) throw new UnequalOutputsError("no order rested in the overload");
      if (left.some(({ reserved, underWay }) => reserved !== 0 || underWay !== 0)) {
        throw new UnequalOutputsError("something is reserved or under way when all was released and answered");
      }
      const ours = seriesOf("after, p99", cpuMs[0], 0);
      const reference = seriesOf("before, p99", cpuMs[1], 0);
      const half = (values: readonly number[]) => quantile(values, 0.5);
      return {
        name: "gate-recovery",
        work:
          `checks at ${whole(rate * SHARE)}/s; holds in batches at ${whole(peak.rate * BATCH * TIMES_OVER)}/s for ${SECONDS.overload} s; ` +
          '"round" is the p99 of the CPU time of the server\'s thread from the turn of its event loop before a check came to its reply',
        unitsPerRound: 1,
        unit: "p99",
        series: [ours, reference],
        comparisons: [compared(ours, reference, PROMISED)],
        checkedEqual: "nothing reserved, no batch under way after each overload",
        notes: [
          `${rested} orders rested at the ends of the overloads and were released`,
          `CPU time a check, after / before: ${(half(perCheckUs[0]) / half(perCheckUs[1])).toFixed(2)} (${half(perCheckUs[0]).toFixed(0)} and ${half(perCheckUs[1]).toFixed(0)} us)`,
          `p99 by the clock, from when due: after ${half(clockMs[0]).toFixed(1)} ms, before ${half(clockMs[1]).toFixed(1)} ms`,
          `heap after / before, both after a collection: ${half(heap).toFixed(3)} (most ${Math.max(...heap).toFixed(3)})`,
        ],
      };
    }),
};
