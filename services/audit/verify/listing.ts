import type { InstrumentListing } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import { NONE } from "./layouts.ts";
import type { Input } from "./machine.ts";
import { keysOfListing, type RecordedNames } from "./names.ts";

/** Refusals that the host decides (RefusalReason). */
const [LISTING_INVALID, OVERFLOW] = [36, 61];

export function listingFault(name: string, listing: InstrumentListing, names: RecordedNames): number | undefined {
  const { multiplierNumerator, multiplierDenominator, priceScale, quantityScale, kind } = listing;
  const scales = priceScale <= 18 && quantityScale <= 18;
  const sensible = scales && multiplierNumerator > 0n && multiplierDenominator > 0n && (kind === 1 || kind === 2);
  if (name === "" || !sensible) return LISTING_INVALID;
  return worthOf(listing, names).some((part) => part >= 2n ** 62n) ? OVERFLOW : undefined;
}

/** `k` of docs/margin.md, "Value", in lowest terms: what a quantity unit is worth in units of the settlement currency. */
function worthOf(listing: InstrumentListing, { currencies }: RecordedNames): [numerator: bigint, denominator: bigint] {
  const { multiplierNumerator, multiplierDenominator, priceScale, quantityScale, kind, optionType } = listing;
  const scale = currencies.values[currencies.number(listing.settlementCurrency) ?? NONE]?.scale ?? 0;
  const exponent = scale - quantityScale + (kind === 2 && !optionType ? priceScale : -priceScale);
  const numerator = multiplierNumerator * 10n ** BigInt(Math.max(0, exponent));
  const denominator = multiplierDenominator * 10n ** BigInt(Math.max(0, -exponent));
  let [divisor, rest] = [numerator, denominator];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return [numerator / divisor, denominator / divisor];
}

export function listingSlot(name: string, listing: InstrumentListing, names: RecordedNames): Input {
  const { optionType = 0, kind, priceScale, quantityScale, expiryTimeUs } = listing;
  const { marginTable, scenarioGrid, currency } = names.listingNumbers(listing);
  const keys = names.keyNumbers(keysOfListing(name, listing));
  const product = optionType === 0 ? Number(expiryTimeUs !== 0n) : optionType + 1;
  const coinSettled = optionType !== 0 && kind === 2 ? 1 : 0;
  const numbers = [
    ...[marginTable, scenarioGrid, listing.defaultLeverageE2, Number(listing.allowsNonPositivePrices)],
    ...[...worthOf(listing, names), listing.tick, listing.lot, listing.priceLimit, listing.quantityLimit],
    ...[listing.makerFeeRateE9, listing.takerFeeRateE9, listing.liquidationFeeRateE9, expiryTimeUs],
    ...[listing.priceBandE9, listing.staleAfterUs, keys.length === 1 ? NONE : keys[0]!, keys.at(-1)!],
    product + coinSettled * 2 ** 8 + priceScale * 2 ** 16 + quantityScale * 2 ** 24,
    ...[listing.strikeE8 ?? 0n, listing.multiplierNumerator, listing.multiplierDenominator],
  ];
  return {
    instrument: names.instruments.number(name) ?? names.instruments.values.length,
    currency: currency < 0 ? undefined : currency,
    choice: optionType === 0 ? kind : 1,
    numbers: numbers.map(BigInt),
  };
}
