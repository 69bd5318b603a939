// Hyperliquid: liquidation prices that its API showed, maintenance rates and deductions, transfer requirement, borrowing.

import type { Family, PublishedCase } from "../family.ts";
import { exactly, type Figure, figure, fixedOf, given, signed, textOf, within } from "../figures.ts";

const REGIME = "hyperliquid-2025-05";
const ONE = 10n ** 18n;

type Tier = readonly [from: Figure, leverage: Figure, initial: Figure];

/** 1 / leverage, rounded up in the 18th digit, as the document writes its own. */
function tierOf(from: Figure, leverage: string): Tier {
  const divisor = fixedOf(leverage);
  return [from, leverage, textOf((ONE * ONE + divisor - 1n) / divisor)];
}

/** Tiers that the case gives, or one of its market's highest leverage; undefined: those of the document. */
function tiersOf(inputs: unknown): readonly Tier[] | undefined {
  const rows = given(inputs, "tiers", "margin_tiers") as readonly object[] | undefined;
  if (rows !== undefined) {
    return rows.map((row) =>
      tierOf(
        figure(row, ["from", "min", "floor", "lower_bound", "lowerBound", "min_notional"], 0),
        figure(row, ["max_leverage", "maxLeverage", "leverage"]),
      ),
    );
  }
  const leverage = given(inputs, "market_max_leverage", "max_leverage", "maxLeverage");
  return leverage === undefined ? undefined : [tierOf(0, figure({ leverage }, ["leverage"]))];
}

function overridesOf(inputs: unknown) {
  const tiers = tiersOf(inputs);
  return tiers === undefined ? undefined : { tables: { tiers } };
}

/** Positions of a case: in a list, or the case itself. */
function bookOf({ inputs }: PublishedCase) {
  const legs = ((given(inputs, "positions") as readonly object[] | undefined) ?? [inputs as object]).map((leg) => {
    const symbol = String(given(leg, "symbol", "coin", "asset") ?? "COIN");
    const mark = figure(leg, ["mark", "mark_price", "price", "entry", "entry_price"], 1);
    return {
      symbol,
      underlying: symbol.split(/[/:-]/)[0]!,
      settlement: /:(\w+)$/.exec(symbol)?.[1] ?? "USDC",
      mark,
      entry: figure(leg, ["entry", "entry_price"], mark),
      quantity: signed(figure(leg, ["size", "qty", "quantity", "notional"], 1), given(leg, "side")),
      leverage: figure(leg, ["leverage"], 1),
    };
  });
  const balance = figure(inputs, ["collateral", "account_value", "wallet_balance", "isolated_margin", "margin"], 0);
  const [first] = legs;
  return {
    first: first!.symbol,
    settlement: first!.settlement,
    book: {
      currencies: { [first!.settlement]: { balance, price: 1 } },
      instruments: Object.fromEntries(
        legs.map(({ symbol, underlying, settlement, mark }) => [
          symbol,
          { product: "perpetual", underlying, settlement, mark },
        ]),
      ),
      positions: legs.map(({ symbol, quantity, entry, leverage }) => ({
        instrument: symbol,
        quantity,
        entry,
        leverage,
      })),
    },
  };
}

function toleranceOf({ notes = "" }: PublishedCase): string {
  return /relative tolerance ([\d.]+(?:e-?\d+)?)/i.exec(notes)?.[1] ?? "1e-9";
}

const isOf =
  (pattern: RegExp) =>
  ({ venue, model = "" }: PublishedCase): boolean =>
    venue === "Hyperliquid" && pattern.test(model);

const liquidationPrice: Family = {
  name: "Hyperliquid liquidation price",
  regimes: [REGIME],
  matches: isOf(/liquidation price/i),
  run(published, bench) {
    const { book, first } = bookOf(published);
    const prices = bench.margin(REGIME, book, overridesOf(published.inputs)).values("liquidation_price");
    const expected = figure(published.expected, ["liquidation_price"]);
    return [within(toleranceOf(published), "liquidation_price", expected, prices.get(first) ?? "undefined")];
  },
};

/** Expected figures by the term that shows them: rows of the first position, or of its settlement currency. */
const POSITION_TERMS: readonly (readonly [RegExp, string])[] = [
  [/^maintenance_(margin_)?rate$/, "maintenance_rate"],
  [/deduction/, "maintenance_deduction"],
  [/^maintenance(_margin)?$/, "maintenance"],
  [/^initial(_margin)?$/, "initial"],
  [/liquidation_order/, "liquidation_order_size"],
];
const CURRENCY_TERMS: readonly (readonly [RegExp, string])[] = [
  [/transfer/, "transfer_requirement"],
  [/backstop/, "backstop_margin"],
];

const requirement: Family = {
  name: "Hyperliquid margin tiers and requirements",
  regimes: [REGIME],
  matches: isOf(/^(?!.*(liquidation price|borrow|ltv|loan)).*(maintenance|transfer|initial margin|backstop|partial)/i),
  run(published, bench) {
    const { book, first, settlement } = bookOf(published);
    const margined = bench.margin(REGIME, book, overridesOf(published.inputs));
    return Object.entries(published.expected as Record<string, Figure>).map(([name, expected]) => {
      const ofPosition = POSITION_TERMS.find(([pattern]) => pattern.test(name))?.[1];
      const ofCurrency = CURRENCY_TERMS.find(([pattern]) => pattern.test(name))?.[1];
      const actual =
        ofPosition === undefined
          ? margined.values(ofCurrency ?? name).get(settlement)
          : margined.values(ofPosition).get(first);
      return exactly(name, expected, actual ?? "undefined");
    });
  },
};

const borrowable: Family = {
  name: "Hyperliquid portfolio margin borrowing",
  regimes: [REGIME],
  matches: isOf(/^(?!.*liquidation price).*(borrow|ltv|loan)/i),
  run({ inputs, expected }, bench) {
    const currency = String(given(inputs, "asset", "token", "coin", "collateral_asset") ?? "HYPE");
    const balance = figure(inputs, ["qty", "quantity", "token_balance", "balance", "collateral", "collateral_held"]);
    const price = figure(inputs, ["oracle_price", "price", "collateral_price", "oracle"]);
    const share = given(inputs, "ltv", "LTV", "loan_to_value");
    const margined = bench.margin(
      REGIME,
      { currencies: { [currency]: { balance, price } } },
      share === undefined ? undefined : { parameters: { loan_to_value: { [currency]: share } } },
    );
    const [name, value] = Object.entries(expected as Record<string, Figure>)[0]!;
    return [exactly(name, value, margined.values("borrowable").get(currency) ?? "undefined")];
  },
};

export const families: readonly Family[] = [liquidationPrice, requirement, borrowable];
