// Option books that must cover their maximum loss: Grappa's cross margin engine, Opyn's vaults.

import { formatFixed } from "../../../services/regimes/fixed.ts";
import { exact, near, same } from "../checks.ts";
import { isNegative, magnitude, negated, plain } from "../decimalText.ts";
import type { Bench, Check, Family, Margined, PublishedCase } from "../family.ts";

const GRAPPA = "grappa-2023-06";
const OPYN = "opyn-gamma-2021-07";

const NOW = "2023-06-01T00:00:00Z";
const EXPIRY = "2023-06-08T00:00:00Z";
const AFTER_EXPIRY = "2023-06-08T00:00:02Z";

type Text = string | number;

interface Option {
  readonly type: string;
  readonly strike: Text;
  readonly amount: Text;
}

interface Settlement {
  readonly currency: string;
  /** In the underlying itself. */
  readonly coin: boolean;
}

/** Instruments and positions of options on ETH that expire together. */
function legsOf(options: readonly Option[], settlementOf: (type: "call" | "put") => Settlement) {
  const instruments: Record<string, unknown> = {};
  const positions = options.map(({ type, strike, amount }) => {
    const product = type.toLowerCase() === "call" ? "call" : "put";
    const { currency, coin } = settlementOf(product);
    const instrument = `ETH-${plain(strike)}-${product}`;
    instruments[instrument] = {
      product,
      inverse: coin,
      underlying: "ETH",
      settlement: currency,
      strike: plain(strike),
      expiry: EXPIRY,
    };
    return { instrument, quantity: plain(amount), profit: "0" };
  });
  return { instruments, positions };
}

function requiredOf({ evaluation }: Margined, currency: string): string {
  const verdict = evaluation.verdicts.find((candidate) => candidate.currency === currency);
  return verdict === undefined ? "0" : formatFixed(verdict.maintenance);
}

function runPreview({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const margined = bench.margin(GRAPPA, {
    time: NOW,
    currencies: { USDC: { balance: "0", price: "1" }, WETH: { balance: "0", price: "1" } },
    ...legsOf(inputs.positions, (type) =>
      type === "call" ? { currency: "WETH", coin: true } : { currency: "USDC", coin: false },
    ),
  });
  const published = expected.collateral_required as readonly { collateral: string; amount: Text }[];
  const unknown = published.filter(({ collateral }) => collateral !== "USDC" && collateral !== "WETH");
  if (unknown.length > 0) throw new Error(`no such collateral: ${unknown[0]!.collateral}`);
  return ["USDC", "WETH"].map((currency) => {
    const amount = published.find(({ collateral }) => collateral === currency)?.amount ?? 0;
    return exact(`${currency} required`, amount, requiredOf(margined, currency));
  });
}

/** What is left (published as excess) or missing (published as need). */
function comparedExcess(expected: PublishedCase["expected"], excess: string): readonly Check[] {
  return [
    ...(expected.is_excess === undefined ? [] : [same("is_excess", Boolean(expected.is_excess), !isNegative(excess))]),
    ...(expected.net_value === undefined ? [] : [exact("net_value", expected.net_value, magnitude(excess))]),
  ];
}

/** Tokens of the source's tests: the strike asset, and the underlying itself. */
const COLLATERAL: Readonly<Record<string, Settlement>> = {
  usdc: { currency: "USDC", coin: false },
  rusd: { currency: "USDC", coin: false },
  tusd: { currency: "USDC", coin: false },
  weth: { currency: "WETH", coin: true },
  reth: { currency: "WETH", coin: true },
};

function runSpread({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const settlement = settlementOf(inputs);
  const expired = isExpired(inputs);
  const { short, long } = inputs as { short?: Option | null; long?: Option | null };
  const legs = [
    ...(isHeld(short) ? [{ ...short, amount: negated(short.amount) }] : []),
    ...(isHeld(long) ? [long] : []),
  ];
  // A vault in the underlying needs its price only when options have expired.
  const price = settlement.coin ? (inputs.settlement_price ?? 1) : (inputs.collateral_price ?? 1);
  const index = inputs.settlement_price ?? inputs.underlying_price;
  const margined = bench.margin(OPYN, {
    time: expired ? AFTER_EXPIRY : NOW,
    currencies: { [settlement.currency]: { balance: plain(inputs.collateral ?? 0), price: plain(price) } },
    underlyings: index === undefined || index === null ? {} : { ETH: { index: plain(index) } },
    ...legsOf(legs, () => settlement),
  });
  return comparedExcess(expected, margined.value("excess"));
}

function isExpired({ phase }: PublishedCase["inputs"]): boolean {
  return String(phase ?? "")
    .toLowerCase()
    .includes("after");
}

function isHeld(option: Option | null | undefined): option is Option {
  return option !== undefined && option !== null && option.strike !== undefined && Number(option.amount) !== 0;
}

/** A third token, such as a lending receipt, is worth its price. */
function settlementOf({ collateral_asset, collateral, collateral_price }: PublishedCase["inputs"]): Settlement {
  const name = String(collateral_asset ?? collateral);
  const known = COLLATERAL[name.toLowerCase()];
  if (known !== undefined) return known;
  if (collateral_price === undefined) throw new Error(`no price of the collateral, ${name}`);
  return { currency: name, coin: false };
}

function runNaked({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const settlement = settlementOf(inputs);
  const margined = bench.margin(
    OPYN,
    {
      time: NOW,
      currencies: {
        [settlement.currency]: {
          balance: plain(inputs.collateral_amount ?? 0),
          price: plain(settlement.coin ? inputs.spot : 1),
        },
      },
      underlyings: { ETH: { index: plain(inputs.spot) } },
      ...legsOf([{ type: inputs.type, strike: inputs.strike, amount: negated(inputs.short_amount) }], () => settlement),
      inputs: { naked: 1 },
    },
    {
      parameters: { spot_shock: plain(inputs.spot_shock) },
      tables: { upper_bound: [[0, plain(inputs.upper_bound_value)]] },
    },
  );
  const required = requiredOf(margined, settlement.currency);
  return [
    // Published from a formula in doubles.
    near("required_margin", expected.required_margin, required, { relative: "1e-12" }),
    ...(expected.source_literal === undefined || expected.source_literal === null
      ? []
      : [near("source_literal", expected.source_literal, required, { absolute: "0.1", told: "0.1 (the source's)" })]),
    ...comparedExcess(expected, margined.value("excess")),
  ];
}

export const families: readonly Family[] = [
  {
    name: "Grappa collateral of a book",
    regimes: [GRAPPA],
    matches: ({ family }) => family === "grappa-preview",
    run: runPreview,
  },
  {
    name: "Opyn spread vaults",
    regimes: [OPYN],
    matches: ({ family }) => family === "opyn-spread",
    notSupported: ({ inputs }) =>
      COLLATERAL[String(inputs.collateral_asset).toLowerCase()] === undefined && inputs.collateral_price === undefined
        ? `the case gives no price of its collateral, ${inputs.collateral_asset}`
        : undefined,
    run: runSpread,
  },
  {
    name: "Opyn naked vaults",
    regimes: [OPYN],
    matches: ({ family }) => family === "opyn-naked",
    run: runNaked,
  },
];
