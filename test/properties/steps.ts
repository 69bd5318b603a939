// What can happen in a random history, drawn as small numbers: who and what they name is settled in randomHistory.ts.

import * as fc from "fast-check";

const index = fc.nat({ max: 1_000 });

const trade = fc.record({
  kind: fc.constant("trade" as const),
  buyer: index,
  other: index,
  instrument: index,
  lots: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2_000 })),
  move: fc.integer({ min: -30, max: 30 }),
  fee: fc.option(fc.integer({ min: -50, max: 500 }), { freq: 5, nil: undefined }),
});
const liquidation = fc.record({
  kind: fc.constant("liquidation" as const),
  victim: index,
  other: index,
  instrument: index,
  percent: fc.integer({ min: 1, max: 100 }),
  move: fc.integer({ min: -100, max: 100 }),
});
const mark = fc.record({
  kind: fc.constant("mark" as const),
  instrument: index,
  move: fc.oneof(
    { arbitrary: fc.integer({ min: -30, max: 30 }), weight: 4 },
    { arbitrary: fc.integer({ min: -600, max: 900 }), weight: 1 },
  ),
});
const funding = fc.record({
  kind: fc.constant("funding" as const),
  instrument: index,
  rateE9: fc.oneof(
    fc.integer({ min: -10_000_000, max: 10_000_000 }),
    fc.integer({ min: -1_100_000_000, max: 1_100_000_000 }),
  ),
});
const settlement = fc.record({
  kind: fc.constant("settlement" as const),
  instrument: index,
  move: fc.integer({ min: -300, max: 300 }),
});
const transfer = fc.record({
  kind: fc.constant("transfer" as const),
  account: index,
  currency: index,
  /** In per mille of what a typical position is worth. */
  size: fc.integer({ min: -3_000, max: 5_000 }),
});
const choice = fc.record({
  kind: fc.constant("choice" as const),
  account: index,
  instrument: index,
  what: fc.constantFrom("mode", "accountMode", "leverage", "collateral"),
  number: fc.integer({ min: -2_000, max: 2_000 }),
});
const bad = fc.record({
  kind: fc.constant("bad" as const),
  what: fc.constantFrom(...badKinds()),
  account: index,
  instrument: index,
  pick: index,
});

function badKinds() {
  return [
    "duplicate",
    "duplicate",
    "duplicate",
    "conflict",
    "conflict",
    "old",
    "unknownAccount",
    "unknownInstrument",
    "venueAccount",
    "offLot",
    "offTick",
    "zeroQuantity",
    "hugeQuantity",
    "zeroPrice",
    "hugePrice",
    "hugeFee",
    "missingSide",
    "notReducing",
    "lateMark",
    "timeRange",
    "reopened",
    "unknownCurrency",
    "hugeAmount",
    "relisted",
    "unreadable",
  ] as const;
}

/** One thing that happens. */
export const step = fc.oneof(
  { arbitrary: trade, weight: 50 },
  { arbitrary: mark, weight: 40 },
  { arbitrary: liquidation, weight: 15 },
  { arbitrary: transfer, weight: 15 },
  { arbitrary: choice, weight: 15 },
  { arbitrary: funding, weight: 10 },
  { arbitrary: bad, weight: 10 },
  { arbitrary: settlement, weight: 1 },
);
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
