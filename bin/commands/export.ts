import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { checkEvidence } from "../../services/audit/evidence/checkEvidence.ts";
import type { EvidenceFile } from "../../services/audit/evidence/evidenceFile.ts";
import { evidencePage } from "../../services/audit/evidence/evidencePage.ts";
import { EvidenceError, exportEvidence } from "../../services/audit/evidence/exportEvidence.ts";
import { HeadError, signHead } from "../../services/audit/head.ts";
import type { Head } from "../../services/journal/headText.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { shardFiles, shardsIn } from "../journalFiles.ts";
import { wholeNumber } from "../wholeNumber.ts";

interface ExportOptions {
  readonly data: string;
  readonly shard?: string;
  readonly account: string;
  readonly from?: number;
  readonly to?: number;
  readonly key?: string;
  readonly out: string;
}

export function register(program: Command): void {
  registerExport(program);
  registerCheck(program);
}

function registerExport(program: Command): void {
  const command = program
    .command("export")
    .summary("write one account's history as a file that proves itself")
    .description(
      "Writes one self-contained file: the account's events from its birth, the prices of what it traded, the rules and the " +
        "kernel in force, the stretch of the chain that they stand in, and the head that it leads to. Rows of other accounts " +
        "are in it as hashes alone. `plimsoll check FILE` replays it without the engine or its database; a file that ends " +
        "in .html also checks itself in a browser, without a server.",
    )
    .requiredOption("--account <name>", "whose history")
    .option(
      "--from <position>",
      "first journal position that is claimed and proved to stand in the chain (default: all)",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option("--to <position>", "last one (default: the journal's head)", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option("--data <folder>", "the journal's folder", "./data")
    .option("--shard <name>", "which journal of the folder (default: the only one)")
    .option("--key <file>", "Ed25519 private key (PEM) that signs the head")
    .requiredOption("--out <file>", "where to: .json, or .html for a page with the same file in it")
    .addHelpText(
      "after",
      "\nExamples:\n  plimsoll export --account alice --out alice.html --key desk.pem\n" +
        "  plimsoll export --account alice --from 1000 --to 2000 --out alice.json\n" +
        "\nExit codes:\n  0  written, and checked\n  1  no such account or stretch; nothing is written",
    )
    .action(async (options: ExportOptions) => {
      const shards = options.shard === undefined ? shardsIn(options.data) : [options.shard];
      if (shards.length !== 1)
        command.error(`error: ${shards.length} journals in ${options.data}: name one with --shard`);
      const shard = shards[0]!;
      const { journalPath, snapshots } = shardFiles(options.data, shard);
      const journal = SqliteJournal.openToRead(journalPath);
      try {
        const { account, from, to } = options;
        const key = options.key === undefined ? undefined : createPrivateKey(readFileSync(options.key));
        const sign = key === undefined ? {} : { sign: (head: Head) => signHead(head, key) };
        const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
        const file = await exportEvidence(journal, { shard, account, snapshots, ...range, ...sign });
        writeFileSync(options.out, options.out.endsWith(".html") ? evidencePage(file) : `${JSON.stringify(file)}\n`);
        process.stdout.write(
          `${options.out}: account ${file.account}, events ${file.from} to ${file.to}, ${file.rows.length} rows shown, ` +
            `${file.claims.length} results claimed, head ${file.head.chainHash.slice(0, 16)} of batch ${file.head.batch}` +
            `${file.head.signature === undefined ? ", not signed" : ", signed"}\n`,
        );
      } catch (error) {
        if (!(error instanceof EvidenceError || error instanceof HeadError)) throw error;
        command.error(`error: ${error.message}`);
      } finally {
        await journal.close();
      }
    });
}

function registerCheck(program: Command): void {
  const command = program
    .command("check")
    .summary("check an evidence file without the engine or its database")
    .description(
      "Replays an evidence file (`plimsoll export`) with the kernel that it holds and says whether everything in it holds: the " +
        "signature, the chain of batches up to the signed head, every shown row in it, no event of the account left out, the " +
        "same margin states and figures to the unit.",
    )
    .argument("<file>", ".json, or .html as `plimsoll export` wrote it")
    .option("--json", "print one JSON document", false)
    .addHelpText(
      "after",
      "\nExit codes:\n  0  everything holds\n  1  something does not: the line with a cross says what",
    )
    .action(async (path: string, { json }: { json: boolean }) => {
      const report = await checkEvidence(readEvidence(command, path));
      if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      else {
        for (const { what, holds, detail } of report.findings)
          process.stdout.write(`${holds ? "ok  " : "FAIL"} ${what.padEnd(10)} ${detail}\n`);
        process.stdout.write(report.holds ? "Everything holds.\n" : "This file does not hold.\n");
      }
      if (!report.holds) process.exitCode = 1;
    });
}

function readEvidence(command: Command, path: string): EvidenceFile {
  try {
    const text = readFileSync(path, "utf8");
    const inPage = /<script type="application\/json" id="evidence">([\s\S]*?)<\/script>/.exec(text);
    return JSON.parse(inPage?.[1] ?? text) as EvidenceFile;
  } catch (error) {
    return command.error(`error: ${path} is no evidence file: ${(error as Error).message}`);
  }
}
