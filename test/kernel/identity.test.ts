import * as fc from "fast-check";
import { expect, test } from "vitest";
import { COMMAND_IDENTITY, FILL_IDENTITY, identityOf } from "../../services/kernel/identity.ts";

function keyOf(seed: number, ...texts: [string, string, string]): string {
  const { keyLow, keyHigh } = identityOf(seed, ...texts, "");
  return `${keyHigh.toString(16)}-${keyLow.toString(16)}`;
}

test("a known identity has the key that it had when the journal was written", () => {
  expect(keyOf(FILL_IDENTITY, "bitmex", "1", "acct-7")).toMatchInlineSnapshot(`"572f1ebc-43bb220d"`);
});

test("texts do not run into one another, and kinds differ", () => {
  expect(keyOf(FILL_IDENTITY, "ab", "c", "")).not.toBe(keyOf(FILL_IDENTITY, "a", "bc", ""));
  expect(keyOf(FILL_IDENTITY, "a", "", "b")).not.toBe(keyOf(FILL_IDENTITY, "a", "b", ""));
  expect(keyOf(FILL_IDENTITY, "a", "b", "")).not.toBe(keyOf(COMMAND_IDENTITY, "a", "b", ""));
});

test("a hundred thousand neighbouring trade ids have a hundred thousand keys, spread over both halves", () => {
  const keys = new Set<string>();
  const low = new Set<number>();
  for (let trade = 0; trade < 100_000; trade++) {
    const { keyLow, keyHigh } = identityOf(FILL_IDENTITY, "v", String(trade), `acct-${trade % 7}`, "");
    keys.add(`${keyHigh}-${keyLow}`);
    low.add(keyLow);
  }
  expect(keys.size).toBe(100_000);
  // Random 32-bit numbers would give 99,999 different ones.
  expect(low.size).toBeGreaterThan(99_900);
});

test("what is not in the identity changes the text hash, not the key", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (trade, first, second) => {
      fc.pre(first !== second);
      const one = { ...identityOf(FILL_IDENTITY, "v", trade, "a", first) };
      const two = { ...identityOf(FILL_IDENTITY, "v", trade, "a", second) };
      expect([one.keyLow, one.keyHigh]).toEqual([two.keyLow, two.keyHigh]);
      expect([one.textLow, one.textHigh]).not.toEqual([two.textLow, two.textHigh]);
    }),
  );
});
