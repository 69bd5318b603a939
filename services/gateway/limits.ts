/** What a client may cost the gateway. Everything that a client can make grow has its bound here. */
export interface GatewayLimits {
  /** Open WatchAccounts streams, of all clients together. */
  readonly watchers: number;
  /** Accounts that one WatchAccounts request may name; one that names none watches all. */
  readonly watchedAccounts: number;
  /** Accounts, and positions of them together, that one WatchAccounts message carries, but always one account. */
  readonly watchMessageAccounts: number;
  readonly watchMessagePositions: number;
  readonly pageSizeDefault: number;
  readonly pageSizeMax: number;
  /** Bytes of an account name or a request id. */
  readonly nameLength: number;
  /** Questions that one message to the gate may carry. */
  readonly callsPerBatch: number;
  /** Holds that may wait for the disk; further ones are turned away at once. */
  readonly holdsWaiting: number;
  /** Calls that one connection may have open, its streams among them; HTTP/2 holds further ones back in the client. */
  readonly callsPerConnection: number;
  /** Once a turn of the event loop has worked for so long, the batches that it reads further are turned away. */
  readonly turnMs: number;
  readonly receiveBytes: number;
  readonly sendBytes: number;
  /** How often the engine's status is looked at between two durable batches. */
  readonly statusPollMs: number;
  /** After this time `close` cuts off calls that have not ended. */
  readonly closeWithinMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  watchers: 256,
  watchedAccounts: 10_000,
  watchMessageAccounts: 64,
  watchMessagePositions: 1_000,
  pageSizeDefault: 50,
  pageSizeMax: 1_000,
  nameLength: 128,
  callsPerBatch: 1_000,
  holdsWaiting: 4_000,
  callsPerConnection: 16,
  turnMs: 20,
  receiveBytes: 1 << 20,
  // What gRPC clients accept unless told otherwise.
  sendBytes: 4 << 20,
  statusPollMs: 100,
  closeWithinMs: 500,
};
