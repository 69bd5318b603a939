import { setTimeout as delay } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { SourceGapError, type SourcePosition } from "../source.ts";
import { BrokerBehindJournalError, type PartitionBehind, TopicsMissingError } from "./kafkaErrors.ts";
import { type TopicContent, type TopicNames, topicContents } from "./topics.ts";

/** What a broker still has of one partition: from `low`, up to but without `high`. */
export interface Watermarks {
  readonly topic: string;
  readonly content: TopicContent;
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** The watermarks of all partitions, by topic in the order of `topicContents`, then by partition. */
export async function readWatermarks(admin: Admin, names: TopicNames): Promise<Watermarks[]> {
  const watermarks: Watermarks[] = [];
  for (const content of topicContents) {
    const topic = names[content];
    for (const { partition, low, high } of await offsetsOf(admin, topic)) {
      watermarks.push({ topic, content, partition, low: parseOffset(low), high: parseOffset(high) });
    }
  }
  return watermarks.sort(
    (left, right) =>
      topicContents.indexOf(left.content) - topicContents.indexOf(right.content) || left.partition - right.partition,
  );
}

const leaderAttempts = 10;
const leaderWaitMs = 500;

/** A broker that has just started answers before its partitions have leaders; kafkajs waits for no leader here. */
async function offsetsOf(admin: Admin, topic: string): ReturnType<Admin["fetchTopicOffsets"]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await admin.fetchTopicOffsets(topic);
    } catch (error) {
      const { type } = error as { readonly type?: string };
      const leaderless = type === "NOT_LEADER_FOR_PARTITION" || type === "LEADER_NOT_AVAILABLE";
      if (!leaderless || attempt === leaderAttempts) throw error;
      await delay(leaderWaitMs);
    }
  }
}

/** @throws TopicsMissingError */
export async function requireTopics(admin: Admin, names: TopicNames, address: string, prefix: string): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = Object.values(names).filter((topic) => !existing.has(topic));
  if (missing.length > 0) throw new TopicsMissingError(missing, address, prefix);
}

/**
 * The offset to read next of each partition: after the journal's position, or 0 where it has none.
 * @returns in the order of `watermarks`
 */
export function nextOffsets(watermarks: readonly Watermarks[], positions: readonly SourcePosition[]): number[] {
  const journalled = new Map(positions.map((at) => [`${at.topic}/${at.partition}`, at.lastOffset + 1]));
  return watermarks.map(({ topic, partition }) => journalled.get(`${topic}/${partition}`) ?? 0);
}

/**
 * Compares what is to be read next with what the broker still has.
 * @param next by partition, in the order of `watermarks`
 * @throws SourceGapError when a partition begins after the record that is next
 */
export function requireNoGap(watermarks: readonly Watermarks[], next: readonly number[]): void {
  const missing = watermarks.flatMap(({ topic, partition, low }, index) =>
    low > next[index]! ? [{ topic, partition, journalNext: next[index]!, firstAvailable: low }] : [],
  );
  if (missing.length > 0) throw new SourceGapError(missing);
}

/** Partitions that end before the record that is next. */
export function partitionsBehind(watermarks: readonly Watermarks[], next: readonly number[]): PartitionBehind[] {
  return watermarks.flatMap(({ topic, partition, high }, index) =>
    high < next[index]! ? [{ topic, partition, journalNext: next[index]!, highWatermark: high }] : [],
  );
}

/**
 * Positions of partitions that the topics do not have.
 * @throws BrokerBehindJournalError
 */
export function requirePartitions(
  watermarks: readonly Watermarks[],
  positions: readonly SourcePosition[],
  names: TopicNames,
): void {
  const ours = new Set(Object.values(names));
  const present = new Set(watermarks.map((at) => `${at.topic}/${at.partition}`));
  const gone = positions.filter((at) => ours.has(at.topic) && !present.has(`${at.topic}/${at.partition}`));
  if (gone.length === 0) return;
  throw new BrokerBehindJournalError(
    gone.map(({ topic, partition, lastOffset }) => ({
      topic,
      partition,
      journalNext: lastOffset + 1,
      highWatermark: 0,
    })),
  );
}

/** @throws RangeError beyond 2^53, where numbers would no longer tell offsets apart */
export function parseOffset(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset)) throw new RangeError(`Kafka offset ${text} is not an integer below 2^53`);
  return offset;
}
