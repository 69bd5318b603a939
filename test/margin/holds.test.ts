// MAR-033 to MAR-040: margin of orders that rest, and questions asked backwards. Numbers can be checked by hand: LIN has k = 1,
// initial margin 10 %, maintenance 5 %, no fee; FEE the same with 0.2 % for the taker.

import { expect, test } from "vitest";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { accountBook } from "../../services/engine/accountBook.ts";
import { cheapestCure, largestOrder, liquidationMoves } from "../../services/engine/inverseQuestions.ts";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { compileRegime } from "../../services/regimes/loadRegime.ts";
import { HoldVenue } from "./holdsOn.ts";
import { KernelSubject } from "./kernelSubject.ts";
import { START_US } from "./lines.ts";
import { market } from "./market.ts";
import { marketAt, START_US as OPTIONS_START_US, openShard, optionMarket, regimeText } from "./portfolioMarket.ts";

const COIN = 100_000_000n;

function tables(mode: 1 | 2, amount: bigint): HoldVenue {
  const { shard } = new KernelSubject(market(), { identityCapacity: 64 });
  const venue = new HoldVenue(shard, START_US, "LIN");
  for (const instrument of ["LIN", "OTH", "FEE"]) venue.mark(100n, instrument);
  venue.open("alice", mode);
  if (amount > 0n) venue.deposit("alice", "USD", amount);
  return venue;
}

function options(amount: bigint, regime = "deribit-portfolio-2026-02"): HoldVenue {
  const shard = openShard(optionMarket({ portfolio: regime }));
  shard.fold(marketAt(1n));
  const venue = new HoldVenue(shard, OPTIONS_START_US + 10n, "BTC-PERP");
  venue.open("alice", 3, "portfolio");
  venue.deposit("alice", "BTC", amount);
  return venue;
}

test("MAR-033", () => {
  // Bids 10 @ 100 ask for 100, asks 6 @ 100 for 60: the worse side counts.
  const venue = tables(2, 200n);
  expect(venue.place("alice", "bid", 10n, { price: 100n })).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(100n);
  expect(venue.place("alice", "ask", -6n, { price: 100n })).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(100n);
  // Another instrument is not netted: 200 - 100 are left for it.
  expect(venue.place("alice", "other", 11n, { price: 100n, instrument: "OTH" })).toBe("INITIAL_MARGIN 200 210");
  expect(venue.place("alice", "other", 10n, { price: 100n, instrument: "OTH" })).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(200n);
  expect(venue.pool("alice", "USD").freeCollateral).toBe(0n);
  expect(venue.withdraw("alice", "USD", 1n)).toBe("FREE_COLLATERAL 1 0");
  expect(venue.release("alice", "other")).toBe("applied");
  // At the worse of limit and mark: a bid at 105 loses 5 a piece and its margin is taken at the mark.
  expect(venue.amend("alice", "bid", 10n, { price: 105n })).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(150n);
  // Fees are reserved: 10 @ 100 ask for 100 and ceil(1000 x 0.2 %) = 2.
  const fees = tables(2, 101n);
  expect(fees.place("alice", "fee", 10n, { price: 100n, instrument: "FEE" })).toBe("INITIAL_MARGIN 99 100");
  fees.deposit("alice", "USD", 1n);
  expect(fees.place("alice", "fee", 10n, { price: 100n, instrument: "FEE" })).toBe("applied");
  expect(fees.reserved("alice", "USD")).toBe(102n);
  expect(fees.figures).toMatchObject({
    initialMarginAfter: 100n,
    equityAfter: 100n,
    fee: 2n,
    binding: "initial_margin",
  });
});

test("MAR-033, MAR-034: reduce-only orders are filled before the others, which then open the most", () => {
  // Long 10; 10 close by the reduce-only ask, so 12 open: IM 120 - 100. Isolated: 10 % of 12 x 120 is posted.
  for (const [mode, reserved] of [
    [2, 20n],
    [1, 144n],
  ] as const) {
    const venue = tables(mode, 500n);
    venue.fill("alice", 10n, 100n);
    expect(venue.place("alice", "open", -12n, { price: 120n })).toBe("applied");
    expect(venue.place("alice", "close", -10n, { price: 130n, reduceOnly: true })).toBe("applied");
    expect(venue.reserved("alice", "USD")).toBe(reserved);
  }
});

