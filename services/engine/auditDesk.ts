import type { JournalRow } from "../journal/journal.ts";
import type { AccountView, MarginStateNumber } from "../kernel/views.ts";
import type { RiskEngine } from "./riskEngine.ts";

/**
 * A moment of a journal: after the event at this position with all that followed from it, or after the last event that the
 * engine had seen when its event time was at or before this one (microseconds since 1970).
 */
export type Moment = { readonly position: number } | { readonly timeUs: bigint };

/** Why a question about the past has no answer. */
export type NoAnswerReason =
  /** The journal knows no account of this name. */
  | "ACCOUNT_UNKNOWN"
  /** The account was opened later. */
  | "BEFORE_BIRTH"
  /** Before the first event of the journal. */
  | "BEFORE_JOURNAL"
  /** The journal ends before it. */
  | "BEYOND_HEAD"
  /** The account's regime has no document that applies there, or one that this version cannot read. */
  | "REGIME_UNKNOWN"
  /** The kernel that computed this stretch is not kept, or does not run here. */
  | "KERNEL_UNKNOWN"
  /** The account has been in its state since it was opened. */
  | "NEVER_CHANGED";

/** The typed answer where there is none: the message says what was asked and what there is. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly reason: NoAnswerReason;
  readonly details: Readonly<Record<string, string>>;

  constructor(reason: NoAnswerReason, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.reason = reason;
    this.details = details;
  }
}

/** The shard as it was: what a gateway reads of a live one. */
export type PastState = Pick<RiskEngine, "names" | "asOf" | "account" | "instrument" | "explain">;

/** An account at a moment, exactly as the engine saw it. */
export interface AccountAt {
  readonly account: number;
  readonly view: AccountView;
  readonly state: PastState;
  /** Says that `state` is not read any more: the next question may then be answered in its memory. */
  readonly release: () => void;
  /** SHA-256 of the kernel that computed it then, and now again, hexadecimal. */
  readonly kernelHash: string;
  /** What the answer cost: the rung that it began from (0: the start of the log), and the events replayed after it. */
  readonly rungPosition: number;
  readonly replayedEvents: number;
}

/** Where an input came from; undefined for what came over the API or from the engine itself. */
export interface EventSource {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What a pool or an isolated position requires, in units of its currency. */
export interface MarginLine {
  readonly currency: number;
  /** Of an isolated position; undefined for a pool. */
  readonly instrument: number | undefined;
  readonly equity: bigint;
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
  readonly state: MarginStateNumber;
}

/** One event of an account, and how the account stood after it and all that followed from the same input. */
export interface HistoryEvent {
  readonly row: JournalRow;
  /** The input that it is or followed from: a price move, a fill, a command. */
  readonly cause: JournalRow;
  readonly source: EventSource | undefined;
  readonly state: MarginStateNumber;
  readonly margins: readonly MarginLine[];
}

/** Questions about the past of one shard. Each rejects with NoAnswerError where there is no answer. */
export interface AuditDesk {
  accountAt(account: string, moment: Moment): Promise<AccountAt>;
  /** The account's events in order, from the first at or after `from` to the last at or before `to`. */
  history(account: string, from?: Moment, to?: Moment): AsyncIterable<HistoryEvent & { readonly past: PastState }>;
}
