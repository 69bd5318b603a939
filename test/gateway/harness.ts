import { onTestFinished } from "vitest";
import { GatewayClient } from "../../services/gateway/client.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../services/gateway/server.ts";
import { GatewayError } from "../../services/gateway/statusDetails.ts";
import { FakeEngine } from "./fakeEngine.ts";

export interface Served {
  readonly engine: FakeEngine;
  readonly gateway: Gateway;
  readonly client: GatewayClient;
}

/** A gateway over a fake engine and a client of it; both end with the test. */
export async function serve(options: Partial<GatewayOptions> = {}, engine = new FakeEngine()): Promise<Served> {
  const gateway = await startGateway({ engine, host: "127.0.0.1", port: 0, ...options });
  const client = connect(gateway.port);
  onTestFinished(() => gateway.close());
  return { engine, gateway, client };
}

export function connect(port: number, deadlineMs = 5_000): GatewayClient {
  const client = new GatewayClient({ host: "127.0.0.1", port, deadlineMs, clockMs: Date.now });
  onTestFinished(() => client.close());
  return client;
}

/** The GatewayError that a call ends with; anything else fails the test. */
export async function refusal(call: Promise<unknown>): Promise<GatewayError> {
  const thrown = await call.then(
    (answer) => new Error(`answered ${JSON.stringify(answer, (_, value) => `${value}`)} where an error was due`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof GatewayError)) {
    throw thrown;
  }
  return thrown;
}

/** Waits until something holds, for at most five seconds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries === 500) {
      throw new Error(`did not come to hold within 5 s: ${holds}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
