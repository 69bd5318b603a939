// One evaluation against another, cell by cell. Where exp, ln and the like took part, how far a cell may lie off is found
// by asking the oracle again with those functions' results moved by 1e-13 of themselves, up and down.

import type { Book } from "../../services/evaluate/book.ts";
import { BookRefusedError, type Cell, type Evaluation } from "../../services/evaluate/evaluation.ts";
import { LEVELS, type Program } from "../../services/regimes/program.ts";
import type { Engine } from "../conformance/bench.ts";
import type { Nudge } from "../oracle/regime/elementwise.ts";
import { oracleEvaluate } from "../oracle/regime/oracleEvaluate.ts";

const STEP = 1e-13;
/** The kernel's functions are held to ten of those steps: 1e-12. */
const STEPS_ALLOWED = 10;
const NUDGES = 4;

type Answer = Evaluation | BookRefusedError;

/** What differs, in words; empty when the engine agrees with the oracle. */
export function differences(program: Program, book: Book, engine: Engine): string[] {
  const expected = answerOf(() => oracleEvaluate(program, book));
  const nudged = Array.from({ length: NUDGES }, (_, seed) =>
    answerOf(() => oracleEvaluate(program, book, nudge(seed))),
  );
  const actual = answerOf(() => engine(program, book));
  if (expected instanceof BookRefusedError) return refusalDifferences(expected, nudged, actual);
  const steady = nudged.filter((answer): answer is Evaluation => !(answer instanceof BookRefusedError));
  // Whether it comes through hangs on a last digit.
  if (steady.length < nudged.length) return [];
  if (actual instanceof BookRefusedError) return [`refused: ${actual.code} ${actual.message}`];
  return [
    ...rowDifferences(expected, actual),
    ...program.terms.flatMap(({ name, node, set, level }) =>
      expected.rows[level].flatMap((row, at) => {
        const place = `${name} of ${row}`;
        if (set >= 0) return scenarioDifferences(place, (each) => each.matrix(node)[at]!, expected, actual, steady);
        const told = cellDifference((each) => each.column(node)[at], expected, actual, steady);
        return told === undefined ? [] : [`${place}: ${told}`];
      }),
    ),
    ...verdictDifferences(expected, actual, steady),
  ];
}

function answerOf(evaluate: () => Evaluation): Answer {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof BookRefusedError) return error;
    throw error;
  }
}

/** Up or down by a step, as the seed's bits fall. */
function nudge(seed: number): Nudge {
  let state = (seed + 1) * 0x9e3779b1;
  const direction = (): number => {
    state = (Math.imul(state, 0x41c64e6d) + 0x3039) >>> 0;
    return seed < 2 ? seed * 2 - 1 : (state >>> 30) - 1.5;
  };
  return {
    double: (value) => value + Math.abs(value) * STEP * direction(),
    cell: (value) => (value === undefined ? value : value + (direction() > 0 ? 1n : -1n)),
  };
}

function refusalDifferences(expected: BookRefusedError, nudged: readonly Answer[], actual: Answer): string[] {
  const same = (answer: Answer) =>
    answer instanceof BookRefusedError && answer.code === expected.code && answer.place === expected.place;
  if (same(actual) || !nudged.every(same)) return [];
  const told = actual instanceof BookRefusedError ? `${actual.code} at ${actual.place}` : "no refusal";
  return [`${told}, expected ${expected.code} at ${expected.place}`];
}

function rowDifferences(expected: Evaluation, actual: Evaluation): string[] {
  return LEVELS.flatMap((level) => {
    const [rows, wanted] = [actual.rows[level].join(), expected.rows[level].join()];
    if (rows !== wanted) return [`rows of ${level}: ${rows}, expected ${wanted}`];
    return LEVELS.flatMap((above) => {
      // Without rows there are none above them either.
      const [map, known] = [actual, expected].map(({ parents }) => (parents[level][above] ?? []).join());
      return map === known ? [] : [`${above} of ${level}: ${map}, expected ${known}`];
    });
  });
}

function cellDifference(
  cellOf: (evaluation: Evaluation) => Cell,
  expected: Evaluation,
  actual: Evaluation,
  steady: readonly Evaluation[],
): string | undefined {
  const [wanted, found, near] = [cellOf(expected), cellOf(actual), steady.map(cellOf)];
  if (near.some((cell) => (cell === undefined) !== (wanted === undefined))) return undefined;
  if (wanted === undefined || found === undefined) {
    return wanted === found ? undefined : `${found}, expected ${wanted}`;
  }
  const spread = near.reduce<bigint>((most, cell) => larger(most, distance(cell!, wanted)), 0n);
  const off = distance(found, wanted);
  return off <= spread * BigInt(STEPS_ALLOWED) ? undefined : `${found}, expected ${wanted} within ${spread} x 10`;
}

function distance(left: bigint, right: bigint): bigint {
  return left > right ? left - right : right - left;
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

function scenarioDifferences(
  place: string,
  rowOf: (evaluation: Evaluation) => Float64Array,
  expected: Evaluation,
  actual: Evaluation,
  steady: readonly Evaluation[],
): string[] {
  const [wanted, found, near] = [rowOf(expected), rowOf(actual), steady.map(rowOf)];
  if (wanted.length !== found.length) return [`${place}: ${found.length} scenarios, expected ${wanted.length}`];
  return [...wanted].flatMap((value, scenario) => {
    const others = near.map((row) => row[scenario]!);
    if (others.some((other) => Number.isNaN(other) !== Number.isNaN(value))) return [];
    const got = found[scenario]!;
    if (got === value || (Number.isNaN(got) && Number.isNaN(value))) return [];
    const spread = Math.max(...others.map((other) => Math.abs(other - value)));
    if (Math.abs(got - value) <= spread * STEPS_ALLOWED) return [];
    return [`${place}, scenario ${scenario + 1}: ${got}, expected ${value} within ${spread} x 10`];
  });
}

function verdictDifferences(expected: Evaluation, actual: Evaluation, steady: readonly Evaluation[]): string[] {
  if (expected.verdicts.length !== actual.verdicts.length) return [`${actual.verdicts.length} verdicts`];
  return expected.verdicts.flatMap(({ currency, state }, at) => {
    const figures = (["equity", "initial", "maintenance"] as const).flatMap((figure) => {
      const told = cellDifference((each) => each.verdicts[at]![figure], expected, actual, steady);
      return told === undefined ? [] : [`${figure} of ${currency}: ${told}`];
    });
    const other = actual.verdicts[at]!;
    if (other.currency !== currency) figures.push(`verdict on ${other.currency}, expected ${currency}`);
    const isSure = steady.every((each) => each.verdicts[at]!.state === state);
    return isSure && other.state !== state ? [...figures, `state ${other.state}, expected ${state}`] : figures;
  });
}

/** All that came out of a book, or why nothing did, so that two of them are equal when every bit is. */
export function bitsOf(program: Program, evaluate: () => Evaluation): unknown {
  const answer = answerOf(evaluate);
  if (answer instanceof BookRefusedError) return { code: answer.code, place: answer.place };
  const scenarios = (values: Float64Array) => [...new BigUint64Array(values.slice().buffer)];
  return {
    rows: answer.rows,
    verdicts: answer.verdicts,
    terms: program.terms.map(({ node, set }) => (set < 0 ? answer.column(node) : answer.matrix(node).map(scenarios))),
  };
}
