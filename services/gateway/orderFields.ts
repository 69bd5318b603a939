import type {
  HoldAmendment,
  HoldPlacement,
  HoldRelease,
  Order,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { HoldRequest, OrderQuestion, RiskEngine } from "../engine/riskEngine.ts";
import { decimalField, PRICE_REASONS, QUANTITY_REASONS, requireText } from "./decimalField.ts";
import { invalidField, unknownName } from "./statusDetails.ts";

/** @throws GatewayError NOT_FOUND for a name that was never opened */
export function accountNumber(engine: RiskEngine, field: string, name: string): number {
  requireText(field, name);
  const account = engine.names.account(name);
  if (account === undefined) throw unknownName("account", name);
  return account;
}

export function instrumentNumber(engine: RiskEngine, field: string, name: string): number {
  requireText(field, name);
  const instrument = engine.names.instrument(name);
  if (instrument === undefined) throw unknownName("instrument", name);
  return instrument;
}

export function sideOf(field: string, side: Side): 1 | 2 {
  if (side === Side.BUY || side === Side.SELL) return side;
  throw invalidField(field, `${side}`, "must be SIDE_BUY or SIDE_SELL", "FIELD_MISSING");
}

export function quantityOf(engine: RiskEngine, instrument: number, field: string, text: string): bigint {
  return decimalField(field, text, engine.names.instruments[instrument]!.listing.quantityScale, QUANTITY_REASONS);
}

/** Undefined for a market order. */
export function priceOf(
  engine: RiskEngine,
  instrument: number,
  field: string,
  text: string | undefined,
): bigint | undefined {
  if (text === undefined) return undefined;
  return decimalField(field, text, engine.names.instruments[instrument]!.listing.priceScale, PRICE_REASONS);
}

/** @throws GatewayError NOT_FOUND for unknown names, INVALID_ARGUMENT for what is no order */
export function orderQuestion(engine: RiskEngine, order: Order | undefined): OrderQuestion {
  if (order === undefined) throw invalidField("order", "", "must be given", "FIELD_MISSING");
  const account = accountNumber(engine, "order.account", order.account);
  const instrument = instrumentNumber(engine, "order.instrument", order.instrument);
  return {
    account,
    instrument,
    side: sideOf("order.side", order.side),
    quantity: quantityOf(engine, instrument, "order.quantity", order.quantity),
    price: priceOf(engine, instrument, "order.limit_price", order.limitPrice),
    reduceOnly: order.reduceOnly,
  };
}

/** The numbers of an order and what its hold is asked for. */
export interface HoldQuestion {
  readonly request: HoldRequest;
  /** Undefined for a release, which says no instrument. */
  readonly order: OrderQuestion | undefined;
}

export function placement(engine: RiskEngine, hold: HoldPlacement | undefined): HoldQuestion {
  if (hold === undefined) throw invalidField("hold", "", "must be given", "FIELD_MISSING");
  const { requestId, orderId, order, expiresAtUs } = hold;
  identify(requestId, orderId);
  const question = orderQuestion(engine, order);
  const { account, instrument } = order!;
  const { side, quantity, price, reduceOnly } = question;
  return {
    request: { kind: "place", requestId, account, orderId, instrument, side, quantity, price, reduceOnly, expiresAtUs },
    order: question,
  };
}

export function amendment(engine: RiskEngine, amended: HoldAmendment | undefined): HoldQuestion {
  if (amended === undefined) throw invalidField("amendment", "", "must be given", "FIELD_MISSING");
  const { requestId, account, orderId, instrument, expiresAtUs } = amended;
  identify(requestId, orderId);
  const number = instrumentNumber(engine, "amendment.instrument", instrument);
  const order: OrderQuestion = {
    account: accountNumber(engine, "amendment.account", account),
    instrument: number,
    side: Side.BUY,
    quantity: quantityOf(engine, number, "amendment.quantity", amended.quantity),
    price: priceOf(engine, number, "amendment.limit_price", amended.limitPrice),
    // An amendment goes by the order id: side and reduce-only stay as they were.
    reduceOnly: false,
  };
  const { side, quantity, price, reduceOnly } = order;
  const request = {
    kind: "amend",
    requestId,
    account,
    orderId,
    instrument,
    side,
    quantity,
    price,
    reduceOnly,
  } as const;
  return { request: { ...request, expiresAtUs }, order };
}

export function release(engine: RiskEngine, released: HoldRelease | undefined): HoldQuestion {
  if (released === undefined) throw invalidField("release", "", "must be given", "FIELD_MISSING");
  const { requestId, account, orderId } = released;
  identify(requestId, orderId);
  accountNumber(engine, "release.account", account);
  const nothing = { instrument: "", side: Side.BUY, quantity: 0n, price: undefined, expiresAtUs: undefined } as const;
  return { request: { kind: "release", requestId, account, orderId, reduceOnly: false, ...nothing }, order: undefined };
}

function identify(requestId: string, orderId: string): void {
  requireText("request_id", requestId);
  requireText("order_id", orderId);
}
