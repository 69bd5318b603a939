// What the readers of a document's sections share: an entry against its schema, and its source.

import type { z } from "zod";
import type { FieldPath } from "../markets/locatedDocument.ts";
import { didYouMean } from "./nearest.ts";
import type { Report } from "./scope.ts";

/** The entry in its shape, or undefined after every fault of its shape was reported. */
export function readEntry<T>(schema: z.ZodType<T>, raw: unknown, path: FieldPath, report: Report): T | undefined {
  const checked = schema.safeParse(raw);
  if (checked.success) return checked.data;
  for (const issue of checked.error.issues) {
    const at = [...path, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))];
    if (issue.code === "unrecognized_keys") {
      const fields = fieldsOf(schema);
      for (const key of issue.keys) report([...at, key], `unknown field${didYouMean(key, fields)}`);
    } else {
      report(at, issue.message);
    }
  }
  return undefined;
}

function fieldsOf(schema: z.ZodType): string[] {
  const { shape } = schema as { shape?: Record<string, unknown> };
  return shape === undefined ? [] : Object.keys(shape);
}

/** The entries of a section that is a map; a section that is left out has none. */
export function entriesOf(raw: unknown, path: FieldPath, report: Report): readonly (readonly [string, unknown])[] {
  if (raw === undefined || raw === null) return [];
  if (isMap(raw)) return Object.entries(raw);
  report(path, "must be a map of names");
  return [];
}

export function isMap(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

const UNPUBLISHED = "unpublished";

/** `source` must be an entry of `sources`; what no source publishes says so, and why this value. */
export function checkSource(
  { source, note }: { readonly source: string; readonly note: string },
  sources: ReadonlySet<string>,
  path: FieldPath,
  report: Report,
): void {
  if (source === UNPUBLISHED) {
    if (note === "") report(path, "is unpublished; add a note that says why this value");
  } else if (!sources.has(source)) {
    report([...path, "source"], `"${source}" is no entry of sources${didYouMean(source, sources)}`);
  }
}

/** Margin rates are never negative: names that are `rate` or end in `_rate`. */
export function isRate(name: string): boolean {
  return name === "rate" || name.endsWith("_rate");
}
