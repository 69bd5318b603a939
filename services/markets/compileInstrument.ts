import { ContractKind, type InstrumentListing, OptionType } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { type Report, take, takeRateE9 } from "./compileRegime.ts";
import { parseDecimal } from "./decimal.ts";
import type { MarginTableDocument } from "./market.ts";
import type { InstrumentText } from "./marketSchema.ts";
import { VALUE_LIMIT, valueFraction, valueOverflow } from "./valueFraction.ts";

const ONE_E9 = 1_000_000_000n;
const MULTIPLIER_SCALE = 12;

/** Checks an instrument whose currency and tables are known. @returns undefined after a problem was reported */
export function compileInstrument(
  text: InstrumentText,
  currencyScale: number,
  marginTable: MarginTableDocument,
  report: Report,
): InstrumentListing | undefined {
  let sound = true;
  const note: Report = (path, reason) => {
    sound = false;
    report(path, reason);
  };
  const amount = (
    field: "tick" | "lot" | "priceLimit" | "quantityLimit",
    scaleField: "priceScale" | "quantityScale",
  ) => {
    const rule = `${scaleField} is ${text[scaleField]}`;
    const units = take(parseDecimal(text[field], text[scaleField]), text[field], rule, [field], note) ?? 1n;
    if (units <= 0n) note([field], `"${text[field]}" must be above zero`);
    return units;
  };
  const rate = (field: "makerFee" | "takerFee" | "liquidationFee" | "priceBand", lowest: bigint, rule: string) => {
    const units = takeRateE9(text[field], [field], note) ?? 0n;
    if (units < lowest || units > ONE_E9) note([field], `"${text[field]}" ${rule}`);
    return units;
  };

  const multiplier =
    take(parseDecimal(text.multiplier, MULTIPLIER_SCALE), text.multiplier, "at most 12 digits", ["multiplier"], note) ??
    1n;
  if (multiplier <= 0n) note(["multiplier"], `"${text.multiplier}" must be above zero`);

  const listing: InstrumentListing = {
    kind: text.kind === "linear" ? ContractKind.LINEAR : ContractKind.INVERSE,
    settlementCurrency: text.settlementCurrency,
    priceScale: text.priceScale,
    quantityScale: text.quantityScale,
    tick: amount("tick", "priceScale"),
    lot: amount("lot", "quantityScale"),
    ...lowestTerms(multiplier),
    expiryTimeUs: text.expiry === undefined ? 0n : BigInt(Date.parse(text.expiry)) * 1000n,
    makerFeeRateE9: rate("makerFee", -ONE_E9, "must lie between -100 % and 100 %"),
    takerFeeRateE9: rate("takerFee", -ONE_E9, "must lie between -100 % and 100 %"),
    liquidationFeeRateE9: rate("liquidationFee", 0n, "must lie between 0 and 100 %"),
    priceLimit: amount("priceLimit", "priceScale"),
    quantityLimit: amount("quantityLimit", "quantityScale"),
    allowsNonPositivePrices: text.allowsNonPositivePrices,
    priceBandE9: rate("priceBand", 1n, "must be above 0 and at most 100 %"),
    staleAfterUs: BigInt(text.staleAfterMs) * 1000n,
    marginTable: text.marginTable,
    scenarioGrid: text.scenarioGrid,
    defaultLeverageE2: Number(defaultLeverage(text, marginTable, note)),
    ...optionTerms(text, note),
  };
  if (text.kind === "linear" && text.allowsNonPositivePrices !== (text.priceModel === "bachelier")) {
    note(
      ["priceModel"],
      text.allowsNonPositivePrices
        ? 'prices may be zero or below: must be "bachelier"'
        : 'is "bachelier": only where the instrument allowsNonPositivePrices',
    );
  }
  if (text.kind === "inverse" && text.allowsNonPositivePrices) {
    note(
      ["allowsNonPositivePrices"],
      "an inverse contract is worth 1 / price: it cannot allow prices of zero or below",
    );
  }
  if (!sound) return undefined;
  if (listing.tick > listing.priceLimit) note(["tick"], `"${text.tick}" is above priceLimit "${text.priceLimit}"`);
  if (listing.lot > listing.quantityLimit)
    note(["lot"], `"${text.lot}" is above quantityLimit "${text.quantityLimit}"`);
  const overflow = valueOverflow(listing, valueFraction(listing, currencyScale));
  if (overflow !== undefined) {
    note(
      ["priceLimit"],
      `value overflow: ${overflow} must stay below 2^62 = ${VALUE_LIMIT}; lower priceLimit or quantityLimit`,
    );
  }
  return sound ? listing : undefined;
}

/** MAR-027. */
function optionTerms(text: InstrumentText, note: Report): Partial<InstrumentListing> {
  const { underlying, option, expiry } = text;
  if (option === undefined) return underlying === undefined ? {} : { underlying };
  if (underlying === undefined) note(["underlying"], "an option needs one");
  if (expiry === undefined) note(["expiry"], "an option needs one");
  const strike =
    take(parseDecimal(option.strike, 8), option.strike, "at most 8 digits", ["option", "strike"], note) ?? 1n;
  if (strike <= 0n && !text.allowsNonPositivePrices) {
    note(["option", "strike"], `"${option.strike}" must be above zero, or the instrument allowsNonPositivePrices`);
  }
  const optionType = option.type === "call" ? OptionType.CALL : OptionType.PUT;
  return { underlying, optionType, strikeE8: strike };
}

/** MAR-020: from 1x to what the first tier's initial rate allows. */
function defaultLeverage(text: InstrumentText, marginTable: MarginTableDocument, note: Report): bigint {
  const path = ["defaultLeverage"];
  const leverageE2 =
    take(parseDecimal(text.defaultLeverage, 2), text.defaultLeverage, "at most 2 digits", path, note) ?? 100n;
  const firstRateE9 = marginTable.tiers[0]?.initialRateE9 ?? 0n;
  if (leverageE2 < 100n || leverageE2 * firstRateE9 > 100n * ONE_E9) {
    note(path, `"${text.defaultLeverage}" must lie between 1 and 1 / the first initial rate of ${marginTable.name}`);
  }
  return leverageE2;
}

/** Units of 10^-12 as a fraction; powers of two and five are all that a decimal can hold in common. */
function lowestTerms(multiplier: bigint): { multiplierNumerator: bigint; multiplierDenominator: bigint } {
  let multiplierNumerator = multiplier;
  let multiplierDenominator = 10n ** BigInt(MULTIPLIER_SCALE);
  for (const prime of [2n, 5n]) {
    while (multiplierNumerator % prime === 0n && multiplierDenominator % prime === 0n) {
      multiplierNumerator /= prime;
      multiplierDenominator /= prime;
    }
  }
  return { multiplierNumerator, multiplierDenominator };
}
