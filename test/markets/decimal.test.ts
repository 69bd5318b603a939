import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDecimal, formatRatio, parseDecimal, parseRateE9 } from "../../services/markets/decimal.ts";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const scale = fc.integer({ min: 0, max: 12 });

describe("parseDecimal", () => {
  it.each([
    ["0", 0, 0n],
    ["-12.50", 2, -1250n],
    ["61800.30", 1, 618003n],
    ["13873.0", 1, 138730n],
    ["007", 0, 7n],
    ["-0", 3, 0n],
    ["9223372036854775807", 0, 2n ** 63n - 1n],
    ["-9223372036854775808", 0, -(2n ** 63n)],
    [`0.${"0".repeat(100_000)}`, 8, 0n],
  ])("reads %s at scale %i", (text, digits, units) => {
    expect(parseDecimal(text, digits)).toEqual({ ok: true, units });
  });

  it.each([
    "",
    " ",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e5",
    "1E-5",
    "0x10",
    "+1",
    "1.",
    ".5",
    "1,000",
    "1 ",
    "--1",
    "1.2.3",
    "١",
  ])("refuses %j as no number", (text) => {
    expect(parseDecimal(text, 2)).toEqual({ ok: false, reason: "not-a-number" });
  });

  it("refuses digits behind the last unit, but not zeros", () => {
    expect(parseDecimal("0.125", 2)).toEqual({ ok: false, reason: "too-precise" });
    expect(parseDecimal("0.1200", 2)).toEqual({ ok: true, units: 12n });
  });

  it.each([
    ["9223372036854775808", 0],
    ["-9223372036854775809", 0],
    ["92233720368547758.08", 2],
    ["9".repeat(1_000_000), 0],
  ])("refuses what 64 bits cannot hold", (text, digits) => {
    expect(parseDecimal(text, digits)).toEqual({ ok: false, reason: "too-large" });
  });

  it("reads back whatever formatDecimal writes", () => {
    fc.assert(
      fc.property(int64, scale, (units, digits) => {
        expect(parseDecimal(formatDecimal(units, digits), digits)).toEqual({ ok: true, units });
      }),
    );
  });

  it("reads short texts as it reads the same text with zeros before it, which make it long", () => {
    const character = fc.constantFrom(..."0123456789.-");
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 17 }), scale, (text, digits) => {
        const long = text.startsWith("-") ? `-${"0".repeat(20)}${text.slice(1)}` : "0".repeat(20) + text;
        // A text without a digit before its point is none; zeros would give it one.
        fc.pre(/^-?\d/.test(text));
        expect(parseDecimal(text, digits)).toEqual(parseDecimal(long, digits));
      }),
      { numRuns: 2_000 },
    );
  });

  it("never throws, and what it accepts is a plain decimal", () => {
    fc.assert(
      fc.property(fc.string(), scale, (text, digits) => {
        if (parseDecimal(text, digits).ok) expect(text).toMatch(/^-?[0-9]+(\.[0-9]+)?$/);
      }),
    );
  });
});

describe("parseRateE9", () => {
  it("reads percent and fraction alike", () => {
    expect(parseRateE9("0.4%")).toEqual({ ok: true, units: 4_000_000n });
    expect(parseRateE9("0.004")).toEqual({ ok: true, units: 4_000_000n });
    expect(parseRateE9("-0.025%")).toEqual({ ok: true, units: -250_000n });
    expect(parseRateE9("33.33333334%")).toEqual({ ok: false, reason: "too-precise" });
    expect(parseRateE9("%")).toEqual({ ok: false, reason: "not-a-number" });
  });
});

describe("formatDecimal", () => {
  it("writes every digit of the scale", () => {
    expect(formatDecimal(-5n, 2)).toBe("-0.05");
    expect(formatDecimal(0n, 3)).toBe("0.000");
    expect(formatDecimal(1250n, 0)).toBe("1250");
  });
});

describe("formatRatio", () => {
  it.each([
    [1n, 3n, 4, "0.3333"],
    [2n, 3n, 4, "0.6667"],
    [1n, 2n, 0, "0"],
    [3n, 2n, 0, "2"],
    [-5n, 2n, 0, "-2"],
    [25n, -1000n, 2, "-0.02"],
    [-1n, 1000n, 2, "0.00"],
    [10n ** 40n, 3n, 1, `${"3".repeat(40)}.3`],
  ])("%d / %d to %i digits is %s, ties to even", (numerator, denominator, digits, text) => {
    expect(formatRatio(numerator, denominator, digits)).toBe(text);
  });

  it("is off by at most half a unit of the last digit", () => {
    fc.assert(
      fc.property(
        int64,
        int64.filter((each) => each !== 0n),
        scale,
        (numerator, denominator, digits) => {
          const text = formatRatio(numerator, denominator, digits);
          const units = BigInt(text.replace(".", ""));
          const error = 2n * (units * denominator - numerator * 10n ** BigInt(digits));
          const magnitude = denominator < 0n ? -denominator : denominator;
          expect(error <= magnitude && error >= -magnitude).toBe(true);
        },
      ),
    );
  });

  it("refuses a denominator of 0", () => {
    expect(() => formatRatio(1n, 0n, 2)).toThrow(RangeError);
  });
});
