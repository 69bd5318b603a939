import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { ISocketFactory } from "kafkajs";

/**
 * The sockets of kafkajs clients. kafkajs takes leave of a broker by waiting for all its replies, which a broker that is
 * frozen or cut off never sends: whoever ends destroys them.
 */
export class KafkaSockets {
  readonly #open = new Set<Socket>();
  readonly #connect = defaultSocketFactory();
  #destroyed = false;

  readonly factory: ISocketFactory = (options) => {
    if (this.#destroyed) throw new Error("this client is closed");
    const socket = this.#connect(options);
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    return socket;
  };

  /** Requests under way fail, and so does every attempt to connect from here on. */
  destroy(): void {
    this.#destroyed = true;
    // With an error: only that makes kafkajs give up the requests that wait for a reply.
    for (const socket of this.#open) socket.destroy(new Error("this client is closed"));
  }
}

function defaultSocketFactory(): ISocketFactory {
  const load = createRequire(import.meta.url);
  return (load("kafkajs/src/network/socketFactory.js") as () => ISocketFactory)();
}