test("MAR-033: two orders that each fit alone are never both accepted", () => {
  const venue = tables(2, 150n);
  expect(venue.place("alice", "one", 10n, { price: 100n })).toBe("applied");
  expect(venue.place("alice", "two", 10n, { price: 100n })).toBe("INITIAL_MARGIN 150 200");
  expect(venue.release("alice", "one")).toBe("applied");
  expect(venue.place("alice", "two", 10n, { price: 100n })).toBe("applied");
});

const mode = (venue: HoldVenue, marginMode: 1 | 2 | 3, instrument = "", regime?: string) =>
  venue.command("alice", { $case: "setMarginMode", value: { instrument, marginMode, regime } });
const leverage = (venue: HoldVenue, times: number, instrument = "LIN") =>
  venue.command("alice", { $case: "setLeverage", value: { instrument, leverageE2: times * 100 } });

test("MAR-019, MAR-033: orders that rest are margined in the mode that the account chooses", () => {
  // 10 @ 110 while the mark is 100: isolated 10 % of 1,100, cross 10 % of 1,000 and the loss of 100.
  for (const instrument of ["", "LIN"]) {
    const venue = tables(1, 199n);
    expect(venue.place("alice", "bid", 10n, { price: 110n })).toBe("applied");
    expect(venue.reserved("alice", "USD")).toBe(110n);
    expect(mode(venue, 2, instrument)).toBe("INITIAL_MARGIN 199 200");
    expect(venue.reserved("alice", "USD")).toBe(110n);
    venue.deposit("alice", "USD", 1n);
    expect(mode(venue, 2, instrument)).toBe("applied");
    expect(venue.reserved("alice", "USD")).toBe(200n);
    // And back, to less.
    expect(mode(venue, 1, instrument)).toBe("applied");
    expect(venue.reserved("alice", "USD")).toBe(110n);
    expect(venue.withdraw("alice", "USD", 91n)).toBe("FREE_COLLATERAL 91 90");
  }
  // Less than before is always possible, in margin call too.
  const called = tables(2, 250n);
  called.fill("alice", 5n, 100n, "", "OTH");
  expect(called.place("alice", "bid", 10n, { price: 110n })).toBe("applied");
  called.mark(55n, "OTH");
  expect(called.pool("alice", "USD").equity).toBe(25n);
  expect(mode(called, 1)).toBe("applied");
  expect(called.reserved("alice", "USD")).toBe(110n);
  // 27.5 of OTH, rounded up, and 200.
  expect(mode(called, 2)).toBe("INITIAL_MARGIN 25 228");
});

test("MAR-019, MAR-033: a position that is open changes its mode with its orders", () => {
  // Long 5 at 100 needs 50; 5 more @ 100 reserve 50.
  const venue = tables(2, 100n);
  venue.fill("alice", 5n, 100n);
  expect(venue.place("alice", "bid", 5n, { price: 100n })).toBe("applied");
  expect(mode(venue, 1, "LIN")).toBe("applied");
  expect([venue.pool("alice", "USD").balance, venue.reserved("alice", "USD")]).toEqual([50n, 50n]);
  expect(venue.withdraw("alice", "USD", 1n)).toBe("FREE_COLLATERAL 1 0");
  expect(mode(venue, 2, "LIN")).toBe("applied");
  venue.mark(99n);
  // 49.5 rounded up and the loss of 5 are posted; 45 are left for 5 @ 100.
  expect(mode(venue, 1, "LIN")).toBe("INITIAL_MARGIN 45 50");
});

test("MAR-020, MAR-033: leverage is that of the orders that rest too", () => {
  for (const margin of [1, 2] as const) {
    const venue = tables(margin, 200n);
    expect(venue.place("alice", "bid", 10n, { price: 100n })).toBe("applied");
    expect(leverage(venue, 4)).toBe("INITIAL_MARGIN 200 250");
    expect(venue.reserved("alice", "USD")).toBe(100n);
    expect(leverage(venue, 5)).toBe("applied");
    expect(venue.reserved("alice", "USD")).toBe(200n);
    expect(venue.withdraw("alice", "USD", 1n)).toBe("FREE_COLLATERAL 1 0");
    expect(leverage(venue, 10)).toBe("applied");
    expect(venue.withdraw("alice", "USD", 100n)).toBe("applied");
  }
});

