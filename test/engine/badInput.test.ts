// Every kind of bad input, through the fold into the journal: a typed outcome, counted, the input kept whole, and nobody else
// disturbed.

import { expect, test } from "vitest";
import { JournalEvent, RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type AccountCommand,
  Fill,
  Liquidity,
  MarginMode,
  type MarketEvent,
  Side,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { genesis, ownInput } from "../../services/engine/genesis.ts";
import { recallInput } from "../../services/engine/recall.ts";
import { Shard } from "../../services/engine/shard.ts";
import { decodeRecord } from "../../services/ingest/kafka/decode.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { market } from "../margin/market.ts";

const CAPACITIES = { accounts: 64, pools: 128, positions: 256, instruments: 32, identities: 256 };
const TIME_US = 1_767_225_600_000_000n;

const FILL: Fill = {
  venue: "test",
  tradeId: "bad",
  account: "alice",
  instrument: "TIK",
  side: Side.BUY,
  quantity: 10n,
  price: 100n,
  liquidity: Liquidity.TAKER,
  liquidation: false,
  fee: undefined,
  eventTimeUs: TIME_US + 50n,
  orderId: "",
};

function fill(changes: Partial<Fill>): VenueInput {
  return { kind: "fill", fill: { ...FILL, ...changes } };
}

function mark(price: bigint, instrument = "TIK", timeUs = TIME_US + 60n): VenueInput {
  const event: MarketEvent = { instrument, eventTimeUs: timeUs, event: { $case: "markPrice", value: { price } } };
  return { kind: "market", event };
}

function command(account: string, body: AccountCommand["command"], commandId = "bad"): VenueInput {
  return { kind: "account", command: { account, commandId, eventTimeUs: TIME_US + 50n, command: body } };
}

/** What the reader of a tape makes of a price that is no number (test/ingest/tape.test.ts). */
function tapeRow(price: string): VenueInput {
  const record = new TextEncoder().encode(`1,1514764802610,XBTUSD,${price},10,buy`);
  return { kind: "unreadable", reason: RefusalReason.NOT_A_NUMBER, detail: `price "${price}"`, record };
}

function kafkaRecord(payload: Uint8Array | null): VenueInput {
  return decodeRecord("fills", payload).input;
}

/** A market with two traders in an open trade, whom nothing below may touch but where it names alice. */
function openShard(): Shard {
  const shard = new Shard(Kernel.create(kernelBinary(), CAPACITIES));
  shard.fold(genesis("test", CAPACITIES, market({ TIK: { priceLimit: 1_000_000n } })));
  const before: VenueInput[] = [
    ...["alice", "bob", "carol"].flatMap((name) => [
      command(name, { $case: "openAccount", value: { marginMode: MarginMode.CROSS } }, "open"),
      command(name, { $case: "deposit", value: { currency: "USD", amount: 2_000n } }, "deposit"),
    ]),
    mark(100n, "TIK", TIME_US + 10n),
    fill({ tradeId: "good", account: "bob", side: Side.BUY }),
    fill({ tradeId: "good", account: "alice", side: Side.SELL }),
    fill({ tradeId: "settled", account: "carol", side: Side.BUY }),
  ];
  const rows = shard.fold(before.map(ownInput));
  const refused = rows.filter((row) => row.kind === EVENT_KINDS.inputRefused);
  expect(refused).toEqual([]);
  return shard;
}

const R = RefusalReason;
type Case = readonly [what: string, input: VenueInput, reason: RefusalReason];
const CASES: readonly Case[] = [
  ["mark of NaN on a tape", tapeRow("NaN"), R.NOT_A_NUMBER],
  ["mark of Infinity on a tape", tapeRow("Infinity"), R.NOT_A_NUMBER],
  ["price with an exponent on a tape", tapeRow("1e5"), R.NOT_A_NUMBER],
  ["mark of zero", mark(0n), R.PRICE_NOT_POSITIVE],
  ["negative mark", mark(-1n), R.PRICE_NOT_POSITIVE],
  ["mark a thousand times too high", mark(100_000n), R.PRICE_BAND],
  ["mark past the limit", mark(2n ** 62n), R.PRICE_LIMIT],
  ["late mark", mark(101n, "TIK", TIME_US + 9n), R.PRICE_LATE],
  ["mark of an unknown instrument", mark(100n, "NEW"), R.INSTRUMENT_UNKNOWN],
  [
    "market event without an event",
    { kind: "market", event: { instrument: "TIK", eventTimeUs: TIME_US, event: undefined } },
    R.FIELD_MISSING,
  ],
  [
    "funding beyond 100 %",
    {
      kind: "market",
      event: {
        instrument: "TIK",
        eventTimeUs: TIME_US + 60n,
        event: { $case: "funding", value: { rateE9: 2_000_000_000n } },
      },
    },
    R.RATE_RANGE,
  ],
  ["fill at zero", fill({ price: 0n }), R.PRICE_NOT_POSITIVE],
  ["fill at a negative price", fill({ price: -100n }), R.PRICE_NOT_POSITIVE],
  ["fill off tick", fill({ price: 101n }), R.PRICE_OFF_TICK],
  ["fill past the price limit", fill({ price: 2n ** 62n }), R.PRICE_LIMIT],
  ["fill of nothing", fill({ quantity: 0n }), R.QUANTITY_NOT_POSITIVE],
  ["fill of less than nothing", fill({ quantity: -10n }), R.QUANTITY_NOT_POSITIVE],
  ["fill off lot", fill({ quantity: 11n }), R.QUANTITY_OFF_LOT],
  ["fill past the quantity limit", fill({ quantity: 2n ** 62n }), R.QUANTITY_LIMIT],
  ["fill without a side", fill({ side: Side.UNSPECIFIED }), R.FIELD_MISSING],
  ["fill of an unknown account", fill({ account: "nobody" }), R.ACCOUNT_UNKNOWN],
  ["fill of an unknown instrument", fill({ instrument: "NEW" }), R.INSTRUMENT_UNKNOWN],
  ["fill of the venue's own account", fill({ account: "venue:fees" }), R.ACCOUNT_RESERVED],
  ["fill in the year 1970", fill({ eventTimeUs: 1n }), R.TIME_RANGE],
  ["fill with an absurd fee", fill({ fee: 10n ** 16n }), R.FEE_LIMIT],
  ["liquidation fill that opens", fill({ account: "carol", tradeId: "l", liquidation: true }), R.NOT_REDUCING],
  ["the same trade again", fill({ tradeId: "good", side: Side.SELL }), R.DUPLICATE],
  ["the same trade with other content", fill({ tradeId: "good", side: Side.SELL, price: 110n }), R.IDENTITY_CONFLICT],
  [
    "withdrawal beyond the free collateral",
    command("alice", { $case: "withdrawal", value: { currency: "USD", amount: 2_001n } }),
    R.FREE_COLLATERAL,
  ],
  [
    "deposit of an unknown currency",
    command("alice", { $case: "deposit", value: { currency: "DOGE", amount: 1n } }),
    R.CURRENCY_UNKNOWN,
  ],
  [
    "deposit of nothing",
    command("alice", { $case: "deposit", value: { currency: "USD", amount: 0n } }),
    R.AMOUNT_NOT_POSITIVE,
  ],
  [
    "huge deposit",
    command("alice", { $case: "deposit", value: { currency: "USD", amount: 2n ** 62n } }),
    R.AMOUNT_LIMIT,
  ],
  [
    "leverage of nothing",
    command("alice", { $case: "setLeverage", value: { instrument: "TIK", leverageE2: 0 } }),
    R.LEVERAGE_RANGE,
  ],
  [
    "leverage out of range",
    command("alice", { $case: "setLeverage", value: { instrument: "TIK", leverageE2: 4_000_000_000 } }),
    R.LEVERAGE_RANGE,
  ],
  [
    "account that exists",
    command("alice", { $case: "openAccount", value: { marginMode: MarginMode.CROSS } }),
    R.ACCOUNT_EXISTS,
  ],
  ["command without a command", command("alice", undefined), R.FIELD_MISSING],
  ["record that is no protobuf", kafkaRecord(new TextEncoder().encode("not protobuf at all")), R.UNDECODABLE],
  ["record cut off in the middle", kafkaRecord(Fill.encode(FILL).finish().subarray(0, 20)), R.UNDECODABLE],
  ["record without a value", kafkaRecord(null), R.UNDECODABLE],
];

test.each(CASES)("%s", (_, input, reason) => {
  const shard = openShard();
  const before = { bob: bobOf(shard), count: shard.reader.counters().refusals.get(reason) ?? 0 };
  const position = shard.reader.nextPosition;
  const rows = shard.fold([ownInput(input)]);

  const own = rows[0]!;
  const { body } = JournalEvent.decode(own.payload);
  if (body?.$case !== "inputRefused" && body?.$case !== "recordQuarantined") throw new Error(`it was ${body?.$case}`);
  expect(body.value.reason).toBe(reason);
  expect(own.position).toBe(position);
  expect(shard.reader.counters().refusals.get(reason)).toBe(before.count + 1);
  expect(bobOf(shard)).toEqual(before.bob);
  // What came in can be read from the row alone, to the last field.
  expect(recallInput(own, shard.names)?.input).toEqual(input);
});

function bobOf(shard: Shard): unknown {
  return shard.reader.account(shard.names.account("bob")!);
}

test("a mode switch that the margin does not allow says by how much it fails", () => {
  const shard = openShard();
  const rows = shard.fold(
    [
      command("alice", { $case: "withdrawal", value: { currency: "USD", amount: 1_900n } }, "w"),
      mark(105n, "TIK", TIME_US + 20n),
      command("alice", { $case: "setMarginMode", value: { instrument: "TIK", marginMode: MarginMode.ISOLATED } }, "m"),
    ].map(ownInput),
  );
  const { body } = JournalEvent.decode(rows.find((row) => row.kind === EVENT_KINDS.inputRefused)!.payload);
  if (body?.$case !== "inputRefused") throw new Error("it was allowed");
  expect(body.value.reason).toBe(RefusalReason.INITIAL_MARGIN);
  expect(body.value.limit - body.value.value).toBeGreaterThan(0n);
});
