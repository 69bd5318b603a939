import { Worker } from "node:worker_threads";
import { keepCollectionsShort } from "../bin/collector.ts";

/** As `npm start` runs the engine: semi-spaces of 2 MB (a young generation is three of them). */
const resourceLimits = { maxYoungGenerationSizeMb: 6 } as const;

/** A server in a thread of its own, and the port that it tells first. */
export async function startServer(name: string): Promise<{ readonly worker: Worker; readonly port: number }> {
  // As `plimsoll serve` does, for the whole process.
  keepCollectionsShort();
  const worker = new Worker(new URL(name, import.meta.url), { resourceLimits });
  const { port } = await messageOf<{ port: number }>(worker);
  return { worker, port };
}

/** The next message of a thread. @throws what ends the thread */
export function messageOf<Message>(worker: Worker): Promise<Message> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error);
    worker.once("error", failed);
    worker.once("message", (message: Message) => {
      worker.off("error", failed);
      resolve(message);
    });
  });
}
