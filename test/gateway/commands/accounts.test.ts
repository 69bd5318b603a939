import { describe, expect, test } from "vitest";
import { BANKRUPT, FakeEngine, LIQUIDATING } from "../fakeEngine.ts";
import { serve } from "../harness.ts";
import { run } from "./runCommand.ts";

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
