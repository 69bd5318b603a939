import {
  interleave,
  type Ratio,
  type RoundClock,
  ratioOf,
  type Series,
  type Side,
  type Verdict,
  verdictOn,
  wallClock,
} from "./measure.ts";

export interface BenchSize {
  /** Smaller data, the fewest rounds that make a verdict. */
  readonly quick: boolean;
  readonly rounds: number;
}

export interface Comparison {
  readonly reference: string;
  readonly ratio: Ratio;
  /** What is promised; absent where the comparison only informs. */
  readonly atLeast?: number;
  readonly verdict?: Verdict;
}

export interface BenchResult {
  readonly name: string;
  /** What a round does. */
  readonly work: string;
  /** Units of work in a round, and what one is called. */
  readonly unitsPerRound: number;
  readonly unit: string;
  /** Ours, then the references in the order of the comparisons, then what is timed only to be told. */
  readonly series: readonly Series[];
  readonly comparisons: readonly Comparison[];
  /** What was found equal on all sides before anything was timed. */
  readonly checkedEqual: string;
  readonly notes: readonly string[];
}

export interface SkippedBench {
  readonly name: string;
  readonly skipped: string;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  run(size: BenchSize): Promise<BenchResult | SkippedBench>;
}

/** A side that ours is held against, and the ratio of speeds that is promised, if any. */
export interface Reference {
  readonly side: Side;
  readonly atLeast?: number;
}

/** The outputs of two sides differ: what they take to compute them is then of no interest. */
export class UnequalOutputsError extends Error {
  override readonly name = "UnequalOutputsError";
}

/**
 * @param alsoTimed in the same rounds, compared with nothing
 * @param clock of the rounds
 */
export async function compare(
  ours: Side,
  references: readonly Reference[],
  rounds: number,
  alsoTimed: readonly Side[] = [],
  clock: RoundClock = wallClock,
): Promise<Pick<BenchResult, "series" | "comparisons">> {
  const series = await interleave([ours, ...references.map(({ side }) => side), ...alsoTimed], rounds, clock);
  const comparisons = references.map(({ atLeast }, index) => compared(series[0]!, series[index + 1]!, atLeast));
  return { series, comparisons };
}

/** @param atLeast what is promised; without it there is no verdict */
export function compared(ours: Series, reference: Series, atLeast?: number): Comparison {
  const ratio = ratioOf(ours, reference);
  return atLeast === undefined
    ? { reference: reference.name, ratio }
    : { reference: reference.name, ratio, atLeast, verdict: verdictOn(ratio, atLeast) };
}
