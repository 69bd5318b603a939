// flox: tiers of maintenance, who is liquidated at a mark, what the insurance fund pays, whom auto-deleveraging closes.
//
// Each account is margined by itself. The fund and the queue stand above accounts: what is drawn from the figures here is
// the order in which they are used.

import type { Bench, Check, Family, Margined, PublishedCase } from "../family.ts";
import { exactly, type Figure, figure, fixedOf, given, quotient, same, signed, sum, textOf } from "../figures.ts";

const REGIME = "flox-liquidation-2026-01";
const CONTRACT = "BTC";

interface Participant {
  readonly id: string;
  readonly quantity: string;
  readonly entry: string;
  readonly equity: string;
  readonly multiplier: string;
}

function participantsOf(inputs: unknown): readonly Participant[] {
  const listed = given(inputs, "positions", "accounts", "participants") as readonly object[] | undefined;
  const single = given(inputs, "position") as object | undefined;
  return [...(single === undefined ? [] : [single]), ...(listed ?? [])].map((each, index) => ({
    id: String(given(each, "account", "account_id", "acct", "id") ?? index + 1),
    quantity: signed(figure(each, ["qty", "quantity", "size"]), given(each, "side")),
    entry: figure(each, ["entry", "entry_price"]),
    equity: figure(each, ["equity", "margin", "isolated_equity"]),
    multiplier: figure(each, ["multiplier", "contract_multiplier"], figure(inputs, ["contract_multiplier"], 1)),
  }));
}

function tiersOf(inputs: unknown) {
  const rows = given(inputs, "tiers") as readonly object[] | undefined;
  return rows?.map((row) => [
    figure(row, ["from_notional", "min_notional", "from"]),
    figure(row, ["mm", "rate", "fraction"]),
  ]);
}

function marginOf(bench: Bench, inputs: unknown, account: Participant, mark: string, fund: string): Margined {
  const tiers = tiersOf(inputs);
  const book = {
    currencies: { USD: { balance: account.equity } },
    instruments: {
      [CONTRACT]: {
        product: "perpetual",
        underlying: CONTRACT,
        settlement: "USD",
        mark,
        multiplier: account.multiplier,
      },
    },
    positions: [{ instrument: CONTRACT, quantity: account.quantity, entry: account.entry }],
    inputs: { insurance_fund: fund },
  };
  return bench.margin(REGIME, book, {
    parameters: { slippage: quotient(figure(inputs, ["liquidation_slippage_bps", "slippage_bps"], 0), 10_000) },
    ...(tiers === undefined ? {} : { tables: { tiers } }),
  });
}

const RANKS: readonly (readonly [RegExp, string])[] = [
  [/binance|bybit|leverage/i, "rank_by_leverage"],
  [/size/i, "rank_by_size"],
  [/./, "rank_by_profit_ratio"],
];

interface Aftermath {
  readonly liquidated: readonly string[];
  readonly fundBefore: string;
  readonly fundAfter: string;
  readonly deficit: string;
  readonly deleveraged: readonly string[];
  /** Of the accounts that auto-deleveraging closed: stake and what they keep of their profit. */
  readonly kept: ReadonlyMap<string, string>;
  readonly left: number;
}

function aftermathOf(bench: Bench, inputs: unknown): Aftermath {
  const mark = figure(inputs, ["mark", "mark_price"]);
  const fundBefore = figure(inputs, ["insurance_fund", "insurance_fund_capital"], 0);
  let fund = fundBefore;
  let uncovered = 0n;
  let deficit = 0n;
  const liquidated: string[] = [];
  const rest: { readonly id: string; readonly margined: Margined }[] = [];
  for (const account of participantsOf(inputs)) {
    const margined = marginOf(bench, inputs, account, mark, fund);
    if (margined.value("liquidated") === "1") {
      liquidated.push(account.id);
      fund = margined.value("insurance_balance");
      deficit += fixedOf(margined.value("deficit"));
      uncovered += fixedOf(margined.value("uncovered"));
    } else {
      rest.push({ id: account.id, margined });
    }
  }
  const ranking = String(given(inputs, "adl_ranking", "ranking") ?? "pnl_ratio");
  const rank = RANKS.find(([pattern]) => pattern.test(ranking))![1];
  const profitOf = (margined: Margined) => fixedOf(margined.value("unrealized_profit"));
  const queue = rest
    .filter(({ margined }) => profitOf(margined) > 0n)
    .map(({ id, margined }) => ({ id, margined, rank: fixedOf(margined.value(rank)) }))
    .sort((a, b) => (a.rank === b.rank ? byNumber(a.id, b.id) : a.rank > b.rank ? -1 : 1));
  const kept = new Map<string, string>();
  for (const { id, margined } of given(inputs, "adl", "adl_enabled") === false ? [] : queue) {
    if (uncovered <= 0n) break;
    const profit = profitOf(margined);
    const absorbed = uncovered < profit ? uncovered : profit;
    uncovered -= absorbed;
    kept.set(id, sum(margined.value("stake"), textOf(profit - absorbed)));
  }
  return {
    liquidated,
    fundBefore,
    fundAfter: fund,
    deficit: textOf(deficit),
    deleveraged: [...kept.keys()],
    kept,
    left: rest.length - kept.size,
  };
}

