import type { Command } from "commander";
import type { GatewayClient } from "../../services/gateway/client.ts";
import { explanationOf } from "../../services/gateway/derivationMessage.ts";
import { marginPage } from "./marginPage.ts";
import { ask, coloured, print, printJson, type RemoteOptions, remote } from "./remote.ts";
import { asOfLine, statement } from "./statement.ts";
import { paint } from "./table.ts";

export function register(program: Command): void {
  const command = program
    .command("account")
    .summary("show one account as a margin statement")
    .description(
      "Shows an account as a page of a margin statement: what it holds, what margin it needs, how near it is to " +
        "liquidation. docs/margin.md defines each figure.\n\n" +
        "Amounts are in the currency named, prices in the quote of the instrument, quantities in contracts (below " +
        "zero: short). The margin ratio is maintenance margin / equity: above 1, liquidation begins. A dash is a " +
        "figure that does not exist, for example the liquidation price of a position that no mark can endanger.",
    )
    .argument("<account>", "name of the account")
    .option("--explain", "show how the margin came about, figure by figure, instead", false)
    .action(async (account: string, options: RemoteOptions & { readonly explain: boolean }) => {
      await ask(command, options, async (client) => {
        if (options.explain) return explainAccount(command, client, account, options.json);
        const answer = await client.getAccount(account);
        if (options.json) {
          printJson(command, answer);
        } else {
          print(command, statement(answer.account!, answer.asOf!, coloured(command)));
        }
      });
    });
  remote(
    command,
    "  plimsoll account alice\n" +
      "  plimsoll account alice --explain\n" +
      "  plimsoll account alice --json | jq '.account.pools[].equity'\n" +
      "  plimsoll account venue:insurance          the venue's own accounts are accounts too",
  );
}

async function explainAccount(command: Command, client: GatewayClient, account: string, json: boolean): Promise<void> {
  const answer = await client.explainAccount(account);
  if (json) return printJson(command, answer);
  const colour = coloured(command);
  const { main, isolated, asOf } = answer;
  print(command, [
    ...marginPage(explanationOf(main!), colour),
    ...(isolated === undefined
      ? []
      : ["", paint("bold", "Isolated positions", colour), ...marginPage(explanationOf(isolated), colour)]),
    "",
    asOfLine(asOf!),
  ]);
}
