// Holds over gRPC: one code path for unary calls, batches and streams.

import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import type {
  DecideStreamResponse,
  GateCall,
  HoldPlacement,
  Order,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { GatewayTimeoutError } from "../../services/gateway/client.ts";
import { REFUSED_FOR_MARGIN } from "./fakeEngine.ts";
import { connect, refusal, type Served, serve, until } from "./harness.ts";

const ORDER: Order = {
  account: "alice",
  instrument: "BTC-PERP",
  side: Side.SELL,
  quantity: "0.01",
  limitPrice: "61000.5",
  reduceOnly: false,
};

function placement(number: number, changes: Partial<HoldPlacement> = {}): HoldPlacement {
  return {
    requestId: `request-${number}`,
    orderId: `order-${number}`,
    order: ORDER,
    expiresAtUs: undefined,
    ...changes,
  };
}

const place = (number: number): GateCall => ({
  tag: BigInt(number),
  call: { $case: "place", value: placement(number) },
});
const check = (number: number): GateCall => ({ tag: BigInt(number), call: { $case: "check", value: ORDER } });

async function open(options = {}): Promise<Served> {
  const served = await serve(options);
  served.engine.open("alice");
  return served;
}

describe("one at a time", () => {
  test("a placed order is asked for with its numbers, and answered with its margin", async () => {
    const { engine, client } = await open();
    const { decision } = await client.placeHold(
      placement(1, { expiresAtUs: 77n, order: { ...ORDER, reduceOnly: true } }),
    );
    expect(engine.holds).toEqual([
      {
        kind: "place",
        requestId: "request-1",
        account: "alice",
        orderId: "order-1",
        instrument: "BTC-PERP",
        side: 2,
        quantity: 10n,
        price: 610_005n,
        reduceOnly: true,
        expiresAtUs: 77n,
      },
    ]);
    expect(decision).toMatchObject({
      accepted: true,
      refusal: undefined,
      duplicate: false,
      order: { accepted: true, currency: "USDT" },
    });
  });

  test("a refusal names what broke which limit", async () => {
    const { engine, client } = await open();
    engine.answer = REFUSED_FOR_MARGIN;
    const { decision } = await client.placeHold(placement(1));
    expect(decision).toMatchObject({ accepted: false, refusal: { reason: RefusalReason.INITIAL_MARGIN } });
  });

  test("an amendment and a release go by the order id", async () => {
    const { engine, client } = await open();
    const ids = { requestId: "request-2", account: "alice", orderId: "order-1" };
    await client.amendHold({
      ...ids,
      instrument: "BTC-PERP",
      quantity: "0.004",
      limitPrice: undefined,
      expiresAtUs: undefined,
    });
    const { decision } = await client.releaseHold({ ...ids, requestId: "request-3" });
    expect(engine.holds).toMatchObject([
      { kind: "amend", orderId: "order-1", quantity: 4n, price: undefined },
      { kind: "release", orderId: "order-1" },
    ]);
    expect(decision).toMatchObject({ accepted: true, order: undefined });
  });

  test.each([
    [{ requestId: "" }, "request_id"],
    [{ orderId: "" }, "order_id"],
    [{ order: undefined }, "order"],
    [{ order: { ...ORDER, quantity: "much" } }, "order.quantity"],
    [{ order: { ...ORDER, account: "nobody" } }, "nobody"],
  ])("what is no order is refused before the engine hears of it: %j", async (changes, named) => {
    const { engine, client } = await open();
    const error = await refusal(client.placeHold(placement(1, changes)));
    expect(error.message).toContain(named);
    expect(engine.holds).toEqual([]);
  });
});

describe("many at once", () => {
  test("are answered in their order; what cannot be asked is an answer of its own", async () => {
    const { engine, client } = await open();
    const bad: GateCall = { tag: 2n, call: { $case: "check", value: { ...ORDER, instrument: "NOTHING" } } };
    const { answers } = await client.decide([place(1), bad, check(3), { tag: 4n, call: undefined }]);
    expect(answers.map(({ tag, answer }) => [tag, answer?.$case])).toEqual([
      [1n, "hold"],
      [2n, "error"],
      [3n, "check"],
      [4n, "error"],
    ]);
    expect(answers[1]!.answer).toMatchObject({ value: { code: status.NOT_FOUND, reason: "INSTRUMENT_UNKNOWN" } });
    expect(engine.holds).toHaveLength(1);
  });

  test("a batch beyond the limit is refused whole", async () => {
    const { client, engine } = await open({ limits: { callsPerBatch: 2 } });
    expect((await refusal(client.decide([place(1), place(2), place(3)]))).reason).toBe("BATCH_TOO_LARGE");
    expect(engine.holds).toEqual([]);
  });

  test("holds beyond what may wait for the disk are turned away at once, and the others are answered", async () => {
    const { client, engine } = await open({ limits: { holdsWaiting: 2 } });
    let letGo = () => {};
    engine.heldBack = new Promise((resolve) => {
      letGo = resolve;
    });
    const asked = client.decide([place(1), place(2)]);
    await until(() => engine.holds.length === 2);
    expect(await refusal(client.placeHold(placement(3)))).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      reason: "GATE_BUSY",
    });
    letGo();
    expect((await asked).answers.map(({ answer }) => answer?.$case)).toEqual(["hold", "hold"]);
    expect((await client.placeHold(placement(4))).decision?.accepted).toBe(true);
  });
});

