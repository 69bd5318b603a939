// What the kernel keeps beside its state to be quick - books of accounts that stay, results of instruments, plans of programs -
// changes no bit of any answer: a shard that keeps them all against one that forgets them before every question and every
// input, under regimes of venues and under random ones.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { PlacedInput } from "../../services/engine/engineInput.ts";
import type { Shard } from "../../services/engine/shard.ts";
import {
  command,
  fill,
  index,
  mark,
  market,
  openShard,
  optionMark,
  optionMarket,
  regimeText,
  restartIdentities,
  START_US,
} from "../margin/portfolioMarket.ts";
import { randomRegime } from "./randomRegime.ts";

const RUNS = Number(process.env["PLIMSOLL_PROPERTY_RUNS"] ?? 30);
const REGIMES = {
  portfolio: "deribit-portfolio-2026-02",
  standard: "deribit-standard-2026-01",
  multi: "okx-portfolio-2025-01",
  bybit: "bybit-portfolio-2025-01",
  drawn: "deribit-portfolio-2019",
};
/** What `drawn` becomes: a document of a venue, or a random one. */
const DOCUMENTS = ["derive-pmrm-2", "tims-2007", "reg-t-2007", "historical-var-2026", "deribit-standard-2021"];
/** Whose rows hang on other rows of their level: a change of one position changes several. */
const STRUCTURES = JSON.stringify({
  id: "structures",
  venue: "None",
  title: "Structures over two underlyings",
  vintage: "2026-01-01",
  sources: { drawn: { title: "Made up", where: "here" } },
  valuation: "USD",
  risk_unit: "underlying",
  pairs: {
    rho: {
      keys: ["BTC", "ETH"],
      values: [
        [1, "0.5"],
        ["0.5", 1],
      ],
      otherwise: "0.3",
      source: "drawn",
    },
  },
  credits: { inter: { spreads: [{ priority: 1, legs: { BTC: 1, ETH: -20 }, rate: "0.5" }], source: "drawn" } },
  scenarios: { moves: { kind: "joint", rows: { move: ["-0.1", "0", "0.1"] } } },
  terms: {
    delta: { per: "underlying", formula: "total(quantity * if(option, 1, 1 / mark))", clause: "Coins." },
    credit: { per: "underlying", formula: "spread_credit(delta, index, inter)", clause: "Each leg has one." },
    together: { per: "account", formula: "correlated(delta * index, rho)", clause: "One sum over all." },
    at_strikes: {
      per: "strike",
      formula: "if(any(option), payoff_at(quantity), 0)",
      clause: "Each strike of an expiry.",
    },
    whole: { per: "account", formula: "total(abs(delta))", clause: "All coins." },
    share: { per: "position", formula: "abs(quantity) / max(whole, 1)", clause: "Of what lies above." },
    loss: { per: "position", over: "moves", formula: "move * quantity * share", clause: "Of what lies above." },
  },
  requirement: {
    per: "account",
    equity: "total(balance * price)",
    initial: "together / 10 + total(abs(credit)) / 100 + abs(lowest(at_strikes)) / 1000 - worst(total(loss))",
    maintenance: "together / 20 + total(share) / 1000",
  },
});
const NAMES = Object.keys(REGIMES) as (keyof typeof REGIMES)[];
const ACCOUNTS = ["alice", "bob", "carol"];
const CURRENCIES = ["BTC", "ETH", "USD"];
const INSTRUMENTS = ["BTC-PERP", "BTC-FUT", "BTC-70000-C", "BTC-60000-P", "ETH-PERP"];

interface Question {
  readonly ask: "check" | "largest" | "cure" | "move" | "reserved";
  readonly account: number;
  readonly instrument: number;
  readonly side: number;
  readonly quantity: number;
  readonly flags: number;
  readonly away: number;
}

type Step =
  | { readonly kind: "ask"; readonly questions: readonly Question[] }
  | { readonly kind: "trade"; account: string; instrument: string; quantity: number; atOnce: boolean }
  | { readonly kind: "hold"; account: string; instrument: string; quantity: number; away: number }
  | { readonly kind: "transfer"; account: string; currency: string; amount: number }
  | { readonly kind: "mode"; account: string; instrument: string; mode: 1 | 2 | 3; regime: string }
  | { readonly kind: "mark"; instrument: string; move: number; volatility: number; late: boolean }
  | { readonly kind: "index"; name: string; move: number; late: boolean }
  | { readonly kind: "wait"; hours: number }
  | { readonly kind: "regime"; name: string; document: number };

