import { type Bench, type BenchSize, compared } from "./bench.ts";
import { BATCH } from "./gateQuestions.ts";
import { type GateServer, UNDER_WAY, withServer } from "./gateServerClient.ts";
import { type Series, seriesOf } from "./measure.ts";

const CHECKS = { quick: 2_000, full: 8_000 } as const;
/** A round of batches is short beside one of single calls: it is made longer, and its time divided. */
const BATCH_TIMES = 8;
const WARM_UP_ROUNDS = 4;
const PROMISED = { unary: 0.8, batches: 10 } as const;
const CPU_NOTE = "timed is the CPU time of the server's thread: what the client takes beside it does not count";

export const gateUnary: Bench = {
  name: "gate-unary",
  summary: "CheckOrder one a call, against an echo of the same messages on the same server",
  run: (size) =>
    withServer(async (server) => {
      const checks = size.quick ? CHECKS.quick : CHECKS.full;
      const work = [() => server.unary("check", checks), () => server.unary("echo", checks)];
      const [gate, echo] = await cpuSeries(server, ["gate", "echo"], work, size);
      return {
        name: "gate-unary",
        work: `${checks} orders, one a call, ${UNDER_WAY} under way`,
        unitsPerRound: checks,
        unit: "checks",
        series: [gate!, echo!],
        comparisons: [compared(gate!, echo!, PROMISED.unary)],
        checkedEqual: await server.sameAnswers(),
        notes: [CPU_NOTE],
      };
    }),
};

export const gateBatches: Bench = {
  name: "gate-batches",
  summary: `checks in batches of ${BATCH}, against one a call`,
  run: (size) =>
    withServer(async (server) => {
      const checks = BATCH * Math.ceil((size.quick ? CHECKS.quick : CHECKS.full) / BATCH);
      const work = [() => server.batches((BATCH_TIMES * checks) / BATCH), () => server.unary("check", checks)];
      const names = [`batches of ${BATCH}, x ${BATCH_TIMES}`, "one a call"];
      const [longer, unary] = await cpuSeries(server, names, work, size);
      const perRound = longer!.roundsMs.map((ms) => ms / BATCH_TIMES);
      const batches = seriesOf(`batches of ${BATCH}`, perRound, longer!.warmUpRounds);
      return {
        name: "gate-batches",
        work: `${checks} orders`,
        unitsPerRound: checks,
        unit: "checks",
        series: [batches, unary!],
        comparisons: [compared(batches, unary!, PROMISED.batches)],
        checkedEqual: await server.sameAnswers(),
        notes: [CPU_NOTE, `a round of batches does ${BATCH_TIMES} times as many and counts that part of its time`],
      };
    }),
};

async function cpuSeries(
  server: GateServer,
  names: readonly string[],
  work: readonly (() => Promise<void>)[],
  { rounds }: BenchSize,
): Promise<Series[]> {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) for (const each of work) await each();
  const times: number[][] = work.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < work.length; turn++) {
      const index = round % 2 === 0 ? turn : work.length - 1 - turn;
      const beforeMs = await server.cpuMs();
      await work[index]!();
      times[index]!.push((await server.cpuMs()) - beforeMs);
    }
  }
  return names.map((name, index) => seriesOf(name, times[index]!, WARM_UP_ROUNDS));
}
