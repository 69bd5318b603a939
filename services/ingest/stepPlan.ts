import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { LiquidatingPosition, MarginCall, VenueFeedback } from "./venueFeedback.ts";

/** Part of a position that a trade closes. */
export interface Closed {
  readonly account: string;
  readonly quantity: bigint;
}

/**
 * What a source does with its feedback in one step. Read once, when the step starts.
 *
 * An account in liquidation trades nothing else in the step, so its positions can only shrink by `close` and no
 * liquidation fill exceeds what is left. Called accounts take no new risk either.
 */
export class StepPlan {
  /** Accounts whose positions `close` gives; they trade nothing else in the step. */
  readonly liquidating: ReadonlySet<string>;
  /** These and the called ones. */
  readonly barred: ReadonlySet<string>;
  readonly calls: readonly MarginCall[];
  readonly #open = new Map<string, { account: string; left: bigint }[]>();

  /**
   * @param limits `most` accounts are barred, the others wait for a later step; `spared` ones never are: they take the
   * other side
   */
  constructor(feedback: VenueFeedback | undefined, limits: { most: number; spared: readonly { name: string }[] }) {
    const spared = new Set(limits.spared.map(({ name }) => name));
    const barred = new Set<string>();
    const bar = (account: string): boolean => {
      if (spared.has(account)) return false;
      if (barred.size < limits.most) barred.add(account);
      return barred.has(account);
    };
    for (const position of feedback?.liquidating() ?? []) {
      if (bar(position.account)) this.#add(position);
    }
    this.liquidating = new Set(barred);
    this.calls = [...(feedback?.called() ?? [])];
    for (const { account } of this.calls) bar(account);
    this.barred = barred;
  }

  /** Takes up to `quantity` out of the positions that a fill on this side closes: a sale closes longs. */
  close(instrument: string, side: Side, quantity: bigint): Closed[] {
    const queue = this.#open.get(queueName(instrument, side));
    const closed: Closed[] = [];
    let rest = quantity;
    for (let head = queue?.[0]; queue !== undefined && head !== undefined && rest > 0n; head = queue[0]) {
      let part = rest;
      if (head.left <= rest) {
        part = head.left;
        queue.shift();
      }
      closed.push({ account: head.account, quantity: part });
      rest -= part;
      head.left -= part;
    }
    return closed;
  }

  #add({ account, instrument, quantity }: LiquidatingPosition): void {
    const name = queueName(instrument, quantity > 0n ? Side.SELL : Side.BUY);
    const queue = this.#open.get(name) ?? [];
    queue.push({ account, left: quantity > 0n ? quantity : -quantity });
    this.#open.set(name, queue);
  }
}

function queueName(instrument: string, side: Side): string {
  return `${side} ${instrument}`;
}
