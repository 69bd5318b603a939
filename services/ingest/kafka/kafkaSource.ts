import { setTimeout as delay } from "node:timers/promises";
import type { Admin } from "kafkajs";
import type { Source, SourceBatch, SourcePosition } from "../source.ts";
import { GroupReader } from "./groupReader.ts";
import { connectKafka, type KafkaConnection } from "./kafkaClient.ts";
import { BrokerBehindJournalError, ClusterChangedError, PartitionsChangedError } from "./kafkaErrors.ts";
import { KafkaSockets } from "./kafkaSockets.ts";
import { defaultMergeLimits, type MergeLimits, PartitionMerge } from "./merge.ts";
import { OffsetHint } from "./offsetHint.ts";
import { PartitionReader } from "./partitionReader.ts";
import { connectAdmin, defaultTopicPrefix, type TopicNames, topicContents, topicNames } from "./topics.ts";
import {
  nextOffsets,
  partitionsBehind,
  readWatermarks,
  requireNoGap,
  requirePartitions,
  requireTopics,
  type Watermarks,
} from "./watermarks.ts";

export interface KafkaSourceOptions extends KafkaConnection {
  /** Topics are `<prefix>.fills`, `<prefix>.prices`, `<prefix>.accounts`. Default `plimsoll`. */
  readonly prefix?: string;
  /**
   * Name under which the journal's offsets are committed for lag tools; it is read by nobody here. Reading happens in
   * groups `<groupId>.reader.<id>`, a new one each time: where the broker has access lists, allow the prefix.
   * Default `plimsoll`.
   */
  readonly groupId?: string;
  /** Default true: records of open and aborted transactions are not read. */
  readonly readCommitted?: boolean;
  /** For topics that are written in transactions or compacted: offsets may then be left out. Default false. */
  readonly sparseOffsets?: boolean;
  /** How much of each partition may wait in memory. */
  readonly limits?: MergeLimits;
  /** How long an empty `pull` waits. Default 20. */
  readonly pullWaitMs?: number;
  /** How often the broker is asked what it still has. Default 5000. */
  readonly watermarkCheckMs?: number;
}

const hintIntervalMs = 1_000;
/** A new leader may for a moment report an older end than the one before it did. */
const behindConfirmations = 3;
const behindConfirmationWaitMs = 500;
/** Checks without a single fetch after which the consumer is replaced. */
const silentChecks = 4;
/** Longer than it takes to leave a broker that answers. */
const leaveWaitMs = 1_000;

/**
 * The three topics of a venue as one ordered stream. Where reading goes on is the journal's word alone: offsets that
 * the group has committed are never read. A broker that goes away is waited for; records that are gone are an error of
 * `pull`.
 */
export class KafkaSource implements Source {
  readonly name = "kafka";
  readonly #options: KafkaSourceOptions;
  readonly #names: TopicNames;
  readonly #sockets = new KafkaSockets();
  readonly #admin: Admin;
  readonly #waiters = new Set<() => void>();
  #clusterId = "";
  #readers: readonly PartitionReader[] = [];
  #merge = new PartitionMerge([]);
  #group: GroupReader | undefined;
  #hint: OffsetHint | undefined;
  #checkTimer: NodeJS.Timeout | undefined;
  #silentChecks = 0;
  #checkFailing = false;
  #failure: Error | undefined;
  #closed = false;

