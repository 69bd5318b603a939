import type { Command } from "commander";
import { ReplayDesk } from "../services/audit/replay/desk.ts";
import { type Moment, NoAnswerError } from "../services/engine/auditDesk.ts";
import { JournalHistory } from "../services/journal/journalHistory.ts";
import { shardFiles, shardsIn } from "./journalFiles.ts";

/** Options of every command that asks a journal about the past. */
export interface PastOptions {
  readonly data: string;
  readonly shard?: string;
  readonly json: boolean;
}

/** How such a command ends. 1 is also what commander gives for a wrong command line. */
const EXIT = { wrongQuestion: 1, noAnswer: 2 } as const;

/** Adds what all commands share that ask a journal about the past. */
export function aboutPast(command: Command, examples: string): Command {
  return command
    .option("--data <folder>", "the journal's folder", "./data")
    .option("--shard <name>", "which journal of the folder, where it holds several")
    .option("--json", "print JSON; amounts, prices and quantities are strings", false)
    .addHelpText(
      "after",
      "\nMoments are journal positions, or event times as ISO 8601 in UTC, to the microsecond: the last event at or before." +
        "\nReads only, beside a running engine or without one; no engine is asked.\n" +
        `\nExamples:\n${examples}\n` +
        "\nExit codes:\n  0  answered\n  1  the command line is wrong\n" +
        "  2  there is no answer, with the reason: ACCOUNT_UNKNOWN, BEFORE_BIRTH, BEFORE_JOURNAL, BEYOND_HEAD,\n" +
        "     REGIME_UNKNOWN, KERNEL_UNKNOWN, NEVER_CHANGED",
    );
}

/** Asks a journal; a question without an answer is told on the error stream and in the exit code. */
export async function askPast(
  command: Command,
  options: PastOptions,
  question: (desk: ReplayDesk) => Promise<void>,
): Promise<void> {
  const history = JournalHistory.open(pathOf(command, options));
  try {
    await question(new ReplayDesk(history, shardFiles(options.data, shardOf(command, options)).rungs));
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    const { reason, message, details } = error;
    if (options.json)
      command.configureOutput().writeOut!(`${JSON.stringify({ noAnswer: { reason, message, ...details } })}\n`);
    command.configureOutput().writeErr!(`no answer: ${reason}: ${message}\n`);
    process.exitCode = EXIT.noAnswer;
  } finally {
    history.close();
  }
}

export function pathOf(command: Command, options: PastOptions): string {
  return shardFiles(options.data, shardOf(command, options)).journalPath;
}

/** The shard that was named, or the only one there is. */
export function shardOf(command: Command, { data, shard }: PastOptions): string {
  const shards = shardsIn(data);
  if (shard !== undefined) {
    if (shards.includes(shard)) return shard;
    return command.error(`error: no journal ${shard} in ${data}: there are ${shards.join(", ") || "none"}`);
  }
  if (shards.length === 1) return shards[0]!;
  return command.error(
    shards.length === 0
      ? `error: no journal in ${data}: name its folder with --data`
      : `error: ${data} holds ${shards.join(", ")}: choose one with --shard`,
  );
}

/** `--at`: a position, or an ISO 8601 time in UTC with up to six digits after the second. */
export function parseMoment(text: string): Moment | undefined {
  if (/^\d{1,15}$/.test(text)) return { position: Number(text) };
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:[.](\d{1,6}))?)?(?: ?UTC|Z)?$/.exec(text);
  if (parts === null) return undefined;
  const ms = Date.parse(`${parts[1]}T${parts[2] ?? "00:00:00"}Z`);
  if (Number.isNaN(ms)) return undefined;
  return { timeUs: BigInt(ms) * 1_000n + BigInt((parts[3] ?? "").padEnd(6, "0")) };
}

export function requireMoment(command: Command, option: string, text: string): Moment {
  const moment = parseMoment(text);
  if (moment !== undefined) return moment;
  return command.error(
    `error: ${option} ${text}: write a journal position, or a time like 2018-01-01T14:03:07.123456Z (UTC)`,
  );
}
