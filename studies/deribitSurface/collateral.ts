import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import type { Verdict } from "../../services/evaluate/evaluation.ts";
import type { Program } from "../../services/regimes/program.ts";
import { type Book, isOptionQuote } from "./books.ts";
import { givenBook } from "./givenBook.ts";
import { OPTION_QUANTITY_SCALE } from "./listings.ts";
import { COINS, type Coin, type Snapshot } from "./snapshot.ts";

type Coins<T> = Readonly<Record<Coin, T>>;

const NOTHING: Coins<bigint> = { BTC: 0n, ETH: 0n };
/** 10^-18 in 10^-8. */
const UNITS = 10n ** 10n;
const RAISE = 1.05;
/** A ten-thousandth of a coin, for the roundings of the fills. */
const RESERVE = 10_000n;

/**
 * What a book pays in, in 10^-8 coin: the least with which, in every regime, equity is `cushion` times initial margin wherever the
 * regime judges. The regime that asks most therefore decides; the accounts of the others begin with more than that.
 */
export function collateralOf(book: Book, snapshot: Snapshot, programs: readonly Program[]): Coins<bigint> {
  const verdictsOf = (program: Program, balances: Coins<bigint>): readonly Verdict[] =>
    evaluateBook(program, givenBook(book, snapshot, balances)).main.verdicts;
  const premiums = premiumsOf(book);
  const spendable: Record<Coin, bigint> = { BTC: least(premiums.BTC), ETH: least(premiums.ETH) };
  for (const program of programs.filter(({ conclusion }) => conclusion.level === "currency")) {
    // The requirement of a currency does not depend on its balance: equity rises one for one.
    for (const { currency, equity, initial } of verdictsOf(program, NOTHING)) {
      const coin = COINS.find((each) => each === currency)!;
      const needed = (times(initial ?? 0n, book.cushion) - (equity ?? 0n)) / UNITS + RESERVE;
      if (needed > spendable[coin]) spendable[coin] = needed;
    }
  }
  for (const program of programs.filter(({ conclusion }) => conclusion.level === "account")) {
    while (!hasCushion(verdictsOf(program, spendable)[0]!, book.cushion)) {
      for (const coin of usedCoins(book)) spendable[coin] = raised(spendable[coin]);
    }
  }
  return { BTC: spendable.BTC + premiums.BTC, ETH: spendable.ETH + premiums.ETH };
}

/** A deposit is never below nothing, whatever short options bring. */
function least(premium: bigint): bigint {
  return premium < 0n ? -premium : 0n;
}

function hasCushion({ equity, initial }: Verdict, cushion: number): boolean {
  return equity !== undefined && initial !== undefined && equity >= times(initial, cushion);
}

/** To a millionth. */
function times(amount: bigint, factor: number): bigint {
  return (amount * BigInt(Math.round(factor * 1e6))) / 1_000_000n;
}

/** At least by the reserve, so that it ends. */
function raised(amountE8: bigint): bigint {
  const more = times(amountE8, RAISE);
  return more > amountE8 + RESERVE ? more : amountE8 + RESERVE;
}

function usedCoins({ legs }: Book): readonly Coin[] {
  return COINS.filter((coin) => legs.some(({ quote }) => quote.coin === coin));
}

/** What the options of a book cost, less what they bring, in 10^-8 coin. */
function premiumsOf({ legs }: Book): Record<Coin, bigint> {
  const sums: Record<Coin, bigint> = { BTC: 0n, ETH: 0n };
  for (const { quote, quantity } of legs) {
    if (isOptionQuote(quote)) sums[quote.coin] += (quantity * quote.markE8) / 10n ** BigInt(OPTION_QUANTITY_SCALE);
  }
  return sums;
}