describe("a stream", () => {
  test("answers each message by one, in order", async () => {
    const { client } = await open();
    const stream = client.decideStream();
    for (let message = 0; message < 20; message++)
      stream.write({ calls: [check(message * 2), place(message * 2 + 1)] });
    stream.end();
    const tags: bigint[] = [];
    for await (const { answers } of stream as AsyncIterable<DecideStreamResponse>) {
      tags.push(...answers.map(({ tag }) => tag));
    }
    expect(tags).toEqual(Array.from({ length: 40 }, (_, index) => BigInt(index)));
  });

  test("an engine that serves nobody ends it with the reason", async () => {
    const { client, engine } = await open();
    engine.status = { serving: false, reason: "the disk is full" };
    const stream = client.decideStream();
    stream.write({ calls: [check(1)] });
    const error = await new Promise<Error>((resolve) => stream.on("error", resolve).on("data", () => {}));
    expect(error.message).toContain("the disk is full");
  });

  test("nothing is begun for a caller who has gone", async () => {
    const { client, engine } = await open();
    let letGo = () => {};
    engine.heldBack = new Promise((resolve) => {
      letGo = resolve;
    });
    const stream = client.decideStream();
    stream.on("error", () => {});
    stream.write({ calls: [place(1)] });
    stream.write({ calls: [place(2)] });
    await until(() => engine.holds.length === 1);
    stream.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    letGo();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(engine.holds.map(({ requestId }) => requestId)).toEqual(["request-1"]);
  });
});

describe("a deadline that passes while a hold waits for the disk", () => {
  test("leaves the hold standing, and a retry with its request id has its answer", async () => {
    const { engine, gateway, client } = await open();
    let letGo = () => {};
    engine.heldBack = new Promise((resolve) => {
      letGo = resolve;
    });
    // On a busy machine a call may be late before it arrives, and then it is not begun: the next one waits longer.
    for (let deadlineMs = 100; engine.holds.length === 0; deadlineMs *= 2) {
      await expect(connect(gateway.port, deadlineMs).placeHold(placement(1))).rejects.toThrow(GatewayTimeoutError);
    }
    expect(engine.holds).toHaveLength(1);
    letGo();
    const { decision } = await client.placeHold(placement(1));
    expect(decision).toMatchObject({ accepted: true, duplicate: true });
    expect(engine.heldOrders).toBe(1);
  });

  test("a question that has passed its deadline before its turn is not asked", async () => {
    const { engine, gateway } = await open();
    const hasty = connect(gateway.port, 30);
    const [first, second] = [hasty.checkOrder(ORDER), hasty.placeHold(placement(2))];
    // The loop stands still until both are late: client and server share it here.
    const endMs = performance.now() + 80;
    while (performance.now() < endMs);
    await expect(first).rejects.toThrow(GatewayTimeoutError);
    await expect(second).rejects.toThrow(GatewayTimeoutError);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([engine.questions, engine.holds]).toEqual([[], []]);
  });
});

describe("inverse questions", () => {
  test("the largest order, the cure and the moves come as decimals", async () => {
    const { client } = await open();
    const { quantity, binding } = await client.maxOrder({
      account: "alice",
      instrument: "BTC-PERP",
      side: Side.BUY,
      limitPrice: "61000",
    });
    expect([quantity, binding]).toEqual(["1.250", "initial_margin"]);
    expect(await client.cure("alice")).toMatchObject({
      found: true,
      instrument: "BTC-PERP",
      side: Side.SELL,
      quantity: "0.020",
      cost: "0.61",
      currency: "USDT",
    });
    expect(await client.liquidationMoves("alice", "BTC")).toMatchObject({ up: "", down: "-0.123456" });
  });
});
