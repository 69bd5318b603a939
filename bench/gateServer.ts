// The server of the gate benches, in a thread of its own: the gate, and beside it an echo that answers the same request with
// the same response and decides nothing.

import { parentPort, workerData } from "node:worker_threads";
import { type handleUnaryCall, Server, ServerCredentials, type ServerUnaryCall } from "@grpc/grpc-js";
import type { CheckOrderRequest, CheckOrderResponse } from "../generated/proto/plimsoll/v1/gate_service.ts";
import { GATE_SERVICE } from "../services/gateway/answerBytes.ts";
import { gateService } from "../services/gateway/gateService.ts";
import { DEFAULT_LIMITS } from "../services/gateway/limits.ts";
import { gateBook } from "./gateBook.ts";
import { ECHO, question } from "./gateQuestions.ts";
import type { GateServerData, GateServerFigures } from "./gateServerClient.ts";
import { TurnWaits, threadCpuMs } from "./turnWaits.ts";

const { engine } = gateBook();
const server = new Server();
const gate = gateService(engine, DEFAULT_LIMITS);
const { countsWaits } = workerData as GateServerData;
const waits = new TurnWaits();

type Check = handleUnaryCall<CheckOrderRequest, CheckOrderResponse>;

function counted(check: Check): Check {
  if (!countsWaits) return check;
  return (call, callback) => {
    waits.beginTurn();
    check(call, (...answered) => {
      waits.answered();
      callback(...answered);
    });
  };
}

server.addService(GATE_SERVICE, { ...gate, checkOrder: counted(gate.checkOrder) });
const answer = await new Promise<CheckOrderResponse>((resolve, reject) => {
  const call = { cancelled: false, request: { order: question(0) } } as ServerUnaryCall<
    CheckOrderRequest,
    CheckOrderResponse
  >;
  gate.checkOrder(call, (error, response) => (response ? resolve(response) : reject(error)));
});
server.addService(ECHO, { checkOrder: counted((_, callback) => callback(null, answer)) });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  parentPort!.postMessage({ port });
});
parentPort!.on("message", (message: "figures" | "end") => {
  if (message === "figures") {
    parentPort!.postMessage({ cpuMs: threadCpuMs(), waits: waits.take() } satisfies GateServerFigures);
  } else {
    server.forceShutdown();
    parentPort!.close();
  }
});
