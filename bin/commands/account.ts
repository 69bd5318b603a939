import type { Command } from "commander";
import { ask, coloured, print, printJson, type RemoteOptions, remote } from "./remote.ts";
import { statement } from "./statement.ts";

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
    .action(async (account: string, options: RemoteOptions) => {
      await ask(command, options, async (client) => {
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
      "  plimsoll account alice --json | jq '.account.pools[].equity'\n" +
      "  plimsoll account venue:insurance          the venue's own accounts are accounts too",
  );
}
