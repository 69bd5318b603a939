import { describe, expect, test } from "vitest";
import { ACCEPTED, REFUSED_AT_SIGHT, REFUSED_FOR_MARGIN } from "../fakeEngine.ts";
import { serve } from "../harness.ts";
import { run } from "./runCommand.ts";

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
