// Writes a book into the kernel's memory, as assembly/regime/format.ts draws it.

import {
  BOOK_ARENA_TAKEN,
  BOOK_CURRENCIES,
  BOOK_CURRENCIES_MAX,
  BOOK_MATRICES,
  BOOK_ORDERS,
  BOOK_POSITIONS,
  BOOK_TIME,
  CURRENCY_KEYS_SIZE,
  DIRECTORY_ARENA,
  DIRECTORY_ARENA_END,
  DIRECTORY_BOOK,
  DIRECTORY_CURRENCY_KEYS,
  DIRECTORY_FIELDS,
  DIRECTORY_INPUTS,
  DIRECTORY_ORDER_KEYS,
  DIRECTORY_POSITION_KEYS,
  ORDER_BUY,
  ORDER_KEYS_SIZE,
  ORDER_POSITION,
  POSITION_BACHELIER,
  POSITION_EXPIRY,
  POSITION_INVERSE,
  POSITION_KEYS_SIZE,
  POSITION_NUMBER,
  POSITION_PRODUCT,
  POSITION_SETTLEMENT,
  POSITION_UNDERLYING,
  PRODUCT_CALL,
  PRODUCT_FUTURE,
  PRODUCT_PERPETUAL,
  PRODUCT_PUT,
  PRODUCT_SPOT,
} from "../../assembly/regime/format.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Numbering } from "../regimes/encodeProgram.ts";
import { ONE } from "../regimes/fixed.ts";
import { FIELDS, type FieldName, type Fixed, type Input, type Program } from "../regimes/program.ts";
import type { Book, BookCurrency, BookInput, BookInstrument, Product } from "./book.ts";
import { BookRefusedError } from "./evaluation.ts";
import { type HeldOrder, type HeldPosition, heldOrders, heldPositions } from "./heldPositions.ts";
import { type GatheredLevel, rowNamer } from "./rowNames.ts";

/** What stands in the rows that were written. */
export interface WrittenBook {
  readonly book: Book;
  readonly positions: readonly HeldPosition[];
  readonly orders: readonly HeldOrder[];
  readonly currencies: readonly BookCurrency[];
  /** Name of the row that an instrument is gathered to. */
  nameOf(level: GatheredLevel, instrument: BookInstrument): string;
}

const CELL = 16;
const LOW = (1n << 64n) - 1n;
const GUARD = 1n << 126n;
const UNDEFINED_HIGH = -(1n << 63n);
const EXPIRY_NONE = -(1n << 63n);

const PRODUCTS: Record<Product, number> = {
  perpetual: PRODUCT_PERPETUAL,
  future: PRODUCT_FUTURE,
  call: PRODUCT_CALL,
  put: PRODUCT_PUT,
  spot: PRODUCT_SPOT,
};
const FIELD_NUMBERS = new Map(FIELDS.map(({ name }, number) => [name, number]));

/** @throws BookRefusedError when the book has more rows than the kernel takes */
export function writeBook(kernel: Kernel, program: Program, book: Book, numbering: Numbering): WrittenBook {
  const positions = heldPositions(book);
  const orders = heldOrders(book, positions);
  const currencies = currenciesOf(book, positions, program);
  checkSize("positions", positions.length, kernel.regimes.positions);
  checkSize("orders", orders.length, kernel.regimes.orders);
  checkSize("currencies", currencies.length, BOOK_CURRENCIES_MAX);
  const written = { book, positions, orders, currencies, nameOf: rowNamer(program, book) };
  const writer = new BookWriter(kernel, numbering);
  writer.keys(written);
  writer.facts(written);
  writer.inputs(program, written);
  return written;
}

function checkSize(place: string, count: number, most: number): void {
  if (count > most) throw new BookRefusedError("too-many-rows", place, `there are ${count}; the kernel takes ${most}`);
}

/** Those of the book, then those that positions settle in and that are not yet there. */
function currenciesOf(book: Book, positions: readonly HeldPosition[], { valuation }: Program): readonly BookCurrency[] {
  const currencies = new Map(book.currencies.map((currency) => [currency.name, currency]));
  for (const { instrument } of positions) {
    const name = instrument.settlement;
    if (currencies.has(name)) continue;
    currencies.set(name, { name, balance: 0n, price: name === valuation ? ONE : undefined });
  }
  return [...currencies.values()];
}

class BookWriter {
  readonly #kernel: Kernel;
  readonly #numbering: Numbering;
  readonly #directory: number;

  constructor(kernel: Kernel, numbering: Numbering) {
    this.#kernel = kernel;
    this.#numbering = numbering;
    this.#directory = kernel.exports.regimeDirectory();
  }

  keys({ book, positions, orders, currencies }: WrittenBook): void {
    const { bytes, u32, i64 } = this.#kernel;
    const header = this.#address(DIRECTORY_BOOK);
    i64[(header + BOOK_TIME) / 8] = book.timeUs;
    u32[(header + BOOK_POSITIONS) / 4] = positions.length;
    u32[(header + BOOK_ORDERS) / 4] = orders.length;
    u32[(header + BOOK_CURRENCIES) / 4] = currencies.length;
    let at = this.#address(DIRECTORY_POSITION_KEYS);
    for (const { instrument } of positions) {
      u32[(at + POSITION_UNDERLYING) / 4] = this.#numbering.underlying(instrument.underlying);
      u32[(at + POSITION_SETTLEMENT) / 4] = this.#numbering.currency(instrument.settlement);
      i64[(at + POSITION_EXPIRY) / 8] = instrument.expiryUs ?? EXPIRY_NONE;
      u32[(at + POSITION_NUMBER) / 4] = this.#numbering.instrument(instrument.name);
      bytes[at + POSITION_PRODUCT] = PRODUCTS[instrument.product];
      bytes[at + POSITION_INVERSE] = instrument.inverse ? 1 : 0;
      bytes[at + POSITION_BACHELIER] = instrument.bachelier ? 1 : 0;
      at += POSITION_KEYS_SIZE;
    }
    at = this.#address(DIRECTORY_ORDER_KEYS);
    for (const { order, position } of orders) {
      u32[(at + ORDER_POSITION) / 4] = position;
      bytes[at + ORDER_BUY] = order.buy ? 1 : 0;
      at += ORDER_KEYS_SIZE;
    }
    at = this.#address(DIRECTORY_CURRENCY_KEYS);
    for (const { name } of currencies) {
      u32[at / 4] = this.#numbering.currency(name);
      at += CURRENCY_KEYS_SIZE;
    }
  }

