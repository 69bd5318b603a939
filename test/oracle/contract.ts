import { ContractKind, type InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarginTableDocument } from "../../services/markets/market.ts";
import { floor, type Rational, rational, sign, ZERO } from "./rational.ts";

/** +1 for a buy or a long, -1 for a sell or a short. */
export type Direction = 1n | -1n;

/** An instrument as the rules see it: its listing, the fraction k, and the tables that its listing names. */
export interface Contract {
  readonly name: string;
  readonly currency: string;
  readonly listing: InstrumentListing;
  readonly inverse: boolean;
  readonly k: Rational;
  readonly tiers: MarginTableDocument["tiers"];
  readonly movesE9: readonly bigint[];
}

/**
 * Section "Value": linear k = multiplier x 10^(currency scale - quantity scale - price scale),
 * inverse k = multiplier x 10^(currency scale + price scale - quantity scale).
 */
export function unitFraction(listing: InstrumentListing, currencyScale: number): Rational {
  const inverse = listing.kind === ContractKind.INVERSE;
  const exponent = currencyScale - listing.quantityScale + (inverse ? listing.priceScale : -listing.priceScale);
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent >= 0
    ? rational(listing.multiplierNumerator * power, listing.multiplierDenominator)
    : rational(listing.multiplierNumerator, listing.multiplierDenominator * power);
}

/** MAR-001: `x`, the exact cash that buying (+1) or selling (-1) `quantity` at `price` moves to the account. */
export function exactCash(contract: Contract, s: Direction, quantity: bigint, price: bigint): Rational {
  const { k } = contract;
  return contract.inverse
    ? rational(s * quantity * k.numerator, k.denominator * price)
    : rational(-s * quantity * price * k.numerator, k.denominator);
}

/** `x` of closing the whole of a signed quantity at `price`. */
export function exactCloseCash(contract: Contract, quantity: bigint, price: bigint): Rational {
  const direction = sign(quantity);
  if (direction === 0n) return ZERO;
  return direction > 0n ? exactCash(contract, -1n, quantity, price) : exactCash(contract, 1n, -quantity, price);
}

/** MAR-012: V = floor(x) for closing the whole position at the mark. */
export function valueAt(contract: Contract, quantity: bigint, price: bigint): bigint {
  return floor(exactCloseCash(contract, quantity, price));
}
