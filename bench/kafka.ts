import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Consumer, EachBatchPayload } from "kafkajs";
import { type Broker, brokerUnavailableReason, startBroker } from "../infra/kafkaBroker.ts";
import { Engine } from "../services/engine/engine.ts";
import { EVENT_KINDS } from "../services/engine/eventKinds.ts";
import { DEFAULT_CAPACITIES } from "../services/engine/genesis.ts";
import { decodeRecord } from "../services/ingest/kafka/decode.ts";
import { connectKafka } from "../services/ingest/kafka/kafkaClient.ts";
import { KafkaSource } from "../services/ingest/kafka/kafkaSource.ts";
import { publish } from "../services/ingest/kafka/publisher.ts";
import { createTopics, topicContents, topicNames } from "../services/ingest/kafka/topics.ts";
import type { Source, SourceBatch, SourcePosition } from "../services/ingest/source.ts";
import { SnapshotStore } from "../services/journal/snapshots.ts";
import { SqliteJournal } from "../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../services/kernel/binary.ts";
import type { MarketDocument } from "../services/markets/market.ts";
import {
  type Bench,
  type BenchResult,
  type BenchSize,
  compare,
  type SkippedBench,
  UnequalOutputsError,
} from "./bench.ts";
import { removeFolder, temporaryFolder } from "./conditions.ts";
import type { Side } from "./measure.ts";
import { simulatedInputs } from "./simulatedInputs.ts";

const RECORDS = { quick: 40_000, full: 100_000 } as const;
/** kafkajs hands records over many times faster than any fold and fsync can take them; this says how many times. */
const PROMISED = 0.08;
const PREFIX = "bench";
const PULL_LIMIT = 4_096;
/** Fetch settings of the engine's own reader, so that both sides ask the broker for the same. */
const FETCH = { maxWaitTimeInMs: 50, maxBytesPerPartition: 512 * 1024, maxBytes: 8 * 1024 * 1024 } as const;

/** From the broker to durable risk, against a consumer that does nothing with what it reads. */
export const kafka: Bench = {
  name: "kafka",
  summary: "Kafka to durable risk, against a bare consumer of the same records",
  run: async (size: BenchSize): Promise<BenchResult | SkippedBench> => {
    const unavailable = brokerUnavailableReason();
    if (unavailable !== undefined) return { name: "kafka", skipped: unavailable };
    const broker = await startBroker();
    try {
      return await measure(broker, size);
    } finally {
      await broker.stop();
    }
  },
};

async function measure(broker: Broker, { quick, rounds }: BenchSize): Promise<BenchResult> {
  const records = quick ? RECORDS.quick : RECORDS.full;
  const { market, inputs, fills } = await simulatedInputs(records);
  const connection = { address: broker.address, prefix: PREFIX };
  await createTopics(connection, { prefix: PREFIX });
  await publish(inputs, connection);
  const folder = temporaryFolder();
  try {
    const engine = engineSide(broker.address, folder, market, records);
    const bare = consumerSide("bare kafkajs consumer", broker.address, records, () => {});
    const decoding = consumerSide("one that decodes", broker.address, records, decodeAll);
    await requireSameRecords(engine, bare, decoding);
    const compared = await compare(engine, [{ side: bare, atLeast: PROMISED }, { side: decoding }], rounds);
    return {
      name: "kafka",
      work: `${records} records, ${fills} of them fills, from one broker on this machine`,
      unitsPerRound: records,
      unit: "records",
      checkedEqual: `${records} records, the last offset of each partition, and the engine's state hash in every round`,
      notes: [
        "timed from the end of the group join until all records are durable (the bare side: counted)",
        "the broker runs beside the consumer and takes CPU time of both sides",
      ],
      ...compared,
    };
  } finally {
    removeFolder(folder);
  }
}

interface ReadingSide extends Side {
  run(): void | Promise<void>;
  /** Last offset by topic and partition, of the round before. */
  read(): ReadonlyMap<string, number>;
}

