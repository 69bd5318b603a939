// Random sequences of limits, switches, overrides, fills and marks, on the kernel and on the slow oracle of docs/controls.md; and
// the same sequence cut otherwise, replayed from its journal rows, and continued from a copy of the tables.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  Control,
  type ControlCommand,
  type MarketEvent,
  Switch,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { ownInput } from "../../services/engine/genesis.ts";
import { recallInput } from "../../services/engine/recall.ts";
import { Shard } from "../../services/engine/shard.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import type { JournalRow } from "../../services/journal/journal.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { KernelControls, openShard } from "../controls/rule.ts";
import { command, START_US } from "../engine/harness.ts";
import { market } from "../margin/market.ts";
import { ControlsOracle } from "../oracle/controls.ts";
import type { Order } from "../oracle/outcome.ts";

const RUNS = Number(process.env["PLIMSOLL_PROPERTY_RUNS"] ?? 150);

const ACCOUNTS = ["alice", "bob"];
const INSTRUMENTS = ["LIN", "OTH", "INV"];
const document = market({
  LIN: { quantityScale: 1, multiplierNumerator: 10n, staleAfterUs: 1_000_000_000_000_000n, quantityLimit: 10_000n },
  OTH: { staleAfterUs: 1_000_000_000_000_000n, quantityLimit: 10_000n },
  INV: { staleAfterUs: 1_000_000_000_000_000n, quantityLimit: 10_000_000n },
});

/** Rich enough that no margin ever refuses: what refuses is a control. */
const opening: VenueInput[] = [
  ...ACCOUNTS.flatMap((name) => [
    command(name, "open", { $case: "openAccount", value: { marginMode: 2 } }),
    command(name, "usd", { $case: "deposit", value: { currency: "USD", amount: 10n ** 15n } }),
    command(name, "xbt", { $case: "deposit", value: { currency: "XBT", amount: 10n ** 15n } }),
  ]),
  mark("LIN", 100n, 0n),
  mark("OTH", 40n, 0n),
  mark("INV", 100_000n, 0n),
];

function mark(instrument: string, price: bigint, atUs: bigint): VenueInput {
  return marketEvent(instrument, atUs, { $case: "markPrice", value: { price } });
}

function marketEvent(instrument: string, atUs: bigint, event: NonNullable<MarketEvent["event"]>): VenueInput {
  return { kind: "market", event: { instrument, eventTimeUs: START_US + atUs, event } };
}

type Step = (atUs: bigint, index: number) => VenueInput;

interface Scope {
  readonly account: string;
  readonly instrument: string;
  readonly currency: string;
}

const anyScope = fc.record({
  account: fc.constantFrom("", ...ACCOUNTS, "zoe"),
  instrument: fc.constantFrom("", ...INSTRUMENTS, "NEW"),
  currency: fc.constantFrom("", "", "USD", "XBT"),
});
const ofAccount = fc.record({
  account: fc.constantFrom(...ACCOUNTS),
  instrument: fc.constant(""),
  currency: fc.constant(""),
});
const inInstrument = fc.record({
  account: fc.constantFrom("", ...ACCOUNTS),
  instrument: fc.constantFrom(...INSTRUMENTS),
  currency: fc.constant(""),
});
const inCurrency = fc.record({
  account: fc.constantFrom("", ...ACCOUNTS),
  instrument: fc.constant(""),
  currency: fc.constantFrom("USD", "XBT"),
});
const BY_ACCOUNT: readonly Control[] = [Control.MESSAGE_RATE, Control.EXECUTION_RATE, Control.ORDER_EXECUTIONS];

/** Mostly a scope that the control has. */
function scopeFor(control: Control): fc.Arbitrary<Scope> {
  const fitting = BY_ACCOUNT.includes(control) ? ofAccount : control === Control.CREDIT ? inCurrency : inInstrument;
  return fc.oneof({ weight: 6, arbitrary: fitting }, { weight: 1, arbitrary: anyScope });
}

const control = fc.constantFrom(...Object.values(Control), 13 as Control);
const small = fc.bigInt({ min: 0n, max: 60n });
const amount = fc.oneof(
  { weight: 3, arbitrary: small },
  { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: 20_000n }) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 1_000_000_000n }) },
  { weight: 1, arbitrary: fc.constantFrom(-1n, 2n ** 61n, 2n ** 61n + 1n) },
);

