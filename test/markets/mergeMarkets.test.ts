import { expect, test } from "vitest";
import { MarketConflictError, mergeMarkets } from "../../services/markets/mergeMarkets.ts";
import { LINEAR, market } from "../margin/market.ts";

test("what both have alike stands once, what one has stands too, in order", () => {
  const other = {
    ...market(),
    id: "other",
    instruments: [
      { name: "LIN", listing: LINEAR },
      { name: "NEW", listing: LINEAR },
    ],
  };
  const merged = mergeMarkets([market(), other]);
  expect(merged.id).toBe("test+other");
  expect(merged.currencies).toEqual(market().currencies);
  expect(merged.instruments.map(({ name }) => name)).toEqual([...market().instruments.map(({ name }) => name), "NEW"]);
});

test("one name for two things is refused with the name", () => {
  const other = { ...market(), id: "other", currencies: [{ name: "USD", scale: 2 }] };
  expect(() => mergeMarkets([market(), other])).toThrow(
    new MarketConflictError("currency USD differs between test and other"),
  );
});
