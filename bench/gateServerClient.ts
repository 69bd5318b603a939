import type { Worker } from "node:worker_threads";
import { type Client, credentials, makeClientConstructor, type ServiceError } from "@grpc/grpc-js";
import {
  type CheckOrderRequest,
  type CheckOrderResponse,
  type GateAnswer,
  GateServiceClient,
} from "../generated/proto/plimsoll/v1/gate_service.ts";
import { Pacer } from "../services/load/pacer.ts";
import { type BenchResult, UnequalOutputsError } from "./bench.ts";
import { BATCH, ECHO, question } from "./gateQuestions.ts";
import { messageOf, startServer } from "./serverThread.ts";

export const UNDER_WAY = 32;

export type Kind = "check" | "echo";

type Answered = (error: ServiceError | null, response: CheckOrderResponse) => void;
interface EchoClient extends Client {
  checkOrder(request: CheckOrderRequest, answered: Answered): void;
}

export async function withServer(measure: (server: GateServer) => Promise<BenchResult>): Promise<BenchResult> {
  const { worker, port } = await startServer("./gateServer.ts");
  const server = new GateServer(worker, port);
  try {
    return await measure(server);
  } finally {
    await server.end();
  }
}

/** The gate in a thread of its own, and clients of it. */
export class GateServer {
  readonly #worker: Worker;
  readonly pacer = new Pacer();
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

  /** Of the server's thread. */
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
    await this.pacer.close();
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
