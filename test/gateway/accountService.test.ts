import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { MarginState } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { MarginMode } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { BANKRUPT, CALLED, FakeEngine, INVERSE_POSITION, LIQUIDATING, POSITION } from "./fakeEngine.ts";
import { refusal, serve } from "./harness.ts";

const NO_FILTER = MarginState.UNSPECIFIED;

describe("GetAccount", () => {
  test("gives a pool with every amount as a decimal of its currency", async () => {
    const { engine, client } = await serve();
    engine.open("alice", {}, [POSITION]);

    const { asOf, account } = await client.getAccount("alice");

    expect(asOf).toEqual({ journalPosition: 100n, eventTimeUs: 1_584_000_000_000_000n });
    expect(account).toMatchObject({ account: "alice", marginMode: MarginMode.CROSS, state: MarginState.HEALTHY });
    expect(account!.pools).toEqual([
      {
        currency: "USDT",
        state: MarginState.HEALTHY,
        balance: "1000.00",
        unrealisedProfit: "-20.50",
        equity: "979.50",
        initialMargin: "122.00",
        maintenanceMargin: "6.10",
        freeCollateral: "857.50",
        marginRatio: { ratio: "0.006228", equityNotPositive: false },
        scanLoss: "73.21",
        worstScenario: 3,
        openPositions: 1,
        countedElsewhere: false,
      },
    ]);
  });

  test("MAR-002: gives a linear position with its entry price, mark and liquidation price", async () => {
    const { engine, client } = await serve();
    engine.open("alice", { state: CALLED }, [POSITION]);

    const { account } = await client.getAccount("alice");

    expect(account!.positions).toEqual([
      {
        instrument: "BTC-PERP",
        currency: "USDT",
        marginMode: MarginMode.CROSS,
        state: MarginState.CALLED,
        leverage: "10.00",
        quantity: "0.020",
        entryPrice: "62025.00000",
        markPrice: "61000.0",
        markValue: "1220.00",
        unrealisedProfit: "-20.50",
        realisedProfit: "12.34",
        fees: "0.62",
        funding: "-0.05",
        posted: "0.00",
        initialMargin: "122.00",
        maintenanceMargin: "6.10",
        marginRatio: undefined,
        scanLoss: undefined,
        worstScenario: undefined,
        liquidationPrice: "12530.1",
        bankruptcyPrice: "12024.9",
      },
    ]);
  });

  test("MAR-002: gives an inverse isolated position with its own state, ratio and scan loss", async () => {
    const { engine, client } = await serve();
    engine.open("bob", {}, [INVERSE_POSITION]);

    const position = (await client.getAccount("bob")).account!.positions[0]!;

    // -Q k / C = 1000 x 10^9 / 7,208,246 = 138,730.004.. price units: the cost was rounded down.
    expect(position.entryPrice).toBe("13873.00045");
    expect(position).toMatchObject({
      currency: "XBT",
      state: MarginState.LIQUIDATING,
      posted: "0.00720825",
      marginRatio: { ratio: "1.100000", equityNotPositive: false },
      scanLoss: "0.01000001",
      worstScenario: 1,
    });
    expect(position.markPrice).toBeUndefined();
    expect(position.liquidationPrice).toBeUndefined();
    expect(position.bankruptcyPrice).toBeUndefined();
  });

  test("MAR-017: says that no equity is left instead of a number", async () => {
    const { engine, client } = await serve();
    engine.open("carol", { state: BANKRUPT, equity: -1n, marginRatioE6: 2n ** 63n - 1n });

    const { account } = await client.getAccount("carol");

    expect(account!.pools[0]!.marginRatio).toEqual({ ratio: "", equityNotPositive: true });
  });

  test("shows a closed position without an entry price", async () => {
    const { engine, client } = await serve();
    engine.open("alice", {}, [{ ...POSITION, quantity: 0n, entryCost: 0n }]);

    const position = (await client.getAccount("alice")).account!.positions[0]!;

    expect(position).toMatchObject({ quantity: "0.000", realisedProfit: "12.34" });
    expect(position.entryPrice).toBeUndefined();
  });

  test("answers NOT_FOUND, with the name, for an account that was never opened", async () => {
    const { client } = await serve();

    expect(await refusal(client.getAccount("nobody"))).toMatchObject({
      code: status.NOT_FOUND,
      reason: "ACCOUNT_UNKNOWN",
      metadata: { account: "nobody" },
    });
  });

  test("answers INVALID_ARGUMENT without an account", async () => {
    const { client } = await serve();

    expect(await refusal(client.getAccount(""))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: "FIELD_MISSING",
      violations: [{ field: "account", description: "must be given" }],
    });
  });

  test("echoes no more of a name than an HTTP/2 header can carry", async () => {
    const { client } = await serve();

    const error = await refusal(client.getAccount("x".repeat(100_000)));

    expect(error.code).toBe(status.NOT_FOUND);
    expect(error.metadata).toEqual({ account: `${"x".repeat(64)}...` });
  });

  test("answers UNAVAILABLE with the reason while the engine is not serving", async () => {
    const { engine, client } = await serve();
    engine.open("alice");
    engine.status = { serving: false, reason: "the journal cannot append: disk full" };

    expect(await refusal(client.getAccount("alice"))).toMatchObject({
      code: status.UNAVAILABLE,
      reason: "ENGINE_NOT_SERVING",
      metadata: { why: "the journal cannot append: disk full" },
    });
  });

  test("answers INTERNAL when the engine throws, and goes on serving", async () => {
    const { engine, client } = await serve();
    engine.open("alice");
    engine.failure = new Error("kernel trapped");

    expect(await refusal(client.getAccount("alice"))).toMatchObject({ code: status.INTERNAL, reason: "INTERNAL" });

    engine.failure = undefined;
    expect((await client.getAccount("alice")).account!.account).toBe("alice");
  });
});

