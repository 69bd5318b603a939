// Random histories of portfolio accounts.

import * as fc from "fast-check";
import type { PlacedInput } from "../../services/engine/engineInput.ts";
import {
  command,
  EXPIRY_US,
  fill,
  index,
  mark,
  market,
  optionMark,
  placed,
  regimeText,
  restartIdentities,
  START_US,
} from "../margin/portfolioMarket.ts";

/** One that judges each settlement currency, one with other rules of the same kind, one that judges the whole account. */
export const REGIMES = {
  portfolio: "deribit-portfolio-2026-02",
  standard: "deribit-standard-2026-01",
  multi: "okx-portfolio-2025-01",
};
const NAMES = Object.keys(REGIMES) as (keyof typeof REGIMES)[];
const DOCUMENTS = ["deribit-portfolio-2019", "deribit-standard-2021", ...Object.values(REGIMES)];
export const ACCOUNTS = ["alice", "bob", "carol"];
export const MAKER = "maker";
const CURRENCIES = ["BTC", "ETH", "USD"];
const INSTRUMENTS = ["BTC-PERP", "BTC-FUT", "BTC-70000-C", "BTC-60000-P", "ETH-PERP"];
export const CAPACITIES = { accounts: 64, pools: 256, positions: 512, instruments: 64, identities: 4096 };

/** What happens at one moment, before the market is told anew. */
export type Step =
  | { readonly kind: "trade"; account: string; instrument: string; quantity: number; away: number }
  | { readonly kind: "transfer"; account: string; currency: string; amount: number }
  | { readonly kind: "mode"; account: string; mode: 1 | 2 | 3; regime: string }
  | { readonly kind: "fence"; account: string; instrument: string; mode: 1 | 2 }
  | { readonly kind: "regime"; name: string; document: string; delayUs: number }
  | { readonly kind: "settle"; instrument: string }
  | { readonly kind: "bad"; which: number };

export interface Moment {
  readonly steps: readonly Step[];
  /** Of the prices since the last moment, in 10^-4. */
  readonly move: number;
  readonly volatility: number;
  /** Which instruments hear no mark, by bit. */
  readonly silent: number;
}

