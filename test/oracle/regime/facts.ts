// The facts of a book by name (docs/regimes.md, "Facts of a book"): one decimal for each row of the fact's level.

import type { Cell } from "../../../services/evaluate/evaluation.ts";
import type { FieldName } from "../../../services/regimes/program.ts";
import { absolute, divide, multiply, sign, truth } from "./decimal.ts";
import type { Held, Rows } from "./rows.ts";

const SECOND_US = 10n ** 12n;
const DAY = 86_400n * 10n ** 18n;
const YEAR = 31_536_000n * 10n ** 18n;

/** The column of a fact. */
export function factOf(name: FieldName, rows: Rows, timeUs: bigint): readonly Cell[] {
  switch (name) {
    case "order_quantity":
      return rows.orders.map(({ quantity }) => quantity);
    case "order_price":
      return rows.orders.map(({ price }) => price);
    case "buy":
      return rows.orders.map(({ buy }) => truth(buy));
    case "sell":
      return rows.orders.map(({ buy }) => truth(!buy));
    case "covered":
      return rows.orders.map(({ covered }) => covered);
    case "reduce_only":
      return rows.orders.map(({ reduceOnly }) => truth(reduceOnly));
    case "market_order":
      return rows.orders.map(({ price }) => truth(price === undefined));
    case "index":
      return rows.underlyings.map(({ index }) => index);
    case "balance":
      return rows.currencies.map(({ balance }) => balance);
    case "price":
      return rows.currencies.map(({ price }) => price);
    default:
      return rows.held.map((held) => ofPosition(name, held, timeUs));
  }
}

type RowlessName = Exclude<
  FieldName,
  | "order_quantity"
  | "order_price"
  | "buy"
  | "sell"
  | "covered"
  | "reduce_only"
  | "market_order"
  | "index"
  | "balance"
  | "price"
>;

function ofPosition(name: RowlessName, held: Held, timeUs: bigint): Cell {
  const { instrument, quantity } = held;
  const { product, mark } = instrument;
  switch (name) {
    case "linear":
      return truth(!instrument.inverse);
    case "inverse":
      return truth(instrument.inverse);
    case "bachelier":
      return truth(instrument.bachelier);
    case "option":
      return truth(product === "call" || product === "put");
    case "perpetual":
    case "future":
    case "call":
    case "put":
    case "spot":
      return truth(product === name);
    case "multiplier":
      return instrument.multiplier;
    case "mark":
      return mark;
    case "forward":
      return instrument.forward ?? (isFuture(held) ? mark : undefined);
    case "strike":
      return instrument.strike;
    case "volatility":
      return instrument.volatility;
    case "interest":
      return instrument.interest;
    case "seconds":
      return secondsOf(held, timeUs);
    case "days":
      return divide(secondsOf(held, timeUs), DAY);
    case "years":
      return divide(secondsOf(held, timeUs), YEAR);
    case "expired":
      return truth(instrument.expiryUs !== undefined && timeUs >= instrument.expiryUs);
    case "unit_value":
      return unitValueOf(held);
    case "quantity":
      return quantity;
    case "size":
      return absolute(quantity);
    case "side":
      return sign(quantity);
    case "long":
      return truth(quantity > 0n);
    case "short":
      return truth(quantity < 0n);
    case "entry":
      return held.entry;
    case "value":
      return multiply(quantity, unitValueOf(held));
    case "notional":
      return absolute(multiply(quantity, unitValueOf(held)));
    case "profit":
      return held.profit;
    case "leverage":
      return held.leverage;
    case "isolated":
      return truth(held.isolated);
    case "posted":
      return held.posted;
  }
}

function isFuture({ instrument: { product } }: Held): boolean {
  return product === "future" || product === "perpetual";
}

/** To the expiry, not below 0; undefined for what does not expire. */
function secondsOf({ instrument: { expiryUs } }: Held, timeUs: bigint): Cell {
  if (expiryUs === undefined) return undefined;
  return expiryUs > timeUs ? (expiryUs - timeUs) * SECOND_US : 0n;
}

function unitValueOf(held: Held): Cell {
  const { multiplier, mark, inverse } = held.instrument;
  return inverse && isFuture(held) ? divide(multiplier, mark) : multiply(multiplier, mark);
}
