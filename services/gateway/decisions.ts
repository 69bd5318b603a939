import type { HoldDecision, MarginFigures, OrderDecision } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import type { Currency } from "../engine/names.ts";
import type { HoldOutcome, OrderQuestion, RiskEngine } from "../engine/riskEngine.ts";
import type { OrderAnswer } from "../kernel/views.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { orderRefusal, refusalWithoutNumbers } from "./refusals.ts";

export function decisionMessage(engine: RiskEngine, question: OrderQuestion, answer: OrderAnswer): OrderDecision {
  const instrument = engine.names.instruments[question.instrument]!;
  const currency = engine.names.currencies[instrument.currency]!;
  return {
    accepted: answer.code === 0,
    refusal: answer.code === 0 ? undefined : orderRefusal(answer, currency, instrument, engine.names),
    reduces: answer.reduces,
    currency: currency.name,
    fee: formatDecimal(answer.fee, currency.scale),
    ...figureMessages(answer, currency),
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
