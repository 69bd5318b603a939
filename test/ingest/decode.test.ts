import fc from "fast-check";
import { expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Fill, Liquidity, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { decodeRecord } from "../../services/ingest/kafka/decode.ts";
import { topicContents } from "../../services/ingest/kafka/topics.ts";

const fill: Fill = {
  venue: "venue",
  tradeId: "trade-\u00e9",
  account: "account",
  instrument: "instrument",
  side: Side.SELL,
  quantity: 2n ** 63n - 1n,
  price: -(2n ** 63n),
  liquidity: Liquidity.MAKER,
  liquidation: true,
  fee: -1n,
  eventTimeUs: 2n ** 53n + 1n,
  orderId: "",
};

test("a fill comes as it was sent, to the last bit of its integers", () => {
  const payload = Fill.encode(fill).finish();
  expect(decodeRecord("fills", payload)).toEqual({ input: { kind: "fill", fill }, eventTimeUs: 2n ** 53n + 1n });
});

test("an empty payload is an empty message: for the engine to refuse", () => {
  expect(decodeRecord("prices", new Uint8Array(0))).toMatchObject({ input: { kind: "market" }, eventTimeUs: 0n });
});

test.each([
  ["it is cut off", Fill.encode(fill).finish().subarray(0, -1)],
  ["a zero byte ends it early", new Uint8Array([0, ...Fill.encode(fill).finish()])],
  ["an end-group tag ends it early", new Uint8Array([0x0c, 1, 2])],
  ["its text is not UTF-8", new Uint8Array([18, 2, 0xc3, 0x28])],
])("a record is unreadable and kept whole when %s", (_why, payload) => {
  const { input, eventTimeUs } = decodeRecord("fills", payload);
  expect(eventTimeUs).toBeUndefined();
  expect(input).toMatchObject({ kind: "unreadable", reason: RefusalReason.UNDECODABLE });
  expect(input.kind === "unreadable" && input.record).toEqual(new Uint8Array(payload));
});

test("the bytes that are kept do not hold on to the response that they came in", () => {
  const response = new Uint8Array(1_000_000);
  const { input } = decodeRecord("fills", response.subarray(0, 4));
  expect(input.kind === "unreadable" && input.record.buffer.byteLength).toBe(4);
});

test("a tombstone is unreadable", () => {
  expect(decodeRecord("accounts", null).input).toMatchObject({ kind: "unreadable", record: new Uint8Array(0) });
});

test("whatever the bytes, there is an answer, and what is unreadable is kept whole", () => {
  fc.assert(
    fc.property(fc.constantFrom(...topicContents), fc.uint8Array({ maxLength: 60 }), (content, payload) => {
      const { input } = decodeRecord(content, payload);
      if (input.kind === "unreadable") expect(input.record).toEqual(payload);
    }),
    { numRuns: 2_000 },
  );
});
