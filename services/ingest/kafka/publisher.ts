import { type Message, Partitioners, type Producer, type TopicMessages } from "kafkajs";
import { AccountCommand, Fill, MarketEvent } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Source, VenueInput } from "../source.ts";
import { connectKafka, type KafkaConnection } from "./kafkaClient.ts";
import { KafkaUnavailableError } from "./kafkaErrors.ts";
import { connectAdmin, defaultTopicPrefix, type TopicContent, topicContents, topicNames } from "./topics.ts";
import { requireTopics } from "./watermarks.ts";

export interface PublishOptions extends KafkaConnection {
  /** Default `plimsoll`. */
  readonly prefix?: string;
  /** Records a request. Default 1000. */
  readonly batchSize?: number;
  /** Called after each request with what the broker has acknowledged so far. */
  readonly progress?: (counts: PublishCounts) => void;
}

export interface PublishCounts {
  readonly fills: number;
  readonly prices: number;
  readonly accounts: number;
  /** Inputs that could not be read in the first place and therefore have no topic: they were not published. */
  readonly unreadable: number;
}

/**
 * Publishes inputs in their order, one request after another, each acknowledged by all replicas, by an idempotent
 * producer: a request that is sent again is stored once. Fills and account commands are keyed by account and market
 * events by instrument, and the key's murmur2 hash chooses the partition as Kafka's Java client does, so the same
 * input always goes to the same partition of a topic with as many partitions.
 *
 * @throws KafkaUnavailableError
 * @throws TopicsMissingError
 */
export async function publish(
  inputs: Iterable<VenueInput> | AsyncIterable<VenueInput>,
  options: PublishOptions,
): Promise<PublishCounts> {
  const prefix = options.prefix ?? defaultTopicPrefix;
  const names = topicNames(prefix);
  const batchSize = options.batchSize ?? 1_000;
  const kafka = connectKafka(options);
  const admin = kafka.admin();
  await connectAdmin(admin, options.address);
  await requireTopics(admin, names, options.address, prefix).finally(() => admin.disconnect());

  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: 10, initialRetryTime: 200, maxRetryTime: 5_000 },
  });
  await connectProducer(producer, options.address);
  const counts = { fills: 0, prices: 0, accounts: 0, unreadable: 0 };
  try {
    let waiting = emptyRequest();
    let size = 0;
    const flush = async (): Promise<void> => {
      const topicMessages: TopicMessages[] = topicContents
        .filter((content) => waiting[content].length > 0)
        .map((content) => ({ topic: names[content], messages: waiting[content] }));
      if (topicMessages.length > 0) await producer.sendBatch({ acks: -1, topicMessages });
      for (const content of topicContents) counts[content] += waiting[content].length;
      waiting = emptyRequest();
      size = 0;
      options.progress?.({ ...counts });
    };
    for await (const input of inputs) {
      const record = encodeInput(input);
      if (record === undefined) {
        counts.unreadable += 1;
        continue;
      }
      waiting[record.content].push(record.message);
      size += 1;
      if (size >= batchSize) await flush();
    }
    if (size > 0) await flush();
    return counts;
  } finally {
    await producer.disconnect().catch(() => {});
  }
}

/** Everything that a source has, from its beginning until it has ended for good. Opens and closes the source. */
export async function* inputsOf(source: Source, pullSize = 1_000): AsyncGenerator<VenueInput> {
  await source.open([]);
  try {
    for (let batch = await source.pull(pullSize); batch !== undefined; batch = await source.pull(pullSize)) {
      for (const { input } of batch.inputs) yield input;
    }
  } finally {
    await source.close();
  }
}

/** Topic, key and payload of an input; undefined for one that was never readable. */
export function encodeInput(input: VenueInput): { content: TopicContent; message: Message } | undefined {
  switch (input.kind) {
    case "fill":
      return record("fills", input.fill.account, Fill.encode(input.fill).finish());
    case "market":
      return record("prices", input.event.instrument, MarketEvent.encode(input.event).finish());
    case "account":
      return record("accounts", input.command.account, AccountCommand.encode(input.command).finish());
    case "unreadable":
      return undefined;
  }
}

function record(content: TopicContent, key: string, payload: Uint8Array): { content: TopicContent; message: Message } {
  return { content, message: { key, value: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength) } };
}

function emptyRequest(): Record<TopicContent, Message[]> {
  return { accounts: [], prices: [], fills: [] };
}

async function connectProducer(producer: Producer, address: string): Promise<void> {
  try {
    await producer.connect();
  } catch (error) {
    await producer.disconnect().catch(() => {});
    throw new KafkaUnavailableError(address, error);
  }
}
