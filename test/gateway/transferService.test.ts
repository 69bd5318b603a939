import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { refusal, serve } from "./harness.ts";

const TRANSFER = { requestId: "r-1", account: "alice", currency: "USDT", amount: "150.25" };

describe("Deposit and Withdraw", () => {
  test("MAR-011: hand a deposit to the engine and answer with where it is in the journal", async () => {
    const { engine, client } = await serve();

    expect(await client.deposit(TRANSFER)).toEqual({
      asOf: { journalPosition: 101n, eventTimeUs: 1_584_000_000_000_000n },
      duplicate: false,
    });
    expect(engine.commands).toEqual([
      {
        commandId: "r-1",
        account: "alice",
        eventTimeUs: 1_584_000_000_000_000n,
        command: { $case: "deposit", value: { currency: "USDT", amount: 15_025n } },
      },
    ]);
  });

  test("MAR-011: hand a withdrawal to the engine, at the engine's own time", async () => {
    const { engine, client } = await serve();
    engine.eventTimeUs = 1_700_000_000_123_000n;

    await client.withdraw(TRANSFER);

    expect(engine.commands[0]).toMatchObject({
      eventTimeUs: 1_700_000_000_123_000n,
      command: { $case: "withdrawal", value: { currency: "USDT", amount: 15_025n } },
    });
  });

  test("INP-001: flag a repeated request id as a success that was there before", async () => {
    const { engine, client } = await serve();
    engine.outcome = { code: RefusalReason.DUPLICATE, value: 0n, limit: 0n };

    expect((await client.deposit(TRANSFER)).duplicate).toBe(true);
    expect((await client.withdraw(TRANSFER)).duplicate).toBe(true);
  });

  test("MAR-015: refuse beyond the free collateral, with both numbers", async () => {
    const { engine, client } = await serve();
    engine.outcome = { code: RefusalReason.FREE_COLLATERAL, value: 15_025n, limit: 12_000n };

    const error = await refusal(client.withdraw(TRANSFER));

    expect(error).toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: "FREE_COLLATERAL",
      metadata: { field: "amount", value: "150.25", limit: "120.00", unit: "USDT", journal_position: "101" },
    });
    expect(error.message).toContain("150.25 USDT against a limit of 120.00 USDT");
  });

  test.each([
    [RefusalReason.ACCOUNT_UNKNOWN, status.NOT_FOUND, "ACCOUNT_UNKNOWN"],
    [RefusalReason.IDENTITY_CONFLICT, status.ALREADY_EXISTS, "IDENTITY_CONFLICT"],
    [RefusalReason.AMOUNT_NOT_POSITIVE, status.INVALID_ARGUMENT, "AMOUNT_NOT_POSITIVE"],
    [RefusalReason.CAPACITY, status.RESOURCE_EXHAUSTED, "CAPACITY"],
    [RefusalReason.TIME_RANGE, status.FAILED_PRECONDITION, "TIME_RANGE"],
    [99, status.FAILED_PRECONDITION, "REASON_99"],
  ])("answer outcome %i with status %i", async (code, expected, reason) => {
    const { engine, client } = await serve();
    engine.outcome = { code, value: -1n, limit: 0n };

    expect(await refusal(client.deposit(TRANSFER))).toMatchObject({ code: expected, reason });
  });

  test.each([
    ["request_id", { requestId: "" }, "FIELD_MISSING"],
    ["request_id", { requestId: "x".repeat(129) }, "NAME_TOO_LONG"],
    ["account", { account: "" }, "FIELD_MISSING"],
    ["currency", { currency: "" }, "FIELD_MISSING"],
    ["amount", { amount: "1e3" }, "NOT_A_NUMBER"],
    ["amount", { amount: "0.001" }, "NOT_A_NUMBER"],
    ["amount", { amount: "1".repeat(30) }, "AMOUNT_LIMIT"],
  ])("answer INVALID_ARGUMENT for %s in %j", async (field, broken, reason) => {
    const { engine, client } = await serve();

    expect(await refusal(client.deposit({ ...TRANSFER, ...broken }))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason,
      metadata: { field },
    });
    expect(engine.commands).toEqual([]);
  });

  test("answer NOT_FOUND for a currency that nothing settles in", async () => {
    const { client } = await serve();

    expect(await refusal(client.deposit({ ...TRANSFER, currency: "EUR" }))).toMatchObject({
      code: status.NOT_FOUND,
      reason: "CURRENCY_UNKNOWN",
      metadata: { currency: "EUR" },
    });
  });

  test("answer UNAVAILABLE when the engine stops under a command", async () => {
    const { engine, client } = await serve();
    engine.failure = new Error("stopped");
    const call = client.deposit(TRANSFER);
    engine.submit = async () => {
      engine.status = { serving: false, reason: "another engine owns the shard" };
      throw new Error("stopped");
    };

    expect(await refusal(call)).toMatchObject({
      code: status.UNAVAILABLE,
      metadata: { why: "another engine owns the shard" },
    });
  });
});
