// Volatility by strike: for options that give none of their own (docs/books.md, "Surfaces").

import type { Fixed } from "../regimes/program.ts";
import type { GivenBook } from "./bookSchema.ts";
import { readBookTime } from "./bookTime.ts";
import { BookRefusedError } from "./evaluation.ts";
import { checkVolatility, type VolatilityLimits } from "./volatilityLimits.ts";

/** Points of one expiry, by rising strike. */
export interface Surface {
  readonly points: readonly (readonly [strike: Fixed, volatility: Fixed])[];
}

/** @returns the surface of an underlying and an expiry */
export type SurfaceOf = (underlying: string, expiryUs: bigint | undefined) => Surface | undefined;

/**
 * @param timeUs when the book is margined: volatilities of what has expired are not held to the limits
 * @throws BookRefusedError naming the surface and the point
 */
export function readSurfaces(given: GivenBook, timeUs: bigint, limits: VolatilityLimits | undefined): SurfaceOf {
  const surfaces = new Map<string, Surface>();
  for (const [key, points] of Object.entries(given.surfaces)) {
    const place = `surfaces.${key}`;
    const { underlying, expiryUs } = keyOf(place, key);
    const own = rowOf(underlying, expiryUs);
    if (surfaces.has(own)) {
      throw new BookRefusedError("duplicate-name", place, "another surface is of the same underlying and expiry");
    }
    if (!isUsed(given, underlying, expiryUs)) {
      throw new BookRefusedError("unknown-expiry", place, "no option of the book has this underlying and expiry");
    }
    for (const [index, [strike, volatility]] of points.entries()) {
      if (index > 0 && points[index - 1]![0] >= strike) {
        throw new BookRefusedError("strikes-not-rising", `${place}[${index}][0]`, "must be above the strike before it");
      }
      checkVolatility(`${place}[${index}][1]`, volatility, timeUs < expiryUs, false, limits);
    }
    surfaces.set(own, { points });
  }
  return (underlying, expiryUs) => (expiryUs === undefined ? undefined : surfaces.get(rowOf(underlying, expiryUs)));
}

/** Linear in the strike between points, cut at 18 digits toward the point below; flat beyond the first and the last. */
export function volatilityAt({ points }: Surface, strike: Fixed): Fixed {
  const above = points.findIndex(([point]) => point >= strike);
  if (above <= 0) return points.at(above)![1];
  const [[lowStrike, low], [highStrike, high]] = [points[above - 1]!, points[above]!];
  return low + ((high - low) * (strike - lowStrike)) / (highStrike - lowStrike);
}

function keyOf(place: string, key: string): { readonly underlying: string; readonly expiryUs: bigint } {
  const at = key.lastIndexOf(" ");
  const read = at < 1 ? undefined : readBookTime(key.slice(at + 1));
  if (read?.ok === true) return { underlying: key.slice(0, at), expiryUs: read.timeUs };
  throw new BookRefusedError(
    read?.reason ?? "not-a-time",
    place,
    'is no underlying and expiry; write "BTC 2026-03-27T08:00:00Z"',
  );
}

function rowOf(underlying: string, expiryUs: bigint): string {
  return `${expiryUs} ${underlying}`;
}

function isUsed({ instruments }: GivenBook, underlying: string, expiryUs: bigint): boolean {
  return Object.values(instruments).some(
    (instrument) =>
      (instrument.product === "call" || instrument.product === "put") &&
      instrument.underlying === underlying &&
      instrument.expiry === expiryUs,
  );
}
