import { describe, expect, test } from "vitest";
import { interleave, LEAST_ROUNDS, type Side } from "../../bench/measure.ts";

const RUN_MS = 1_000;

/** Time goes by only where a side says so. */
class Clock {
  ms = 0;
  readonly read = (): number => this.ms;

  side(name: string, runs: string[], ms: number, untimedMs = 0, times = 1): Side {
    return {
      name,
      times,
      run: (untimed) => {
        runs.push(name);
        this.ms += ms / 2;
        untimed(() => {
          this.ms += untimedMs;
        });
        this.ms += ms / 2;
      },
    };
  }
}

describe("rounds", () => {
  test("what is not a side's work does not count, and a side that runs several times counts the mean", async () => {
    const clock = new Clock();
    const sides = [clock.side("short", [], RUN_MS, 0, 3), clock.side("long", [], 3 * RUN_MS, 500)];
    const [short, long] = await interleave(sides, LEAST_ROUNDS, clock.read);
    expect(short!.roundsMs).toEqual(Array(LEAST_ROUNDS).fill(RUN_MS));
    expect(long!.roundsMs).toEqual(Array(LEAST_ROUNDS).fill(3 * RUN_MS));
  });

  test("sides of a round run by turns", async () => {
    const clock = new Clock();
    const runs: string[] = [];
    const sides = [clock.side("a", runs, RUN_MS, 0, 3), clock.side("b", runs, RUN_MS, 0, 2)];
    const [a, b] = await interleave(sides, LEAST_ROUNDS, clock.read);
    const rounds = runs.slice(a!.warmUpRounds + b!.warmUpRounds);
    expect(rounds.slice(0, 10).join("")).toBe("abbaa" + "baaba");
    expect(rounds).toHaveLength(5 * LEAST_ROUNDS);
  });

  test.each([
    { ms: 100, rounds: 6 },
    { ms: 1_000, rounds: 3 },
    { ms: 10_000, rounds: 2 },
    { ms: 20_000, rounds: 1 },
  ])("a side that takes $ms ms is warm after $rounds rounds", async ({ ms, rounds }) => {
    const clock = new Clock();
    const [side] = await interleave([clock.side("side", [], ms)], LEAST_ROUNDS, clock.read);
    expect(side!.warmUpRounds).toBe(rounds);
  });
});
