import { Command, InvalidArgumentError } from "commander";
import {
  createTopics,
  defaultPartitionCounts,
  defaultTopicPrefix,
  topicNames,
} from "../services/ingest/kafka/topics.ts";
import { brokerUnavailableReason, startBroker } from "./kafkaBroker.ts";

interface Options {
  readonly port: number;
  readonly data?: string;
  readonly prefix: string;
  readonly partitions: number;
  readonly createTopicsAt?: string;
  readonly verbose?: boolean;
}

await new Command("npm run kafka --")
  .description(
    "Starts a real Kafka broker in the foreground, without Docker, and creates the topics that Plimsoll reads. " +
      "It listens on this machine only. It needs Java 17 or newer; the first start fetches Kafka's jars with Maven.",
  )
  .option("--port <number>", "port that clients connect to", integer, 9092)
  .option("--data <dir>", "keep records in this folder, and serve those that are there (default: a temporary folder)")
  .option("--prefix <text>", "topics are <text>.accounts, <text>.prices, <text>.fills", defaultTopicPrefix)
  .option("--partitions <number>", "partitions of accounts and of fills", integer, defaultPartitionCounts.fills)
  .option("--create-topics-at <host:port>", "start nothing: create the missing topics at a broker that runs already")
  .option("--verbose", "show what the broker prints")
  .addHelpText(
    "after",
    `
Examples:
  npm run kafka                                         a broker at 127.0.0.1:9092 that forgets everything on Ctrl-C
  npm run kafka -- --data build/kafka-data              the same, and it remembers
  npm run kafka -- --port 19092 --prefix test           another port, topics test.accounts, test.prices, test.fills
  npm run kafka -- --create-topics-at broker:9092       the topics at a broker of your own`,
  )
  .action((options: Options) => (options.createTopicsAt === undefined ? serve(options) : create(options)))
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });

async function serve(options: Options): Promise<void> {
  const reason = brokerUnavailableReason();
  if (reason !== undefined) throw new Error(reason);
  topicNames(options.prefix);
  const stopped = interrupted();
  say(`starting Kafka at 127.0.0.1:${options.port} ...`);
  const broker = await startBroker({
    port: options.port,
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    log: (line) => {
      if (options.verbose === true || line.startsWith("fetching")) say(line);
    },
  });
  try {
    await createTopics({ address: broker.address }, topicOptions(options));
    say(`Kafka      ${broker.address}  (cluster ${broker.clusterId})`);
    for (const line of topicLines(options)) say(line);
    say(`records    ${options.data ?? "in a temporary folder, removed at the end"}`);
    say("stop it with Ctrl-C");
    await stopped;
    say("stopping ...");
  } finally {
    await broker.stop();
  }
}

async function create(options: Options): Promise<void> {
  const address = options.createTopicsAt!;
  const created = await createTopics({ address }, topicOptions(options));
  say(created.length === 0 ? `all topics are there at ${address}` : `created at ${address}: ${created.join(", ")}`);
}

function topicOptions({ prefix, partitions }: Options) {
  return { prefix, partitions: { fills: partitions, accounts: partitions } };
}

function topicLines({ prefix, partitions }: Options): string[] {
  const names = topicNames(prefix);
  return [
    `topics     ${names.accounts}  (${partitions} partitions, keyed by account)`,
    `           ${names.prices}  (1 partition, keyed by instrument)`,
    `           ${names.fills}  (${partitions} partitions, keyed by account)`,
  ];
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) {
    throw new InvalidArgumentError("a whole number from 1 to 65535 is needed.");
  }
  return value;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
