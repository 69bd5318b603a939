// The thread of the checkpoints. The log begins anew when a checkpoint has copied all of it: where the engine never rests, that takes
// some tries, each of which finds less to copy than the one before.

import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { LOCK_TIMEOUT_MS } from "./lockTimeout.ts";

const TRIES = 50;

const database = new DatabaseSync(workerData as string, { timeout: LOCK_TIMEOUT_MS });
const checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");

parentPort!.on("message", async () => {
  for (let tries = 0; tries < TRIES; tries++) {
    const { log, checkpointed } = checkpoint.get()!;
    if (log === checkpointed) break;
    await sleep(1);
  }
  parentPort!.postMessage(undefined);
});
