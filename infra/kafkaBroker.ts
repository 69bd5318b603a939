import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { connectKafka } from "../services/ingest/kafka/kafkaClient.ts";
import { javaCommand, kafkaJars } from "./kafkaJars.ts";

export { brokerUnavailableReason } from "./kafkaJars.ts";

export interface BrokerOptions {
  /** Port of 127.0.0.1 that clients connect to. Default: a free one. */
  readonly port?: number;
  /** Where records are kept; what is there already is served again. Default: a temporary folder, removed by `stop`. */
  readonly dataDir?: string;
  /** What happens, and what the broker prints. */
  readonly log?: (line: string) => void;
}

/** A broker process of ours. */
export interface Broker {
  /** `host:port` */
  readonly address: string;
  readonly clusterId: string;
  /**
   * Ends the broker; in order where it has a data folder of its own, else at once, and the temporary folder is removed.
   */
  stop(): Promise<void>;
  /** Ends the process at once, as a crash would. The data folder stays. */
  kill(): Promise<void>;
  /** Starts it again at the same address on the same data; shuts it down before where it still runs. */
  restart(): Promise<void>;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const outputLinesKept = 40;

/**
 * Starts one real Kafka broker (KRaft: broker and controller in one process) that never creates a topic by itself.
 * @throws Error when the process ends, or does not answer within a minute, or another broker answers at its address
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const log = options.log ?? (() => {});
  const jars = await kafkaJars(log);
  const dir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "plimsoll-kafka-")));
  await mkdir(dir, { recursive: true });
  const port = options.port ?? (await freePort());
  const controllerPort = await freePort();
  const properties = join(dir, "server.properties");
  await writeFile(properties, serverProperties(port, controllerPort, join(dir, "log")));
  const clusterId = (await formattedClusterId(dir)) ?? (await format(jars, properties));
  const address = `127.0.0.1:${port}`;

  let running: BrokerProcess | undefined;
  const start = async (): Promise<void> => {
    running = new BrokerProcess(jars, properties, log);
    await running.answers(address, clusterId);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    await running?.end(signal);
    running = undefined;
  };
  const removeTemporary = async (): Promise<void> => {
    if (options.dataDir === undefined) await rm(dir, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await end("SIGKILL");
    await removeTemporary();
    throw error;
  }
  return {
    address,
    clusterId,
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGTERM");
      await start();
    },
    stop: async () => {
      // What is thrown away needs no orderly end.
      await end(options.dataDir === undefined ? "SIGKILL" : "SIGTERM");
      await removeTemporary();
    },
  };
}

/** One process from its start to its end. */
class BrokerProcess {
  readonly #java: ChildProcess;
  readonly #guard: ChildProcess;
  readonly #output: string[] = [];

  constructor(jars: string, properties: string, log: (line: string) => void) {
    const settings = ["-Xmx512m", "-Xms128m", "-XX:TieredStopAtLevel=1"];
    this.#java = spawn(javaCommand(), [...settings, "-cp", join(jars, "*"), "kafka.Kafka", properties], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#java.stdout!, this.#java.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.split("\n").filter((part) => part.trim() !== "")) {
          this.#output.push(line);
          if (this.#output.length > outputLinesKept) this.#output.shift();
          log(line);
        }
      });
    }
    // Ends the broker when this process ends without doing so itself, however it ends: its pipe to the guard closes.
    this.#guard = spawn("sh", ["-c", 'cat >/dev/null; kill -KILL "$0"', String(this.#java.pid)], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#guard.unref();
    this.#java.once("exit", () => this.#guard.kill("SIGKILL"));
    this.#java.once("error", (error) => this.#output.push(error.message));
  }

  /** Resolves when the broker of this cluster answers at the address. */
  async answers(address: string, clusterId: string): Promise<void> {
    for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += 250) {
      if (this.#ended) throw new Error(`the Kafka broker ended while it started:\n${this.#output.join("\n")}`);
      const answering = await clusterAt(address);
      if (answering === clusterId && !this.#ended) return;
      if (answering !== undefined && answering !== clusterId) {
        throw new Error(`${address} is answered by a broker of cluster ${answering}, not by the one just started`);
      }
      await delay(250);
    }
    throw new Error(`the Kafka broker did not answer at ${address} in time:\n${this.#output.join("\n")}`);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#ended) return;
    const exit = once(this.#java, "exit");
    this.#java.kill(signal);
    const timer = setTimeout(() => this.#java.kill("SIGKILL"), stopTimeoutMs);
    await exit;
    clearTimeout(timer);
  }

  get #ended(): boolean {
    return this.#java.pid === undefined || this.#java.exitCode !== null || this.#java.signalCode !== null;
  }
}

async function clusterAt(address: string): Promise<string | undefined> {
  const admin = connectKafka({ address }).admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    return (await admin.describeCluster()).clusterId;
  } catch {
    return undefined;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

async function formattedClusterId(dir: string): Promise<string | undefined> {
  try {
    const meta = await readFile(join(dir, "log", "meta.properties"), "utf8");
    return /^cluster\.id=(.+)$/m.exec(meta)?.[1];
  } catch {
    return undefined;
  }
}

async function format(jars: string, properties: string): Promise<string> {
  const clusterId = randomBytes(16).toString("base64url");
  // A leading hyphen would be read as an option.
  if (clusterId.startsWith("-")) return format(jars, properties);
  const tool = ["-cp", join(jars, "*"), "kafka.tools.StorageTool", "format"];
  await promisify(execFile)(javaCommand(), [...tool, "--cluster-id", clusterId, "--config", properties]);
  return clusterId;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the system named no free port");
  return address.port;
}

function serverProperties(port: number, controllerPort: number, logDir: string): string {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
log.dirs=${logDir}
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=2
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
`;
}
