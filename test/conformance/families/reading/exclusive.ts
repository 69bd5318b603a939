import type { Family } from "../../family.ts";
import { withPlainNames } from "./plainNames.ts";

/** Of families whose models share words, the first that knows a case has it. Inputs may be named with their unit. */
export function exclusive(families: readonly Family[]): readonly Family[] {
  return families.map((family, place) => ({
    ...family,
    matches: (published) =>
      family.matches(published) && !families.slice(0, place).some((earlier) => earlier.matches(published)),
    notSupported: (published) => family.notSupported?.(withPlainNames(published)),
    run: (published, bench) => family.run(withPlainNames(published), bench),
  }));
}
