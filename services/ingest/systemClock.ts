import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "./clock.ts";

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms) => {
    await wait(ms);
  },
};