function engineSide(address: string, folder: string, market: MarketDocument, records: number): ReadingSide {
  let engine: Engine | undefined;
  let source: CountedSource | undefined;
  let running: Promise<void> | undefined;
  let stateHash: string | undefined;
  return {
    name: "engine",
    prepare: async () => {
      removeFolder(folder);
      engine = await Engine.open({
        journal: SqliteJournal.open(join(folder, "journal.sqlite"), kinds()),
        snapshots: new SnapshotStore(join(folder, "snapshots")),
        kernelBinary: kernelBinary(),
        engineVersion: "bench",
        shard: "bench",
        market,
        capacities: DEFAULT_CAPACITIES,
        source: () => {
          source = new CountedSource(new KafkaSource({ address, prefix: PREFIX }), records);
          return source;
        },
        snapshotEveryEvents: Number.MAX_SAFE_INTEGER,
        pullLimit: PULL_LIMIT,
        log: () => {},
      });
    },
    run: async () => {
      running = engine!.run();
      await Promise.race([source!.allDurable, running]);
    },
    finish: async () => {
      engine!.stop();
      await running;
      const hash = engine!.shard.stateHash();
      stateHash ??= hash;
      if (hash !== stateHash) throw new UnequalOutputsError(`the state hash was ${stateHash} and is ${hash} now`);
    },
    read: () => source!.lastOffsets,
  };
}

function consumerSide(
  name: string,
  address: string,
  records: number,
  handle: (batch: EachBatchPayload["batch"]) => void,
): ReadingSide {
  let consumer: Consumer | undefined;
  let lastOffsets = new Map<string, number>();
  let allRead: Promise<void> = Promise.resolve();
  return {
    name,
    prepare: async () => {
      lastOffsets = new Map();
      let count = 0;
      let done = (): void => {};
      allRead = new Promise((resolve) => {
        done = resolve;
      });
      consumer = connectKafka({ address }).consumer({
        groupId: `bench-bare-${randomUUID()}`,
        allowAutoTopicCreation: false,
        ...FETCH,
      });
      await consumer.connect();
      await consumer.subscribe({ topics: Object.values(topicNames(PREFIX)), fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: async ({ batch }: EachBatchPayload) => {
          handle(batch);
          count += batch.messages.length;
          lastOffsets.set(`${batch.topic}/${batch.partition}`, Number(batch.lastOffset()));
          if (count === records) done();
        },
      });
    },
    run: () => allRead,
    finish: () => consumer!.disconnect(),
    read: () => lastOffsets,
  };
}

function decodeAll({ topic, messages }: EachBatchPayload["batch"]): void {
  const names = topicNames(PREFIX);
  const content = topicContents.find((each) => names[each] === topic)!;
  for (const { value } of messages) decodeRecord(content, value);
}

/** Passes everything on, and says when so many inputs are durable. */
class CountedSource implements Source {
  readonly name: string;
  readonly allDurable: Promise<void>;
  readonly lastOffsets = new Map<string, number>();
  readonly #source: Source;
  readonly #expected: number;
  #pulled = 0;
  #done: () => void = () => {};

  constructor(source: Source, expected: number) {
    this.name = source.name;
    this.#source = source;
    this.#expected = expected;
    this.allDurable = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  open(positions: readonly SourcePosition[]): Promise<void> {
    return this.#source.open(positions);
  }

  async pull(max: number): Promise<SourceBatch | undefined> {
    const batch = await this.#source.pull(max);
    this.#pulled += batch?.inputs.length ?? 0;
    return batch;
  }

  durable(positions: readonly SourcePosition[]): void {
    this.#source.durable(positions);
    for (const { topic, partition, lastOffset } of positions) this.lastOffsets.set(`${topic}/${partition}`, lastOffset);
    if (this.#pulled === this.#expected) this.#done();
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

function kinds(): (readonly [number, string])[] {
  return Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name]);
}

/** @throws UnequalOutputsError when the sides do not end at the same offsets */
async function requireSameRecords(...sides: readonly ReadingSide[]): Promise<void> {
  const found: string[] = [];
  for (const side of sides) {
    await side.prepare!();
    await side.run();
    await side.finish!();
    found.push(JSON.stringify([...side.read()].sort()));
  }
  const different = found.findIndex((offsets) => offsets !== found[0]);
  if (different < 0) return;
  throw new UnequalOutputsError(
    `${sides[0]!.name} read up to ${found[0]}, ${sides[different]!.name} up to ${found[different]}; nothing was timed`,
  );
}