  facts({ book, positions, orders, currencies }: WrittenBook): void {
    const index = new Map(book.underlyings.map((underlying) => [underlying.name, underlying.index]));
    this.#field("multiplier", positions, ({ instrument }) => instrument.multiplier);
    this.#field("mark", positions, ({ instrument }) => instrument.mark);
    this.#field("forward", positions, ({ instrument }) => instrument.forward);
    this.#field("strike", positions, ({ instrument }) => instrument.strike);
    this.#field("volatility", positions, ({ instrument }) => instrument.volatility);
    this.#field("interest", positions, ({ instrument }) => instrument.interest);
    this.#field("quantity", positions, ({ quantity }) => quantity);
    this.#field("entry", positions, ({ entry }) => entry);
    this.#field("profit", positions, ({ profit }) => profit);
    this.#field("leverage", positions, ({ leverage }) => leverage);
    this.#field("isolated", positions, ({ isolated }) => (isolated ? ONE : 0n));
    this.#field("posted", positions, ({ posted }) => posted);
    this.#field("index", positions, ({ instrument }) => index.get(instrument.underlying));
    this.#field("order_quantity", orders, ({ order }) => order.quantity);
    this.#field("order_price", orders, ({ order }) => order.price);
    this.#field("reduce_only", orders, ({ order }) => (order.reduceOnly ? ONE : 0n));
    this.#field("balance", currencies, ({ balance }) => balance);
    this.#field("price", currencies, ({ price }) => price);
  }

  inputs(program: Program, written: WrittenBook): void {
    const { u32 } = this.#kernel;
    const arena = this.#address(DIRECTORY_ARENA);
    let taken = 0;
    for (const [number, input] of program.inputs.entries()) {
      const given = written.book.inputs.find(({ name }) => name === input.name);
      const column = this.#address(DIRECTORY_INPUTS + number * 4);
      const names = namesOf(input, written);
      const cells = names.map((name) => given?.byName.get(name) ?? given?.all ?? input.value);
      const matrix = (this.#address(DIRECTORY_BOOK) + BOOK_MATRICES) / 4 + number;
      u32[matrix] = 0;
      this.#cells(column, cells);
      if (input.set < 0 || given === undefined || given.rows.size === 0) continue;
      u32[matrix] = arena + taken;
      taken += this.#scenarios(arena + taken, program.sets[input.set]!.count, names, cells, given);
    }
    u32[(this.#address(DIRECTORY_BOOK) + BOOK_ARENA_TAKEN) / 4] = taken;
  }

  /** Rows of a matrix input: as given, else the one value for all scenarios. @returns their bytes */
  #scenarios(
    at: number,
    count: number,
    names: readonly string[],
    cells: readonly (Fixed | undefined)[],
    given: BookInput,
  ): number {
    const width = Math.ceil(count / 2) * 2;
    const bytes = names.length * width * 8;
    if (at + bytes > this.#address(DIRECTORY_ARENA_END)) {
      throw new BookRefusedError(
        "too-many-rows",
        `inputs.${given.name}`,
        "is larger than the kernel's memory for a book",
      );
    }
    for (const [row, name] of names.entries()) {
      const start = at / 8 + row * width;
      const listed = given.rows.get(name);
      const value = cells[row] === undefined ? Number.NaN : Number(`${cells[row]}e-18`);
      for (let scenario = 0; scenario < width; scenario++) {
        this.#kernel.f64[start + scenario] = listed === undefined ? value : (listed[scenario] ?? 0);
      }
    }
    return bytes;
  }

  #address(entry: number): number {
    return this.#kernel.u32[(this.#directory + entry) / 4]!;
  }

  #field<Row>(name: FieldName, rows: readonly Row[], value: (row: Row) => Fixed | undefined): void {
    this.#cells(this.#address(DIRECTORY_FIELDS + FIELD_NUMBERS.get(name)! * 4), rows.map(value));
  }

  #cells(at: number, cells: readonly (Fixed | undefined)[]): void {
    const { i64 } = this.#kernel;
    for (const [row, cell] of cells.entries()) {
      const place = (at + row * CELL) / 8;
      const known = cell !== undefined && cell < GUARD && cell > -GUARD;
      i64[place] = known ? BigInt.asIntN(64, cell & LOW) : 0n;
      i64[place + 1] = known ? cell >> 64n : UNDEFINED_HIGH;
    }
  }
}

/** Names by which an input is given, one for each row that it is read from. */
function namesOf({ level }: Input, { positions, orders, currencies, nameOf }: WrittenBook): readonly string[] {
  switch (level) {
    case "account":
      return ["account"];
    case "currency":
      return currencies.map(({ name }) => name);
    case "order":
      return orders.map(({ position }) => positions[position]!.instrument.name);
    case "position":
    case "instrument":
      return positions.map(({ instrument }) => instrument.name);
    case "underlying":
      return positions.map(({ instrument }) => instrument.underlying);
    default:
      return positions.map(({ instrument }) => nameOf(level, instrument));
  }
}
