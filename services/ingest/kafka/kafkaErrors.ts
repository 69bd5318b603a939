/** No broker answers at the address, or not in time. */
export class KafkaUnavailableError extends Error {
  override readonly name = "KafkaUnavailableError";
  readonly address: string;

  constructor(address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `no Kafka broker answered at ${address} (${reason}): start it, or correct the address; ` +
        "a broker for trying things out starts with: npm run kafka",
      { cause },
    );
    this.address = address;
  }
}

/** The broker does not have the topics. Nothing creates them on the way, lest a misspelt prefix reads empty topics. */
export class TopicsMissingError extends Error {
  override readonly name = "TopicsMissingError";
  readonly topics: readonly string[];

  constructor(topics: readonly string[], address: string, prefix: string) {
    super(
      `the broker at ${address} has no topic ${topics.join(", ")}: check the topic prefix "${prefix}", or create ` +
        `them with: npm run kafka -- --create-topics-at ${address} --prefix ${prefix}`,
    );
    this.topics = topics;
  }
}

/** A partition whose end lies before what the journal already holds of it. */
export interface PartitionBehind {
  readonly topic: string;
  readonly partition: number;
  /** Offset that the journal needs next. */
  readonly journalNext: number;
  /** Offset that the broker will give to its next record. */
  readonly highWatermark: number;
}

/** The journal holds records that the broker does not: it lost them, or it is another cluster. */
export class BrokerBehindJournalError extends Error {
  override readonly name = "BrokerBehindJournalError";
  readonly partitions: readonly PartitionBehind[];

  constructor(partitions: readonly PartitionBehind[]) {
    super(
      `${partitions
        .map(
          ({ topic, partition, journalNext, highWatermark }) =>
            `${topic}[${partition}]: the journal has read up to offset ${journalNext - 1}, the broker ends at ` +
            `${highWatermark - 1}`,
        )
        .join("; ")}: the broker lost records, its topic was created again, or this is another cluster. ` +
        "New records would get offsets that the journal takes for old ones. Check the address; if the records are " +
        "lost for good, publish into topics with another prefix and start with that prefix",
    );
    this.partitions = partitions;
  }
}

/** The address now leads to a cluster with another id than before. */
export class ClusterChangedError extends Error {
  override readonly name = "ClusterChangedError";
  readonly before: string;
  readonly now: string;

  constructor(address: string, before: string, now: string) {
    super(
      `${address} was cluster ${before} and is cluster ${now} now: its offsets mean other records. ` +
        "Check what listens there before starting again",
    );
    this.before = before;
    this.now = now;
  }
}

/** A topic got or lost partitions while it was being read. */
export class PartitionsChangedError extends Error {
  override readonly name = "PartitionsChangedError";
  readonly topic: string;

  constructor(topic: string, before: number, now: number) {
    super(
      `${topic} had ${before} partitions and has ${now} now: accounts may have moved between partitions. ` +
        "Restart to read them all from where the journal stands",
    );
    this.topic = topic;
  }
}

/** The topic is compressed with a codec that kafkajs does not carry. */
export class CompressionUnsupportedError extends Error {
  override readonly name = "CompressionUnsupportedError";

  constructor(cause: Error) {
    super(
      `${cause.message}: only gzip and uncompressed topics can be read; ` +
        "set the topic's compression.type to gzip or the producer's to none",
      { cause },
    );
  }
}