test("MAR-021, MAR-033: collateral is posted from what orders leave free", () => {
  const venue = tables(1, 200n);
  venue.fill("alice", 5n, 100n);
  expect(venue.place("alice", "bid", 10n, { price: 100n, instrument: "OTH" })).toBe("applied");
  const move = (amount: bigint) =>
    venue.command("alice", { $case: "moveCollateral", value: { instrument: "LIN", amount } });
  expect(move(51n)).toBe("FREE_COLLATERAL 51 50");
  expect(move(50n)).toBe("applied");
  expect(move(-51n)).toBe("POSTED_COLLATERAL");
  expect(move(-50n)).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(100n);
});

test("MAR-031, MAR-035: into a portfolio and out of it with orders that rest", () => {
  const venue = options(COIN);
  expect(venue.place("alice", "future", 100_000n, { price: 6_600_000n })).toBe("applied");
  const byRegime = venue.reserved("alice", "BTC");
  expect(mode(venue, 2)).toBe("applied");
  const byTables = venue.reserved("alice", "BTC");
  expect([byTables > 0n, byRegime > byTables]).toEqual([true, true]);
  // What the regime asks for must be there: one unit less is too little.
  expect(venue.withdraw("alice", "BTC", COIN - byRegime + 1n)).toBe("applied");
  expect(mode(venue, 3, "", "portfolio")).toBe(`INITIAL_MARGIN ${byRegime - 1n} ${byRegime}`);
  expect(venue.reserved("alice", "BTC")).toBe(byTables);
  venue.deposit("alice", "BTC", 1n);
  expect(mode(venue, 3, "", "portfolio")).toBe("applied");
  expect(venue.reserved("alice", "BTC")).toBe(byRegime);
  // An order for an option keeps the account in the mode that knows it, as an open one does.
  venue.deposit("alice", "BTC", COIN);
  expect(venue.place("alice", "call", 1n, { price: 450n, instrument: "BTC-70000-C" })).toBe("applied");
  expect(mode(venue, 2)).toBe("REGIME_NEEDED");
  expect(venue.release("alice", "call")).toBe("applied");
  expect(mode(venue, 2)).toBe("applied");
});

test("MAR-031, MAR-034: in a portfolio an instrument with orders alone goes behind a fence, and its leverage falls", () => {
  const venue = options(COIN);
  expect(venue.place("alice", "future", 100_000n, { price: 6_600_000n })).toBe("applied");
  expect(mode(venue, 1, "BTC-PERP")).toBe("applied");
  const fenced = venue.reserved("alice", "BTC");
  expect(venue.withdraw("alice", "BTC", COIN - fenced)).toBe("applied");
  expect(leverage(venue, 5, "BTC-PERP")).toMatch(/^INITIAL_MARGIN/);
  expect(venue.reserved("alice", "BTC")).toBe(fenced);
  expect(leverage(venue, 20, "BTC-PERP")).toBe("applied");
  expect(venue.reserved("alice", "BTC")).toBeLessThan(fenced);
  expect(leverage(venue, 10, "BTC-PERP")).toBe("applied");
  expect(venue.withdraw("alice", "BTC", 1n)).toMatch(/^INITIAL_MARGIN/);
});

test("MAR-034", () => {
  // Long 4; asks of 3 @ 110 and 5 @ 120: the best ask closes 3, of the other 1 closes and 4 open: 10 % of 4 x 120.
  const venue = tables(1, 200n);
  expect(venue.fill("alice", 4n, 100n)).toBe("applied");
  expect(venue.place("alice", "far", -5n, { price: 120n })).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(12n); // 1 of 5 opens
  expect(venue.place("alice", "near", -3n, { price: 110n })).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(48n);
  // A bid of 4 @ 90 is taken at the mark, which is dearer: 40. The worse side stays.
  expect(venue.place("alice", "bid", 4n, { price: 90n })).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(48n);
  expect(venue.pool("alice", "USD").freeCollateral).toBe(112n);
  expect(venue.place("alice", "more", 13n, { price: 100n })).toBe("FREE_COLLATERAL 170 160");
  expect(venue.place("alice", "more", 12n, { price: 100n })).toBe("applied");
  expect(venue.withdraw("alice", "USD", 1n)).toBe("FREE_COLLATERAL 1 0");
});

