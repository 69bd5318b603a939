import { runOpenLoop } from "../services/load/openLoop.ts";
import { type Bench, compared } from "./bench.ts";
import { type Kind, withServer } from "./gateServerClient.ts";
import { quantile } from "./measure.ts";
import { STRETCH_SECONDS, WAIT_NOTE, type WaitSide, waitRounds } from "./waitRounds.ts";

const CHECKS = 2_000;
const WARM_UP = { runs: 4, rounds: 1 } as const;
/** Of the rate that was reached with as many calls under way as a closed loop has. */
const SHARE = 0.5;
const RATES = 5;
/** 1.3 times the echo's at most. */
const PROMISED = 0.77;

export const gateLatency: Bench = {
  name: "gate-latency",
  summary: "p99 of CheckOrder at half of its maximum rate, against the echo's",
  run: (size) =>
    withServer(async (server) => {
      for (let run = 0; run < WARM_UP.runs; run++) await server.unary("check", CHECKS);
      const rates: number[] = [];
      for (let run = 0; run < RATES; run++) {
        const startMs = performance.now();
        await server.unary("check", CHECKS);
        rates.push((1000 * CHECKS) / (performance.now() - startMs));
      }
      const ratePerSecond = SHARE * quantile(rates, 0.5);
      const side = (name: string, kind: Kind): WaitSide => ({
        name,
        run: (seed) =>
          runOpenLoop({
            ratePerSecond,
            seconds: STRETCH_SECONDS,
            seed,
            inFlight: 10_000,
            send: (number) => server.ask(kind, number).then(() => "answered" as const),
            nowMs: () => performance.now(),
            sleep: (ms) => server.pacer.sleep(ms),
          }),
      });
      const series = await waitRounds([side("gate", "check"), side("echo", "echo")], size.rounds, WARM_UP.rounds);
      return {
        name: "gate-latency",
        work: `open loop at ${Math.round(ratePerSecond)} a second; ${WAIT_NOTE}`,
        unitsPerRound: 1,
        unit: "p99",
        series,
        comparisons: [compared(series[0], series[1], PROMISED)],
        checkedEqual: await server.sameAnswers(),
        notes: ["client and server are threads of one process on the same cores"],
      };
    }),
};
