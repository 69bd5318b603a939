import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import type { KafkaSockets } from "./kafkaSockets.ts";
import { stopIdleKafkaTimers } from "./kafkaTimers.ts";

export type KafkaLogLevel = "error" | "warn" | "info" | "debug";

/** Takes what the Kafka rooms have to say. Nothing is written anywhere else. */
export type KafkaLog = (level: KafkaLogLevel, message: string) => void;

/** Where a broker is and how to speak to it. */
export interface KafkaConnection {
  /** `host:port`, or several joined by commas. */
  readonly address: string;
  readonly ssl?: KafkaConfig["ssl"];
  readonly sasl?: KafkaConfig["sasl"];
  /** Name under which the broker's logs and quotas know this client. Default `plimsoll`. */
  readonly clientId?: string;
  readonly log?: KafkaLog;
}

const requestTimeoutMs = 10_000;
const connectionTimeoutMs = 3_000;

/** A kafkajs client whose log lines go to `connection.log`, and whose sockets are in `sockets`. */
export function connectKafka(connection: KafkaConnection, sockets?: KafkaSockets): Kafka {
  stopIdleKafkaTimers();
  const log = connection.log ?? (() => {});
  return new Kafka({
    clientId: connection.clientId ?? "plimsoll",
    brokers: connection.address.split(",").map((broker) => broker.trim()),
    ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }),
    ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
    ...(sockets === undefined ? {} : { socketFactory: sockets.factory }),
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.WARN,
    // kafkajs calls an error what it goes on to repair by itself, such as a coordinator that is still loading, and
    // says it again at every attempt. What the caller should know is thrown to it or told by these rooms in their own
    // words.
    logCreator:
      () =>
      ({ namespace, log: entry }) => {
        const cause = entry.error === undefined ? "" : `: ${String(entry.error)}`;
        log("debug", `kafkajs ${namespace}: ${entry.message}${cause}`);
      },
  });
}
