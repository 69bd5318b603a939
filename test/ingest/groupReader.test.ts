import { EventEmitter } from "node:events";
import type { Consumer, Kafka } from "kafkajs";
import { expect, test } from "vitest";
import { GroupReader } from "../../services/ingest/kafka/groupReader.ts";
import { PartitionMerge } from "../../services/ingest/kafka/merge.ts";
import { PartitionReader } from "../../services/ingest/kafka/partitionReader.ts";

const topic = "venue.prices";

/** What a kafkajs consumer does around a crash: it stops, takes leave of its brokers, and only then tells of the crash. */
class ScriptedConsumer extends EventEmitter {
  readonly events = {
    GROUP_JOIN: "consumer.group_join",
    FETCH: "consumer.fetch",
    START_BATCH_PROCESS: "consumer.start_batch_process",
    STOP: "consumer.stop",
    CRASH: "consumer.crash",
  };
  running = false;
  resumed = 0;

  async connect(): Promise<void> {}
  async subscribe(): Promise<void> {}
  async disconnect(): Promise<void> {}
  seek(): void {}
  pause(): void {}

  async run(): Promise<void> {
    this.running = true;
    this.emit(this.events.GROUP_JOIN, { payload: { memberAssignment: { [topic]: [0] } } });
  }

  resume(): void {
    if (!this.running) throw new Error("consumer#run must be called first");
    this.resumed += 1;
  }
}

test("a partition is not resumed between a consumer's stop and its word of a crash", async () => {
  const consumer = new ScriptedConsumer();
  const merge = new PartitionMerge([{ topic, topicRank: 1, partition: 0, nextOffset: 0, endOffset: 10 }]);
  const reader = new PartitionReader({ topic, content: "prices", partition: 0 }, 0, merge, false);
  const group = new GroupReader({
    kafka: { consumer: () => consumer as unknown as Consumer } as unknown as Kafka,
    groupId: "group",
    readCommitted: true,
    topics: [topic],
    bufferBytes: 1_000,
    readers: [reader],
    log: () => {},
    arrived: () => {},
    failed: (error) => {
      throw error;
    },
  });
  await group.start();
  reader.paused = true;
  group.resumeWhereRoom();
  expect(consumer.resumed).toBe(1);

  reader.paused = true;
  consumer.running = false;
  consumer.emit(consumer.events.STOP, {});
  expect(() => group.resumeWhereRoom()).not.toThrow();
  await group.close();
});
