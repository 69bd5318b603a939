import type { z } from "zod";
import { ONE } from "../regimes/fixed.ts";
import type { Fixed, Input, Program } from "../regimes/program.ts";
import type { Book, BookCurrency, BookInput, BookInstrument, BookOrder, BookPosition } from "./book.ts";
import { bookSchema, type GivenBook } from "./bookSchema.ts";
import { parseBookText } from "./bookText.ts";
import { BookRefusedError } from "./evaluation.ts";
import { readInstruments } from "./readInstruments.ts";

/** A given book, cut into what is margined together and what each isolated position is margined as. */
export interface GivenBooks {
  readonly main: Book;
  /** By name of the instrument: the position alone, and its posted collateral the only balance. */
  readonly isolated: ReadonlyMap<string, Book>;
}

/**
 * Reads a book (docs/books.md), given as JSON text or as what JSON text parses to, for a regime.
 *
 * Facts of the market that are left out stay undefined: the evaluation names those that the regime needs. Nothing is
 * assumed but: balances 0, multipliers 1, interest 0, the valuation currency's price 1, posted collateral 0, and the
 * first moment of the regime's vintage as the time of a book in which nothing expires.
 *
 * @throws BookRefusedError with a code and the place (docs/books.md, "Refusals")
 */
export function readBook(value: unknown, program: Program): GivenBooks {
  const given = shapeOf(typeof value === "string" ? parseBookText(value) : value);
  checkRegime(given, program);
  const timeUs = timeOf(given, program);
  const instruments = readInstruments(given, timeUs);
  checkSettlements(given, program);
  checkLegs(given, instruments);
  const shared = {
    timeUs,
    instruments: [...instruments.values()],
    underlyings: readUnderlyings(given),
    inputs: readInputs(given, program),
  };
  const number = new Map(shared.instruments.map((instrument, index) => [instrument.name, index]));
  const positions = given.positions.map((position) => readPosition(position, number.get(position.instrument)!));
  const orders = given.orders.map((order) => ({
    ...readOrder(order, number.get(order.instrument)!),
    isolated: order.isolated === true,
  }));

  const main = {
    ...shared,
    positions: positions.filter(({ isolated }) => !isolated),
    orders: orders.filter(({ isolated }) => !isolated).map(withoutMode),
  };
  const isolated = new Map<string, Book>();
  for (const [index, instrument] of shared.instruments.entries()) {
    const lots = positions.filter((position) => position.isolated && position.instrument === index);
    if (lots.length === 0) continue;
    const posted = lots.reduce((sum, lot) => sum + (lot.posted ?? 0n), 0n);
    const { name, price } = currencyOf(instrument.settlement, given, program);
    isolated.set(instrument.name, {
      ...shared,
      currencies: [{ name, balance: posted, price }],
      positions: lots,
      orders: orders.filter((order) => order.isolated && order.instrument === index).map(withoutMode),
    });
  }
  return { main: { ...main, currencies: currenciesOf(main, given, program) }, isolated };
}

function withoutMode({ isolated: _, ...order }: BookOrder & { readonly isolated: boolean }): BookOrder {
  return order;
}

function shapeOf(value: unknown): GivenBook {
  const checked = bookSchema.safeParse(value);
  if (checked.success) return checked.data;
  const issue = plainIssue(checked.error.issues[0]!, []);
  const code = issue.code === "custom" ? String(issue.params?.["code"] ?? "not-a-book") : "not-a-book";
  throw new BookRefusedError(code, placeOf(issue.path), issue.message);
}

/** Of the alternatives of a union, the one that came furthest says what is wrong with the value. */
function plainIssue(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): z.core.$ZodIssue {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union") return { ...issue, path };
  const found = issue.errors.flat().map((alternative) => plainIssue(alternative, path));
  return found.reduce((best, next) => (next.path.length > best.path.length ? next : best), found.at(-1) ?? issue);
}

function placeOf(path: readonly PropertyKey[]): string {
  const place = path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    "",
  );
  return place === "" ? "book" : place;
}

