import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Liquidity, MarginMode, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { START_US } from "../margin/lines.ts";
import { market } from "../margin/market.ts";
import { valueAt } from "../oracle/contract.ts";
import { contractNamed, openMarket } from "../oracle/market.ts";
import { Oracle } from "../oracle/oracle.ts";
import type { PoolReport, PositionReport } from "../oracle/outcome.ts";
import { magnitude } from "../oracle/rational.ts";
import { maintenanceMargin } from "../oracle/requirement.ts";

const INSTRUMENTS = ["LIN", "TIR", "OIL", "HLF", "INV"] as const;
const PRICE_LIMIT = 300n;

/** All in USD, no price above 300; k of INV is 500, so that its notionals are of the size of the others'. */
const SMALL = market({
  LIN: { priceLimit: PRICE_LIMIT },
  TIR: { priceLimit: PRICE_LIMIT },
  OIL: { priceLimit: PRICE_LIMIT },
  HLF: { priceLimit: PRICE_LIMIT },
  INV: { priceLimit: PRICE_LIMIT, settlementCurrency: "USD", tick: 1n, multiplierNumerator: 50n },
});

const five = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.array(arbitrary, { minLength: 5, maxLength: 5 });

const smallBook = fc.record({
  deposit: fc.integer({ min: 1, max: 3_000 }),
  modes: five(fc.constantFrom(MarginMode.ISOLATED, MarginMode.CROSS)),
  marks: five(fc.integer({ min: 1, max: 300 })),
  fills: fc.array(
    fc.record({
      instrument: fc.constantFrom(...INSTRUMENTS),
      side: fc.constantFrom(Side.BUY, Side.SELL),
      quantity: fc.integer({ min: 1, max: 30 }),
      price: fc.integer({ min: 1, max: 290 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
});
type SmallBook = typeof smallBook extends fc.Arbitrary<infer Value> ? Value : never;

function* inputsOf({ deposit, modes, marks, fills }: SmallBook): Generator<VenueInput> {
  let eventTimeUs = START_US;
  const account = "alice";
  const command = (body: NonNullable<Extract<VenueInput, { kind: "account" }>["command"]["command"]>): VenueInput => {
    eventTimeUs += 1n;
    return { kind: "account", command: { commandId: `${eventTimeUs}`, account, eventTimeUs, command: body } };
  };
  yield command({ $case: "openAccount", value: { marginMode: MarginMode.CROSS } });
  yield command({ $case: "deposit", value: { currency: "USD", amount: BigInt(deposit) } });
  for (const [index, instrument] of INSTRUMENTS.entries()) {
    yield command({ $case: "setMarginMode", value: { instrument, marginMode: modes[index]! } });
    const event = { $case: "markPrice" as const, value: { price: BigInt(marks[index]!) } };
    yield { kind: "market", event: { instrument, eventTimeUs, event } };
  }
  for (const { instrument, side, quantity, price } of fills) {
    eventTimeUs += 1n;
    yield {
      kind: "fill",
      fill: {
        venue: "small",
        tradeId: `${eventTimeUs}`,
        account,
        instrument,
        side,
        quantity: BigInt(quantity),
        price: BigInt(price),
        liquidity: Liquidity.TAKER,
        liquidation: false,
        eventTimeUs,
        orderId: "",
      },
    };
  }
}

/** MAR-018 word by word: every price is tried. */
function byTrying(pool: PoolReport, position: PositionReport) {
  const contract = contractNamed(openMarket(SMALL), position.instrument);
  const cross = position.mode === 2;
  const restEquity = cross ? pool.equity - position.markValue : position.posted - position.entryCost;
  const restMaintenance = cross ? pool.maintenanceMargin - position.maintenanceMargin : 0n;
  const long = position.quantity > 0n;
  const lowest = contract.listing.allowsNonPositivePrices ? -PRICE_LIMIT : 1n;
  let liquidationPrice: bigint | undefined;
  let bankruptcyPrice: bigint | undefined;
  for (let price = lowest; price <= PRICE_LIMIT; price += 1n) {
    const value = valueAt(contract, position.quantity, price);
    const equity = restEquity + value;
    const required = restMaintenance + maintenanceMargin(contract, magnitude(value));
    if (equity < required && (long || liquidationPrice === undefined)) liquidationPrice = price;
    if (equity < 0n && (long || bankruptcyPrice === undefined)) bankruptcyPrice = price;
  }
  return { liquidationPrice, bankruptcyPrice };
}

test("MAR-018 the closed form names the same price as trying every price", () => {
  fc.assert(
    fc.property(smallBook, (book) => {
      const oracle = new Oracle(SMALL, { identityCapacity: 100 });
      for (const input of inputsOf(book)) expect(oracle.apply(input).code).toBe(0);
      const { pools, positions } = oracle.account("alice");
      for (const position of positions.filter(({ quantity }) => quantity !== 0n)) {
        const pool = pools.find(({ currency }) => currency === position.currency)!;
        expect(position).toMatchObject(byTrying(pool, position));
      }
    }),
    { numRuns: 150 },
  );
});
