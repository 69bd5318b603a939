import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import type { WatchAccountsResponse } from "../../generated/proto/plimsoll/v1/account_service.ts";
import { MarginState } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { GatewayClient } from "../../services/gateway/client.ts";
import type { FakeEngine } from "./fakeEngine.ts";
import { refusal, serve, until } from "./harness.ts";

const ORDER = {
  account: "alice",
  instrument: "BTC-PERP",
  side: Side.BUY,
  quantity: "0.001",
  limitPrice: "61000.0",
  reduceOnly: false,
};

/** What is asked, and what the engine is asked for it. */
const READINGS: [string, (client: GatewayClient) => Promise<unknown>, keyof FakeEngine][] = [
  ["GetAccount", (client) => client.getAccount("alice"), "account"],
  [
    "ListAccounts",
    (client) => client.listAccounts({ pageSize: 0, pageToken: "", minimumState: MarginState.UNSPECIFIED }),
    "accountsByMarginRatio",
  ],
  ["ExplainAccount", (client) => client.explainAccount("alice"), "explain"],
  ["GetAccountBook", (client) => client.getAccountBook("alice"), "book"],
  ["ListControls", (client) => client.listControls(), "controls"],
  ["MaxOrder", (client) => client.maxOrder({ ...ORDER }), "maxOrder"],
  ["Cure", (client) => client.cure("alice"), "cure"],
  ["LiquidationMoves", (client) => client.liquidationMoves("alice", "BTC"), "liquidationMoves"],
];

/** Counts what the engine is asked. */
function counted(engine: FakeEngine, method: keyof FakeEngine): () => number {
  const original = engine[method] as (...given: unknown[]) => unknown;
  let asked = 0;
  Object.assign(engine, {
    [method]: (...given: unknown[]) => {
      asked += 1;
      return original.apply(engine, given);
    },
  });
  return () => asked;
}

describe("while a batch is on its way to the disk", () => {
  test("a check is answered: it binds nobody", async () => {
    const { engine, client } = await serve();
    engine.open("alice");
    engine.goAhead();
    expect((await client.checkOrder(ORDER)).decision!.accepted).toBe(true);
    const [answer] = (await client.decide([{ tag: 1n, call: { $case: "check", value: ORDER } }])).answers;
    expect(answer!.answer).toMatchObject({ $case: "check", value: { accepted: true } });
  });

  test.each(READINGS)("%s reads the state when that is there", async (_call, ask, method) => {
    const { engine, client } = await serve();
    engine.open("alice");
    const asked = counted(engine, method);
    const arrived = engine.goAhead();
    const answer = ask(client).catch((error: unknown) => error);
    // Its answer would be here before that of a check that was asked later.
    await client.checkOrder(ORDER);
    await client.checkOrder(ORDER);
    expect(asked()).toBe(0);
    arrived();
    await answer;
    expect(asked()).toBeGreaterThan(0);
  });

  test("a reading ends with UNAVAILABLE and the reason when the engine stops instead", async () => {
    const { engine, client } = await serve();
    engine.open("alice");
    const arrived = engine.goAhead();
    const refused = refusal(client.getAccount("alice"));
    await client.checkOrder(ORDER);
    engine.status = { serving: false, reason: "the disk is gone" };
    arrived();
    expect(await refused).toMatchObject({
      code: status.UNAVAILABLE,
      message: expect.stringContaining("the disk is gone"),
    });
  });

  test("a watch tells nothing, then all of it", async () => {
    const { engine, client } = await serve();
    const alice = engine.open("alice");
    const arrived = engine.goAhead();
    const told: WatchAccountsResponse[] = [];
    const watch = client.watchAccounts(["alice"]);
    watch.on("data", (message: WatchAccountsResponse) => told.push(message));
    watch.on("error", () => {
      // Cancelled at the end of the test.
    });
    await client.checkOrder(ORDER);
    await client.checkOrder(ORDER);
    expect(told).toEqual([]);
    arrived();
    engine.durable(alice);
    await until(() => told.length === 1);
    expect(told[0]!.accounts.map(({ account }) => account)).toEqual(["alice"]);
    watch.cancel();
  });
});
