import { beforeEach, describe, expect, test } from "vitest";
import { FeedPace } from "../../services/engine/feedPace.ts";

const LEAST = 32;
const MOST = 4_096;

let nowMs: number;
let pace: FeedPace;
beforeEach(() => {
  nowMs = 0;
  pace = new FeedPace({ withinMs: 2, everyMs: 4, nowMs: () => nowMs }, LEAST, MOST);
});

/** A batch of so many inputs that takes so long. */
function batch(inputs: number, tookMs: number): void {
  pace.timed(inputs, () => {
    nowMs += tookMs;
  });
}

/** Batches as large as they may be, of a feed that never ends: half a millisecond each, and 20 us an input. */
function full(batches: number): void {
  for (; batches > 0; batches--) {
    const inputs = pace.next();
    batch(inputs, 0.5 + 0.02 * inputs);
  }
}

describe("what a batch takes", () => {
  test("all that it may while nobody asks", () => {
    expect(pace.next()).toBe(MOST);
    batch(MOST, 80);
    expect(pace.next()).toBe(MOST);
  });

  test("the least at first when somebody asks, then what fits the time, whatever a batch costs beside its inputs", () => {
    pace.asked();
    expect(pace.next()).toBe(LEAST);
    full(20);
    // 0.5 + 0.02 * 75 = 2 ms.
    expect(pace.next()).toBeGreaterThanOrEqual(74);
    expect(pace.next()).toBeLessThanOrEqual(75);
  });

  test("less after one that was slow, at the least two thirds, and never less than the least", () => {
    pace.asked();
    full(20);
    batch(pace.next(), 20);
    expect(pace.next()).toBeGreaterThanOrEqual(49);
    expect(pace.next()).toBeLessThanOrEqual(50);
    batch(1, 20);
    expect(pace.next()).toBe(33);
    for (let slow = 0; slow < 3; slow++) batch(pace.next(), 20);
    expect(pace.next()).toBe(LEAST);
  });

  test("no more after one that was not full: it says little of a longer one", () => {
    pace.asked();
    batch(LEAST - 1, 0.1);
    expect(pace.next()).toBe(LEAST);
    batch(LEAST, 0.1);
    expect(pace.next()).toBe(48);
  });

  test("all that it may again, a second after the last question", () => {
    pace.asked();
    expect(pace.next()).toBe(LEAST);
    nowMs += 1_000;
    expect(pace.next()).toBe(LEAST);
    nowMs += 1;
    expect(pace.next()).toBe(MOST);
  });
});

describe("when the next batch begins", () => {
  test("at once while nobody asks", () => {
    batch(1, 0.5);
    expect(pace.gatherMs()).toBe(0);
  });

  test("four milliseconds after the one before began, when that took all that there was", () => {
    pace.asked();
    pace.next();
    batch(10, 0.75);
    expect(pace.gatherMs()).toBe(3.25);
    nowMs += 3;
    expect(pace.gatherMs()).toBe(0.25);
    nowMs += 3;
    expect(pace.gatherMs()).toBe(0);
  });

  test("at once when inputs were left over, and after a batch that took so long itself", () => {
    pace.asked();
    batch(pace.next(), 0.75);
    expect(pace.gatherMs()).toBe(0);
    batch(10, 5);
    expect(pace.gatherMs()).toBe(0);
  });

  test("after one turn of the others, and as many as a call takes while somebody asks", () => {
    expect(pace.turns()).toBe(1);
    pace.asked();
    expect(pace.turns()).toBe(8);
    nowMs += 1_001;
    expect(pace.turns()).toBe(1);
  });
});

test("without a clock a batch takes all that it may, and the next follows at once", () => {
  const unpaced = new FeedPace(undefined, LEAST, MOST);
  unpaced.asked();
  expect([unpaced.next(), unpaced.turns(), unpaced.gatherMs()]).toEqual([MOST, 0, 0]);
  expect(unpaced.timed(1, () => "done")).toBe("done");
});
