import { describe, expect, test } from "vitest";
import { RefusalReason } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control, Switch } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import { serve } from "../harness.ts";
import { run } from "./runCommand.ts";

describe("plimsoll control", () => {
  const BY = ["--by", "ann", "--reason", "fat fingers"];

  async function open() {
    const served = await serve();
    served.engine.open("alice");
    return served;
  }

  test("sets a limit for a scope, with who and why, and says what was set", async () => {
    const { engine, gateway } = await open();

    const words = ["control", "set-limit", "price-collar", "0.05", "--instrument", "BTC-PERP", "--request-id", "r-1"];
    const ran = await run(gateway.port, [...words, ...BY]);

    expect(ran).toMatchObject({ exitCode: 0, error: "" });
    expect(ran.out).toContain("Set price-collar 0.05 for all accounts in BTC-PERP (request r-1).");
    expect(engine.controlCommands).toEqual([
      {
        instrument: "BTC-PERP",
        command: {
          commandId: "r-1",
          account: "",
          currency: "",
          by: "ann",
          reason: "fat fingers",
          command: { $case: "setLimit", value: { control: Control.PRICE_COLLAR, value: 50_000_000n, burst: 0n } },
        },
      },
    ]);
  });

  test("lifts a limit with none, and turns a switch", async () => {
    const { engine, gateway } = await open();

    await run(gateway.port, ["control", "set-limit", "order-quantity", "none", ...BY]);
    await run(gateway.port, ["control", "switch", "kill", "on", "--account", "alice", ...BY]);

    expect(engine.controlCommands.map(({ command }) => command.command)).toEqual([
      { $case: "setLimit", value: { control: Control.ORDER_QUANTITY, value: undefined, burst: 0n } },
      { $case: "setSwitch", value: { switch: Switch.KILL, on: true } },
    ]);
  });

  test("an override lasts so many minutes of the market's time", async () => {
    const { engine, gateway } = await open();
    const words = ["control", "override", "position", "--account", "alice", "--approved-by", "bea", "--minutes", "30"];

    await run(gateway.port, [...words, ...BY]);

    const expiryTimeUs = 1_584_000_000_000_000n + 30n * 60_000_000n;
    expect(engine.controlCommands[0]!.command.command).toEqual({
      $case: "setOverride",
      value: { control: Control.POSITION, approvedBy: "bea", expiryTimeUs },
    });
  });

  test("says what a refused scope needs, with exit code 1", async () => {
    const { engine, gateway } = await open();
    engine.outcome = { code: RefusalReason.CONTROL_SCOPE, value: 5n, limit: 0n };

    const ran = await run(gateway.port, ["control", "set-limit", "position", "5", "--account", "alice", ...BY]);

    expect(ran.exitCode).toBe(1);
    expect(ran.error).toContain("CONTROL_SCOPE (CTL-005)");
    expect(ran.error).toContain("need an instrument");
  });

  test("will not set anything without a name and a reason", async () => {
    const { engine, gateway } = await open();

    const ran = await run(gateway.port, ["control", "switch", "kill", "on", "--by", "ann"]);

    expect(ran).toMatchObject({ exitCode: 1 });
    expect(ran.error).toContain("--reason");
    expect(engine.controlCommands).toEqual([]);
  });

  test("lists all that is set", async () => {
    const { engine, gateway } = await open();
    const limit = { control: Control.PRICE_COLLAR, currency: undefined, value: 50_000_000n, burst: 0n };
    engine.controlsSet = {
      limits: [{ ...limit, account: undefined, instrument: 0 }],
      switches: [{ account: 4, instrument: undefined, switches: Switch.REDUCE_ONLY }],
      overrides: [{ account: 4, instrument: 0, control: Control.POSITION, expiryUs: 1_584_000_000_000_000n }],
      stopped: [{ account: 4, control: Control.ORDER_EXECUTIONS }],
    };

    const { out } = await run(gateway.port, ["control", "list"]);

    const rows = out.split("\n").map((line) => line.trim().split(/ {2,}/).join(" | "));
    expect(rows).toEqual(
      expect.arrayContaining([
        "switch | reduce-only | alice | on",
        "stopped by | order-executions | alice",
        "limit | price-collar | all accounts in BTC-PERP | 0.050000000 | 0",
        "override | position | alice in BTC-PERP | until 2020-03-12T08:00:00.000Z",
      ]),
    );
    const json = await run(gateway.port, ["control", "list", "--json"]);
    expect(JSON.parse(json.out).stopped).toEqual([{ account: "alice", control: "CONTROL_ORDER_EXECUTIONS" }]);
  });
});
