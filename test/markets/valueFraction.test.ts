import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ContractKind, type InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { loadMarket } from "../../services/markets/loadMarket.ts";
import { notionalOf, valueFraction, valueOverflow } from "../../services/markets/valueFraction.ts";

const bitmex = loadMarket("markets/bitmex-xbtusd-2018.yaml").instruments[0]?.listing as InstrumentListing;

describe("valueFraction", () => {
  it("gives the worked number of MAR-001: 1,000 XBTUSD contracts at 13,873.0 are 7,208,246 satoshi", () => {
    const fraction = valueFraction(bitmex, 8);
    expect(fraction).toEqual({ numerator: 1_000_000_000n, denominator: 1n });
    expect(notionalOf(ContractKind.INVERSE, fraction, 1_000n, 138_730n)).toBe(7_208_246n);
  });

  it("takes the price scale off linear and adds it to inverse contracts", () => {
    const linear = { ...bitmex, kind: ContractKind.LINEAR, priceScale: 2, quantityScale: 3 };
    expect(valueFraction(linear, 6)).toEqual({ numerator: 10n, denominator: 1n });
    expect(valueFraction({ ...linear, priceScale: 8 }, 6)).toEqual({ numerator: 1n, denominator: 100_000n });
    expect(valueFraction({ ...linear, kind: ContractKind.INVERSE }, 6)).toEqual({
      numerator: 100_000n,
      denominator: 1n,
    });
  });

  it("is in lowest terms and worth the formula of docs/margin.md", () => {
    const scale = fc.integer({ min: 0, max: 8 });
    const positive = fc.bigInt({ min: 1n, max: 10n ** 9n });
    fc.assert(
      fc.property(
        scale,
        scale,
        scale,
        positive,
        positive,
        fc.boolean(),
        (currency, quantity, price, top, bottom, inverse) => {
          const fraction = valueFraction(
            {
              ...bitmex,
              kind: inverse ? ContractKind.INVERSE : ContractKind.LINEAR,
              quantityScale: quantity,
              priceScale: price,
              multiplierNumerator: top,
              multiplierDenominator: bottom,
            },
            currency,
          );
          const exponent = currency - quantity + (inverse ? price : -price);
          const ten = (power: number) => 10n ** BigInt(Math.max(0, power));
          expect(fraction.numerator * bottom * ten(-exponent)).toBe(fraction.denominator * top * ten(exponent));
          for (const prime of [2n, 3n, 5n, 7n]) {
            expect(fraction.numerator % prime === 0n && fraction.denominator % prime === 0n).toBe(false);
          }
        },
      ),
    );
  });

  it("refuses a multiplier of zero and an unknown kind", () => {
    expect(() => valueFraction({ ...bitmex, multiplierNumerator: 0n }, 8)).toThrow(/multiplier 0\/1/);
    expect(() => valueFraction({ ...bitmex, kind: ContractKind.UNSPECIFIED }, 8)).toThrow(/contract kind 0/);
  });
});

describe("valueOverflow", () => {
  it("lets products up to 2^62 - 1 pass and refuses 2^62", () => {
    const linear = { ...bitmex, kind: ContractKind.LINEAR, quantityLimit: 2n ** 31n, tick: 1n };
    const one = { numerator: 1n, denominator: 1n };
    expect(valueOverflow({ ...linear, priceLimit: 2n ** 31n - 1n }, one)).toBeUndefined();
    expect(valueOverflow({ ...linear, priceLimit: 2n ** 31n }, one)).toMatch(/quantityLimit x priceLimit x numerator/);
    expect(valueOverflow({ ...linear, priceLimit: 2n ** 31n }, { ...one, denominator: 2n })).toBeUndefined();
    expect(valueOverflow({ ...linear, priceLimit: 2n ** 61n, quantityLimit: 1n }, { ...one, numerator: 2n })).toMatch(
      /^priceLimit x numerator/,
    );
  });

  it("bounds an inverse contract at its lowest price, one tick", () => {
    const inverse = { ...bitmex, quantityLimit: 2n ** 40n, priceLimit: 2n ** 30n };
    const fraction = { numerator: 2n ** 22n, denominator: 1n };
    expect(valueOverflow({ ...inverse, tick: 1n }, fraction)).toMatch(/quantityLimit x numerator/);
    expect(valueOverflow({ ...inverse, tick: 2n }, fraction)).toBeUndefined();
  });
});
