import { describe, expect, test } from "vitest";
import { RefusalReason } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { serve } from "../harness.ts";
import { run } from "./runCommand.ts";

describe("plimsoll deposit and withdraw", () => {
  test("tell where the transfer is in the journal, and under which request id", async () => {
    const { engine, gateway } = await serve();

    const { out, exitCode } = await run(gateway.port, ["deposit", "alice", "150.25", "USDT", "--request-id", "r-1"]);

    expect(exitCode).toBe(0);
    expect(out).toBe(
      "Deposited 150.25 USDT to alice (request r-1).\n" +
        "As of 2020-03-12 08:00:00.000000 UTC, journal position 101\n",
    );
    expect(engine.commands[0]).toMatchObject({ commandId: "r-1", command: { $case: "deposit" } });
  });

  test("make up a request id that is different each time", async () => {
    const { engine, gateway } = await serve();

    await run(gateway.port, ["withdraw", "alice", "1", "USDT"]);
    await run(gateway.port, ["withdraw", "alice", "1", "USDT", "--json"]);

    const [first, second] = engine.commands;
    expect(first!.commandId).toMatch(/^[0-9a-f-]{36}$/);
    expect(second!.commandId).not.toBe(first!.commandId);
    expect(second!.command!.$case).toBe("withdrawal");
  });

  test("say that a request had been applied before", async () => {
    const { engine, gateway } = await serve();
    engine.outcome = { code: RefusalReason.DUPLICATE, value: 0n, limit: 0n };

    const { out, exitCode } = await run(gateway.port, ["deposit", "alice", "1", "USDT", "--request-id", "r-1"]);

    expect(out).toContain("Request r-1 had been applied before; nothing happened now.");
    expect(exitCode).toBe(0);
  });

  test("end with 2 beyond the free collateral", async () => {
    const { engine, gateway } = await serve();
    engine.outcome = { code: RefusalReason.FREE_COLLATERAL, value: 15_025n, limit: 12_000n };

    const { error, exitCode } = await run(gateway.port, ["withdraw", "alice", "150.25", "USDT"]);

    expect(error).toContain("FREE_COLLATERAL: amount 150.25 USDT against a limit of 120.00 USDT (MAR-015)");
    expect(exitCode).toBe(2);
  });

  test("name the request id to repeat when no answer comes", async () => {
    const { gateway } = await serve();
    await gateway.close();

    const { error, exitCode } = await run(gateway.port, ["deposit", "alice", "1", "USDT", "--request-id", "r-1"]);

    expect(error).toContain("Repeat it with --request-id r-1: it is applied once.");
    expect(exitCode).toBe(3);
  });
});
