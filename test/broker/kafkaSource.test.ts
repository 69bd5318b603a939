import { Kafka, logLevel } from "kafkajs";
import { expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Broker } from "../../infra/kafkaBroker.ts";
import { BrokerBehindJournalError, TopicsMissingError } from "../../services/ingest/kafka/kafkaErrors.ts";
import { KafkaSource, type KafkaSourceOptions } from "../../services/ingest/kafka/kafkaSource.ts";
import { encodeInput, publish } from "../../services/ingest/kafka/publisher.ts";
import { createTopics, topicNames } from "../../services/ingest/kafka/topics.ts";
import { SourceGapError, type SourcePosition, type VenueInput } from "../../services/ingest/source.ts";
import { describeWithBroker } from "./broker.ts";
import { venueInputs } from "./venue.ts";

/** What a journal keeps of a source: its inputs in order, and how far each partition is in it. */
class Journal {
  readonly inputs: VenueInput[] = [];
  readonly offsets: string[] = [];
  readonly #positions = new Map<string, SourcePosition>();

  get positions(): SourcePosition[] {
    return [...this.#positions.values()];
  }

  async readFrom(source: KafkaSource, upTo: number, max = 64): Promise<void> {
    for (let empty = 0; this.inputs.length < upTo && empty < 1_500; ) {
      const batch = await source.pull(Math.min(max, upTo - this.inputs.length));
      if (batch === undefined) throw new Error("the source ended");
      empty = batch.inputs.length === 0 ? empty + 1 : 0;
      for (const { span, offset, input } of batch.inputs) {
        const { topic, partition } = batch.spans[span]!;
        this.inputs.push(input);
        this.offsets.push(`${topic}[${partition}]@${offset}`);
      }
      for (const span of batch.spans) this.#positions.set(`${span.topic}/${span.partition}`, span);
      source.durable(this.positions);
    }
  }
}

describeWithBroker("a Kafka source", (broker: () => Broker) => {
  const client = () => new Kafka({ brokers: [broker().address], logLevel: logLevel.NOTHING });

  async function published(prefix: string, inputs: readonly VenueInput[]): Promise<void> {
    await createTopics({ address: broker().address }, { prefix });
    await publish(inputs, { address: broker().address, prefix, batchSize: 100 });
  }

  async function using(
    prefix: string,
    positions: readonly SourcePosition[],
    read: (source: KafkaSource) => Promise<void>,
    options: Partial<KafkaSourceOptions> = {},
  ): Promise<void> {
    const source = new KafkaSource({ address: broker().address, prefix, groupId: prefix, ...options });
    await source.open(positions);
    try {
      await read(source);
    } finally {
      await source.close();
    }
  }

  async function withAdmin<T>(work: (admin: ReturnType<Kafka["admin"]>) => Promise<T>): Promise<T> {
    const admin = client().admin();
    await admin.connect();
    return work(admin).finally(() => admin.disconnect());
  }

  async function deleteUpTo(topic: string, offset: string): Promise<void> {
    await withAdmin(async (admin) => {
      // kafkajs deletes only from topics that it has asked about before.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
    });
  }

  /** What an operator's tool does; kafkajs's own takes five seconds a topic. */
  async function setGroupOffsets(
    groupId: string,
    offsets: { topic: string; partition: number; offset: string }[],
  ): Promise<void> {
    const consumer = client().consumer({ groupId, maxWaitTimeInMs: 50 });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.subscribe({ topics: offsets.map(({ topic }) => topic) });
    await consumer.run({ autoCommit: false, eachBatch: async () => {} });
    await joined;
    await consumer.commitOffsets(offsets);
    await consumer.disconnect();
  }

  /** How much more comes within a while. */
  async function quiet(source: KafkaSource): Promise<number> {
    let more = 0;
    for (let turn = 0; turn < 15; turn++) more += (await source.pull(100))!.inputs.length;
    return more;
  }

  test("brings everything that was published exactly once, in merged order, with small buffers too", async () => {
    const inputs = venueInputs(1_000);
    await createTopics({ address: broker().address }, { prefix: "once" });
    const counts = await publish(inputs, { address: broker().address, prefix: "once", batchSize: 100 });
    expect(counts).toEqual({ accounts: 200, prices: 400, fills: 400, unreadable: 0 });

    for (const limits of [undefined, { records: 10, bytes: 1_000 }]) {
      const journal = new Journal();
      await using(
        "once",
        [],
        async (source) => {
          expect(source.backlog()).toBe(1_000);
          await journal.readFrom(source, 1_000);
          expect(await quiet(source)).toBe(0);
        },
        limits === undefined ? {} : { limits },
      );
      expect(journal.inputs).toEqual(inputs);
      expect(new Set(journal.offsets).size).toBe(1_000);
    }
  });

  test("goes on from the journal's positions, and with what comes live", async () => {
    const inputs = venueInputs(400);
    await published("onward", inputs);
    const journal = new Journal();
    await using("onward", [], (source) => journal.readFrom(source, 137));
    await using("onward", journal.positions, async (source) => {
      await journal.readFrom(source, 400);
      const live = venueInputs(50, 400);
      await publish(live, { address: broker().address, prefix: "onward" });
      await journal.readFrom(source, 450);
      expect(await quiet(source)).toBe(0);
    });
    expect(journal.inputs.slice(0, 400)).toEqual(inputs);
    expect(new Set(journal.offsets).size).toBe(450);
  });

  test("offsets that someone set in the group have no effect, in either direction", async () => {
    const inputs = venueInputs(300);
    await published("rewound", inputs);
    const { fills, prices, accounts } = topicNames("rewound");
    const journal = new Journal();
    await using("rewound", [], (source) => journal.readFrom(source, 150));
    const hinted = await withAdmin((admin) => admin.fetchOffsets({ groupId: "rewound", topics: [prices] }));
    const journalled = journal.positions.find(({ topic }) => topic === prices)!;
    expect(hinted[0]!.partitions).toMatchObject([{ partition: 0, offset: String(journalled.lastOffset + 1) }]);

    await setGroupOffsets("rewound", [
      { topic: prices, partition: 0, offset: "3" },
      { topic: fills, partition: 0, offset: "999" },
      { topic: accounts, partition: 1, offset: "12" },
    ]);
    await using("rewound", journal.positions, async (source) => {
      await journal.readFrom(source, 300);
      expect(await quiet(source)).toBe(0);
    });
    expect(journal.inputs).toEqual(inputs);
  });

  test("a stretch that was published twice comes twice: finding duplicates is the engine's part", async () => {
    const inputs = venueInputs(60);
    await published("twice", inputs);
    await published("twice", inputs);
    const journal = new Journal();
    await using("twice", [], (source) => journal.readFrom(source, 120));
    const tradeIds = journal.inputs.flatMap((input) => (input.kind === "fill" ? [input.fill.tradeId] : []));
    expect(tradeIds.length).toBe(48);
    expect(new Set(tradeIds).size).toBe(24);
  });

  test("records that were deleted before they were read are a gap, with its numbers", async () => {
    await published("gap", venueInputs(200));
    const topic = topicNames("gap").prices;
    const journal = new Journal();
    await using("gap", [], (source) => journal.readFrom(source, 100));
    const { lastOffset } = journal.positions.find((at) => at.topic === topic)!;
    await deleteUpTo(topic, "70");

    const source = new KafkaSource({ address: broker().address, prefix: "gap", groupId: "gap" });
    const error = await source.open(journal.positions).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceGapError);
    expect((error as SourceGapError).missing).toEqual([
      { topic, partition: 0, journalNext: lastOffset + 1, firstAvailable: 70 },
    ]);
    // Without a journal, its beginning is missing just as well.
    const fresh = new KafkaSource({ address: broker().address, prefix: "gap", groupId: "gap" });
    await expect(fresh.open([])).rejects.toThrow(
      `${topic}[0]: the journal needs offset 0, the first still there is 70`,
    );
  });

  test("records that are deleted while the source runs are a gap, after all that came before", async () => {
    await published("erased", venueInputs(200));
    const topic = topicNames("erased").prices;
    const journal = new Journal();
    const limits = { records: 8, bytes: 1_000_000 };
    await using(
      "erased",
      [],
      async (source) => {
        await journal.readFrom(source, 10, 10);
        await publish(venueInputs(20_000, 200), { address: broker().address, prefix: "erased" });
        await deleteUpTo(topic, "8000");
        await expect(journal.readFrom(source, 20_200, 500)).rejects.toThrow(SourceGapError);
        const prices = journal.offsets.filter((offset) => offset.startsWith(topic));
        expect(prices.length).toBeLessThan(8_000);
        expect(prices).toEqual(prices.map((_, offset) => `${topic}[0]@${offset}`));
      },
      { limits, watermarkCheckMs: 200 },
    );
  });

  test("a journal that is ahead of the broker is refused", async () => {
    await published("ahead", venueInputs(20));
    const topic = topicNames("ahead").prices;
    const source = new KafkaSource({ address: broker().address, prefix: "ahead" });
    const error = await source
      .open([{ topic, partition: 0, leaderEpoch: 0, lastOffset: 500 }])
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BrokerBehindJournalError);
    expect((error as BrokerBehindJournalError).partitions).toEqual([
      { topic, partition: 0, journalNext: 501, highWatermark: 8 },
    ]);
  });

