// Whole chains of real options through the engine, under three margin regimes. `npm run surface`.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { plotOf } from "./plot.ts";
import { FILES, readSurface } from "./readSnapshots.ts";
import { STUDIED_REGIMES } from "./regimes.ts";
import { progressLine, reportOf } from "./report.ts";
import { runStudy } from "./study.ts";
import { SurfaceDataError } from "./table.ts";

interface Options {
  readonly data: string;
  readonly accounts: number;
  readonly seed: number;
  readonly snapshots?: number;
  readonly plot?: string;
  readonly journal?: string;
  readonly json: boolean;
}

const DEFAULT_DATA = join(import.meta.dirname, "../../../shared/data");

const command = new Command("surface")
  .description(
    "Plays whole chains of BTC and ETH options, futures and perpetuals through the engine, about every six hours, and says " +
      "which accounts each margin regime calls and liquidates, how much collateral it asks for, and how far Black-76 in " +
      "the kernel lies from the published marks.",
  )
  .option("--data <folder>", "where the chains are", DEFAULT_DATA)
  .option("--accounts <count>", "accounts in each regime: the same books in all of them", wholeNumber(1), 1000)
  .option("--seed <number>", "draws the books", wholeNumber(0), 1)
  .option("--snapshots <count>", "only the first so many (default: all)", wholeNumber(1))
  .option("--plot <file>", "write the plot there, as SVG")
  .option("--journal <folder>", "keep the journal there, for `plimsoll verify --data` (a new folder)")
  .option("--json", "print one JSON object instead of tables", false)
  .addHelpText(
    "after",
    `
Regimes:
${STUDIED_REGIMES.map(({ id, title }) => `  ${id.padEnd(26)} ${title}`).join("\n")}

Files that the folder must hold:
${Object.values(FILES)
  .map((file) => `  ${file}`)
  .join("\n")}

Examples:
  npm run surface -- --accounts 20 --snapshots 3
  npm run surface -- --plot docs/results/deribit-surface.svg
  npm run surface -- --seed 7 --json | jq .live.warnings

Exit codes: 0 done, 1 a file is missing or makes no sense.`,
  )
  .action(run);

async function run({ data, accounts, seed, snapshots: count, plot, journal, json }: Options): Promise<void> {
  if (journal !== undefined && existsSync(journal)) command.error(`error: --journal ${journal}: must be a new folder`);
  const snapshots = readSurface(data).slice(0, count);
  const study = await runStudy({
    snapshots,
    books: accounts,
    seed,
    ...(journal === undefined ? {} : { folder: journal }),
    onSnapshot: (census) => {
      if (!json) process.stderr.write(`${progressLine(census)}\n`);
    },
  });
  if (plot !== undefined) writeFileSync(plot, plotOf(study.live.censuses));
  process.stdout.write(json ? `${JSON.stringify(study, null, 2)}\n` : `\n${reportOf(study)}`);
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`must be a whole number from ${least} on.`);
  };
}

try {
  await command.parseAsync();
} catch (error) {
  if (!(error instanceof SurfaceDataError)) throw error;
  command.error(`error: ${error.message}`);
}
