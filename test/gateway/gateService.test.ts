import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import type { Order } from "../../generated/proto/plimsoll/v1/gate_service.ts";
import { PriceKind, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { ACCEPTED, REFUSED_AT_SIGHT, REFUSED_FOR_MARGIN } from "./fakeEngine.ts";
import { refusal, type Served, serve } from "./harness.ts";

const ORDER: Order = {
  account: "alice",
  instrument: "BTC-PERP",
  side: Side.BUY,
  quantity: "0.01",
  limitPrice: "61000.5",
  reduceOnly: false,
};

async function open(): Promise<Served> {
  const served = await serve();
  served.engine.open("alice");
  return served;
}

describe("CheckOrder", () => {
  test("MAR-024: accepts, with the margin before and after", async () => {
    const { engine, client } = await open();

    const { asOf, decision } = await client.checkOrder(ORDER);

    expect(engine.questions).toEqual([
      { account: 4, instrument: 0, side: 1, quantity: 10n, price: 610_005n, reduceOnly: false },
    ]);
    expect(asOf!.journalPosition).toBe(100n);
    expect(decision).toEqual({
      accepted: true,
      refusal: undefined,
      reduces: false,
      currency: "USDT",
      fee: "0.31",
      before: { equity: "979.50", initialMargin: "122.00", maintenanceMargin: "6.10", freeCollateral: "857.50" },
      after: { equity: "979.19", initialMargin: "183.00", maintenanceMargin: "9.15", freeCollateral: "796.19" },
      binding: "initial_margin",
    });
  });

  test("asks for a market order without a price, and for a sale", async () => {
    const { engine, client } = await open();

    await client.checkOrder({ ...ORDER, side: Side.SELL, limitPrice: undefined });

    expect(engine.questions[0]).toMatchObject({ side: 2, price: undefined });
  });

  test("takes a limit price of zero or below for a price, not for a market order", async () => {
    const { engine, client } = await open();

    await client.checkOrder({ ...ORDER, limitPrice: "0" });
    await client.checkOrder({ ...ORDER, limitPrice: "-37.5" });

    expect(engine.questions.map((question) => question.price)).toEqual([0n, -375n]);
  });

  test("says that an order reduces", async () => {
    const { engine, client } = await open();
    engine.answer = { ...ACCEPTED, reduces: true };

    expect((await client.checkOrder(ORDER)).decision!.reduces).toBe(true);
  });

  test("MAR-024: refuses with the reason, the field and both numbers in money", async () => {
    const { engine, client } = await open();
    engine.answer = REFUSED_FOR_MARGIN;

    const { decision } = await client.checkOrder(ORDER);

    expect(decision!.accepted).toBe(false);
    expect(decision!.refusal).toEqual({
      reason: RefusalReason.INITIAL_MARGIN,
      field: "initial_margin",
      value: "1000.00",
      limit: "979.19",
      unit: "USDT",
      rule: "MAR-014",
      priceOf: "",
    });
  });

  test("gives no figures, rather than zeros, for an order that was refused at sight", async () => {
    const { engine, client } = await open();
    engine.answer = REFUSED_AT_SIGHT;

    const { decision } = await client.checkOrder(ORDER);

    expect(decision!.refusal).toMatchObject({ reason: RefusalReason.QUANTITY_OFF_LOT, value: "0.015", limit: "0.010" });
    expect(decision!.before).toBeUndefined();
    expect(decision!.after).toBeUndefined();
  });

  test.each([
    [RefusalReason.PRICE_STALE, PriceKind.MARK, "mark_age"],
    [RefusalReason.PRICE_STALE, PriceKind.VOLATILITY, "volatility_age"],
    [RefusalReason.PRICE_STALE, PriceKind.FORWARD, "forward_age"],
    [RefusalReason.PRICE_STALE, PriceKind.INDEX, "index_age"],
    [RefusalReason.PRICE_MISSING, PriceKind.MARK, "mark_price"],
  ])("CTL-017: names whose price is too old: refusal %i, price %i", async (code, priceKind, field) => {
    const { engine, client } = await open();
    const priceKey = engine.names.key("XBTUSD")!;
    engine.answer = { ...ACCEPTED, code, value: 61_000_000n, limit: 60_000_000n, priceKind, priceKey };

    const { refusal: refused } = (await client.checkOrder(ORDER)).decision!;
    const stale = code === RefusalReason.PRICE_STALE;
    expect(refused).toMatchObject({
      field,
      value: stale ? "61.000000" : "",
      priceOf: "XBTUSD",
      rule: stale ? "CTL-017" : "MAR-024",
    });
  });

  test.each([
    [RefusalReason.PRICE_OFF_TICK, "limit_price", "12.3", "BTC-PERP"],
    [RefusalReason.QUANTITY_LIMIT, "quantity", "0.123", "BTC-PERP"],
    [RefusalReason.PRICE_STALE, "mark_age", "0.000123", "s"],
    [RefusalReason.ACCOUNT_QUARANTINED, "account", "", ""],
  ])("gives the value of refusal %i in the unit of %s", async (code, field, value, unit) => {
    const { engine, client } = await open();
    engine.answer = { ...ACCEPTED, code, value: 123n, limit: 45n };

    expect((await client.checkOrder(ORDER)).decision!.refusal).toMatchObject({ reason: code, field, value, unit });
  });

  test.each([
    ["quantity", { quantity: "NaN" }, "NOT_A_NUMBER"],
    ["quantity", { quantity: "Infinity" }, "NOT_A_NUMBER"],
    ["quantity", { quantity: "1e5" }, "NOT_A_NUMBER"],
    ["quantity", { quantity: "1,000" }, "NOT_A_NUMBER"],
    ["quantity", { quantity: " 1" }, "NOT_A_NUMBER"],
    ["quantity", { quantity: "0x10" }, "NOT_A_NUMBER"],
    ["quantity", { quantity: "" }, "FIELD_MISSING"],
    ["quantity", { quantity: "0.0001" }, "QUANTITY_OFF_LOT"],
    ["quantity", { quantity: "9".repeat(19) }, "QUANTITY_LIMIT"],
    ["limit_price", { limitPrice: "61000.55" }, "PRICE_OFF_TICK"],
    ["limit_price", { limitPrice: "9".repeat(500) }, "PRICE_LIMIT"],
    ["limit_price", { limitPrice: "-" }, "NOT_A_NUMBER"],
    ["limit_price", { limitPrice: "" }, "FIELD_MISSING"],
  ])("answers INVALID_ARGUMENT for %s in %j: %s", async (field, broken, reason) => {
    const { engine, client } = await open();

    const error = await refusal(client.checkOrder({ ...ORDER, ...broken }));

    const rule = expect.stringMatching(/^must /);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, reason, metadata: { field: `order.${field}`, rule } });
    expect(error.violations).toEqual([{ field: `order.${field}`, description: rule }]);
    expect(engine.questions).toEqual([]);
  });

  test("answers NOT_FOUND for an unknown account or instrument", async () => {
    const { client } = await open();

    expect(await refusal(client.checkOrder({ ...ORDER, account: "nobody" }))).toMatchObject({
      code: status.NOT_FOUND,
      reason: "ACCOUNT_UNKNOWN",
    });
    expect(await refusal(client.checkOrder({ ...ORDER, instrument: "btc-perp" }))).toMatchObject({
      code: status.NOT_FOUND,
      reason: "INSTRUMENT_UNKNOWN",
      metadata: { instrument: "btc-perp" },
    });
  });

  test("answers INVALID_ARGUMENT without a side", async () => {
    const { client } = await open();

    expect(await refusal(client.checkOrder({ ...ORDER, side: Side.UNSPECIFIED }))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      violations: [{ field: "order.side" }],
    });
  });

  test("answers UNAVAILABLE, not refused, while the engine is not serving", async () => {
    const { engine, client } = await open();
    engine.status = { serving: false, reason: "replaying" };

    expect(await refusal(client.checkOrder(ORDER))).toMatchObject({ code: status.UNAVAILABLE });
  });
});
