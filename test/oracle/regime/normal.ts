// The normal distribution, slowly: a series near the middle, a continued fraction in the tails.

const SERIES_TO = 3;

export function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** Area below x. */
export function normal(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (Math.abs(x) > SERIES_TO) return x < 0 ? tail(-x) : 1 - tail(x);
  // 1/2 + phi(x) (x + x^3/3 + x^5/15 + ..)
  let term = x;
  let sum = x;
  for (let odd = 3; odd < 200; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  // Below the middle this subtracts two near numbers: the series of the complement does not, but only in the tail.
  return x < -1 ? tail(-x) : 0.5 + density(x) * sum;
}

/** Area above x > 1: phi(x) / (x + 1 / (x + 2 / (x + 3 / ..))). */
function tail(x: number): number {
  let fraction = x;
  for (let level = 400; level >= 1; level -= 1) fraction = x + level / fraction;
  return density(x) / fraction;
}

/** The x below which the given area lies; only for areas between 0 and 1. */
export function normalInverse(area: number): number {
  if (!(area > 0 && area < 1)) return Number.NaN;
  if (area === 0.5) return 0;
  if (area > 0.5) {
    // The mirror area, so that Newton sees relative differences; 1 - area is exact here.
    return -normalInverse(1 - area);
  }
  let [low, high] = [-40, 0];
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (normal(middle) < area) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