test("MAR-035", () => {
  const venue = options(COIN);
  const check = () => venue.pool("alice", "BTC");
  expect(venue.place("alice", "bid", 1_000n, { price: 6_601_000n })).toBe("applied");
  const bid = check().reserved;
  expect(bid).toBeGreaterThan(0n);
  // What the regime asks for once it is filled.
  const { initialMarginAfter, equityAfter } = venue.figures!;
  expect(bid).toBe(initialMarginAfter - equityAfter + COIN);
  expect(venue.place("alice", "ask", -400n, { price: 6_601_000n })).toBe("applied");
  expect(check().reserved).toBe(bid);
  // A future on the same underlying would be a hedge of the bid: orders in two instruments are added, not netted.
  expect(venue.place("alice", "hedge", -1_000n, { price: 6_620_000n, instrument: "BTC-FUT" })).toBe("applied");
  expect(check().reserved).toBeGreaterThan(bid);
  // Once the bid is filled, the ask of the future reserves nothing beyond what it adds.
  expect(venue.fill("alice", 1_000n, 6_601_000n, "bid")).toBe("applied");
  expect(venue.followed).toContain("holdUsed");
  // To the last unit: what orders reserve is not free.
  const { equity, initialMargin, reserved } = check();
  const free = equity - initialMargin - reserved;
  expect(venue.withdraw("alice", "BTC", free + 1n)).toMatch("INITIAL_MARGIN");
  expect(venue.withdraw("alice", "BTC", free)).toBe("applied");
  expect(venue.place("alice", "more", 1_000n, { price: 6_601_000n })).toMatch("INITIAL_MARGIN");
  // The account is at its margin: what lowers the requirement passes, and only that.
  expect(venue.release("alice", "hedge")).toBe("applied");
  expect(venue.release("alice", "ask")).toBe("applied");
  expect(check().reserved).toBe(0n);
});

test("MAR-035: a regime with a rule of its own for orders judges them as rows of its book", () => {
  const regime = "deribit-standard-2026-01";
  const venue = options(COIN, regime);
  venue.fill("alice", 20_000n, 6_601_000n);
  const orders = [
    { instrument: "BTC-PERP", side: "buy", quantity: "10000", price: "66000" },
    { instrument: "BTC-PERP", side: "sell", quantity: "50000", price: "66100" },
    { instrument: "BTC-PERP", side: "sell", quantity: "5000", price: "66200" },
  ];
  orders.forEach(({ instrument, side, quantity, price }, index) => {
    const signed = BigInt(quantity) * (side === "buy" ? 1n : -1n);
    expect(venue.place("alice", `order-${index}`, signed, { instrument, price: BigInt(price) * 100n })).toBe("applied");
  });
  const { reader, names } = venue.shard;
  const book = accountBook(reader, names, names.account("alice")!);
  const { main } = evaluateBook(compileRegime(regimeText(regime), regime), { ...book, orders });
  const [verdict] = main.verdicts.filter(({ currency }) => currency === "BTC");
  const { equity, initialMargin, reserved } = venue.pool("alice", "BTC");
  // 18 digits, up to whole satoshi.
  const wanted = (verdict!.initial + 9_999_999_999n) / 10_000_000_000n;
  expect(initialMargin + reserved - equity).toBe(wanted - verdict!.equity / 10_000_000_000n);
  expect(reserved).toBeGreaterThan(0n);
  // What may be withdrawn is what the document leaves.
  const free = equity - initialMargin - reserved;
  expect(venue.withdraw("alice", "BTC", free + 1n)).toMatch("INITIAL_MARGIN");
  expect(venue.withdraw("alice", "BTC", free)).toBe("applied");
  // Nothing is left: a bid more is refused, what only reduces passes.
  expect(venue.place("alice", "more", 10_000n, { price: 6_600_000n })).toMatch("INITIAL_MARGIN");
  expect(venue.place("alice", "close", -1_000n, { price: 6_600_000n, reduceOnly: true })).toBe("applied");
});

test("MAR-036", () => {
  // A call of 1 contract at 0.0450: 0.045 coins, of 0.05 that are there.
  const venue = options(COIN / 20n, "deribit-standard-2026-01");
  const call = { price: 450n, instrument: "BTC-70000-C" };
  expect(venue.place("alice", "call", 10n, call)).toBe("applied");
  expect(venue.place("alice", "again", 10n, call)).toBe("FREE_COLLATERAL 9000000 5000000");
  expect(venue.withdraw("alice", "BTC", 500_001n)).toBe("FREE_COLLATERAL 500001 500000");
  expect(venue.fill("alice", 10n, 450n, "call", "BTC-70000-C")).toBe("applied");
  expect(venue.withdraw("alice", "BTC", 500_001n)).toBe("FREE_COLLATERAL 500001 500000");
});

