import { Control } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Currency, Instrument } from "../engine/names.ts";

/** Digits after the point of a limit's two numbers. */
export interface LimitScales {
  readonly value: number;
  readonly burst: number;
}

const FRACTION_DIGITS = 9;

/** In which units a control counts, for the instrument or the currency of its scope (docs/controls.md). */
export function limitScales(
  control: Control,
  instrument: Instrument | undefined,
  currency: Currency | undefined,
): LimitScales {
  // Without an instrument quantities are whole contracts.
  const quantity = instrument?.listing.quantityScale ?? 0;
  switch (control) {
    case Control.PRICE_COLLAR:
      return { value: FRACTION_DIGITS, burst: 0 };
    case Control.CONCENTRATION:
      return { value: FRACTION_DIGITS, burst: quantity };
    case Control.ORDER_QUANTITY:
    case Control.POSITION:
    case Control.OPEN_QUANTITY:
      return { value: quantity, burst: 0 };
    case Control.ORDER_NOTIONAL:
    case Control.OPEN_NOTIONAL:
    case Control.CREDIT:
      return { value: currency?.scale ?? 0, burst: 0 };
    default:
      return { value: 0, burst: 0 };
  }
}
