import { Command, CommanderError } from "commander";
import { afterEach, describe, expect, test } from "vitest";
import { register as registerAccount } from "../../bin/commands/account.ts";
import { register as registerAccounts } from "../../bin/commands/accounts.ts";
import { register as registerCheck } from "../../bin/commands/check.ts";
import { register as registerControl } from "../../bin/commands/control.ts";
import { register as registerTransfer } from "../../bin/commands/transfer.ts";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control, Switch } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import {
  ACCEPTED,
  BANKRUPT,
  CALLED,
  FakeEngine,
  INVERSE_POSITION,
  LIQUIDATING,
  POSITION,
  REFUSED_AT_SIGHT,
  REFUSED_FOR_MARGIN,
} from "./fakeEngine.ts";
import { serve } from "./harness.ts";

interface Ran {
  readonly out: string;
  readonly error: string;
  readonly exitCode: number;
}

afterEach(() => {
  // A refusal is told in the exit code, which would be that of the test run.
  process.exitCode = undefined;
});

async function run(port: number, words: readonly string[], colour = false): Promise<Ran> {
  let out = "";
  let error = "";
  const program = new Command("plimsoll").exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      error += text;
    },
    getOutHasColors: () => colour,
  });
  for (const register of [registerAccount, registerAccounts, registerCheck, registerControl, registerTransfer]) {
    register(program);
  }
  const portWords = port === 0 ? [] : ["--port", `${port}`];
  try {
    await program.parseAsync([...words, ...portWords], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) {
      throw thrown;
    }
    return { out, error, exitCode: thrown.exitCode };
  }
  return { out, error, exitCode: Number(process.exitCode ?? 0) };
}

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

describe("plimsoll accounts", () => {
  function market(): FakeEngine {
    const engine = new FakeEngine();
    engine.open("fine");
    engine.open("lost", { state: BANKRUPT, marginRatioE6: 2n ** 63n - 1n });
    engine.open("closing", { state: LIQUIDATING, marginRatioE6: 1_250_000n });
    return engine;
  }

  test("lists the worst first and says that there are more", async () => {
    const { gateway } = await serve({}, market());

    const { out } = await run(gateway.port, ["accounts", "--limit", "2"]);

    expect(out).toBe(
      [
        "   Account  Margin ratio  State",
        "1  lost        no equity  bankrupt",
        "2  closing      1.250000  liquidating",
        "",
        "There are more: --limit 20 shows them.",
        "As of 2020-03-12 08:00:00.000000 UTC, journal position 100",
        "",
      ].join("\n"),
    );
  });

  test("gives only those in a state or a worse one", async () => {
    const { gateway } = await serve({}, market());

    const { out } = await run(gateway.port, ["accounts", "--state", "bankrupt", "--json"]);

    expect(JSON.parse(out)).toMatchObject({
      accounts: [{ account: "lost", state: "MARGIN_STATE_BANKRUPT", marginRatio: { equityNotPositive: true } }],
      more: false,
    });
  });

  test("takes as many pages as the limit needs", async () => {
    const engine = new FakeEngine();
    for (let index = 0; index < 2_500; index++) {
      engine.open(`account-${index}`);
    }
    const { gateway } = await serve({}, engine);

    const { out } = await run(gateway.port, ["accounts", "--limit", "2400", "--json"]);

    const document = JSON.parse(out);
    expect(new Set(document.accounts.map((line: { account: string }) => line.account)).size).toBe(2_400);
    expect(document.more).toBe(true);
  });

  test("says so when there is none", async () => {
    const { gateway } = await serve({}, new FakeEngine());

    expect((await run(gateway.port, ["accounts"])).out).toContain("No account is in such a state.");
  });

  test.each([[["--limit", "0"]], [["--limit", "x"]], [["--state", "sad"]], [["--port", "70000"]]])(
    "ends with 1 for %j",
    async (words) => {
      expect(await run(0, ["accounts", ...words])).toMatchObject({ exitCode: 1 });
    },
  );
});

