// MAR-001 to MAR-011 and MAR-025: what inputs move between balances, positions and venue accounts. The functions change
// the book that they are given; whoever calls them has checked the input and throws the book away on a refusal.

import {
  type Account,
  accountOf,
  type Book,
  credit,
  instrumentOf,
  type Position,
  poolOf,
  VENUE_FEES,
  VENUE_INSURANCE,
  VENUE_ROUNDING,
} from "./book.ts";
import { type Contract, type Direction, exactCash, exactCloseCash } from "./contract.ts";
import type { Market } from "./market.ts";
import { ceilDivide, floor, floorDivide, greater, lesser, magnitude, sign, trunc } from "./rational.ts";
import { BILLION, initialMargin, openCrossPositions, poolFigures } from "./requirement.ts";

export interface FillTerms {
  readonly account: string;
  readonly contract: Contract;
  readonly direction: Direction;
  readonly quantity: bigint;
  readonly price: bigint;
  readonly feeRateE9: bigint;
  /** As the venue charged it. */
  readonly venueFee: bigint | undefined;
  readonly liquidation: boolean;
}

/** What a fill did, in the words of FillApplied. */
export interface FillEffect {
  readonly cash: bigint;
  readonly rounding: bigint;
  readonly realisedProfit: bigint;
  /** With the liquidation fee. */
  readonly fee: bigint;
  readonly liquidationFee: bigint;
  readonly quantityAfter: bigint;
  readonly entryCostAfter: bigint;
  readonly postedAfter: bigint;
  /** MAR-007: what an isolated opening should post, and the free collateral it had for it. */
  readonly required: bigint;
  /** Of the fee: what the opening part bears. */
  readonly openingFee: bigint;
  readonly freeForPosting: bigint;
  /** Paid by insurance for the account: MAR-008 and MAR-025. */
  readonly insurancePaid: readonly bigint[];
}

/** The account's position in an instrument; at the first touch with the account's mode and the default leverage. */
export function touchPosition(account: Account, contract: Contract): Position {
  let position = account.positions.get(contract.name);
  if (position === undefined) {
    position = {
      instrument: contract.name,
      currency: contract.currency,
      mode: account.mode,
      leverageE2: BigInt(contract.listing.defaultLeverageE2),
      quantity: 0n,
      entryCost: 0n,
      posted: 0n,
      realisedProfit: 0n,
      fees: 0n,
      funding: 0n,
      state: 1,
    };
    account.positions.set(contract.name, position);
    poolOf(account, contract.currency);
  }
  return position;
}

/** How much of a fill closes: nothing when it adds. */
export function closingQuantity(held: bigint, direction: Direction, quantity: bigint): bigint {
  return sign(held) === -direction ? lesser(quantity, magnitude(held)) : 0n;
}

export function applyFill(book: Book, market: Market, terms: FillTerms): FillEffect {
  const { contract, direction, quantity, price } = terms;
  const account = accountOf(book, terms.account);
  const position = touchPosition(account, contract);
  const pool = poolOf(account, contract.currency);

  // MAR-001
  const exact = exactCash(contract, direction, quantity, price);
  const cash = floor(exact);
  const rounding = trunc(exact) - cash;
  credit(book, VENUE_ROUNDING, contract.currency, rounding);

  // MAR-004
  const closing = closingQuantity(position.quantity, direction, quantity);
  const opening = quantity - closing;
  const closingCash = opening === 0n ? cash : floor(exactCash(contract, direction, closing, price));
  const openingCash = cash - closingCash;

  // MAR-005
  const fee = terms.venueFee ?? ceilDivide(magnitude(cash) * terms.feeRateE9, BILLION);
  const closingFee = floorDivide(fee * closing, quantity);
  const openingFee = fee - closingFee;
  credit(book, VENUE_FEES, contract.currency, fee);

  const insurancePaid: bigint[] = [];
  let realisedProfit = 0n;
  let liquidationFee = 0n;
  if (closing > 0n) {
    // MAR-006
    const liquidationFeeDue = terms.liquidation
      ? ceilDivide(magnitude(cash) * contract.listing.liquidationFeeRateE9, BILLION)
      : 0n;
    const share = releaseShare(position, closing);
    realisedProfit = relieve(position, closing, closingCash);
    if (position.mode === 2) {
      pool.balance += realisedProfit - closingFee;
      liquidationFee = lesser(liquidationFeeDue, greater(pool.balance, 0n));
      pool.balance -= liquidationFee;
    } else {
      const slice = share + realisedProfit - closingFee;
      liquidationFee = lesser(liquidationFeeDue, greater(slice, 0n));
      const covered = releaseSlice(book, account, position, slice, liquidationFee);
      if (covered > 0n) insurancePaid.push(covered);
    }
    credit(book, VENUE_INSURANCE, contract.currency, liquidationFee);
  }

  let required = 0n;
  let freeForPosting = 0n;
  if (opening > 0n) {
    // MAR-002
    const costBefore = position.entryCost;
    position.quantity += direction * opening;
    position.entryCost -= openingCash;
    pool.balance -= openingFee;
    if (position.mode === 1) {
      // MAR-007
      required = greater(
        0n,
        initialMargin(contract, position.leverageE2, magnitude(position.entryCost)) -
          initialMargin(contract, position.leverageE2, magnitude(costBefore)),
      );
      freeForPosting = poolFigures(book, market, account, contract.currency).freeCollateral;
      const posting = lesser(required, greater(freeForPosting, 0n));
      pool.balance -= posting;
      position.posted += posting;
    }
  }
  position.realisedProfit += realisedProfit;
  position.fees += fee + liquidationFee;
  if (terms.liquidation) insurancePaid.push(...restorePool(book, market, account, contract.currency));
  return {
    cash,
    rounding,
    realisedProfit,
    fee: fee + liquidationFee,
    liquidationFee,
    quantityAfter: position.quantity,
    entryCostAfter: position.entryCost,
    postedAfter: position.posted,
    required,
    openingFee,
    freeForPosting,
    insurancePaid,
  };
}

