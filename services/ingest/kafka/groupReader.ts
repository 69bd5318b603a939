import { randomUUID } from "node:crypto";
import { type Cluster, type Consumer, type EachBatchPayload, type Kafka, PartitionAssigners } from "kafkajs";
import type { KafkaLog } from "./kafkaClient.ts";
import { CompressionUnsupportedError, PartitionsChangedError } from "./kafkaErrors.ts";
import type { CommittedOffsets } from "./offsetHint.ts";
import type { PartitionReader } from "./partitionReader.ts";
import { parseOffset } from "./watermarks.ts";

export interface GroupReaderOptions {
  readonly kafka: Kafka;
  /** What is committed is committed under this name. */
  readonly groupId: string;
  readonly readCommitted: boolean;
  readonly topics: string[];
  /** How much of a partition fits into the merge: no fetch asks for more. */
  readonly bufferBytes: number;
  readonly readers: readonly PartitionReader[];
  readonly log: KafkaLog;
  /** Something new is in the merge. */
  readonly arrived: () => void;
  /** The readers must not go on. */
  readonly failed: (error: Error) => void;
}

/**
 * How long a fetch waits for something to come, and so how long a partition that was resumed waits for its next one.
 */
const fetchWaitMs = 50;
const mostBytesPerPartition = 512 * 1024;
const maxBytes = 8 * 1024 * 1024;
/** A broker's first group waits until its coordinator has loaded: that is no outage. */
const quietReplacementsAtStart = 2;
const firstRestartWaitMs = 250;
const longestRestartWaitMs = 5_000;
const disconnectWaitMs = 5_000;

/**
 * Keeps a kafkajs consumer running at the readers' offsets. Whenever kafkajs may have changed its mind about where it
 * reads (a join, a restart, a crash), every partition is sought anew; a consumer that crashed is replaced, for as long
 * as it takes.
 */
