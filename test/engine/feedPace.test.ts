import { beforeEach, describe, expect, test } from "vitest";
import { FeedPace } from "../../services/engine/feedPace.ts";

const LEAST = 8;
const MOST = 4_096;

let nowMs: number;
let pace: FeedPace;
beforeEach(() => {
  nowMs = 0;
  pace = new FeedPace({ sliceMs: 0.5, everyMs: 4, nowMs: () => nowMs }, LEAST, MOST);
});

/** A slice of so many inputs that takes so long. */
function slice(inputs: number, tookMs: number): void {
  pace.timed(inputs, () => {
    nowMs += tookMs;
  });
}

/** Slices as large as they may be: a tenth of a millisecond each, and 20 us an input. */
function full(slices: number): void {
  for (; slices > 0; slices--) slice(pace.slice(), 0.1 + 0.02 * pace.slice());
}

describe("what is folded at once", () => {
  test("all that a batch may hold while nobody asks", () => {
    expect([pace.batch(), pace.slice()]).toEqual([MOST, MOST]);
    slice(MOST, 80);
    expect([pace.batch(), pace.slice()]).toEqual([MOST, MOST]);
  });

  test("the least at first when somebody asks, then what fits the time; a batch has eight of them", () => {
    pace.asked();
    expect([pace.batch(), pace.slice()]).toEqual([8 * LEAST, LEAST]);
    full(20);
    // 0.1 + 0.02 * 20 = 0.5 ms.
    expect(pace.slice()).toBeGreaterThanOrEqual(19);
    expect(pace.slice()).toBeLessThanOrEqual(20);
    expect(pace.batch()).toBe(8 * pace.slice());
  });

  test("less after one that was slow, at the least two thirds, and never less than the least", () => {
    pace.asked();
    full(20);
    slice(pace.slice(), 20);
    expect(pace.slice()).toBe(13);
    slice(1, 20);
    expect(pace.slice()).toBe(LEAST);
    slice(1, 20);
    expect(pace.slice()).toBe(LEAST);
  });

  test("no more after one that was not full: it says little of a longer one", () => {
    pace.asked();
    slice(LEAST - 1, 0.01);
    expect(pace.slice()).toBe(LEAST);
    slice(LEAST, 0.01);
    expect(pace.slice()).toBe(12);
    slice(pace.slice(), 0);
    expect(pace.slice()).toBe(18);
  });

  test("all that a batch may hold again, a second after the last question", () => {
    pace.asked();
    expect(pace.slice()).toBe(LEAST);
    nowMs += 1_000;
    expect(pace.slice()).toBe(LEAST);
    nowMs += 1;
    expect([pace.batch(), pace.slice()]).toEqual([MOST, MOST]);
  });
});

describe("when the next batch begins", () => {
  test("at once while nobody asks", () => {
    pace.begins(1);
    expect(pace.gatherMs()).toBe(0);
  });

  test("four milliseconds after the one before began, when that took all that there was", () => {
    pace.asked();
    pace.begins(10);
    slice(8, 0.25);
    slice(2, 0.5);
    expect(pace.gatherMs()).toBe(3.25);
    nowMs += 3;
    expect(pace.gatherMs()).toBe(0.25);
    nowMs += 3;
    expect(pace.gatherMs()).toBe(0);
  });

  test("at once when inputs were left over", () => {
    pace.asked();
    pace.begins(pace.batch());
    slice(LEAST, 0.25);
    expect(pace.gatherMs()).toBe(0);
  });

  test("slices are parted by one turn of the others, and as many as a call takes while somebody asks", () => {
    expect(pace.turns()).toBe(1);
    pace.asked();
    expect(pace.turns()).toBe(8);
    nowMs += 1_001;
    expect(pace.turns()).toBe(1);
  });
});

test("without a clock everything is folded at once, and the next batch follows at once", () => {
  const unpaced = new FeedPace(undefined, LEAST, MOST);
  unpaced.asked();
  unpaced.begins(1);
  expect([unpaced.batch(), unpaced.slice(), unpaced.turns(), unpaced.gatherMs()]).toEqual([MOST, MOST, 0, 0]);
  expect(unpaced.timed(1, () => "done")).toBe("done");
});
