import type { MarginStateNumber } from "../../services/kernel/views.ts";
import { type Book, VENUE_ACCOUNTS } from "./book.ts";
import { type Market, positionsInOrder } from "./market.ts";
import type { Followed } from "./outcome.ts";
import { isolatedFigures, type MarginFigures, marginState, poolFigures } from "./requirement.ts";

const WORST_FIRST: readonly MarginStateNumber[] = [4, 3, 2];
const NONE: MarginFigures = { equity: 0n, initialMargin: 0n, maintenanceMargin: 0n };

/** MAR-016: judges every pool and isolated position anew. @returns the changes, in the order of the rule */
export function assess(book: Book, market: Market): Followed[] {
  const changes: Followed[] = [];
  for (const account of book.accounts.values()) {
    if (VENUE_ACCOUNTS.includes(account.name)) continue;
    for (const currency of market.currencyScales.keys()) {
      const pool = account.pools.get(currency);
      if (pool === undefined) continue;
      judge(pool, poolFigures(book, market, account, currency), currency, undefined);
    }
    for (const position of positionsInOrder(market, account)) {
      // A position that turned cross has no state of its own any more.
      const figures = position.mode === 1 ? isolatedFigures(book, market, position) : NONE;
      judge(position, figures, position.currency, position.instrument);
    }
    const parts = [...account.pools.values(), ...account.positions.values()];
    const worst = WORST_FIRST.find((state) => parts.some((part) => part.state === state)) ?? 1;
    if (worst !== account.state) {
      account.state = worst;
      account.stateSinceUs = book.timeUs;
    }

    function judge(
      part: { state: MarginStateNumber },
      figures: MarginFigures,
      currency: string,
      instrument: string | undefined,
    ): void {
      const from = part.state;
      const to = marginState(figures);
      if (from === to) return;
      part.state = to;
      const { equity, initialMargin, maintenanceMargin } = figures;
      changes.push({
        kind: "marginStateChanged",
        account: account.name,
        instrument,
        currency,
        from,
        to,
        equity,
        initialMargin,
        maintenanceMargin,
      });
    }
  }
  return changes;
}
