import { type Command, Option } from "commander";
import type { AccountSummary } from "../../generated/proto/plimsoll/v1/account_service.ts";
import type { AsOf } from "../../generated/proto/plimsoll/v1/as_of.ts";
import { MarginState } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { GatewayClient } from "../../services/gateway/client.ts";
import { wholeNumber } from "../wholeNumber.ts";
import { ask, coloured, print, printJson, type RemoteOptions, remote } from "./remote.ts";
import { asOfLine, ratioText, stateCell } from "./statement.ts";
import { table } from "./table.ts";

const STATES = {
  healthy: MarginState.HEALTHY,
  called: MarginState.CALLED,
  liquidating: MarginState.LIQUIDATING,
  bankrupt: MarginState.BANKRUPT,
} as const;
const PAGE_SIZE_MAX = 1_000;

interface AccountsOptions extends RemoteOptions {
  readonly limit: number;
  readonly state: keyof typeof STATES;
}

interface Ranking {
  readonly asOf: AsOf;
  readonly accounts: readonly AccountSummary[];
  readonly more: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("accounts")
    .summary("list accounts by margin ratio, worst first")
    .description(
      "Lists accounts by margin ratio (maintenance margin / equity), worst first: above 1, liquidation begins; " +
        "`no equity` is worse than any number. The ratio of an account is the worst of its pools' and isolated " +
        "positions'. A long list is taken in pages, each as of its own moment; the last one is told.",
    )
    .option("--limit <accounts>", "how many at most", wholeNumber(1, 1_000_000), 20)
    .addOption(
      new Option("--state <state>", "only accounts in this state or a worse one")
        .choices(Object.keys(STATES))
        .default("healthy"),
    )
    .action(async (options: AccountsOptions) => {
      await ask(command, options, async (client) => {
        const ranking = await rankedAccounts(client, STATES[options.state], options.limit);
        if (options.json) {
          printJson(command, ranking);
        } else {
          print(command, rankingLines(ranking, coloured(command)));
        }
      });
    });
  remote(
    command,
    "  plimsoll accounts                          the 20 nearest to liquidation\n" +
      "  plimsoll accounts --state called           all that must add collateral, or worse\n" +
      "  plimsoll accounts --state liquidating --limit 100000 --json | jq -r '.accounts[].account'",
  );
}

async function rankedAccounts(client: GatewayClient, minimumState: MarginState, limit: number): Promise<Ranking> {
  const accounts: AccountSummary[] = [];
  let pageToken = "";
  for (;;) {
    const pageSize = Math.min(limit - accounts.length, PAGE_SIZE_MAX);
    const page = await client.listAccounts({ pageSize, pageToken, minimumState });
    accounts.push(...page.accounts);
    pageToken = page.nextPageToken;
    if (pageToken === "" || accounts.length >= limit) {
      return { asOf: page.asOf!, accounts, more: pageToken !== "" };
    }
  }
}

function rankingLines({ asOf, accounts, more }: Ranking, colour: boolean): string[] {
  if (accounts.length === 0) {
    return ["No account is in such a state.", "", asOfLine(asOf)];
  }
  const lines = table(
    [
      { title: "", align: "right" },
      { title: "Account", align: "left" },
      { title: "Margin ratio", align: "right" },
      { title: "State", align: "left" },
    ],
    accounts.map((line, index) => [`${index + 1}`, line.account, ratioText(line.marginRatio), stateCell(line.state)]),
    colour,
  );
  const rest = more ? [`There are more: --limit ${accounts.length * 10} shows them.`] : [];
  return [...lines, "", ...rest, asOfLine(asOf)];
}
