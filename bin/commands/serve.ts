import type { Command } from "commander";
import { ReplayDesk } from "../../services/audit/replay/desk.ts";
import { Engine } from "../../services/engine/engine.ts";
import { GATE_PACE } from "../../services/engine/feedPace.ts";
import { DEFAULT_CAPACITIES } from "../../services/engine/genesis.ts";
import { type Gateway, startGateway } from "../../services/gateway/server.ts";
import { KafkaSource } from "../../services/ingest/kafka/kafkaSource.ts";
import { SimulatedVenue } from "../../services/ingest/simulatedVenue.ts";
import type { Source } from "../../services/ingest/source.ts";
import { systemClock } from "../../services/ingest/systemClock.ts";
import { TapeSource } from "../../services/ingest/tape.ts";
import type { VenueFeedback } from "../../services/ingest/venueFeedback.ts";
import { JournalHistory } from "../../services/journal/journalHistory.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import { keepCollectionsShort } from "../collector.ts";
import { fail } from "../failure.ts";
import { requireFreePort } from "../freePort.ts";
import { kafkaShard, openJournal, shardFiles } from "../journalFiles.ts";
import { progressBar } from "../progress.ts";
import { StatusLine, summary } from "../status.ts";
import { loadNamedMarket, marketOfTapes } from "../tapeMarket.ts";
import { ENGINE_VERSION } from "../version.ts";
import { wholeNumber } from "../wholeNumber.ts";

export interface ServeOptions {
  readonly tape?: string[];
  readonly kafka?: string;
  readonly prefix: string;
  readonly group: string;
  readonly market?: string;
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly seconds?: number;
  readonly seed: number;
  readonly accounts?: number;
  readonly stepInterval: number;
  readonly steps?: number;
  readonly maxLagMs?: number;
  readonly json: boolean;
}

/** Events after which a snapshot is taken. */
const SNAPSHOT_EVERY_EVENTS = 250_000;
const PULL_LIMIT = 4_096;
/** A disk that takes longer for a batch is taken for one that does not answer. */
const DISK_WITHIN_MS = 1_000;

export function register(program: Command): void {
  program
    .command("serve", { isDefault: true })
    .summary("run the engine: a simulated venue, a recorded tape, or Kafka in; gRPC out")
    .description(
      "Runs the engine on its journal and serves gRPC on loopback. Without --tape or --kafka a simulated venue trades: " +
        "500 accounts on linear and inverse perpetuals and a dated future, eight in portfolio mode with options; funding, " +
        "margin calls, liquidations.\n\n" +
        "The journal continues where it ended: stop with Ctrl-C, start again. Each market has a journal of its own in " +
        "the data folder.",
    )
    .option("--tape <file...>", "replay recorded venue dumps (gzip CSV); accounts are drawn by --seed")
    .option("--kafka <host:port>", "consume the topics <prefix>.fills, .prices and .accounts of a broker")
    .option("--prefix <name>", "prefix of the Kafka topics", "plimsoll")
    .option("--group <name>", "Kafka group that offsets are committed to, as a hint for lag tools", "plimsoll")
    .option("--market <name>", "markets/<name>.yaml, or a path (default: simulated, or the one that lists the tape)")
    .option("--data <folder>", "folder of the journal", "./data")
    .option("--host <host>", "address that gRPC listens on", "127.0.0.1")
    .option("--port <port>", "gRPC port; 0 takes any free one", wholeNumber(0, 65_535), 50_051)
    .option("--seconds <n>", "end after so many seconds", wholeNumber(1, 86_400))
    .option("--seed <n>", "seed of the simulated venue and of the drawn accounts", wholeNumber(0, 2 ** 53 - 1), 1)
    .option("--accounts <n>", "accounts to make up (default: 500 simulated, 1000 on a tape)", wholeNumber(10, 60_000))
    .option("--step-interval <ms>", "pace of the simulated venue; 0 is as fast as possible", wholeNumber(0, 60_000), 50)
    .option("--steps <n>", "end the simulated venue after so many steps", wholeNumber(1, 1e9))
    .option(
      "--max-lag-ms <ms>",
      "refuse new risk while the newest event is older than this by the wall clock (ENGINE_BEHIND); for a live feed " +
        "(default: no bound)",
      wholeNumber(1, 86_400_000),
    )
    .option("--json", "print one JSON object as the last line on stdout; status goes to stderr", false)
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  plimsoll serve                                     a simulated market, journal in ./data\n" +
        "  plimsoll serve --seconds 10 --json                 ten seconds, then a summary for programs\n" +
        "  plimsoll serve --tape trades.csv.gz --data ./btc   a recorded tape\n" +
        "  plimsoll serve --kafka 127.0.0.1:9092              a broker (npm run kafka starts one)\n",
    )
    .action(async (options: ServeOptions) => {
      await serve(options).catch(fail);
    });
}

