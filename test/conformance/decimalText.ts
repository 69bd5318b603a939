// Decimals as text, with all their digits: published figures are compared and put into books without doubles in between.

interface Decimal {
  /** Value x 10^places. */
  readonly digits: bigint;
  readonly places: number;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** @throws Error when it is no decimal */
function parse(given: string | number): Decimal {
  const match = DECIMAL.exec(String(given).trim());
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match ?? [];
  if (whole + fraction === "") throw new Error(`${JSON.stringify(given)} is no decimal`);
  const places = fraction.length - Number(exponent);
  const magnitude = BigInt(whole + fraction) * 10n ** BigInt(Math.max(0, -places));
  return { digits: sign === "-" ? -magnitude : magnitude, places: Math.max(0, places) };
}

function format({ digits, places }: Decimal): string {
  const text = String(digits < 0n ? -digits : digits).padStart(places + 1, "0");
  const fraction = text.slice(text.length - places).replace(/0+$/, "");
  const whole = text.slice(0, text.length - places);
  return `${digits < 0n ? "-" : ""}${whole}${places === 0 || fraction === "" ? "" : `.${fraction}`}`;
}

/** Both with the same number of places. */
function aligned(left: Decimal, right: Decimal): readonly [bigint, bigint, number] {
  const places = Math.max(left.places, right.places);
  const widen = (each: Decimal) => each.digits * 10n ** BigInt(places - each.places);
  return [widen(left), widen(right), places];
}

/** The number, written plainly: "1e-2" is "0.01", "+1.50" is "1.5". */
export function plain(given: string | number): string {
  return format(parse(given));
}

export function negated(given: string | number): string {
  const { digits, places } = parse(given);
  return format({ digits: -digits, places });
}

export function magnitude(given: string | number): string {
  return isNegative(given) ? negated(given) : plain(given);
}

export function isNegative(given: string | number): boolean {
  return parse(given).digits < 0n;
}

export function isZero(given: string | number): boolean {
  return parse(given).digits === 0n;
}

/** Below 0 when the left one is the lesser, 0 when they are equal. */
export function compared(left: string | number, right: string | number): number {
  const [a, b] = aligned(parse(left), parse(right));
  return a === b ? 0 : a < b ? -1 : 1;
}

export function sum(...given: readonly (string | number)[]): string {
  let [digits, places] = [0n, 0];
  for (const each of given) {
    const [a, b, common] = aligned({ digits, places }, parse(each));
    [digits, places] = [a + b, common];
  }
  return format({ digits, places });
}

export function difference(left: string | number, right: string | number): string {
  return sum(left, negated(right));
}

export function product(...given: readonly (string | number)[]): string {
  let [digits, places] = [1n, 0];
  for (const each of given) {
    const factor = parse(each);
    [digits, places] = [digits * factor.digits, places + factor.places];
  }
  return format({ digits, places });
}

/** To 18 digits behind the point, cut toward zero. */
export function quotient(left: string | number, right: string | number): string {
  const [a, b] = aligned(parse(left), parse(right));
  if (b === 0n) throw new Error(`${left} by zero`);
  return format({ digits: (a * 10n ** 18n) / b, places: 18 });
}
