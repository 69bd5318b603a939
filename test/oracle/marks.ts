import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { InstrumentState } from "./book.ts";
import { refusal } from "./checks.ts";
import type { Contract } from "./contract.ts";
import type { Refusal } from "./outcome.ts";
import { magnitude } from "./rational.ts";
import { BILLION } from "./requirement.ts";

/**
 * INP-003: judges a mark by the price band and keeps what is held.
 * @returns the refusal of a mark that is held, or undefined for one to take
 */
export function acceptMark(
  state: InstrumentState,
  { listing }: Contract,
  price: bigint,
  timeUs: bigint,
): Refusal | undefined {
  const { priceBandE9 } = listing;
  const inBandOf = (center: bigint) => magnitude(price - center) * BILLION <= priceBandE9 * magnitude(center);
  if (state.mark !== undefined && priceBandE9 !== 0n && !inBandOf(state.mark)) {
    const confirms = state.heldPrice !== undefined && inBandOf(state.heldPrice);
    state.heldCount = confirms ? state.heldCount + 1 : 1;
    state.heldPrice = price;
    state.heldTimeUs = timeUs;
    if (state.heldCount < 3) return refusal(RefusalReason.PRICE_BAND, price, state.mark);
  }
  state.heldPrice = undefined;
  state.heldTimeUs = 0n;
  state.heldCount = 0;
  return undefined;
}
