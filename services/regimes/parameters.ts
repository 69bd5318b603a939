import type { FieldPath } from "../markets/locatedDocument.ts";
import { formatFixed } from "./fixed.ts";
import type { Fixed, Parameter } from "./program.ts";
import { type ParameterText, parameterSchema } from "./regimeSchema.ts";
import type { Report } from "./scope.ts";
import { checkSource, isRate, readEntry } from "./section.ts";

/** @returns undefined after a problem was reported */
export function readParameter(
  name: string,
  raw: unknown,
  sources: ReadonlySet<string>,
  path: FieldPath,
  report: Report,
): Parameter | undefined {
  const text = readEntry<ParameterText>(parameterSchema, raw, path, report);
  if (text === undefined) return undefined;
  const { by = "account", value, default: otherwise, source, note, ...keyed } = text;
  const byKey = new Map(Object.entries(keyed) as [string, Fixed][]);
  checkSource(text, sources, path, report);

  if (by === "account") {
    if (otherwise !== undefined) report([...path, "default"], "is for a parameter with keys; write value");
    for (const key of byKey.keys()) report([...path, key], "is a key, but by does not say of what: by: underlying");
    if (value === undefined) report(path, "needs a value");
  } else {
    if (value !== undefined) report([...path, "value"], `has keys by ${by}; write default`);
    if (otherwise === undefined && byKey.size === 0) report(path, `needs a value for a key (${by}), or a default`);
  }
  if (isRate(name)) {
    for (const [key, each] of [["value", value], ["default", otherwise], ...byKey] as [string, Fixed | undefined][]) {
      if (each !== undefined && each < 0n) report([...path, key], `${formatFixed(each)}: a rate is not negative`);
    }
  }
  return { name, by, value: value ?? otherwise, byKey, source, note };
}