const account = fc.constantFrom(...ACCOUNTS);
const instrument = fc.constantFrom(...INSTRUMENTS);
const signed = fc.integer({ min: -40, max: 40 }).filter((quantity) => quantity !== 0);
const question: fc.Arbitrary<Question> = fc.record({
  ask: fc.oneof(
    { weight: 12, arbitrary: fc.constant("check" as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("largest" as const, "cure" as const, "move" as const, "reserved" as const),
    },
  ),
  account: fc.nat(ACCOUNTS.length - 1),
  instrument: fc.nat(INSTRUMENTS.length - 1),
  side: fc.integer({ min: 1, max: 2 }),
  quantity: fc.integer({ min: 1, max: 60 }),
  flags: fc.constantFrom(1, 1, 0, 3),
  away: fc.integer({ min: -100, max: 100 }),
});
const asking = fc.record({
  kind: fc.constant("ask" as const),
  questions: fc.array(question, { minLength: 1, maxLength: 8 }),
});
const told = fc.record({
  kind: fc.constant("mark" as const),
  instrument: fc.constantFrom("BTC-70000-C", "BTC-70000-C", ...INSTRUMENTS),
  // The same price and another volatility: nothing that a position keeps tells of it.
  move: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -300, max: 300 }) },
  ),
  volatility: fc.integer({ min: 1, max: 300 }),
  late: fc.boolean(),
});
const event: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("trade" as const), account, instrument, quantity: signed, atOnce: fc.boolean() }),
  fc.record({ kind: fc.constant("trade" as const), account, instrument, quantity: signed, atOnce: fc.boolean() }),
  fc.record({
    kind: fc.constant("hold" as const),
    account,
    instrument,
    quantity: signed,
    away: fc.integer({ min: -50, max: 50 }),
  }),
  fc.record({
    kind: fc.constant("transfer" as const),
    account,
    currency: fc.constantFrom(...CURRENCIES),
    amount: fc.integer({ min: -300, max: 300 }),
  }),
  fc.record({
    kind: fc.constant("mode" as const),
    account,
    instrument: fc.constantFrom("", "", ...INSTRUMENTS),
    mode: fc.constantFrom(1 as const, 2 as const, 3 as const, 3 as const, 3 as const),
    regime: fc.constantFrom(...NAMES),
  }),
  told,
  told,
  told,
  fc.record({
    kind: fc.constant("index" as const),
    name: fc.constantFrom("BTC", "ETH"),
    move: fc.integer({ min: -300, max: 300 }),
    late: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("wait" as const), hours: fc.integer({ min: 1, max: 48 }) }),
  fc.record({
    kind: fc.constant("regime" as const),
    name: fc.constantFrom(...NAMES),
    document: fc.nat(DOCUMENTS.length - 1),
  }),
);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: asking }, { weight: 2, arbitrary: event }),
  { minLength: 4, maxLength: 30 },
);

const isOption = (name: string) => /-[CP]$/.test(name);
const priceOf = (name: string, away: number): bigint => {
  if (isOption(name)) return BigInt(400 + away);
  return BigInt(Math.round((name.startsWith("ETH") ? 195_000 : 6_600_000) * (1 + away / 10_000)));
};

function opening(): PlacedInput[] {
  return [
    ...ACCOUNTS.map((name, at) =>
      command(name, { $case: "openAccount", value: { marginMode: 3, regime: at === 2 ? "drawn" : NAMES[at]! } }),
    ),
    ...ACCOUNTS.flatMap((name) =>
      CURRENCIES.map((currency) => {
        const amount = 20n * 10n ** (currency === "USD" ? 6n : 8n);
        return command(name, { $case: "deposit", value: { currency, amount } });
      }),
    ),
    // Later than all late prices, so that they change the market and not the time.
    index("USD", 1n, 500n),
    index("BTC", 66_000n, 1n),
    index("ETH", 1_950n, 1n),
    ...INSTRUMENTS.map((name) =>
      isOption(name) ? optionMark(name, 400n, 62n, 66_200n, 1n) : mark(name, priceOf(name, 1), 1n),
    ),
    ...ACCOUNTS.flatMap((name, at) => [
      fill(name, "BTC-PERP", BigInt(at * 400 - 300), 6_600_000n, 2n),
      fill(name, "BTC-70000-C", BigInt(at * 7 - 5), 400n, 2n),
    ]),
  ];
}

