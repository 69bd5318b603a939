// The server of the overload benches, in a thread of its own: an engine on a journal of SQLite, fed by the simulated venue at a
// rate that it is told, and the gate before it.

import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort } from "node:worker_threads";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { loadNamedMarket } from "../bin/tapeMarket.ts";
import type { GateAnswer, GateServiceServer } from "../generated/proto/plimsoll/v1/gate_service.ts";
import { Engine } from "../services/engine/engine.ts";
import { GATE_PACE } from "../services/engine/feedPace.ts";
import { DEFAULT_CAPACITIES } from "../services/engine/genesis.ts";
import { GATE_SERVICE } from "../services/gateway/answerBytes.ts";
import { letGoOfClosedStreams } from "../services/gateway/closedStreams.ts";
import { gateService } from "../services/gateway/gateService.ts";
import { DEFAULT_LIMITS } from "../services/gateway/limits.ts";
import { systemClock } from "../services/ingest/systemClock.ts";
import { SnapshotStore } from "../services/journal/snapshots.ts";
import { SqliteJournal } from "../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../services/kernel/binary.ts";
import { LatencyHistogram } from "../services/load/latencyHistogram.ts";
import { removeFolder, temporaryFolder } from "./conditions.ts";
import type { ServerFigures, ServerQuestion } from "./gateEngine.ts";
import { PacedVenue } from "./pacedVenue.ts";
import { TurnWaits, threadCpuMs } from "./turnWaits.ts";

const OPENING_INPUTS = 20_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const folder = temporaryFolder();
const market = loadNamedMarket("simulated");
const nowMs = () => performance.now();
const waits = new TurnWaits();
let turnedAwayCpu = new LatencyHistogram();

const venue = new PacedVenue({ market, seed: 7, clock: systemClock }, nowMs, () => waits.beginTurn());
const engine = await Engine.open({
  journal: SqliteJournal.open(join(folder, "shard.sqlite"), []),
  snapshots: new SnapshotStore(join(folder, "snapshots")),
  kernelBinary: kernelBinary(),
  engineVersion: "bench",
  shard: "bench",
  market,
  capacities: DEFAULT_CAPACITIES,
  source: () => venue,
  snapshotEveryEvents: Number.MAX_SAFE_INTEGER,
  pullLimit: 4_096,
  feedPace: { ...GATE_PACE, nowMs },
  log: () => {},
});
const running = engine.run();
while (engine.asOf().journalPosition < OPENING_INPUTS) await new Promise((resolve) => setTimeout(resolve, 5));
venue.ratePerSecond = 0;

// Messages under way, and what was turned away: from the handler's begin to the reply's write.
let underWay = 0;
let turnedAway = new LatencyHistogram();
const gate = gateService(engine, DEFAULT_LIMITS);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

function note(beganMs: number, answers: readonly GateAnswer[] | undefined): void {
  underWay -= 1;
  if (!answers?.some(({ answer }) => answer?.$case === "error")) return;
  turnedAway.add(nowMs() - beganMs);
  turnedAwayCpu.add(waits.waitedMs());
}

letGoOfClosedStreams();
const server = new Server({ "grpc.max_concurrent_streams": DEFAULT_LIMITS.callsPerConnection });
const measured: GateServiceServer = {
  ...gate,
  decide: (call, callback) => {
    const beganMs = nowMs();
    underWay += 1;
    waits.beginTurn();
    gate.decide(call, (error, response, ...rest) => {
      note(beganMs, response?.answers);
      callback(error, response, ...rest);
    });
  },
};
server.addService(GATE_SERVICE, measured);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  parentPort!.postMessage({ port });
});

function figures(): ServerFigures {
  const reserved = engine.shard.names.accounts.flatMap((_, account) =>
    engine.account(account).pools.map((pool) => Number(pool.reserved)),
  );
  const answer: ServerFigures = {
    cpuMs: threadCpuMs(),
    nowMs: nowMs(),
    inputs: venue.durableInputs,
    heapBytes: process.memoryUsage().heapUsed,
    underWay,
    reserved: reserved.reduce((sum, each) => sum + each, 0),
    turnedAway: turnedAway.count,
    turnedAwayMs: turnedAway.percentiles(),
    turnedAwayCpuMs: turnedAwayCpu.percentiles(),
    loopDelayP99Ms: delay.percentile(99) / 1e6,
  };
  turnedAway = new LatencyHistogram();
  turnedAwayCpu = new LatencyHistogram();
  delay.reset();
  return answer;
}

parentPort!.on("message", async (question: ServerQuestion) => {
  if (question.what === "feed") venue.ratePerSecond = question.ratePerSecond;
  if (question.what === "collect") collectGarbage();
  if (question.what !== "end") return parentPort!.postMessage(figures());
  server.forceShutdown();
  engine.stop();
  await running;
  removeFolder(folder);
  parentPort!.postMessage({});
  parentPort!.close();
});
