import type { Command } from "commander";
import { ask, print, printJson, type RemoteOptions, remote } from "./remote.ts";

export function register(program: Command): void {
  const command = program
    .command("book")
    .summary("print a live account as a book for evaluate")
    .description(
      "Prints the cross positions and balances of an account, and the market it stands in, as a book (docs/books.md): " +
        "ready to be margined under any regime.",
    )
    .argument("<account>", "name of the account")
    .action(async (account: string, options: RemoteOptions) => {
      await ask(command, options, async (client) => {
        const answer = await client.getAccountBook(account);
        if (options.json) printJson(command, { ...answer, book: JSON.parse(answer.book) });
        else print(command, [JSON.stringify(JSON.parse(answer.book), null, 2)]);
      });
    });
  remote(
    command,
    "  plimsoll book alice > alice.json\n" +
      "  plimsoll book alice | plimsoll evaluate --regime dydx-v4-2024-06 --book - --explain\n" +
      "  plimsoll book alice --json | jq -r .regime        which regime margins it",
  );
}
