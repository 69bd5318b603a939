import { status } from "@grpc/grpc-js";
import type { Command } from "commander";
import { marginStateToJSON, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { controlToJSON, marginModeToJSON, switchToJSON } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { GatewayClient, GatewayTimeoutError, GatewayUnreachableError } from "../../services/gateway/client.ts";
import { GatewayError } from "../../services/gateway/statusDetails.ts";
import { systemClock } from "../../services/ingest/systemClock.ts";
import { wholeNumber } from "../wholeNumber.ts";

/** Options of every command that asks a running engine. */
export interface RemoteOptions {
  readonly host: string;
  readonly port: number;
  readonly json: boolean;
}

/** How a command that asks a running engine ends. 1 is also what commander gives for a wrong command line. */
export const EXIT = { answered: 0, wrongQuestion: 1, refused: 2, noEngine: 3 } as const;

const EXIT_CODES_HELP = `
Exit codes:
  0  answered (an order: accepted; a transfer: done, now or before)
  1  the command line or the question is wrong: unknown name, not a number
  2  refused by the engine, with the reason
  3  no engine answers, or it is not serving`;

/** Adds what all commands share that ask a running engine. */
export function remote(command: Command, examples: string): Command {
  return command
    .option("--host <host>", "where the engine listens", "127.0.0.1")
    .option("--port <port>", "its gRPC port", wholeNumber(1, 65_535), 50_051)
    .option("--json", "print one JSON document; amounts, prices and quantities are strings", false)
    .addHelpText("after", `\nExamples:\n${examples}\n${EXIT_CODES_HELP}`);
}

/** Asks and prints; an error is told on the error stream and in the exit code. */
export async function ask(
  command: Command,
  options: RemoteOptions,
  question: (client: GatewayClient) => Promise<void>,
  adviceWhenUnanswered = "",
): Promise<void> {
  const client = new GatewayClient({ host: options.host, port: options.port, clockMs: systemClock.nowMs });
  try {
    await question(client);
  } catch (thrown) {
    const unanswered = thrown instanceof GatewayUnreachableError || thrown instanceof GatewayTimeoutError;
    if (!unanswered && !(thrown instanceof GatewayError)) {
      throw thrown;
    }
    const advice = unanswered && adviceWhenUnanswered !== "" ? `${adviceWhenUnanswered}\n` : "";
    // Not command.error: it would point to the help, and the command line was not wrong.
    command.configureOutput().writeErr!(`error: ${thrown.message}\n${advice}`);
    process.exitCode = unanswered ? EXIT.noEngine : exitCodeOf(thrown);
  } finally {
    client.close();
  }
}

export function print(command: Command, lines: readonly string[]): void {
  command.configureOutput().writeOut!(`${lines.join("\n")}\n`);
}

/** An answer as one JSON document: 64-bit numbers as strings, enums by name, absent fields left out. */
export function printJson(command: Command, answer: object): void {
  const named: Readonly<Record<string, (value: never) => string>> = {
    state: marginStateToJSON,
    marginMode: marginModeToJSON,
    reason: refusalReasonToJSON,
    control: controlToJSON,
    switch: switchToJSON,
  };
  const text = JSON.stringify(
    answer,
    (key, value) => {
      if (typeof value === "bigint") {
        return value.toString();
      }
      return typeof value === "number" && named[key] !== undefined ? named[key](value as never) : value;
    },
    2,
  );
  print(command, [text]);
}

/** Whether what is printed may be coloured: on a terminal, and neither NO_COLOR nor a pipe says otherwise. */
export function coloured(command: Command): boolean {
  return command.configureOutput().getOutHasColors!();
}

function exitCodeOf(error: GatewayError): number {
  switch (error.code) {
    case status.INVALID_ARGUMENT:
    case status.NOT_FOUND:
    case status.OUT_OF_RANGE:
      return EXIT.wrongQuestion;
    case status.UNAVAILABLE:
    case status.INTERNAL:
      return EXIT.noEngine;
    default:
      return EXIT.refused;
  }
}
