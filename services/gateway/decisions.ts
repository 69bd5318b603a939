import type { HoldDecision, OrderDecision } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import type { HoldOutcome, OrderQuestion, RiskEngine } from "../engine/riskEngine.ts";
import type { OrderAnswer } from "../kernel/views.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { AcceptedOrder, marginAfter, marginBefore } from "./acceptedOrder.ts";
import { orderRefusal, refusalWithoutNumbers } from "./refusals.ts";

export function decisionMessage(engine: RiskEngine, question: OrderQuestion, answer: OrderAnswer): OrderDecision {
  const instrument = engine.names.instruments[question.instrument]!;
  const currency = engine.names.currencies[instrument.currency]!;
  const { name, scale } = currency;
  if (answer.code === 0) return new AcceptedOrder(answer, name, scale);
  const figures = hasFigures(answer);
  return {
    accepted: false,
    refusal: orderRefusal(answer, currency, instrument, engine.names),
    reduces: answer.reduces,
    currency: name,
    fee: formatDecimal(answer.fee, scale),
    before: figures ? marginBefore(answer, scale) : undefined,
    after: figures ? marginAfter(answer, scale) : undefined,
    binding: answer.binding,
  };
}

/** @param order undefined for a release */
export function holdDecision(engine: RiskEngine, order: OrderQuestion | undefined, outcome: HoldOutcome): HoldDecision {
  const { code, value, limit, binding, duplicate, figures } = outcome;
  const decision = order === undefined ? undefined : decisionMessage(engine, order, { ...figures, code, value, limit });
  return {
    accepted: code === 0,
    refusal: code === 0 ? undefined : (decision?.refusal ?? refusalWithoutNumbers(code)),
    duplicate,
    binding,
    order: decision,
  };
}

/** An order that was refused for what it is comes without figures; zeros would be read as an empty account. */
function hasFigures(answer: OrderAnswer): boolean {
  const before = [answer.equityBefore, answer.initialMarginBefore, answer.maintenanceMarginBefore];
  const after = [answer.equityAfter, answer.initialMarginAfter, answer.maintenanceMarginAfter];
  const free = [answer.freeCollateralBefore, answer.freeCollateralAfter];
  return [...before, ...after, ...free].some((units) => units !== 0n);
}
