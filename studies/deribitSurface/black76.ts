import { join } from "node:path";
import { bookTimeText } from "../../services/evaluate/bookTime.ts";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { loadRegime } from "../../services/regimes/loadRegime.ts";
import { givenInstrument } from "./givenBook.ts";
import { atImpliedForwards } from "./impliedForward.ts";
import type { OptionQuote, Snapshot } from "./snapshot.ts";

/** Options priced in one book: below what the kernel takes. */
const CHUNK = 500;
/** The files give the volatility to a hundredth of a percent and marks to a millionth: each is known to half of that. */
const VOLATILITY_ROUNDING = 0.000_05;
const MARK_ROUNDING = 0.000_000_5;
const DAY_US = 86_400_000_000n;

/** How far the kernel's prices lie from the published marks, in coin, without sign. */
export interface PriceErrors {
  readonly options: number;
  readonly median: number;
  readonly ninetieth: number;
  readonly ninetyNinth: number;
  readonly largest: number;
  /** Share of the options whose error the rounding of the published volatility and mark explains. */
  readonly withinRounding: number;
}

export interface Black76Check {
  /** At the published forwards. */
  readonly all: PriceErrors;
  /** By what is left to the expiry. */
  readonly byLife: Readonly<Record<"expires within a day" | "within a week" | "later", PriceErrors>>;
  /** At the forwards that call and put of a strike imply. */
  readonly atImpliedForwards: PriceErrors;
  /** The option with the largest error, and its snapshot. */
  readonly worst: { readonly snapshot: string; readonly option: string };
}

interface PriceError {
  readonly snapshot: string;
  readonly option: string;
  readonly lifeUs: bigint;
  /** In coin: without sign, and what rounding alone may come to. */
  readonly error: number;
  readonly rounding: number;
}

/** Prices every option of every snapshot by Black-76 in the kernel that margins accounts. */
export function checkBlack76(snapshots: readonly Snapshot[]): Black76Check {
  const found = priceErrors(snapshots);
  const within = (from: bigint, to: bigint): PriceErrors =>
    summaryOf(found.filter(({ lifeUs }) => lifeUs >= from && lifeUs < to));
  const worst = found.reduce((largest, each) => (each.error > largest.error ? each : largest));
  return {
    all: summaryOf(found),
    byLife: {
      "expires within a day": within(0n, DAY_US),
      "within a week": within(DAY_US, 7n * DAY_US),
      later: within(7n * DAY_US, 10_000n * DAY_US),
    },
    atImpliedForwards: summaryOf(priceErrors(snapshots.map(atImpliedForwards))),
    worst: { snapshot: worst.snapshot, option: worst.option },
  };
}

function priceErrors(snapshots: readonly Snapshot[]): readonly PriceError[] {
  const program = loadRegime(join(import.meta.dirname, "black-76-mark.yaml"));
  const nodeOf = (term: string): number => program.terms.find(({ name }) => name === term)!.node;
  const [price, vega] = [nodeOf("price_in_coin"), nodeOf("vega_in_coin")];
  const found: PriceError[] = [];
  for (const { id, timeUs, options } of snapshots) {
    for (let from = 0; from < options.length; from += CHUNK) {
      const chunk = options.slice(from, from + CHUNK);
      const { main } = evaluateBook(program, bookOf(chunk, timeUs));
      const [prices, vegas] = [main.column(price), main.column(vega)];
      chunk.forEach(({ name, markE8, expiryUs }, row) => {
        const error = Math.abs(Number(prices[row]) / 1e18 - Number(markE8) / 1e8);
        const rounding = (Number(vegas[row]) / 1e18) * VOLATILITY_ROUNDING + MARK_ROUNDING;
        found.push({ snapshot: id, option: name, lifeUs: expiryUs - timeUs, error, rounding });
      });
    }
  }
  return found;
}

function bookOf(options: readonly OptionQuote[], timeUs: bigint): unknown {
  return {
    time: bookTimeText(timeUs),
    currencies: {},
    instruments: Object.fromEntries(options.map((option) => [option.name, givenInstrument(option)])),
    positions: options.map(({ name }) => ({ instrument: name, quantity: 0 })),
  };
}

function summaryOf(found: readonly PriceError[]): PriceErrors {
  const sorted = found.map(({ error }) => error).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return {
    options: sorted.length,
    median: at(0.5),
    ninetieth: at(0.9),
    ninetyNinth: at(0.99),
    largest: at(1),
    withinRounding: found.filter(({ error, rounding }) => error <= rounding).length / found.length,
  };
}
