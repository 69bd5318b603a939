import { monitorEventLoopDelay } from "node:perf_hooks";
import type { GateLoad } from "../services/load/gateLoad.ts";
import { type LoadReport, runOpenLoop } from "../services/load/openLoop.ts";
import { type Bench, type BenchResult, type BenchSize, type Comparison, UnequalOutputsError } from "./bench.ts";
import { BATCH, GateEngine, type ServerFigures } from "./gateEngine.ts";
import { quantile, ratioOf, type Series, seriesOf, verdictOn } from "./measure.ts";

const TIMES_OVER = 10;
const PROMISED = { goodput: 0.9, rejectMs: 5, recovered: 0.83, mixed: 0.5 } as const;
const SECONDS = { ramp: 0.7, round: 1, overload: 2, rest: 5, latency: 1.5, feed: 1 } as const;
const CHECKS = 10_000;
/** The next rate of a ramp; it ends when goodput has not risen by a twentieth for two steps. */
const RAMP = { factor: 1.5, rise: 1.05, patience: 2 } as const;
const WARM_UP_ROUNDS = 2;
/** Of the maximum by CPU time: the gate's where something else wants time too, and the feed's beside it. Half and half leave no time. */
const SHARE = 0.25;
const FEED_SHARE = 0.5;

/** How a load reaches the gate, its first rate in messages a second, and how many of them wait in the client. */
const WAYS = [
  { name: "unary", mode: "unary", questions: 1, firstRate: 1_500, waiting: 128 },
  { name: "batch", mode: "batch", questions: BATCH, firstRate: 150, waiting: 4 },
  // A client that holds nothing back but what HTTP/2 does for it.
  { name: "flood", mode: "batch", questions: BATCH, firstRate: 150, waiting: 128 },
  { name: "stream", mode: "stream", questions: BATCH, firstRate: 150, waiting: 4 },
] as const;
type Way = (typeof WAYS)[number];

export const gateOverloads: readonly Bench[] = WAYS.map((way) => ({
  name: `gate-overload-${way.name}`,
  summary: `answers at ${TIMES_OVER} times the load of the highest goodput, against that load; what is turned away`,
  run: (size) => withEngine((engine) => overload(engine, way, size)),
}));

async function overload(engine: GateEngine, way: Way, { rounds }: BenchSize): Promise<BenchResult> {
  const load = engine.load({ mode: way.mode, kind: "check", run: "overload", waiting: way.waiting });
  const { rate, goodput } = await peakOf(load, way);
  const sides = [rate * TIMES_OVER, rate] as const;
  const cpuMs: [number[], number[]] = [[], []];
  const answered: [number[], number[]] = [[], []];
  const [handlerMs, handlerCpuMs, loopMs, clientMs, clientLoopMs] = [[], [], [], [], []] as number[][];
  let turnedAway = 0;
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const before = await engine.ask({ what: "figures" });
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const report = await openLoop(load, sides[side]!, SECONDS.round, round + 10);
      delay.disable();
      const after = await engine.ask({ what: "figures" });
      if (report.failed > 0) throw new UnequalOutputsError(`${report.failed} of ${report.due} messages failed`);
      if (round < 0) continue;
      cpuMs[side]!.push(((after.cpuMs - before.cpuMs) * CHECKS) / (report.answered * way.questions));
      answered[side]!.push(report.goodputPerSecond * way.questions);
      if (side === 1) continue;
      turnedAway += after.turnedAway;
      if (after.turnedAway > 0) {
        handlerMs!.push(after.turnedAwayMs.p99);
        handlerCpuMs!.push(after.turnedAwayCpuMs.p99);
      }
      loopMs!.push(after.loopDelayP99Ms);
      clientMs!.push(report.turnedAwayAfterSendMs.p99);
      clientLoopMs!.push(delay.percentile(99) / 1e6);
    }
  }
  load.close();
  const ours = seriesOf(`${way.name}, ${TIMES_OVER} times`, cpuMs[0], WARM_UP_ROUNDS);
  const peak = seriesOf(`${way.name}, peak`, cpuMs[1], WARM_UP_ROUNDS);
  const [over, at] = answered.map((each) => quantile(each, 0.5)) as [number, number];
  const p50 = (values: number[] | undefined) => quantile(values!, 0.5);
  const ms = (values: number[] | undefined) => `${p50(values).toFixed(1)} ms`;
  const verdict = () => (p50(handlerCpuMs) <= PROMISED.rejectMs ? "kept" : "missed");
  const server =
    turnedAway === 0
      ? "none"
      : `${turnedAway} messages, p99 ${ms(handlerCpuMs)} of CPU time since the turn of the event loop before (promised ` +
        `${PROMISED.rejectMs} ms: ${verdict()}), ${ms(handlerMs)} from the handler's begin by the clock`;
  return {
    name: `gate-overload-${way.name}`,
    work: `open loop, ${SECONDS.round} s a round; "round" is the CPU time of the server's thread for ${CHECKS} answers`,
    unitsPerRound: CHECKS,
    unit: "answers",
    series: [ours, peak],
    comparisons: [compared(ours, peak, PROMISED.goodput)],
    checkedEqual: "no message failed; counted are answers that were not turned away",
    notes: [
      `peak ${whole(goodput)} answers/s at ${whole(rate * way.questions)}/s; in the rounds ${whole(over)}/s against ` +
        `${whole(at)}/s, ${(over / at).toFixed(2)} by the clock`,
      `turned away by the server: ${server}; its event loop waits p99 ${ms(loopMs)}`,
      `turned away, by the client's clock from its send: p99 ${ms(clientMs)}; its own event loop waits p99 ${ms(clientLoopMs)}`,
    ],
  };
}

