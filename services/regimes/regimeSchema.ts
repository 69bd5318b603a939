import { z } from "zod";
import { parseFixed, parseFloat64 } from "./fixed.ts";
import { LEVELS } from "./program.ts";

// The shape of a regime document (docs/regimes.md, "Document"), entry by entry, so that one bad entry hides no other.
// Numbers arrive as text (locateText, "text"): no digit has passed through a double. What an entry must be beyond its
// shape is checked where it is read: parameters.ts, tiers.ts, pairs.ts, credits.ts, scenarios.ts.

const NOT_TEXT = "must be text";
const NOT_A_NUMBER = "must be a number, such as 0.05, 5% or 1_000_000";

const text = z.string({ error: (issue) => (issue.input === undefined ? "is missing" : NOT_TEXT) }).min(1, "is empty");
const number = z.string({ error: (issue) => (issue.input === undefined ? "is missing" : NOT_A_NUMBER) });

const fixed = number.transform((given, context) => {
  const value = parseFixed(given);
  if (typeof value !== "string") return value;
  context.addIssue({ code: "custom", message: value });
  return z.NEVER;
});

const float64 = number.transform((given, context) => {
  const value = parseFloat64(given);
  if (typeof value !== "string") return value;
  context.addIssue({ code: "custom", message: value });
  return z.NEVER;
});

function oneOf<const T extends readonly string[]>(choices: T) {
  return z.enum(choices, {
    error: (issue) => `${issue.input === undefined ? "is missing" : "is none of these"}: ${choices.join(", ")}`,
  });
}

function isDate(given: string): boolean {
  const time = Date.parse(`${given}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(given);
}

export const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

const source = text;
const note = z.string({ error: NOT_TEXT }).default("");

export const headerSchema = z.object({
  id: text.regex(/^[a-z0-9][a-z0-9._-]*$/, "must be small letters, digits, '.', '_' or '-'"),
  venue: text,
  title: text,
  vintage: text.refine((given) => /^\d{4}-\d{2}-\d{2}$/.test(given) && isDate(given), "must be a date, YYYY-MM-DD"),
  valuation: text,
  risk_unit: z.union(
    [
      z.enum(["underlying", "underlying-settlement", "settlement", "account"]),
      z.strictObject({ group: z.record(z.string(), text) }),
    ],
    { error: "must be underlying, underlying-settlement, settlement, account, or { group: { underlying: group } }" },
  ),
});

/** Every other field of a document. The first six name things that formulas may name. */
export const SECTIONS = [
  "parameters",
  "tables",
  "pairs",
  "credits",
  "scenarios",
  "inputs",
  "terms",
  "sources",
  "requirement",
  "states",
  "reports",
  "checks",
  "examples",
] as const;

export const sourceSchema = z.strictObject({ title: text, where: text, note });

const keyLevel = oneOf(["account", "underlying", "currency", "instrument", "unit"]);

/** Every further field is the value of that key. */
export const parameterSchema = z
  .object({ by: keyLevel.optional(), value: fixed.optional(), default: fixed.optional(), source, note })
  .catchall(fixed);

/** A cell may be "inf" where a column `to` ends; cells are read by column in tiers.ts. */
const tiers = z
  .array(z.array(z.string({ error: NOT_A_NUMBER }), { error: "must be a list of cells" }), {
    error: "must be a list of tiers",
  })
  .min(1, "needs a tier");

/** Every further field is the tiers of that key. */
export const tableSchema = z
  .object({
    by: keyLevel.default("account"),
    boundary: oneOf(["begins", "ends"]).default("begins"),
    columns: z.array(text.regex(NAME, "is no name"), { error: "must be a list of columns" }),
    rows: tiers.optional(),
    default: tiers.optional(),
    source,
    note,
  })
  .catchall(tiers);

export const pairsSchema = z.strictObject({
  keys: z.array(text).min(1),
  values: z.array(z.array(fixed)),
  otherwise: fixed.default(0n),
  source,
  note,
});

export const creditsSchema = z.strictObject({
  spreads: z.array(
    z.strictObject({
      priority: number.regex(/^\d{1,9}$/, "must be a whole number").transform(Number),
      legs: z.record(z.string(), fixed),
      rate: fixed,
    }),
  ),
  source,
  note,
});

/** Values of a scenario column: for all, or by underlying. */
const floatList = z.array(float64, { error: "must be a list of numbers, or such lists by underlying" }).min(1);
const attributeList = z.union([floatList, z.record(z.string(), floatList)], {
  error: "must be a list of numbers, or such lists by underlying",
});
const attributeValue = z.union([float64, z.record(z.string(), float64)], {
  error: "must be a number, or numbers by underlying",
});
const scenarioRow = z.record(z.string(), attributeValue, { error: "must be a map of columns to numbers" });

export const scenarioSetSchema = z.strictObject({
  kind: oneOf(["grid", "extreme", "joint"]),
  product: z.record(z.string(), attributeList).optional(),
  rows: z
    .union([z.array(scenarioRow), z.record(z.string(), attributeList)], {
      error: "must be columns, each a list of numbers, or a list of rows, each a map of columns to numbers",
    })
    .optional(),
  also: z.array(scenarioRow).default([]),
  constant: scenarioRow.default({}),
  /** For a set without columns: its values are given whole, by an input. */
  count: number
    .regex(/^[1-9]\d{0,5}$/, "must be a whole number of scenarios")
    .transform(Number)
    .optional(),
  source: text.optional(),
  note,
});

export const inputSchema = z.strictObject({
  per: oneOf(["account", "unit", "underlying", "position", "currency", "instrument"]),
  over: text.optional(),
  default: fixed.optional(),
  note,
});

export const termSchema = z.strictObject({
  per: oneOf(LEVELS),
  over: text.optional(),
  formula: text,
  clause: text,
  source: source.default(""),
  measure: z.string({ error: NOT_TEXT }).default(""),
});

export const requirementSchema = z.strictObject({
  per: oneOf(["account", "currency"]),
  equity: text,
  initial: text,
  maintenance: text,
});

export const statesSchema = z.strictObject({
  called: text.optional(),
  liquidating: text.optional(),
  bankrupt: text.optional(),
});

export const reportsSchema = z.array(text, { error: "must be a list of terms" });

export const checkSchema = z.strictObject({ holds: text, because: text });

/** One number, or one for each row of the term by its name. */
const expected = z.union([z.string(), z.record(z.string(), z.string())], {
  error: "must be a number or a state, or such by row",
});

export const exampleSchema = z.strictObject({
  name: text,
  source: source.default(""),
  book: z.record(z.string(), z.unknown(), { error: "must be a book (docs/books.md)" }),
  overrides: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  expect: z.record(z.string(), expected),
  /** How far a number may lie off: absolute. */
  tolerance: number.refine((given) => typeof parseFixed(given) !== "string", NOT_A_NUMBER).optional(),
  note,
});

export type Header = z.infer<typeof headerSchema>;
export type ParameterText = z.infer<typeof parameterSchema>;
export type TableText = z.infer<typeof tableSchema>;
export type PairsText = z.infer<typeof pairsSchema>;
export type CreditsText = z.infer<typeof creditsSchema>;
export type ScenarioSetText = z.infer<typeof scenarioSetSchema>;
export type ExampleText = z.infer<typeof exampleSchema>;
