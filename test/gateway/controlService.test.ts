import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control, Switch } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { refusal, type Served, serve } from "./harness.ts";

const ORIGIN = { requestId: "r-1", by: "ann", reason: "fat fingers" };
const VENUE = { account: "", instrument: "", currency: "" };

async function open(): Promise<Served> {
  const served = await serve();
  served.engine.open("alice");
  return served;
}

describe("SetLimit", () => {
  test.each([
    ["a fraction in billionths", Control.PRICE_COLLAR, { instrument: "BTC-PERP" }, "0.05", 50_000_000n],
    ["a quantity in the instrument's units", Control.POSITION, { instrument: "BTC-PERP" }, "1.5", 1_500n],
    ["whole contracts without one", Control.ORDER_QUANTITY, {}, "7", 7n],
    ["money of the currency named", Control.CREDIT, { account: "alice", currency: "XBT" }, "0.5", 50_000_000n],
    ["money of the instrument's currency", Control.ORDER_NOTIONAL, { instrument: "XBTUSD" }, "0.5", 50_000_000n],
    ["a count", Control.ORDER_EXECUTIONS, { account: "alice" }, "3", 3n],
  ])("CTL-005: hands the engine %s", async (_, control, scope, value, units) => {
    const { engine, client } = await open();

    const answer = await client.setLimit({ origin: ORIGIN, scope: { ...VENUE, ...scope }, control, value });

    expect(answer).toEqual({ asOf: { journalPosition: 100n, eventTimeUs: 1_584_000_000_000_000n }, duplicate: false });
    const { instrument = "", account = "", currency = "" } = scope as Partial<typeof VENUE>;
    const { by, reason } = ORIGIN;
    expect(engine.controlCommands).toEqual([
      {
        instrument,
        command: {
          commandId: "r-1",
          account,
          currency,
          by,
          reason,
          command: { $case: "setLimit", value: { control, value: units, burst: 0n } },
        },
      },
    ]);
  });

  test("CTL-013: counts what is free in contracts of the instrument, and lifts a limit without a value", async () => {
    const { engine, client } = await open();
    const scope = { ...VENUE, instrument: "BTC-PERP" };
    const control = Control.CONCENTRATION;

    await client.setLimit({ origin: ORIGIN, scope, control, value: "0.25", burst: "2" });
    await client.setLimit({ origin: ORIGIN, scope, control });

    expect(engine.controlCommands.map(({ command }) => command.command)).toEqual([
      { $case: "setLimit", value: { control, value: 250_000_000n, burst: 2_000n } },
      { $case: "setLimit", value: { control, value: undefined, burst: 0n } },
    ]);
  });

  test.each([
    ["origin.request_id", { origin: { ...ORIGIN, requestId: "" } }, "FIELD_MISSING"],
    ["origin.by", { origin: { ...ORIGIN, by: "" } }, "FIELD_MISSING"],
    ["origin.reason", { origin: { ...ORIGIN, reason: "" } }, "FIELD_MISSING"],
    ["origin.reason", { origin: { ...ORIGIN, reason: "x".repeat(129) } }, "NAME_TOO_LONG"],
    ["value", { value: "1e3" }, "NOT_A_NUMBER"],
    ["value", { value: "0.0000000001" }, "NOT_A_NUMBER"],
  ])("answers INVALID_ARGUMENT for %s in %j", async (field, broken, reason) => {
    const { engine, client } = await open();
    const request = { origin: ORIGIN, scope: VENUE, control: Control.PRICE_COLLAR, value: "0.1", ...broken };

    expect(await refusal(client.setLimit(request))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason,
      metadata: { field },
    });
    expect(engine.controlCommands).toEqual([]);
  });

  test.each([
    ["account", "zoe"],
    ["instrument", "NEW"],
    ["currency", "EUR"],
  ] as const)("answers NOT_FOUND for an unknown %s", async (kind, name) => {
    const { client } = await open();
    const request = { origin: ORIGIN, scope: { ...VENUE, [kind]: name }, control: Control.CREDIT, value: "1" };

    expect(await refusal(client.setLimit(request))).toMatchObject({
      code: status.NOT_FOUND,
      reason: `${kind.toUpperCase()}_UNKNOWN`,
    });
  });
});

test("CTL-001: a switch goes to the engine; a repeated request id is a success that was there before", async () => {
  const { engine, client } = await open();
  engine.outcome = { code: RefusalReason.DUPLICATE, value: 0n, limit: 0n };

  const answer = await client.setSwitch({ origin: ORIGIN, scope: VENUE, switch: Switch.KILL, on: true });

  expect(answer.duplicate).toBe(true);
  expect(engine.controlCommands[0]!.command.command).toEqual({ $case: "setSwitch", value: { switch: 1, on: true } });
});

test("CTL-016: an override that the engine refuses names field and rule", async () => {
  const { engine, client } = await open();
  engine.outcome = { code: RefusalReason.OVERRIDE_IDENTITIES, value: 0n, limit: 0n };
  const control = Control.POSITION;
  const scope = { ...VENUE, account: "alice" };

  const call = client.setOverride({ origin: ORIGIN, scope, control, approvedBy: "ann", expiryTimeUs: 5n });

  expect(await refusal(call)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: "OVERRIDE_IDENTITIES",
    metadata: { field: "approved_by", rule: "CTL-016", journal_position: "100" },
  });
  expect(engine.controlCommands[0]!.command.command).toEqual({
    $case: "setOverride",
    value: { control, approvedBy: "ann", expiryTimeUs: 5n },
  });
});

test("ListControls tells all that is set, by name and as decimals", async () => {
  const { engine, client } = await open();
  const nowhere = { account: undefined, instrument: undefined };
  engine.controlsSet = {
    limits: [
      { ...nowhere, instrument: 0, control: Control.PRICE_COLLAR, currency: undefined, value: 50_000_000n, burst: 0n },
      { ...nowhere, account: 4, control: Control.CREDIT, currency: 0, value: 12_345n, burst: 0n },
    ],
    switches: [{ ...nowhere, switches: Switch.KILL | Switch.REDUCE_ONLY }],
    overrides: [{ account: 4, instrument: 1, control: Control.POSITION, expiryUs: 7n }],
    stopped: [{ account: 4, control: Control.EXECUTION_RATE }],
  };

  expect(await client.listControls()).toEqual({
    asOf: { journalPosition: 100n, eventTimeUs: 1_584_000_000_000_000n },
    limits: [
      { control: 1, scope: { ...VENUE, instrument: "BTC-PERP" }, value: "0.050000000", burst: "0" },
      { control: 9, scope: { ...VENUE, account: "alice", currency: "USDT" }, value: "123.45", burst: "0" },
    ],
    switches: [
      { switch: Switch.KILL, scope: VENUE },
      { switch: Switch.REDUCE_ONLY, scope: VENUE },
    ],
    overrides: [{ control: 5, scope: { ...VENUE, account: "alice", instrument: "XBTUSD" }, expiryTimeUs: 7n }],
    stopped: [{ account: "alice", control: 11 }],
  });
});
