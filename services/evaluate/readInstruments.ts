import { formatFixed, ONE } from "../regimes/fixed.ts";
import type { Fixed } from "../regimes/program.ts";
import type { BookInstrument } from "./book.ts";
import type { GivenBook } from "./bookSchema.ts";
import { BookRefusedError } from "./evaluation.ts";
import { readSurfaces, type SurfaceOf, volatilityAt } from "./surfaces.ts";
import { checkLimits, checkVolatility, type VolatilityLimits } from "./volatilityLimits.ts";

type GivenInstrument = GivenBook["instruments"][string];

/**
 * The instruments of a book by name, each checked against what its product can have.
 * @param timeUs when the book is margined
 * @throws BookRefusedError naming the fact
 */
export function readInstruments(given: GivenBook, timeUs: bigint): ReadonlyMap<string, BookInstrument> {
  const limits = given.limits?.volatility;
  if (limits !== undefined) checkLimits(limits);
  const surfaceOf = readSurfaces(given, timeUs, limits);
  const instruments = new Map<string, BookInstrument>();
  for (const [name, instrument] of Object.entries(given.instruments)) {
    const place = `instruments.${name}`;
    checkProduct(place, instrument);
    checkPriceModel(place, instrument);
    instruments.set(name, {
      name,
      product: instrument.product,
      inverse: instrument.inverse ?? false,
      bachelier: instrument.price_model === "bachelier",
      underlying: instrument.underlying,
      settlement: instrument.settlement,
      multiplier: instrument.multiplier ?? ONE,
      mark: instrument.mark,
      forward: instrument.forward,
      strike: instrument.strike,
      volatility: volatilityOf(place, instrument, timeUs, limits, surfaceOf),
      interest: instrument.interest ?? 0n,
      expiryUs: instrument.expiry,
    });
  }
  return instruments;
}

function checkProduct(place: string, { product, strike, expiry, inverse }: GivenInstrument): void {
  if (strike !== undefined && !isOption(product)) {
    throw new BookRefusedError("strike-of-no-option", `${place}.strike`, `a ${product} has no strike`);
  }
  if (expiry !== undefined && (product === "perpetual" || product === "spot")) {
    throw new BookRefusedError("expiry-of-no-term", `${place}.expiry`, `a ${product} does not expire`);
  }
  if (inverse === true && product === "spot") {
    throw new BookRefusedError("inverse-spot", `${place}.inverse`, "a spot holding cannot be inverse");
  }
}

/** Black-76 says nothing of what may be worth zero or less: who means it says how it is priced. */
function checkPriceModel(place: string, { product, price_model, forward, strike, inverse }: GivenInstrument): void {
  if (price_model === "bachelier" && inverse === true) {
    throw new BookRefusedError("inverse-bachelier", `${place}.price_model`, "a price in coin cannot be zero or below");
  }
  if (price_model !== undefined || !isOption(product)) return;
  for (const [field, price] of Object.entries({ forward, strike })) {
    // A strike of 0 is the underlying itself.
    if (price === undefined || price > 0n || (price === 0n && field === "strike")) continue;
    throw new BookRefusedError(
      "price-model-needed",
      `${place}.${field}`,
      `is ${formatFixed(price)}: an option whose prices may be zero or below must say its price_model (bachelier; or black-76, which takes it as worth nothing)`,
    );
  }
}

/** Its own, or that of the surface of its expiry at its strike. */
function volatilityOf(
  place: string,
  { product, underlying, volatility, strike, expiry, price_model }: GivenInstrument,
  timeUs: bigint,
  limits: VolatilityLimits | undefined,
  surfaceOf: SurfaceOf,
): Fixed | undefined {
  if (volatility !== undefined) {
    const living = isOption(product) && (expiry === undefined || timeUs < expiry);
    checkVolatility(`${place}.volatility`, volatility, living, price_model === "bachelier", limits);
    return volatility;
  }
  const surface = isOption(product) ? surfaceOf(underlying, expiry) : undefined;
  return surface === undefined || strike === undefined ? undefined : volatilityAt(surface, strike);
}

function isOption(product: GivenInstrument["product"]): boolean {
  return product === "call" || product === "put";
}
