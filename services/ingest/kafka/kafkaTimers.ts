import { createRequire } from "node:module";

interface RequestQueue {
  readonly pending: readonly unknown[];
}

interface RequestQueueClass {
  readonly prototype: { scheduleCheckPendingRequests?: (this: RequestQueue) => void };
}

/**
 * Keeps kafkajs 2.2.4 from looking at an empty request queue every millisecond, for ever, on every connection. The
 * delay that it computes for that is negative, which Node 24 reports on the terminal as a TimeoutNegativeWarning. A
 * queue that holds requests is looked at as before; an empty one is looked at when a request enters it.
 */
export function stopIdleKafkaTimers(): void {
  const load = createRequire(import.meta.url);
  const prototype = (load("kafkajs/src/network/requestQueue/index.js") as RequestQueueClass).prototype;
  const schedule = prototype.scheduleCheckPendingRequests;
  if (schedule === undefined || schedule.name === replacementName) return;
  prototype.scheduleCheckPendingRequests = {
    [replacementName](this: RequestQueue): void {
      if (this.pending.length > 0) schedule.call(this);
    },
  }[replacementName]!;
}

const replacementName = "scheduleCheckOfHeldRequests";
