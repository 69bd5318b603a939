import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { readHead } from "../../services/audit/head.ts";
import { VerificationError } from "../../services/audit/verify/doubt.ts";
import { verifyJournal } from "../../services/audit/verify/verify.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import type { SignedHead } from "../../services/journal/headText.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { formatDecimal } from "../../services/markets/decimal.ts";
import { shardFiles, shardsIn } from "../journalFiles.ts";
import { progressBar } from "../progress.ts";

interface VerifyOptions {
  readonly data: string;
  readonly shard?: string;
  readonly head?: string[];
  readonly publicKey?: string;
  readonly kernel: "recorded" | "current";
  readonly json: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("verify")
    .summary("prove that a journal is whole and says what the kernel derives")
    .description(
      "Walks the journal from its first event: the hash chain, the positions, the epochs, the sources and every account's " +
        "chain of events; applies each input again, under the kernel that wrote its stretch, and compares every derived " +
        "byte with the record; compares the snapshots and the exported heads; adds up the money per currency. Shares no " +
        "code with the engine. Reads only, beside a running engine or without one.",
    )
    .option("--data <folder>", "the journal's folder", "./data")
    .option("--shard <name>", "which journal of the folder (default: all)")
    .option("--head <file...>", "exported heads (plimsoll head export) that the journal must agree with")
    .option("--public-key <file>", "the key that must have signed the heads (default: the one each head names)")
    .addOption(
      new Option("--kernel <which>", "recorded: the one that wrote each stretch; current: report where today's differs")
        .choices(["recorded", "current"])
        .default("recorded"),
    )
    .option("--json", "print one JSON document", false)
    .addHelpText(
      "after",
      "\nExamples:\n  plimsoll verify\n  plimsoll verify --data ./audit --json | jq .[].stateHash\n" +
        "  plimsoll verify --head monday.json friday.json --public-key plimsoll.pub.pem\n" +
        "\nExit codes:\n  0  every journal verified\n  1  a doubt: the message names what kind, and the first batch or event that fails",
    )
    .action(async (options: VerifyOptions) => {
      const shards = options.shard === undefined ? shardsIn(options.data) : [options.shard];
      if (shards.length === 0) command.error(`error: no journal in ${options.data}: name its folder with --data`);
      const heads = readHeads(command, options);
      const foreign = heads.find(({ shard }) => !shards.includes(shard));
      if (foreign !== undefined) {
        command.error(`error: a head is of shard ${foreign.shard}, which ${options.data} does not hold`);
      }
      const reports = [];
      for (const shard of shards) {
        const own = heads.filter((head) => head.shard === shard);
        reports.push(await verifyShard(command, options, shard, own));
      }
      if (options.json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
      else for (const report of reports) process.stdout.write(describe(report));
    });
}

function readHeads(command: Command, { head = [], publicKey }: VerifyOptions): SignedHead[] {
  return head.map((path) => {
    try {
      const trusted = publicKey === undefined ? undefined : createPublicKey(readFileSync(publicKey));
      return readHead(readFileSync(path, "utf8"), trusted);
    } catch (error) {
      return command.error(`error: ${path}: ${error instanceof Error ? error.message : error}`);
    }
  });
}

async function verifyShard(command: Command, options: VerifyOptions, shard: string, heads: readonly SignedHead[]) {
  const files = shardFiles(options.data, shard);
  const bar = progressBar(`verify ${shard}`);
  try {
    const result = await verifyJournal({
      journal: files.journalPath,
      snapshots: files.snapshotsPath,
      heads,
      kernel: options.kernel === "current" ? kernelBinary() : undefined,
      progress: bar.update,
    });
    return {
      shard,
      batches: result.batches,
      journalPosition: result.position,
      epoch: result.epoch,
      chainHash: result.chainHash,
      stateHash: result.stateHash,
      snapshots: result.snapshots,
      heads: result.heads,
      kernels: result.kernels,
      differences: result.differences.map(({ kind, ...found }) => ({ kind: kindName(kind), ...found })),
      zeroSum: result.money.quantitiesCancel,
      sums: result.money.currencies.map((sum) => ({
        currency: sum.currency,
        deposits: formatDecimal(sum.deposits, sum.scale),
        difference: formatDecimal(sum.difference, sum.scale),
      })),
    };
  } catch (error) {
    bar.stop();
    if (options.json && error instanceof VerificationError) {
      const { kind, batch, event, message } = error;
      process.stdout.write(`${JSON.stringify([{ shard, doubt: { kind, batch, event, message } }], null, 2)}\n`);
    }
    return command.error(`error: ${files.journalPath}: ${error instanceof Error ? error.message : error}`);
  } finally {
    bar.stop();
  }
}

function describe(report: Awaited<ReturnType<typeof verifyShard>>): string {
  const heads = report.heads === 0 ? "" : `, ${report.heads} exported heads agree`;
  const kernels = report.kernels.map(
    ({ kernelHash, layoutVersion, firstBatch }) =>
      `  from batch ${firstBatch}: kernel ${kernelHash.slice(0, 16)}, record layout ${layoutVersion}\n`,
  );
  const differences = report.differences.map(
    ({ kind, count, firstEvent }) =>
      `  the current kernel differs in ${count} rows ${kind}, first near event ${firstEvent}\n`,
  );
  return (
    `${report.shard}: verified\n` +
    `  ${report.batches} batches, ${report.journalPosition} events, epoch ${report.epoch}, ` +
    `${report.snapshots} snapshots agree${heads}\n` +
    `  chain hash ${report.chainHash}\n` +
    `  state hash ${report.stateHash}\n` +
    `${kernels.join("")}${differences.join("")}` +
    (report.zeroSum
      ? `  money conserved in ${report.sums.map((sum) => sum.currency).join(", ")}; quantities sum to zero\n`
      : "  quantities do not sum to zero: one side of some trade is missing, so money cannot be added up\n")
  );
}

function kindName(kind: number): string {
  return Object.entries(EVENT_KINDS).find(([, number]) => number === kind)?.[0] ?? String(kind);
}
