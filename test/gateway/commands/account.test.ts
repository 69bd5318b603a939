import { describe, expect, test } from "vitest";
import { CALLED, INVERSE_POSITION, POSITION } from "../fakeEngine.ts";
import { serve } from "../harness.ts";
import { run } from "./runCommand.ts";

describe("plimsoll account", () => {
  async function open() {
    const served = await serve();
    served.engine.open("alice", { state: CALLED }, [
      POSITION,
      { ...INVERSE_POSITION, marginRatioE6: 2n ** 63n - 1n, unrealisedProfit: -800_000n },
    ]);
    return served;
  }

  test("reads like a page of a margin statement", async () => {
    const { gateway } = await open();

    const { out, exitCode } = await run(gateway.port, ["account", "alice"]);

    expect(exitCode).toBe(0);
    expect(out).toBe(
      [
        "Account alice",
        "Margin state  called, since 2020-03-12 08:00:00.000000 UTC",
        "Margin mode   cross for new positions",
        "",
        "Collateral of cross positions",
        "                         USDT",
        "Balance               1000.00",
        "Unrealised profit      -20.50",
        "Equity                 979.50",
        "Initial margin         122.00",
        "Maintenance margin       6.10",
        "Free collateral        857.50",
        "Margin ratio         0.006228",
        "Worst scenario loss     73.21",
        "  in scenario               3",
        "State                  called",
        "",
        "Positions",
        "Instrument  Mode      Leverage  Quantity  Entry price  Mark price  Unrealised profit        State",
        "BTC-PERP    cross       10.00x     0.020  62025.00000     61000.0             -20.50  USDT  called",
        "XBTUSD      isolated    10.00x      1000  13873.00045           -        -0.00800000  XBT   liquidating",
        "",
        "Margin of open positions",
        "Instrument      Posted     Initial  Maintenance        Margin ratio  Liquidation price  Bankruptcy price",
        "BTC-PERP             -      122.00         6.10  USDT             -            12530.1           12024.9",
        "XBTUSD      0.00720825  0.00012200   0.00000610  XBT      no equity                  -                 -",
        "",
        "Result so far",
        "Instrument  Realised profit   Fees paid  Funding received",
        "BTC-PERP              12.34        0.62             -0.05  USDT",
        "XBTUSD           0.00001234  0.00000062       -0.00000005  XBT",
        "",
        "As of 2020-03-12 08:00:00.000000 UTC, journal position 100",
        "",
      ].join("\n"),
    );
  });

  test("shows a closed position with its result and without margin", async () => {
    const { engine, gateway } = await serve();
    engine.open("bob", {}, [{ ...POSITION, quantity: 0n, entryCost: 0n }]);

    const { out } = await run(gateway.port, ["account", "bob"]);

    expect(out).toContain("Positions\n");
    expect(out).toContain("Result so far\n");
    expect(out).not.toContain("Margin of open positions");
  });

  test("says that an account is quarantined", async () => {
    const { engine, gateway } = await serve();
    const bob = engine.open("bob");
    engine.views.set(bob, { ...engine.views.get(bob)!, quarantined: true });

    expect((await run(gateway.port, ["account", "bob"])).out).toContain("Quarantined: takes no new risk");
  });

  test("colours states only where colour may be shown", async () => {
    const { gateway } = await open();

    const plain = await run(gateway.port, ["account", "alice"]);
    const coloured = await run(gateway.port, ["account", "alice"], true);

    expect(plain.out).not.toContain("\u001b");
    expect(coloured.out).toContain("\u001b[33mcalled\u001b[39m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours are what is looked for
    expect(coloured.out.replace(/\u001b\[\d+m/g, "")).toBe(plain.out);
  });

  test("gives one JSON document with amounts as strings and states by name", async () => {
    const { gateway } = await open();

    const { out } = await run(gateway.port, ["account", "alice", "--json"]);

    expect(JSON.parse(out)).toMatchObject({
      asOf: { journalPosition: "100", eventTimeUs: "1584000000000000" },
      account: {
        account: "alice",
        marginMode: "MARGIN_MODE_CROSS",
        state: "MARGIN_STATE_CALLED",
        quarantined: false,
        pools: [{ currency: "USDT", balance: "1000.00", state: "MARGIN_STATE_CALLED" }],
        positions: [{ entryPrice: "62025.00000" }, { state: "MARGIN_STATE_LIQUIDATING" }],
      },
    });
  });

  test("ends with 1 for an unknown account", async () => {
    const { gateway } = await open();

    const { error, exitCode } = await run(gateway.port, ["account", "nobody"]);

    expect(error).toBe('error: no account "nobody" is known here: names are case-sensitive\n');
    expect(exitCode).toBe(1);
  });

  test("ends with 3 and says what to do when no engine answers", async () => {
    const { gateway } = await open();
    await gateway.close();

    const { error, exitCode } = await run(gateway.port, ["account", "alice"]);

    expect(error).toBe(`error: no engine answers on 127.0.0.1:${gateway.port}; start one with \`npm start\`\n`);
    expect(exitCode).toBe(3);
  });

  test("ends with 3 when the engine is not serving", async () => {
    const { engine, gateway } = await open();
    engine.status = { serving: false, reason: "replaying" };

    const { error, exitCode } = await run(gateway.port, ["account", "alice"]);

    expect(error).toBe("error: the engine is not serving: replaying\n");
    expect(exitCode).toBe(3);
  });
});
