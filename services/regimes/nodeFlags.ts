// What the kernel has to know of each node beyond what it computes: who needs it, and when.

import {
  NODE_FUSED,
  NODE_LIVE,
  NODE_MARKET,
  NODE_PREPARED,
  NODE_STORED,
  NODE_VERDICT,
} from "../../assembly/regime/format.ts";
import type { Operation, Program } from "./program.ts";

/** Facts and what is only seen from another level or for all scenarios: cheaper to look at than to keep. */
const VIEWS: ReadonlySet<Operation> = new Set([
  "constant",
  "field",
  "parameter",
  "input",
  "attribute",
  "widen",
  "spread",
]);

/** One number a node, of NODE_* flags. */
export function nodeFlags(program: Program): readonly number[] {
  const { nodes, conclusion } = program;
  const { equity, initial, maintenance, called, liquidating, bankrupt } = conclusion;
  const concluding = [equity, initial, maintenance, called, liquidating, bankrupt];
  const flags = nodes.map(({ market }) => (market ? NODE_MARKET : 0));
  const users = usersOf(program);

  const fused = fusedNodes(program, users, new Set([...concluding, ...program.terms.map(({ node }) => node)]));
  for (const node of fused) flags[node]! |= NODE_FUSED;

  const read = new Set(concluding);
  const stored = new Set<number>();
  for (const [number, node] of nodes.entries()) {
    if (!node.market || node.level !== "instrument" || VIEWS.has(node.operation)) continue;
    if (read.has(number) || users[number]!.some((user) => !nodes[user]!.market)) stored.add(number);
  }
  for (const node of reach(program, concluding)) flags[node]! |= NODE_VERDICT;
  for (const node of reach(program, concluding, stored)) flags[node]! |= NODE_LIVE;
  for (const node of stored) flags[node]! |= NODE_STORED;
  for (const node of reach(program, [...stored])) flags[node]! |= NODE_PREPARED;
  return flags;
}

function usersOf({ nodes }: Program): readonly (readonly number[])[] {
  const users = nodes.map((): number[] => []);
  for (const [number, node] of nodes.entries()) for (const argument of node.arguments) users[argument]!.push(number);
  return users;
}

/** All that the roots need, the roots too; what stands in `ends` is needed, what it is made from is not. */
function reach(
  { nodes }: Program,
  roots: readonly number[],
  ends: ReadonlySet<number> = new Set(),
): ReadonlySet<number> {
  const needed = new Set(roots);
  for (let number = nodes.length - 1; number >= 0; number--) {
    if (!needed.has(number) || ends.has(number)) continue;
    for (const argument of nodes[number]!.arguments) needed.add(argument);
  }
  return needed;
}

/**
 * Products of one value a row and a row of scenarios that a total reads and nothing else does: the kernel sums them
 * without writing them down.
 */
function fusedNodes(
  { nodes }: Program,
  users: readonly (readonly number[])[],
  named: ReadonlySet<number>,
): readonly number[] {
  const isSpread = (number: number): boolean => {
    const { operation, arguments: given } = nodes[number]!;
    return operation === "spread" || (operation === "widen" && isSpread(given[0]!));
  };
  return nodes.flatMap(({ operation, set, market, arguments: given }, number) => {
    // A product of the market is kept for all accounts.
    if (operation !== "multiply" || set < 0 || market || named.has(number)) return [];
    const [user, ...others] = users[number]!;
    if (user === undefined || others.length > 0 || nodes[user]!.operation !== "total") return [];
    return isSpread(given[0]!) === isSpread(given[1]!) ? [] : [number];
  });
}
