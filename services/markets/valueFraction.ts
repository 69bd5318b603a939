import { ContractKind, type InstrumentListing, OptionType } from "../../generated/proto/plimsoll/v1/venue_events.ts";

/** The exact value of one price unit (linear) or of one quantity unit over one price unit (inverse), lowest terms. */
export interface ValueFraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What of a listing its value follows from. */
export type ValueTerms = Pick<
  InstrumentListing,
  "kind" | "optionType" | "multiplierNumerator" | "multiplierDenominator" | "priceScale" | "quantityScale"
>;

/** Every factor, divisor and quotient of a value stays below this: the kernel multiplies 64 bits into 128. */
export const VALUE_LIMIT = 2n ** 62n;

/**
 * `k` of docs/margin.md, "Value": multiplier x 10^(currency scale - quantity scale -+ price scale).
 *
 * @param currencyScale digits of the listing's settlement currency
 * @throws RangeError when the multiplier is not above zero or the kind is not linear or inverse
 */
export function valueFraction(listing: ValueTerms, currencyScale: number): ValueFraction {
  if (listing.multiplierNumerator <= 0n || listing.multiplierDenominator <= 0n) {
    throw new RangeError(
      `multiplier ${listing.multiplierNumerator}/${listing.multiplierDenominator}: both parts must be above zero`,
    );
  }
  if (listing.kind !== ContractKind.LINEAR && listing.kind !== ContractKind.INVERSE) {
    throw new RangeError(`contract kind ${listing.kind}: must be linear or inverse`);
  }
  const priceExponent = hasLinearCash(listing) ? -listing.priceScale : listing.priceScale;
  const exponent = currencyScale - listing.quantityScale + priceExponent;
  const power = 10n ** BigInt(Math.abs(exponent));
  const numerator = listing.multiplierNumerator * (exponent > 0 ? power : 1n);
  const denominator = listing.multiplierDenominator * (exponent < 0 ? power : 1n);
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** Cash is quantity x price: of linear contracts, and of options, whatever they are settled in. */
export function hasLinearCash(listing: Pick<ValueTerms, "kind" | "optionType">): boolean {
  return listing.kind === ContractKind.LINEAR || isOption(listing);
}

export function isOption({ optionType }: Pick<ValueTerms, "optionType">): boolean {
  return optionType !== undefined && optionType !== OptionType.UNSPECIFIED;
}

/**
 * Whether every fill and mark within the listing's limits can be valued by the kernel, which computes a x b / c with
 * 64-bit a, b, c through 128 bits:
 *
 *     linear   a = quantity, b = |price| x numerator, c = denominator
 *     inverse  a = quantity, b = numerator,           c = |price| x denominator, at least tick x denominator
 *
 * @returns the first product that reaches 2^62, or undefined when all stay below
 */
export function valueOverflow(listing: InstrumentListing, fraction: ValueFraction): string | undefined {
  const { priceLimit, quantityLimit, tick } = listing;
  const { numerator, denominator } = fraction;
  const products: readonly (readonly [string, bigint])[] = hasLinearCash(listing)
    ? [
        ["quantityLimit", quantityLimit],
        ["priceLimit x numerator", priceLimit * numerator],
        ["denominator", denominator],
        [
          "quantityLimit x priceLimit x numerator / denominator",
          (quantityLimit * priceLimit * numerator) / denominator,
        ],
      ]
    : [
        ["quantityLimit", quantityLimit],
        ["numerator", numerator],
        ["priceLimit x denominator", priceLimit * denominator],
        ["quantityLimit x numerator / (tick x denominator)", (quantityLimit * numerator) / (tick * denominator)],
      ];
  const over = products.find(([, value]) => value >= VALUE_LIMIT);
  return over === undefined ? undefined : `${over[0]} = ${over[1]} (k = ${numerator}/${denominator}, in units)`;
}

/** Value of a quantity at a price, sign and remainder dropped, in units of the settlement currency. */
export function notionalOf(kind: ContractKind, fraction: ValueFraction, quantity: bigint, price: bigint): bigint {
  const { numerator, denominator } = fraction;
  const value =
    kind === ContractKind.INVERSE
      ? (quantity * numerator) / (price * denominator)
      : (quantity * price * numerator) / denominator;
  return value < 0n ? -value : value;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
