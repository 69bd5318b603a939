// Rows of each level, and for each row the row above it (docs/regimes.md, "Levels").

import type {
  Book,
  BookCurrency,
  BookInstrument,
  BookOrder,
  BookPosition,
  BookUnderlying,
} from "../../../services/evaluate/book.ts";
import type { Cell } from "../../../services/evaluate/evaluation.ts";
import { LEVELS, type Level, type Program } from "../../../services/regimes/program.ts";
import { absolute, add, divide, multiply, subtract } from "./decimal.ts";

export interface Row {
  readonly name: string;
  readonly above: Partial<Record<Level, number>>;
  /** What a parameter, table, pair or input with keys looks for, by the level of its keys. */
  readonly keys: Partial<Record<Level, string>>;
}

/** A position: the lots of one instrument, added up. */
export interface Held {
  readonly instrument: BookInstrument;
  readonly quantity: bigint;
  readonly entry: Cell;
  readonly profit: Cell;
  readonly leverage: Cell;
  readonly isolated: boolean;
  readonly posted: Cell;
}

export interface Resting extends BookOrder {
  readonly covered: bigint;
  /** Its place among the book's orders. */
  readonly number: number;
}

export interface Rows {
  readonly levels: Readonly<Record<Level, readonly Row[]>>;
  readonly held: readonly Held[];
  readonly orders: readonly Resting[];
  readonly currencies: readonly BookCurrency[];
  readonly underlyings: readonly BookUnderlying[];
}

const ONE = 10n ** 18n;

export function rowsOf(program: Program, book: Book): Rows {
  const held = heldOf(book);
  const orders = held.flatMap(({ instrument, quantity }) => restingOf(book, instrument, quantity));
  const currencies = [...book.currencies];
  for (const { instrument } of held) {
    if (!currencies.some(({ name }) => name === instrument.settlement)) {
      const price = instrument.settlement === program.valuation ? ONE : undefined;
      currencies.push({ name: instrument.settlement, balance: 0n, price });
    }
  }
  const levels = Object.fromEntries(LEVELS.map((level) => [level, [] as Row[]])) as Record<Level, Row[]>;
  levels.account.push({ name: "account", above: {}, keys: {} });
  for (const { name } of currencies) levels.currency.push({ name, above: { account: 0 }, keys: { currency: name } });

  const underlyings: BookUnderlying[] = [];
  for (const { instrument } of held) {
    const { underlying, settlement, name } = instrument;
    const currency = currencies.findIndex((candidate) => candidate.name === settlement);
    const settles = program.riskUnit === "underlying-settlement" || program.riskUnit === "settlement";
    const shared: Partial<Record<Level, number>> = settles ? { account: 0, currency } : { account: 0 };
    const sharedKeys = settles ? { currency: settlement } : {};

    const unitName = unitOf(program, instrument);
    const unitKeys = { ...sharedKeys, unit: unitName };
    const ofUnderlying = program.riskUnit === "underlying" || program.riskUnit === "underlying-settlement";
    const unit = place(levels.unit, unitName, shared, ofUnderlying ? { ...unitKeys, underlying } : unitKeys);

    const underlyingName = settles ? `${underlying}/${settlement}` : underlying;
    const below = { ...shared, unit };
    const keys = { ...unitKeys, underlying };
    const before = levels.underlying.length;
    const under = place(levels.underlying, underlyingName, below, keys);
    if (under === before) {
      underlyings.push(
        book.underlyings.find((candidate) => candidate.name === underlying) ?? { name: underlying, index: undefined },
      );
    }
    const expiry = place(
      levels.expiry,
      `${underlyingName} ${expiryName(instrument, book)}`,
      { ...below, underlying: under },
      keys,
    );
    const strike = place(
      levels.strike,
      `${levels.expiry[expiry]!.name} ${instrument.strike === undefined ? "none" : strikeName(instrument.strike)}`,
      { ...below, underlying: under, expiry },
      keys,
    );
    const above = { ...below, underlying: under, expiry, strike, account: 0, currency };
    const position = levels.position.length;
    const own = { ...keys, currency: settlement, instrument: name, position: name };
    levels.position.push({ name, above: { ...above, instrument: position }, keys: own });
    levels.instrument.push({ name, above, keys: own });
    let number = 0;
    for (const order of orders) {
      if (book.instruments[order.instrument] !== instrument) continue;
      number += 1;
      const told = `${name} ${order.buy ? "buy" : "sell"} ${number}`;
      levels.order.push({
        name: told,
        above: { ...above, instrument: position, position },
        keys: { ...own, order: name },
      });
    }
  }
  return { levels, held, orders, currencies, underlyings };
}

