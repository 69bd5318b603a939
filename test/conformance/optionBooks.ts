// Published option positions as books: a text such as "+100000 SPY@145.30 -100 Apr1460C@21.66", lists of positions, named
// legs ({ "short": { "strike": 125, .. } }), or one option with its fields beside the others.

import type { PublishedCase } from "./family.ts";
import { type Fields, given } from "./figures.ts";

type Product = "call" | "put" | "spot";

export interface OptionLeg {
  readonly instrument: string;
  readonly product: Product;
  /** Signed. */
  readonly quantity: number;
  readonly price: string;
  /** What was paid or received, where the case tells it apart from the price. */
  readonly entry: string;
  readonly strike: string | undefined;
  readonly expiry: string | undefined;
  /** Ticker of a stock. */
  readonly stock: string | undefined;
  readonly volatility: string | undefined;
  readonly forward: string | undefined;
}

export interface OptionBook {
  readonly underlying: string;
  readonly legs: readonly OptionLeg[];
  /** As `Bench.margin` takes it (docs/books.md). */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Stands for a broad-based index in cases that only say "index". */
const INDEX = "SPX";
const MULTIPLIER = 100;

/** @throws Error that says what the case does not give */
export function optionBookOf(published: PublishedCase): OptionBook {
  const inputs = published.inputs as Fields;
  const legs = legsOf(published, inputs);
  if (legs.length === 0) throw new Error("gives no positions");
  const stock = legs.find(({ product }) => product === "spot");
  const named = typeof inputs["underlying"] === "string" ? inputs["underlying"] : undefined;
  const isIndex = /index/i.test(`${String(given(inputs, "underlying_kind", "kind") ?? "")} ${published.model ?? ""}`);
  const underlying = named ?? (isIndex ? INDEX : (stock?.stock ?? "XYZ"));
  const price = priceOf(inputs, legs, stock, underlying);
  const multiplier = String(given(inputs, "multiplier", "contract_multiplier") ?? MULTIPLIER);
  const expiries = legs.flatMap(({ expiry }) => (expiry === undefined ? [] : [expiry]));
  const time = given(inputs, "time", "date") ?? earlier(expiries);
  const interest = given(inputs, "interest");
  const instruments = Object.fromEntries(
    legs.map((leg) => [
      leg.instrument,
      {
        product: leg.product,
        underlying,
        settlement: "USD",
        multiplier: leg.product === "spot" ? 1 : multiplier,
        mark: leg.price,
        ...(leg.strike === undefined ? {} : { strike: leg.strike }),
        ...(leg.expiry === undefined ? {} : { expiry: leg.expiry }),
        ...(leg.volatility === undefined ? {} : { volatility: leg.volatility }),
        ...(leg.forward === undefined ? {} : { forward: leg.forward }),
        ...(interest === undefined || leg.product === "spot" ? {} : { interest }),
      },
    ]),
  );
  const standsFor = legs.flatMap(({ product, stock: ticker, instrument, price: paid }) =>
    product === "spot" && ticker !== underlying ? [[instrument, scaleOf(Number(paid) / Number(price))] as const] : [],
  );
  return {
    underlying,
    legs,
    json: {
      ...(time === undefined ? {} : { time }),
      underlyings: { [underlying]: { index: price } },
      instruments,
      positions: legs.map(({ instrument, quantity, entry }) => ({ instrument, quantity, entry })),
      ...(standsFor.length === 0 ? {} : { inputs: { stands_for: Object.fromEntries(standsFor) } }),
    },
  };
}

/** A share of an index fund stands for a power of ten of the index: 145.30 / 1451.19 -> 0.1. */
function scaleOf(ratio: number): string {
  const power = Math.round(Math.log10(ratio));
  return power >= 0 ? `1${"0".repeat(power)}` : `0.${"0".repeat(-power - 1)}1`;
}

function priceOf(inputs: Fields, legs: readonly OptionLeg[], stock: OptionLeg | undefined, underlying: string): string {
  const told = given(inputs, "underlying_price", "spot", "spot_price", "stock_price", "index", "underlying");
  if (told !== undefined && Number.isFinite(Number(told))) return String(told);
  if (stock !== undefined && (stock.stock === undefined || stock.stock === underlying)) return stock.price;
  // A spread of limited loss does not depend on it, unless it is far out of the money.
  const short = legs.find(({ quantity }) => quantity < 0);
  const held = (product: Product) =>
    legs.filter((leg) => leg.product === product).reduce((sum, { quantity }) => sum + quantity, 0);
  if (short?.strike !== undefined && held("call") >= 0 && held("put") >= 0) return short.strike;
  throw new Error("gives no price of the underlying");
}

function legsOf(published: PublishedCase, inputs: Fields): readonly OptionLeg[] {
  const { positions, legs } = inputs;
  if (typeof positions === "string") return textLegs(positions);
  const listed = [positions, legs].find(Array.isArray) as readonly Fields[] | undefined;
  const words = `${published.model ?? ""} ${published.title ?? ""} ${published.id}`.replaceAll(/[-_]/g, " ");
  if (listed !== undefined) return listed.map((fields) => legFrom(fields, "", words));
  const named = Object.entries(inputs).filter(
    (entry): entry is [string, Fields] => typeof entry[1] === "object" && entry[1] !== null && !Array.isArray(entry[1]),
  );
  const found = named.filter(([, fields]) => given(fields, "strike", "premium", "price", "option_price") !== undefined);
  if (found.length > 0) return found.map(([name, fields]) => legFrom(fields, name, words));
  return given(inputs, "strike") === undefined ? [] : [legFrom(inputs, "", words)];
}

const OPTION = /\b(c|p|calls?|puts?)\b/i;
const SOLD = /\b(short|sell|sold|naked|uncovered|written)\b/i;
const BOUGHT = /\b(long|buy|bought)\b/i;

/** @param name such as "short", "long_put", "call", "stock" */
function legFrom(fields: Fields, name: string, words: string): OptionLeg {
  const told = `${String(given(fields, "type", "kind", "right", "product") ?? "")} ${name.replaceAll("_", " ")}`;
  const strike = given(fields, "strike");
  const kind = OPTION.exec(told)?.[1] ?? OPTION.exec(words)?.[1];
  if (strike !== undefined && kind === undefined) throw new Error("does not say whether its options are calls or puts");
  const product: Product = strike === undefined ? "spot" : /^c/i.test(kind ?? "") ? "call" : "put";
  const price = given(fields, "premium", "option_price", "price", "mark");
  if (price === undefined) throw new Error("gives no price of an option");
  const counted = given(fields, "quantity", "qty", "contracts", "amount", "position");
  const amount = Number(counted ?? 1);
  const side = `${told} ${String(given(fields, "side") ?? "")}`;
  // A case that tells no quantity tells its side in its title: "naked put", "short strangle".
  const isShort = SOLD.test(side) || (counted === undefined && !BOUGHT.test(side) && SOLD.test(words));
  const expiry = given(fields, "expiry", "expiration");
  return legWith({
    product,
    quantity: isShort ? -Math.abs(amount) : amount,
    price: String(price),
    entry: String(given(fields, "entry_price", "entry") ?? price),
    strike: strike === undefined ? undefined : String(strike),
    expiry: expiry === undefined ? undefined : String(expiry),
    stock: given(fields, "symbol", "ticker") as string | undefined,
    volatility: textOf(given(fields, "volatility")),
    forward: textOf(given(fields, "forward")),
  });
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

function legWith(leg: Omit<OptionLeg, "instrument">): OptionLeg {
  const { product, stock, strike, expiry } = leg;
  const instrument =
    product === "spot" ? (stock ?? "stock") : [expiry?.slice(0, 10), strike, product].filter(Boolean).join(" ");
  return { ...leg, instrument };
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const LEG = /^([+-]?)\s*([\d,]*\.?\d+)\s*(?:x\s+)?(.*?)\s*@\s*\$?\s*(\d*\.?\d+)$/i;
const TEXT_OPTION =
  /^(?:([A-Za-z.]+)\s+)??(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s'-]*(\d{4}(?=\s)|\d{2}(?=\s))?\s*(\d*\.?\d+)\s*(c|p|calls?|puts?)$/i;

/** Months without a year are those of one year; where they lie more than half a year apart, the early ones are of the next. */
function textLegs(text: string): readonly OptionLeg[] {
  const parts = text
    .replaceAll(/\b(?:long|buy|bought)\s+(?=\d)/gi, "+")
    .replaceAll(/\b(?:short|sell|sold)\s+(?=\d)/gi, "-")
    .trim()
    .split(/[\s,;]+(?=[+-]\s*[\d.])/);
  const read = parts.map((part) => {
    const leg = LEG.exec(part.trim());
    if (leg === null) throw new Error(`has a position that is not understood: ${part}`);
    const [, sign, size = "", what = "", price = ""] = leg;
    const quantity = (sign === "-" ? -1 : 1) * Number(size.replaceAll(",", ""));
    const option = TEXT_OPTION.exec(what.trim());
    return { quantity, price: Number(price).toString(), what: what.trim(), option };
  });
  const months = read.flatMap(({ option }) => (option === null ? [] : [monthOf(option)]));
  const wraps = months.length > 0 && Math.max(...months) - Math.min(...months) > 6;
  return read.map(({ quantity, price, what, option }) => {
    const shared = { quantity, price, entry: price, volatility: undefined, forward: undefined };
    if (option === null) {
      return legWith({ ...shared, product: "spot", strike: undefined, expiry: undefined, stock: what.split(/\s+/)[0] });
    }
    const month = monthOf(option);
    const [, , , year, strike = "", kind = ""] = option;
    const named =
      year === undefined ? 2007 + (wraps && month < 6 ? 1 : 0) : Number(year.length === 2 ? `20${year}` : year);
    return legWith({
      ...shared,
      product: /^c/i.test(kind) ? "call" : "put",
      strike: Number(strike).toString(),
      expiry: `${named}-${String(month + 1).padStart(2, "0")}-21T21:00:00Z`,
      stock: undefined,
    });
  });
}

function monthOf(option: RegExpExecArray): number {
  return MONTHS.indexOf((option[2] ?? "").toLowerCase());
}

/** A day before the first expiry. */
function earlier(expiries: readonly string[]): string | undefined {
  const times = expiries.map((expiry) => Date.parse(expiry)).filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : new Date(Math.min(...times) - 86_400_000).toISOString();
}
