import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type CommittedOffsets, OffsetHint } from "../../services/ingest/kafka/offsetHint.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function position(topic: string, partition: number, lastOffset: number) {
  return { topic, partition, leaderEpoch: 0, lastOffset };
}

function hint(commits: CommittedOffsets[], failures: unknown[], fails: () => boolean = () => false): OffsetHint {
  return new OffsetHint(
    async (offsets) => {
      if (fails()) throw new Error("no coordinator");
      commits.push(offsets);
    },
    (error) => failures.push(error),
    1_000,
  );
}

test("the first positions go at once, then only the newest once an interval, and the last at the close", async () => {
  const commits: CommittedOffsets[] = [];
  const told = hint(commits, []);
  for (let lastOffset = 0; lastOffset < 100; lastOffset++) {
    told.tell([position("t", 0, lastOffset), position("t", 1, 7), position("u", 0, 8)]);
    await vi.advanceTimersByTimeAsync(25);
  }
  await told.close();
  expect(commits.map(([first]) => first!.partitions[0]!.offset)).toEqual(["1", "40", "80", "100"]);
  expect(commits[0]).toEqual([
    {
      topic: "t",
      partitions: [
        { partition: 0, offset: "1" },
        { partition: 1, offset: "8" },
      ],
    },
    { topic: "u", partitions: [{ partition: 0, offset: "9" }] },
  ]);
});

test("failures are told once in a row and stop nothing", async () => {
  const commits: CommittedOffsets[] = [];
  const failures: unknown[] = [];
  let down = true;
  const told = hint(commits, failures, () => down);
  for (const lastOffset of [1, 2, 3]) {
    told.tell([position("t", 0, lastOffset)]);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(failures.length).toBe(1);
  down = false;
  told.tell([position("t", 0, 4)]);
  await told.close();
  expect(commits.length).toBe(1);
});
