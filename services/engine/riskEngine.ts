import type { AccountCommand, ControlCommand } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Explanation } from "../evaluate/explain.ts";
import type { AccountView, ControlsView, InstrumentView, MarginStateNumber, OrderAnswer } from "../kernel/views.ts";
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

/**
 * The engine as a gateway sees it. Reads are synchronous and come from the state at `asOf`, all of which is on disk;
 * `submit` resolves when its outcome is on disk.
 */
export interface RiskEngine {
  readonly names: Names;
  /** `serving`, or why not. A stopped engine answers no question and takes no command. */
  readonly status: { readonly serving: boolean; readonly reason: string };
  asOf(): AsOf;
  account(account: number): AccountView;
  instrument(instrument: number): InstrumentView;
  /** All accounts but the venue's own, by margin ratio, worst first, then by account. */
  accountsByMarginRatio(): readonly AccountRank[];
  /** How the account's margin came about, as it stands. */
  explain(account: number): Explanation;
  checkOrder(question: OrderQuestion): OrderAnswer;
  submit(command: AccountCommand): Promise<CommandOutcome>;
  /** Sets a control before the trade; `instrument` of its scope, "" for all. */
  submitControl(instrument: string, command: ControlCommand): Promise<CommandOutcome>;
  /** Everything that stands in an order's way, as it is set. */
  controls(): ControlsView;
  /** Called after each durable batch with the accounts that it touched. @returns how to stop it */
  onDurable(listener: (touched: ReadonlySet<number>) => void): () => void;
}
