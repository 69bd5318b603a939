import { type ServerWritableStream, status } from "@grpc/grpc-js";
import type { Account } from "../../generated/proto/plimsoll/v1/account.ts";
import type { WatchAccountsRequest, WatchAccountsResponse } from "../../generated/proto/plimsoll/v1/account_service.ts";
import type { RiskEngine } from "../engine/riskEngine.ts";
import { accountMessage, asOfMessage } from "./accountMessage.ts";
import { requireServing } from "./calls.ts";
import type { GatewayLimits } from "./limits.ts";
import { GatewayError, invalidField, toServiceError, unknownName } from "./statusDetails.ts";

type WatchCall = ServerWritableStream<WatchAccountsRequest, WatchAccountsResponse>;

const VENUE_PREFIX = "venue:";

/** How much the watchers hold: what a slow reader costs. */
export interface WatchLoad {
  readonly streams: number;
  /** Accounts that changed and are not yet written, of all streams. */
  readonly pendingAccounts: number;
  /** Messages handed to the transport and not yet taken by it: at most one a stream. */
  readonly messagesInFlight: number;
}

interface Watch {
  readonly call: WatchCall;
  /** Undefined: all accounts but the venue's own. */
  readonly watched: ReadonlySet<number> | undefined;
  /**
   * Accounts whose newest state the reader has not been sent, in the order in which they changed. Numbers only: the
   * state is read when it is written, so a slow reader gets the newest, and holds at most one entry an account here.
   */
  readonly pending: Set<number>;
  writing: boolean;
}

/** The open WatchAccounts streams, fed by the engine's durable batches. */
export class Watchers {
  readonly #engine: RiskEngine;
  readonly #limits: GatewayLimits;
  readonly #watches = new Set<Watch>();
  readonly #stopListening: () => void;

  constructor(engine: RiskEngine, limits: GatewayLimits) {
    this.#engine = engine;
    this.#limits = limits;
    this.#stopListening = engine.onDurable((touched) => this.#mark(touched));
  }

  get load(): WatchLoad {
    let pendingAccounts = 0;
    let messagesInFlight = 0;
    for (const watch of this.#watches) {
      pendingAccounts += watch.pending.size;
      messagesInFlight += watch.writing ? 1 : 0;
    }
    return { streams: this.#watches.size, pendingAccounts, messagesInFlight };
  }

  /** Serves one stream until the client leaves or `endAll`. */
  open(call: WatchCall): void {
    try {
      requireServing(this.#engine);
      this.#requireRoom();
      const watched = this.#watchedAccounts(call.request.accounts);
      const pending = new Set(watched ?? this.#engine.accountsByMarginRatio().map((rank) => rank.account));
      const watch: Watch = { call, watched, pending, writing: false };
      this.#watches.add(watch);
      // grpc-js says "cancelled" at the end of every call, whoever ended it.
      call.on("cancelled", () => this.#watches.delete(watch));
      this.#write(watch);
    } catch (thrown) {
      call.emit("error", toServiceError(thrown));
    }
  }

  /** Ends every stream with an error, for example because the engine has stopped. */
  endAll(error: GatewayError): void {
    for (const watch of this.#watches) {
      this.#end(watch, error);
    }
  }

  /** Ends every stream and leaves the engine alone from then on. */
  close(error: GatewayError): void {
    this.#stopListening();
    this.endAll(error);
  }

  #requireRoom(): void {
    const limit = this.#limits.watchers;
    if (this.#watches.size >= limit) {
      throw new GatewayError(
        status.RESOURCE_EXHAUSTED,
        "TOO_MANY_WATCHERS",
        `${limit} watch streams are open, as many as this gateway serves: close one, or share one among your readers`,
        { limit: `${limit}` },
      );
    }
  }

  #watchedAccounts(names: readonly string[]): Set<number> | undefined {
    if (names.length === 0) {
      return undefined;
    }
    const limit = this.#limits.watchedAccounts;
    if (names.length > limit) {
      const rule = `must name at most ${limit}; name none to watch all`;
      throw invalidField("accounts", `${names.length} names`, rule, "TOO_MANY_ACCOUNTS");
    }
    return new Set(
      names.map((name) => {
        const account = this.#engine.names.account(name);
        if (account === undefined) {
          throw unknownName("account", name);
        }
        return account;
      }),
    );
  }

  #mark(touched: ReadonlySet<number>): void {
    for (const watch of this.#watches) {
      for (const account of touched) {
        const isWatched =
          watch.watched?.has(account) ?? !this.#engine.names.accounts[account]!.startsWith(VENUE_PREFIX);
        if (isWatched) {
          watch.pending.add(account);
        }
      }
      this.#write(watch);
    }
  }

  #write(watch: Watch): void {
    // One message at a time: what a reader does not take stays a number in `pending`, not a message in a buffer.
    if (watch.writing || watch.pending.size === 0 || !this.#watches.has(watch)) {
      return;
    }
    // What is on its way to the disk is told when it is there: then all are written to.
    if (this.#engine.waitForDisk() !== undefined) {
      return;
    }
    watch.writing = true;
    let response: WatchAccountsResponse;
    try {
      requireServing(this.#engine);
      response = this.#take(watch.pending);
    } catch (thrown) {
      this.#end(watch, thrown);
      return;
    }
    watch.call.write(response, () => {
      watch.writing = false;
      this.#write(watch);
    });
  }

  #take(pending: Set<number>): WatchAccountsResponse {
    const accounts: Account[] = [];
    let positions = 0;
    for (const account of pending) {
      if (accounts.length === this.#limits.watchMessageAccounts || positions >= this.#limits.watchMessagePositions) {
        break;
      }
      pending.delete(account);
      const message = accountMessage(this.#engine, account);
      positions += message.positions.length;
      accounts.push(message);
    }
    return { asOf: asOfMessage(this.#engine.asOf()), accounts };
  }

  #end(watch: Watch, thrown: unknown): void {
    this.#watches.delete(watch);
    watch.call.emit("error", toServiceError(thrown));
  }
}
