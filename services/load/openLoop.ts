// An open-loop load: requests are due by a Poisson process, whether or not earlier ones were answered, and latency counts from
// when a request was due. So an engine that stalls cannot hide the waiting that it caused.

import { Drawing } from "../ingest/drawing.ts";
import { LatencyHistogram, type Percentiles } from "./latencyHistogram.ts";

/** What came of one request. */
export type LoadResult = "answered" | "turned away" | "failed";

export interface LoadPlan {
  /** Requests a second. */
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly seed: number;
  /** Requests that may be under way: what is due beyond is not sent and counts as lost. */
  readonly inFlight: number;
  /** Whoever turns a request away at once says so at once: a promise for each would cost a sender ten times too fast his time. */
  readonly send: (number: number) => LoadResult | Promise<LoadResult>;
  readonly nowMs: () => number;
  /** Resolves so many milliseconds from now; answers are heard meanwhile. */
  readonly sleep: (ms: number) => Promise<void>;
}

export interface LoadReport {
  readonly ratePerSecond: number;
  readonly due: number;
  readonly answered: number;
  readonly turnedAway: number;
  readonly failed: number;
  /** Due while `inFlight` were under way. */
  readonly lost: number;
  /** Answered a second. */
  readonly goodputPerSecond: number;
  /** From when a request was due to its answer, in milliseconds. */
  readonly answeredMs: Percentiles;
  readonly turnedAwayMs: Percentiles;
  /** The same from when the sender came to send it: without his own waiting. */
  readonly turnedAwayAfterSendMs: Percentiles;
  /** Of the answered, as lines for people. */
  readonly histogram: readonly string[];
}

/** Between so many requests answers are read: a sender who is behind must not keep himself from hearing them. */
const MOST_AT_ONCE = 64;
/** How long the last answers are waited for. */
const DRAIN_MS = 5_000;

/** Runs one load to its end and waits for the last answer. */
export async function runOpenLoop(plan: LoadPlan): Promise<LoadReport> {
  const { ratePerSecond, seconds, send, nowMs, sleep } = plan;
  const drawing = new Drawing(plan.seed);
  let gaps = 0;
  const random = () => drawing.uniform(0, gaps++, 0);
  const answered = new LatencyHistogram();
  const turnedAway = new LatencyHistogram();
  const turnedAwayAfterSend = new LatencyHistogram();
  let [due, failed, lost, underWay] = [0, 0, 0, 0];
  const startMs = nowMs();
  const endMs = startMs + seconds * 1000;
  let nextMs = startMs + gapMs(random, ratePerSecond);
  let last: Promise<unknown> = Promise.resolve();

  const fire = (dueMs: number) => {
    due += 1;
    if (underWay >= plan.inFlight) {
      lost += 1;
      return;
    }
    const sentMs = nowMs();
    const note = (result: LoadResult) => {
      const endMs = nowMs();
      if (result === "failed") failed += 1;
      else if (result === "answered") answered.add(endMs - dueMs);
      else {
        turnedAway.add(endMs - dueMs);
        turnedAwayAfterSend.add(endMs - sentMs);
      }
    };
    const sent = send(due);
    if (typeof sent === "string") {
      note(sent);
      return;
    }
    underWay += 1;
    last = sent.then(
      (result) => {
        underWay -= 1;
        note(result);
      },
      () => {
        underWay -= 1;
        failed += 1;
      },
    );
  };
  while (true) {
    const now = nowMs();
    for (let burst = 0; burst < MOST_AT_ONCE && nextMs <= now && nextMs < endMs; burst++) {
      fire(nextMs);
      nextMs += gapMs(random, ratePerSecond);
    }
    // Nothing more is due: what would be, would be after the end.
    if (nextMs >= endMs) break;
    const waitMs = nextMs - nowMs();
    await (waitMs > 0 ? sleep(waitMs) : turnOfTheLoop());
  }
  const drainUntilMs = nowMs() + DRAIN_MS;
  while (underWay > 0 && nowMs() < drainUntilMs) await sleep(1);
  await Promise.race([last, turnOfTheLoop()]);
  const elapsed = Math.max(nowMs() - startMs, 1) / 1000;
  return {
    ratePerSecond,
    due,
    answered: answered.count,
    turnedAway: turnedAway.count,
    failed: failed + underWay,
    lost,
    goodputPerSecond: answered.count / elapsed,
    answeredMs: answered.percentiles(),
    turnedAwayMs: turnedAway.percentiles(),
    turnedAwayAfterSendMs: turnedAwayAfterSend.percentiles(),
    histogram: answered.lines(),
  };
}

function gapMs(random: () => number, ratePerSecond: number): number {
  return (-Math.log(1 - random()) / ratePerSecond) * 1000;
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