function valueFor(control: Control): fc.Arbitrary<bigint> {
  if (BY_ACCOUNT.includes(control)) return fc.bigInt({ min: 1n, max: 7n });
  return control === Control.OPEN_ORDERS ? fc.bigInt({ min: 0n, max: 1n }) : amount;
}

type Body = NonNullable<ControlCommand["command"]>;

function told(drawn: fc.Arbitrary<readonly [Scope, Body]>): fc.Arbitrary<Step> {
  // One in twenty uses the id of an earlier one.
  return fc.tuple(drawn, fc.integer({ min: 0, max: 19 })).map(([[scope, command], again]) => (atUs, index) => {
    const commandId = `c-${again === 0 ? index - 1 : index}`;
    const { account, currency } = scope;
    const value = { commandId, account, currency, by: "ann", reason: "drawn", command };
    return marketEvent(scope.instrument, atUs, { $case: "control", value });
  });
}

const limit = told(
  control.chain((which) => {
    const value = fc.record({
      control: fc.constant(which),
      value: fc.option(valueFor(which), { nil: undefined, freq: 8 }),
      burst: fc.oneof(fc.bigInt({ min: 0n, max: 2n }), fc.bigInt({ min: 0n, max: 2n }), amount),
    });
    return fc.tuple(
      scopeFor(which),
      value.map((set): Body => ({ $case: "setLimit", value: set })),
    );
  }),
);
const inBoth = fc.record({
  account: fc.constantFrom(...ACCOUNTS),
  instrument: fc.constantFrom(...INSTRUMENTS),
  currency: fc.constant(""),
});
const turn = told(
  fc
    .tuple(
      fc.oneof(
        fc.tuple(inBoth, fc.constant<number>(Switch.NOT_PERMITTED)),
        fc.tuple(
          fc.oneof(ofAccount, inInstrument, inInstrument, anyScope),
          fc.constantFrom<number>(Switch.KILL, Switch.HALT, Switch.REDUCE_ONLY, Switch.NOT_PERMITTED, 3),
        ),
      ),
      fc.constantFrom(true, false, false),
    )
    .map(([[scope, which], on]) => [scope, { $case: "setSwitch", value: { switch: which as Switch, on } }]),
);
const override = told(
  control.chain((which) => {
    const value = fc.record({
      control: fc.constant(which),
      approvedBy: fc.constantFrom("bea", "bea", "bea", "ann"),
      expiryTimeUs: fc.oneof(
        fc.bigInt({ min: START_US, max: START_US + 30_000_000n }),
        fc.constantFrom(0n, START_US + 10n ** 12n),
      ),
    });
    const scope = which === Control.CREDIT ? inInstrument : scopeFor(which);
    return fc.tuple(
      scope,
      value.map((set): Body => ({ $case: "setOverride", value: set })),
    );
  }),
);
const fill = fc
  .record({
    account: fc.constantFrom(...ACCOUNTS),
    instrument: fc.constantFrom(...INSTRUMENTS),
    side: fc.constantFrom<1 | 2>(1, 2),
    quantity: fc.bigInt({ min: 1n, max: 60n }),
    orderId: fc.constantFrom("", "a", "a", "b"),
    liquidation: fc.constant(false),
  })
  .map(
    (drawn): Step =>
      (atUs, index) => ({
        kind: "fill",
        fill: {
          ...drawn,
          venue: "test",
          tradeId: `t-${index}`,
          price: drawn.instrument === "INV" ? 100_000n : 50n,
          liquidity: 2,
          fee: undefined,
          eventTimeUs: START_US + atUs,
        },
      }),
  );
const price = fc.record({ instrument: fc.constantFrom(...INSTRUMENTS), price: fc.bigInt({ min: 8n, max: 30n }) }).map(
  ({ instrument: name, price: drawn }): Step =>
    (atUs) =>
      mark(name, drawn * (name === "INV" ? 5_000n : 5n), atUs),
);

