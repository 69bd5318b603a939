import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Book } from "./book.ts";
import { refusal } from "./checks.ts";
import { type Contract, exactCash } from "./contract.ts";
import type { FillEffect } from "./ledger.ts";
import type { Market } from "./market.ts";
import type { Refusal } from "./outcome.ts";
import { floor, magnitude } from "./rational.ts";
import { poolFigures, positionFigures } from "./requirement.ts";

const QUANTITY_END = 2n ** 53n;
const MONEY_END = 2n ** 62n;
const WORTH_END = 2n ** 60n;

/**
 * Whether a book that an input was tried on holds a quantity of 2^53 or money of 2^62 in magnitude. Which of several
 * sums is found first is no part of the rules, so value and limit are zero.
 */
export function overflowRefusal(
  book: Book,
  market: Market,
  effect?: FillEffect,
  contract?: Contract,
): Refusal | undefined {
  const money: bigint[] = effect === undefined ? [] : [effect.cash, effect.fee, effect.realisedProfit];
  const quantities: bigint[] = [];
  for (const account of book.accounts.values()) {
    for (const position of account.positions.values()) {
      const figures = positionFigures(book, market, position);
      quantities.push(position.quantity);
      money.push(position.entryCost, position.posted, figures.markValue, figures.unrealisedProfit);
      money.push(figures.initialMargin, position.realisedProfit, position.fees, position.funding);
    }
    for (const currency of account.pools.keys()) {
      const pool = poolFigures(book, market, account, currency);
      money.push(pool.balance, pool.equity, pool.initialMargin, pool.maintenanceMargin);
    }
  }
  const overflows =
    (contract !== undefined && effect !== undefined && worthAtWorst(contract, effect.quantityAfter) >= WORTH_END) ||
    quantities.some((quantity) => magnitude(quantity) >= QUANTITY_END) ||
    money.some((amount) => magnitude(amount) >= MONEY_END);
  return overflows ? refusal(RefusalReason.OVERFLOW) : undefined;
}

/** INP-002: what a position would be worth at the price that makes it worth most. */
function worthAtWorst(contract: Contract, quantity: bigint): bigint {
  const worst = contract.inverse ? 1n : contract.listing.priceLimit;
  if (quantity === 0n) return 0n;
  return magnitude(floor(exactCash(contract, quantity > 0n ? 1n : -1n, magnitude(quantity), worst)));
}
