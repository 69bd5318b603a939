// Bachelier's model as docs/regimes.md writes it down, with the edge where there is nothing to spread.

import type { Contract } from "./black.ts";
import { density, normal } from "./normal.ts";

export type NormalGreek =
  | "bachelier_price"
  | "bachelier_delta"
  | "bachelier_gamma"
  | "bachelier_vega"
  | "bachelier_theta";

/** @param nudge moves results of the normal distribution a little (elementwise.ts) */
export function bachelier(greek: NormalGreek, contract: Contract, nudge: (value: number) => number): number {
  const { call, forward, strike, volatility, years, discount } = contract;
  if ([forward, strike, volatility, years, discount].some((value) => Number.isNaN(value))) return Number.NaN;
  const spread = volatility * Math.sqrt(years);
  if (Number.isNaN(spread) || spread < 0) return Number.NaN;
  const inside = call ? forward - strike : strike - forward;
  const sign = call ? 1 : -1;
  if (spread === 0) {
    if (greek === "bachelier_price") return Math.max(discount * Math.max(inside, 0), 0);
    return greek === "bachelier_delta" ? sign * discount * (inside > 0 ? 1 : inside === 0 ? 0.5 : 0) : 0;
  }
  const d = inside / spread;
  const height = nudge(density(d));
  switch (greek) {
    case "bachelier_price":
      return Math.max(discount * (inside * nudge(normal(d)) + spread * height), 0);
    case "bachelier_delta":
      return sign * discount * nudge(normal(d));
    case "bachelier_gamma":
      return (discount * height) / spread;
    case "bachelier_vega":
      return discount * height * Math.sqrt(years);
    case "bachelier_theta":
      return ((-height * volatility) / (2 * Math.sqrt(years))) * discount;
  }
}
