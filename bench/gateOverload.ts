import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Bench, type BenchResult, type BenchSize, compared, UnequalOutputsError } from "./bench.ts";
import { type GateEngine, withEngine } from "./gateEngine.ts";
import { peakOf, whole } from "./gatePeak.ts";
import { BATCH } from "./gateQuestions.ts";
import { quantile, seriesOf } from "./measure.ts";

const TIMES_OVER = 10;
const PROMISED = { goodput: 0.9, rejectMs: 5 } as const;
const ROUND_SECONDS = 1;
const CHECKS = 10_000;
const WARM_UP_ROUNDS = 2;

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
  const load = engine.load({ ...way, kind: "check", run: "overload" });
  const { rate, goodput } = await peakOf(engine, load, way);
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
      const report = await engine.openLoop(load, sides[side]!, ROUND_SECONDS, round + 10);
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
    work: `open loop, ${ROUND_SECONDS} s a round; "round" is the CPU time of the server's thread for ${CHECKS} answers`,
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
