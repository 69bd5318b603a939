// What a name in a formula stands for. Parameters, tables, inputs, scenario columns, terms and fields share one space.

import type { FieldPath } from "../markets/locatedDocument.ts";
import { KEYWORDS } from "./formula.ts";
import { FUNCTIONS } from "./functions.ts";
import { FIELDS, type Fixed, type KeyLevel, type Level, type Table, type Tiers } from "./program.ts";
import { NAME } from "./regimeSchema.ts";

export type Binding =
  | { readonly kind: "field"; readonly index: number; readonly level: Level; readonly market: boolean }
  | { readonly kind: "parameter"; readonly index: number; readonly by: KeyLevel }
  | { readonly kind: "input"; readonly index: number; readonly level: Level; readonly set: number }
  /** A column of one or more scenario sets. */
  | { readonly kind: "attribute"; readonly places: readonly AttributePlace[] }
  | { readonly kind: "set"; readonly set: number }
  | { readonly kind: "table"; readonly index: number; readonly table: Table }
  | { readonly kind: "pairs"; readonly index: number }
  | { readonly kind: "credits"; readonly index: number }
  | { readonly kind: "term"; readonly node: number }
  /** A term that stands further down. */
  | { readonly kind: "later" }
  /** Its own problem was reported: what names it is not to blame. */
  | { readonly kind: "broken" }
  /** For checks: a parameter's value, a table's tiers for one key. */
  | { readonly kind: "value"; readonly value: Fixed }
  | { readonly kind: "tiers"; readonly table: Table; readonly tiers: Tiers };

export interface AttributePlace {
  readonly set: number;
  readonly setName: string;
  readonly index: number;
  readonly level: "account" | "underlying";
}

export type Scope = ReadonlyMap<string, Binding>;

export type Report = (path: FieldPath, reason: string) => void;

export interface OpenScope {
  readonly names: Scope;
  /** Binds a name; reports (and does not bind) one that is taken or cannot be named. */
  bind(name: string, binding: Binding, path: FieldPath): void;
  /** Binds a name again: a term that was announced. */
  rebind(name: string, binding: Binding): void;
}

const MARKET_FIELDS: ReadonlySet<string> = new Set(["index", "price"]);

export function openScope(report: Report): OpenScope {
  const names = new Map<string, Binding>();
  for (const [index, { name, level }] of FIELDS.entries()) {
    names.set(name, { kind: "field", index, level, market: level === "instrument" || MARKET_FIELDS.has(name) });
  }
  return {
    names,
    bind(name, binding, path) {
      const taken = names.get(name);
      if (!NAME.test(name)) report(path, `"${name}" is no name: letters, digits and "_", a letter first`);
      else if (KEYWORDS.has(name)) report(path, `"${name}" is a word of the formula language`);
      else if (FUNCTIONS.has(name)) report(path, `"${name}" is a function`);
      else if (taken !== undefined) report(path, `"${name}" is already ${describeBinding(taken)}`);
      else names.set(name, binding);
    },
    rebind(name, binding) {
      names.set(name, binding);
    },
  };
}

export function describeBinding(binding: Binding): string {
  const descriptions: Record<Binding["kind"], string> = {
    field: "a fact of the book",
    parameter: "a parameter",
    input: "an input",
    attribute: "a scenario column",
    set: "a scenario set",
    table: "a table",
    pairs: "a table of pairs",
    credits: "a list of spread credits",
    term: "a term",
    later: "a term",
    broken: "defined",
    value: "a parameter",
    tiers: "a table",
  };
  return descriptions[binding.kind];
}
