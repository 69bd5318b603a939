import { type Column, paint, table } from "../bin/commands/table.ts";
import type { BenchResult, Comparison, SkippedBench } from "./bench.ts";
import type { Conditions } from "./conditions.ts";
import { MOST_SPREAD, type Verdict } from "./measure.ts";

const COLUMNS: readonly Column[] = [
  { title: "side", align: "left" },
  { title: "per second", align: "right" },
  { title: "round", align: "right" },
  { title: "IQR", align: "right" },
  { title: "ours is", align: "right" },
  { title: "quartiles", align: "left" },
  { title: "promised", align: "right" },
  { title: "verdict", align: "left" },
];
const STYLES = { kept: "green", missed: "red", refused: "yellow" } as const;

export function conditionLines({ cpu, cores, loadAverage, node, v8, kernelHash, fsync }: Conditions): string[] {
  return [
    `${cpu}, ${cores} cores, load average ${loadAverage.toFixed(2)}`,
    `Node ${node} (V8 ${v8}), kernel ${kernelHash.slice(0, 16)}`,
    `fdatasync of 4 KiB: p50 ${milliseconds(fsync.p50Ms)}, p99 ${milliseconds(fsync.p99Ms)} (${fsync.writes} writes)`,
  ];
}

export function benchLines(result: BenchResult | SkippedBench, loadAverage: number, colour: boolean): string[] {
  const heading = paint("bold", result.name, colour);
  if ("skipped" in result) return [`${heading}: skipped: ${result.skipped}`];
  const { series, comparisons, unitsPerRound, unit } = result;
  const rows = series.map(({ name, medianMs, spread }, index) => {
    const comparison = comparisons[index - 1];
    return [
      name,
      `${perSecond(unitsPerRound, medianMs)} ${unit}`,
      milliseconds(medianMs),
      percent(spread),
      ...(comparison === undefined ? [] : comparisonCells(comparison)),
    ].map((cell, column) =>
      column === COLUMNS.length - 1 && comparison?.verdict !== undefined
        ? { text: cell, style: STYLES[comparison.verdict] }
        : cell,
    );
  });
  return [
    `${heading}: ${result.work}`,
    ...table(COLUMNS, rows, colour),
    `equal on all sides: ${result.checkedEqual}`,
    ...result.notes,
    `${series[0]!.roundsMs.length} rounds, interleaved; warm-up ` +
      `${series.map((each) => each.warmUpRounds).join(", ")} rounds; load average ${loadAverage.toFixed(2)}`,
  ];
}

function comparisonCells({ ratio, atLeast, verdict }: Comparison): string[] {
  return [
    `${ratio.median.toFixed(2)}x`,
    `${ratio.firstQuartile.toFixed(2)} - ${ratio.thirdQuartile.toFixed(2)}`,
    atLeast === undefined ? "" : `>= ${atLeast}x`,
    verdict === undefined ? "" : sentenceOf(verdict, ratio.spread),
  ];
}

function sentenceOf(verdict: Verdict, spread: number): string {
  return verdict === "refused"
    ? `refused: the ratio scatters by ${percent(spread)}, beyond ${percent(MOST_SPREAD)}`
    : verdict;
}

function perSecond(units: number, ms: number): string {
  const rate = (units / ms) * 1_000;
  return rate >= 1e6 ? `${(rate / 1e6).toFixed(1)} M` : `${(rate / 1e3).toFixed(0)} k`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
