// What is asked of an input before it is applied. The table in oracle.ts gives the order; this file is that order.

import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type Fill, Liquidity, type MarketEvent, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { type Book, instrumentOf, VENUE_ACCOUNTS } from "./book.ts";
import type { Contract } from "./contract.ts";
import { fillIdentity, type Identities } from "./identities.ts";
import { closingQuantity } from "./ledger.ts";
import { contractNamed, type Market } from "./market.ts";
import type { Refusal } from "./outcome.ts";
import { greater, magnitude } from "./rational.ts";
import { BILLION } from "./requirement.ts";

/** 2000-01-01 and 2200-01-01 UTC. */
export const FIRST_TIME_US = 946_684_800_000_000n;
export const END_TIME_US = 7_258_118_400_000_000n;
export const FEE_LIMIT = 10n ** 15n;
export const AMOUNT_LIMIT = 10n ** 17n;
export const RATE_LIMIT_E9 = BILLION;

export function refusal(code: number, value = 0n, limit = 0n): Refusal {
  return { code, value, limit };
}

/** INP-004. `limit` is the end of the range that the time is beyond. */
export function timeRefusal(timeUs: bigint): Refusal | undefined {
  if (timeUs < FIRST_TIME_US) return refusal(RefusalReason.TIME_RANGE, timeUs, FIRST_TIME_US);
  if (timeUs >= END_TIME_US) return refusal(RefusalReason.TIME_RANGE, timeUs, END_TIME_US);
  return undefined;
}

/** INP-001 and INP-002, up to where the fill is tried on the ledger. */
export function fillRefusal(book: Book, market: Market, identities: Identities, fill: Fill): Refusal | undefined {
  const account = book.accounts.get(fill.account);
  if (account === undefined) return refusal(RefusalReason.ACCOUNT_UNKNOWN);
  if (VENUE_ACCOUNTS.includes(fill.account)) return refusal(RefusalReason.ACCOUNT_RESERVED);
  if (!market.contracts.has(fill.instrument)) return refusal(RefusalReason.INSTRUMENT_UNKNOWN);
  const known = identities.refusalOf(fillIdentity(fill));
  if (known !== undefined) return known;
  if (instrumentOf(book, fill.instrument).settled) return refusal(RefusalReason.INSTRUMENT_SETTLED);
  const sideMissing = fill.side !== Side.BUY && fill.side !== Side.SELL;
  const liquidityMissing = fill.liquidity !== Liquidity.MAKER && fill.liquidity !== Liquidity.TAKER;
  if (sideMissing || liquidityMissing) return refusal(RefusalReason.FIELD_MISSING);
  const contract = contractNamed(market, fill.instrument);
  const terms = quantityRefusal(contract, fill.quantity) ?? tradePriceRefusal(contract, fill.price);
  if (terms !== undefined) return terms;
  if (fill.fee !== undefined && magnitude(fill.fee) > FEE_LIMIT) {
    return refusal(RefusalReason.FEE_LIMIT, fill.fee, FEE_LIMIT);
  }
  if (fill.liquidation) {
    // MAR-006. `limit` is what the fill could have closed.
    const held = account.positions.get(fill.instrument)?.quantity ?? 0n;
    const closable = closingQuantity(held, fill.side === Side.BUY ? 1n : -1n, magnitude(held));
    if (fill.quantity > closable) return refusal(RefusalReason.NOT_REDUCING, fill.quantity, closable);
  }
  return undefined;
}

export function quantityRefusal({ listing }: Contract, quantity: bigint): Refusal | undefined {
  if (quantity <= 0n) return refusal(RefusalReason.QUANTITY_NOT_POSITIVE, quantity);
  if (quantity > listing.quantityLimit) return refusal(RefusalReason.QUANTITY_LIMIT, quantity, listing.quantityLimit);
  if (quantity % listing.lot !== 0n) return refusal(RefusalReason.QUANTITY_OFF_LOT, quantity, listing.lot);
  return undefined;
}

/** Of a fill or an order: on tick. */
export function tradePriceRefusal(contract: Contract, price: bigint): Refusal | undefined {
  const { tick } = contract.listing;
  const range = priceRefusal(contract, price);
  if (range !== undefined) return range;
  return price % tick === 0n ? undefined : refusal(RefusalReason.PRICE_OFF_TICK, price, tick);
}

/** Of a mark or a settlement price, which need not be on tick. */
function priceRefusal({ listing }: Contract, price: bigint): Refusal | undefined {
  if (price <= 0n && !listing.allowsNonPositivePrices) return refusal(RefusalReason.PRICE_NOT_POSITIVE, price);
  if (magnitude(price) > listing.priceLimit) return refusal(RefusalReason.PRICE_LIMIT, price, listing.priceLimit);
  return undefined;
}

/** INP-003 and INP-005, but for the price band, which changes what is held. */
export function marketEventRefusal(book: Book, market: Market, event: MarketEvent): Refusal | undefined {
  const body = event.event;
  if (body === undefined) return refusal(RefusalReason.FIELD_MISSING);
  if (body.$case === "listing") return listingRefusal(market, event.instrument, body.value);
  const contract = market.contracts.get(event.instrument);
  if (contract === undefined) return refusal(RefusalReason.INSTRUMENT_UNKNOWN);
  const state = instrumentOf(book, event.instrument);
  if (body.$case === "settlement") {
    if (state.settled) return refusal(RefusalReason.DUPLICATE);
    return priceRefusal(contract, body.value.price);
  }
  if (state.settled) return refusal(RefusalReason.INSTRUMENT_SETTLED);
  if (body.$case === "markPrice") {
    const range = priceRefusal(contract, body.value.price);
    if (range !== undefined) return range;
    if (state.mark === undefined) return undefined;
    const newestUs = greater(state.markTimeUs, state.heldTimeUs);
    const late = event.eventTimeUs <= newestUs;
    return late ? refusal(RefusalReason.PRICE_LATE, event.eventTimeUs, newestUs) : undefined;
  }
  if (body.$case !== "funding") throw new Error(`${body.$case}: this oracle knows margin tables only`);
  const { rateE9 } = body.value;
  if (magnitude(rateE9) > RATE_LIMIT_E9) return refusal(RefusalReason.RATE_RANGE, rateE9, RATE_LIMIT_E9);
  if (state.fundingTimeUs !== undefined && event.eventTimeUs <= state.fundingTimeUs) {
    return refusal(RefusalReason.DUPLICATE, event.eventTimeUs, state.fundingTimeUs);
  }
  // INP-005: one time, one answer.
  state.fundingTimeUs = event.eventTimeUs;
  return state.mark === undefined ? refusal(RefusalReason.PRICE_MISSING) : undefined;
}

function listingRefusal(market: Market, name: string, listing: Contract["listing"]): Refusal | undefined {
  if (market.contracts.has(name)) return refusal(RefusalReason.INSTRUMENT_EXISTS);
  if (!market.currencyScales.has(listing.settlementCurrency)) return refusal(RefusalReason.CURRENCY_UNKNOWN);
  const { marginTables, scenarioGrids } = market.document;
  const tableKnown = marginTables.some((table) => table.name === listing.marginTable);
  const gridKnown = scenarioGrids.some((grid) => grid.name === listing.scenarioGrid);
  return tableKnown && gridKnown ? undefined : refusal(RefusalReason.TABLE_UNKNOWN);
}