function checkRegime({ regime, vintage }: GivenBook, program: Program): void {
  if (regime !== undefined && regime !== program.id) {
    throw new BookRefusedError(
      "another-regime",
      "regime",
      `the book is for ${regime}, and is margined under ${program.id}`,
    );
  }
  if (vintage !== undefined && vintage !== program.vintage) {
    throw new BookRefusedError(
      "another-vintage",
      "vintage",
      `the book is for the vintage of ${vintage}; ${program.id} is of ${program.vintage}`,
    );
  }
}

/** A currency that nothing else in the book speaks of is a name mistyped: as a pool of its own it would hold nothing. */
function checkSettlements({ instruments, currencies, underlyings }: GivenBook, { valuation }: Program): void {
  const followed = Object.values(instruments).map(({ underlying }) => underlying);
  const known = new Set([valuation, ...Object.keys(currencies), ...Object.keys(underlyings), ...followed]);
  for (const [name, { settlement }] of Object.entries(instruments)) {
    if (known.has(settlement)) continue;
    throw new BookRefusedError(
      "unknown-currency",
      `instruments.${name}.settlement`,
      `${settlement} is not among the book's currencies`,
    );
  }
}

/** Positions and orders against the instruments that they name. */
function checkLegs(given: GivenBook, instruments: ReadonlyMap<string, BookInstrument>): void {
  const leverage = new Map<string, Fixed>();
  for (const [index, position] of given.positions.entries()) {
    const place = `positions[${index}]`;
    checkLeg(place, position, given, instruments);
    const book = `${position.isolated === true} ${position.instrument}`;
    const chosen = position.leverage ?? leverage.get(book);
    if (chosen === undefined) continue;
    if ((leverage.get(book) ?? chosen) !== chosen) {
      throw new BookRefusedError(
        "leverage-differs",
        `${place}.leverage`,
        `another lot of ${position.instrument} has another leverage`,
      );
    }
    leverage.set(book, chosen);
  }
  for (const [index, order] of given.orders.entries()) {
    const place = `orders[${index}]`;
    checkLeg(place, order, given, instruments);
    const holds = given.positions.some(
      ({ instrument, isolated }) => isolated === true && instrument === order.instrument,
    );
    if (order.isolated === true && !holds) {
      throw new BookRefusedError("no-isolated-position", place, `there is no isolated position in ${order.instrument}`);
    }
  }
}

function checkLeg(
  place: string,
  { instrument, quantity }: { readonly instrument: string; readonly quantity: Fixed },
  given: GivenBook,
  instruments: ReadonlyMap<string, BookInstrument>,
): void {
  if (!instruments.has(instrument)) {
    throw new BookRefusedError(
      "unknown-instrument",
      `${place}.instrument`,
      `${instrument} is not among the book's instruments`,
    );
  }
  const lot = given.instruments[instrument]?.lot;
  if (lot !== undefined && quantity % lot !== 0n) {
    throw new BookRefusedError("off-the-lot", `${place}.quantity`, `is not a multiple of the lot of ${instrument}`);
  }
}

function timeOf(given: GivenBook, program: Program): bigint {
  if (given.time !== undefined) return given.time;
  const [expiring] = Object.entries(given.instruments).find(([, { expiry }]) => expiry !== undefined) ?? [];
  if (expiring !== undefined) {
    throw new BookRefusedError("time-missing", "time", `${expiring} expires: say at what time the book is margined`);
  }
  return program.effectiveUs;
}

/** Those that are given, then those that instruments name, which have no index. */
function readUnderlyings(given: GivenBook): Book["underlyings"] {
  const underlyings = new Map(Object.entries(given.underlyings).map(([name, { index }]) => [name, { name, index }]));
  for (const { underlying: name } of Object.values(given.instruments)) {
    if (!underlyings.has(name)) underlyings.set(name, { name, index: undefined });
  }
  return [...underlyings.values()];
}

function currencyOf(name: string, given: GivenBook, program: Program): BookCurrency {
  const { balance = 0n, price } = given.currencies[name] ?? {};
  return { name, balance, price: price ?? (name === program.valuation ? ONE : undefined) };
}

/** Those that are given, then those that positions and orders settle in, in the order of instruments. */
function currenciesOf(book: Omit<Book, "currencies">, given: GivenBook, program: Program): readonly BookCurrency[] {
  const held = new Set([...book.positions, ...book.orders].map(({ instrument }) => instrument));
  const settled = book.instruments.filter((_, index) => held.has(index)).map(({ settlement }) => settlement);
  const names = new Set([...Object.keys(given.currencies), ...settled]);
  return [...names].map((name) => currencyOf(name, given, program));
}

