// Published figures against ours, to the tolerance that the source gives.

import { compared, difference, magnitude, plain, product } from "./decimalText.ts";
import type { Check } from "./family.ts";

/** Equal, digit for digit. */
export function exact(name: string, expected: string | number, actual: string | number): Check {
  return {
    name,
    expected: plain(expected),
    actual: plain(actual),
    tolerance: "exact",
    passed: compared(expected, actual) === 0,
  };
}

export interface Tolerance {
  readonly absolute?: string | number;
  /** Share of the expected figure. */
  readonly relative?: string | number;
  /** As the source says it; by default, what stands above. */
  readonly told?: string;
}

/** Not further off than the greater of the two allows. */
export function near(name: string, expected: string | number, actual: string | number, allowed: Tolerance): Check {
  const { absolute = 0, relative = 0 } = allowed;
  const gap = magnitude(difference(expected, actual));
  const told = [
    ...(allowed.absolute === undefined ? [] : [`${plain(absolute)} absolute`]),
    ...(allowed.relative === undefined ? [] : [`${relative} relative`]),
  ].join(" or ");
  return {
    name,
    expected: plain(expected),
    actual: plain(actual),
    tolerance: allowed.told ?? told,
    passed: compared(gap, absolute) <= 0 || compared(gap, product(magnitude(expected), relative)) <= 0,
  };
}

/** A state or another word. */
export function same(name: string, expected: string | boolean, actual: string | boolean): Check {
  return { name, expected: String(expected), actual: String(actual), tolerance: "exact", passed: expected === actual };
}
