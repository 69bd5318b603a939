import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, compared } from "./bench.ts";
import { type GateEngine, type ServerFigures, withEngine } from "./gateEngine.ts";
import { peakOf, whole } from "./gatePeak.ts";
import { quantile } from "./measure.ts";
import { STRETCH_SECONDS, WAIT_NOTE, type WaitSide, waitRounds } from "./waitRounds.ts";

/** Of the maximum of the feed alone, by the clock. */
const FEED_SHARE = 0.5;
const FIRST_FEED_SECONDS = 2;
const FEED_SECONDS = 0.5;
const QUIET_SECONDS = 1.1;
const WARM_UP_ROUNDS = 1;
/** Not more than doubled. */
const PROMISED = 0.5;

/**
 * One thread folds, writes and answers: half of the gate and half of the feed are all of it, a quarter and a half leave it some time.
 * So there is a bench for each.
 */
export const gateMixed: readonly Bench[] = [mixed("half", 0.5), mixed("quarter", 0.25)];

function mixed(name: string, gateShare: number): Bench {
  return {
    name: `gate-mixed-${name}`,
    summary: `p99 of CheckOrder at a ${name} of its maximum: with the feed at half its own beside it, against without`,
    run: (size) =>
      withEngine(async (engine) => {
        const firstFeedRate = await feedMaximum(engine, FIRST_FEED_SECONDS);
        const load = engine.load({ mode: "unary", kind: "check", run: "mixed", waiting: 128 });
        const { goodput: firstGateRate } = await peakOf(engine, load, { firstRate: 1_500, questions: 1 });
        let feedRate = firstFeedRate;
        // A host that has slowed down can do less of both: half of what it could before would be all that it can.
        const beginRound = async () => {
          feedRate = await feedMaximum(engine, FEED_SECONDS);
        };
        const gateRate = () => (firstGateRate * feedRate) / firstFeedRate;
        const asked: number[] = [];
        const applied: number[] = [];
        const side = (sideName: string, feedShare: number): WaitSide => ({
          name: sideName,
          run: async (seed) => {
            const start = await feed(engine, feedRate * feedShare);
            const report = await engine.openLoop(load, gateRate() * gateShare, STRETCH_SECONDS, seed);
            const rate = appliedPerSecond(start, await feed(engine, 0));
            if (feedShare > 0) {
              asked.push(feedRate * feedShare);
              applied.push(rate / (feedRate * feedShare));
            }
            return report;
          },
        });
        const sides = [side("with the feed", FEED_SHARE), side("alone", 0)] as const;
        const series = await waitRounds(sides, size.rounds, WARM_UP_ROUNDS, beginRound);
        load.close();
        return {
          name: `gate-mixed-${name}`,
          work: `checks at a ${name} of their maximum, fills and prices at half of theirs; ${WAIT_NOTE}`,
          unitsPerRound: 1,
          unit: "p99",
          series,
          comparisons: [compared(series[0], series[1], PROMISED)],
          checkedEqual: "the same questions at the same moments",
          notes: [
            `alone, by the clock: ${whole(firstGateRate)} checks, ${whole(firstFeedRate)} fills and prices a second; the shares are of ` +
              "what the feed does alone right before each round",
            `fills and prices asked ${whole(quantile(asked, 0.5))}/s, applied ${whole(100 * quantile(applied, 0.5))} % of them; client ` +
              "and server are on the same cores",
          ],
        };
      }),
  };
}

/** What the feed does a second when nobody asks, nor has just before: batches stay short for a second after a question. */
async function feedMaximum(engine: GateEngine, seconds: number): Promise<number> {
  await sleep(QUIET_SECONDS * 1000);
  const start = await feed(engine, Infinity);
  await sleep(seconds * 1000);
  return appliedPerSecond(start, await feed(engine, 0));
}

function feed(engine: GateEngine, ratePerSecond: number): Promise<ServerFigures> {
  return engine.ask({ what: "feed", ratePerSecond });
}

function appliedPerSecond(start: ServerFigures, end: ServerFigures): number {
  return (1000 * (end.inputs - start.inputs)) / (end.nowMs - start.nowMs);
}
