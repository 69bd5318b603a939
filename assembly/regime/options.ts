// Black-76 (docs/regimes.md, "Black-76"): price and greeks of an option on a forward.
// Source: F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976).
//
// Bachelier (docs/regimes.md, "Bachelier"): the same with a forward that moves by a normal distribution, for prices that may be
// zero or below. Source: L. Bachelier, "Theorie de la speculation", Annales scientifiques de l'ENS 17 (1900).
//
// What spreads less than nothing (a negative volatility or time) is undefined (NaN), as is anything computed from NaN.

import { logarithm, normal, normalDensity } from "./functions";

export const BLACK_PRICE: i32 = 0;
const BLACK_DELTA: i32 = 1;
const BLACK_GAMMA: i32 = 2;
const BLACK_VEGA: i32 = 3;
const BLACK_THETA: i32 = 4;

const KINDS: i32 = 5;
/** The five of the normal model stand behind those of Black-76. */
export const BACHELIER_PRICE: i32 = BLACK_PRICE + KINDS;

/** One of the ten, for a call (`call` not 0) or a put. */
export function option(
  kind: i32, call: f64, forward: f64, strike: f64, volatility: f64, years: f64, discount: f64,
): f64 {
  if (kind < KINDS) return black(kind, call, forward, strike, volatility, years, discount);
  return bachelier(kind - KINDS, call, forward, strike, volatility, years, discount);
}

/** Volatility in price units for a year. */
function bachelier(
  kind: i32, call: f64, forward: f64, strike: f64, volatility: f64, years: f64, discount: f64,
): f64 {
  const sum = call + forward + strike + volatility + years + discount;
  const spread = volatility * Math.sqrt(years);
  if (sum != sum || !(spread >= 0)) return NaN;
  if (spread == 0) return certain(kind, call != 0, forward - strike, discount);
  const inTheMoney = call != 0 ? forward - strike : strike - forward;
  const d = inTheMoney / spread;
  if (kind == BLACK_PRICE) return Math.max(discount * (inTheMoney * normal(d) + spread * normalDensity(d)), 0);
  if (kind == BLACK_DELTA) return call != 0 ? discount * normal(d) : -discount * normal(d);
  const density = discount * normalDensity(d);
  if (kind == BLACK_GAMMA) return density / spread;
  if (kind == BLACK_VEGA) return density * Math.sqrt(years);
  return (-density * volatility) / (2 * Math.sqrt(years));
}

/** One of the five, for a call (`call` not 0) or a put. */
function black(
  kind: i32, call: f64, forward: f64, strike: f64, volatility: f64, years: f64, discount: f64,
): f64 {
  const sum = call + forward + strike + volatility + years + discount;
  const spread = volatility * Math.sqrt(years);
  if (sum != sum || !(spread >= 0)) return NaN;
  if (spread == 0 || forward <= 0 || strike <= 0) return certain(kind, call != 0, forward - strike, discount);
  const d1 = (logarithm(forward / strike) + volatility * volatility * years * 0.5) / spread;
  if (kind == BLACK_PRICE) {
    const d2 = d1 - spread;
    const price =
      call != 0
        ? discount * (forward * normal(d1) - strike * normal(d2))
        : discount * (strike * normal(-d2) - forward * normal(-d1));
    return Math.max(price, 0);
  }
  if (kind == BLACK_DELTA) return call != 0 ? discount * normal(d1) : -discount * normal(-d1);
  const density = discount * normalDensity(d1);
  if (kind == BLACK_GAMMA) return density / (forward * spread);
  if (kind == BLACK_VEGA) return forward * density * Math.sqrt(years);
  return (-forward * density * volatility) / (2 * Math.sqrt(years));
}

/** Where nothing moves any more, or one side is worth nothing: the discounted intrinsic value and its slope. */
function certain(kind: i32, call: bool, inTheMoney: f64, discount: f64): f64 {
  if (kind == BLACK_PRICE) return Math.max(discount * Math.max(call ? inTheMoney : -inTheMoney, 0), 0);
  if (kind != BLACK_DELTA) return 0;
  const slope: f64 = inTheMoney == 0 ? 0.5 : (inTheMoney > 0) == call ? 1 : 0;
  return call ? discount * slope : -discount * slope;
}
