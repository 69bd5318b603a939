// CTL-017 in portfolio mode: every price that the regime reads counts. (By the tables: orders.test.ts.)

import { expect, test } from "vitest";
import { type PriceKind, priceKindToJSON, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { PlacedInput } from "../../services/engine/engineInput.ts";
import type { Shard } from "../../services/engine/shard.ts";
import { HoldVenue } from "./holdsOn.ts";
import { index, mark, marketAt, openShard, optionMark, optionMarket, START_US } from "./portfolioMarket.ts";

const COIN = 100_000_000n;
/** A microsecond more than the listings allow. */
const LATER = 60_000_002n;

/** One microsecond after the start everything has a price. Short a call and long ether, with coins of both. */
function portfolio(regime: string): HoldVenue {
  const shard = openShard(optionMarket({ portfolio: regime }));
  shard.fold(marketAt(1n));
  const venue = new HoldVenue(shard, START_US + 1n, "BTC-PERP");
  venue.open("alice", 3, "portfolio");
  venue.deposit("alice", "BTC", COIN);
  venue.deposit("alice", "ETH", 10n * COIN);
  expect(venue.fill("alice", -10n, 450n, "", "BTC-70000-C")).toBe("applied");
  expect(venue.fill("alice", 100_000n, 195_100n, "", "ETH-PERP")).toBe("applied");
  return venue;
}

/** All prices anew, one at the time of `LATER`. */
function fresh(): Map<string, PlacedInput> {
  return new Map([
    ["BTC-PERP", mark("BTC-PERP", 6_601_000n, LATER)],
    ["BTC-70000-C", optionMark("BTC-70000-C", 450n, 62n, 66_200n, LATER)],
    ["ETH-PERP", mark("ETH-PERP", 195_100n, LATER)],
    ["index BTC", index("BTC", 66_000n, LATER)],
    ["index ETH", index("ETH", 1_950n, LATER)],
  ]);
}

const BUY = [1, 1_000n, undefined] as const;

function ask(shard: Shard, instrument: string, [side, quantity, limit]: readonly [1 | 2, bigint, undefined]): string {
  const { names, reader } = shard;
  const numbers = [names.account("alice")!, names.instrument(instrument)!] as const;
  const { code, value, limit: most, priceKind, priceKey } = reader.checkOrder(...numbers, side, quantity, limit);
  if (code !== RefusalReason.PRICE_STALE) return code === 0 ? "accepted" : `refused ${code}`;
  const kind = priceKindToJSON(priceKind as PriceKind)
    .replace("PRICE_KIND_", "")
    .toLowerCase();
  return `${kind} of ${names.keys[priceKey]} is ${value} old, ${most} allowed`;
}

const old = "is 60000001 old, 60000000 allowed";

// What is told anew in place of what is left out, and what then is too old.
const SHORT_CALL: Readonly<Record<string, readonly [string, (PlacedInput | undefined)?][]>> = {
  [`mark of BTC-70000-C ${old}`]: [["BTC-70000-C"]],
  [`volatility of BTC-70000-C ${old}`]: [
    ["BTC-70000-C", mark("BTC-70000-C", 450n, LATER, { forwardE8: 66_200n * COIN })],
  ],
  [`forward of BTC-70000-C ${old}`]: [
    ["BTC-70000-C", mark("BTC-70000-C", 450n, LATER, { volatilityE9: 620_000_000n })],
  ],
  [`mark of ETH-PERP ${old}`]: [["ETH-PERP"]],
  [`mark of BTC-PERP ${old}`]: [["BTC-PERP"]],
  [`index of BTC ${old}`]: [["index BTC"]],
  [`index of ETH ${old}`]: [["index ETH"]],
  accepted: [],
};

test.each(Object.entries(SHORT_CALL))("CTL-017 %s", (expected, changes) => {
  const { shard } = portfolio("okx-portfolio-2025-01");
  expect(ask(shard, "BTC-PERP", BUY)).toBe("accepted");
  const told = fresh();
  for (const [name, instead] of changes) {
    told.delete(name);
    if (instead !== undefined) told.set(name, instead);
  }
  shard.fold([...told.values()]);
  expect(ask(shard, "BTC-PERP", BUY)).toBe(expected);
  // A close passes on old prices, unless it adds risk itself.
  expect(ask(shard, "BTC-70000-C", [1, 10n, undefined])).toBe("accepted");
});

test("CTL-017 a price that the regime does not read may be of any age", () => {
  // Margined by marks and indices: no volatility is part of the decision.
  const venue = portfolio("deribit-standard-2026-01");
  const told = fresh();
  told.set("BTC-70000-C", mark("BTC-70000-C", 450n, LATER, { forwardE8: 66_200n * COIN }));
  venue.shard.fold([...told.values()]);
  expect(ask(venue.shard, "BTC-PERP", BUY)).toBe("accepted");
});

test("CTL-017 orders that rest count with the marks of their instruments", () => {
  const venue = portfolio("okx-portfolio-2025-01");
  expect(venue.place("alice", "rests", 1_000n, { price: 6_000_000n, instrument: "BTC-FUT" })).toBe("applied");
  venue.shard.fold([...fresh().values()]);
  expect(ask(venue.shard, "BTC-PERP", BUY)).toBe(`mark of BTC-FUT ${old}`);
  expect(venue.release("alice", "rests")).toBe("applied");
  expect(ask(venue.shard, "BTC-PERP", BUY)).toBe("accepted");
});
