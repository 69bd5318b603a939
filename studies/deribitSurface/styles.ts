import type { FutureQuote, OptionQuote } from "./snapshot.ts";

/** A holding of a style, in coins of the underlying, above zero long. */
export interface Holding {
  readonly quote: OptionQuote | FutureQuote;
  readonly coins: number;
}

/** What a style may choose from: one coin, one size, one expiry and a later one. */
export interface Choices {
  readonly coins: number;
  readonly perpetual: FutureQuote;
  readonly datedFuture: FutureQuote;
  /** Even in [from, to). */
  between(from: number, to: number): number;
  /** The option whose strike lies nearest to forward x (1 + moneyness). */
  option(call: boolean, moneyness: number, expiry?: "near" | "later"): OptionQuote;
}

export type Style = (choices: Choices) => readonly Holding[];

const COIN_FLIP = 0.5;

function strangle({ coins, between, option }: Choices): readonly Holding[] {
  return [
    { quote: option(true, between(0.04, 0.15)), coins: -coins },
    { quote: option(false, -between(0.04, 0.15)), coins: -coins },
  ];
}

/** How books are made up: names are those of the desks. */
export const STYLES: Readonly<Record<string, Style>> = {
  "covered calls": ({ coins, perpetual, between, option }) => [
    { quote: perpetual, coins },
    { quote: option(true, between(0.03, 0.2)), coins: -coins },
  ],
  "short strangle": strangle,
  "iron condor": (choices) => [
    ...strangle(choices),
    { quote: choices.option(true, choices.between(0.2, 0.35)), coins: choices.coins },
    { quote: choices.option(false, -choices.between(0.2, 0.35)), coins: choices.coins },
  ],
  "straddle, delta hedged": ({ coins, perpetual, option }) => {
    const short = [option(true, 0), option(false, 0)];
    const delta = short.reduce((sum, quote) => sum + quote.delta, 0);
    return [...short.map((quote) => ({ quote, coins: -coins })), { quote: perpetual, coins: delta * coins }];
  },
  "short puts": ({ coins, between, option }) => [{ quote: option(false, -between(0.03, 0.2)), coins: -coins }],
  "put spread": ({ coins, between, option }) => [
    { quote: option(false, -between(0.02, 0.08)), coins: -coins },
    { quote: option(false, -between(0.12, 0.25)), coins },
  ],
  "call spread": ({ coins, between, option }) => [
    { quote: option(true, between(0, 0.05)), coins },
    { quote: option(true, between(0.1, 0.25)), coins: -coins },
  ],
  calendar: ({ coins, between, option }) => {
    const call = between(0, 1) < COIN_FLIP;
    const moneyness = between(-0.05, 0.05);
    return [
      { quote: option(call, moneyness), coins: -coins },
      { quote: option(call, moneyness, "later"), coins },
    ];
  },
  "protected long": ({ coins, perpetual, between, option }) => [
    { quote: perpetual, coins },
    { quote: option(false, -between(0.03, 0.12)), coins },
  ],
  "long options": ({ coins, between, option }) => {
    const call = between(0, 1) < COIN_FLIP;
    return [{ quote: option(call, between(0, 0.15) * (call ? 1 : -1)), coins }];
  },
  "future, one way": ({ coins, perpetual, datedFuture, between }) => [
    { quote: between(0, 1) < COIN_FLIP ? perpetual : datedFuture, coins: between(0, 1) < COIN_FLIP ? coins : -coins },
  ],
  basis: ({ coins, perpetual, datedFuture }) => [
    { quote: datedFuture, coins },
    { quote: perpetual, coins: -coins },
  ],
};
