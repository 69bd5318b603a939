import type { Worker } from "node:worker_threads";
import { GateLoad, type GateLoadOptions } from "../services/load/gateLoad.ts";
import type { Percentiles } from "../services/load/latencyHistogram.ts";
import { type LoadReport, runOpenLoop } from "../services/load/openLoop.ts";
import { Pacer } from "../services/load/pacer.ts";
import { BATCH } from "./gateQuestions.ts";
import { messageOf, startServer } from "./serverThread.ts";

export type ServerQuestion =
  | { readonly what: "figures" | "collect" | "end" }
  | { readonly what: "feed"; readonly ratePerSecond: number };

/** Of the server's thread. Histograms are of the time since the figures were asked for last. */
export interface ServerFigures {
  readonly cpuMs: number;
  /** By its clock, when the figures were taken. */
  readonly nowMs: number;
  /** Inputs of the feed that are on disk: fills, prices, and the few others that a venue has. */
  readonly inputs: number;
  readonly heapBytes: number;
  /** Batches that were begun and not answered. */
  readonly underWay: number;
  /** Of all accounts and currencies, in their units. */
  readonly reserved: number;
  /** Batches that were turned away, and how long each took from the handler's begin to the reply's write. */
  readonly turnedAway: number;
  readonly turnedAwayMs: Percentiles;
  /** The same in CPU time of the thread, from the begin of the turn of its event loop before: what an own core would take at most. */
  readonly turnedAwayCpuMs: Percentiles;
  readonly loopDelayP99Ms: number;
}

/** An engine with its gate in a thread of its own. */
export class GateEngine {
  readonly #worker: Worker;
  readonly #pacer = new Pacer();
  readonly port: number;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.port = port;
  }

  static async start(): Promise<GateEngine> {
    const { worker, port } = await startServer("./gateEngineServer.ts");
    return new GateEngine(worker, port);
  }

  async ask(question: ServerQuestion): Promise<ServerFigures> {
    const answer = messageOf<ServerFigures>(this.#worker);
    this.#worker.postMessage(question);
    return answer;
  }

  load(changes: Pick<GateLoadOptions, "mode" | "kind" | "run"> & { readonly waiting: number }): GateLoad {
    const { waiting, ...options } = changes;
    return new GateLoad({
      address: { host: "127.0.0.1", port: this.port, clockMs: Date.now, callsWaiting: waiting },
      connections: 4,
      batchSize: BATCH,
      accounts: Array.from({ length: 50 }, (_, number) => `sim-${String(number + 1).padStart(4, "0")}`),
      instrument: "BTC-PERP",
      quantity: "0.001",
      ...options,
    });
  }

  openLoop(load: GateLoad, ratePerSecond: number, seconds: number, seed: number): Promise<LoadReport> {
    return runOpenLoop({
      ratePerSecond,
      seconds,
      seed,
      inFlight: 20_000,
      send: (number) => load.send(number),
      nowMs: () => performance.now(),
      sleep: (ms) => this.#pacer.sleep(ms),
    });
  }

  async end(): Promise<void> {
    await this.#pacer.close();
    await this.ask({ what: "end" });
    await this.#worker.terminate();
  }
}

/** An engine for the time of one bench. */
export async function withEngine<Result>(measure: (engine: GateEngine) => Promise<Result>): Promise<Result> {
  const engine = await GateEngine.start();
  try {
    return await measure(engine);
  } finally {
    await engine.end();
  }
}
