// Rows of a book: what is held or ordered, one row an instrument, and the orders in their order (docs/regimes.md, "Levels").

import { divide, guarded, multiply, ONE } from "../regimes/fixed.ts";
import type { Fixed } from "../regimes/program.ts";
import type { Book, BookInstrument, BookOrder, BookPosition } from "./book.ts";

type Cell = Fixed | undefined;

/** A position: the lots of one instrument, added up. */
export interface HeldPosition {
  readonly instrument: BookInstrument;
  readonly quantity: Cell;
  readonly entry: Cell;
  readonly profit: Cell;
  readonly leverage: Cell;
  readonly isolated: boolean;
  readonly posted: Cell;
}

export interface HeldOrder {
  readonly order: BookOrder;
  /** Number of its position. */
  readonly position: number;
}

/** One for each instrument that is held or ordered, in the order of instruments. */
export function heldPositions({ instruments, positions, orders }: Book): readonly HeldPosition[] {
  const lots = new Map<number, BookPosition[]>();
  const ofInstrument = (number: number): BookPosition[] => {
    const known = lots.get(number) ?? [];
    lots.set(number, known);
    return known;
  };
  for (const lot of positions) ofInstrument(lot.instrument).push(lot);
  for (const order of orders) ofInstrument(order.instrument);
  return [...lots].sort(([one], [other]) => one - other).map(([number, held]) => addedUp(instruments[number]!, held));
}

/**
 * Lots at one entry price are one lot. The profit is the sum of the lots' profits, the entry price their average by
 * quantity, where their quantities do not cancel out. No quantity has no profit, whatever its entry.
 */
function addedUp(instrument: BookInstrument, lots: readonly BookPosition[]): HeldPosition {
  const quantity = sumOf(lots.map((lot) => lot.quantity));
  const byEntry = new Map<Cell, Fixed>();
  const profits: Cell[] = [];
  for (const { profit, entry, quantity: part } of lots) {
    if (profit !== undefined) profits.push(profit);
    else byEntry.set(entry, (byEntry.get(entry) ?? 0n) + part);
  }
  for (const [entry, part] of byEntry) if (part !== 0n) profits.push(profitOf(instrument, part, entry));

  const open = lots.filter((lot) => lot.quantity !== 0n);
  const entries = new Set(open.map(({ entry }) => entry));
  const [only] = entries;
  const paid = sumOf(open.map((lot) => both(lot.quantity, lot.entry, multiply)));
  return {
    instrument,
    quantity,
    entry: entries.size === 1 ? only : both(paid, quantity, divide),
    profit: sumOf(profits),
    leverage: lots.find(({ leverage }) => leverage !== undefined)?.leverage,
    isolated: lots.some(({ isolated }) => isolated),
    posted: sumOf(lots.map(({ posted }) => posted)),
  };
}

function profitOf({ product, inverse, multiplier, mark }: BookInstrument, quantity: Fixed, entry: Cell): Cell {
  const amount = multiply(quantity, multiplier);
  const inverted = inverse && (product === "future" || product === "perpetual");
  const difference = inverted ? both(both(ONE, entry, divide), both(ONE, mark, divide), less) : both(mark, entry, less);
  return both(amount, difference, multiply);
}

function less(left: Fixed, right: Fixed): Cell {
  return guarded(left - right);
}

/** Undefined in, undefined out. */
function both(left: Cell, right: Cell, operation: (left: Fixed, right: Fixed) => Cell): Cell {
  return left === undefined || right === undefined ? undefined : operation(left, right);
}

function sumOf(values: readonly Cell[]): Cell {
  return values.reduce<Cell>((sum, value) => both(sum, value, (left, right) => guarded(left + right)), 0n);
}

/** By position; buys before sells, market orders before limits, then best price first, then as given. */
export function heldOrders(book: Book, positions: readonly HeldPosition[]): readonly HeldOrder[] {
  const rows = new Map(positions.map(({ instrument }, row) => [instrument, row]));
  return book.orders
    .map((order) => ({ order, position: rows.get(book.instruments[order.instrument]!)! }))
    .sort((one, other) => one.position - other.position || rank(one.order, other.order));
}

function rank(one: BookOrder, other: BookOrder): number {
  if (one.buy !== other.buy) return one.buy ? -1 : 1;
  if (one.price === other.price) return 0;
  if (one.price === undefined) return -1;
  if (other.price === undefined) return 1;
  return one.price > other.price === one.buy ? -1 : 1;
}