function readPosition(position: GivenBook["positions"][number], instrument: number): BookPosition {
  return {
    instrument,
    quantity: position.quantity,
    entry: position.entry,
    profit: position.profit,
    leverage: position.leverage,
    isolated: position.isolated === true,
    posted: position.posted ?? 0n,
  };
}

function readOrder(order: GivenBook["orders"][number], instrument: number): BookOrder {
  return {
    instrument,
    buy: order.side === "buy",
    quantity: order.quantity,
    price: order.price,
    reduceOnly: order.reduceOnly === true,
  };
}

function readInputs(given: GivenBook, program: Program): readonly BookInput[] {
  return Object.entries(given.inputs).map(([name, value]) => {
    const input = program.inputs.find((candidate) => candidate.name === name);
    if (input === undefined) {
      const known = program.inputs.map((candidate) => candidate.name).join(", ");
      const reason = known === "" ? `${program.id} has no inputs` : `${program.id} has the inputs ${known}`;
      throw new BookRefusedError("unknown-input", `inputs.${name}`, reason);
    }
    return readInput(input, value, given, program);
  });
}

function readInput(input: Input, value: GivenBook["inputs"][string], given: GivenBook, program: Program): BookInput {
  const { name } = input;
  if (typeof value === "bigint") return { name, all: value, byName: new Map(), rows: new Map() };
  if (input.level === "account") {
    throw new BookRefusedError("not-a-book", `inputs.${name}`, "is one value for the account, not one for each name");
  }
  const byName = new Map<string, Fixed>();
  const rows = new Map<string, readonly number[]>();
  const known = namesOf(input, given, program);
  for (const [key, entry] of Object.entries(value)) {
    const place = `inputs.${name}.${key}`;
    if (key !== "default" && known !== undefined && !known.names.has(key)) {
      throw new BookRefusedError(`unknown-${known.kind}`, place, `there is no ${known.kind} of that name in the book`);
    }
    if (typeof entry === "bigint") {
      byName.set(key, entry);
      continue;
    }
    const count = program.sets[input.set]?.count;
    if (count === undefined || key === "default") {
      throw new BookRefusedError("not-a-book", place, "must be one value");
    }
    if (entry.length !== count) {
      throw new BookRefusedError("wrong-length", place, `has ${entry.length} values; the scenarios are ${count}`);
    }
    rows.set(key, entry);
  }
  const all = byName.get("default");
  byName.delete("default");
  return { name, all, byName, rows };
}

/** Names by which values of an input may be given. Rows of expiries and strikes have names that the evaluation makes. */
function namesOf(
  { level }: Input,
  given: GivenBook,
  program: Program,
): { readonly kind: string; readonly names: ReadonlySet<string> } | undefined {
  const instruments = Object.entries(given.instruments);
  switch (level) {
    case "instrument":
    case "position":
    case "order":
      return { kind: "instrument", names: new Set(instruments.map(([name]) => name)) };
    case "underlying":
      return {
        kind: "underlying",
        names: new Set([...Object.keys(given.underlyings), ...instruments.map(([, { underlying }]) => underlying)]),
      };
    case "currency":
      return {
        kind: "currency",
        names: new Set([...Object.keys(given.currencies), ...instruments.map(([, { settlement }]) => settlement)]),
      };
    case "unit":
      return {
        kind: "unit",
        names: new Set(
          instruments.map(([, { underlying, settlement }]) => unitNameOf(program, underlying, settlement)),
        ),
      };
    default:
      return undefined;
  }
}

/** Name of the risk unit that an instrument belongs to (docs/regimes.md, "Levels"). */
export function unitNameOf({ riskUnit, groups }: Program, underlying: string, settlement: string): string {
  switch (riskUnit) {
    case "underlying":
      return underlying;
    case "underlying-settlement":
      return `${underlying}/${settlement}`;
    case "settlement":
      return settlement;
    case "account":
      return "account";
    case "group":
      return groups.get(underlying) ?? underlying;
  }
}
