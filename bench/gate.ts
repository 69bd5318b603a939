import { Worker } from "node:worker_threads";
import { type Client, credentials, makeClientConstructor, type ServiceError } from "@grpc/grpc-js";
import {
  type CheckOrderRequest,
  type CheckOrderResponse,
  type GateAnswer,
  GateCall,
  GateServiceClient,
  type OrderDecision,
} from "../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../generated/proto/plimsoll/v1/venue_events.ts";
import type { Shard } from "../services/engine/shard.ts";
import { checkOrderBytes } from "../services/gateway/answerBytes.ts";
import { GateCalls } from "../services/gateway/gateCalls.ts";
import { DEFAULT_LIMITS } from "../services/gateway/limits.ts";
import { LatencyHistogram } from "../services/load/latencyHistogram.ts";
import { runOpenLoop } from "../services/load/openLoop.ts";
import { mark } from "../test/margin/portfolioMarket.ts";
import { type Bench, type BenchResult, type BenchSize, type Comparison, UnequalOutputsError } from "./bench.ts";
import { gateBook, PORTFOLIO, POSITIONS, SCENARIOS } from "./gateBook.ts";
import { ECHO, question } from "./gateQuestions.ts";
import { ratioOf, type Series, seriesOf, verdictOn } from "./measure.ts";

const CHECKS = { quick: 2_000, full: 8_000 } as const;
const BATCH = 64;
/** A round of batches is short beside one of single calls: it is made longer, and its time divided. */
const BATCH_TIMES = 8;
const UNDER_WAY = 32;
const WARM_UP_ROUNDS = 4;
const LATENCY_SECONDS = { quick: 1, full: 3 } as const;
const PROMISED = { unary: 0.8, p99: 0.77, batches: 10 } as const;
/** Checks in a row that are few enough to run without another program between them. */
const STRETCH = 500;
const IN_PROCESS = {
  checks: { quick: 20_000, full: 200_000 },
  ticks: { quick: 1_000, full: 5_000 },
  warmUp: 20_000,
  p50Us: 5,
  p99Us: 20,
} as const;

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

export const gateLatency: Bench = {
  name: "gate-latency",
  summary: "p99 of CheckOrder at half of its maximum rate, against the echo's",
  run: (size) =>
    withServer(async (server) => {
      const checks = CHECKS.quick;
      for (let round = 0; round < WARM_UP_ROUNDS; round++) await server.unary("check", checks);
      const start = performance.now();
      await server.unary("check", checks);
      const ratePerSecond = (0.5 * checks * 1000) / (performance.now() - start);
      const seconds = size.quick ? LATENCY_SECONDS.quick : LATENCY_SECONDS.full;
      const p99Ms: { check: number[]; echo: number[] } = { check: [], echo: [] };
      for (let round = 0; round < size.rounds; round++) {
        const turns = round % 2 === 0 ? (["check", "echo"] as const) : (["echo", "check"] as const);
        for (const kind of turns) {
          const { answeredMs } = await runOpenLoop({
            ratePerSecond,
            seconds,
            seed: round + 1,
            inFlight: 10_000,
            send: (number) => server.ask(kind, number).then(() => "answered"),
            nowMs: () => performance.now(),
          });
          p99Ms[kind].push(answeredMs.p99);
        }
      }
      const gate = seriesOf("gate, p99", p99Ms.check, WARM_UP_ROUNDS);
      const echo = seriesOf("echo, p99", p99Ms.echo, WARM_UP_ROUNDS);
      return {
        name: "gate-latency",
        work: `open loop at ${Math.round(ratePerSecond)} a second, ${seconds} s a round; the column "round" is the p99`,
        unitsPerRound: 1,
        unit: "p99",
        series: [gate, echo],
        comparisons: [compared(gate, echo, PROMISED.p99)],
        checkedEqual: await server.sameAnswers(),
        notes: ["client and server are threads of one process: both wait for the same cores"],
      };
    }),
};

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

