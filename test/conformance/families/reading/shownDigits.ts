// Published figures are rounded or cut to the digits that the page shows.

import type { Check } from "../../family.ts";
import { fixedOf, textOf } from "../../figures.ts";

/** Fewer than these say nothing of rounding: 0.1 or 1,000 is the figure itself. */
const TELLING_DIGITS = 4;
/** What computing in double arithmetic loses, where a figure is not rounded: in parts of the figure. */
const DOUBLE_NOISE = 10n ** 12n;
const ONE = 10n ** 18n;

/**
 * Ours, rounded or cut to the digits that the source shows: less than one in the last place off when four digits or more
 * are shown with some behind the point (or five and more without), otherwise equal up to the noise of doubles.
 */
export function asShown(name: string, expected: string | number, actual: string): Check {
  const target = fixedOf(expected);
  const off = absolute(fixedOf(actual) - target);
  const [, fraction = ""] = textOf(absolute(target)).split(".");
  const digits = textOf(absolute(target)).replace(".", "").replace(/^0+/, "").length;
  const tells = fraction === "" ? digits > TELLING_DIGITS && !textOf(target).endsWith("0") : digits >= TELLING_DIGITS;
  const noise = absolute(target) / DOUBLE_NOISE;
  const place = tells ? ONE / 10n ** BigInt(fraction.length) : 0n;
  return {
    name,
    expected: String(expected),
    actual,
    tolerance: tells ? `to the ${fraction.length} digits shown` : "exact, but for doubles (1e-12)",
    passed: off <= noise || off < place,
  };
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}
