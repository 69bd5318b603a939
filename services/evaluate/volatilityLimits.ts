import { formatFixed, ONE } from "../regimes/fixed.ts";
import type { Fixed } from "../regimes/program.ts";
import { BookRefusedError } from "./evaluation.ts";

/** What a volatility may be, as [low, high]; 0.5 is 50 %. */
export type VolatilityLimits = readonly [Fixed, Fixed];

/** 500 %: a mistake of the unit (50 for 50 %) lies beyond. Both ends are outside. */
const LIMIT = 5n * ONE;
/** Of the normal model: in prices, which have no unit to be mistaken for. */
const LARGEST = 10n ** 9n * ONE;

/**
 * Refuses a volatility that nobody means: of a living option 0 or 500 % and more, unless the book says by limits of its own,
 * which are inclusive, that it means it. A volatility in prices (`inPrices`, Bachelier) knows no percent. What is expired, and what is no option, may have 0.
 *
 * @throws BookRefusedError `volatility-out-of-range`
 */
export function checkVolatility(
  place: string,
  volatility: Fixed,
  living: boolean,
  inPrices: boolean,
  limits: VolatilityLimits | undefined,
): void {
  const [low, high] = limits ?? [living ? 1n : 0n, inPrices ? LARGEST : LIMIT - 1n];
  if (volatility >= low && volatility <= high) return;
  const allowed =
    limits === undefined
      ? inPrices
        ? `above 0 and no more than ${formatFixed(LARGEST)}`
        : `above 0 and below ${formatFixed(LIMIT)}`
      : `from ${formatFixed(low)} to ${formatFixed(high)}, as limits.volatility says`;
  throw new BookRefusedError(
    "volatility-out-of-range",
    place,
    `is ${formatFixed(volatility)}, and must be ${allowed} (0.5 is 50 %); limits.volatility of the book may say otherwise`,
  );
}

/** @throws BookRefusedError when the limits contradict themselves */
export function checkLimits([low, high]: VolatilityLimits): void {
  if (low >= 0n && low <= high) return;
  throw new BookRefusedError("not-a-book", "limits.volatility", "must be [low, high], 0 or above and rising");
}
