import type { HoldDecision, MarginFigures, OrderDecision } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import type { Currency } from "../engine/names.ts";
import type { HoldOutcome, OrderQuestion, RiskEngine } from "../engine/riskEngine.ts";
import type { OrderAnswer } from "../kernel/views.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { refusalMessage, refusalWithoutNumbers } from "./refusals.ts";

export function decisionMessage(engine: RiskEngine, question: OrderQuestion, answer: OrderAnswer): OrderDecision {
  const instrument = engine.names.instruments[question.instrument]!;
  const currency = engine.names.currencies[instrument.currency]!;
  const { before, after } = figureMessages(answer, currency);
  return {
    accepted: answer.code === 0,
    refusal: answer.code === 0 ? undefined : refusalMessage(answer, currency, instrument),
    reduces: answer.reduces,
    currency: currency.name,
    fee: formatDecimal(answer.fee, currency.scale),
    before,
    after,
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

function figureMessages(answer: OrderAnswer, { scale }: Currency): Pick<OrderDecision, "before" | "after"> {
  // An order that was refused for what it is comes without figures; zeros would be read as an empty account.
  if (answer.code !== 0 && hasNoFigures(answer)) return { before: undefined, after: undefined };
  const before = figuresBefore(answer, scale);
  const after: MarginFigures = {
    equity: formatDecimal(answer.equityAfter, scale),
    initialMargin: formatDecimal(answer.initialMarginAfter, scale),
    maintenanceMargin: formatDecimal(answer.maintenanceMarginAfter, scale),
    freeCollateral: formatDecimal(answer.freeCollateralAfter, scale),
  };
  return { before, after };
}

let lastAnswer: OrderAnswer | undefined;
let lastScale = 0;
let lastBefore: MarginFigures | undefined;

/** An account's figures before an order stay the same from one order to the next: then they are not written again. */
function figuresBefore(answer: OrderAnswer, scale: number): MarginFigures {
  if (
    lastBefore !== undefined &&
    lastAnswer !== undefined &&
    lastScale === scale &&
    lastAnswer.equityBefore === answer.equityBefore &&
    lastAnswer.initialMarginBefore === answer.initialMarginBefore &&
    lastAnswer.maintenanceMarginBefore === answer.maintenanceMarginBefore &&
    lastAnswer.freeCollateralBefore === answer.freeCollateralBefore
  ) {
    return lastBefore;
  }
  lastAnswer = answer;
  lastScale = scale;
  lastBefore = {
    equity: formatDecimal(answer.equityBefore, scale),
    initialMargin: formatDecimal(answer.initialMarginBefore, scale),
    maintenanceMargin: formatDecimal(answer.maintenanceMarginBefore, scale),
    freeCollateral: formatDecimal(answer.freeCollateralBefore, scale),
  };
  return lastBefore;
}

function hasNoFigures(answer: OrderAnswer): boolean {
  return (
    answer.equityBefore === 0n &&
    answer.initialMarginBefore === 0n &&
    answer.maintenanceMarginBefore === 0n &&
    answer.freeCollateralBefore === 0n &&
    answer.equityAfter === 0n &&
    answer.initialMarginAfter === 0n &&
    answer.maintenanceMarginAfter === 0n &&
    answer.freeCollateralAfter === 0n
  );
}
