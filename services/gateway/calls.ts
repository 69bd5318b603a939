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

/** As `unary`, for what is read of the state: it is told when it is on disk. */
export function reading<Request, Response>(
  engine: RiskEngine,
  answer: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return unary(engine, async (request) => {
    await onDisk(engine);
    return answer(request);
  });
}

/** Resolves when the state that is read next is on disk. @throws GatewayError UNAVAILABLE when it does not come there */
export async function onDisk(engine: RiskEngine): Promise<void> {
  for (let ahead = engine.waitForDisk(); ahead !== undefined; ahead = engine.waitForDisk()) {
    await ahead;
    requireServing(engine);
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
