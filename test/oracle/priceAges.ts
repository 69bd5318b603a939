// CTL-017 once more: how old the prices are that an order's margin is reckoned from.

import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type Account, type Book, instrumentOf } from "./book.ts";
import { refusal } from "./checks.ts";
import type { Contract } from "./contract.ts";
import { type Market, positionsInOrder } from "./market.ts";
import type { Refusal } from "./outcome.ts";

/**
 * The first price that is missing or too old: of the order's instrument, of open cross positions in its currency by
 * instrument, of instruments of the currency where orders rest.
 * @param resting instruments of the account's orders
 */
export function agedPrice(
  book: Book,
  market: Market,
  account: Account,
  contract: Contract,
  resting: readonly string[],
): (Refusal & { readonly price: string }) | undefined {
  const held = positionsInOrder(market, account).filter(({ mode, quantity }) => mode === 2 && quantity !== 0n);
  const others = [...market.contracts.keys()].filter((name) => resting.includes(name));
  for (const name of [contract.name, ...held.map(({ instrument }) => instrument), ...others]) {
    const { currency, listing } = market.contracts.get(name)!;
    if (currency !== contract.currency) continue;
    const { mark, markTimeUs } = instrumentOf(book, name);
    const age = book.timeUs - markTimeUs;
    const price = `mark:${name}`;
    if (mark === undefined) return { ...refusal(RefusalReason.PRICE_MISSING), price };
    if (age > listing.staleAfterUs) return { ...refusal(RefusalReason.PRICE_STALE, age, listing.staleAfterUs), price };
  }
  return undefined;
}
