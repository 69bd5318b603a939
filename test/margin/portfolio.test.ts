// Options and portfolio margin, rule by rule: what happens to one account, step by step.

import { expect, test } from "vitest";
import { RefusalReason, refusalReasonToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { PlacedInput } from "../../services/engine/engineInput.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { outcomeOfRow } from "../../services/engine/outcome.ts";
import type { Shard } from "../../services/engine/shard.ts";
import {
  command,
  EXPIRY_US,
  fill,
  index,
  market,
  marketAt,
  openShard,
  optionMark,
  optionMarket,
  placed,
  regimeText,
  START_US,
} from "./portfolioMarket.ts";

const REGIMES = { portfolio: "deribit-portfolio-2026-02", standard: "deribit-standard-2026-01" };
const COIN = 100_000_000n;

function shardWith(...inputs: PlacedInput[]): Shard {
  const shard = openShard(optionMarket(REGIMES));
  shard.fold([...marketAt(1n), ...inputs]);
  return shard;
}

const open = (name: string, marginMode: 1 | 2 | 3, regime?: string) =>
  command(name, { $case: "openAccount", value: { marginMode, regime } });
const pay = (name: string, currency: string, amount: bigint) =>
  command(name, { $case: "deposit", value: { currency, amount } });
const take = (name: string, currency: string, amount: bigint) =>
  command(name, { $case: "withdrawal", value: { currency, amount } });
const mode = (name: string, marginMode: 1 | 2 | 3, regime?: string, instrument = "") =>
  command(name, { $case: "setMarginMode", value: { instrument, marginMode, regime } });

function nameOf(code: number): string {
  return code === 0 ? "applied" : refusalReasonToJSON(code as RefusalReason).replace("REFUSAL_REASON_", "");
}

/** Folds one input. @returns its refusal by name, or "applied", and the kinds of what followed */
function tell(shard: Shard, input: PlacedInput): [string, ...number[]] {
  const [row, ...followed] = shard.fold([input]);
  const { code } = outcomeOfRow(row!);
  return [nameOf(code), ...followed.map(({ kind }) => kind)];
}

function view(shard: Shard, name: string) {
  return shard.reader.account(shard.names.account(name)!);
}

function pool(shard: Shard, name: string, currency: string) {
  const number = shard.names.currency(currency)!;
  return view(shard, name).pools.find((each) => each.currency === number)!;
}

test("MAR-027", () => {
  const shard = shardWith(
    open("crossed", 2),
    pay("crossed", "BTC", COIN),
    open("alice", 3, "portfolio"),
    pay("alice", "BTC", COIN),
  );
  // An option in a mode that knows no strikes: kept, not applied, the account in doubt.
  expect(tell(shard, fill("crossed", "BTC-70000-C", 10n, 450n, 2n))).toEqual([
    "REGIME_NEEDED",
    EVENT_KINDS.accountQuarantined,
  ]);
  expect(tell(shard, fill("alice", "BTC-70000-C", 10n, 450n, 2n))[0]).toBe("applied");
  // 1 contract at 0.0450 BTC cost 0.045 BTC.
  expect(view(shard, "alice").positions[0]!.entryCost).toBe(4_500_000n);
  expect(tell(shard, mode("alice", 1, undefined, "BTC-70000-C"))).toEqual(["REGIME_NEEDED"]);
  expect(tell(shard, optionMark("BTC-70000-C", 0n, 60n, 60_000n, 3n))[0]).toBe("applied");
  expect(view(shard, "alice").positions[0]!.unrealisedProfit).toBe(-4_500_000n);
});

test.each([
  // strike 70,000 call and 60,000 put, 1.0 contract each, settled by the underlying at:
  [66_000n, "BTC-70000-C", 0n],
  [77_000n, "BTC-70000-C", 909n], // 7,000 / 77,000 = 0.0909.. coin
  [50_000n, "BTC-60000-P", 2_000n], // 10,000 / 50,000 = 0.2 coin
  [54_321n, "BTC-60000-P", 1_045n], // 5,679 / 54,321 = 0.10454.., cut
])("MAR-028: at %d %s is worth %d units of 0.0001 coin", (price, name, worth) => {
  const shard = shardWith(open("alice", 3, "portfolio"), pay("alice", "BTC", COIN), fill("alice", name, 10n, 400n, 2n));
  const settlement = { price: 0n, underlyingPriceE8: price * 10n ** 8n };
  expect(tell(shard, market(name, EXPIRY_US - START_US, { $case: "settlement", value: settlement }))[0]).toBe(
    "applied",
  );
  expect(pool(shard, "alice", "BTC").balance).toBe(COIN + (worth - 400n) * 10_000n);
  expect(pool(shard, "alice", "BTC").initialMargin).toBe(0n);
});

test("MAR-029", () => {
  const shard = shardWith(
    open("alice", 3, "portfolio"),
    pay("alice", "BTC", COIN),
    fill("alice", "BTC-70000-C", -10n, 450n, 2n),
  );
  const before = pool(shard, "alice", "BTC").initialMargin;
  const later = market("portfolio", 3n, {
    $case: "regime",
    value: { document: regimeText(REGIMES.standard), effectiveTimeUs: START_US + 10n },
  });
  expect(tell(shard, later)).toEqual(["applied"]);
  // One may wait at a time.
  expect(tell(shard, later)[0]).toBe("LISTING_INVALID");
  expect(tell(shard, index("BTC", 66_001n, 9n))[0]).toBe("applied");
  expect(pool(shard, "alice", "BTC").initialMargin).not.toBe(0n);
  expect(view(shard, "alice").regime).toBe(0);
  expect(shard.names.regimes[0]!.applies!.id).toBe(REGIMES.portfolio);
  // The first input at or after the effective time margins the account anew, whatever it is about.
  expect(tell(shard, index("ETH", 1951n, 10n))).toContain(EVENT_KINDS.regimeActivated);
  expect(shard.names.regimes[0]!.applies!.id).toBe(REGIMES.standard);
  expect(pool(shard, "alice", "BTC").initialMargin).not.toBe(before);
  const nonsense = { document: "id: nothing", effectiveTimeUs: 0n };
  expect(tell(shard, market("portfolio", 11n, { $case: "regime", value: nonsense }))).toEqual(["LISTING_INVALID"]);
});

test("MAR-029: a document that is told when the one before it comes into force does not take its place", () => {
  const shard = shardWith(open("alice", 3, "portfolio"), pay("alice", "BTC", COIN));
  const regime = (document: string, atUs: bigint, effectiveUs: bigint) =>
    market("portfolio", atUs, { $case: "regime", value: { document, effectiveTimeUs: START_US + effectiveUs } });
  expect(tell(shard, regime(regimeText(REGIMES.standard), 3n, 10n))[0]).toBe("applied");
  // The input at 12 puts the first in force, and tells of a second for later.
  expect(tell(shard, regime(regimeText("deribit-portfolio-2019"), 12n, 20n))).toContain(EVENT_KINDS.regimeActivated);
  expect(shard.names.regimes[0]!.applies!.id).toBe(REGIMES.standard);
  expect(tell(shard, index("BTC", 66_001n, 20n))).toContain(EVENT_KINDS.regimeActivated);
  expect(shard.names.regimes[0]!.applies!.id).toBe("deribit-portfolio-2019");
  expect(shard.names.regimes[0]!.waits).toEqual([]);
});

test("MAR-030", () => {
  // An option without a forward: what the account requires cannot be said, until a mark tells it.
  const shard = openShard(optionMarket(REGIMES));
  shard.fold([open("alice", 3, "portfolio"), pay("alice", "BTC", COIN), index("BTC", 66_000n, 1n)]);
  expect(tell(shard, fill("alice", "BTC-70000-C", -10n, 450n, 2n))).toEqual(["applied", EVENT_KINDS.marginUnknown]);
  expect(view(shard, "alice").marginUnknown).toBe(RefusalReason.MARGIN_UNKNOWN);
  expect(tell(shard, take("alice", "BTC", 1n))[0]).toBe("MARGIN_UNKNOWN");
  expect(tell(shard, optionMark("BTC-70000-C", 450n, 62n, 66_200n, 3n))).toEqual([
    "applied",
    EVENT_KINDS.marginUnknown,
  ]);
  expect(view(shard, "alice").marginUnknown).toBe(0);
  // balance 1 + 0.045 received - 0.045 worth
  expect(pool(shard, "alice", "BTC").equity).toBe(COIN);
  expect(pool(shard, "alice", "BTC").maintenanceMargin * 10n).toBeLessThanOrEqual(
    pool(shard, "alice", "BTC").initialMargin * 8n + 10n,
  );
});

test("MAR-031", () => {
  const shard = shardWith(
    open("alice", 2),
    pay("alice", "BTC", COIN / 2n),
    fill("alice", "BTC-PERP", -30_000n, 6_601_000n, 2n),
  );
  expect(tell(shard, mode("alice", 3, "nobody's"))).toEqual(["REGIME_UNKNOWN"]);
  expect(tell(shard, mode("alice", 3, "portfolio"))[0]).toBe("applied");
  const { equity, initialMargin } = pool(shard, "alice", "BTC");
  expect(initialMargin).toBeGreaterThan(0n);
  // To the last unit: equity - initial margin is free, one more is not.
  const free = equity - initialMargin;
  expect(tell(shard, take("alice", "BTC", free + 1n))).toEqual(["INITIAL_MARGIN"]);
  expect(tell(shard, take("alice", "BTC", free))[0]).toBe("applied");
  expect(pool(shard, "alice", "BTC").equity).toBe(initialMargin);
  expect(tell(shard, pay("alice", "BTC", COIN))[0]).toBe("applied");
  // A fence takes the position out of the portfolio, and back.
  expect(tell(shard, mode("alice", 1, undefined, "BTC-PERP"))[0]).toBe("applied");
  expect(pool(shard, "alice", "BTC").initialMargin).toBe(0n);
  expect(tell(shard, mode("alice", 2, undefined, "BTC-PERP"))[0]).toBe("applied");
  expect(pool(shard, "alice", "BTC").initialMargin).toBe(initialMargin);
  // An option keeps the account in the mode that knows it.
  tell(shard, fill("alice", "BTC-60000-P", 10n, 300n, 3n));
  expect(tell(shard, mode("alice", 2))).toEqual(["REGIME_NEEDED"]);
  tell(shard, fill("alice", "BTC-60000-P", -10n, 300n, 4n));
  expect(tell(shard, mode("alice", 2))[0]).toBe("applied");
  expect(pool(shard, "alice", "BTC").basis).toBe(0);
  expect(pool(shard, "alice", "BTC").initialMargin).toBeGreaterThan(0n);
});

test("MAR-032", () => {
  const shard = shardWith(open("alice", 3, "portfolio"), pay("alice", "BTC", COIN / 10n));
  const check = (side: 1 | 2, quantity: bigint) =>
    shard.reader.checkOrder(
      shard.names.account("alice")!,
      shard.names.instrument("BTC-70000-C")!,
      side,
      quantity,
      undefined,
    );
  const before = shard.stateHash();
  const small = check(2, 1n);
  expect(small.code).toBe(0);
  expect(small.initialMarginAfter).toBeGreaterThan(small.initialMarginBefore);
  expect(nameOf(check(2, 1000n).code)).toBe("INITIAL_MARGIN");
  expect(shard.stateHash()).toBe(before);
  // What the check said is what the fill brings.
  tell(shard, fill("alice", "BTC-70000-C", -1n, 450n, 2n));
  expect(pool(shard, "alice", "BTC").initialMargin).toBe(small.initialMarginAfter);
  expect(check(1, 1n).reduces).toBe(true);
});

test("INP-007, INP-008", () => {
  const shard = shardWith();
  expect(tell(shard, index("DOGE", 1n, 2n))).toEqual(["INDEX_UNKNOWN"]);
  expect(tell(shard, index("BTC", 0n, 2n))).toEqual(["PRICE_NOT_POSITIVE"]);
  expect(tell(shard, index("BTC", 66_000n, 1n))).toEqual(["PRICE_LATE"]);
  expect(tell(shard, optionMark("BTC-70000-C", 450n, 501n, 66_200n, 2n))).toEqual(["VOLATILITY_RANGE"]);
  expect(tell(shard, optionMark("BTC-70000-C", 450n, 60n, 0n, 2n))).toEqual(["PRICE_NOT_POSITIVE"]);
  expect(
    tell(
      shard,
      placed({ kind: "unreadable", reason: RefusalReason.UNDECODABLE, detail: "", record: new Uint8Array() }),
    )[0],
  ).toBe("applied");
});
