import { FIXED_DIGITS } from "./fixed.ts";
import { didYouMean } from "./nearest.ts";
import type { Overrides } from "./overrides.ts";
import { UnknownOverrideError } from "./regimeError.ts";
import { isMap } from "./section.ts";

type Raw = Readonly<Record<string, unknown>>;

const OVERRIDABLE = ["parameters", "tables", "pairs", "credits", "scenarios"] as const;
/** Fields of a parameter or table that are no keys of it. */
const META = new Set(["by", "boundary", "columns", "source", "note"]);

/**
 * A document with values put in place of its own (docs/regimes.md, "Overrides"). The result is checked as any document.
 *
 * @param document as plain values, numbers as text
 * @throws UnknownOverrideError when the document has no entry of that name
 */
export function applyOverrides(document: unknown, overrides: Overrides): unknown {
  if (!isMap(document)) return document;
  const changed: Record<string, unknown> = { ...document };
  const unknown: string[] = [];
  const hints: string[] = [];
  for (const section of Object.keys(overrides)) {
    if (OVERRIDABLE.some((each) => each === section)) continue;
    unknown.push(section);
    hints.push(didYouMean(section, OVERRIDABLE));
  }
  for (const section of OVERRIDABLE) {
    const entries = overrides[section];
    if (entries === undefined) continue;
    const own = isMap(document[section]) ? (document[section] as Raw) : {};
    const replaced: Record<string, unknown> = { ...own };
    for (const [name, value] of Object.entries(entries)) {
      const entry = own[name];
      if (Object.hasOwn(own, name)) {
        // What is kept as float64 keeps all its digits.
        const text = numbersAsText(value, section === "scenarios" ? 400 : FIXED_DIGITS);
        replaced[name] = isMap(entry) ? OVERRIDE[section](entry, text) : entry;
      } else {
        unknown.push(`${section}.${name}`);
        hints.push(didYouMean(name, Object.keys(own)));
      }
    }
    changed[section] = replaced;
  }
  if (unknown.length > 0) throw new UnknownOverrideError(String(document["id"] ?? "the document"), unknown, hints);
  return changed;
}

const OVERRIDE: Record<(typeof OVERRIDABLE)[number], (entry: Raw, value: unknown) => unknown> = {
  parameters: (entry, value) => (isMap(value) ? mergeKeys(entry, value) : forAllKeys(entry, value, "value")),
  tables: (entry, value) => (isMap(value) ? mergeKeys(entry, value) : forAllKeys(entry, value, "rows")),
  pairs: (entry, value) => (isMap(value) ? { ...entry, ...value } : value),
  credits: (entry, value) => ({ ...entry, ...(isMap(value) ? value : { spreads: value }) }),
  scenarios: (entry, value) =>
    isMap(value) ? { kind: entry["kind"], source: entry["source"], note: entry["note"], ...value } : value,
};

/** One value in place of the default and of all keys. */
function forAllKeys(entry: Raw, value: unknown, single: "value" | "rows"): Raw {
  const { by = "account" } = entry;
  return { ...meta(entry), [by === "account" ? single : "default"]: value };
}

/** The keys that are given; others stay, unless the keys are of another kind now. */
function mergeKeys(entry: Raw, value: Raw): Raw {
  const sameKind = value["by"] === undefined || value["by"] === entry["by"];
  const kept: Record<string, unknown> = { ...(sameKind ? entry : meta(entry)) };
  // Two words for the tiers of all.
  if (value["rows"] !== undefined) delete kept["default"];
  if (value["default"] !== undefined) delete kept["rows"];
  return { ...kept, ...value };
}

function meta(entry: Raw): Raw {
  return Object.fromEntries(Object.entries(entry).filter(([field]) => META.has(field)));
}

/** Numbers as the reader of documents gives them: text. */
function numbersAsText(value: unknown, places: number): unknown {
  if (typeof value === "number") return doubleText(value, places);
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map((each) => numbersAsText(each, places));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, numbersAsText(each, places)]));
}

/** The shortest text of a double, cut toward zero: digits behind the last place were not meant (0.00123456789012345678). */
function doubleText(value: number, places: number): string {
  const text = String(value);
  const [mantissa = "", exponent = "0"] = text.split("e");
  const excess = (mantissa.split(".")[1]?.length ?? 0) - Number(exponent) - places;
  if (!(excess > 0)) return text;
  const digits = mantissa.replace(/[-.]/g, "");
  const kept = digits.slice(0, Math.max(0, digits.length - excess));
  return kept === "" ? "0" : `${value < 0 ? "-" : ""}${kept}e-${places}`;
}
