import { type Bench, compared } from "./bench.ts";
import { type ServerFigures, withEngine } from "./gateEngine.ts";
import { peakOf, whole } from "./gatePeak.ts";
import { quantile } from "./measure.ts";
import { STRETCH_SECONDS, WAIT_NOTE, type WaitSide, waitRounds } from "./waitRounds.ts";

/** Of the maximum of each alone, by the clock. */
const SHARE = 0.5;
const FEED_SECONDS = 2;
const WARM_UP_ROUNDS = 1;
/** Not more than doubled. */
const PROMISED = 0.5;

export const gateMixed: Bench = {
  name: "gate-mixed",
  summary: "p99 of CheckOrder with the feed at half its maximum beside it, against without",
  run: (size) =>
    withEngine(async (engine) => {
      const feed = (ratePerSecond: number) => engine.ask({ what: "feed", ratePerSecond });
      const first = await feed(Infinity);
      await new Promise((resolve) => setTimeout(resolve, FEED_SECONDS * 1000));
      const feedRate = appliedPerSecond(first, await feed(0));
      const load = engine.load({ mode: "unary", kind: "check", run: "mixed", waiting: 128 });
      const { goodput: gateRate } = await peakOf(engine, load, { firstRate: 1_500, questions: 1 });
      const fed: number[] = [];
      const side = (name: string, feedShare: number): WaitSide => ({
        name,
        run: async (seed) => {
          const start = await feed(feedRate * feedShare);
          const report = await engine.openLoop(load, gateRate * SHARE, STRETCH_SECONDS, seed);
          const applied = appliedPerSecond(start, await feed(0));
          if (feedShare > 0) fed.push(applied);
          return report;
        },
      });
      const series = await waitRounds([side("with the feed", SHARE), side("alone", 0)], size.rounds, WARM_UP_ROUNDS);
      load.close();
      return {
        name: "gate-mixed",
        work: `checks at ${whole(gateRate * SHARE)}/s, fills and prices at ${whole(feedRate * SHARE)}/s; ${WAIT_NOTE}`,
        unitsPerRound: 1,
        unit: "p99",
        series,
        comparisons: [compared(series[0], series[1], PROMISED)],
        checkedEqual: "the same questions at the same moments",
        notes: [
          `half of what each does alone by the clock: ${whole(gateRate)} checks, ${whole(feedRate)} fills and prices a second`,
          `fills and prices applied ${whole(quantile(fed, 0.5))}/s; client and server are on the same cores`,
        ],
      };
    }),
};

function appliedPerSecond(start: ServerFigures, end: ServerFigures): number {
  return (1000 * (end.inputs - start.inputs)) / (end.nowMs - start.nowMs);
}
