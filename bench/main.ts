// The performance promises, each as a ratio of two sides measured in this one run. `npm run bench`.

import { Command, Option } from "commander";
import { append } from "./append.ts";
import { asOf } from "./asOf.ts";
import type { Bench, BenchResult, SkippedBench } from "./bench.ts";
import { conditionsNow, loadAverage } from "./conditions.ts";
import { gateInProcess } from "./gateInProcess.ts";
import { gateLatency } from "./gateLatency.ts";
import { gateMixed } from "./gateMixed.ts";
import { gateOverloads } from "./gateOverload.ts";
import { gateBatches, gateUnary } from "./gateRates.ts";
import { gateRecovery } from "./gateRecovery.ts";
import { kafka } from "./kafka.ts";
import { LEAST_ROUNDS } from "./measure.ts";
import { replay, replaySimulated } from "./replay.ts";
import { benchLines, conditionLines } from "./report.ts";
import { revaluation } from "./revaluation.ts";

interface Options {
  readonly only?: string[];
  readonly quick: boolean;
  readonly json: boolean;
}

const BENCHES: readonly Bench[] = [
  revaluation,
  append,
  replay,
  replaySimulated,
  asOf,
  kafka,
  gateUnary,
  gateBatches,
  gateLatency,
  gateInProcess,
  ...gateOverloads,
  gateRecovery,
  ...gateMixed,
];
const ROUNDS = { quick: LEAST_ROUNDS, full: 15 } as const;
const EXIT = { missed: 2, refused: 3 } as const;

const command = new Command("bench")
  .description(
    "Measures each performance promise as a ratio: both sides in this run, interleaved, outputs checked equal.",
  )
  .addOption(new Option("--only <name...>", "run these benches only").choices(BENCHES.map(({ name }) => name)))
  .option("--quick", `smaller data, ${ROUNDS.quick} rounds instead of ${ROUNDS.full}`, false)
  .option("--json", "print one JSON object instead of tables", false)
  .addHelpText(
    "after",
    `
Benches:
${BENCHES.map(({ name, summary }) => `  ${name.padEnd(20)} ${summary}`).join("\n")}

"ours is 1.50x" means that our side does the same work one and a half times as fast; it is the median over the pairs of
a round, so what slows the whole machine slows both. IQR is the interquartile range as a share of the median. A ratio
that scatters by more than 15 % gets no verdict: run again on a quieter machine. Files go to the folder that TMPDIR
names.

Exit codes: 0 every promise kept or its bench skipped, 2 some promise missed, 3 some verdict refused, 1 anything else.`,
  )
  .action(run);

async function run({ only, quick, json }: Options): Promise<void> {
  const colour = !json && command.configureOutput().getOutHasColors!();
  const conditions = conditionsNow();
  if (!json) print([...conditionLines(conditions), ""]);
  const results: (BenchResult | SkippedBench)[] = [];
  for (const bench of BENCHES) {
    if (only !== undefined && !only.includes(bench.name)) continue;
    const result = await bench.run({ quick, rounds: quick ? ROUNDS.quick : ROUNDS.full });
    results.push(result);
    if (!json) print([...benchLines(result, loadAverage(), colour), ""]);
  }
  if (json) print([JSON.stringify({ conditions, quick, results }, null, 2)]);
  const verdicts = results.flatMap((result) =>
    "skipped" in result ? [] : result.comparisons.map(({ verdict }) => verdict),
  );
  if (verdicts.includes("missed")) process.exitCode = EXIT.missed;
  else if (verdicts.includes("refused")) process.exitCode = EXIT.refused;
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

await command.parseAsync();
