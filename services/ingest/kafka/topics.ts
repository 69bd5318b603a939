import type { Admin } from "kafkajs";
import { connectKafka, type KafkaConnection } from "./kafkaClient.ts";
import { KafkaUnavailableError } from "./kafkaErrors.ts";

export const defaultTopicPrefix = "plimsoll";

/** Names of the three topics of a venue. */
export interface TopicNames {
  /** `Fill`, keyed by account. */
  readonly fills: string;
  /** `MarketEvent`, keyed by instrument. One partition: every shard reads all of it, in one order. */
  readonly prices: string;
  /** `AccountCommand`, keyed by account. */
  readonly accounts: string;
}

/** What a record of a topic is. */
export type TopicContent = keyof TopicNames;

/** In the order in which records of the same event time are taken: an account opens before it trades on a price. */
export const topicContents = ["accounts", "prices", "fills"] as const satisfies readonly TopicContent[];

export const defaultPartitionCounts: Readonly<Record<TopicContent, number>> = { accounts: 4, prices: 1, fills: 4 };

/** @throws RangeError when the prefix gives names that Kafka would refuse */
export function topicNames(prefix: string = defaultTopicPrefix): TopicNames {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(prefix)) {
    throw new RangeError(
      `topic prefix "${prefix}": only letters, digits, dot, underscore and hyphen, 1 to 200 of them`,
    );
  }
  return { fills: `${prefix}.fills`, prices: `${prefix}.prices`, accounts: `${prefix}.accounts` };
}

export interface TopicOptions {
  readonly prefix?: string;
  /** Partitions of `fills` and `accounts`; `prices` always has one. Default 4 each. */
  readonly partitions?: { readonly fills?: number; readonly accounts?: number };
  /** Default 1. */
  readonly replicationFactor?: number;
  /** How long the broker keeps records, in milliseconds; -1 for ever. Default: the broker's own. */
  readonly retentionMs?: number;
}

/**
 * Creates those of the three topics that are not there; those that are stay as they are.
 * @returns the names of the created ones
 * @throws KafkaUnavailableError
 */
export async function createTopics(connection: KafkaConnection, options: TopicOptions = {}): Promise<string[]> {
  const names = topicNames(options.prefix);
  const partitions = { ...defaultPartitionCounts, ...options.partitions, prices: 1 };
  const admin = connectKafka(connection).admin();
  await connectAdmin(admin, connection.address);
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topicContents.filter((content) => !existing.has(names[content]));
    if (missing.length > 0) {
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map((content) => ({
          topic: names[content],
          numPartitions: partitions[content],
          replicationFactor: options.replicationFactor ?? 1,
          configEntries: [
            { name: "cleanup.policy", value: "delete" },
            // A recorded day is published years after it happened; by its own times, retention would delete it at once.
            { name: "message.timestamp.type", value: "LogAppendTime" },
            ...(options.retentionMs === undefined
              ? []
              : [{ name: "retention.ms", value: String(options.retentionMs) }]),
          ],
        })),
      });
    }
    return missing.map((content) => names[content]);
  } finally {
    await admin.disconnect();
  }
}

/** @throws KafkaUnavailableError */
export async function connectAdmin(admin: Admin, address: string): Promise<void> {
  try {
    await admin.connect();
  } catch (error) {
    await admin.disconnect().catch(() => {});
    throw new KafkaUnavailableError(address, error);
  }
}
