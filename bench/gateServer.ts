// The server of the gate benches, in a thread of its own: the gate, and beside it an echo that answers the same request with
// the same response and decides nothing.

import { parentPort } from "node:worker_threads";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import type { CheckOrderRequest, CheckOrderResponse } from "../generated/proto/plimsoll/v1/gate_service.ts";
import { GATE_SERVICE } from "../services/gateway/answerBytes.ts";
import { letGoOfClosedStreams } from "../services/gateway/closedStreams.ts";
import { gateService } from "../services/gateway/gateService.ts";
import { DEFAULT_LIMITS } from "../services/gateway/limits.ts";
import { gateBook } from "./gateBook.ts";
import { ECHO, question } from "./gateQuestions.ts";

const { engine } = gateBook();
letGoOfClosedStreams();
const server = new Server();
const gate = gateService(engine, DEFAULT_LIMITS);
server.addService(GATE_SERVICE, gate);
const answer = await new Promise<CheckOrderResponse>((resolve, reject) => {
  const call = { cancelled: false, request: { order: question(0) } } as ServerUnaryCall<
    CheckOrderRequest,
    CheckOrderResponse
  >;
  gate.checkOrder(call, (error, response) => (response ? resolve(response) : reject(error)));
});
server.addService(ECHO, {
  checkOrder: (_: unknown, callback: sendUnaryData<CheckOrderResponse>) => callback(null, answer),
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  parentPort!.postMessage({ port });
});
parentPort!.on("message", (message: "cpu" | "end") => {
  if (message === "cpu") {
    const { user, system } = process.threadCpuUsage();
    parentPort!.postMessage({ cpuMs: (user + system) / 1000 });
  } else {
    server.forceShutdown();
    parentPort!.close();
  }
});