const CPU_NOTE = "timed is the CPU time of the server's thread: what the client takes beside it does not count";

function compared(ours: Series, reference: Series, atLeast: number): Comparison {
  const ratio = ratioOf(ours, reference);
  return { reference: reference.name, ratio, atLeast, verdict: verdictOn(ratio, atLeast) };
}

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

type Kind = "check" | "echo";
type Answered = (error: ServiceError | null, response: CheckOrderResponse) => void;
interface EchoClient extends Client {
  checkOrder(request: CheckOrderRequest, answered: Answered): void;
}

async function withServer(measure: (server: GateServer) => Promise<BenchResult>): Promise<BenchResult> {
  const worker = new Worker(new URL("./gateServer.ts", import.meta.url));
  const { port } = await messageOf<{ port: number }>(worker);
  const server = new GateServer(worker, port);
  try {
    return await measure(server);
  } finally {
    await server.end();
  }
}

/** The gate in a thread of its own, and clients of it. */
class GateServer {
  readonly #worker: Worker;
  readonly #gate: GateServiceClient;
  readonly #echo: EchoClient;

  constructor(worker: Worker, port: number) {
    this.#worker = worker;
    const address = `127.0.0.1:${port}`;
    const Echo = makeClientConstructor(ECHO, "Echo");
    this.#gate = new GateServiceClient(address, credentials.createInsecure());
    const channelOverride = this.#gate.getChannel();
    this.#echo = new Echo(address, credentials.createInsecure(), { channelOverride }) as unknown as EchoClient;
  }

  async cpuMs(): Promise<number> {
    const answer = messageOf<{ cpuMs: number }>(this.#worker);
    this.#worker.postMessage("cpu");
    return (await answer).cpuMs;
  }

  ask(kind: Kind, number: number): Promise<CheckOrderResponse> {
    return new Promise((resolve, reject) => {
      const answered: Answered = (error, response) => (error === null ? resolve(response) : reject(error));
      const request = { order: question(number) };
      if (kind === "check") this.#gate.checkOrder(request, answered);
      else this.#echo.checkOrder(request, answered);
    });
  }

  /** So many calls, `UNDER_WAY` at a time. */
  unary(kind: Kind, calls: number): Promise<void> {
    return atATime(calls, (number) => this.ask(kind, number));
  }

  batches(count: number): Promise<void> {
    return atATime(count, (number) => this.#decide(number));
  }

  /** @throws UnequalOutputsError */
  async sameAnswers(): Promise<string> {
    const [gate, echo, batch] = [await this.ask("check", 0), await this.ask("echo", 0), await this.#decide(0)];
    const text = (decision: unknown) =>
      JSON.stringify(decision, (_, value) => (typeof value === "bigint" ? `${value}` : value));
    const [first] = batch;
    if (text(gate) !== text(echo) || first?.$case !== "check" || text(first.value) !== text(gate.decision)) {
      throw new UnequalOutputsError(`${text(gate)}, ${text(echo)} and ${text(first)}`);
    }
    return "the answer to the first order, unary, in a batch and of the echo";
  }

  #decide(batch: number) {
    const calls = Array.from({ length: BATCH }, (_, index) => {
      const number = batch * BATCH + index;
      return { tag: BigInt(number), call: { $case: "check" as const, value: question(number) } };
    });
    return new Promise<GateAnswer["answer"][]>((resolve, reject) => {
      this.#gate.decide({ calls }, (error, response) =>
        error === null ? resolve(response.answers.map(({ answer }) => answer)) : reject(error),
      );
    });
  }

  async end(): Promise<void> {
    this.#gate.close();
    this.#worker.postMessage("end");
    await this.#worker.terminate();
  }
}

async function atATime(count: number, ask: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await ask(next++);
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, worker));
}

function messageOf<Message>(worker: Worker): Promise<Message> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error);
    worker.once("error", failed);
    worker.once("message", (message: Message) => {
      worker.off("error", failed);
      resolve(message);
    });
  });
}