export const gateRecovery: Bench = {
  name: "gate-recovery",
  summary: `how long a check may wait for work ${SECONDS.rest} s after an overload with holds, against before it`,
  run: (size) =>
    withEngine(async (engine) => {
      const checks = engine.load({ mode: "unary", kind: "check", run: "recovery", waiting: 128 });
      const { rate } = await peakOf(checks, WAYS[0]);
      const holds = engine.load({ mode: "batch", kind: "hold", run: "recovery", waiting: 128 });
      const peak = await peakOf(holds, WAYS[1]);
      await holds.releaseAll();
      const cpuMs: [number[], number[]] = [[], []];
      const clockMs: [number[], number[]] = [[], []];
      const perCheckUs: [number[], number[]] = [[], []];
      const heap: number[] = [];
      const left: ServerFigures[] = [];
      let rested = 0;
      const ask = async (side: 0 | 1, round: number) => {
        const start = await engine.ask({ what: "collect" });
        const { answeredMs, answered } = await openLoop(checks, rate * SHARE, SECONDS.latency, round + 1);
        const end = await engine.ask({ what: "figures" });
        cpuMs[side].push(end.checkedCpuMs.p99);
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
        comparisons: [compared(ours, reference, PROMISED.recovered)],
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

export const gateMixed: Bench = {
  name: "gate-mixed",
  summary:
    "how long a check may wait for work with the feed beside it, against without; each at a share of its maximum",
  run: (size) =>
    withEngine(async (engine) => {
      const feed = (ratePerSecond: number) => engine.ask({ what: "feed", ratePerSecond });
      const first = await feed(Infinity);
      await new Promise((resolve) => setTimeout(resolve, SECONDS.feed * 1000));
      const last = await feed(0);
      const feedRate = (1000 * (last.inputs - first.inputs)) / (last.cpuMs - first.cpuMs);
      const load = engine.load({ mode: "unary", kind: "check", run: "mixed", waiting: 128 });
      const { rate } = await peakOf(load, WAYS[0]);
      const before = await engine.ask({ what: "figures" });
      const { answered } = await openLoop(load, rate, SECONDS.latency, 1);
      const gateRate = (1000 * answered) / ((await engine.ask({ what: "figures" })).cpuMs - before.cpuMs);
      const cpuMs: [number[], number[]] = [[], []];
      const clockMs: [number[], number[]] = [[], []];
      const fed: number[] = [];
      for (let round = -WARM_UP_ROUNDS; round < size.rounds; round++) {
        for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
          const start = await feed(side === 0 ? feedRate * FEED_SHARE : 0);
          const { answeredMs } = await openLoop(load, gateRate * SHARE, SECONDS.latency, round + 10);
          const end = await feed(0);
          if (round < 0) continue;
          cpuMs[side]!.push(end.checkedCpuMs.p99);
          clockMs[side]!.push(answeredMs.p99);
          if (side === 0) fed.push((end.inputs - start.inputs) / SECONDS.latency);
        }
      }
      load.close();
      const ours = seriesOf("with the feed, p99", cpuMs[0], WARM_UP_ROUNDS);
      const reference = seriesOf("alone, p99", cpuMs[1], WARM_UP_ROUNDS);
      const [withFeed, alone] = clockMs.map((each) => quantile(each, 0.5)) as [number, number];
      return {
        name: "gate-mixed",
        work:
          `checks at ${whole(gateRate * SHARE)}/s, fills and prices at ${whole(feedRate * FEED_SHARE)}/s, ${SECONDS.latency} s a round; ` +
          '"round" is the p99 of the CPU time of the server\'s thread from the turn of its event loop before a check came to its reply',
        unitsPerRound: 1,
        unit: "p99",
        series: [ours, reference],
        comparisons: [compared(ours, reference, PROMISED.mixed)],
        checkedEqual: "the same questions at the same moments",
        notes: [
          `${SHARE} and ${FEED_SHARE} of what the server's thread does in a second of CPU time: ${whole(gateRate)} checks, ${whole(feedRate)} fills and prices`,
          `fills and prices applied ${whole(quantile(fed, 0.5))}/s; by the clock, from when due: p99 ${withFeed.toFixed(1)} ms against ` +
            `${alone.toFixed(1)} ms (${(withFeed / alone).toFixed(2)})`,
        ],
      };
    }),
};

/** The rate, in messages a second, with the highest goodput, in answers a second. */
async function peakOf(load: GateLoad, way: Way): Promise<{ rate: number; goodput: number }> {
  let peak = { rate: way.firstRate as number, goodput: 0 };
  let sinceRise = 0;
  for (let rate: number = way.firstRate; sinceRise < RAMP.patience; rate *= RAMP.factor) {
    const { goodputPerSecond } = await openLoop(load, rate, SECONDS.ramp, 1);
    const goodput = goodputPerSecond * way.questions;
    sinceRise = goodput > RAMP.rise * peak.goodput ? 0 : sinceRise + 1;
    if (goodput > peak.goodput) peak = { rate, goodput };
  }
  return peak;
}

function openLoop(load: GateLoad, ratePerSecond: number, seconds: number, seed: number): Promise<LoadReport> {
  return runOpenLoop({
    ratePerSecond,
    seconds,
    seed,
    inFlight: 20_000,
    send: (number) => load.send(number),
    nowMs: () => performance.now(),
  });
}

function compared(ours: Series, reference: Series, atLeast: number): Comparison {
  const ratio = ratioOf(ours, reference);
  return { reference: reference.name, ratio, atLeast, verdict: verdictOn(ratio, atLeast) };
}

async function withEngine(measure: (engine: GateEngine) => Promise<BenchResult>): Promise<BenchResult> {
  const engine = await GateEngine.start();
  try {
    return await measure(engine);
  } finally {
    await engine.end();
  }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
