// The nodes of a program while it grows: equal nodes are one node, and constants are computed at once.

import { foldConstants } from "./constants.ts";
import type { Fixed, Level, Node, Operation } from "./program.ts";

/** A node to be: what it does not say is not there. */
export interface NodeDraft {
  readonly operation: Operation;
  readonly level: Level;
  readonly set: number;
  readonly arguments: readonly number[];
  readonly market: boolean;
  readonly constant?: Fixed;
  readonly index?: number;
  readonly column?: number;
}

export interface Graph {
  node(number: number): Node;
  constant(value: Fixed): number;
  /** @returns the number of the node, or of an equal one that is there already */
  add(draft: NodeDraft): number;
  /** Each row of the level takes its ancestor's value. */
  widen(number: number, level: Level): number;
  /** The same value in every scenario of the set. */
  spread(number: number, set: number): number;
  /** Those that the roots need, in order, and the new number of each old one. */
  reachable(roots: readonly number[]): { readonly nodes: readonly Node[]; readonly numbers: readonly number[] };
}

/** Levels whose rows do not depend on what an account holds: their values can be facts of the market. */
const MARKET_LEVELS: ReadonlySet<Level> = new Set(["account", "unit", "underlying", "currency", "instrument"]);

export function createGraph(): Graph {
  const nodes: Node[] = [];
  const numbers = new Map<string, number>();

  const node = (number: number): Node => nodes[number] as Node;

  const store = (draft: NodeDraft): number => {
    const { operation, level, set, arguments: operands, constant, index, column } = draft;
    const key = `${operation} ${level} ${set} ${operands.join()} ${constant ?? ""} ${index ?? ""} ${column ?? ""}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    nodes.push({ ...draft, market: draft.market && MARKET_LEVELS.has(level) });
    numbers.set(key, nodes.length - 1);
    return nodes.length - 1;
  };

  const constant = (value: Fixed): number =>
    store({ operation: "constant", level: "account", set: -1, arguments: [], market: true, constant: value });

  const graph: Graph = {
    node,
    constant,
    add(draft) {
      const values = draft.arguments.map((each) => node(each).constant);
      if (values.length > 0 && values.every((each) => each !== undefined)) {
        const folded = foldConstants(draft.operation, values);
        if (folded !== undefined) return constant(folded);
      }
      return store(draft);
    },
    widen(number, level) {
      const from = node(number);
      if (from.level === level) return number;
      return store({ operation: "widen", level, set: from.set, arguments: [number], market: from.market });
    },
    spread(number, set) {
      const from = node(number);
      if (from.set === set) return number;
      return store({ operation: "spread", level: from.level, set, arguments: [number], market: from.market });
    },
    reachable(roots) {
      const needed = new Set<number>(roots);
      for (let number = nodes.length - 1; number >= 0; number--) {
        if (needed.has(number)) for (const each of node(number).arguments) needed.add(each);
      }
      const kept: Node[] = [];
      const renumbered: number[] = [];
      for (const [number, each] of nodes.entries()) {
        const operands = each.arguments.map((operand) => renumbered[operand] as number);
        renumbered.push(needed.has(number) ? kept.push({ ...each, arguments: operands }) - 1 : -1);
      }
      return { nodes: kept, numbers: renumbered };
    },
  };
  return graph;
}
