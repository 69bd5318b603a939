import type { FieldPath } from "../markets/locatedDocument.ts";
import { formatFixed, ONE } from "./fixed.ts";
import type { SpreadTable } from "./program.ts";
import { type CreditsText, creditsSchema } from "./regimeSchema.ts";
import type { Report } from "./scope.ts";
import { checkSource, readEntry } from "./section.ts";

/** Spread credits in order of priority (equal ones as written). @returns undefined after a problem was reported */
export function readCredits(
  name: string,
  raw: unknown,
  sources: ReadonlySet<string>,
  path: FieldPath,
  report: Report,
): SpreadTable | undefined {
  const text = readEntry<CreditsText>(creditsSchema, raw, path, report);
  if (text === undefined) return undefined;
  checkSource(text, sources, path, report);

  const spreads = text.spreads.map(({ priority, legs, rate }, index) => {
    const at = [...path, "spreads", index];
    const listed = Object.entries(legs).map(([key, ratio]) => ({ key, ratio }));
    if (rate < 0n || rate > ONE) {
      report([...at, "rate"], `${formatFixed(rate)}: a credit rate lies between 0 and 1`);
    }
    if (listed.length < 2) report([...at, "legs"], "a spread has two legs or more");
    for (const { key, ratio } of listed) if (ratio === 0n) report([...at, "legs", key], "a ratio is not 0");
    return { priority, legs: listed, rate };
  });
  return { name, spreads: spreads.sort((a, b) => a.priority - b.priority) };
}
