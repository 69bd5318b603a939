// MAR-033, MAR-034, MAR-037 told again, slowly: resting orders as a list, every answer from the whole list and copies of the
// book. It shares the ledger and the requirement with the oracle of the other rules, and nothing with the kernel.

import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { type Account, accountOf, type Book, instrumentOf } from "./book.ts";
import { type Contract, type Direction, exactCash } from "./contract.ts";
import { applyFill, touchPosition } from "./ledger.ts";
import { contractNamed, type Market } from "./market.ts";
import { agedPrice } from "./priceAges.ts";
import { floor, greater, lesser, magnitude } from "./rational.ts";
import { isolatedFigures, poolFigures } from "./requirement.ts";

export interface RestingOrder {
  readonly account: string;
  readonly orderId: string;
  readonly instrument: string;
  readonly side: Side;
  quantity: bigint;
  price: bigint | undefined;
  readonly reduceOnly: boolean;
  /** Orders of one price are filled in this order. */
  sequence: number;
}

function directionOf(side: Side): Direction {
  return side === Side.BUY ? 1n : -1n;
}

/** Market orders first, then the best price, then as placed. */
function inOrder(orders: readonly RestingOrder[]): RestingOrder[] {
  return orders.toSorted((a, b) => {
    if (a.price === undefined || b.price === undefined) {
      if (a.price === b.price) return a.sequence - b.sequence;
      return a.price === undefined ? -1 : 1;
    }
    if (a.price === b.price) return a.sequence - b.sequence;
    const better = a.side === Side.BUY ? a.price > b.price : a.price < b.price;
    return better ? -1 : 1;
  });
}

/** What one side of an instrument's orders asks for: filled one after another on a copy of the book. */
function sideReserve(real: Book, market: Market, name: string, contract: Contract, orders: readonly RestingOrder[]) {
  const book = structuredClone(real);
  const account = accountOf(book, name);
  const position = touchPosition(account, contract);
  const cross = position.mode === 2;
  const before = poolFigures(book, market, account, contract.currency);
  const mark = instrumentOf(book, contract.name).mark!;
  let posting = 0n;
  for (const reducing of [true, false]) {
    for (const order of inOrder(orders.filter(({ reduceOnly }) => reduceOnly === reducing))) {
      const direction = directionOf(order.side);
      const open = position.quantity * direction < 0n ? magnitude(position.quantity) : 0n;
      const quantity = reducing ? lesser(order.quantity, open) : order.quantity;
      if (quantity === 0n) continue;
      const limit = order.price ?? mark;
      const worth = (price: bigint) => magnitude(floor(exactCash(contract, direction, quantity, price)));
      const dearer = worth(limit) >= worth(mark) ? limit : mark;
      const worse = direction === 1n ? greater(limit, mark) : lesser(limit, mark);
      const effect = applyFill(book, market, {
        account: name,
        contract,
        direction,
        quantity,
        price: cross ? worse : dearer,
        feeRateE9: contract.listing.takerFeeRateE9,
        venueFee: undefined,
        liquidation: false,
      });
      posting += greater(0n, effect.required) + greater(0n, effect.openingFee);
    }
  }
  if (!cross) return posting;
  const after = poolFigures(book, market, account, contract.currency);
  return after.initialMargin - before.initialMargin - (after.equity - before.equity);
}

function instrumentReserve(
  book: Book,
  market: Market,
  name: string,
  contract: Contract,
  orders: readonly RestingOrder[],
) {
  const sides = [Side.BUY, Side.SELL].map((side) => orders.filter((order) => order.side === side));
  const asked = sides.map((side) => (side.length === 0 ? 0n : sideReserve(book, market, name, contract, side)));
  return asked.reduce(greater, 0n);
}

/** What an account's orders reserve in a currency. */
export function reservedIn(book: Book, market: Market, name: string, currency: string, all: readonly RestingOrder[]) {
  const orders = all.filter(({ account }) => account === name);
  let sum = 0n;
  for (const instrument of new Set(orders.map((order) => order.instrument))) {
    const contract = contractNamed(market, instrument);
    if (contract.currency !== currency) continue;
    const own = orders.filter((order) => order.instrument === instrument);
    sum += instrumentReserve(book, market, name, contract, own);
  }
  return sum;
}

/**
 * Whether an order may rest beside `others`, by full recomputation. `replaced` is the order whose place it takes: it is not
 * among the others.
 */
export function mayRest(
  book: Book,
  market: Market,
  order: RestingOrder,
  others: readonly RestingOrder[],
  replaced: RestingOrder | undefined,
): boolean {
  const contract = contractNamed(market, order.instrument);
  const account: Account = accountOf(book, order.account);
  const position = touchPosition(account, contract);
  const held = position.quantity * directionOf(order.side) < 0n ? magnitude(position.quantity) : 0n;
  if (order.reduceOnly) return order.quantity <= held;
  const beside = others.filter(
    ({ account: name, instrument, side }) =>
      name === order.account && instrument === order.instrument && side === order.side,
  );
  if (order.quantity <= held - beside.reduce((sum, { quantity }) => sum + quantity, 0n)) return true;
  const reservedWith = (orders: readonly RestingOrder[]) =>
    reservedIn(book, market, order.account, contract.currency, orders);
  const after = reservedWith([...others, order]);
  if (replaced !== undefined && after <= reservedWith([...others, replaced])) return true;
  if (account.state !== 1 || account.quarantined) return false;
  const resting = others.filter((other) => other.account === order.account).map((other) => other.instrument);
  if (agedPrice(book, market, account, contract, resting) !== undefined) return false;
  const pool = poolFigures(book, market, account, contract.currency);
  if (position.mode === 2) return pool.equity >= pool.initialMargin + after;
  const fenced = isolatedFigures(book, market, position);
  return fenced.equity >= fenced.initialMargin && after <= pool.freeCollateral;
}
