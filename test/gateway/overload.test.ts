// More than the gate can answer: what is turned away, where, and that the rest is answered.

import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { GateCall, Order } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { GatewayClient } from "../../services/gateway/client.ts";
import { GateCalls } from "../../services/gateway/gateCalls.ts";
import { DEFAULT_LIMITS } from "../../services/gateway/limits.ts";
import { FakeEngine } from "./fakeEngine.ts";
import { refusal, serve } from "./harness.ts";

const ORDER: Order = {
  account: "alice",
  instrument: "BTC-PERP",
  side: Side.SELL,
  quantity: "0.01",
  limitPrice: "61000.5",
  reduceOnly: false,
};
const CHECK: GateCall = { tag: 9n, call: { $case: "check", value: ORDER } };
const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

test("a turn that has lasted too long begins no batch; the next turn does", async () => {
  const engine = new FakeEngine();
  engine.open("alice");
  let nowMs = 0;
  const gate = new GateCalls(engine, { ...DEFAULT_LIMITS, turnMs: 10 }, () => nowMs);
  expect((await gate.answerAll([CHECK], () => false))[0]!.answer?.$case).toBe("check");
  nowMs = 10;
  expect((await gate.answerAll([CHECK], () => false))[0]!.answer?.$case).toBe("check");
  nowMs = 10.1;
  const batch = gate.answerAll([CHECK, CHECK], () => false);
  expect(engine.questions).toHaveLength(2);
  expect(await batch).toEqual(
    [1, 2].map(() => ({
      tag: 9n,
      answer: {
        $case: "error",
        value: expect.objectContaining({ code: status.RESOURCE_EXHAUSTED, reason: "GATE_BUSY" }),
      },
    })),
  );
  await turnOfTheLoop();
  expect((await gate.answerAll([CHECK], () => false))[0]!.answer?.$case).toBe("check");
});

test("a client turns away what is beyond its waiting calls, without sending it", async () => {
  const { engine, gateway } = await serve();
  engine.open("alice");
  const client = new GatewayClient({ host: "127.0.0.1", port: gateway.port, clockMs: Date.now, callsWaiting: 2 });
  const asked = [client.checkOrder(ORDER), client.checkOrder(ORDER)];
  expect(await refusal(client.checkOrder(ORDER))).toMatchObject({ reason: "GATE_BUSY" });
  await Promise.all(asked);
  expect(engine.questions).toHaveLength(2);
  await client.checkOrder(ORDER);
  client.close();
});

test("one connection with more calls than it may have open keeps nobody else waiting", async () => {
  const { engine, gateway, client } = await serve({ limits: { callsPerConnection: 4 } });
  engine.open("alice");
  await client.checkOrder(ORDER);
  let letGo = () => {};
  engine.heldBack = new Promise((resolve) => {
    letGo = resolve;
  });
  const holds = Array.from({ length: 20 }, (_, number) =>
    client.placeHold({
      requestId: `request-${number}`,
      orderId: `order-${number}`,
      order: ORDER,
      expiresAtUs: undefined,
    }),
  );
  const other = new GatewayClient({ host: "127.0.0.1", port: gateway.port, clockMs: Date.now });
  expect((await other.checkOrder(ORDER)).decision?.accepted).toBe(true);
  expect(engine.holds).toHaveLength(4);
  letGo();
  await Promise.all(holds);
  expect(engine.holds).toHaveLength(20);
  other.close();
});
