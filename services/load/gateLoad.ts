import type {
  DecideStreamRequest,
  DecideStreamResponse,
  GateAnswer,
  GateCall,
  Order,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { type GatewayAddress, GatewayClient } from "../gateway/client.ts";
import { GATE_BUSY, GatewayError } from "../gateway/statusDetails.ts";
import type { LoadResult } from "./openLoop.ts";

export interface GateLoadOptions {
  readonly address: GatewayAddress;
  readonly connections: number;
  /** One question a call; `batchSize` a call; or `batchSize` a message of one stream a connection. */
  readonly mode: "unary" | "batch" | "stream";
  readonly batchSize: number;
  /** Checks; or holds, placed and released in turn. */
  readonly kind: "check" | "hold";
  /** Orders go to them in turn. */
  readonly accounts: readonly string[];
  readonly instrument: string;
  /** Decimal, of every order. */
  readonly quantity: string;
  /** Begins the ids of requests and orders: another one for every run against the same journal. */
  readonly run: string;
}

/** How many orders rest at a time: order n is released when order n + RESTING is placed. */
const RESTING = 200;
const RELEASED_AT_ONCE = 100;

/** Checks on each connection before a load begins. */
const WARM_UP_CHECKS = 500;

/** Questions to a running gate, made from their number alone. */
export class GateLoad {
  readonly #options: GateLoadOptions;
  readonly #clients: readonly GatewayClient[];
  readonly #streams: readonly GateStream[];
  /** Accounts of the orders that rest, by order id. */
  readonly #resting = new Map<string, string>();
  #released = 0;

  constructor(options: GateLoadOptions) {
    this.#options = options;
    this.#clients = Array.from({ length: options.connections }, () => new GatewayClient(options.address));
    this.#streams =
      options.mode === "stream"
        ? this.#clients.map((client) => new GateStream(client, options.address.callsWaiting))
        : [];
  }

  /** Sends one message, with one question or `batchSize` of them. */
  send(message: number): LoadResult | Promise<LoadResult> {
    const connection = message % this.#clients.length;
    const client = this.#clients[connection]!;
    const stream = this.#streams[connection];
    // Before the questions are made: a sender ten times too fast must not spend himself on what he will not send.
    return (stream ?? client).full ? "turned away" : this.#send(message, client, stream);
  }

  async #send(message: number, client: GatewayClient, stream: GateStream | undefined): Promise<LoadResult> {
    const { mode, batchSize } = this.#options;
    try {
      if (mode === "unary") return await this.#ask(client, message);
      const calls = Array.from({ length: batchSize }, (_, index) => this.#call(message * batchSize + index));
      const answers = stream === undefined ? (await client.decide(calls)).answers : await stream.ask(calls);
      calls.forEach((call, index) => {
        const answer = answers[index]?.answer;
        if (answer?.$case === "hold") this.#note(call, answer.value.accepted);
      });
      return resultOf(answers);
    } catch (error) {
      return error instanceof GatewayError && error.reason === GATE_BUSY ? "turned away" : "failed";
    }
  }

  /** Asks on every connection, so that no order of the load waits for one to open or for code that runs the first time. */
  async warmUp(): Promise<void> {
    for (let round = 0; round < WARM_UP_CHECKS; round++) {
      await Promise.all(this.#clients.map((client) => client.checkOrder(this.#order(round))));
    }
  }

  /** Releases every order of this load that rests. @returns how many they were */
  async releaseAll(): Promise<number> {
    const left = [...this.#resting];
    for (let first = 0; first < left.length; first += RELEASED_AT_ONCE) {
      const calls = left.slice(first, first + RELEASED_AT_ONCE).map(([orderId, account]): GateCall => {
        const requestId = `${this.#options.run}-clear-${this.#released++}`;
        return { tag: 0n, call: { $case: "release", value: { requestId, account, orderId } } };
      });
      await this.#clients[0]!.decide(calls);
    }
    this.#resting.clear();
    return left.length;
  }

  #note({ call }: Pick<GateCall, "call">, accepted: boolean | undefined): void {
    if (accepted !== true) return;
    if (call?.$case === "place") this.#resting.set(call.value.orderId, call.value.order!.account);
    else if (call?.$case === "release") this.#resting.delete(call.value.orderId);
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
    for (const client of this.#clients) client.close();
  }

  async #ask(client: GatewayClient, number: number): Promise<LoadResult> {
    const { call } = this.#call(number);
    if (call?.$case === "place") this.#note({ call }, (await client.placeHold(call.value)).decision?.accepted);
    else if (call?.$case === "release") this.#note({ call }, (await client.releaseHold(call.value)).decision?.accepted);
    else if (call?.$case === "check") await client.checkOrder(call.value);
    return "answered";
  }

  #call(number: number): GateCall {
    const tag = BigInt(number);
    if (this.#options.kind === "check") return { tag, call: { $case: "check", value: this.#order(number) } };
    const { run } = this.#options;
    const pair = Math.floor(number / 2);
    if (number % 2 === 0 || pair < RESTING) {
      const value = {
        requestId: `${run}-place-${number}`,
        orderId: `${run}-${number}`,
        order: this.#order(number),
        expiresAtUs: undefined,
      };
      return { tag, call: { $case: "place", value } };
    }
    const released = 2 * (pair - RESTING);
    const value = {
      requestId: `${run}-release-${released}`,
      account: this.#order(released).account,
      orderId: `${run}-${released}`,
    };
    return { tag, call: { $case: "release", value } };
  }

  #order(number: number): Order {
    const { accounts, instrument, quantity } = this.#options;
    const account = accounts[Math.floor(number / 2) % accounts.length]!;
    return {
      account,
      instrument,
      side: number % 4 < 2 ? Side.BUY : Side.SELL,
      quantity,
      limitPrice: undefined,
      reduceOnly: false,
    };
  }
}

function resultOf(answers: readonly GateAnswer[]): LoadResult {
  let result: LoadResult = "answered";
  for (const { answer } of answers) {
    if (answer?.$case !== "error") continue;
    if (answer.value.reason !== GATE_BUSY) return "failed";
    result = "turned away";
  }
  return result;
}

/** One stream: messages are answered in their order. */
class GateStream {
  readonly #call: ReturnType<GatewayClient["decideStream"]>;
  readonly #waiting: { resolve: (answers: readonly GateAnswer[]) => void; reject: (error: Error) => void }[] = [];
  readonly #mostWaiting: number;
  #ended: Error | undefined;

  constructor(client: GatewayClient, mostWaiting = Infinity) {
    this.#mostWaiting = mostWaiting;
    this.#call = client.decideStream();
    this.#call.on("data", ({ answers }: DecideStreamResponse) => this.#waiting.shift()?.resolve(answers));
    this.#call.on("error", (error: Error) => this.#end(error));
    this.#call.on("end", () => this.#end(new Error("the gate has ended the stream")));
  }

  /** As many messages wait as may: whoever sends asks this first. */
  get full(): boolean {
    return this.#waiting.length >= this.#mostWaiting;
  }

  ask(calls: GateCall[]): Promise<readonly GateAnswer[]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#call.write({ calls } satisfies DecideStreamRequest);
    });
  }

  close(): void {
    this.#call.cancel();
  }

  #end(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