  /** @throws RangeError on a prefix that cannot name topics */
  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    this.#names = topicNames(options.prefix);
    this.#admin = connectKafka(options, this.#sockets).admin();
  }

  /**
   * @throws KafkaUnavailableError
   * @throws TopicsMissingError
   * @throws SourceGapError when the broker no longer has the record after a position
   * @throws BrokerBehindJournalError when a partition ends before its position
   */
  async open(positions: readonly SourcePosition[]): Promise<void> {
    const { address, prefix = defaultTopicPrefix } = this.#options;
    await connectAdmin(this.#admin, address);
    try {
      await requireTopics(this.#admin, this.#names, address, prefix);
      this.#clusterId = (await this.#admin.describeCluster()).clusterId;
      const watermarks = await readWatermarks(this.#admin, this.#names);
      requirePartitions(watermarks, positions, this.#names);
      const next = nextOffsets(watermarks, positions);
      requireNoGap(watermarks, next);
      await this.#requireNotBehind(watermarks, next);
      await this.#start(watermarks, next);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** @throws what stopped the source, once everything that came before it has been pulled */
  async pull(max: number): Promise<SourceBatch | undefined> {
    let batch = this.#merge.take(max);
    if (batch.inputs.length === 0 && this.#failure === undefined && !this.#closed) {
      await this.#arrival();
      batch = this.#merge.take(max);
    }
    if (batch.inputs.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) return undefined;
    }
    this.#group?.resumeWhereRoom();
    return batch;
  }

  durable(positions: readonly SourcePosition[]): void {
    const ours = new Set(Object.values(this.#names));
    this.#hint?.tell(positions.filter(({ topic }) => ours.has(topic)));
  }

  /** Records that the broker is known to have and that were not pulled. */
  backlog(): number {
    return this.#merge.backlog();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#checkTimer);
    this.#wake();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, leaveWaitMs);
    });
    await Promise.race([this.#leave(), tooLong]);
    clearTimeout(timer);
    this.#sockets.destroy();
  }

  async #leave(): Promise<void> {
    await this.#hint?.close();
    await this.#group?.close();
    await this.#admin.disconnect().catch(() => {});
  }

  async #start(watermarks: readonly Watermarks[], next: readonly number[]): Promise<void> {
    const { sparseOffsets = false, limits = defaultMergeLimits } = this.#options;
    this.#merge = new PartitionMerge(
      watermarks.map(({ topic, content, partition, high }, index) => ({
        topic,
        topicRank: topicContents.indexOf(content),
        partition,
        nextOffset: next[index]!,
        endOffset: high,
      })),
      limits,
    );
    this.#readers = watermarks.map((at, index) => new PartitionReader(at, index, this.#merge, sparseOffsets));
    const group = new GroupReader({
      kafka: connectKafka(this.#options, this.#sockets),
      groupId: this.#options.groupId ?? "plimsoll",
      readCommitted: this.#options.readCommitted ?? true,
      bufferBytes: limits.bytes,
      topics: topicContents.map((content) => this.#names[content]),
      readers: this.#readers,
      log: this.#log,
      arrived: () => this.#wake(),
      failed: (error) => this.#fail(error),
    });
    this.#group = group;
    this.#hint = new OffsetHint(
      (offsets) => group.commit(offsets),
      (error) => {
        if (!this.#closed) this.#log("warn", `committing the offsets for lag tools failed: ${messageOf(error)}`);
      },
      hintIntervalMs,
    );
    await group.start();
    this.#scheduleCheck();
  }

  #scheduleCheck(): void {
    this.#checkTimer = setTimeout(async () => {
      await this.#check();
      if (!this.#closed && this.#failure === undefined) this.#scheduleCheck();
    }, this.#options.watermarkCheckMs ?? 5_000);
    this.#checkTimer.unref();
  }

  /** Finds what kafkajs would pass over in silence: lost records, a topic that was made anew, another cluster. */
  async #check(): Promise<void> {
    const nextBefore = this.#readers.map(({ nextOffset }) => nextOffset);
    let watermarks: Watermarks[];
    try {
      const { clusterId } = await this.#admin.describeCluster();
      if (clusterId !== this.#clusterId) {
        this.#fail(new ClusterChangedError(this.#options.address, this.#clusterId, clusterId));
        return;
      }
      watermarks = await readWatermarks(this.#admin, this.#names);
    } catch (error) {
      // Told once an outage, not at every check.
      const level = this.#checkFailing ? "debug" : "warn";
      this.#checkFailing = true;
      if (!this.#closed) this.#log(level, `asking the broker for its offsets failed: ${messageOf(error)}`);
      return;
    }
    this.#checkFailing = false;
    try {
      this.#requireSamePartitions(watermarks);
      requireNoGap(
        watermarks,
        this.#readers.map(({ nextOffset }) => nextOffset),
      );
      await this.#requireNotBehind(watermarks, nextBefore);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#silentChecks = this.#group!.takeFetched() ? 0 : this.#silentChecks + 1;
    if (this.#silentChecks < silentChecks) return;
    this.#silentChecks = 0;
    this.#group!.restart("it no longer fetches");
  }

  async #requireNotBehind(watermarks: readonly Watermarks[], next: readonly number[]): Promise<void> {
    let behind = partitionsBehind(watermarks, next);
    for (let seen = 1; behind.length > 0 && seen < behindConfirmations; seen++) {
      await delay(behindConfirmationWaitMs);
      behind = partitionsBehind(await readWatermarks(this.#admin, this.#names), next);
    }
    if (behind.length > 0) throw new BrokerBehindJournalError(behind);
  }

  #requireSamePartitions(watermarks: readonly Watermarks[]): void {
    for (const topic of Object.values(this.#names)) {
      const before = this.#readers.filter((reader) => reader.topic === topic).length;
      const now = watermarks.filter((at) => at.topic === topic).length;
      if (before !== now) throw new PartitionsChangedError(topic, before, now);
    }
  }

  #fail(error: Error): void {
    if (this.#closed || this.#failure !== undefined) return;
    this.#failure = error;
    this.#log("error", error.message);
    this.#wake();
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, this.#options.pullWaitMs ?? 20);
      this.#waiters.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }

  readonly #log: NonNullable<KafkaConnection["log"]> = (level, message) => this.#options.log?.(level, message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
