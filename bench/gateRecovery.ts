import { type Bench, compared, UnequalOutputsError } from "./bench.ts";
import { type ServerFigures, withEngine } from "./gateEngine.ts";
import { peakOf, whole } from "./gatePeak.ts";
import { BATCH } from "./gateQuestions.ts";
import { quantile, seriesOf } from "./measure.ts";

const TIMES_OVER = 10;
/** The median of their p99 is the round's: a moment in which the host stands still spoils one of them. */
const STRETCHES = 5;
const SECONDS = { stretch: 1, overload: 2, rest: 5 } as const;
/** Of the highest goodput: what is asked before and after. */
const SHARE = 0.5;
/** 1.2 times as long at most. */
const PROMISED = 0.83;

export const gateRecovery: Bench = {
  name: "gate-recovery",
  summary: `p99 of CheckOrder ${SECONDS.rest} s after an overload with holds, against before it`,
  run: (size) =>
    withEngine(async (engine) => {
      const checks = engine.load({ mode: "unary", kind: "check", run: "recovery", waiting: 128 });
      const { goodput } = await peakOf(engine, checks, { firstRate: 1_500, questions: 1 });
      const holds = engine.load({ mode: "batch", kind: "hold", run: "recovery", waiting: 128 });
      const peak = await peakOf(engine, holds, { firstRate: 150, questions: BATCH });
      await holds.releaseAll();
      const p99Ms: [number[], number[]] = [[], []];
      const perCheckUs: [number[], number[]] = [[], []];
      const heap: number[] = [];
      const left: ServerFigures[] = [];
      let rested = 0;
      const ask = async (side: 0 | 1, round: number) => {
        const start = await engine.ask({ what: "collect" });
        const stretchesMs: number[] = [];
        let answered = 0;
        for (let stretch = 1; stretch <= STRETCHES; stretch++) {
          const report = await engine.openLoop(checks, goodput * SHARE, SECONDS.stretch, round * STRETCHES + stretch);
          stretchesMs.push(report.answeredMs.p99);
          answered += report.answered;
        }
        p99Ms[side].push(quantile(stretchesMs, 0.5));
        const end = await engine.ask({ what: "figures" });
        perCheckUs[side].push((1000 * (end.cpuMs - start.cpuMs)) / answered);
        return start.heapBytes;
      };
      for (let round = 0; round < size.rounds; round++) {
        const heapBytes = await ask(1, round);
        await engine.openLoop(holds, peak.rate * TIMES_OVER, SECONDS.overload, round + 1);
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
      const ours = seriesOf("after, p99", p99Ms[0], 0);
      const reference = seriesOf("before, p99", p99Ms[1], 0);
      const half = (values: readonly number[]) => quantile(values, 0.5);
      return {
        name: "gate-recovery",
        work:
          `checks at ${whole(goodput * SHARE)}/s; holds in batches at ${whole(peak.rate * BATCH * TIMES_OVER)}/s for ${SECONDS.overload} s; ` +
          `"round" is the median p99 of ${STRETCHES} stretches of ${SECONDS.stretch} s, by the clock, from when a check was due`,
        unitsPerRound: 1,
        unit: "p99",
        series: [ours, reference],
        comparisons: [compared(ours, reference, PROMISED)],
        checkedEqual: "nothing reserved, no batch under way after each overload",
        notes: [
          `${rested} orders rested at the ends of the overloads and were released`,
          `CPU time a check, after / before: ${(half(perCheckUs[0]) / half(perCheckUs[1])).toFixed(2)} (${half(perCheckUs[0]).toFixed(0)} and ${half(perCheckUs[1]).toFixed(0)} us)`,
          `heap after / before, both after a collection: ${half(heap).toFixed(3)} (most ${Math.max(...heap).toFixed(3)})`,
        ],
      };
    }),
};