describe("ListAccounts", () => {
  function market(): FakeEngine {
    const engine = new FakeEngine();
    engine.open("a-healthy", { marginRatioE6: 100_000n });
    engine.open("b-bankrupt", { marginRatioE6: 2n ** 63n - 1n, state: BANKRUPT });
    engine.open("c-called", { marginRatioE6: 900_000n, state: CALLED });
    engine.open("d-liquidating", { marginRatioE6: 1_200_000n, state: LIQUIDATING });
    engine.open("e-called", { marginRatioE6: 900_000n, state: CALLED });
    return engine;
  }
  const ORDER = ["b-bankrupt", "d-liquidating", "c-called", "e-called", "a-healthy"];

  test("lists the worst margin ratio first, without the venue's accounts", async () => {
    const { client } = await serve({}, market());

    const list = await client.listAccounts({ pageSize: 0, pageToken: "", minimumState: NO_FILTER });

    expect(list.accounts.map((line) => line.account)).toEqual(ORDER);
    expect(list.accounts[0]!.marginRatio).toEqual({ ratio: "", equityNotPositive: true });
    expect(list.accounts[1]!.marginRatio).toEqual({ ratio: "1.200000", equityNotPositive: false });
    expect(list.nextPageToken).toBe("");
    expect(list.asOf!.journalPosition).toBe(100n);
  });

  test.each([1, 2, 3, 4, 5])("pages of %i hold every account once, in order", async (pageSize) => {
    const { client } = await serve({}, market());
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await client.listAccounts({ pageSize, pageToken, minimumState: NO_FILTER });
      expect(page.accounts.length).toBeGreaterThan(0);
      seen.push(...page.accounts.map((line) => line.account));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");

    expect(seen).toEqual(ORDER);
  });

  test("goes on behind the last line even when that account has moved", async () => {
    const engine = market();
    const { client } = await serve({}, engine);
    const first = await client.listAccounts({ pageSize: 2, pageToken: "", minimumState: NO_FILTER });
    engine.setPool(engine.names.account("d-liquidating")!, { marginRatioE6: 0n });

    const second = await client.listAccounts({ pageSize: 2, pageToken: first.nextPageToken, minimumState: NO_FILTER });

    expect(second.accounts.map((line) => line.account)).toEqual(["c-called", "e-called"]);
  });

  test("gives only accounts in the state asked for or a worse one", async () => {
    const { client } = await serve({}, market());
    const first = await client.listAccounts({ pageSize: 3, pageToken: "", minimumState: MarginState.CALLED });
    const second = await client.listAccounts({
      pageSize: 3,
      pageToken: first.nextPageToken,
      minimumState: MarginState.CALLED,
    });

    expect([...first.accounts, ...second.accounts].map((line) => line.account)).toEqual(ORDER.slice(0, 4));
    expect(second.nextPageToken).toBe("");
  });

  test("gives 50 lines unless asked, and never more than 1000", async () => {
    const engine = new FakeEngine();
    for (let index = 0; index < 1_100; index++) {
      engine.open(`account-${index}`);
    }
    const { client } = await serve({}, engine);
    const page = async (pageSize: number) =>
      (await client.listAccounts({ pageSize, pageToken: "", minimumState: NO_FILTER })).accounts.length;

    expect(await page(0)).toBe(50);
    expect(await page(5_000)).toBe(1_000);
  });

  test.each(["nonsense", "MTp4OjA6MA", Buffer.from("1:5:0:9").toString("base64url")])(
    "refuses the page token %s",
    async (pageToken) => {
      const { client } = await serve({}, market());

      expect(await refusal(client.listAccounts({ pageSize: 0, pageToken, minimumState: NO_FILTER }))).toMatchObject({
        code: status.INVALID_ARGUMENT,
        reason: "PAGE_TOKEN_INVALID",
        violations: [{ field: "page_token" }],
      });
    },
  );

  test("refuses a page token of another filter", async () => {
    const { client } = await serve({}, market());
    const { nextPageToken } = await client.listAccounts({ pageSize: 1, pageToken: "", minimumState: NO_FILTER });

    const call = client.listAccounts({ pageSize: 1, pageToken: nextPageToken, minimumState: MarginState.CALLED });

    expect(await refusal(call)).toMatchObject({ code: status.INVALID_ARGUMENT, reason: "PAGE_TOKEN_INVALID" });
  });

  test("refuses a negative page size and an unknown state", async () => {
    const { client } = await serve({}, market());
    const negative = client.listAccounts({ pageSize: -1, pageToken: "", minimumState: NO_FILTER });
    const unknown = client.listAccounts({ pageSize: 1, pageToken: "", minimumState: 9 as MarginState });

    expect(await refusal(negative)).toMatchObject({ code: status.INVALID_ARGUMENT, reason: "PAGE_SIZE_INVALID" });
    expect(await refusal(unknown)).toMatchObject({ code: status.INVALID_ARGUMENT, reason: "STATE_UNKNOWN" });
  });
});