const account = fc.constantFrom(...ACCOUNTS);
const instrument = fc.constantFrom(...INSTRUMENTS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("trade" as const),
      account,
      instrument,
      quantity: fc.integer({ min: -50, max: 50 }).filter((quantity) => quantity !== 0),
      away: fc.integer({ min: -100, max: 100 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("transfer" as const),
      account,
      currency: fc.constantFrom(...CURRENCIES),
      amount: fc.integer({ min: -300, max: 300 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("mode" as const),
      account,
      mode: fc.constantFrom(1 as const, 2 as const, 3 as const, 3 as const),
      regime: fc.constantFrom(...NAMES, "nobody's"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fence" as const),
      account,
      instrument,
      mode: fc.constantFrom(1 as const, 2 as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("regime" as const),
      name: fc.constantFrom(...NAMES),
      document: fc.constantFrom(...DOCUMENTS, "nonsense"),
      delayUs: fc.integer({ min: 0, max: 3_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("settle" as const), instrument }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("bad" as const), which: fc.nat(6) }) },
);
export const moments: fc.Arbitrary<readonly Moment[]> = fc.array(
  fc.record({
    steps: fc.array(step, { maxLength: 6 }),
    move: fc.integer({ min: -400, max: 400 }),
    volatility: fc.integer({ min: 1, max: 300 }),
    silent: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(127) }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** 1,234 us apart, so that time to expiry has digits below the millisecond. */
const MOMENT_US = 1_234n;

const OPENING = (): PlacedInput[] => [
  ...ACCOUNTS.map((name, at) =>
    command(name, { $case: "openAccount", value: { marginMode: 3, regime: NAMES[at % NAMES.length]! } }),
  ),
  command(MAKER, { $case: "openAccount", value: { marginMode: 3, regime: "portfolio" } }),
  ...[...ACCOUNTS, MAKER].flatMap((name) =>
    CURRENCIES.map((currency) => {
      const amount = (name === MAKER ? 1_000n : 3n) * 10n ** (currency === "USD" ? 6n : 8n);
      return command(name, { $case: "deposit", value: { currency, amount } });
    }),
  ),
];

/** The inputs of each moment; the first opens the accounts, and may leave facts untold. */
export function inputsOf(drawn: readonly Moment[]): PlacedInput[][] {
  restartIdentities();
  let btc = 66_000;
  let settled = false;
  const told: PlacedInput[][] = [[...OPENING(), ...prices(btc, 60n, drawn[0]?.silent ?? 0, 1n)]];
  for (const [number, { steps, move, volatility, silent }] of drawn.entries()) {
    // What settles, settles at the expiry: from there on time goes on.
    settled ||= steps.some(({ kind }) => kind === "settle");
    const atUs = BigInt(number + 1) * MOMENT_US + (settled ? EXPIRY_US - START_US : 0n);
    btc = Math.round(btc * (1 + move / 10_000));
    told.push([
      ...steps.flatMap((each) => stepInputs(each, btc, atUs)),
      ...prices(btc, BigInt(volatility), silent, atUs),
    ]);
  }
  return told;
}

function prices(btc: number, volatility: bigint, silent: number, atUs: bigint): PlacedInput[] {
  const price = BigInt(btc);
  const all = [
    index("BTC", price, atUs),
    index("ETH", price / 33n, atUs),
    mark("BTC-PERP", price * 100n + 1_000n, atUs),
    mark("BTC-FUT", price * 100n + 20_000n, atUs),
    optionMark("BTC-70000-C", 450n, volatility, price + 200n, atUs),
    optionMark("BTC-60000-P", 300n, volatility + 5n, price + 200n, atUs),
    mark("ETH-PERP", (price * 100n) / 33n, atUs),
  ];
  return [...all.filter((_, bit) => ((silent >> bit) & 1) === 0), index("USD", 1n, atUs)];
}

function stepInputs(each: Step, btc: number, atUs: bigint): PlacedInput[] {
  const near = (name: string, away: number): bigint => {
    if (/-[CP]$/.test(name)) return BigInt(300 + away);
    return BigInt(Math.round((name.startsWith("ETH") ? btc / 33 : btc) * (1 + away / 10_000) * 100));
  };
  switch (each.kind) {
    case "trade": {
      const quantity = BigInt(each.quantity) * (/-[CP]$/.test(each.instrument) ? 1n : 400n);
      const price = near(each.instrument, each.away);
      return [
        fill(each.account, each.instrument, quantity, price, atUs),
        fill(MAKER, each.instrument, -quantity, price, atUs),
      ];
    }
    case "transfer": {
      const unit = each.currency === "USD" ? 10_000n : 1_000_000n;
      const value = { currency: each.currency, amount: BigInt(Math.abs(each.amount) + 1) * unit };
      return [command(each.account, { $case: each.amount < 0 ? "withdrawal" : "deposit", value }, atUs)];
    }
    case "mode": {
      const value = { instrument: "", marginMode: each.mode, regime: each.mode === 3 ? each.regime : undefined };
      return [command(each.account, { $case: "setMarginMode", value }, atUs)];
    }
    case "fence": {
      const value = { instrument: each.instrument, marginMode: each.mode, regime: undefined };
      return [command(each.account, { $case: "setMarginMode", value }, atUs)];
    }
    case "regime": {
      const document = each.document === "nonsense" ? "id: nonsense" : regimeText(each.document);
      const value = { document, effectiveTimeUs: START_US + atUs + BigInt(each.delayUs) };
      return [market(each.name, atUs, { $case: "regime", value })];
    }
    case "settle": {
      const value = /-[CP]$/.test(each.instrument)
        ? { price: 0n, underlyingPriceE8: BigInt(btc) * 10n ** 8n }
        : { price: near(each.instrument, 0) };
      return [market(each.instrument, atUs, { $case: "settlement", value })];
    }
    case "bad":
      return [badInput(each.which, atUs)];
  }
}

function badInput(which: number, atUs: bigint): PlacedInput {
  switch (which) {
    case 0:
      return index("DOGE", 1n, atUs);
    case 1:
      return index("BTC", -5n, atUs);
    case 2:
      return optionMark("BTC-70000-C", 450n, 501n, 66_000n, atUs);
    case 3:
      return fill("nobody", "BTC-PERP", 1n, 6_600_000n, atUs);
    case 4:
      return market("BTC-FUT", atUs, { $case: "funding", value: { rateE9: 2_000_000_000n } });
    case 5:
      return command("alice", { $case: "withdrawal", value: { currency: "DOGE", amount: 1n } }, atUs);
    default:
      return placed({ kind: "unreadable", reason: 1, detail: "", record: new Uint8Array([1]) });
  }
}
