import type { Drawing } from "./drawing.ts";
import { commandInput } from "./roster.ts";
import type { VenueInput } from "./source.ts";
import type { MarginCall } from "./venueFeedback.ts";

const STREAM_CALLED = 4;

/**
 * Some of the called accounts pay in what is missing and up to as much again; for an isolated position it is posted
 * too.
 *
 * @param odds one call in so many is answered in a step
 */
export function answerCalls(
  calls: readonly MarginCall[],
  odds: number,
  drawing: Drawing,
  step: number,
  eventTimeUs: bigint,
): VenueInput[] {
  const inputs: VenueInput[] = [];
  for (const [index, { account, currency, instrument, shortfall }] of calls.entries()) {
    if (drawing.below(odds, STREAM_CALLED, step, 2 * index) !== 0) continue;
    const percent = 100 + drawing.below(101, STREAM_CALLED, step, 2 * index + 1);
    const amount = (shortfall * BigInt(percent)) / 100n;
    const id = `answer-${step}-${index}`;
    inputs.push(commandInput(account, id, eventTimeUs, { $case: "deposit", value: { currency, amount } }));
    if (instrument === undefined) continue;
    const value = { instrument, amount };
    inputs.push(commandInput(account, `${id}-post`, eventTimeUs, { $case: "moveCollateral", value }));
  }
  return inputs;
}
