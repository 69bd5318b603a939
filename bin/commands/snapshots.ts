import type { Command } from "commander";
import { buildRungs } from "../../services/audit/replay/buildRungs.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { fail } from "../failure.ts";
import { shardFiles } from "../journalFiles.ts";
import { shardOf } from "../pastQuestions.ts";
import { progressBar } from "../progress.ts";

interface BuildOptions {
  readonly data: string;
  readonly shard?: string;
  readonly json: boolean;
}

export function register(program: Command): void {
  const snapshots = program
    .command("snapshots")
    .summary("make the states again that questions about the past begin from")
    .description("The engine leaves a rung every few thousand events beside its journal. They are a cache.");
  const build = snapshots
    .command("build")
    .summary("replay the whole journal and leave its rungs")
    .option("--data <folder>", "the journal's folder", "./data")
    .option("--shard <name>", "which journal of the folder, where it holds several")
    .option("--json", "print one JSON document", false)
    .addHelpText("after", "\nRun it while no engine appends: an engine that runs leaves its rungs itself.")
    .action(async (options: BuildOptions) => {
      const files = shardFiles(options.data, shardOf(build, options));
      const journal = SqliteJournal.openToRead(files.journalPath);
      const bar = progressBar(`snapshots ${files.shard}`);
      try {
        const rungs = await buildRungs(journal, files.rungs, kernelBinary(), bar.update);
        const text = options.json ? JSON.stringify({ shard: files.shard, rungs }) : `${files.shard}: ${rungs} rungs`;
        process.stdout.write(`${text}\n`);
      } catch (error) {
        bar.stop();
        fail(error);
      } finally {
        bar.stop();
        await journal.close();
      }
    });
}
