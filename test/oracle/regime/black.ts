// Black-76 as docs/regimes.md writes it down, with the edges where there is nothing to spread.

import { density, normal } from "./normal.ts";

export interface Contract {
  readonly call: boolean;
  readonly forward: number;
  readonly strike: number;
  readonly volatility: number;
  readonly years: number;
  readonly discount: number;
}

export type Greek = "black_price" | "black_delta" | "black_gamma" | "black_vega" | "black_theta";

/** @param nudge moves results of ln and the normal distribution a little (elementwise.ts) */
export function black(greek: Greek, contract: Contract, nudge: (value: number) => number): number {
  const { call, forward, strike, volatility, years, discount } = contract;
  if ([forward, strike, volatility, years, discount].some((value) => Number.isNaN(value))) return Number.NaN;
  const spread = volatility * Math.sqrt(years);
  if (Number.isNaN(spread) || spread < 0) return Number.NaN;
  if (spread === 0 || forward <= 0 || strike <= 0) return intrinsic(greek, contract);

  const area = (x: number) => nudge(normal(x));
  const height = (x: number) => nudge(density(x));
  const d1 = (nudge(Math.log(forward / strike)) + (volatility * volatility * years) / 2) / spread;
  const d2 = d1 - spread;
  switch (greek) {
    case "black_price": {
      const price = call
        ? discount * (forward * area(d1) - strike * area(d2))
        : discount * (strike * area(-d2) - forward * area(-d1));
      return Math.max(price, 0);
    }
    case "black_delta":
      return call ? discount * area(d1) : -discount * area(-d1);
    case "black_gamma":
      return (discount * height(d1)) / (forward * spread);
    case "black_vega":
      return discount * forward * height(d1) * Math.sqrt(years);
    case "black_theta":
      return ((-forward * height(d1) * volatility) / (2 * Math.sqrt(years))) * discount;
  }
}

function intrinsic(greek: Greek, { call, forward, strike, discount }: Contract): number {
  const inside = call ? forward - strike : strike - forward;
  const slope = inside > 0 ? 1 : inside === 0 ? 0.5 : 0;
  if (greek === "black_price") return Math.max(discount * Math.max(inside, 0), 0);
  return greek === "black_delta" ? discount * (call ? slope : -slope) : 0;
}
