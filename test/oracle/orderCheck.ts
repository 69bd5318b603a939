// MAR-024: what an order would do, tried on a copy of the book.

import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { bindingName } from "../../services/kernel/bindingName.ts";
import { type Account, accountOf, type Book, instrumentOf, VENUE_ACCOUNTS } from "./book.ts";
import { quantityRefusal, refusal, tradePriceRefusal } from "./checks.ts";
import { type Contract, type Direction, exactCash } from "./contract.ts";
import { applyFill, closingQuantity, touchPosition } from "./ledger.ts";
import { contractNamed, type Market } from "./market.ts";
import type { Order, OrderReport, Refusal } from "./outcome.ts";
import { overflowRefusal } from "./overflow.ts";
import { agedPrice } from "./priceAges.ts";
import { floor, greater, lesser, magnitude } from "./rational.ts";
import { isolatedFigures, poolFigures } from "./requirement.ts";

const NOTHING = {
  reduces: false,
  fee: 0n,
  initialMarginBefore: 0n,
  initialMarginAfter: 0n,
  maintenanceMarginBefore: 0n,
  maintenanceMarginAfter: 0n,
  equityBefore: 0n,
  equityAfter: 0n,
  freeCollateralBefore: 0n,
  freeCollateralAfter: 0n,
  price: "",
};

/** `book` is a copy: the order is filled in it. */
export function checkOrder(book: Book, market: Market, order: Order): OrderReport {
  const refused = unanswerable(book, market, order);
  if (refused !== undefined) {
    const price = refused.code === RefusalReason.PRICE_MISSING ? `mark:${order.instrument}` : "";
    return { ...NOTHING, ...refused, price, binding: bindingName(refused.code) };
  }
  const contract = contractNamed(market, order.instrument);
  const account = accountOf(book, order.account);
  const mark = instrumentOf(book, order.instrument).mark!;
  const direction: Direction = order.side === Side.BUY ? 1n : -1n;
  const limit = order.price ?? mark;
  const position = touchPosition(account, contract);
  const reduces = closingQuantity(position.quantity, direction, order.quantity) === order.quantity;
  // CTL-003
  if (!reduces && account.state !== 1) {
    return { ...NOTHING, ...refusal(RefusalReason.ACCOUNT_STATE, BigInt(account.state), 1n), binding: "account_state" };
  }

  const before = figures(book, market, account, contract);
  const effect = applyFill(book, market, {
    account: order.account,
    contract,
    direction,
    quantity: order.quantity,
    price: priceOfOrder(),
    feeRateE9: contract.listing.takerFeeRateE9,
    venueFee: undefined,
    liquidation: false,
  });
  const overflow = overflowRefusal(book, market, effect, contract);
  if (overflow !== undefined) return { ...NOTHING, ...overflow, binding: bindingName(overflow.code) };
  const after = figures(book, market, account, contract);
  const decided = marginRefusal();
  const nearest = position.mode === 2 ? RefusalReason.INITIAL_MARGIN : RefusalReason.FREE_COLLATERAL;
  return {
    price: "",
    ...decided,
    binding: bindingName(decided.code !== 0 ? decided.code : reduces ? 0 : nearest),
    reduces,
    fee: effect.fee,
    initialMarginBefore: before.initialMargin,
    initialMarginAfter: after.initialMargin,
    maintenanceMarginBefore: before.maintenanceMargin,
    maintenanceMarginAfter: after.maintenanceMargin,
    equityBefore: before.equity,
    equityAfter: after.equity,
    freeCollateralBefore: before.freeCollateral,
    freeCollateralAfter: after.freeCollateral,
  };

  function marginRefusal(): Refusal & { readonly price?: string } {
    if (reduces) return refusal(0);
    if (account.quarantined) return refusal(RefusalReason.ACCOUNT_QUARANTINED);
    const aged = agedPrice(book, market, account, contract, []);
    if (aged !== undefined) return aged;
    if (position.mode === 2) {
      if (after.equity < after.initialMargin) {
        return refusal(RefusalReason.INITIAL_MARGIN, after.equity, after.initialMargin);
      }
      // MAR-033: while it rests the position stands as it is, and what it would free by closing is not free yet.
      return before.equity >= before.initialMargin
        ? refusal(0)
        : refusal(RefusalReason.INITIAL_MARGIN, before.equity, before.initialMargin);
    }
    if (effect.required > effect.freeForPosting) {
      return refusal(RefusalReason.FREE_COLLATERAL, effect.required, effect.freeForPosting);
    }
    // MAR-034.
    const reserved = greater(0n, effect.required) + greater(0n, effect.openingFee);
    if (reserved > before.freeCollateral) {
      return refusal(RefusalReason.FREE_COLLATERAL, reserved, before.freeCollateral);
    }
    return before.equity >= before.initialMargin
      ? refusal(0)
      : refusal(RefusalReason.INITIAL_MARGIN, before.equity, before.initialMargin);
  }

  /** Cross: the worse of limit and mark. Isolated: the one that is worth more, because that is what must be posted. */
  function priceOfOrder(): bigint {
    if (position.mode === 2) return direction === 1n ? greater(limit, mark) : lesser(limit, mark);
    const worth = (price: bigint) => magnitude(floor(exactCash(contract, direction, order.quantity, price)));
    return worth(limit) >= worth(mark) ? limit : mark;
  }
}

/** Of the pool for a cross position; of the position if isolated. The free collateral is the pool's for both. */
function figures(book: Book, market: Market, account: Account, contract: Contract) {
  const pool = poolFigures(book, market, account, contract.currency);
  const position = touchPosition(account, contract);
  const judged = position.mode === 2 ? pool : isolatedFigures(book, market, position);
  return {
    equity: judged.equity,
    initialMargin: judged.initialMargin,
    maintenanceMargin: judged.maintenanceMargin,
    freeCollateral: pool.freeCollateral,
  };
}

function unanswerable(book: Book, market: Market, order: Order): Refusal | undefined {
  const account = book.accounts.get(order.account);
  if (account === undefined) return refusal(RefusalReason.ACCOUNT_UNKNOWN);
  if (VENUE_ACCOUNTS.includes(order.account)) return refusal(RefusalReason.ACCOUNT_RESERVED);
  const contract = market.contracts.get(order.instrument);
  if (contract === undefined) return refusal(RefusalReason.INSTRUMENT_UNKNOWN);
  const state = instrumentOf(book, order.instrument);
  if (state.settled) return refusal(RefusalReason.INSTRUMENT_SETTLED);
  const quantity = quantityRefusal(contract, order.quantity);
  if (quantity !== undefined) return quantity;
  const price = order.price === undefined ? undefined : tradePriceRefusal(contract, order.price);
  if (price !== undefined) return price;
  return state.mark === undefined ? refusal(RefusalReason.PRICE_MISSING) : undefined;
}
