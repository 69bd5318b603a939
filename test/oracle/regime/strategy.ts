// The least requirement of options and spot holdings in pairs (docs/regimes.md, "Strategies"), by cancelling cycles: start
// with everything alone, and as long as some exchange of pairs saves something, make it. Not the kernel's way, which adds
// one best path after another; the least sum is one and the same.

import type { Product } from "../../../services/evaluate/book.ts";
import type { Cell } from "../../../services/evaluate/evaluation.ts";
import { guarded } from "./decimal.ts";

/** One position of the underlying. Requirements are for one unit of it. */
export interface StrategyRow {
  readonly product: Product;
  readonly strike: Cell;
  /** Undefined: never. */
  readonly expiryUs: bigint | undefined;
  readonly units: Cell;
  readonly alone: Cell;
  readonly rest: Cell;
  readonly covered: Cell;
  readonly protected: Cell;
}

const ONE = 10n ** 18n;
const REQUIREMENT_LIMIT = 2n ** 112n;
const ROWS_LIMIT = 256;

export interface Leg {
  readonly product: Product;
  readonly long: boolean;
  readonly size: bigint;
  readonly strike: bigint;
  readonly expiryUs: bigint | undefined;
  readonly alone: bigint;
  readonly rest: bigint;
  readonly covered: bigint;
  readonly protected: bigint;
}

export function strategy(rows: readonly StrategyRow[]): Cell {
  const legs = legsOf(rows);
  if (legs === undefined || legs.length > ROWS_LIMIT) return undefined;
  const alone = legs.reduce((sum, leg) => sum + leg.size * leg.alone, 0n);
  if (guarded(alone / ONE) === undefined) return undefined;
  return (alone - mostSaved(legs)) / ONE;
}

/** Rows without units left out; undefined when a row lacks what it needs. */
export function legsOf(rows: readonly StrategyRow[]): readonly Leg[] | undefined {
  const legs: Leg[] = [];
  for (const row of rows) {
    if (row.units === undefined) return undefined;
    if (row.units === 0n) continue;
    const long = row.units > 0n;
    const option = row.product === "call" || row.product === "put";
    const alone = requirement(row.alone, true);
    const rest = requirement(row.rest, option && !long);
    const covered = requirement(row.covered, option && !long);
    const protectedBy = requirement(row.protected, option && long);
    const strike = option ? row.strike : 0n;
    if (alone === undefined || rest === undefined || covered === undefined) return undefined;
    if (protectedBy === undefined || strike === undefined) return undefined;
    const size = long ? row.units : -row.units;
    const { product, expiryUs } = row;
    legs.push({ product, long, size, strike, expiryUs, alone, rest, covered, protected: protectedBy });
  }
  return legs;
}

function requirement(value: Cell, needed: boolean): Cell {
  if (!needed) return 0n;
  return value !== undefined && value >= 0n && value < REQUIREMENT_LIMIT ? value : undefined;
}

const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);

function expiresBefore(leg: Leg, other: Leg): boolean {
  if (leg.expiryUs === undefined) return false;
  return other.expiryUs === undefined || leg.expiryUs < other.expiryUs;
}

/** What a short option with a cover saves against both alone, a unit; 0 where they make no pair. */
export function coverSaving(short: Leg, cover: Leg): bigint {
  if (short.long || (short.product !== "call" && short.product !== "put")) return 0n;
  const isCall = short.product === "call";
  if (cover.product === "spot") {
    return cover.long === isCall ? short.alone - lesser(short.alone, short.covered) : 0n;
  }
  if (cover.long) {
    if (cover.product !== short.product || expiresBefore(cover, short)) return 0n;
    const width = isCall ? cover.strike - short.strike : short.strike - cover.strike;
    return short.alone - lesser(short.alone, width > 0n ? width : 0n);
  }
  if (!isCall || cover.product !== "put") return 0n;
  const saved = short.alone >= cover.alone ? cover.alone - cover.rest : short.alone - short.rest;
  return saved > 0n ? saved : 0n;
}

