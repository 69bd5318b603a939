import { type Bench, compared } from "./bench.ts";
import { withEngine } from "./gateEngine.ts";
import { openLoop, peakOf, whole } from "./gatePeak.ts";
import { quantile } from "./measure.ts";
import { STRETCH_SECONDS, WAIT_NOTE, type WaitSide, waitRounds } from "./waitRounds.ts";

/** Of the maximum by CPU time: what the feed takes, and what the gate is asked beside it. Half and half leave one thread no time. */
const SHARES = { feed: 0.5, gate: 0.25 } as const;
const SECONDS = { feed: 2, gate: 2 } as const;
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
      await new Promise((resolve) => setTimeout(resolve, SECONDS.feed * 1000));
      const last = await feed(0);
      const feedRate = (1000 * (last.inputs - first.inputs)) / (last.cpuMs - first.cpuMs);
      const load = engine.load({ mode: "unary", kind: "check", run: "mixed", waiting: 128 });
      const { rate } = await peakOf(load, { firstRate: 1_500, questions: 1 });
      const before = await engine.ask({ what: "figures" });
      const { answered } = await openLoop(load, rate, SECONDS.gate, 1);
      const gateRate = (1000 * answered) / ((await engine.ask({ what: "figures" })).cpuMs - before.cpuMs);
      const fed: number[] = [];
      const side = (name: string, feedShare: number): WaitSide => ({
        name,
        run: async (seed) => {
          const start = await feed(feedRate * feedShare);
          const report = await openLoop(load, gateRate * SHARES.gate, STRETCH_SECONDS, seed);
          const end = await feed(0);
          if (feedShare > 0) fed.push((end.inputs - start.inputs) / STRETCH_SECONDS);
          return report;
        },
      });
      const series = await waitRounds(
        [side("with the feed", SHARES.feed), side("alone", 0)],
        size.rounds,
        WARM_UP_ROUNDS,
      );
      load.close();
      return {
        name: "gate-mixed",
        work: `checks at ${whole(gateRate * SHARES.gate)}/s, fills and prices at ${whole(feedRate * SHARES.feed)}/s; ${WAIT_NOTE}`,
        unitsPerRound: 1,
        unit: "p99",
        series,
        comparisons: [compared(series[0], series[1], PROMISED)],
        checkedEqual: "the same questions at the same moments",
        notes: [
          `${SHARES.gate} and ${SHARES.feed} of what the server's thread does in a second of CPU time: ${whole(gateRate)} checks, ${whole(feedRate)} fills and prices`,
          `fills and prices applied ${whole(quantile(fed, 0.5))}/s; client and server are on the same cores`,
        ],
      };
    }),
};
