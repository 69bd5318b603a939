import type { Command } from "commander";
import { timeText } from "../../services/audit/replay/replayer.ts";
import { explanationText } from "../../services/evaluate/explanationText.ts";
import { accountMessage, asOfMessage } from "../../services/gateway/accountMessage.ts";
import { aboutPast, askPast, type PastOptions, requireMoment } from "../pastQuestions.ts";
import { marginPage } from "./marginPage.ts";
import { coloured, print, printJson } from "./remote.ts";
import { statement } from "./statement.ts";

interface ReplayOptions extends PastOptions {
  readonly account: string;
  readonly at: string;
  readonly explain: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("replay")
    .summary("show an account as the engine saw it at any moment")
    .description(
      "Brings the shard to a moment of its journal, from the nearest rung before it and the events after that, and shows " +
        "the account exactly as the engine saw it: positions, collateral, marks, regime, equity, margin, state.",
    )
    .requiredOption("--account <name>", "which account")
    .requiredOption("--at <moment>", "a journal position, or an event time")
    .option("--explain", "show the whole derivation of the margin", false)
    .action(async (options: ReplayOptions) => {
      const moment = requireMoment(command, "--at", options.at);
      await askPast(command, options, async (desk) => {
        const { account, state, kernelHash, rungPosition, replayedEvents } = await desk.accountAt(
          options.account,
          moment,
        );
        const message = accountMessage(state, account);
        const asOf = asOfMessage(state.asOf());
        const explanation = options.explain ? state.explain(account).main : undefined;
        if (options.json) {
          const derivation = explanation === undefined ? {} : { explanation: explanationText(explanation) };
          printJson(command, { asOf, account: message, kernelHash, rungPosition, replayedEvents, ...derivation });
          return;
        }
        const colour = coloured(command);
        print(command, [
          ...statement(message, asOf, colour),
          ...(message.regime === "" ? [] : [`Regime ${message.regime}, in force: ${message.regimeId}`]),
          `Replayed ${replayedEvents} events from event ${rungPosition}, kernel ${kernelHash.slice(0, 16)}, ` +
            `${timeText(asOf.eventTimeUs)}`,
          ...(explanation === undefined ? [] : ["", ...marginPage(explanation, colour)]),
        ]);
      });
    });
  aboutPast(
    command,
    "  plimsoll replay --account alice --at 2026-01-02T14:03:07Z\n" +
      "  plimsoll replay --account alice --at 123456 --explain\n" +
      "  plimsoll replay --account alice --at 123456 --json | jq '.account.pools[].equity'",
  );
}