test("MAR-037", () => {
  const venue = tables(2, 120n);
  expect(venue.place("alice", "bid", 10n, { price: 100n, requestId: "r1" })).toBe("applied");
  // The same request: the answer stands where the first one was written.
  expect(venue.place("alice", "bid", 10n, { price: 100n, requestId: "r1" })).toBe("DUPLICATE");
  expect(venue.place("alice", "bid", 11n, { price: 100n, requestId: "r1" })).toBe("IDENTITY_CONFLICT");
  expect(venue.place("alice", "bid", 1n, { price: 100n })).toBe("HOLD_EXISTS");
  expect(venue.amend("alice", "bid", 13n, { price: 100n })).toBe("INITIAL_MARGIN 120 130");
  expect(venue.reserved("alice", "USD")).toBe(100n);
  // Fills use it, partially and beyond; then nothing is held.
  expect(venue.fill("alice", 4n, 100n, "bid")).toBe("applied");
  expect(venue.followed).toContain("holdUsed");
  expect(venue.reserved("alice", "USD")).toBe(60n);
  expect(venue.fill("alice", 7n, 100n, "bid")).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(0n);
  expect(venue.fill("alice", 1n, 100n, "bid")).toBe("applied");
  expect(venue.followed).not.toContain("holdUsed");
  expect(venue.release("alice", "bid")).toBe("HOLD_UNKNOWN");
  expect(venue.amend("alice", "bid", 1n)).toBe("HOLD_UNKNOWN");
  // In call (equity 120 - 12 x 10 = 0): what reduces passes, what rests already counts, what reopens is refused.
  venue.mark(90n);
  expect(venue.place("alice", "close", -8n, { price: 90n })).toBe("applied");
  expect(venue.place("alice", "flip", -5n, { price: 90n })).toMatch("ACCOUNT_STATE");
  expect(venue.place("alice", "stop", -12n, { price: 85n, reduceOnly: true })).toBe("applied");
  expect(venue.place("alice", "stops", -13n, { price: 85n, reduceOnly: true })).toBe("NOT_REDUCING");
  expect(venue.place("alice", "rest", -4n, { price: 90n })).toMatch("ACCOUNT_STATE");
  expect(venue.release("alice", "stop")).toBe("applied");
  expect(venue.place("alice", "rest", -4n, { price: 90n })).toBe("applied");
  expect(venue.amend("alice", "rest", -3n, { price: 91n })).toBe("applied");
});

test("MAR-037: a hold may carry a time to live, and ends when its instrument does", () => {
  const venue = tables(2, 1_000n);
  const expiresAtUs = venue.nowUs + 5n;
  expect(venue.place("alice", "late", 10n, { price: 100n, expiresAtUs: venue.nowUs })).toBe("TIME_RANGE");
  expect(venue.place("alice", "one", 10n, { price: 100n, expiresAtUs })).toBe("applied");
  expect(venue.place("alice", "two", 5n, { price: 100n, expiresAtUs: expiresAtUs - 1n })).toBe("applied");
  expect(venue.mark(101n)).toBe("applied");
  expect(venue.followed).toEqual(["holdExpired", "holdExpired"].slice(0, venue.nowUs >= expiresAtUs ? 2 : 1));
  expect(venue.mark(102n)).toBe("applied");
  expect(venue.reserved("alice", "USD")).toBe(0n);
  expect(venue.place("alice", "dated", 1n, { instrument: "OTH", price: 100n })).toBe("applied");
  const settlement = { $case: "settlement" as const, value: { price: 100n, underlyingPriceE8: undefined } };
  venue.tell({ kind: "market", event: { instrument: "OTH", eventTimeUs: venue.nowUs + 1n, event: settlement } });
  expect(venue.followed).toEqual(["holdExpired"]);
  expect(venue.reserved("alice", "USD")).toBe(0n);
});

