import { join } from "node:path";
import { bookTimeText } from "../../services/evaluate/bookTime.ts";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { loadRegime } from "../../services/regimes/loadRegime.ts";
import { givenInstrument } from "./givenBook.ts";
import type { OptionQuote, Snapshot } from "./snapshot.ts";

/** Options priced in one book: below what the kernel takes. */
const CHUNK = 500;
const DAY_US = 86_400_000_000n;

/** How far the kernel's prices lie from the published marks, in coin, without sign. */
export interface PriceErrors {
  readonly options: number;
  readonly median: number;
  readonly ninetieth: number;
  readonly ninetyNinth: number;
  readonly largest: number;
}

export interface Black76Check {
  readonly all: PriceErrors;
  /** By what is left to the expiry. */
  readonly byLife: Readonly<Record<"expires within a day" | "within a week" | "later", PriceErrors>>;
  /** The option with the largest error, and its snapshot. */
  readonly worst: { readonly snapshot: string; readonly option: string };
}

/** Prices every option of every snapshot by Black-76 in the kernel that margins accounts. */
export function checkBlack76(snapshots: readonly Snapshot[]): Black76Check {
  const program = loadRegime(join(import.meta.dirname, "black-76-mark.yaml"));
  const node = program.terms.find(({ name }) => name === "price_in_coin")!.node;
  const found: { error: number; lifeUs: bigint; snapshot: string; option: string }[] = [];
  for (const { id, timeUs, options } of snapshots) {
    for (let from = 0; from < options.length; from += CHUNK) {
      const chunk = options.slice(from, from + CHUNK);
      const prices = evaluateBook(program, bookOf(chunk, timeUs)).main.column(node);
      chunk.forEach(({ name, markE8, expiryUs }, row) => {
        const error = Math.abs(Number(prices[row]) / 1e18 - Number(markE8) / 1e8);
        found.push({ error, lifeUs: expiryUs - timeUs, snapshot: id, option: name });
      });
    }
  }
  const within = (from: bigint, to: bigint): PriceErrors =>
    errorsOf(found.filter(({ lifeUs }) => lifeUs >= from && lifeUs < to).map(({ error }) => error));
  const worst = found.reduce((largest, each) => (each.error > largest.error ? each : largest));
  return {
    all: errorsOf(found.map(({ error }) => error)),
    byLife: {
      "expires within a day": within(0n, DAY_US),
      "within a week": within(DAY_US, 7n * DAY_US),
      later: within(7n * DAY_US, 10_000n * DAY_US),
    },
    worst: { snapshot: worst.snapshot, option: worst.option },
  };
}

/** An option without a mark volatility of its own could not be priced: the chains have none. */
function bookOf(options: readonly OptionQuote[], timeUs: bigint): unknown {
  return {
    time: bookTimeText(timeUs),
    currencies: {},
    instruments: Object.fromEntries(options.map((option) => [option.name, givenInstrument(option)])),
    positions: options.map(({ name }) => ({ instrument: name, quantity: 0 })),
  };
}

function errorsOf(errors: readonly number[]): PriceErrors {
  const sorted = [...errors].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return {
    options: sorted.length,
    median: at(0.5),
    ninetieth: at(0.9),
    ninetyNinth: at(0.99),
    largest: at(1),
  };
}
