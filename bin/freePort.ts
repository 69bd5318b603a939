import { createServer } from "node:net";

/**
 * Looks whether the port can be had before the journal is touched: a start that fails on its port must not have fenced the
 * engine that holds it.
 */
export async function requireFreePort(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => {
      reject(new Error(`${host}:${port} cannot be listened on (${error.message}): choose another with --port`));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}
