import type { Command } from "commander";
import { timeText } from "../../services/audit/replay/replayer.ts";
import { type Why, whyOf } from "../../services/audit/why/why.ts";
import { formatFixed } from "../../services/regimes/fixed.ts";
import { eventLine, eventText, marginText, STATE_NAMES, sourceText } from "../historyText.ts";
import { aboutPast, askPast, type PastOptions, requireMoment } from "../pastQuestions.ts";
import { coloured, print, printJson } from "./remote.ts";
import { paint, table } from "./table.ts";

interface WhyOptions extends PastOptions {
  readonly at: string;
}

export function register(program: Command): void {
  const command = program
    .command("why")
    .summary("say which event put an account into its margin state")
    .description(
      "Finds the event or price move that put the account into the state it was in at a moment, where that event came " +
        "from, and the margin before and after it, term by term.",
    )
    .argument("<account>", "name of the account")
    .requiredOption("--at <moment>", "a journal position, or an event time")
    .action(async (account: string, options: WhyOptions) => {
      const moment = requireMoment(command, "--at", options.at);
      await askPast(command, options, async (desk) => {
        const why = await whyOf(desk.replayer, account, moment);
        if (options.json) printJson(command, documentOf(account, why));
        else print(command, lines(account, why, coloured(command)));
      });
    });
  aboutPast(command, "  plimsoll why alice --at 2026-01-02T14:03:07Z\n  plimsoll why alice --at 123456 --json");
}

function documentOf(account: string, why: Why): object {
  const { names, cause, change, terms } = why;
  return {
    account,
    from: STATE_NAMES[why.from],
    to: STATE_NAMES[why.to],
    cause: eventText(cause, names),
    change: eventText(change, names),
    source: why.source ?? "api",
    before: why.before.map((line) => marginText(line, names)),
    after: why.after.map((line) => marginText(line, names)),
    terms: terms.map(({ term, row, before, after, clause }) => ({
      term,
      row,
      before: valueText(before),
      after: valueText(after),
      clause,
    })),
  };
}

function lines(account: string, why: Why, colour: boolean): string[] {
  const { names, cause, terms } = why;
  const when = timeText(BigInt(cause.eventTimeUs));
  const changed = terms.filter(({ before, after }) => before !== after);
  return [
    paint("bold", `${account}: ${STATE_NAMES[why.from]} to ${STATE_NAMES[why.to]}`, colour),
    `Event ${cause.position}, ${when}: ${eventLine(cause, names)}`,
    `Source ${sourceText(why.source)}`,
    "",
    ...table(
      [
        { title: "Term", align: "left" },
        { title: "", align: "left" },
        { title: "Before", align: "right" },
        { title: "After", align: "right" },
        { title: "Change", align: "right" },
      ],
      changed.map(({ term, row, before, after }) => [
        term,
        row,
        valueText(before),
        valueText(after),
        before === undefined || after === undefined ? "" : formatFixed(after - before),
      ]),
      colour,
    ),
    ...(changed.length === terms.length ? [] : ["", `${terms.length - changed.length} terms did not change`]),
  ];
}

function valueText(value: bigint | undefined): string {
  return value === undefined ? "-" : formatFixed(value);
}
