// exp, ln, power and the normal distribution in float64, the same bits on every machine: all of it is compiled into the
// kernel, nothing asks the host. What is out of range comes out as NaN or infinite; both are undefined to the caller.

const ROOT_OF_TWO_PI_INVERSE: f64 = 0.3989422804014326779399461;

export function exponential(x: f64): f64 {
  return NativeMath.exp(x);
}

/** NaN for x of 0 or below. */
export function logarithm(x: f64): f64 {
  return x > 0 ? NativeMath.log(x) : NaN;
}

/** docs/regimes.md, "Numbers": exp(y ln x), with whole exponents from 1 to 8 by repeated multiplication. */
export function power(x: f64, y: f64): f64 {
  if (x != x || y != y) return NaN;
  if (y == 0) return 1;
  if (y >= 1 && y <= 8 && y == Math.floor(y)) {
    let product = x;
    for (let times = <i32>y; times > 1; times--) product *= x;
    return product;
  }
  if (x == 0) return y > 0 ? 0 : NaN;
  if (x < 0) return NaN;
  return NativeMath.exp(y * NativeMath.log(x));
}

/** Density of the standard normal distribution. */
export function normalDensity(x: f64): f64 {
  return ROOT_OF_TWO_PI_INVERSE * NativeMath.exp(-0.5 * x * x);
}

/** exp(-x^2 / 2), corrected by what the rounded square lacks: in the tails the exponential would make much of it. */
@inline
function gaussian(x: f64): f64 {
  const square = x * x;
  // Products of two halves with 26 digits are exact.
  const coarse = reinterpret<f64>(reinterpret<u64>(x) & 0xfffffffff8000000);
  const fine = x - coarse;
  const lacking = coarse * coarse - square + 2 * coarse * fine + fine * fine;
  return NativeMath.exp(-0.5 * square) * (1 - 0.5 * lacking);
}

/**
 * The standard normal distribution function, to about 1e-15 relative in the lower tail too.
 * Source: W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23 (1969).
 */
export function normal(x: f64): f64 {
  if (x != x) return NaN;
  const size = Math.abs(x);
  if (size <= 0.67448975) {
    const s = x * x;
    const above =
      (((0.065682337918207449113 * s + 2.2352520354606839287) * s + 161.02823106855587881) * s + 1067.6894854603709582) * s +
      18154.981253343561249;
    const below =
      (((s + 47.20258190468824187) * s + 976.09855173777669322) * s + 10260.932208618978205) * s + 45507.789335026729956;
    return 0.5 + x * (above / below);
  }
  let tail: f64;
  if (size <= 5.656854249492380195) {
    const above =
      (((((((1.0765576773720192317e-8 * size + 0.39894151208813466764) * size + 8.8831497943883759412) * size +
        93.506656132177855979) * size + 597.27027639480026226) * size + 2494.5375852903726711) * size +
        6848.1904505362823326) * size + 11602.651437647350124) * size + 9842.7148383839780218;
    const below =
      (((((((size + 22.266688044328115691) * size + 235.38790178262499861) * size + 1519.377599407554805) * size +
        6485.558298266760755) * size + 18615.571640885098091) * size + 34900.952721145977266) * size +
        38912.003286093271411) * size + 19685.429676859990727;
    tail = gaussian(size) * (above / below);
  } else if (size < 40) {
    const s = 1 / (x * x);
    const above =
      ((((0.02307344176494017303 * s + 0.21589853405795699) * s + 0.1274011611602473639) * s + 0.022235277870649807) * s +
        0.001421619193227893466) * s + 2.9112874951168792e-5;
    const below =
      ((((s + 1.28426009614491121) * s + 0.468238212480865118) * s + 0.0659881378689285515) * s + 0.00378239633202758244) * s +
      7.29751555083966205e-5;
    tail = gaussian(size) * ((ROOT_OF_TWO_PI_INVERSE - s * (above / below)) / size);
  } else {
    tail = 0;
  }
  return x > 0 ? 1 - tail : tail;
}

/**
 * The x with normal(x) = p; NaN unless 0 < p < 1. One Newton step follows the approximation.
 * Source: M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988).
 */
export function normalInverse(p: f64): f64 {
  if (!(p > 0 && p < 1)) return NaN;
  const centred = p - 0.5;
  if (Math.abs(centred) <= 0.425) return refined(centralQuantile(centred), p);
  // In the lower tail the step loses no digits; the upper one mirrors it.
  return centred < 0 ? refined(tailQuantile(p), p) : -refined(tailQuantile(1 - p), 1 - p);
}

@inline
function refined(x: f64, p: f64): f64 {
  const density = normalDensity(x);
  return density > 0 ? x - (normal(x) - p) / density : x;
}

function centralQuantile(q: f64): f64 {
  const r = 0.180625 - q * q;
  const above =
    ((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r +
      13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608;
  const below =
    ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r + 21213.794301586595867) * r +
      5394.1960214247511077) * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1;
  return q * (above / below);
}

/** For p below 0.075; negative. */
function tailQuantile(p: f64): f64 {
  let r = Math.sqrt(-NativeMath.log(p));
  if (r <= 5) {
    r -= 1.6;
    const above =
      ((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r +
        1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r +
      1.42343711074968357734;
    const below =
      ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r +
        0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1;
    return -(above / below);
  }
  r -= 5;
  const above =
    ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r +
      0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r +
    6.6579046435011037772;
  const below =
    ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r +
      7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1;
  return -(above / below);
}
