import { GateCall, type OrderDecision } from "../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../generated/proto/plimsoll/v1/venue_events.ts";
import type { Shard } from "../services/engine/shard.ts";
import { checkOrderBytes } from "../services/gateway/answerBytes.ts";
import { GateCalls } from "../services/gateway/gateCalls.ts";
import { DEFAULT_LIMITS } from "../services/gateway/limits.ts";
import { LatencyHistogram } from "../services/load/latencyHistogram.ts";
import { mark } from "../test/margin/portfolioMarket.ts";
import { type Bench, type BenchResult, type BenchSize, UnequalOutputsError } from "./bench.ts";
import { gateBook, PORTFOLIO, POSITIONS, SCENARIOS } from "./gateBook.ts";
import { question } from "./gateQuestions.ts";
import { seriesOf } from "./measure.ts";

/** Checks in a row that are few enough to run without another program between them. */
const STRETCH = 500;
const IN_PROCESS = {
  checks: { quick: 20_000, full: 200_000 },
  ticks: { quick: 1_000, full: 5_000 },
  warmUp: 20_000,
  p50Us: 5,
  p99Us: 20,
} as const;

export const gateInProcess: Bench = {
  name: "gate-in-process",
  summary: `one check from its bytes to the verdict, ${POSITIONS} positions, ${SCENARIOS} scenarios`,
  run: async ({ quick }: BenchSize): Promise<BenchResult> => {
    const { shard, engine } = gateBook();
    const held = engine.account(shard.names.account("portfolio")!).positions.filter(({ quantity }) => quantity !== 0n);
    if (held.length !== POSITIONS) throw new UnequalOutputsError(`the account holds ${held.length} positions`);
    const gate = new GateCalls(engine, DEFAULT_LIMITS);
    const calls = Array.from({ length: 50 }, (_, number) =>
      GateCall.encode({
        tag: BigInt(number),
        call: {
          $case: "check",
          value: { ...question(number), account: "portfolio", side: number % 2 === 0 ? Side.BUY : Side.SELL },
        },
      }).finish(),
    );
    const ask = (number: number): OrderDecision => {
      const { call } = GateCall.decode(calls[number % calls.length]!);
      if (call?.$case !== "check") throw new Error("no check");
      return gate.check(call.value);
    };
    const answer = (decision: OrderDecision): Buffer => checkOrderBytes({ asOf: undefined, decision });
    const decide = (number: number): boolean => ask(number).accepted;
    for (let number = 0; number < IN_PROCESS.warmUp; number++) answer(ask(number));
    for (const number of calls.keys()) sameWhenForgotten(shard, () => answer(ask(number)));
    const histogram = new LatencyHistogram();
    const checks = quick ? IN_PROCESS.checks.quick : IN_PROCESS.checks.full;
    let accepted = 0;
    const start = process.threadCpuUsage();
    let stretchMs = 0;
    let quickestUs = Number.POSITIVE_INFINITY;
    for (let number = 0; number < checks; number++) {
      const begin = performance.now();
      if (decide(number)) accepted += 1;
      const ms = performance.now() - begin;
      histogram.add(ms);
      stretchMs += ms;
      if ((number + 1) % STRETCH !== 0) continue;
      quickestUs = Math.min(quickestUs, (1000 * stretchMs) / STRETCH);
      stretchMs = 0;
    }
    const { user, system } = process.threadCpuUsage(start);
    const { p50, p99, p999, most } = histogram.percentiles();
    const encoded = new LatencyHistogram();
    for (let number = 0; number < checks; number++) {
      const begin = performance.now();
      answer(ask(number));
      encoded.add(performance.now() - begin);
    }
    const toBytes = encoded.percentiles();
    // After a mark the account's book and the instrument's figures are new: the kernel has less to go on.
    const afterMarks = new LatencyHistogram();
    for (let tick = 0; tick < (quick ? IN_PROCESS.ticks.quick : IN_PROCESS.ticks.full); tick++) {
      shard.fold([mark("BTC-PERP", 6_600_000n + BigInt(tick % 100), 1_000n * BigInt(tick + 1))]);
      const begin = performance.now();
      decide(tick);
      afterMarks.add(performance.now() - begin);
    }
    const marked = afterMarks.percentiles();
    const us = (ms: number) => `${(1000 * ms).toFixed(1)} us`;
    const kept = (ms: number, mostUs: number) =>
      `${us(ms)} (promised ${mostUs} us: ${1000 * ms <= mostUs ? "kept" : "missed"})`;
    return {
      name: "gate-in-process",
      work: `${checks} checks of an account with ${POSITIONS} positions under ${PORTFOLIO}`,
      unitsPerRound: checks,
      unit: "checks",
      series: [seriesOf("check, by CPU", [(user + system) / 1000], 1)],
      comparisons: [],
      checkedEqual: `${accepted} of ${checks} accepted; ${calls.length} answers with all that is kept, and with nothing kept`,
      notes: [
        `p50 ${kept(p50, IN_PROCESS.p50Us)}, p99 ${kept(p99, IN_PROCESS.p99Us)}, p99.9 ${us(p999)}, most ${us(most)}`,
        ...histogram.lines(),
        `the quickest ${STRETCH} in a row, when nothing else had the core: ${quickestUs.toFixed(1)} us each`,
        "inside: the question decoded, names and decimals read, the kernel's decision with all its figures as numbers",
        `to the bytes of the answer, with its decimals: p50 ${us(toBytes.p50)}, p99 ${us(toBytes.p99)}`,
        `the first check after a mark (${afterMarks.count}): p50 ${us(marked.p50)}, p99 ${us(marked.p99)}`,
      ],
    };
  },
};

/** What the kernel keeps to be quick changes no answer. @throws UnequalOutputsError */
function sameWhenForgotten({ kernel }: Shard, ask: () => Buffer): void {
  const kept = ask().toString("hex");
  kernel.exports.forgetComputed();
  const forgotten = ask().toString("hex");
  if (kept !== forgotten) throw new UnequalOutputsError(`${kept} and ${forgotten}`);
}
