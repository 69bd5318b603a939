import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Does what a side needs in the middle of its run and is not its work: it does not count. Garbage is collected with it, so
 * none of it is left to the side; what the side itself left until then goes too, in its favour.
 */
export type Untimed = <T>(work: () => T) => T;

/** One of the things compared. Only `run` is timed; `prepare` and `finish` stand around every run. */
export interface Side {
  readonly name: string;
  /** How often a round runs it, by turns with the others, and counts the mean: a short side then meets as many of the machine's moods. */
  readonly times?: number;
  prepare?(): void | Promise<void>;
  run(untimed: Untimed): void | Promise<void>;
  finish?(): void | Promise<void>;
}

/** Times of one side over the rounds. */
export interface Series {
  readonly name: string;
  readonly roundsMs: readonly number[];
  readonly medianMs: number;
  /** Interquartile range as a share of the median. */
  readonly spread: number;
  /** Rounds run before the first one that counts. */
  readonly warmUpRounds: number;
}

/** Speed of ours over speed of the reference, from the pairs of one round: what slows the machine slows both. */
export interface Ratio {
  readonly median: number;
  readonly firstQuartile: number;
  readonly thirdQuartile: number;
  readonly spread: number;
}

export type Verdict = "kept" | "missed" | "refused";

/** What a round is timed by, in milliseconds since any moment. */
export type RoundClock = () => number;

export const wallClock: RoundClock = () => performance.now();

/** Processor time of this process, all its threads: what waits for a disk or for other processes costs nothing. */
export const processorClock: RoundClock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

export const LEAST_ROUNDS = 7;
/** Ratios that scatter more say nothing: the verdict is refused. */
export const MOST_SPREAD = 0.15;

/** What has run for `mostMs` is compiled, however few its rounds were. */
const WARM_UP = { leastRounds: 3, mostRounds: 40, leastMs: 600, mostMs: 15_000, settled: 0.03 } as const;

/**
 * Warms every side up, then times them in turn, round by round, in alternating order.
 * @throws RangeError below 7 rounds
 */
export async function interleave(sides: readonly Side[], rounds: number, clock = wallClock): Promise<Series[]> {
  if (rounds < LEAST_ROUNDS) throw new RangeError(`${rounds} rounds: at least ${LEAST_ROUNDS} make a median`);
  const warmUpRounds: number[] = [];
  for (const side of sides) warmUpRounds.push(await warmUp(side, clock));
  const times: number[][] = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const sums = await timedRound(sides, round, clock);
    sides.forEach((side, index) => {
      times[index]!.push(sums[index]! / timesOf(side));
    });
  }
  return sides.map(({ name }, index) => {
    const roundsMs = times[index]!;
    return { name, roundsMs, ...spreadOf(roundsMs), warmUpRounds: warmUpRounds[index]! };
  });
}

/** @returns for each side what all its runs of the round took */
async function timedRound(sides: readonly Side[], round: number, clock: RoundClock): Promise<number[]> {
  const sums = sides.map(() => 0);
  const passes = Math.max(...sides.map(timesOf));
  for (let pass = 0; pass < passes; pass++) {
    for (let turn = 0; turn < sides.length; turn++) {
      const index = (round + pass) % 2 === 0 ? turn : sides.length - 1 - turn;
      if (pass < timesOf(sides[index]!)) sums[index]! += await timed(sides[index]!, clock);
    }
  }
  return sums;
}

function timesOf({ times = 1 }: Side): number {
  return times;
}

/** Runs a side until it gets no faster: V8 has then compiled what it will compile. */
async function warmUp(side: Side, clock: RoundClock): Promise<number> {
  let best = Infinity;
  let total = 0;
  let sinceGain = 0;
  for (let round = 1; ; round++) {
    const ms = await timed(side, clock);
    total += ms;
    sinceGain = ms < best * (1 - WARM_UP.settled) ? 0 : sinceGain + 1;
    best = Math.min(best, ms);
    const enough = round >= WARM_UP.leastRounds && total >= WARM_UP.leastMs && sinceGain >= 2;
    if (enough || round >= WARM_UP.mostRounds || total >= WARM_UP.mostMs) return round;
  }
}

async function timed(side: Side, clock: RoundClock): Promise<number> {
  await side.prepare?.();
  collect();
  let untimedMs = 0;
  const untimed: Untimed = (work) => {
    const start = clock();
    const result = work();
    collect();
    untimedMs += clock() - start;
    return result;
  };
  const start = clock();
  const running = side.run(untimed);
  if (running !== undefined) await running;
  const ms = clock() - start - untimedMs;
  await side.finish?.();
  return ms;
}

setFlagsFromString("--expose-gc");
/** Garbage of the side before is not this one's to collect. */
const collect = runInNewContext("gc") as () => void;

/** What was timed by other means than `interleave`. */
export function seriesOf(name: string, roundsMs: readonly number[], warmUpRounds: number): Series {
  return { name, roundsMs, ...spreadOf(roundsMs), warmUpRounds };
}

export function ratioOf(ours: Series, reference: Series): Ratio {
  const ratios = ours.roundsMs.map((ms, round) => reference.roundsMs[round]! / ms);
  const { medianMs: median, spread } = spreadOf(ratios);
  return { median, firstQuartile: quantile(ratios, 0.25), thirdQuartile: quantile(ratios, 0.75), spread };
}

export function verdictOn(ratio: Ratio, atLeast: number): Verdict {
  if (ratio.spread > MOST_SPREAD) return "refused";
  return ratio.median >= atLeast ? "kept" : "missed";
}

function spreadOf(values: readonly number[]): { readonly medianMs: number; readonly spread: number } {
  const medianMs = quantile(values, 0.5);
  return { medianMs, spread: (quantile(values, 0.75) - quantile(values, 0.25)) / medianMs };
}

/** With linear interpolation between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const lower = sorted[below]!;
  const upper = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return lower + (upper - lower) * (at - below);
}
