import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { kafkaShard, openJournal, shardFiles } from "../../bin/journalFiles.ts";
import { summary } from "../../bin/status.ts";
import { loadNamedMarket } from "../../bin/tapeMarket.ts";
import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Engine, type EngineOptions } from "../../services/engine/engine.ts";
import { DEFAULT_CAPACITIES } from "../../services/engine/genesis.ts";
import { connectKafka } from "../../services/ingest/kafka/kafkaClient.ts";
import { KafkaSource, type KafkaSourceOptions } from "../../services/ingest/kafka/kafkaSource.ts";
import { topicNames } from "../../services/ingest/kafka/topics.ts";
import { readWatermarks, type Watermarks } from "../../services/ingest/kafka/watermarks.ts";
import type { Journal } from "../../services/journal/journal.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";

export type Summary = ReturnType<typeof summary>;

export const market = loadNamedMarket("simulated");

const root = join(import.meta.dirname, "..", "..");
const pollMs = 5;
const patienceMs = 40_000;

/** The journal of a data folder, as one who only reads sees it while an engine writes. */
export class JournalView {
  readonly path: string;

  constructor(data: string) {
    this.path = shardFiles(data, kafkaShard(market.id)).journalPath;
  }

  /** Records of the topics that are in it. */
  records(): number {
    return this.#positions().reduce((sum, { lastOffset }) => sum + lastOffset + 1, 0);
  }

  events(): number {
    return Number(this.#read("SELECT max(last_position) AS events FROM batch")[0]?.["events"] ?? 0);
  }

  /** Whether it holds all that the topics held. */
  holds(watermarks: readonly Watermarks[]): boolean {
    const held = new Map(this.#positions().map((at) => [`${at.topic}/${at.partition}`, at.lastOffset + 1]));
    return watermarks.every(({ topic, partition, high }) => (held.get(`${topic}/${partition}`) ?? 0) >= high);
  }

  /** Every event with where it came from, in order; the engine's own come from nowhere. */
  async *log(): AsyncGenerator<{ from: string; account: number | undefined; body: JournalEvent["body"] }> {
    const journal = SqliteJournal.openToRead(this.path);
    try {
      for await (const { spans, rows } of journal.batches(1)) {
        for (const { account, payload } of rows) {
          const { source, sourceOffset, body } = JournalEvent.decode(payload);
          const span = spans[source - 1];
          yield { from: span === undefined ? "" : `${span.topic}[${span.partition}]@${sourceOffset}`, account, body };
        }
      }
    } finally {
      await journal.close();
    }
  }

  #positions(): { topic: string; partition: number; lastOffset: number }[] {
    return this.#read("SELECT topic, partition, last_offset AS lastOffset FROM source_position") as never;
  }

  #read(query: string): Record<string, unknown>[] {
    if (!existsSync(this.path)) return [];
    const database = new DatabaseSync(this.path, { readOnly: true });
    try {
      return database.prepare(query).all() as Record<string, unknown>[];
    } catch (error) {
      // Between the file's making and its first table there is nothing to read.
      if (/no such table|is locked/.test(String(error))) return [];
      throw error;
    } finally {
      database.close();
    }
  }
}

/** What the topics hold now. */
export async function watermarksOf(address: string, prefix: string): Promise<Watermarks[]> {
  const admin = connectKafka({ address }).admin();
  await admin.connect();
  return readWatermarks(admin, topicNames(prefix)).finally(() => admin.disconnect());
}

export interface RunOptions {
  readonly data: string;
  readonly kafka: KafkaSourceOptions;
  readonly pullLimit?: number;
  readonly snapshotEveryEvents?: number;
  /** Runs after each append, before the engine goes on. */
  readonly appended?: (view: JournalView) => Promise<void>;
  /** Asked after each append: ends the run. Default: when the journal holds all that the topics held at the start. */
  readonly until?: (view: JournalView) => boolean;
}

/** Runs an engine in this process on the broker until it has caught up, and says what it came to. */
export async function run(options: RunOptions): Promise<Summary> {
  const { data, kafka, until } = options;
  const watermarks = await watermarksOf(kafka.address, kafka.prefix!);
  const view = new JournalView(data);
  const files = shardFiles(data, kafkaShard(market.id));
  const journal = openJournal(files);
  if (options.appended !== undefined) afterAppend(journal, () => options.appended!(view));
  const engine = await Engine.open({
    ...engineOptions(kafka),
    journal,
    snapshots: files.snapshots,
    pullLimit: options.pullLimit ?? 1_000,
    snapshotEveryEvents: options.snapshotEveryEvents ?? 1_000_000,
  });
  const ended = engine.run();
  const late = setTimeout(() => engine.stop(), patienceMs);
  const done = () => (until === undefined ? view.holds(watermarks) : until(view));
  if (done()) engine.stop();
  engine.onDurable(() => {
    if (done()) engine.stop();
  });
  await ended;
  clearTimeout(late);
  if (!done()) throw new Error(`the engine did not come far enough within ${patienceMs} ms: ${view.records()} records`);
  return summary(engine);
}

export function engineOptions(
  kafka: KafkaSourceOptions,
): Omit<EngineOptions, "journal" | "snapshots" | "pullLimit" | "snapshotEveryEvents"> {
  return {
    kernelBinary: kernelBinary(),
    engineVersion: "test",
    shard: kafkaShard(market.id),
    market,
    capacities: DEFAULT_CAPACITIES,
    source: () => new KafkaSource(kafka),
    log: () => {},
  };
}

function afterAppend(journal: Journal, then: () => Promise<void>): void {
  const append = journal.append.bind(journal);
  journal.append = async (batch, expected) => {
    await append(batch, expected);
    await then();
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** One of the project's programs in a process of its own. */
export class Process {
  static readonly #running = new Set<ChildProcess>();
  stdout = "";
  stderr = "";
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown[]>;

  constructor(program: string, ...args: string[]) {
    this.#process = spawn(process.execPath, [join(root, program), ...args], { stdio: ["ignore", "pipe", "pipe"] });
    Process.#running.add(this.#process);
    this.#process.once("exit", () => Process.#running.delete(this.#process));
    this.#exit = once(this.#process, "close");
    this.#process.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.#process.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
  }

  /** Ends those that a failed test has left behind. */
  static killAll(): void {
    for (const process of Process.#running) process.kill("SIGKILL");
  }

  static serve(address: string, prefix: string, data: string): Process {
    const source = ["--kafka", address, "--prefix", prefix, "--group", prefix, "--market", market.id];
    return Process.plimsoll("serve", ...source, "--port", "0", "--data", data, "--json");
  }

  static plimsoll(...args: string[]): Process {
    return new Process("bin/plimsoll.js", ...args);
  }

  /** Resolves when the condition holds. @throws Error when the process ends before that, or it takes too long */
  async until(condition: () => boolean): Promise<void> {
    const endMs = performance.now() + patienceMs;
    while (!condition()) {
      if (this.#process.exitCode !== null)
        throw new Error(`the process ended with ${this.#process.exitCode}: ${this.stderr}`);
      if (performance.now() > endMs) throw new Error(`the process did not come far enough: ${this.stderr}`);
      await delay(pollMs);
    }
  }

  /** @returns the exit code; null when a signal ended it */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#process.kill(signal);
    const [code] = await this.#exit;
    return code as number | null;
  }

  /** The last line of its standard output. */
  summary(): Summary {
    return JSON.parse(this.stdout.trim().split("\n").at(-1)!) as Summary;
  }
}
