import type { AccountCommand, ControlCommand } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { AccountView, ControlsView, InstrumentView, MarginStateNumber, OrderAnswer } from "../kernel/views.ts";
import type { AccountBook } from "./accountBook.ts";
import type { AccountExplanation } from "./explainAccount.ts";
import type { Names } from "./names.ts";

/** Which state an answer speaks of: everything up to this journal position, and the event time there. */
export interface AsOf {
  readonly journalPosition: bigint;
  readonly eventTimeUs: bigint;
}

/** What became of a command: `code` 0 when applied, else a RefusalReason with the value that broke the limit. */
export interface CommandOutcome {
  readonly code: number;
  readonly value: bigint;
  readonly limit: bigint;
  readonly asOf: AsOf;
}

/** One line of the list of accounts, worst first. */
export interface AccountRank {
  readonly account: number;
  readonly state: MarginStateNumber;
  /** The worst margin ratio among its pools and isolated positions, in millionths (MAR-017). */
  readonly marginRatioE6: bigint;
}

export interface OrderQuestion {
  readonly account: number;
  readonly instrument: number;
  readonly side: 1 | 2;
  /** In quantity units. */
  readonly quantity: bigint;
  /** In price units; undefined for a market order. */
  readonly price: bigint | undefined;
  /** To be refused when it would add to a position. */
  readonly reduceOnly: boolean;
}

/** What a venue asks for an order of its own id: to hold margin for it, to change what is held, to let it go. */
export interface HoldRequest {
  readonly kind: "place" | "amend" | "release";
  /** Known by (account, requestId), together with all other commands of the account: the same id has the same answer. */
  readonly requestId: string;
  readonly account: string;
  readonly orderId: string;
  /** Of a placed order; an amendment and a release go by the order id alone. */
  readonly instrument: string;
  readonly side: 1 | 2;
  /** In quantity units. Of an amendment: what is left to fill from now on. A release does not look at it. */
  readonly quantity: bigint;
  /** In price units; undefined for a market order. */
  readonly price: bigint | undefined;
  /** It only ever reduces: the venue cuts it to what is open. */
  readonly reduceOnly: boolean;
  /** By the feed's event time. Undefined: until it is released or filled; of an amendment: as it was. */
  readonly expiresAtUs: bigint | undefined;
}

/** The final answer to a hold request, which is on disk. */
export interface HoldOutcome {
  /** 0 accepted, else a RefusalReason. Of a request seen before: what was answered then. */
  readonly code: number;
  readonly value: bigint;
  readonly limit: bigint;
  readonly binding: string;
  /** The request id was seen before; nothing was done now. */
  readonly duplicate: boolean;
  /** All zero for a release and for a request that was refused before its margin was looked at. */
  readonly figures: OrderAnswer;
  readonly asOf: AsOf;
}

export interface LargestOrderQuestion {
  readonly account: number;
  readonly instrument: number;
  readonly side: 1 | 2;
  /** In price units; undefined for a market order. */
  readonly price: bigint | undefined;
}

/** The largest order that passes, in quantity units, to one lot (MAR-038); `binding` is why one lot more does not. */
export interface LargestOrder {
  readonly quantity: bigint;
  readonly binding: string;
}

/** The cheapest single order after whose fill at the mark an account in call has its initial margin (MAR-039). */
export interface Cure {
  readonly instrument: number;
  readonly side: 1 | 2;
  /** In quantity units, to one lot. */
  readonly quantity: bigint;
  /** Taker fee, in units of the instrument's settlement currency. */
  readonly cost: bigint;
}

/** The nearest moves of an underlying at which maintenance fails, in millionths of its price (MAR-040); undefined: none. */
export interface LiquidationMoves {
  readonly up: bigint | undefined;
  readonly down: bigint | undefined;
}

/**
 * The engine as a gateway sees it. Reads are synchronous and come from the state at `asOf`, the last of which may still be on its way
 * to the disk (`waitForDisk`); `submit` resolves when its outcome is on disk.
 */
export interface RiskEngine {
  readonly names: Names;
  /** `serving`, or why not. A stopped engine answers no question and takes no command. */
  readonly status: { readonly serving: boolean; readonly reason: string };
  /**
   * Undefined when the whole state is on disk; else resolves when it is, or the engine has stopped. What is told before that could
   * be missing in the record after a loss of power; a check binds nobody, and does not wait.
   */
  waitForDisk(): Promise<void> | undefined;
  asOf(): AsOf;
  account(account: number): AccountView;
  instrument(instrument: number): InstrumentView;
  /** All accounts but the venue's own, by margin ratio, worst first, then by account. */
  accountsByMarginRatio(): readonly AccountRank[];
  /** How the account's margin came about, as it stands. */
  explain(account: number): AccountExplanation;
  /** The account as a book that can be margined elsewhere. */
  book(account: number): AccountBook;
  /** Without effect; the orders that rest already are counted. */
  checkOrder(question: OrderQuestion): OrderAnswer;
  maxOrder(question: LargestOrderQuestion): LargestOrder;
  /** Undefined when the account is not in call, or when no single order cures it. */
  cure(account: number): Cure | undefined;
  /** `underlying` is the name of an index. Both undefined when the account has nothing on it. */
  liquidationMoves(account: number, underlying: string): LiquidationMoves;
  submit(command: AccountCommand): Promise<CommandOutcome>;
  /** Resolves when the answer is on disk, together with whatever else the engine's batch holds. */
  submitHold(request: HoldRequest): Promise<HoldOutcome>;
  /** Sets a control before the trade; `instrument` of its scope, "" for all. */
  submitControl(instrument: string, command: ControlCommand): Promise<CommandOutcome>;
  /** Everything that stands in an order's way, as it is set. */
  controls(): ControlsView;
  /** Called after each durable batch with the accounts that it touched. @returns how to stop it */
  onDurable(listener: (touched: ReadonlySet<number>) => void): () => void;
}