test("MAR-038", () => {
  const venue = tables(2, 155n);
  const { names } = venue.shard;
  const question = { account: names.account("alice")!, instrument: names.instrument("LIN")!, side: 1 as const };
  expect(largestOrder(venue.shard, { ...question, price: 100n })).toEqual({ quantity: 15n, binding: "initial_margin" });
  venue.place("alice", "bid", 5n, { price: 100n });
  expect(largestOrder(venue.shard, { ...question, price: undefined })).toMatchObject({ quantity: 10n });
  // In call: what closes, and no more.
  venue.fill("alice", 15n, 100n, "bid");
  venue.mark(92n);
  expect(largestOrder(venue.shard, { ...question, price: 100n })).toMatchObject({ quantity: 0n });
  expect(largestOrder(venue.shard, { ...question, side: 2, price: 92n })).toMatchObject({ quantity: 15n });
  const portfolio = options(COIN);
  const alice = portfolio.shard.names.account("alice")!;
  const perpetual = portfolio.shard.names.instrument("BTC-PERP")!;
  const largest = largestOrder(portfolio.shard, { account: alice, instrument: perpetual, side: 1, price: 6_601_000n });
  expect(largest.quantity).toBeGreaterThan(0n);
  expect(portfolio.place("alice", "too much", largest.quantity + 1n, { price: 6_601_000n })).toMatch("INITIAL_MARGIN");
  expect(portfolio.place("alice", "all", largest.quantity, { price: 6_601_000n })).toBe("applied");
});

test("MAR-039", () => {
  // Long 15 at 100, mark 92: equity 155 - 120 = 35, 9.2 a piece: 3 may stay (27.6), 4 not (36.8), so 12 are to be sold.
  const venue = tables(2, 155n);
  venue.fill("alice", 15n, 100n);
  const alice = venue.shard.names.account("alice")!;
  expect(cheapestCure(venue.shard, alice)).toBeUndefined();
  venue.mark(92n);
  const lin = venue.shard.names.instrument("LIN")!;
  const before = venue.shard.stateHash();
  expect(cheapestCure(venue.shard, alice)).toEqual({ instrument: lin, side: 2, quantity: 12n, cost: 0n });
  expect(venue.shard.stateHash()).toBe(before);
  venue.fill("alice", -12n, 92n);
  expect(venue.pool("alice", "USD").state).toBe(1);
  // A portfolio in call: the cure that is named, filled, ends the call.
  const portfolio = options(COIN);
  const { names } = portfolio.shard;
  portfolio.fill("alice", 500_000n, 6_601_000n);
  const holder = names.account("alice")!;
  expect(portfolio.pool("alice", "BTC").state).toBeGreaterThan(1);
  const cure = cheapestCure(portfolio.shard, holder)!;
  expect(cure).toBeDefined();
  const name = names.instruments[cure.instrument]!.name;
  const price = portfolio.shard.reader.instrument(cure.instrument).mark!;
  const signed = cure.side === Side.BUY ? cure.quantity : -cure.quantity;
  portfolio.fill("alice", signed, price, "", name);
  expect(portfolio.pool("alice", "BTC").state).toBe(1);
});

test("MAR-040", () => {
  const venue = options(COIN);
  const { names, reader } = venue.shard;
  const alice = names.account("alice")!;
  expect(liquidationMoves(venue.shard, alice, "BTC")).toEqual({ up: undefined, down: undefined });
  // A short call and a long perpetual on one coin: hurt by a rise beyond the perpetual and by a fall.
  venue.fill("alice", 60_000n, 6_601_000n);
  const before = venue.shard.stateHash();
  const { up, down } = liquidationMoves(venue.shard, alice, "BTC");
  expect(venue.shard.stateHash()).toBe(before);
  expect(up).toBeUndefined();
  expect(down!).toBeLessThan(0n);
  // Told as marks and index: a millionth more than it is called liquidating, a thousandth less it is not.
  const fall = (moveE6: bigint) => {
    const copy = options(COIN);
    copy.fill("alice", 60_000n, 6_601_000n);
    const index = { $case: "indexPrice" as const, value: { priceE8: 66_000n * 100n * (1_000_000n + moveE6) } };
    copy.tell({ kind: "market", event: { instrument: "BTC", eventTimeUs: copy.nowUs + 1n, event: index } });
    copy.mark((6_601_000n * (1_000_000n + moveE6)) / 1_000_000n);
    return copy.pool("alice", "BTC").state;
  };
  expect(reader.accountState(alice)).toBe(1);
  expect(fall(down! - 2n)).toBeGreaterThanOrEqual(3);
  expect(fall(down! + 1_000n)).toBeLessThan(3);
});