  test("a topic that is deleted and made anew while the source runs stops it", async () => {
    await published("anew", venueInputs(50));
    const journal = new Journal();
    await using(
      "anew",
      [],
      async (source) => {
        await journal.readFrom(source, 50);
        await withAdmin((admin) => admin.deleteTopics({ topics: [topicNames("anew").prices] }));
        await createTopics({ address: broker().address }, { prefix: "anew" });
        await expect(journal.readFrom(source, 51)).rejects.toThrow(BrokerBehindJournalError);
      },
      { watermarkCheckMs: 200 },
    );
  });

  test("missing topics are named with the command that creates them, and not created", async () => {
    const source = new KafkaSource({ address: broker().address, prefix: "nowhere" });
    const error = await source.open([]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TopicsMissingError);
    expect(String(error)).toContain(`npm run kafka -- --create-topics-at ${broker().address} --prefix nowhere`);
    expect(await withAdmin((admin) => admin.listTopics())).not.toContain("nowhere.fills");
  });

  test("records that cannot be read come as they are, in their place", async () => {
    await createTopics({ address: broker().address }, { prefix: "broken", partitions: { fills: 1, accounts: 1 } });
    const [good, after] = venueInputs(10).filter((input) => input.kind === "fill");
    const whole = encodeInput(good!)!.message.value as Buffer;
    const broken = [
      whole.subarray(0, whole.length - 3),
      Buffer.from([0, 1, 2, 3]),
      // A trade id that is not UTF-8.
      Buffer.from([18, 2, 0xc3, 0x28]),
    ];
    const producer = client().producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const values = [whole, ...broken, null, Buffer.alloc(0), encodeInput(after!)!.message.value];
    await producer.send({ topic: topicNames("broken").fills, messages: values.map((value) => ({ key: "a", value })) });
    await producer.disconnect();

    const journal = new Journal();
    await using("broken", [], (source) => journal.readFrom(source, values.length));
    const unreadable = journal.inputs.slice(1, 5);
    expect(journal.inputs[0]).toEqual(good);
    expect(unreadable.map((input) => input.kind === "unreadable" && [...input.record])).toEqual([
      ...broken.map((bytes) => [...bytes]),
      [],
    ]);
    expect(unreadable).toEqual(Array(4).fill(expect.objectContaining({ reason: RefusalReason.UNDECODABLE })));
    expect(journal.inputs[5]).toMatchObject({ kind: "fill", fill: { account: "", eventTimeUs: 0n } });
    expect(journal.inputs[6]).toEqual(after);
  });

