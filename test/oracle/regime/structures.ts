// Operations that look at several rows together: expiries' payoffs, correlated units, spreads between underlyings.

import type { BookInstrument } from "../../../services/evaluate/book.ts";
import type { Cell } from "../../../services/evaluate/evaluation.ts";
import type { PairTable, SpreadTable } from "../../../services/regimes/program.ts";
import { absolute, add, divide, fromDouble, multiply, subtract, toDouble, total } from "./decimal.ts";

const ONE = 10n ** 18n;

export interface Leg {
  readonly instrument: BookInstrument;
  /** In units of the underlying. */
  readonly amount: Cell;
}

/** The lowest payoff of an expiry's positions among the prices 0 and all their strikes. */
export function payoffFloor(legs: readonly Leg[]): Cell {
  const strikes = legs.filter(isOption).map(({ instrument }) => instrument.strike);
  const payoffs = [0n, ...strikes].map((price) => payoffAt(legs, price));
  return payoffs.reduce((least, value) =>
    least === undefined || value === undefined ? undefined : value < least ? value : least,
  );
}

/** Payoff of an expiry's positions when the underlying ends at a price. */
export function payoffAt(legs: readonly Leg[], price: Cell): Cell {
  if (price === undefined) return undefined;
  return total(legs.map((leg) => multiply(leg.amount, payoff(leg, price))));
}

function isOption({ instrument: { product } }: Leg): boolean {
  return product === "call" || product === "put";
}

function payoff({ instrument: { product, strike, mark } }: Leg, price: Cell): Cell {
  if (product === "spot") return price;
  if (product === "future" || product === "perpetual") return subtract(price, mark);
  const inside = product === "call" ? subtract(price, strike) : subtract(strike, price);
  return inside !== undefined && inside < 0n ? 0n : inside;
}

/** Square root of the quadratic form. */
export function correlated(pairs: PairTable, keys: readonly (readonly string[])[], values: readonly Cell[]): Cell {
  const numbers = keys.map((names) => names.map((name) => pairs.keys.indexOf(name)).find((at) => at >= 0) ?? -1);
  let form: Cell = 0n;
  for (const [row, left] of values.entries()) {
    for (const [column, right] of values.entries()) {
      const [i, j] = [numbers[row]!, numbers[column]!];
      const same = row === column || (i >= 0 && i === j) || keys[row]!.at(-1) === keys[column]!.at(-1);
      const rho = same ? ONE : i >= 0 && j >= 0 ? pairs.values[i]![j]! : pairs.otherwise;
      form = add(form, multiply(multiply(rho, left), right));
    }
  }
  if (form === undefined) return undefined;
  return form <= 0n ? 0n : fromDouble(Math.sqrt(toDouble(form)));
}

/** Credit of each row, by rising priority; what a spread uses up is not there for the next. */
export function spreadCredits(
  table: SpreadTable,
  keys: readonly (readonly string[])[],
  deltas: readonly Cell[],
  worths: readonly Cell[],
): readonly Cell[] {
  if (deltas.includes(undefined) || worths.includes(undefined)) return deltas.map(() => undefined);
  const left = deltas.map((delta) => delta!);
  const credits = deltas.map<Cell>(() => 0n);
  const spreads = table.spreads.map((spread, given) => ({ ...spread, given }));
  spreads.sort((one, other) => one.priority - other.priority || one.given - other.given);
  for (const { legs, rate } of spreads) {
    const rows = legs.map(({ key }) => keys.findIndex((names) => names.includes(key)));
    if (rows.includes(-1)) continue;
    const signs = legs.map(({ ratio }, leg) => {
      const delta = left[rows[leg]!]!;
      return delta === 0n ? 0 : delta > 0n === ratio > 0n ? 1 : -1;
    });
    if (signs[0] === 0 || signs.some((sign) => sign !== signs[0])) continue;
    const counts = legs.map(({ ratio }, leg) => divide(absolute(left[rows[leg]!]!), absolute(ratio))!);
    const count = counts.reduce((least, value) => (value < least ? value : least));
    for (const [leg, { ratio }] of legs.entries()) {
      const row = rows[leg]!;
      const used = multiply(count, absolute(ratio))!;
      left[row] = left[row]! > 0n ? left[row]! - used : left[row]! + used;
      credits[row] = add(credits[row], multiply(multiply(rate, used), worths[row]));
    }
  }
  return credits;
}

/** Rate times the lesser of the long and the short delta. */
export function calendarCharge(deltas: readonly Cell[], rate: Cell): Cell {
  if (deltas.includes(undefined)) return undefined;
  const long = total(deltas.map((delta) => (delta! > 0n ? delta : 0n)));
  const short = total(deltas.map((delta) => (delta! < 0n ? -delta! : 0n)));
  if (long === undefined || short === undefined) return undefined;
  return multiply(rate, long < short ? long : short);
}
