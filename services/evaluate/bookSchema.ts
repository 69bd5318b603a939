// The form of a book as it is given (docs/books.md). What names mean and what fits together is checked in readBook.ts.

import { z } from "zod";
import { type BookDecimalReason, readBookDecimal } from "./bookDecimal.ts";
import { readBookTime } from "./bookTime.ts";

const DECIMAL_REASONS: Readonly<Record<BookDecimalReason, string>> = {
  "not-a-number": 'is not a decimal; write a number or its text, such as "-12.50" or "1e-7"',
  "too-precise": "has more than 18 decimals; round it to those you mean",
  "too-large": "is past the largest number of a book, 2^126 x 10^-18 (8.5e19)",
};

/** Custom issues carry the refusal's code. */
function refuse(context: z.core.$RefinementCtx<unknown>, code: string, message: string): never {
  context.issues.push({ code: "custom", message, input: context.value, params: { code } });
  return z.NEVER;
}

const decimal = z.unknown().transform((given, context) => {
  if (typeof given !== "number" && typeof given !== "string") return refuse(context, "not-a-number", unreadable(given));
  const read = readBookDecimal(given);
  return read.ok ? read.value : refuse(context, read.reason, unreadable(given, read.reason));
});

/** Above zero. */
const positive = decimal.transform((value, context) =>
  value > 0n ? value : refuse(context, "not-positive", "must be above 0"),
);

const time = z.string().transform((given, context) => {
  const read = readBookTime(given);
  if (read.ok) return read.timeUs;
  return read.reason === "not-a-time"
    ? refuse(
        context,
        read.reason,
        `${shown(given)} is no time; write "2026-03-27T08:00:00Z", or a date for its midnight UTC`,
      )
    : refuse(context, read.reason, `${shown(given)} is not between the years 1970 and 2200`);
});

/** A value of a scenario: a double. */
const double = z.unknown().transform((given, context) => {
  if (typeof given !== "number" && typeof given !== "string") return refuse(context, "not-a-number", unreadable(given));
  const read = readBookDecimal(given);
  return read.ok || read.reason === "too-precise"
    ? Number(given)
    : refuse(context, read.reason, unreadable(given, read.reason));
});

const name = z.string().min(1);

const currency = z.strictObject({ balance: decimal.optional(), price: decimal.optional() });

const underlying = z.strictObject({ index: decimal.optional() });

const instrument = z.strictObject({
  product: z.enum(["perpetual", "future", "call", "put", "spot"]),
  inverse: z.boolean().optional(),
  underlying: name,
  settlement: name,
  multiplier: positive.optional(),
  /** Least step of quantities: what is not a multiple of it is refused. */
  lot: positive.optional(),
  mark: decimal.optional(),
  forward: decimal.optional(),
  strike: decimal.optional(),
  volatility: decimal.optional(),
  interest: decimal.optional(),
  price_model: z.enum(["black-76", "bachelier"]).optional(),
  expiry: time.optional(),
});

const position = z.strictObject({
  instrument: name,
  quantity: decimal,
  entry: decimal.optional(),
  profit: decimal.optional(),
  leverage: positive.optional(),
  isolated: z.boolean().optional(),
  posted: decimal.optional(),
});

const order = z.strictObject({
  instrument: name,
  side: z.enum(["buy", "sell"]),
  quantity: positive,
  price: decimal.optional(),
  reduceOnly: z.boolean().optional(),
  /** Of the isolated position in that instrument: it is margined in that book. */
  isolated: z.boolean().optional(),
});

/** One value for all rows, or by name: a value, or one for each scenario. */
const input = z.union([z.record(name, z.union([z.array(double), decimal])), decimal]);

export const bookSchema = z.strictObject({
  regime: name.optional(),
  vintage: name.optional(),
  time: time.optional(),
  /** What the book means although it looks like a mistake: volatilities from low to high. */
  limits: z.strictObject({ volatility: z.tuple([decimal, decimal]).optional() }).optional(),
  currencies: z.record(name, currency).default({}),
  underlyings: z.record(name, underlying).default({}),
  instruments: z.record(name, instrument).default({}),
  /** By underlying and expiry ("BTC 2026-03-27T08:00:00Z"): volatilities by rising strike. */
  surfaces: z.record(name, z.array(z.tuple([positive, decimal])).min(1)).default({}),
  positions: z.array(position).default([]),
  orders: z.array(order).default([]),
  inputs: z.record(name, input).default({}),
});

export type GivenBook = z.output<typeof bookSchema>;

function unreadable(given: unknown, reason: BookDecimalReason = "not-a-number"): string {
  return `${shown(given)} ${DECIMAL_REASONS[reason]}`;
}

function shown(given: unknown): string {
  const text = typeof given === "number" ? String(given) : (JSON.stringify(given) ?? String(given));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
