import { plain } from "../decimalText.ts";
import type { Check } from "../family.ts";

/** Whether the source says that its figures are cut to whole dollars. */
export function isWholeDollars(notes: string): boolean {
  return /truncated/i.test(notes);
}

/** Ours, cut toward zero to whole dollars. */
export function wholeDollars(name: string, expected: string | number, actual: string): Check {
  const cut = String(BigInt(/^-?\d*/.exec(plain(actual))?.[0] || "0"));
  return {
    name,
    expected: plain(expected),
    actual: plain(actual),
    tolerance: "cut to whole dollars toward zero",
    passed: cut === plain(expected),
  };
}
