// Where a formula is compiled, and what all its parts are brought together by.

import type { Expression } from "./formula.ts";
import { FUNCTIONS } from "./functions.ts";
import type { Graph } from "./graph.ts";
import type { Levels, Placed } from "./levels.ts";
import { didYouMean } from "./nearest.ts";
import type { Level, Operation, ScenarioSet } from "./program.ts";
import type { Scope } from "./scope.ts";

/** Where a formula stands. */
export interface FormulaSite {
  readonly graph: Graph;
  readonly levels: Levels;
  readonly scope: Scope;
  readonly sets: readonly ScenarioSet[];
  /** Names must lie on this level or above. */
  readonly level: Level;
  /** Set of the term, or -1: decides which set's column is meant where several have one of that name. */
  readonly over: number;
  /** Numbers that are known now, by name: for shares and scenario numbers. */
  readonly known: Scope;
  /** Only what is known without a book may be named here. */
  readonly knownOnly: boolean;
  fail(offset: number, reason: string): void;
  /** A term is named. */
  use(name: string): void;
}

/** Where a part of it stands. */
export interface InnerSite extends FormulaSite {
  /** Inside which call the level of an aggregate would be a guess. */
  readonly inside: string | undefined;
  /** Compiles a part of a part. @returns undefined after a problem was reported */
  compile(site: InnerSite, expression: Expression): number | undefined;
}

export type Call = Extract<Expression, { kind: "call" }>;

/** A node whose arguments are brought to one level and one set. */
export function rowByRow(
  site: InnerSite,
  offset: number,
  operation: Operation,
  operands: readonly (number | undefined)[],
  keyed?: { readonly level: Level; readonly index: number; readonly column: number },
): number | undefined {
  const { graph } = site;
  const numbers = operands.filter((each) => each !== undefined);
  if (numbers.length < operands.length) return undefined;
  const nodes = numbers.map((each) => graph.node(each));

  const set = nodes.find((each) => each.set >= 0)?.set ?? -1;
  const other = nodes.find((each) => each.set >= 0 && each.set !== set);
  if (other !== undefined) {
    const names = [set, other.set].map((each) => site.sets[each]?.name).join(" and ");
    site.fail(offset, `scenarios of two sets meet: ${names}; reduce one of them to a column first`);
    return undefined;
  }
  const [condition, then, otherwise] = numbers;
  if (operation === "choose" && condition !== undefined) {
    const known = graph.node(condition).constant;
    if (known !== undefined) return known !== 0n ? then : otherwise;
  }
  const placed: readonly Placed[] = keyed === undefined ? nodes : [...nodes, { level: keyed.level, market: true }];
  const level = meet(site, placed) ?? site.level;
  return graph.add({
    operation,
    level,
    set,
    arguments: numbers.map((each) => {
      const widened = graph.widen(each, level);
      return set < 0 ? widened : graph.spread(widened, set);
    }),
    market: nodes.every((each) => each.market),
    ...(keyed === undefined ? {} : { index: keyed.index, column: keyed.column }),
  });
}

/** The highest level that all reach, among their own. */
export function meet({ levels }: InnerSite, placed: readonly Placed[]): Level | undefined {
  return placed.find((each) => placed.every((other) => levels.reaches(other, each.level)))?.level;
}

/** Whether a value may be named here; reports why not. */
export function reachable(site: InnerSite, name: string, offset: number, value: Placed): boolean {
  if (site.levels.reaches(value, site.level)) return true;
  site.fail(offset, unreachable(site, name, value));
  return false;
}

function unreachable({ levels, level }: InnerSite, name: string, value: Placed): string {
  const rows = `${name} has one value ${value.level === "account" ? "an account" : `for each ${value.level}`}`;
  if (level === "instrument") {
    return `${rows}, but is no fact of the market: a term per instrument is computed for all accounts at once; make it per position`;
  }
  if (levels.isAbove(level, value.level)) {
    return `${rows}, more than one for each ${level}; put it inside an aggregate, such as total(${name})`;
  }
  return `${rows}, and ${level} and ${value.level} do not lie above one another under this risk unit`;
}

/** Reports a name that is not there. */
export function unknownName(site: InnerSite, name: string, offset: number): undefined {
  const described = FUNCTIONS.get(name);
  if (described !== undefined) site.fail(offset, `${name} is a function; call it as ${described.usage}`);
  else if (site.knownOnly) {
    site.fail(offset, `${name} is not known without a book; write numbers, or parameters with one value`);
  } else site.fail(offset, `unknown name ${name}${didYouMean(name, site.scope.keys())}`);
  return undefined;
}
