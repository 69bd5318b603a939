import type { FieldPath } from "../markets/locatedDocument.ts";
import { formatFixed, ONE } from "./fixed.ts";
import type { Fixed, PairTable } from "./program.ts";
import { type PairsText, pairsSchema } from "./regimeSchema.ts";
import type { Report } from "./scope.ts";
import { checkSource, readEntry } from "./section.ts";

/** Correlations by pair. @returns undefined after a problem was reported */
export function readPairs(
  name: string,
  raw: unknown,
  sources: ReadonlySet<string>,
  path: FieldPath,
  report: Report,
): PairTable | undefined {
  const text = readEntry<PairsText>(pairsSchema, raw, path, report);
  if (text === undefined) return undefined;
  const { keys, values, otherwise } = text;
  checkSource(text, sources, path, report);

  for (const [index, key] of keys.entries()) {
    if (keys.indexOf(key) !== index) report([...path, "keys", index], `"${key}" is named twice`);
  }
  const inRange = (value: Fixed, at: FieldPath) => {
    if (value > ONE || value < -ONE) report(at, `${formatFixed(value)}: a correlation lies between -1 and 1`);
  };
  inRange(otherwise, [...path, "otherwise"]);
  if (values.length !== keys.length) report([...path, "values"], `has ${values.length} rows for ${keys.length} keys`);
  for (const [i, row] of values.entries()) {
    if (row.length !== keys.length) {
      report([...path, "values", i], `has ${row.length} values for ${keys.length} keys`);
      continue;
    }
    for (const [j, value] of row.entries()) {
      const at = [...path, "values", i, j];
      const mirrored = values[j]?.[i];
      inRange(value, at);
      if (i === j && value !== ONE) report(at, `${formatFixed(value)}: ${keys[i]} has a correlation of 1 with itself`);
      if (j < i && mirrored !== undefined && mirrored !== value) {
        report(
          at,
          `${formatFixed(value)} for ${keys[i]} and ${keys[j]}, but ${formatFixed(mirrored)} the other way round`,
        );
      }
    }
  }
  return { name, keys, values, otherwise };
}
