import { BASIS_COUNTED } from "../../../assembly/memory/layout.ts";
import { JournalEvent, MarginState } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { type Shard, VENUE_ACCOUNT_NAMES } from "../../engine/shard.ts";
import type { JournalRow } from "../../journal/journal.ts";
import { marginLines } from "../history/history.ts";

/** How often an account came into a state, and when first, in microseconds since 1970. */
export interface Occurrence {
  readonly count: number;
  readonly firstTimeUs: number;
}

/** What became of one account. */
export interface AccountOutcome {
  called?: Occurrence;
  liquidating?: Occurrence;
  bankrupt?: Occurrence;
}

/** Sums over all accounts in one currency, in its units. */
export interface Totals {
  readonly initialMargin: bigint;
  readonly maintenanceMargin: bigint;
  /** Initial margin above equity: collateral that is asked for. */
  readonly shortfall: bigint;
  /** Equity below zero. */
  readonly deficit: bigint;
}

const NOTHING: Totals = { initialMargin: 0n, maintenanceMargin: 0n, shortfall: 0n, deficit: 0n };

/** Counts what one side of the comparison brought. It grows with the accounts, never with the log. */
export class Tally {
  readonly accounts = new Map<number, AccountOutcome>();
  /** What insurance bore, by currency, in its units. */
  readonly covered = new Map<number, bigint>();
  /** Inputs after which some account's margin could not be said. */
  marginUnknown = 0;

  /** @param currencyOf of an instrument */
  count(row: JournalRow, currencyOf: (instrument: number) => number): void {
    const { body } = JournalEvent.decode(row.payload);
    switch (body?.$case) {
      case "marginStateChanged":
        this.#reached(row, body.value.to);
        return;
      case "insurancePaid":
        this.#cover(body.value.currency, body.value.amount);
        return;
      case "fundingPaid":
      case "positionSettled":
        if (body.value.covered !== 0n) this.#cover(currencyOf(row.instrument!), body.value.covered);
        return;
      case "marginUnknown":
        if (body.value.unknown) this.marginUnknown++;
        return;
    }
  }

  #reached({ account, eventTimeUs }: JournalRow, state: MarginState): void {
    const name = NAMES[state];
    if (name === undefined) return;
    const outcome = this.accounts.get(account!) ?? {};
    this.accounts.set(account!, outcome);
    const before = outcome[name];
    outcome[name] = { count: (before?.count ?? 0) + 1, firstTimeUs: before?.firstTimeUs ?? eventTimeUs };
  }

  #cover(currency: number, amount: bigint): void {
    this.covered.set(currency, (this.covered.get(currency) ?? 0n) + amount);
  }

  /** Accounts that were in the state at least once, and how often all together. */
  reached(state: keyof AccountOutcome): { readonly accounts: number; readonly times: number } {
    let accounts = 0;
    let times = 0;
    for (const outcome of this.accounts.values()) {
      const occurrence = outcome[state];
      if (occurrence === undefined) continue;
      accounts++;
      times += occurrence.count;
    }
    return { accounts, times };
  }
}

const NAMES: { readonly [state: number]: keyof AccountOutcome | undefined } = {
  [MarginState.CALLED]: "called",
  [MarginState.LIQUIDATING]: "liquidating",
  [MarginState.BANKRUPT]: "bankrupt",
};

/** What the accounts that are asked for together require and lack at this moment, by currency. */
export function totalsOf({ reader }: Shard, asked: (account: number) => boolean): Map<number, Totals> {
  const totals = new Map<number, Totals>();
  for (let account = VENUE_ACCOUNT_NAMES.length; account < reader.accountCount; account++) {
    if (!asked(account)) continue;
    const view = reader.account(account);
    // A pool that is counted in the verdict of another currency is not judged: nothing is asked for in it.
    const judged = { ...view, pools: view.pools.filter(({ basis }) => basis !== BASIS_COUNTED) };
    for (const { currency, equity, initialMargin, maintenanceMargin } of marginLines(judged)) {
      const sum = totals.get(currency) ?? NOTHING;
      totals.set(currency, {
        initialMargin: sum.initialMargin + initialMargin,
        maintenanceMargin: sum.maintenanceMargin + maintenanceMargin,
        shortfall: sum.shortfall + (initialMargin > equity ? initialMargin - equity : 0n),
        deficit: sum.deficit + (equity < 0n ? -equity : 0n),
      });
    }
  }
  return totals;
}
