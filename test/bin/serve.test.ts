import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { batchesIn, type Finished, Plimsoll, plimsoll } from "./plimsoll.ts";

/** The offset of a step counts from the first one of the journal: a continued run ends at the same step. */
const STEPS = 60;

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "plimsoll-serve-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const served = (folder: string, ...more: readonly string[]): readonly string[] => [
  ...["serve", "--data", folder, "--port", "0", "--json", "--steps", String(STEPS), "--step-interval", "0"],
  ...more,
];
const journalOf = (folder: string): string => join(folder, "simulated.sqlite");

function lastLine({ stdout }: Finished): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
}

/** A run that nothing disturbs, and what it said. */
let whole: Finished;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-serve-"));
  whole = await plimsoll(...served(folder));
  rmSync(folder, { recursive: true, force: true });
});

describe("serve --json", () => {
  test("ends with one JSON object on stdout, and nothing else stands there", () => {
    expect(whole.code).toBe(0);
    expect(whole.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(whole.stderr).toContain("new journal");
    const result = lastLine(whole);
    expect(result).toMatchObject({
      fills: expect.any(Number),
      prices: expect.any(Number),
      accounts: { healthy: expect.any(Number), called: expect.any(Number) },
      journalPosition: expect.any(Number),
      stateHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      eventTime: expect.stringMatching(/^2026-01-\d\dT/),
      zeroSum: true,
    });
    expect(result["fills"]).toBeGreaterThan(500);
    expect(result["journalPosition"]).toBeGreaterThan(Number(result["fills"]) + Number(result["prices"]));
    const accounts = Object.values(result["accounts"] as Record<string, number>);
    expect(accounts.reduce((sum, count) => sum + count, 0)).toBe(510);
  });

  test("adds up: what was paid in is what is held, in every currency, and every contract has two sides", () => {
    type Sums = { currencies: Record<string, string>[]; quantities: Record<string, string> };
    const { currencies, quantities } = lastLine(whole)["sums"] as Sums;
    expect(currencies.map(({ currency }) => currency)).toEqual(["USDT", "BTC"]);
    const units = (decimal: string | undefined): bigint => BigInt(decimal!.replace(".", ""));
    for (const sum of currencies) {
      const { balances, positionsAtCost, posted, fees, insurance, rounding, deposits } = sum;
      const held = [balances, positionsAtCost, posted, fees, insurance, rounding].map(units);
      expect(held.reduce((total, amount) => total + amount, 0n)).toBe(units(deposits));
      expect(units(deposits)).toBeGreaterThan(0n);
      expect(units(sum["difference"])).toBe(0n);
    }
    expect(Object.values(quantities).every((quantity) => quantity === "0")).toBe(true);
  });

  test("says the same for the same seed, and something else for another", async () => {
    const again = await plimsoll(...served(join(data, "again")));
    expect(lastLine(again)).toEqual(lastLine(whole));
    const other = await plimsoll(...served(join(data, "other"), "--seed", "2"));
    expect(lastLine(other)["stateHash"]).not.toBe(lastLine(whole)["stateHash"]);
  });
});

describe("a run that is killed", () => {
  test("and started again reaches the state of one that was not, and verifies", async () => {
    for (const upTo of [4, 20, 45]) {
      const engine = new Plimsoll(...served(data, "--step-interval", "15"));
      await engine.writes(journalOf(data), upTo);
      engine.process.kill("SIGKILL");
      expect((await engine.finished).signal).toBe("SIGKILL");
      expect(batchesIn(journalOf(data))).toBeLessThan(STEPS);
    }
    const last = await plimsoll(...served(data));
    expect(last.code).toBe(0);
    // Each start has added an epoch to the journal; all else is as if nothing had happened.
    const journalPosition = Number(lastLine(whole)["journalPosition"]) + 3;
    expect(lastLine(last)).toEqual({ ...lastLine(whole), journalPosition });
    const { stateHash } = lastLine(last);
    const verified = await plimsoll("verify", "--data", data, "--json");
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject([{ shard: "simulated", epoch: 4, stateHash, zeroSum: true }]);
  });

  test.skipIf(process.platform === "win32")(
    "by a disk that is full stops with the reason, and goes on when there is room",
    async () => {
      const [program, ...args] = [join(import.meta.dirname, "../../bin/plimsoll.js"), ...served(data)];
      // The shell's limit on file sizes, in blocks of 512 bytes: writing beyond it fails as a full disk does.
      const limited = spawn("sh", ["-c", 'ulimit -f 2000; exec "$0" "$@"', process.execPath, program, ...args], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      limited.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      const code = await new Promise((resolve) => limited.on("close", resolve));
      expect(stderr).toMatch(/error: Journal(Failed|UnknownOutcome)Error: .*batch \d+/);
      expect(code).toBe(1);
      const kept = batchesIn(journalOf(data));
      expect(kept).toBeGreaterThan(1);
      expect(kept).toBeLessThan(STEPS);
      expect(lastLine(await plimsoll(...served(data)))["stateHash"]).toBe(lastLine(whole)["stateHash"]);
    },
  );
});

describe("Ctrl-C", () => {
  test("closes cleanly, and the next start says where it continues", async () => {
    const engine = new Plimsoll("serve", "--data", data, "--port", "0", "--step-interval", "10");
    await engine.says(/gRPC on 127\.0\.0\.1:\d+; Ctrl-C ends/);
    await engine.writes(journalOf(data), 15);
    engine.process.kill("SIGINT");
    const { code, signal, stdout } = await engine.finished;
    expect([code, signal]).toEqual([0, null]);
    const position = /closed at event (\d+), state [0-9a-f]{16}, zero sum true/.exec(stdout)![1]!;
    expect(existsSync(`${journalOf(data)}-wal`)).toBe(false);

    const next = await plimsoll(...served(data, "--steps", "1"));
    expect(next.code).toBe(0);
    expect(next.stderr).toContain(
      `continuing ${journalOf(data)} after event ${position} (snapshot at ${position}, 0 events replayed), epoch 2`,
    );
    expect(lastLine(next)["journalPosition"]).toBe(Number(position) + 1);
  });
});

describe("a port that is taken", () => {
  test("is said with what to do, and the journal is not touched", async () => {
    await plimsoll(...served(data, "--steps", "5"));
    const before = readFileSync(journalOf(data));
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const { port } = holder.address() as { port: number };
    const { code, stderr, stdout } = await plimsoll("serve", "--data", data, "--port", String(port));
    holder.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${port} cannot be listened on`);
    expect(stderr).toContain("choose another with --port");
    expect(stdout).toBe("");
    expect(readFileSync(journalOf(data)).equals(before)).toBe(true);
  });
});

describe("verify", () => {
  test("proves the journal of a run, and prints its state; a damaged one is named with exit 1", async () => {
    const run = lastLine(await plimsoll(...served(data)));
    const verified = await plimsoll("verify", "--data", data);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toContain("simulated: verified");
    expect(verified.stdout).toContain(`state hash ${run["stateHash"]}`);
    rmSync(journalOf(data));
    const gone = await plimsoll("verify", "--data", data);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining("no journal in")]);
  });

  test("refuses a file that is no journal", async () => {
    const { code, stderr } = await plimsoll("verify", "--data", data, "--shard", "nothing");
    expect([code, stderr]).toEqual([1, expect.stringContaining(join(data, "nothing.sqlite"))]);
  });
});

describe("help", () => {
  const commands = ["serve", "verify", "account", "accounts", "check-order", "deposit", "withdraw", "publish"];

  test("names every command", async () => {
    const { code, stdout } = await plimsoll("--help");
    expect(code).toBe(0);
    const named = [...stdout.matchAll(/^ {2}(\S+).* {2,}/gm)].map(([, name]) => name!);
    for (const command of commands) expect(named).toContain(command);
  });

  test.each(commands)("of %s shows an example", async (command) => {
    const { code, stdout } = await plimsoll(command, "--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples?:/);
    expect(stdout).toMatch(new RegExp(`^ {2}plimsoll ${command}`, "m"));
  });
});