/** @param lateUs before the time of the shard, and after all prices that were told late before: time stands still at it */
function inputOf(step: Exclude<Step, { kind: "ask" }>, atUs: bigint, lateUs: bigint): PlacedInput {
  const lots = (name: string, quantity: number) => BigInt(quantity) * (isOption(name) ? 1n : 40n);
  switch (step.kind) {
    case "trade":
      return fill(
        step.account,
        step.instrument,
        lots(step.instrument, step.quantity),
        priceOf(step.instrument, 3),
        step.atOnce ? lateUs : atUs,
      );
    case "hold": {
      const value = {
        orderId: `order-${atUs}`,
        instrument: step.instrument,
        side: step.quantity > 0 ? Side.BUY : Side.SELL,
        quantity: lots(step.instrument, Math.abs(step.quantity)),
        price: priceOf(step.instrument, step.away),
        reduceOnly: step.away % 5 === 0,
        expiresAtUs: undefined,
      };
      return command(step.account, { $case: "placeHold", value }, atUs);
    }
    case "transfer": {
      const unit = step.currency === "USD" ? 10_000n : 1_000_000n;
      const value = { currency: step.currency, amount: BigInt(Math.abs(step.amount) + 1) * unit };
      return command(step.account, { $case: step.amount < 0 ? "withdrawal" : "deposit", value }, atUs);
    }
    case "mode": {
      const whole = step.instrument === "";
      const marginMode = !whole && step.mode === 3 ? 2 : step.mode;
      const regime = whole && step.mode === 3 ? step.regime : undefined;
      return command(
        step.account,
        { $case: "setMarginMode", value: { instrument: step.instrument, marginMode, regime } },
        atUs,
      );
    }
    case "mark": {
      const told = step.late ? lateUs : atUs;
      const price = priceOf(step.instrument, step.move);
      return isOption(step.instrument)
        ? optionMark(step.instrument, price, BigInt(step.volatility), 66_300n, told)
        : mark(step.instrument, price, told);
    }
    case "index": {
      const price = Math.round((step.name === "BTC" ? 66_000 : 1_950) * (1 + step.move / 10_000));
      return index(step.name, BigInt(price), step.late ? lateUs : atUs);
    }
    case "wait":
      return index("USD", 1n, atUs);
    case "regime": {
      const document = regimeText(DOCUMENTS[step.document]!);
      return market(step.name, atUs, { $case: "regime", value: { document, effectiveTimeUs: START_US + atUs } });
    }
  }
}

/** All that the kernel says to a question: what it returns, and every byte of its answer. */
function answerOf({ kernel, names, reader }: Shard, { ask, ...asked }: Question): unknown {
  const { exports } = kernel;
  const name = INSTRUMENTS[asked.instrument]!;
  const number = names.account(ACCOUNTS[asked.account]!)!;
  const on = names.instrument(name)!;
  const price = priceOf(name, asked.away);
  const quantity = BigInt(asked.quantity) * (isOption(name) ? 1n : 20n);
  let returned: unknown;
  if (ask === "check") returned = exports.checkOrder(number, on, asked.side, quantity, asked.flags, price, 0n, 0n);
  else if (ask === "largest") returned = exports.largestOrder(number, on, asked.side, asked.flags & 1, price);
  else if (ask === "cure") returned = exports.cureQuantity(number, on, asked.side);
  else if (ask === "move") returned = exports.liquidationMove(number, names.key("BTC")!, asked.side - 1);
  else returned = reader.poolSlots(number).map((slot) => exports.reservedOf(slot));
  return [ask, returned, [...kernel.answers()]];
}

/** How often the checks of all histories came to each refusal: a property of nothing but refusals would say little. */
const codes = new Map<bigint, number>();

test("keeping books and forgetting them come to the same bits", () => {
  const drawn = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...DOCUMENTS).map(regimeText) },
    { weight: 1, arbitrary: fc.constant(STRUCTURES) },
    { weight: 2, arbitrary: randomRegime({ smooth: true }).map(({ text }) => text) },
  );
  fc.assert(
    fc.property(steps, drawn, (history, text) => {
      restartIdentities();
      const base = optionMarket(REGIMES);
      const regimes = base.regimes!.map((each) => (each.name === "drawn" ? { ...each, text } : each));
      const keeps = openShard({ ...base, regimes });
      const forgets = openShard({ ...base, regimes });
      const fold = (inputs: readonly PlacedInput[]) => {
        forgets.kernel.exports.forgetComputed();
        expect(forgets.fold(inputs)).toEqual(keeps.fold(inputs));
      };
      fold(opening());
      const ask = (question: Question) => {
        forgets.kernel.exports.forgetComputed();
        const expected = answerOf(forgets, question);
        expect(answerOf(keeps, question)).toEqual(expected);
        const code = keeps.kernel.answers()[0]!;
        if (question.ask === "check") codes.set(code, (codes.get(code) ?? 0) + 1);
      };
      // From here on the books of all accounts stay.
      for (const at of ACCOUNTS.keys()) {
        ask({ ask: "check", account: at, instrument: 0, side: 1, quantity: 1, flags: 1, away: 0 });
      }
      let waitedUs = 0n;
      for (const [at, step] of history.entries()) {
        if (step.kind !== "ask") {
          if (step.kind === "wait") waitedUs += BigInt(step.hours) * 3_600_000_000n;
          fold([inputOf(step, 1_000n + waitedUs + BigInt(at), 10n + BigInt(at))]);
          continue;
        }
        for (const question of step.questions) ask(question);
      }
      expect(forgets.stateHash()).toBe(keeps.stateHash());
    }),
    { numRuns: RUNS },
  );
  expect(codes.get(0n)).toBeGreaterThan(100);
  expect(codes.size).toBeGreaterThan(2);
}, 300_000);
