import { randomUUID } from "node:crypto";
import { type Command, Option } from "commander";
import type { GatewayClient } from "../../services/gateway/client.ts";
import { systemClock } from "../../services/ingest/systemClock.ts";
import { GateLoad, type GateLoadOptions } from "../../services/load/gateLoad.ts";
import type { Percentiles } from "../../services/load/latencyHistogram.ts";
import { type LoadReport, runOpenLoop } from "../../services/load/openLoop.ts";
import { Pacer } from "../../services/load/pacer.ts";
import { wholeNumber } from "../wholeNumber.ts";
import { ask, coloured, print, printJson, type RemoteOptions, remote } from "./remote.ts";
import { type Column, table } from "./table.ts";

interface LoadOptions extends RemoteOptions {
  readonly rate: number;
  readonly seconds: number;
  readonly mode: GateLoadOptions["mode"];
  readonly batchSize: number;
  readonly kind: GateLoadOptions["kind"];
  readonly accounts: number;
  readonly instrument: string;
  readonly quantity: string;
  readonly seed: number;
  readonly connections: number;
  readonly waiting: number;
  readonly inFlight: number;
}

const PAGE = 1_000;
const COLUMNS: readonly Column[] = [
  { title: "", align: "left" },
  { title: "p50", align: "right" },
  { title: "p99", align: "right" },
  { title: "p99.9", align: "right" },
  { title: "most", align: "right" },
];

export function register(program: Command): void {
  const command = program
    .command("load")
    .summary("load a running gate and tell how it answers")
    .description(
      "Sends orders to the gate of a running engine at a given rate and tells what came back, and when.\n\n" +
        "The load is open: orders are due at random times (a Poisson process drawn from --seed), whether or not earlier " +
        "ones were answered, and a latency counts from when its order was due. A gate that stalls for a second so has a " +
        "second in its percentiles; a load that waits for each answer would not see it.\n\n" +
        "Orders go to the --accounts with the lowest margin ratio in turn, buying and selling, at market. `check` changes " +
        "nothing. `hold` places orders that rest and releases each after a while: it writes to the journal.",
    )
    .option("--rate <n>", "orders a second", wholeNumber(1, 10_000_000), 1_000)
    .option("--seconds <n>", "how long", wholeNumber(1, 86_400), 10)
    .addOption(
      new Option("--mode <mode>", "one order a call, a batch a call, or batches on a stream")
        .choices(["unary", "batch", "stream"])
        .default("unary"),
    )
    .option("--batch-size <n>", "orders in a batch", wholeNumber(1, 1_000), 64)
    .addOption(new Option("--kind <kind>", "what is asked").choices(["check", "hold"]).default("check"))
    .option("--accounts <n>", "how many accounts take part", wholeNumber(1, 60_000), 100)
    .option("--instrument <name>", "what is traded", "BTC-PERP")
    .option("--quantity <decimal>", "contracts of each order", "0.001")
    .option("--seed <n>", "of the times between orders", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--connections <n>", "connections that share the orders", wholeNumber(1, 256), 2)
    .option(
      "--waiting <n>",
      "calls of a connection that may wait; its client turns others away",
      wholeNumber(1, 1e6),
      64,
    )
    .option(
      "--in-flight <n>",
      "calls that may be under way; what is due beyond is not sent",
      wholeNumber(1, 1e6),
      100_000,
    )
    .action(async (options: LoadOptions) => {
      await ask(command, options, (client) => load(command, client, options));
    });
  remote(
    command,
    "  plimsoll load --rate 2000 --seconds 5                     checks, one a call\n" +
      "  plimsoll load --rate 50000 --mode batch --batch-size 64   the same in batches\n" +
      "  plimsoll load --kind hold --mode stream --rate 5000       orders that rest, on streams\n" +
      "  plimsoll load --rate 100000 --json                        far beyond what it bears: what is turned away?",
  );
}

async function load(command: Command, client: GatewayClient, options: LoadOptions): Promise<void> {
  const accounts = await soundAccounts(client, options.accounts);
  const perMessage = options.mode === "unary" ? 1 : options.batchSize;
  const load = new GateLoad({
    ...options,
    accounts,
    run: randomUUID(),
    address: { host: options.host, port: options.port, clockMs: systemClock.nowMs, callsWaiting: options.waiting },
  });
  const pacer = new Pacer();
  try {
    await load.warmUp();
    const report = await runOpenLoop({
      ratePerSecond: options.rate / perMessage,
      seconds: options.seconds,
      seed: options.seed,
      inFlight: options.inFlight,
      send: (message) => load.send(message),
      nowMs: () => performance.now(),
      sleep: (ms) => pacer.sleep(ms),
    });
    if (options.json) printJson(command, { ...report, ordersPerMessage: perMessage });
    else print(command, reportLines(report, perMessage, coloured(command)));
  } finally {
    await pacer.close();
    load.close();
  }
}

/** The end of the list: an account in call would be refused at sight. @throws Error when the engine knows no account */
async function soundAccounts(client: GatewayClient, count: number): Promise<string[]> {
  const names: string[] = [];
  let pageToken = "";
  do {
    const page = await client.listAccounts({ minimumState: 0, pageSize: PAGE, pageToken });
    names.push(...page.accounts.map(({ account }) => account));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  if (names.length === 0) throw new Error("the engine knows no account yet: let its venue open some");
  return names.slice(-count);
}

function reportLines(report: LoadReport, perMessage: number, colour: boolean): string[] {
  const count = (messages: number) => `${Math.round(messages * perMessage)}`;
  const share = (messages: number) => `${((100 * messages) / Math.max(report.due, 1)).toFixed(1)} %`;
  const counted = (what: string, messages: number) =>
    `${what.padEnd(12)} ${count(messages).padStart(10)}  ${share(messages)}`;
  return [
    `Orders due   ${count(report.due).padStart(10)}  at ${count(report.ratePerSecond)} a second`,
    counted("answered", report.answered),
    counted("turned away", report.turnedAway),
    counted("not sent", report.lost),
    counted("failed", report.failed),
    `Answered ${count(report.goodputPerSecond)} orders a second.`,
    "",
    ...table(
      COLUMNS,
      [
        latencies("answered, from when due, ms", report.answeredMs),
        latencies("turned away, from when due, ms", report.turnedAwayMs),
        latencies("turned away, from its send, ms", report.turnedAwayAfterSendMs),
      ],
      colour,
    ),
    "",
    "Answered, from when due, up to:",
    ...report.histogram,
  ];
}

function latencies(what: string, { p50, p99, p999, most }: Percentiles): string[] {
  return [what, ...[p50, p99, p999, most].map((ms) => ms.toFixed(2))];
}
