import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { ask, print, printJson, type RemoteOptions, remote } from "./remote.ts";
import { asOfLine } from "./statement.ts";

interface TransferOptions extends RemoteOptions {
  readonly requestId?: string;
}

interface Transfer {
  readonly name: "deposit" | "withdraw";
  readonly summary: string;
  readonly description: string;
  /** Between the amount and the account in what is printed. */
  readonly done: string;
  readonly preposition: string;
}

const TRANSFERS: readonly Transfer[] = [
  {
    name: "deposit",
    summary: "add money to an account",
    description: "Adds an amount to the account's pool of the currency (MAR-011).",
    done: "Deposited",
    preposition: "to",
  },
  {
    name: "withdraw",
    summary: "take money out of an account",
    description:
      "Takes an amount out of the account's pool of the currency (MAR-011): at most the free collateral, so neither\n" +
      "unrealised profit nor what initial margin needs.",
    done: "Withdrew",
    preposition: "from",
  },
];

const IDEMPOTENCE =
  "The amount is a plain decimal of the currency: 150.25, no exponent. The answer comes when the transfer is on\n" +
  "disk. A request id is applied once, however often it is sent: after a lost answer, repeat the command with the\n" +
  "same --request-id.";

export function register(program: Command): void {
  for (const transfer of TRANSFERS) {
    registerTransfer(program, transfer);
  }
}

function registerTransfer(program: Command, { name, summary, description, done, preposition }: Transfer): void {
  const command = program
    .command(name)
    .summary(summary)
    .description(`${description}\n\n${IDEMPOTENCE}`)
    .argument("<account>", "name of the account")
    .argument("<amount>", "above zero")
    .argument("<currency>", "for example USDT")
    .option("--request-id <id>", "your own id of this transfer (default: a random one, which is printed)")
    .action(async (account: string, amount: string, currency: string, options: TransferOptions) => {
      const requestId = options.requestId ?? randomUUID();
      const advice = `Whether it was applied is unknown. Repeat it with --request-id ${requestId}: it is applied once.`;
      const send = async (client: Parameters<Parameters<typeof ask>[2]>[0]) => {
        const answer = await client[name]({ requestId, account, currency, amount });
        if (options.json) {
          printJson(command, { requestId, ...answer });
          return;
        }
        const outcome = answer.duplicate
          ? `Request ${requestId} had been applied before; nothing happened now.`
          : `${done} ${amount} ${currency} ${preposition} ${account} (request ${requestId}).`;
        print(command, [outcome, asOfLine(answer.asOf!)]);
      };
      await ask(command, options, send, advice);
    });
  remote(
    command,
    `  plimsoll ${name} alice 150.25 USDT\n` +
      `  plimsoll ${name} alice 150.25 USDT --request-id ticket-4711     safe to repeat`,
  );
}
