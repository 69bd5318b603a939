import { randomUUID } from "node:crypto";
import { Argument, type Command } from "commander";
import type { AsOf } from "../../generated/proto/plimsoll/v1/as_of.ts";
import type { HoldDecision } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { Side, sideToJSON } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { GatewayClient } from "../../services/gateway/client.ts";
import { refusalSentence } from "../../services/gateway/refusals.ts";
import { figureLines } from "./check.ts";
import { ask, coloured, EXIT, print, printJson, type RemoteOptions, remote } from "./remote.ts";
import { asOfLine } from "./statement.ts";
import { paint } from "./table.ts";

interface HoldOptions extends RemoteOptions {
  readonly requestId?: string;
  readonly price?: string;
  readonly reduceOnly?: boolean;
  readonly expiresAtUs?: bigint;
}

interface Answer {
  readonly asOf?: AsOf | undefined;
  readonly decision?: HoldDecision | undefined;
}

const SIDES = { buy: Side.BUY, sell: Side.SELL } as const;
const IDEMPOTENCE =
  "The answer comes when it is on disk. A request id is answered once, however often it is sent: after a lost answer, " +
  "repeat the command with the same --request-id.";

export function register(program: Command): void {
  const hold = program
    .command("hold")
    .summary("hold margin for an order that rests: place, amend, release")
    .description(
      "Reserves margin for an order under the venue's id of it, changes what is reserved, or lets it go. Fills that " +
        "name the order turn its hold into margin of the position.",
    );
  registerPlace(hold);
  registerAmend(hold);
  registerRelease(hold);
  registerMaxOrder(program);
  registerCure(program);
}

function registerPlace(hold: Command): void {
  const command = asked(
    hold
      .command("place")
      .summary("accept an order and hold its margin")
      .description(`Accepts an order and holds its margin, or refuses it with the reason.\n\n${IDEMPOTENCE}`)
      .argument("<account>", "name of the account")
      .argument("<order>", "the venue's id of the order")
      .argument("<instrument>", "for example BTC-PERP")
      .addArgument(new Argument("<side>", "buy or sell").choices(Object.keys(SIDES)))
      .argument("<quantity>", "contracts"),
  )
    .option("--reduce-only", "it only ever reduces the position", false)
    .action(
      async (
        account: string,
        orderId: string,
        instrument: string,
        side: keyof typeof SIDES,
        quantity: string,
        options: HoldOptions,
      ) => {
        const { reduceOnly = false, expiresAtUs } = options;
        const order = { account, instrument, side: SIDES[side], quantity, limitPrice: options.price, reduceOnly };
        await decide(command, options, `order ${orderId}: ${side} ${quantity} ${instrument}`, (client, requestId) =>
          client.placeHold({ requestId, orderId, order, expiresAtUs }),
        );
      },
    );
  remote(command, "  plimsoll hold place alice order-7 BTC-PERP buy 0.5 --price 61000.5");
}

function registerAmend(hold: Command): void {
  const command = asked(
    hold
      .command("amend")
      .summary("change what is left of an order, and its price")
      .description(`Says what is left to fill of an order from now on, and its price.\n\n${IDEMPOTENCE}`)
      .argument("<account>", "name of the account")
      .argument("<order>", "the venue's id of the order")
      .argument("<instrument>", "of the order")
      .argument("<quantity>", "contracts that are left"),
  ).action(async (account: string, orderId: string, instrument: string, quantity: string, options: HoldOptions) => {
    const amendment = { account, orderId, instrument, quantity, limitPrice: options.price };
    await decide(command, options, `order ${orderId}: ${quantity} ${instrument} left`, (client, requestId) =>
      client.amendHold({ requestId, ...amendment, expiresAtUs: options.expiresAtUs }),
    );
  });
  remote(command, "  plimsoll hold amend alice order-7 BTC-PERP 0.3 --price 60900");
}

