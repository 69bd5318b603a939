import type { Command } from "commander";
import { verifyJournal } from "../../services/audit/verify.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { formatDecimal } from "../../services/markets/decimal.ts";
import { shardFiles, shardsIn } from "../journalFiles.ts";
import { progressBar } from "../progress.ts";

interface VerifyOptions {
  readonly data: string;
  readonly shard?: string;
  readonly json: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("verify")
    .summary("prove that a journal is whole and says what the kernel derives")
    .description(
      "Walks the journal from its first event: the hash chain, the positions, the epochs and every account's chain of " +
        "events; applies each input to a fresh kernel and compares every derived byte with the record; compares the " +
        "snapshots; adds up the money per currency. Reads only, beside a running engine or without one.",
    )
    .option("--data <folder>", "the journal's folder", "./data")
    .option("--shard <name>", "which journal of the folder (default: all)")
    .option("--json", "print one JSON document", false)
    .addHelpText(
      "after",
      "\nExamples:\n  plimsoll verify\n  plimsoll verify --data ./audit --json | jq .[].stateHash\n" +
        "\nExit codes:\n  0  every journal verified\n  1  a doubt: the message names the first batch or event that fails",
    )
    .action(async (options: VerifyOptions) => {
      const shards = options.shard === undefined ? shardsIn(options.data) : [options.shard];
      if (shards.length === 0) command.error(`error: no journal in ${options.data}: name its folder with --data`);
      const reports = [];
      for (const shard of shards) reports.push(await verifyShard(command, options.data, shard));
      if (options.json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
      else for (const report of reports) process.stdout.write(describe(report));
    });
}

async function verifyShard(command: Command, data: string, shard: string) {
  const files = shardFiles(data, shard);
  const bar = progressBar(`verify ${shard}`);
  let journal: SqliteJournal | undefined;
  try {
    journal = SqliteJournal.openToRead(files.journalPath);
    const result = await verifyJournal(journal, kernelBinary(), files.snapshots, bar.update);
    return {
      shard,
      batches: result.batches,
      journalPosition: result.position,
      epoch: result.epoch,
      chainHash: result.chainHash,
      stateHash: result.stateHash,
      snapshots: result.snapshots,
      zeroSum: result.conservation.holds,
      sums: result.conservation.currencies.map((sum) => ({
        currency: sum.currency,
        deposits: formatDecimal(sum.deposits, sum.scale),
        difference: formatDecimal(sum.difference, sum.scale),
      })),
    };
  } catch (error) {
    bar.stop();
    return command.error(`error: ${files.journalPath}: ${error instanceof Error ? error.message : error}`);
  } finally {
    bar.stop();
    await journal?.close();
  }
}

function describe(report: Awaited<ReturnType<typeof verifyShard>>): string {
  return (
    `${report.shard}: verified\n` +
    `  ${report.batches} batches, ${report.journalPosition} events, epoch ${report.epoch}, ` +
    `${report.snapshots} snapshots agree\n` +
    `  chain hash ${report.chainHash}\n` +
    `  state hash ${report.stateHash}\n` +
    `  money conserved in ${report.sums.map((sum) => sum.currency).join(", ")}` +
    `${report.zeroSum ? "; quantities sum to zero" : "; quantities do not sum to zero: one side of some trade is missing"}\n`
  );
}
