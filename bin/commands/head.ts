import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { currentHead } from "../../services/audit/currentHead.ts";
import { HeadError, readHead, signHead } from "../../services/audit/head.ts";
import type { SignedHead } from "../../services/journal/headText.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { fail } from "../failure.ts";
import { shardFiles, shardsIn } from "../journalFiles.ts";

interface ExportOptions {
  readonly data: string;
  readonly shard?: string;
  readonly key: string;
  readonly time?: number;
}

interface CheckOptions {
  readonly publicKey?: string;
  readonly data?: string;
  readonly json: boolean;
}

export function register(program: Command): void {
  const head = program.command("head").summary("export and check signed heads of a journal");
  head
    .command("export")
    .summary("print where a journal stands, signed")
    .description(
      "Prints the number, last position and chain hash of the newest batch, signed. Kept by somebody else, it proves " +
        "later that nothing up to there was changed or cut off: plimsoll verify --head FILE. The state hash is in it when a " +
        "snapshot stands on that batch. Reads only, beside a running engine or without one.",
    )
    .option("--data <folder>", "the journal's folder", "./data")
    .option("--shard <name>", "which journal of the folder (default: the only one)")
    .requiredOption("--key <file>", "the private key (plimsoll key create)")
    .option("--time <instant>", "time of the export, ISO 8601 (default: event time of the batch)", instantUs)
    .addHelpText("after", "\nExample:\n  plimsoll head export --key journal.pem > head-monday.json")
    .action((options: ExportOptions) => exportHead(options).catch(fail));
  head
    .command("check")
    .argument("<file>", "an exported head")
    .summary("check the signature of a head, and that a journal has it")
    .description(
      "Checks the signature, and with --data that the journal's batch has this hash. Without --public-key the signature " +
        "is checked with the key that the head names itself, which says nothing of who that is.",
    )
    .option("--public-key <file>", "the key that must have signed it")
    .option("--data <folder>", "look for the batch in the journal of this folder (its content: plimsoll verify)")
    .option("--json", "print one JSON document", false)
    .addHelpText("after", "\nExit codes:\n  0  it holds\n  1  it does not: the message says why")
    .action((file: string, options: CheckOptions) => checkHead(file, options).catch(fail));
}

async function exportHead({ data, shard, key, time }: ExportOptions): Promise<void> {
  const name = shard ?? onlyShard(data);
  const files = shardFiles(data, name);
  const signing = createPrivateKey(readFileSync(key));
  const journal = SqliteJournal.openToRead(files.journalPath);
  try {
    const head = await currentHead(journal, name, files.snapshots);
    if (head.batch === 0) throw new Error(`${files.journalPath}: the journal is empty`);
    const exported = time === undefined ? head : { ...head, timeUs: time };
    process.stdout.write(`${JSON.stringify(signHead(exported, signing), null, 2)}\n`);
  } finally {
    await journal.close();
  }
}

function onlyShard(data: string): string {
  const shards = shardsIn(data);
  if (shards.length === 1) return shards[0]!;
  throw new Error(
    shards.length === 0
      ? `no journal in ${data}: name its folder with --data`
      : `${data} holds ${shards.join(", ")}: name one with --shard`,
  );
}

async function checkHead(file: string, { publicKey, data, json }: CheckOptions): Promise<void> {
  const trusted = publicKey === undefined ? undefined : createPublicKey(readFileSync(publicKey));
  const head = readHead(readFileSync(file, "utf8"), trusted);
  if (data !== undefined) await requireBatch(head, data);
  const found = data === undefined ? "" : `; the journal in ${data} has it`;
  const { shard, batch, position, chainHash, stateHash, timeUs, keyId } = head;
  process.stdout.write(
    json
      ? `${JSON.stringify({ shard, batch, position, chainHash, stateHash, timeUs, keyId, trusted: trusted !== undefined, inJournal: data !== undefined })}\n`
      : `${shard}: batch ${batch}, event ${position}, chain hash ${chainHash}\n` +
          `  signed by key ${keyId}${trusted === undefined ? " (not compared with a trusted one: --public-key)" : ""}${found}\n`,
  );
}

async function requireBatch({ shard, batch, chainHash }: SignedHead, data: string): Promise<void> {
  const { journalPath } = shardFiles(data, shard);
  const journal = SqliteJournal.openToRead(journalPath);
  try {
    const end = await journal.head();
    if (end.batch < batch) {
      throw new HeadError(`truncated: ${journalPath} ends with batch ${end.batch}, the head is of batch ${batch}`);
    }
    for await (const found of journal.batches(batch)) {
      const hash = Buffer.from(found.hash).toString("hex");
      if (found.batch === batch && hash === chainHash) return;
      throw new HeadError(`fork: batch ${batch} of ${journalPath} has hash ${hash}, the head says ${chainHash}`);
    }
  } finally {
    await journal.close();
  }
}

function instantUs(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || ms < 0) throw new InvalidArgumentError("must be a time like 2026-01-02T15:04:05Z");
  return ms * 1000;
}
