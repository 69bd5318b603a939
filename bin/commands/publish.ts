import type { Command } from "commander";
import { inputsOf, publish } from "../../services/ingest/kafka/publisher.ts";
import { createTopics } from "../../services/ingest/kafka/topics.ts";
import { SimulatedVenue } from "../../services/ingest/simulatedVenue.ts";
import { systemClock } from "../../services/ingest/systemClock.ts";
import { TapeSource } from "../../services/ingest/tape.ts";
import { fail } from "../failure.ts";
import { loadNamedMarket, marketOfTapes } from "../tapeMarket.ts";
import { wholeNumber } from "../wholeNumber.ts";

interface PublishCommandOptions {
  readonly kafka: string;
  readonly prefix: string;
  readonly tape?: string[];
  readonly market?: string;
  readonly seed: number;
  readonly accounts?: number;
  readonly steps: number;
  readonly json: boolean;
}

export function register(program: Command): void {
  program
    .command("publish")
    .summary("publish a tape or the simulated venue to Kafka, for an engine with --kafka")
    .description(
      "Makes the topics if need be and publishes to <prefix>.fills and <prefix>.accounts (keyed by account) and " +
        "<prefix>.prices (keyed by instrument). Nobody listens to the engine here, so nobody is liquidated.",
    )
    .requiredOption("--kafka <host:port>", "the broker")
    .option("--prefix <name>", "prefix of the topics", "plimsoll")
    .option("--tape <file...>", "recorded venue dumps (default: the simulated venue)")
    .option("--market <name>", "markets/<name>.yaml, or a path")
    .option("--seed <n>", "seed of the simulated venue and of the drawn accounts", wholeNumber(0, 2 ** 53 - 1), 1)
    .option("--accounts <n>", "accounts to make up", wholeNumber(10, 60_000))
    .option("--steps <n>", "steps of the simulated venue", wholeNumber(1, 1e9), 500)
    .option("--json", "print one JSON object", false)
    .addHelpText(
      "after",
      "\nExamples:\n  plimsoll publish --kafka 127.0.0.1:9092 --steps 1000\n" +
        "  plimsoll publish --kafka 127.0.0.1:9092 --tape trades.csv.gz\n",
    )
    .action(async (options: PublishCommandOptions) => {
      await run(options).catch(fail);
    });
}

async function run(options: PublishCommandOptions): Promise<void> {
  const drawn = options.accounts === undefined ? {} : { accounts: options.accounts };
  const { seed, tape } = options;
  const market =
    options.market !== undefined
      ? loadNamedMarket(options.market)
      : tape === undefined
        ? loadNamedMarket("simulated")
        : await marketOfTapes(tape);
  const source =
    tape === undefined
      ? new SimulatedVenue({ market, seed, clock: systemClock, stepIntervalMs: 0, maxSteps: options.steps, ...drawn })
      : new TapeSource({ files: tape, market, seed, ...drawn });
  const connection = { address: options.kafka, prefix: options.prefix, log: () => {} };
  await createTopics(connection, { prefix: options.prefix });
  const counts = await publish(inputsOf(source), {
    ...connection,
    progress: ({ fills, prices, accounts }) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${fills} fills, ${prices} prices, ${accounts} commands`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write("\n");
  const flag = market.id === "simulated" ? "" : ` --market ${market.id}`;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...counts, market: market.id })}\n`
      : `published ${counts.fills} fills, ${counts.prices} market events, ${counts.accounts} account commands; ` +
          `consume with: npm start -- --kafka ${options.kafka}${flag}\n`,
  );
}