/** What spot saves that a long option protects. */
export function protectionSaving(spot: Leg, option: Leg): bigint {
  if (spot.product !== "spot" || !option.long || option.product !== (spot.long ? "put" : "call")) return 0n;
  return spot.alone - lesser(spot.alone, option.protected);
}

interface Arc {
  readonly from: number;
  readonly to: number;
  readonly saving: bigint;
  /** Undefined: as much as one likes. */
  room: bigint | undefined;
  used: bigint;
}

/** The most that pairs can save in sum, in units of 10^-36. */
export function mostSaved(legs: readonly Leg[]): bigint {
  // Nodes: 0 the source and the sink in one, then a place for each leg as one of a pair, then one for its protection.
  const place = (leg: number): number => 1 + leg;
  const shield = (leg: number): number => 1 + legs.length + leg;
  const nodes = 1 + 2 * legs.length;
  const arcs: Arc[] = [];
  const arc = (from: number, to: number, saving: bigint, room?: bigint) =>
    arcs.push({ from, to, saving, room, used: 0n });
  legs.forEach((leg, at) => {
    // Short calls, long puts and short spot are one side of the graph, all others the other.
    const first = leg.product === "call" ? !leg.long : leg.product === "put" ? leg.long : !leg.long;
    for (const node of [place(at), shield(at)]) {
      if (first) arc(0, node, 0n, leg.size);
      else arc(node, 0, 0n, leg.size);
    }
    legs.forEach((other, with_) => {
      const saved = coverSaving(leg, other);
      if (saved > 0n) arc(first ? place(at) : place(with_), first ? place(with_) : place(at), saved);
      const shielded = protectionSaving(leg, other);
      // The option's own place: it covers or protects, not both. The spot's shield: it may be covered with besides.
      if (shielded > 0n) arc(first ? shield(at) : place(with_), first ? place(with_) : shield(at), shielded);
    });
  });
  for (;;) {
    const cycle = savingCycle(nodes, arcs);
    if (cycle === undefined) break;
    const amount = cycle
      .map(({ arc: { room, used }, back }) => (back ? used : room === undefined ? undefined : room - used))
      .reduce<bigint | undefined>(
        (least, each) => (least === undefined || (each !== undefined && each < least) ? each : least),
        undefined,
      );
    if (amount === undefined || amount <= 0n) throw new Error("a cycle of pairs without a limit");
    for (const step of cycle) step.arc.used += step.back ? -amount : amount;
  }
  return arcs.reduce((sum, { saving, used }) => sum + saving * used, 0n);
}

interface Step {
  readonly arc: Arc;
  readonly back: boolean;
}

/** A cycle along which more is saved than lost (Bellman and Ford), or undefined. */
function savingCycle(nodes: number, arcs: readonly Arc[]): readonly Step[] | undefined {
  const gain = new Array<bigint>(nodes).fill(0n);
  const came = new Array<Step | undefined>(nodes).fill(undefined);
  let last = -1;
  for (let round = 0; round < nodes; round++) {
    last = -1;
    for (const each of arcs) {
      if (each.room === undefined || each.used < each.room) {
        if (gain[each.from]! + each.saving > gain[each.to]!) {
          gain[each.to] = gain[each.from]! + each.saving;
          came[each.to] = { arc: each, back: false };
          last = each.to;
        }
      }
      if (each.used > 0n && gain[each.to]! - each.saving > gain[each.from]!) {
        gain[each.from] = gain[each.to]! - each.saving;
        came[each.from] = { arc: each, back: true };
        last = each.from;
      }
    }
    if (last < 0) return undefined;
  }
  const before = (node: number): number => {
    const step = came[node]!;
    return step.back ? step.arc.to : step.arc.from;
  };
  let node = last;
  for (let step = 0; step < nodes; step++) node = before(node);
  const cycle: Step[] = [];
  let at = node;
  do {
    cycle.push(came[at]!);
    at = before(at);
  } while (at !== node);
  return cycle;
}
