// Tapes through the whole engine, as a user runs them: a small one made here, and the recorded ones where they are.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { type Finished, plimsoll } from "./plimsoll.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-tape-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DATA = join(import.meta.dirname, "../../../shared/data");
const BITMEX = join(DATA, "bitmex_XBTUSD_trades_2018-01-01_700k.csv.gz");
const BINANCE = join(DATA, "binance_BTC_perp_trades_2024-08-08.csv.gz");
const missing = existsSync(BITMEX) && existsSync(BINANCE) ? "" : " (skipped: ../shared/data is not there)";

function run(tape: string, data: string): Promise<Finished> {
  return plimsoll("serve", "--tape", tape, "--data", join(folder, data), "--port", "0", "--json");
}

function summaryOf({ code, stdout, stderr }: Finished) {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

/** A tape that falls by a third in two hours, so that longs are called and closed; one of its rows is damaged. */
function fallingTape(): string {
  const rows = ["seq,ts_ms,symbol,price,size_usd,side"];
  for (let row = 1; row <= 6_000; row++) {
    const price =
      row === 3_000 ? "NaN" : (Math.round(2 * (13_000 - row * 0.72 + 40 * Math.sin(row / 9))) / 2).toFixed(1);
    rows.push(
      `${row},${1_514_764_802_610 + row * 1_200},XBTUSD,${price},${100 + (row % 17) * 900},${row % 3 ? "sell" : "buy"}`,
    );
  }
  const path = join(folder, "falling.csv.gz");
  writeFileSync(path, gzipSync(`${rows.join("\n")}\n`));
  return path;
}

test("a falling market calls, liquidates and bankrupts; money and quantities add up; the bad row is on record", async () => {
  const tape = fallingTape();
  const summary = summaryOf(await run(tape, "falling"));
  expect(summary.fills).toBeGreaterThanOrEqual(2 * 5_999);
  expect(summary.stateChanges.called).toBeGreaterThan(100);
  expect(summary.stateChanges.liquidating).toBeGreaterThan(10);
  expect(summary.stateChanges.bankrupt).toBeGreaterThan(0);
  expect(summary.refused).toEqual({ NOT_A_NUMBER: 1 });
  expect(summary.zeroSum).toBe(true);
  expect(summary.sums.currencies[0].difference).toBe("0.00000000");

  // The tape has ended: a second run adds nothing but its epoch.
  const again = await run(tape, "falling");
  expect(again.stderr).toMatch(/^continuing /m);
  expect(summaryOf(again)).toMatchObject({
    stateHash: summary.stateHash,
    journalPosition: summary.journalPosition + 1,
  });
});

describe.skipIf(missing !== "")(`the recorded tapes${missing}`, () => {
  test("Binance, 2024-08-08/09: linear and inverse together", async () => {
    expect(summaryOf(await run(BINANCE, "binance"))).toMatchObject({ fills: 53_096, refused: {}, zeroSum: true });
  });

  test("tapes of two venues together: three currencies, one journal", async () => {
    const together = ["--tape", fallingTape(), "--tape", BINANCE, "--data", join(folder, "two")];
    const summary = summaryOf(await plimsoll("serve", ...together, "--port", "0", "--json"));
    expect(summary.fills).toBeGreaterThanOrEqual(53_096 + 2 * 5_999);
    expect(summary.sums.currencies.map(({ currency }: { currency: string }) => currency).sort()).toEqual([
      "BTC",
      "USDT",
      "XBT",
    ]);
    expect(summary.zeroSum).toBe(true);
  });

  test("BitMEX, 700,000 trades: liquidations, conservation, and the same state from the log alone", async () => {
    const summary = summaryOf(await run(BITMEX, "bitmex"));
    expect(summary).toMatchObject({ refused: {}, zeroSum: true });
    expect(summary.fills).toBeGreaterThanOrEqual(1_400_000);
    expect(summary.stateChanges.liquidating).toBeGreaterThan(1_000);
    expect(summary.stateChanges.bankrupt).toBeGreaterThan(10);

    const fromSnapshot = await run(BITMEX, "bitmex");
    expect(fromSnapshot.stderr).toMatch(/ 0 events replayed/);
    expect(summaryOf(fromSnapshot).stateHash).toBe(summary.stateHash);
    rmSync(join(folder, "bitmex/bitmex-xbtusd-2018-snapshots"), { recursive: true });
    const fromLog = await run(BITMEX, "bitmex");
    expect(fromLog.stderr).toMatch(/snapshot at 0, /);
    expect(summaryOf(fromLog).stateHash).toBe(summary.stateHash);
  }, 600_000);
});