/** MAR-003. @returns the realised profit */
function relieve(position: Position, closing: bigint, cash: bigint): bigint {
  const relieved = ceilDivide(position.entryCost * closing, magnitude(position.quantity));
  position.entryCost -= relieved;
  position.quantity -= sign(position.quantity) * closing;
  return cash - relieved;
}

/** MAR-008: takes the share of `posted` that goes with the closing quantity out of the fence. */
function releaseShare(position: Position, closing: bigint): bigint {
  if (position.mode === 2) return 0n;
  const share = floorDivide(position.posted * closing, magnitude(position.quantity));
  position.posted -= share;
  return share;
}

/** MAR-008. @returns what insurance paid */
function releaseSlice(book: Book, account: Account, position: Position, slice: bigint, liquidationFee: bigint): bigint {
  if (slice >= 0n) {
    poolOf(account, position.currency).balance += slice - liquidationFee;
    return 0n;
  }
  const fromPosted = lesser(-slice, position.posted);
  position.posted -= fromPosted;
  const covered = -slice - fromPosted;
  credit(book, VENUE_INSURANCE, position.currency, -covered);
  return covered;
}

/** MAR-025. @returns the payment, if there was one */
function restorePool(book: Book, market: Market, account: Account, currency: string): bigint[] {
  const pool = poolOf(account, currency);
  if (pool.balance >= 0n || openCrossPositions(market, account, currency).length > 0) return [];
  const payment = -pool.balance;
  pool.balance = 0n;
  credit(book, VENUE_INSURANCE, currency, -payment);
  return [payment];
}

/** The net quantity of an instrument over all accounts of the shard. */
export function netQuantity(book: Book, instrument: string): bigint {
  let net = 0n;
  for (const account of book.accounts.values()) net += account.positions.get(instrument)?.quantity ?? 0n;
  return net;
}

export interface FundingPayment {
  readonly account: string;
  readonly amount: bigint;
  readonly postedChange: bigint;
  readonly covered: bigint;
}

/** MAR-009. The mark is there: a funding without one is refused. */
export function applyFunding(
  book: Book,
  contract: Contract,
  rateE9: bigint,
): { payments: FundingPayment[]; rounding: bigint } {
  const mark = instrumentOf(book, contract.name).mark;
  if (mark === undefined) throw new Error(`${contract.name}: funding without a mark`);
  const notionalOf = (quantity: bigint) => magnitude(floor(exactCloseCash(contract, quantity, mark)));
  const payments: FundingPayment[] = [];
  let sum = 0n;
  for (const account of book.accounts.values()) {
    const position = account.positions.get(contract.name);
    if (position === undefined || position.quantity === 0n) continue;
    const amount = floorDivide(-sign(position.quantity) * notionalOf(position.quantity) * rateE9, BILLION);
    sum += amount;
    position.funding += amount;
    if (position.mode === 2) {
      poolOf(account, contract.currency).balance += amount;
      payments.push({ account: account.name, amount, postedChange: 0n, covered: 0n });
    } else {
      const postedChange = greater(amount, -position.posted);
      const covered = postedChange - amount;
      position.posted += postedChange;
      credit(book, VENUE_INSURANCE, contract.currency, -covered);
      payments.push({ account: account.name, amount, postedChange, covered });
    }
  }
  const net = netQuantity(book, contract.name);
  // bigint division rounds toward zero, as the rule asks.
  const rounding = (-sign(net) * notionalOf(net) * rateE9) / BILLION - sum;
  credit(book, VENUE_ROUNDING, contract.currency, rounding);
  return { payments, rounding };
}

export interface SettledPosition {
  readonly account: string;
  readonly quantity: bigint;
  readonly realisedProfit: bigint;
  readonly postedReleased: bigint;
  readonly covered: bigint;
  /** MAR-025. */
  readonly insurancePaid: readonly bigint[];
}

/** MAR-010. Positions of the instrument are gone afterwards, with the choices that they carried. */
export function applySettlement(
  book: Book,
  market: Market,
  contract: Contract,
  price: bigint,
): { settled: SettledPosition[]; rounding: bigint } {
  const net = netQuantity(book, contract.name);
  const settled: SettledPosition[] = [];
  let sum = 0n;
  for (const account of book.accounts.values()) {
    const position = account.positions.get(contract.name);
    if (position === undefined || (position.quantity === 0n && position.posted === 0n)) continue;
    const { quantity } = position;
    const cash = floor(exactCloseCash(contract, quantity, price));
    sum += cash;
    const postedReleased = position.posted;
    position.posted = 0n;
    const realisedProfit = quantity === 0n ? 0n : relieve(position, magnitude(quantity), cash);
    const slice = postedReleased + realisedProfit;
    let covered = 0n;
    if (position.mode === 2) poolOf(account, contract.currency).balance += realisedProfit;
    else covered = releaseSlice(book, account, position, slice, 0n);
    const insurancePaid = restorePool(book, market, account, contract.currency);
    settled.push({ account: account.name, quantity, realisedProfit, postedReleased, covered, insurancePaid });
  }
  const rounding = trunc(exactCloseCash(contract, net, price)) - sum;
  credit(book, VENUE_ROUNDING, contract.currency, rounding);
  const state = instrumentOf(book, contract.name);
  state.settled = true;
  return { settled, rounding };
}
