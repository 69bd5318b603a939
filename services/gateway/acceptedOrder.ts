import type { MarginFigures, OrderDecision } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import type { OrderAnswer } from "../kernel/views.ts";
import { formatDecimal } from "../markets/decimal.ts";

/**
 * The decision on an order that may rest, as most are: its numbers are text only when somebody reads them, and the gate's own
 * serializer (answerBytes.ts) writes them without.
 */
export class AcceptedOrder implements OrderDecision {
  readonly accepted = true;
  readonly refusal = undefined;
  readonly currency: string;
  readonly answer: OrderAnswer;
  /** Digits after the point of all amounts. */
  readonly scale: number;

  constructor(answer: OrderAnswer, currency: string, scale: number) {
    this.answer = answer;
    this.currency = currency;
    this.scale = scale;
  }

  get reduces(): boolean {
    return this.answer.reduces;
  }

  get binding(): string {
    return this.answer.binding;
  }

  get fee(): string {
    return formatDecimal(this.answer.fee, this.scale);
  }

  get before(): MarginFigures {
    return marginBefore(this.answer, this.scale);
  }

  get after(): MarginFigures {
    return marginAfter(this.answer, this.scale);
  }
}

export function marginBefore(answer: OrderAnswer, scale: number): MarginFigures {
  return {
    equity: formatDecimal(answer.equityBefore, scale),
    initialMargin: formatDecimal(answer.initialMarginBefore, scale),
    maintenanceMargin: formatDecimal(answer.maintenanceMarginBefore, scale),
    freeCollateral: formatDecimal(answer.freeCollateralBefore, scale),
  };
}

export function marginAfter(answer: OrderAnswer, scale: number): MarginFigures {
  return {
    equity: formatDecimal(answer.equityAfter, scale),
    initialMargin: formatDecimal(answer.initialMarginAfter, scale),
    maintenanceMargin: formatDecimal(answer.maintenanceMarginAfter, scale),
    freeCollateral: formatDecimal(answer.freeCollateralAfter, scale),
  };
}
