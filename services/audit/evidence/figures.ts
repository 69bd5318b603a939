// Figures and times of the page of an evidence file as a reader sees them.

import type { CoursePoint } from "./checkEvidence.ts";

export const STATES = ["", "healthy", "called", "liquidating", "bankrupt"] as const;

/** One pool or isolated position at a moment. The texts are exact, the numbers are for drawing. */
export interface Figures {
  readonly currency: string;
  readonly equity: number;
  readonly initial: number;
  readonly maintenance: number;
  readonly texts: readonly [equity: string, initial: string, maintenance: string];
  readonly state: number;
}

export function figuresOf(point: CoursePoint, name: string): Figures | undefined {
  const pool = point.pools.find((each) => each.name === name);
  if (pool === undefined) return undefined;
  const units = 10 ** pool.scale;
  const { currency, scale, state } = pool;
  return {
    currency,
    equity: Number(pool.equity) / units,
    initial: Number(pool.initialMargin) / units,
    maintenance: Number(pool.maintenanceMargin) / units,
    texts: [decimal(pool.equity, scale), decimal(pool.initialMargin, scale), decimal(pool.maintenanceMargin, scale)],
    state,
  };
}

/** Units as a decimal with all of its places, thousands apart: 1 234 567.890000. */
function decimal(units: string, scale: number): string {
  const digits = units.replace("-", "").padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale).replaceAll(/\B(?=(\d{3})+$)/g, "\u202f");
  return `${units.startsWith("-") ? "\u2212" : ""}${whole}${scale === 0 ? "" : `.${digits.slice(-scale)}`}`;
}

/** A number that was computed in floating point: six digits. */
export function rounded(value: number): string {
  if (value === 0) return "0";
  const places = Math.max(0, Math.min(8, 5 - Math.floor(Math.log10(Math.abs(value)))));
  const text = Math.abs(value)
    .toFixed(places)
    .replace(/\B(?=(\d{3})+(?=\.|$))(?<!\.\d*)/g, "\u202f");
  return `${value < 0 ? "\u2212" : ""}${text}`;
}

/** To the second, or to the microsecond where there is less than a second in it. UTC, as every time of the page. */
export function time(timeUs: number): string {
  const text = new Date(Math.floor(timeUs / 1000)).toISOString().replace("T", " ");
  const below = timeUs % 1_000_000;
  return `${text.slice(0, 19)}${below === 0 ? "" : `.${String(below).padStart(6, "0")}`}`;
}