async function serve(options: ServeOptions): Promise<void> {
  keepCollectionsShort();
  const say = (line: string): void => {
    (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  const market = await marketOf(options);
  await requireFreePort(options.host, options.port);
  const shard = options.kafka === undefined ? market.id : kafkaShard(market.id);
  const files = shardFiles(options.data, shard);
  const recovery = progressBar("replay");
  const journal = openJournal(files);
  const past = JournalHistory.open(files.journalPath);
  const engine = await Engine.open({
    journal,
    past,
    snapshots: files.snapshots,
    rungs: files.rungs,
    kernelBinary: kernelBinary(),
    engineVersion: ENGINE_VERSION,
    shard,
    market,
    capacities: DEFAULT_CAPACITIES,
    source: (feedback) => sourceOf(options, market, feedback, say),
    snapshotEveryEvents: SNAPSHOT_EVERY_EVENTS,
    pullLimit: PULL_LIMIT,
    lagBound: options.maxLagMs === undefined ? undefined : { clock: systemClock, maxLagMs: options.maxLagMs },
    diskBound: { withinMs: DISK_WITHIN_MS, nowMs: () => performance.now() },
    feedPace: { ...GATE_PACE, nowMs: () => performance.now() },
    log: say,
    progress: recovery.update,
  });
  recovery.stop();
  const { start } = engine;
  say(
    start.continued
      ? `continuing ${files.journalPath} after event ${start.position} (snapshot at ${start.snapshotPosition}, ` +
          `${start.replayedEvents} events replayed), epoch ${start.epoch}`
      : `new journal ${files.journalPath}, market ${market.id}`,
  );
  const audit = new ReplayDesk(past, files.rungs);
  const gateway = await startGateway({ engine, audit, host: options.host, port: options.port });
  say(`gRPC on ${options.host}:${gateway.port}; Ctrl-C ends`);
  await runUntilEnd(options, engine, gateway, say);
}

async function runUntilEnd(
  options: ServeOptions,
  engine: Engine,
  gateway: Gateway,
  say: (line: string) => void,
): Promise<void> {
  const status = new StatusLine(engine, systemClock);
  const bar = progressBar("tape");
  const tick = setInterval(() => {
    const expected = engine.source.expectedInputs;
    if (expected !== undefined && process.stderr.isTTY && !options.json) bar.update(status.inputs(), expected);
    else say(status.line());
  }, 1000);
  const end = options.seconds === undefined ? undefined : setTimeout(() => engine.stop(), options.seconds * 1000);
  let askedMs: number | undefined;
  const onSignal = (): void => {
    // npm passes on what the terminal has already sent; only a later one is impatience.
    const nowMs = systemClock.nowMs();
    if (askedMs !== undefined && nowMs - askedMs > 1_000) process.exit(130);
    askedMs ??= nowMs;
    engine.stop();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    await engine.run();
  } finally {
    clearInterval(tick);
    clearTimeout(end);
    bar.stop();
    process.removeListener("SIGINT", onSignal);
    process.removeListener("SIGTERM", onSignal);
    await gateway.close();
  }
  say(status.line());
  const result = summary(engine);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    say(
      `closed at event ${result.journalPosition}, state ${result.stateHash.slice(0, 16)}, zero sum ${result.zeroSum}`,
    );
}

async function marketOf(options: ServeOptions): Promise<MarketDocument> {
  if (options.market !== undefined) return loadNamedMarket(options.market);
  return options.tape === undefined ? loadNamedMarket("simulated") : marketOfTapes(options.tape);
}

function sourceOf(
  options: ServeOptions,
  market: MarketDocument,
  feedback: VenueFeedback,
  say: (line: string) => void,
): Source {
  if (options.kafka !== undefined) {
    return new KafkaSource({
      address: options.kafka,
      prefix: options.prefix,
      groupId: options.group,
      log: (level, message) => {
        if (level !== "debug") say(`kafka ${level}: ${message}`);
      },
    });
  }
  const { seed } = options;
  const drawn = options.accounts === undefined ? {} : { accounts: options.accounts };
  if (options.tape !== undefined) return new TapeSource({ files: options.tape, market, seed, feedback, ...drawn });
  return new SimulatedVenue({
    market,
    seed,
    feedback,
    clock: systemClock,
    stepIntervalMs: options.stepInterval,
    maxSteps: options.steps,
    ...drawn,
  });
}
