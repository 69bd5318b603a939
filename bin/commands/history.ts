import { once } from "node:events";
import type { Command } from "commander";
import { timeText } from "../../services/audit/replay/replayer.ts";
import { eventLine, historyText, marginText, STATE_NAMES, sourceText } from "../historyText.ts";
import { aboutPast, askPast, type PastOptions, requireMoment } from "../pastQuestions.ts";

interface HistoryOptions extends PastOptions {
  readonly from?: string;
  readonly to?: string;
}

export function register(program: Command): void {
  const command = program
    .command("history")
    .summary("show every event of an account, and its margin after each")
    .description(
      "Shows every event of an account in order, and after each its equity, initial and maintenance margin and state; " +
        "where a price move changed the state, the move stands with the change. Streams: memory does not grow.",
    )
    .argument("<account>", "name of the account")
    .option("--from <moment>", "from the first event at or after it")
    .option("--to <moment>", "to the last event at or before it")
    .action(async (account: string, options: HistoryOptions) => {
      const from = options.from === undefined ? undefined : requireMoment(command, "--from", options.from);
      const to = options.to === undefined ? undefined : requireMoment(command, "--to", options.to);
      // A reader that has seen enough (`| head`) closes the pipe: nothing is wrong then.
      process.stdout.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
        process.exit(0);
      });
      await askPast(command, options, async (desk) => {
        for await (const event of desk.history(account, from, to)) {
          const { names } = event.past;
          if (options.json) {
            await write(JSON.stringify(historyText(event, names)));
            continue;
          }
          const { row, cause, source } = event;
          const because = cause.position === row.position ? "" : ` by ${eventLine(cause, names)}`;
          await write(
            `${row.position}  ${timeText(BigInt(row.eventTimeUs))}  ${eventLine(row, names)}${because}  ` +
              `${sourceText(source)}  ${STATE_NAMES[event.state]}`,
          );
          for (const line of event.margins) {
            const { currency, instrument, equity, initialMargin, maintenanceMargin, state } = marginText(line, names);
            await write(
              `    ${instrument ?? currency}: equity ${equity}, IM ${initialMargin}, MM ${maintenanceMargin} ${currency}, ${state}`,
            );
          }
        }
      });
    });
  aboutPast(
    command,
    "  plimsoll history alice\n  plimsoll history alice --from 2026-01-02 --to 2026-01-02T12:00:00 --json | jq .state",
  );
}

/** Waits for a reader that is slower. */
async function write(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}
