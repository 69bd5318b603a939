import type {
  CheckOrderRequest,
  CheckOrderResponse,
  GateServiceServer,
  MarginFigures,
  Order,
  OrderDecision,
} from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Currency } from "../engine/names.ts";
import type { OrderQuestion, RiskEngine } from "../engine/riskEngine.ts";
import type { OrderAnswer } from "../kernel/views.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { asOfMessage } from "./accountMessage.ts";
import { unary } from "./calls.ts";
import { decimalField, PRICE_REASONS, QUANTITY_REASONS, requireText } from "./decimalField.ts";
import { refusalMessage } from "./refusals.ts";
import { invalidField, unknownName } from "./statusDetails.ts";

/** plimsoll.v1.GateService over an engine. */
export function gateService(engine: RiskEngine): GateServiceServer {
  return { checkOrder: unary(engine, (request) => checkOrder(engine, request)) };
}

function checkOrder(engine: RiskEngine, request: CheckOrderRequest): CheckOrderResponse {
  if (request.order === undefined) {
    throw invalidField("order", "", "must be given", "FIELD_MISSING");
  }
  const question = orderQuestion(engine, request.order);
  const answer = engine.checkOrder(question);
  return { asOf: asOfMessage(engine.asOf()), decision: decisionMessage(engine, question, answer) };
}

/** @throws GatewayError NOT_FOUND for unknown names, INVALID_ARGUMENT for what is no order */
function orderQuestion(engine: RiskEngine, order: Order): OrderQuestion {
  requireText("order.account", order.account);
  requireText("order.instrument", order.instrument);
  const account = engine.names.account(order.account);
  if (account === undefined) {
    throw unknownName("account", order.account);
  }
  const instrument = engine.names.instrument(order.instrument);
  if (instrument === undefined) {
    throw unknownName("instrument", order.instrument);
  }
  if (order.side !== Side.BUY && order.side !== Side.SELL) {
    throw invalidField("order.side", `${order.side}`, "must be SIDE_BUY or SIDE_SELL", "FIELD_MISSING");
  }
  const { priceScale, quantityScale } = engine.names.instruments[instrument]!.listing;
  return {
    account,
    instrument,
    side: order.side,
    quantity: decimalField("order.quantity", order.quantity, quantityScale, QUANTITY_REASONS),
    price:
      order.limitPrice === undefined
        ? undefined
        : decimalField("order.limit_price", order.limitPrice, priceScale, PRICE_REASONS),
    reduceOnly: order.reduceOnly,
  };
}

function decisionMessage(engine: RiskEngine, question: OrderQuestion, answer: OrderAnswer): OrderDecision {
  const instrument = engine.names.instruments[question.instrument]!;
  const currency = engine.names.currencies[instrument.currency]!;
  return {
    accepted: answer.code === 0,
    refusal: answer.code === 0 ? undefined : refusalMessage(answer, currency, instrument),
    reduces: answer.reduces,
    currency: currency.name,
    fee: formatDecimal(answer.fee, currency.scale),
    ...figureMessages(answer, currency),
  };
}

function figureMessages(answer: OrderAnswer, { scale }: Currency): Pick<OrderDecision, "before" | "after"> {
  const money = (units: bigint) => formatDecimal(units, scale);
  const before = [
    answer.equityBefore,
    answer.initialMarginBefore,
    answer.maintenanceMarginBefore,
    answer.freeCollateralBefore,
  ] as const;
  const after = [
    answer.equityAfter,
    answer.initialMarginAfter,
    answer.maintenanceMarginAfter,
    answer.freeCollateralAfter,
  ] as const;
  // An order that was refused for what it is comes without figures; zeros would be read as an empty account.
  if (answer.code !== 0 && [...before, ...after].every((units) => units === 0n)) {
    return { before: undefined, after: undefined };
  }
  const figures = ([equity, initialMargin, maintenanceMargin, freeCollateral]: typeof before): MarginFigures => ({
    equity: money(equity),
    initialMargin: money(initialMargin),
    maintenanceMargin: money(maintenanceMargin),
    freeCollateral: money(freeCollateral),
  });
  return { before: figures(before), after: figures(after) };
}