function registerRelease(hold: Command): void {
  const command = hold
    .command("release")
    .summary("let the margin of an order go")
    .description(`The order is gone: its margin is free again. Releasing twice is harmless.\n\n${IDEMPOTENCE}`)
    .argument("<account>", "name of the account")
    .argument("<order>", "the venue's id of the order")
    .option("--request-id <id>", "your own id of this request (default: a random one)")
    .action(async (account: string, orderId: string, options: HoldOptions) => {
      await decide(command, options, `release of order ${orderId}`, (client, requestId) =>
        client.releaseHold({ requestId, account, orderId }),
      );
    });
  remote(command, "  plimsoll hold release alice order-7");
}

function registerMaxOrder(program: Command): void {
  const command = program
    .command("max-order")
    .summary("ask for the largest order that passes")
    .description("Asks for the largest order that the gate would accept at a price, to one lot (MAR-038).")
    .argument("<account>", "name of the account")
    .argument("<instrument>", "for example BTC-PERP")
    .addArgument(new Argument("<side>", "buy or sell").choices(Object.keys(SIDES)))
    .option("--price <price>", "limit price; without it the order is a market order")
    .action(async (account: string, instrument: string, side: keyof typeof SIDES, options: HoldOptions) => {
      await ask(command, options, async (client) => {
        const answer = await client.maxOrder({ account, instrument, side: SIDES[side], limitPrice: options.price });
        if (options.json) {
          printJson(command, answer);
          return;
        }
        const largest = `${account} may ${side} at most ${answer.quantity} ${instrument}`;
        print(command, [`${largest}; one lot more: ${answer.binding}`, asOfLine(answer.asOf!)]);
      });
    });
  remote(command, "  plimsoll max-order alice BTC-PERP buy --price 61000.5");
}

function registerCure(program: Command): void {
  const command = program
    .command("cure")
    .summary("ask what cures an account in margin call")
    .description("Asks for the cheapest single order after which an account in margin call has its margin (MAR-039).")
    .argument("<account>", "name of the account")
    .action(async (account: string, options: RemoteOptions) => {
      await ask(command, options, async (client) => {
        const answer = await client.cure(account);
        const { found, side, quantity, instrument, cost, currency } = answer;
        if (options.json) printJson(command, { ...answer, side: sideToJSON(side) });
        else {
          const what = found
            ? `${side === Side.BUY ? "Buy" : "Sell"} ${quantity} ${instrument}: a fee of ${cost} ${currency}`
            : `${account} is not in call, or no single order cures it`;
          print(command, [what, asOfLine(answer.asOf!)]);
        }
        if (!found) process.exitCode = EXIT.refused;
      });
    });
  remote(command, "  plimsoll cure alice");
}

function asked(command: Command): Command {
  return command
    .option("--price <price>", "limit price; without it the order is a market order")
    .option("--expires-at-us <time>", "by the feed's event time, in microseconds since 1970", BigInt)
    .option("--request-id <id>", "your own id of this request (default: a random one)");
}

async function decide(
  command: Command,
  options: HoldOptions,
  heading: string,
  send: (client: GatewayClient, requestId: string) => Promise<Answer>,
): Promise<void> {
  const requestId = options.requestId ?? randomUUID();
  const advice = `Whether it was done is unknown. Repeat it with --request-id ${requestId}: it is done once.`;
  const question = async (client: GatewayClient): Promise<void> => {
    const answer = await send(client, requestId);
    const decision = answer.decision!;
    if (options.json) printJson(command, { requestId, ...answer });
    else print(command, lines(decision, answer.asOf!, heading, requestId, coloured(command)));
    if (!decision.accepted) process.exitCode = EXIT.refused;
  };
  await ask(command, options, question, advice);
}

function lines(decision: HoldDecision, asOf: AsOf, heading: string, requestId: string, colour: boolean): string[] {
  const { refusal, order, duplicate } = decision;
  const verdict =
    refusal === undefined
      ? `${paint(["bold", "green"], "Accepted", colour)}: ${heading}`
      : `${paint(["bold", "red"], "Refused", colour)}: ${heading}\n${refusalSentence(refusal)}`;
  return [
    verdict,
    ...(duplicate ? [`Request ${requestId} had been answered before: this is the answer of then.`] : []),
    ...(order === undefined ? [] : ["", ...figureLines(order, colour)]),
    asOfLine(asOf),
  ];
}
