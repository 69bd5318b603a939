import type { handleUnaryCall } from "@grpc/grpc-js";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { letGoOfAnswered } from "./closedStreams.ts";
import { engineNotServing, toServiceError } from "./statusDetails.ts";

/** @throws GatewayError UNAVAILABLE, with the engine's reason, when it serves nobody */
export function requireServing(engine: RiskEngine): void {
  const { serving, reason } = engine.status;
  if (!serving) {
    throw engineNotServing(reason);
  }
}

/** One question, one answer; `gone` says whether the caller has left. Whatever is thrown becomes a status with details. */
export function unary<Request, Response>(
  engine: RiskEngine,
  answer: (request: Request, gone: () => boolean) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return async (call, callback) => {
    // grpc-js cancels a call whose deadline has passed: nobody waits for its answer.
    if (call.cancelled) {
      return;
    }
    let response: Response;
    try {
      requireServing(engine);
      response = await answer(call.request, () => call.cancelled);
    } catch (thrown) {
      const { serving, reason } = engine.status;
      callback(toServiceError(serving ? thrown : engineNotServing(reason)));
      letGoOfAnswered(call);
      return;
    }
    callback(null, response);
    letGoOfAnswered(call);
  };
}