/** Number of the row of that name; a new one at the end when there is none. */
function place(rows: Row[], name: string, above: Row["above"], keys: Row["keys"]): number {
  const found = rows.findIndex((row) => row.name === name);
  if (found >= 0) return found;
  return rows.push({ name, above, keys }) - 1;
}

function unitOf({ riskUnit, groups }: Program, { underlying, settlement }: BookInstrument): string {
  if (riskUnit === "account") return "account";
  if (riskUnit === "settlement") return settlement;
  if (riskUnit === "underlying-settlement") return `${underlying}/${settlement}`;
  return riskUnit === "group" ? (groups.get(underlying) ?? underlying) : underlying;
}

/** The date, and the time of day where two expiries of the book share a date. */
function expiryName({ expiryUs }: BookInstrument, book: Book): string {
  if (expiryUs === undefined) return "none";
  const text = timeName(expiryUs);
  const sharesDate = book.instruments.some(
    (other) =>
      other.expiryUs !== undefined &&
      other.expiryUs !== expiryUs &&
      timeName(other.expiryUs).slice(0, 10) === text.slice(0, 10),
  );
  return sharesDate ? text : text.slice(0, 10);
}

function timeName(timeUs: bigint): string {
  const seconds = new Date(Number(timeUs / 1_000n)).toISOString();
  return timeUs % 1_000n === 0n ? seconds : `${seconds}+${timeUs % 1_000n}us`;
}

function strikeName(strike: bigint): string {
  return `${strike < 0n ? "-" : ""}${String(strike < 0n ? -strike : strike)
    .padStart(19, "0")
    .replace(/(\d{18})$/, ".$1")
    .replace(/\.?0+$/, "")}`;
}

/** One for each instrument that is held or ordered, in the order of instruments. */
function heldOf(book: Book): readonly Held[] {
  return book.instruments.flatMap((instrument, number) => {
    const lots = book.positions.filter((position) => position.instrument === number);
    const ordered = book.orders.some((order) => order.instrument === number);
    return lots.length > 0 || ordered ? [addedUp(instrument, lots)] : [];
  });
}

/**
 * Lots at one entry price are one lot. The profit is the sum of the lots' profits; the entry price their average by
 * quantity, where their quantities do not cancel out. No quantity has no profit, whatever its entry.
 */
function addedUp(instrument: BookInstrument, lots: readonly BookPosition[]): Held {
  const quantity = lots.reduce((sum, lot) => sum + lot.quantity, 0n);
  const byEntry = new Map<Cell, bigint>();
  let profit: Cell = 0n;
  for (const lot of lots) {
    if (lot.profit !== undefined) profit = add(profit, lot.profit);
    else byEntry.set(lot.entry, (byEntry.get(lot.entry) ?? 0n) + lot.quantity);
  }
  for (const [entry, part] of byEntry) if (part !== 0n) profit = add(profit, profitOf(instrument, part, entry));

  const entries = new Set(lots.filter((lot) => lot.quantity !== 0n).map(({ entry }) => entry));
  const [only] = entries;
  let paid: Cell = 0n;
  for (const lot of lots) if (lot.quantity !== 0n) paid = add(paid, multiply(lot.quantity, lot.entry));
  return {
    instrument,
    quantity,
    entry: entries.size === 1 ? only : divide(paid, quantity),
    profit,
    leverage: lots.find(({ leverage }) => leverage !== undefined)?.leverage,
    isolated: lots.some(({ isolated }) => isolated),
    posted: lots.reduce<Cell>((sum, { posted }) => add(sum, posted), 0n),
  };
}

function profitOf({ product, inverse, multiplier, mark }: BookInstrument, quantity: bigint, entry: Cell): Cell {
  const amount = multiply(quantity, multiplier);
  if (inverse && (product === "future" || product === "perpetual")) {
    return multiply(amount, subtract(divide(ONE, entry), divide(ONE, mark)));
  }
  return multiply(amount, subtract(mark, entry));
}

/** Buys before sells, market orders before limits, then best price first; what closes the position is covered in that order. */
function restingOf(book: Book, instrument: BookInstrument, quantity: bigint): readonly Resting[] {
  const orders = book.orders.filter((order) => book.instruments[order.instrument] === instrument);
  const side = (buy: boolean): Resting[] => {
    let closing = quantity === 0n || buy === quantity > 0n ? 0n : (absolute(quantity) ?? 0n);
    return orders
      .filter((order) => order.buy === buy)
      .sort((left, right) => rank(left, right, buy))
      .map((order) => {
        const covered = order.quantity < closing ? order.quantity : closing;
        closing -= covered;
        return { ...order, covered, number: book.orders.indexOf(order) };
      });
  };
  return [...side(true), ...side(false)];
}

function rank({ price: left }: BookOrder, { price: right }: BookOrder, buy: boolean): number {
  if (left === right) return 0;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  return left > right === buy ? -1 : 1;
}
