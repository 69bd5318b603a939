// A book that is given whole: what an account holds and the market it is margined in. Names are text here; decimals are
// integers of 10^-18 (docs/regimes.md, "Numbers"); what the giver left out is undefined.

import type { Fixed } from "../regimes/program.ts";

export type Product = "perpetual" | "future" | "call" | "put" | "spot";

export interface BookInstrument {
  readonly name: string;
  readonly product: Product;
  /** Cash is q / p (futures and perpetuals), or a price in coin (options). */
  readonly inverse: boolean;
  /** Its prices may be zero or below: the price model is Bachelier's, else Black-76. */
  readonly bachelier: boolean;
  readonly underlying: string;
  readonly settlement: string;
  readonly multiplier: Fixed;
  readonly mark: Fixed | undefined;
  readonly forward: Fixed | undefined;
  readonly strike: Fixed | undefined;
  readonly volatility: Fixed | undefined;
  readonly interest: Fixed;
  /** Undefined for what does not expire. */
  readonly expiryUs: bigint | undefined;
}

export interface BookCurrency {
  readonly name: string;
  readonly balance: Fixed;
  /** In the valuation currency of the regime. */
  readonly price: Fixed | undefined;
}

export interface BookUnderlying {
  readonly name: string;
  readonly index: Fixed | undefined;
}

export interface BookPosition {
  /** Number of the instrument in the book. Several lots of one instrument are added up. */
  readonly instrument: number;
  readonly quantity: Fixed;
  readonly entry: Fixed | undefined;
  /** Unrealised profit, where it is given instead of an entry price. */
  readonly profit: Fixed | undefined;
  readonly leverage: Fixed | undefined;
  readonly isolated: boolean;
  readonly posted: Fixed | undefined;
}

export interface BookOrder {
  readonly instrument: number;
  readonly buy: boolean;
  readonly quantity: Fixed;
  /** Undefined for a market order. */
  readonly price: Fixed | undefined;
  readonly reduceOnly: boolean;
}

/** Values of one input of the regime: for the account, or by name of instrument, underlying, unit or currency. */
export interface BookInput {
  readonly name: string;
  readonly all: Fixed | undefined;
  readonly byName: ReadonlyMap<string, Fixed>;
  /** A matrix input: one value for each scenario, by instrument. */
  readonly rows: ReadonlyMap<string, readonly number[]>;
}

export interface Book {
  readonly timeUs: bigint;
  /** In this order rows are kept, whatever the order of positions. */
  readonly instruments: readonly BookInstrument[];
  readonly currencies: readonly BookCurrency[];
  readonly underlyings: readonly BookUnderlying[];
  readonly positions: readonly BookPosition[];
  readonly orders: readonly BookOrder[];
  readonly inputs: readonly BookInput[];
}