export class GroupReader {
  readonly #options: GroupReaderOptions;
  readonly #readers: ReadonlyMap<string, PartitionReader>;
  #consumer: Consumer | undefined;
  #cluster: Cluster | undefined;
  #joined = false;
  #fetched = false;
  #stopped = false;
  #interrupted = false;
  #quietReplacements = quietReplacementsAtStart;
  #restartWaitMs = firstRestartWaitMs;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(options: GroupReaderOptions) {
    this.#options = options;
    this.#readers = new Map(options.readers.map((reader) => [key(reader.topic, reader.partition), reader]));
  }

  /** Resolves when the first consumer runs, or when it has failed and will be replaced. */
  async start(): Promise<void> {
    const { kafka, groupId, readCommitted, topics, bufferBytes } = this.#options;
    const consumer = kafka.consumer({
      // A group of its own: kafkajs reads in no other way, and in a shared one a member that crashed, of this process
      // or of the one before it, would hold up its successor and keep a share of the partitions until its session ends.
      groupId: `${groupId}.reader.${randomUUID()}`,
      partitionAssigners: [
        (config) => {
          this.#cluster = config.cluster;
          return PartitionAssigners.roundRobin(config);
        },
      ],
      allowAutoTopicCreation: false,
      readUncommitted: !readCommitted,
      maxWaitTimeInMs: fetchWaitMs,
      maxBytesPerPartition: Math.min(mostBytesPerPartition, bufferBytes),
      maxBytes,
      metadataMaxAge: 30_000,
      retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.#join(consumer, payload.memberAssignment));
    consumer.on(consumer.events.FETCH, () => {
      this.#fetched = true;
    });
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      // Batches of nothing but markers and aborted records do not come to eachBatch.
      if (payload.batchSize === 0) this.#readPast(payload);
    });
    consumer.on(consumer.events.STOP, () => {
      // A consumer that crashes stops first, and takes no resume from then on; that it crashed it says much later.
      if (consumer === this.#consumer) this.#joined = false;
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#crash(consumer, payload.error));
    try {
      await consumer.connect();
      // From the beginning: were it from the end, records would be skipped whenever an offset is out of range.
      await consumer.subscribe({ topics, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: async (payload) => this.#read(consumer, payload),
      });
    } catch (error) {
      this.#replace(consumer, error instanceof Error ? error.message : String(error));
    }
  }

  /** True when there was a fetch since this was asked last. */
  takeFetched(): boolean {
    const fetched = this.#fetched;
    this.#fetched = false;
    return fetched;
  }

  restart(reason: string): void {
    this.#replace(this.#consumer!, reason);
  }

  resumeWhereRoom(): void {
    for (const reader of this.#readers.values()) {
      if (!reader.paused || !reader.hasRoom) continue;
      reader.paused = false;
      if (this.#joined) this.#consumer!.resume([{ topic: reader.topic, partitions: [reader.partition] }]);
    }
  }

  /** Commits under the group's own name, as one who is no member of it; fails where others are. */
  async commit(topics: CommittedOffsets): Promise<void> {
    if (!this.#joined || this.#cluster === undefined) return;
    const { groupId } = this.#options;
    const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
    await coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: "", topics });
  }

  async close(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restartTimer);
    if (this.#consumer !== undefined) await disconnect(this.#consumer);
  }

  #join(consumer: Consumer, assignment: Record<string, number[]>): void {
    if (consumer !== this.#consumer || this.#stopped) return;
    for (const [topic, partitions] of Object.entries(assignment)) {
      const before = this.#options.readers.filter((reader) => reader.topic === topic).length;
      if (partitions.length === before) continue;
      this.#fail(new PartitionsChangedError(topic, before, partitions.length));
      return;
    }
    this.#joined = true;
    if (this.#interrupted) this.#options.log("info", "the Kafka consumer reads again");
    this.#interrupted = false;
    this.#quietReplacements = 0;
    this.#restartWaitMs = firstRestartWaitMs;
    for (const reader of this.#readers.values()) {
      seek(consumer, reader);
      if (reader.paused) consumer.pause([{ topic: reader.topic, partitions: [reader.partition] }]);
    }
  }

  #read(consumer: Consumer, payload: EachBatchPayload): void {
    if (this.#stopped || consumer !== this.#consumer || !payload.isRunning() || payload.isStale()) return;
    const reader = this.#readers.get(key(payload.batch.topic, payload.batch.partition));
    if (reader === undefined) return;
    try {
      if (reader.read(payload) === "seek") seek(consumer, reader);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (reader.isFull && !reader.paused) {
      reader.paused = true;
      payload.pause();
    }
    this.#options.arrived();
  }

  #readPast(batch: {
    readonly topic: string;
    readonly partition: number;
    readonly firstOffset: string;
    readonly lastOffset: string;
    readonly highWatermark: string;
  }): void {
    const reader = this.#readers.get(key(batch.topic, batch.partition));
    // An end that kafkajs reached from elsewhere says nothing about the records before it.
    if (this.#stopped || reader === undefined || Number(batch.firstOffset) > reader.nextOffset) return;
    try {
      reader.readPast(parseOffset(batch.lastOffset), parseOffset(batch.highWatermark));
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#options.arrived();
  }

  #crash(consumer: Consumer, error: Error): void {
    if (consumer !== this.#consumer || this.#stopped) return;
    if (error.name === "KafkaJSNotImplemented") {
      this.#fail(new CompressionUnsupportedError(error));
      return;
    }
    this.#replace(consumer, error.message);
  }

  #replace(consumer: Consumer, reason: string): void {
    if (this.#stopped || consumer !== this.#consumer || this.#restartTimer !== undefined) return;
    // Told once an outage, not at every attempt.
    const tell = !this.#interrupted && this.#quietReplacements === 0;
    this.#options.log(tell ? "warn" : "debug", `the Kafka consumer stopped and is replaced: ${reason}`);
    if (this.#quietReplacements > 0) this.#quietReplacements -= 1;
    else this.#interrupted = true;
    this.#joined = false;
    this.#restartTimer = setTimeout(async () => {
      await disconnect(consumer);
      this.#restartTimer = undefined;
      if (!this.#stopped) await this.start();
    }, this.#restartWaitMs);
    this.#restartWaitMs = Math.min(this.#restartWaitMs * 2, longestRestartWaitMs);
  }

  #fail(error: Error): void {
    this.#stopped = true;
    clearTimeout(this.#restartTimer);
    // Without this, kafkajs would fetch the same records again and again.
    void disconnect(this.#consumer!);
    this.#options.failed(error);
  }
}

function key(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function seek(consumer: Consumer, reader: PartitionReader): void {
  consumer.seek({ topic: reader.topic, partition: reader.partition, offset: String(reader.nextOffset) });
}

/** kafkajs may wait for ever for a broker that has gone. */
async function disconnect(consumer: Consumer): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, disconnectWaitMs);
  });
  await Promise.race([consumer.disconnect().catch(() => {}), tooLong]);
  clearTimeout(timer);
}
