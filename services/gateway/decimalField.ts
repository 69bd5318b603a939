import { parseDecimal } from "../markets/decimal.ts";
import { invalidField } from "./statusDetails.ts";

/** How a field that holds a decimal breaks its rules: names of RefusalReason. */
export interface DecimalFieldReasons {
  readonly tooPrecise: string;
  readonly tooLarge: string;
}

export const PRICE_REASONS: DecimalFieldReasons = { tooPrecise: "PRICE_OFF_TICK", tooLarge: "PRICE_LIMIT" };
export const QUANTITY_REASONS: DecimalFieldReasons = { tooPrecise: "QUANTITY_OFF_LOT", tooLarge: "QUANTITY_LIMIT" };
export const AMOUNT_REASONS: DecimalFieldReasons = { tooPrecise: "NOT_A_NUMBER", tooLarge: "AMOUNT_LIMIT" };

/**
 * The units (10^-scale) that a decimal text stands for.
 * @throws GatewayError INVALID_ARGUMENT, naming field, value and rule
 */
export function decimalField(field: string, text: string, scale: number, reasons: DecimalFieldReasons): bigint {
  requireText(field, text);
  const parsed = parseDecimal(text, scale);
  if (parsed.ok) {
    return parsed.units;
  }
  switch (parsed.reason) {
    case "not-a-number":
      throw invalidField(field, text, "must be a plain decimal such as 1234.5, without exponent", "NOT_A_NUMBER");
    case "too-precise":
      throw invalidField(field, text, `must have at most ${scale} digits after the point`, reasons.tooPrecise);
    case "too-large":
      throw invalidField(field, text, "must fit 64 bits when counted in its smallest unit", reasons.tooLarge);
  }
}

/** @throws GatewayError INVALID_ARGUMENT when a field that must be given is empty */
export function requireText(field: string, text: string): void {
  if (text === "") {
    throw invalidField(field, text, "must be given", "FIELD_MISSING");
  }
}
