// The thread of a pacer: it sleeps for as long as it is asked to, and says when it has.

import { parentPort, workerData } from "node:worker_threads";
import type { PacerData } from "./pacer.ts";

const { asked, sleepMs } = workerData as PacerData;
const never = new Int32Array(new SharedArrayBuffer(4));
for (let done = 0; ; done++) {
  Atomics.wait(asked, 0, done);
  Atomics.wait(never, 0, 0, sleepMs[0]);
  parentPort!.postMessage(undefined);
}