const step = fc.oneof(
  { weight: 10, arbitrary: limit },
  { weight: 2, arbitrary: turn },
  { weight: 2, arbitrary: override },
  { weight: 6, arbitrary: fill },
  { weight: 1, arbitrary: price },
);
const order: fc.Arbitrary<Order> = fc
  .record({
    account: fc.constantFrom(...ACCOUNTS),
    instrument: fc.constantFrom(...INSTRUMENTS),
    side: fc.constantFrom<1 | 2>(1, 2),
    quantity: fc.oneof(fc.bigInt({ min: 1n, max: 60n }), fc.bigInt({ min: 1n, max: 10_000n })),
    price: fc.option(fc.bigInt({ min: 8n, max: 30n }), { nil: undefined }),
  })
  .map((drawn) => ({
    ...drawn,
    price: drawn.price === undefined ? undefined : drawn.price * (drawn.instrument === "INV" ? 5_000n : 5n),
  }));
const moves = fc.array(
  fc.record({
    step,
    passesUs: fc.oneof(fc.constant(1n), fc.bigInt({ min: 1n, max: 400_000n }), fc.bigInt({ min: 1n, max: 9_000_000n })),
    order,
  }),
  { minLength: 1, maxLength: 40 },
);

type Moves = typeof moves extends fc.Arbitrary<infer Drawn> ? Drawn : never;

function inputsOf(drawn: Moves): VenueInput[] {
  let atUs = 0n;
  return drawn.map(({ step: make, passesUs }, index) => {
    atUs += passesUs;
    return make(atUs, index + 1);
  });
}

test("CTL-001 to CTL-014, CTL-016: the kernel answers what the oracle answers", () => {
  const seen = new Map<number, number>();
  fc.assert(
    fc.property(moves, (drawn) => {
      const kernel = new KernelControls(document);
      const oracle = new ControlsOracle(document);
      for (const input of opening) expect(kernel.apply(input).code).toBe(oracle.apply(input).code);
      inputsOf(drawn).forEach((input, index) => {
        expect(kernel.apply(input)).toEqual(oracle.apply(input));
        const answer = kernel.check(drawn[index]!.order);
        expect(answer).toEqual(oracle.check(drawn[index]!.order));
        seen.set(answer.code, (seen.get(answer.code) ?? 0) + 1);
      });
    }),
    { numRuns: RUNS },
  );
  // Accepted, and every refusal of an order but the state of the account, which has no margin to speak of here.
  const refusals = [0, 70, 71, 72, 74, 75, 76, 77, 78, 80, 81, 82, 83, 84, 91, 92];
  expect(refusals.filter((code) => !seen.has(code))).toEqual([]);
});

function answerOf({ names, reader }: Shard, { account, instrument, side, quantity, price: limit }: Order) {
  return reader.checkOrder(names.account(account)!, names.instrument(instrument)!, side, quantity, limit);
}

function fold(shard: Shard, inputs: readonly VenueInput[], size: number): JournalRow[] {
  const rows: JournalRow[] = [];
  for (let at = 0; at < inputs.length; at += size) rows.push(...shard.fold(inputs.slice(at, at + size).map(ownInput)));
  return rows;
}

test("CTL-005: controls are state: the same cut otherwise, replayed from the rows, continued from a copy of the tables", () => {
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 9 }), fc.nat(40), (drawn, size, cut) => {
      const inputs = [...opening, ...inputsOf(drawn)];
      const whole = openShard(document);
      const rows = fold(whole, inputs, inputs.length);
      const pieces = openShard(document);
      expect(fold(pieces, inputs, size)).toEqual(rows);
      expect(pieces.stateHash()).toBe(whole.stateHash());

      const replayed = openShard(document);
      for (const row of rows) {
        const input = recallInput(row, replayed.names);
        if (input !== undefined) replayed.fold([input]);
      }
      expect(replayed.stateHash()).toBe(whole.stateHash());

      const before = openShard(document);
      fold(before, inputs.slice(0, cut), inputs.length);
      const after = new Shard(Kernel.create(before.kernel.binary, before.kernel.capacities), before.names);
      after.kernel.restoreTables(before.kernel.copyTables());
      fold(after, inputs.slice(cut), size);
      expect(after.stateHash()).toBe(whole.stateHash());
      // The index beside the limits is built again: every question finds them.
      for (const { order: asked } of drawn) expect(answerOf(after, asked)).toEqual(answerOf(whole, asked));
    }),
    { numRuns: Math.ceil(RUNS / 6) },
  );
});