  test("transactions are gaps, unless offsets may be sparse; aborted records do not come", async () => {
    await createTopics({ address: broker().address }, { prefix: "sparse" });
    const inputs = venueInputs(10);
    const producer = client().producer({ transactionalId: "sparse", maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const names = topicNames("sparse");
    const send = async (some: readonly VenueInput[], end: "commit" | "abort"): Promise<void> => {
      const transaction = await producer.transaction();
      for (const input of some) {
        const { content, message } = encodeInput(input)!;
        await transaction.send({ topic: names[content], messages: [message] });
      }
      await transaction[end]();
    };
    await send(inputs.slice(0, 5), "commit");
    await send(venueInputs(3, 1_000), "abort");
    await send(inputs.slice(5), "commit");
    await producer.disconnect();

    const journal = new Journal();
    await using(
      "sparse",
      [],
      async (source) => {
        await journal.readFrom(source, 10);
        expect(await quiet(source)).toBe(0);
      },
      { sparseOffsets: true },
    );
    expect(journal.inputs).toEqual(inputs);
    await using("sparse", [], async (source) => {
      await expect(new Journal().readFrom(source, 10)).rejects.toThrow(SourceGapError);
    });
  });

  test("a broker that is killed and comes back: all arrives, once, the stored part in order", async () => {
    const inputs = venueInputs(600);
    await published("killed", inputs.slice(0, 400));
    const journal = new Journal();
    const errors: string[] = [];
    const told: string[] = [];
    await using(
      "killed",
      [],
      async (source) => {
        await journal.readFrom(source, 200, 20);
        await broker().kill();
        await journal.readFrom(source, 205, 1);
        await broker().restart();
        await publish(inputs.slice(400), { address: broker().address, prefix: "killed" });
        await journal.readFrom(source, 600);
        expect(await quiet(source)).toBe(0);
      },
      {
        limits: { records: 32, bytes: 1_000_000 },
        log: (level, message) => {
          if (level === "error") errors.push(message);
          if (level === "info" || level === "warn") told.push(message);
        },
      },
    );
    expect(errors).toEqual([]);
    expect(told).toContainEqual(expect.stringContaining("the Kafka consumer stopped and is replaced"));
    expect(told).toContain("the Kafka consumer reads again");
    expect(journal.inputs.slice(0, 400)).toEqual(inputs.slice(0, 400));
    expect(new Set(journal.offsets).size).toBe(600);
  });
});