describe("plimsoll check-order", () => {
  const WORDS = ["check-order", "alice", "BTC-PERP", "buy", "0.01", "--price", "61000.5"];

  async function open() {
    const served = await serve();
    served.engine.open("alice");
    return served;
  }

  test("shows the margin before and after, and ends with 0 when accepted", async () => {
    const { gateway } = await open();

    const { out, exitCode } = await run(gateway.port, WORDS);

    expect(exitCode).toBe(0);
    expect(out).toBe(
      [
        "Accepted: buy 0.01 BTC-PERP at 61000.5 for alice",
        "",
        "                    before   after",
        "Equity (USDT)       979.50  979.19",
        "Initial margin      122.00  183.00",
        "Maintenance margin    6.10    9.15",
        "Free collateral     857.50  796.19",
        "",
        "Fee as taker 0.31 USDT; opens or adds",
        "As of 2020-03-12 08:00:00.000000 UTC, journal position 100",
        "",
      ].join("\n"),
    );
  });

  test("gives the reason and ends with 2 when refused", async () => {
    const { engine, gateway } = await open();
    engine.answer = REFUSED_FOR_MARGIN;

    const { out, exitCode } = await run(gateway.port, WORDS);

    expect(exitCode).toBe(2);
    expect(out).toContain(
      "Refused: buy 0.01 BTC-PERP at 61000.5 for alice\nINITIAL_MARGIN: initial_margin 1000.00 USDT",
    );
  });

  test("shows no margin for an order that was refused at sight", async () => {
    const { engine, gateway } = await open();
    engine.answer = REFUSED_AT_SIGHT;

    const { out } = await run(gateway.port, WORDS);

    expect(out).toBe(
      [
        "Refused: buy 0.01 BTC-PERP at 61000.5 for alice",
        "QUANTITY_OFF_LOT: quantity 0.015 BTC-PERP against a limit of 0.010 BTC-PERP (MAR-024)",
        "",
        "As of 2020-03-12 08:00:00.000000 UTC, journal position 100",
        "",
      ].join("\n"),
    );
  });

  test("prints the whole decision as JSON, refused or not", async () => {
    const { engine, gateway } = await open();
    engine.answer = REFUSED_FOR_MARGIN;
    const refused = await run(gateway.port, [...WORDS, "--json"]);
    engine.answer = ACCEPTED;
    const accepted = await run(gateway.port, [...WORDS, "--json"]);

    expect(JSON.parse(refused.out).decision).toMatchObject({
      accepted: false,
      refusal: { reason: "REFUSAL_REASON_INITIAL_MARGIN", value: "1000.00" },
    });
    expect(JSON.parse(accepted.out).decision).toMatchObject({ accepted: true, reduces: false });
  });

  test("takes a negative price", async () => {
    const { engine, gateway } = await open();

    await run(gateway.port, ["check-order", "alice", "BTC-PERP", "sell", "1", "--price", "-37.5"]);

    expect(engine.questions[0]).toMatchObject({ side: 2, price: -375n });
  });

  test("ends with 1 for what is no order", async () => {
    const { gateway } = await open();

    const { error, exitCode } = await run(gateway.port, ["check-order", "alice", "BTC-PERP", "buy", "1e5"]);

    expect(error).toContain('order.quantity is "1e5": must be a plain decimal');
    expect(exitCode).toBe(1);
    expect(await run(gateway.port, ["check-order", "alice", "BTC-PERP", "hold", "1"])).toMatchObject({ exitCode: 1 });
  });
});

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

describe("help", () => {
  test.each(["account", "accounts", "check-order", "deposit", "withdraw"])(
    "of %s has examples and exit codes",
    async (name) => {
      const { out, exitCode } = await run(0, [name, "--help"]);

      expect(exitCode).toBe(0);
      expect(out).toContain(`Examples:\n  plimsoll ${name} `);
      expect(out).toContain("Exit codes:");
      expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    },
  );
});

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
