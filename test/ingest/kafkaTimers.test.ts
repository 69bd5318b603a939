import { createRequire } from "node:module";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stopIdleKafkaTimers } from "../../services/ingest/kafka/kafkaTimers.ts";

interface RequestQueue {
  readonly pending: unknown[];
  checkPendingRequests(): void;
  sendSocketRequest(request: unknown): void;
}

type RequestQueueClass = new (options: Record<string, unknown>) => RequestQueue;

const load = createRequire(import.meta.url);
const RequestQueue = load("kafkajs/src/network/requestQueue/index.js") as RequestQueueClass;

function requestQueue(maxInFlightRequests: number): RequestQueue {
  const logger = { debug: () => {} };
  const instrumentationEmitter = { emit: () => {} };
  return new RequestQueue({ maxInFlightRequests, logger, instrumentationEmitter, isConnected: () => true });
}

beforeEach(() => {
  vi.useFakeTimers();
  stopIdleKafkaTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("an empty request queue of kafkajs sets no timer, and so none with a negative delay", () => {
  requestQueue(1).checkPendingRequests();
  expect(vi.getTimerCount()).toBe(0);
});

test("a request that waits in the queue is still looked at, also when the correction was made twice", () => {
  stopIdleKafkaTimers();
  const queue = requestQueue(0);
  const sent: unknown[] = [];
  queue.sendSocketRequest = (request) => sent.push(request);
  queue.pending.push({ correlationId: 1 });
  queue.checkPendingRequests();
  expect(vi.getTimerCount()).toBe(1);
  Object.assign(queue, { maxInFlightRequests: 1 });
  vi.advanceTimersByTime(100);
  expect(sent).toEqual([{ correlationId: 1 }]);
  expect(vi.getTimerCount()).toBe(0);
});
