import { Argument, type Command } from "commander";
import type {
  CheckOrderResponse,
  MarginFigures,
  Order,
  OrderDecision,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { refusalSentence } from "../../services/gateway/refusals.ts";
import { ask, coloured, EXIT, print, printJson, type RemoteOptions, remote } from "./remote.ts";
import { asOfLine } from "./statement.ts";
import { type Column, paint, table } from "./table.ts";

interface CheckOptions extends RemoteOptions {
  readonly price?: string;
  readonly reduceOnly: boolean;
}

const SIDES = { buy: Side.BUY, sell: Side.SELL } as const;
const COLUMNS: readonly Column[] = [
  { title: "", align: "left" },
  { title: "before", align: "right" },
  { title: "after", align: "right" },
];

export function register(program: Command): void {
  const command = program
    .command("check-order")
    .summary("ask whether an order may rest, without placing it")
    .description(
      "Asks the pre-trade gate whether an order may rest (MAR-024). Nothing is reserved and nothing changes. The " +
        "order is taken as filled whole, as taker, at the worse of its limit and the mark.\n\n" +
        "Quantity and price are plain decimals of the instrument: 0.5, 61000.5, no exponent. The quantity is in " +
        "contracts, a multiple of the lot; the price a multiple of the tick.",
    )
    .argument("<account>", "name of the account")
    .argument("<instrument>", "name of the instrument, for example BTC-PERP")
    .addArgument(new Argument("<side>", "buy or sell").choices(Object.keys(SIDES)))
    .argument("<quantity>", "contracts")
    .option("--price <price>", "limit price; without it the order is a market order")
    .option("--reduce-only", "refuse the order when it would add to a position (CTL-004)", false)
    .action(
      async (
        account: string,
        instrument: string,
        side: keyof typeof SIDES,
        quantity: string,
        options: CheckOptions,
      ) => {
        const { price: limitPrice, reduceOnly } = options;
        const order: Order = { account, instrument, side: SIDES[side], quantity, limitPrice, reduceOnly };
        await ask(command, options, async (client) => {
          const answer = await client.checkOrder(order);
          if (options.json) {
            printJson(command, answer);
          } else {
            const price = options.price === undefined ? "at market" : `at ${options.price}`;
            const heading = `${side} ${quantity} ${instrument} ${price} for ${account}`;
            print(command, decisionLines(answer, heading, coloured(command)));
          }
          if (!answer.decision!.accepted) {
            process.exitCode = EXIT.refused;
          }
        });
      },
    );
  remote(
    command,
    "  plimsoll check-order alice BTC-PERP buy 0.5 --price 61000.5\n" +
      "  plimsoll check-order alice BTC-PERP sell 0.5            a market order\n" +
      "  plimsoll check-order alice BTC-PERP buy 0.5 && echo accepted",
  );
}

function decisionLines(answer: CheckOrderResponse, heading: string, colour: boolean): string[] {
  const decision = answer.decision!;
  return [verdict(decision, heading, colour), "", ...figureLines(decision, colour), asOfLine(answer.asOf!)];
}

/** Margin before and after an order, as a table. */
export function figureLines({ before, after, currency, fee, reduces }: OrderDecision, colour: boolean): string[] {
  if (before === undefined || after === undefined) {
    return [];
  }
  return [
    ...table(COLUMNS, figureRows(before, after, currency), colour),
    "",
    `Fee as taker ${fee} ${currency}; ${reduces ? "only reduces the position" : "opens or adds"}`,
  ];
}

function verdict({ refusal }: OrderDecision, heading: string, colour: boolean): string {
  return refusal === undefined
    ? `${paint(["bold", "green"], "Accepted", colour)}: ${heading}`
    : `${paint(["bold", "red"], "Refused", colour)}: ${heading}\n${refusalSentence(refusal)}`;
}

function figureRows(before: MarginFigures, after: MarginFigures, currency: string): string[][] {
  return [
    [`Equity (${currency})`, before.equity, after.equity],
    ["Initial margin", before.initialMargin, after.initialMargin],
    ["Maintenance margin", before.maintenanceMargin, after.maintenanceMargin],
    ["Free collateral", before.freeCollateral, after.freeCollateral],
  ];
}
