import { type ClientReadableStream, type ServiceError, status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import type { Account } from "../../generated/proto/plimsoll/v1/account.ts";
import type { WatchAccountsResponse } from "../../generated/proto/plimsoll/v1/account_service.ts";
import { MarginState } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { fromServiceError } from "../../services/gateway/statusDetails.ts";
import { CALLED, FakeEngine, POSITION } from "./fakeEngine.ts";
import { serve, until } from "./harness.ts";

type WatchStream = ClientReadableStream<WatchAccountsResponse>;

class Reader {
  readonly messages: WatchAccountsResponse[] = [];
  readonly newest = new Map<string, Account>();
  error: ServiceError | undefined;

  constructor(stream: WatchStream) {
    stream.on("data", (message: WatchAccountsResponse) => {
      this.messages.push(message);
      for (const account of message.accounts) {
        this.newest.set(account.account, account);
      }
    });
    stream.on("error", (error: ServiceError) => {
      this.error = error;
    });
  }

  get accounts(): string[] {
    return this.messages.flatMap((message) => message.accounts.map((account) => account.account));
  }
}

describe("WatchAccounts", () => {
  test("first gives the present state of each account named", async () => {
    const { engine, client } = await serve();
    engine.open("alice");
    engine.open("bob");
    engine.open("carol");

    const reader = new Reader(client.watchAccounts(["carol", "alice", "carol"]));
    await until(() => reader.newest.size === 2);

    expect(reader.accounts).toEqual(["carol", "alice"]);
    expect(reader.messages[0]!.asOf!.journalPosition).toBe(100n);
  });

  test("then gives an account again after each change, and only that account", async () => {
    const { engine, client } = await serve();
    const alice = engine.open("alice");
    const bob = engine.open("bob");
    const carol = engine.open("carol");
    const reader = new Reader(client.watchAccounts(["alice", "bob"]));
    await until(() => reader.newest.size === 2);

    engine.setPool(alice, { balance: 7n, state: CALLED });
    engine.durable(alice, carol);
    await until(() => reader.accounts.length === 3);
    engine.setPool(bob, { balance: 8n });
    engine.durable(bob);
    await until(() => reader.accounts.length === 4);

    expect(reader.accounts.slice(2)).toEqual(["alice", "bob"]);
    expect(reader.newest.get("alice")).toMatchObject({ state: MarginState.CALLED, pools: [{ balance: "0.07" }] });
    expect(reader.messages.at(-1)!.asOf!.journalPosition).toBe(102n);
  });

  test("gives all accounts, those opened later included and the venue's own not", async () => {
    const { engine, client } = await serve();
    engine.open("alice");
    const reader = new Reader(client.watchAccounts([]));
    await until(() => reader.newest.size === 1);

    const late = engine.open("late");
    engine.durable(0, 1, late);
    await until(() => reader.newest.size === 2);

    expect(reader.accounts).toEqual(["alice", "late"]);
  });

  test("gives a venue account that is named", async () => {
    const { engine, client } = await serve();
    const reader = new Reader(client.watchAccounts(["venue:insurance"]));
    await until(() => reader.newest.size === 1);
    engine.durable(1);
    await until(() => reader.accounts.length === 2);
  });

  test("splits many accounts over messages that stay small", async () => {
    const engine = new FakeEngine();
    for (let index = 0; index < 150; index++) {
      engine.open(`small-${index}`);
    }
    for (let index = 0; index < 5; index++) {
      engine.open(
        `large-${index}`,
        {},
        Array.from({ length: 600 }, () => POSITION),
      );
    }
    const { client } = await serve({}, engine);

    const reader = new Reader(client.watchAccounts([]));
    await until(() => reader.newest.size === 155);

    expect(reader.accounts).toHaveLength(155);
    for (const message of reader.messages) {
      expect(message.accounts.length).toBeLessThanOrEqual(64);
      expect(message.accounts.filter((account) => account.positions.length > 0).length).toBeLessThanOrEqual(2);
    }
  });

  test("holds one entry an account for a reader that does not read, then gives it the newest state", async () => {
    const engine = new FakeEngine();
    // About 60 kB an account: 600 MB in all, far beyond what HTTP/2 and the sockets hold for a stream.
    const positions = Array.from({ length: 300 }, () => POSITION);
    const accounts = Array.from({ length: 20 }, (_, index) => engine.open(`account-${index}`, {}, positions));
    const { gateway, client } = await serve({ limits: { watchMessageAccounts: 1 } }, engine);
    const stream = client.watchAccounts([]);
    await until(() => gateway.watchLoad.streams === 1);

    const changes = 500;
    for (let change = 1; change <= changes; change++) {
      for (const account of accounts) {
        engine.setPool(account, { balance: BigInt(change) }, positions);
      }
      engine.durable(...accounts);
      if (change % 50 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(gateway.watchLoad.pendingAccounts).toBeLessThanOrEqual(accounts.length);
      expect(gateway.watchLoad.messagesInFlight).toBeLessThanOrEqual(1);
    }
    expect(gateway.watchLoad.pendingAccounts).toBeGreaterThan(0);

    const reader = new Reader(stream);
    const isNewest = (account: Account) => account.pools[0]!.balance === "5.00";
    await until(() => reader.newest.size === accounts.length && [...reader.newest.values()].every(isNewest));
    await until(() => gateway.watchLoad.pendingAccounts === 0 && gateway.watchLoad.messagesInFlight === 0);

    // What had left before the reader began, and then each account about once: not 500 states of each.
    expect(reader.messages.length).toBeLessThan(3 * accounts.length);
    const positionsInOrder = reader.messages.map((message) => message.asOf!.journalPosition);
    expect(positionsInOrder).toEqual([...positionsInOrder].sort((a, b) => Number(a - b)));
  });

  test("forgets a stream whose client has left", async () => {
    const { engine, gateway, client } = await serve();
    engine.open("alice");
    const stream = client.watchAccounts(["alice"]);
    const reader = new Reader(stream);
    await until(() => reader.newest.size === 1);

    stream.cancel();
    await until(() => gateway.watchLoad.streams === 0);

    engine.durable(4);
    expect(gateway.watchLoad).toEqual({ streams: 0, pendingAccounts: 0, messagesInFlight: 0 });
  });

  test("answers RESOURCE_EXHAUSTED beyond the limit of watchers, until one has left", async () => {
    const { engine, gateway, client } = await serve({ limits: { watchers: 2 } });
    engine.open("alice");
    const first = client.watchAccounts([]);
    const readers = [new Reader(first), new Reader(client.watchAccounts([]))];
    await until(() => readers.every((reader) => reader.newest.size === 1));

    const third = new Reader(client.watchAccounts([]));
    await until(() => third.error !== undefined);
    expect(fromServiceError(third.error!)).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      reason: "TOO_MANY_WATCHERS",
      metadata: { limit: "2" },
    });

    first.cancel();
    await until(() => gateway.watchLoad.streams === 1);
    const fourth = new Reader(client.watchAccounts([]));
    await until(() => fourth.newest.size === 1);
  });

  test("answers NOT_FOUND for an unknown account and INVALID_ARGUMENT for too many", async () => {
    const { engine, gateway, client } = await serve({ limits: { watchedAccounts: 2 } });
    engine.open("alice");
    const unknown = new Reader(client.watchAccounts(["alice", "nobody"]));
    const tooMany = new Reader(client.watchAccounts(["alice", "alice", "alice"]));
    await until(() => unknown.error !== undefined && tooMany.error !== undefined);

    expect(fromServiceError(unknown.error!)).toMatchObject({ code: status.NOT_FOUND, metadata: { account: "nobody" } });
    expect(fromServiceError(tooMany.error!)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: "TOO_MANY_ACCOUNTS",
    });
    expect(gateway.watchLoad.streams).toBe(0);
  });

  test("ends with UNAVAILABLE and the reason when the engine stops", async () => {
    const { engine, gateway, client } = await serve({ limits: { statusPollMs: 10 } });
    engine.open("alice");
    const reader = new Reader(client.watchAccounts(["alice"]));
    await until(() => reader.newest.size === 1);

    engine.status = { serving: false, reason: "another engine owns the shard" };
    await until(() => reader.error !== undefined);

    expect(fromServiceError(reader.error!)).toMatchObject({
      code: status.UNAVAILABLE,
      reason: "ENGINE_NOT_SERVING",
      metadata: { why: "another engine owns the shard" },
    });
    expect(gateway.watchLoad.streams).toBe(0);
    const again = new Reader(client.watchAccounts(["alice"]));
    await until(() => again.error !== undefined);
    expect(again.error!.code).toBe(status.UNAVAILABLE);
  });

  test("ends a stream whose account is larger than a message may be, and forgets it", async () => {
    const { engine, gateway, client } = await serve({ limits: { sendBytes: 10_000 } });
    engine.open(
      "huge",
      {},
      Array.from({ length: 300 }, () => POSITION),
    );

    const reader = new Reader(client.watchAccounts(["huge"]));
    await until(() => reader.error !== undefined);

    expect(reader.error!.code).toBe(status.RESOURCE_EXHAUSTED);
    await until(() => gateway.watchLoad.streams === 0);
  });
});