function byNumber(left: string, right: string): number {
  return left.localeCompare(right, "en", { numeric: true });
}

type Answer = (aftermath: Aftermath, name: string, expected: unknown) => Check;

const ANSWERS: readonly (readonly [RegExp, Answer])[] = [
  [/^liquidated$/, ({ liquidated }, name, expected) => same(name, expected, answerLike(expected, liquidated))],
  [
    /^(liquidations?(_count)?|liquidated_count)$/,
    ({ liquidated }, name, expected) => exactly(name, expected, String(liquidated.length)),
  ],
  [
    /^insurance_fund_delta$/,
    ({ fundAfter, fundBefore }, name, expected) => exactly(name, expected, sum(fundAfter, `-${fundBefore}`)),
  ],
  [/^insurance_fund(_balance)?$/, ({ fundAfter }, name, expected) => exactly(name, expected, fundAfter)],
  [/^deficit$/, ({ deficit }, name, expected) => exactly(name, expected, deficit)],
  [
    /^adl_closeouts?(_count)?$/,
    ({ deleveraged }, name, expected) => exactly(name, expected, String(deleveraged.length)),
  ],
  [
    /^adl_(?!closeouts?(_count)?$).*(clos|first|order|account|victim)/,
    ({ deleveraged }, name, expected) =>
      same(name, expected, String(Array.isArray(expected) ? deleveraged : deleveraged[0])),
  ],
  [
    /^(positions_left|positions_remaining|remaining_positions|open_positions)$/,
    ({ left }, name, expected) => exactly(name, expected, String(left)),
  ],
  [
    /^(winner_equity|adl_winner_equity|equity_after)$/,
    ({ kept }, name, expected) => exactly(name, expected, [...kept.values()][0] ?? "0"),
  ],
];

function answerLike(expected: unknown, liquidated: readonly string[]): string {
  if (typeof expected === "boolean" || /^(true|false)$/.test(String(expected))) return String(liquidated.length > 0);
  return Array.isArray(expected) ? String(liquidated) : String(liquidated.length);
}

const isTierCase = ({ inputs }: PublishedCase): boolean => given(inputs, "notional") !== undefined;
/** Liquidation against a book of orders, or over several marks: not a matter of margin. */
const BEYOND = ["book", "executor", "bids", "asks", "mark_impact", "marks", "ticks"];

const liquidation: Family = {
  name: "flox liquidation",
  regimes: [REGIME],
  matches: ({ family }) => family === "flox-liquidation",
  notSupported(published) {
    const { inputs, expected } = published;
    if (isTierCase(published)) return undefined;
    const beyond = BEYOND.find((name) => given(inputs, name) !== undefined);
    if (beyond !== undefined) return `flox: closing through an order book or over several marks (${beyond})`;
    const unknown = Object.keys(expected).find((name) => !ANSWERS.some(([pattern]) => pattern.test(name)));
    return unknown === undefined ? undefined : `flox: no term shows ${unknown}`;
  },
  run(published, bench) {
    const { inputs, expected } = published;
    if (isTierCase(published)) {
      const account = { id: "1", quantity: figure(inputs, ["notional"]), entry: "1", equity: "0", multiplier: "1" };
      const fraction = marginOf(bench, inputs, account, "1", "0").value("maintenance_fraction");
      return Object.entries(expected as Record<string, Figure>).map(([name, value]) => exactly(name, value, fraction));
    }
    const aftermath = aftermathOf(bench, inputs);
    return Object.entries(expected as Record<string, unknown>).map(([name, value]) =>
      ANSWERS.find(([pattern]) => pattern.test(name))![1](aftermath, name, value),
    );
  },
};

export const families: readonly Family[] = [liquidation];
