import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../../services/load/latencyHistogram.ts";
import { type LoadPlan, type LoadResult, runOpenLoop } from "../../services/load/openLoop.ts";

/** A clock that goes on by a twentieth of a millisecond whenever it is looked at. */
function steppingClock(stepMs = 0.05): () => number {
  let nowMs = 1_000;
  return () => {
    nowMs += stepMs;
    return nowMs;
  };
}

function plan(changes: Partial<LoadPlan> = {}): LoadPlan {
  return {
    ratePerSecond: 1_000,
    seconds: 2,
    seed: 7,
    inFlight: 1_000,
    send: async (): Promise<LoadResult> => "answered",
    nowMs: steppingClock(),
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    ...changes,
  };
}

describe("an open-loop load", () => {
  test("is a Poisson process: mean and variance of the count in a second are the rate", async () => {
    const dueCounts: number[] = [];
    for (let seed = 1; seed <= 200; seed++) {
      const report = await runOpenLoop(plan({ seed, ratePerSecond: 100, seconds: 1, nowMs: steppingClock(1) }));
      dueCounts.push(report.due);
    }
    const mean = dueCounts.reduce((sum, due) => sum + due, 0) / dueCounts.length;
    const variance = dueCounts.reduce((sum, due) => sum + (due - mean) ** 2, 0) / (dueCounts.length - 1);
    // Four standard errors: 10 / sqrt(200) of the mean, 100 sqrt(2 / 199) of the variance.
    expect(Math.abs(mean - 100)).toBeLessThan(4 * 0.71);
    expect(Math.abs(variance - 100)).toBeLessThan(4 * 10.1);
  });

  test("is the same for the same seed, and another for another", async () => {
    const due = async (seed: number) => (await runOpenLoop(plan({ seed }))).due;
    expect(await due(3)).toBe(await due(3));
    expect(new Set([await due(3), await due(4), await due(5)]).size).toBeGreaterThan(1);
  });

  test("sleeps until the next request is due, and never beyond the end", async () => {
    let nowMs = 0;
    const sentMs: number[] = [];
    const report = await runOpenLoop(
      plan({
        ratePerSecond: 10,
        send: async (): Promise<LoadResult> => {
          sentMs.push(nowMs);
          return "answered";
        },
        // Time passes in sleep only: a sender who waited otherwise would wait for ever.
        nowMs: () => nowMs,
        sleep: async (ms) => {
          expect(ms).toBeGreaterThan(0);
          await new Promise((resolve) => setImmediate(resolve));
          nowMs += ms;
        },
      }),
    );
    expect(report.due).toBeGreaterThan(5);
    expect(new Set(sentMs).size).toBe(report.due);
    expect(report.answeredMs.p99).toBeLessThan(0.01);
    // The last answer is waited for in sleeps of a millisecond.
    expect(nowMs).toBeCloseTo(sentMs.at(-1)! + 1);
  });

  test("counts a latency from when the request was due, not from when it was sent", async () => {
    let nowMs = 0;
    let sent = 0;
    const report = await runOpenLoop(
      plan({
        seconds: 1,
        // The sender itself stands still for 400 ms at its hundredth request: what was due meanwhile has waited.
        send: async (): Promise<LoadResult> => {
          sent += 1;
          if (sent === 100) nowMs += 400;
          return "answered";
        },
        nowMs: () => {
          nowMs += 0.01;
          return nowMs;
        },
      }),
    );
    expect(report.answered).toBe(report.due);
    expect(report.answeredMs.most).toBeGreaterThan(350);
    // About 400 of 1,000 requests were due in that time.
    expect(report.answeredMs.p99).toBeGreaterThan(300);
    expect(report.answeredMs.p50).toBeLessThan(200);
  });

  test("does not send what is due beyond the calls that may be under way, and says how much that was", async () => {
    const open: ((result: LoadResult) => void)[] = [];
    let most = 0;
    const running = runOpenLoop(
      plan({
        inFlight: 5,
        send: () =>
          new Promise<LoadResult>((resolve) => {
            open.push(resolve);
            most = Math.max(most, open.length);
          }),
      }),
    );
    await until(() => open.length === 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const answer of open.splice(0)) answer("answered");
    const finishing = setInterval(() => {
      for (const answer of open.splice(0)) answer("turned away");
    }, 1);
    const report = await running;
    clearInterval(finishing);
    expect(most).toBe(5);
    expect(report.lost).toBeGreaterThan(0);
    expect(report.answered).toBe(5);
    expect(report.answered + report.turnedAway + report.lost + report.failed).toBe(report.due);
  });

  test("tells what failed and what was turned away apart", async () => {
    const results: readonly LoadResult[] = ["answered", "turned away", "failed"];
    const report = await runOpenLoop(
      plan({
        send: async (number) => {
          if (number % 4 === 3) throw new Error("no answer");
          return results[number % 4]!;
        },
      }),
    );
    const { due, answered, turnedAway, failed } = report;
    expect(answered).toBe(Math.floor(due / 4));
    expect(turnedAway).toBe(Math.floor((due + 3) / 4));
    expect(failed).toBe(due - answered - turnedAway);
  });

  test("counts what its sender turns away at once, and never has it under way", async () => {
    const report = await runOpenLoop(
      plan({ inFlight: 1, send: (number) => (number % 2 === 0 ? "turned away" : "answered") }),
    );
    expect(report.due).toBeGreaterThan(1_000);
    expect(report.turnedAway).toBe(Math.floor(report.due / 2));
    expect(report.answered).toBe(Math.ceil(report.due / 2));
    expect(report.lost + report.failed).toBe(0);
  });
});

describe("the histogram", () => {
  test("knows a quantile to two per cent", () => {
    const histogram = new LatencyHistogram();
    for (let each = 1; each <= 10_000; each++) histogram.add(each / 100);
    for (const share of [0.01, 0.5, 0.9, 0.99, 0.999]) {
      const exact = share * 100;
      expect(histogram.quantile(share)).toBeGreaterThanOrEqual(exact);
      expect(histogram.quantile(share)).toBeLessThan(exact * 1.0201);
    }
    expect(histogram.percentiles().most).toBe(100);
  });

  test("of nothing is zero, and never tells more than the largest", () => {
    const histogram = new LatencyHistogram();
    expect(histogram.percentiles()).toEqual({ p50: 0, p99: 0, p999: 0, most: 0 });
    expect(histogram.lines()).toEqual([]);
    histogram.add(3);
    expect(histogram.percentiles()).toEqual({ p50: 3, p99: 3, p999: 3, most: 3 });
  });

  test("keeps what is beyond its buckets, and its lines count everything once", () => {
    const histogram = new LatencyHistogram();
    const added = [0, 0.000_1, 0.5, 0.5, 7, 900, 1e9];
    for (const ms of added) histogram.add(ms);
    expect(histogram.percentiles().most).toBe(1e9);
    const counted = histogram.lines().map((line) => Number(line.split(/\s+/).filter(Boolean)[2]));
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(added.length);
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}
