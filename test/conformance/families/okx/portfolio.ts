import type { Family, Margined, PublishedCase } from "../../family.ts";
import { type Figure, figure, given, negated, quotient } from "../../figures.ts";
import { type Shown, termOf } from "../reading/expectedTerms.ts";
import { givenTiers } from "../reading/givenTiers.ts";
import { asShown } from "../reading/shownDigits.ts";

const FORMER = "okx-portfolio-2024-06";
const MERGED = "okx-portfolio-2025-01";

const SHOWN: Shown = [
  [/^mr([1-69])\b|^mr([1-69])_/, "mr"],
  [/^mr7_?raw|raw/, "minimum_charge"],
  [/^mr7|minimum_charge|min_charge/, "mr7"],
  [/^total_?mmr|account_mmr|^maintenance_margin/, "maintenance_margin"],
  [/^total_?imr|account_imr|^initial_margin/, "initial_margin"],
  [/^borrow_?mmr/, "borrowing_maintenance"],
  [/^borrow_?imr/, "borrowing_initial"],
  [/mmr|maint/, "unit_maintenance"],
  [/imr|initial/, "unit_initial"],
  [/ratio/, "margin_ratio"],
  [/hedg/, "hedged_usdt_usd"],
  [/^(adj_?)?eq|equity/, "adjusted_equity"],
  [/loss/, "mr6"],
];

interface Expected {
  readonly name: string;
  readonly unit: string | undefined;
  readonly value: Figure;
}

/** Figures for the only unit or the account, by figure and unit, or by unit and figure. */
function expectedOf({ expected }: PublishedCase): readonly Expected[] {
  return Object.entries(expected as Record<string, unknown>).flatMap(([name, value]): readonly Expected[] => {
    if (isFigure(value)) return [{ name, unit: undefined, value }];
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, each]) => {
      if (!isFigure(each)) return [];
      return termNamed(name) === undefined
        ? [{ name: key, unit: name, value: each }]
        : [{ name, unit: key, value: each }];
    });
  });
}

function isFigure(value: unknown): value is Figure {
  return typeof value === "number" || (typeof value === "string" && value !== "" && Number.isFinite(Number(value)));
}

function termNamed(name: string): string | undefined {
  const term = termOf(name, SHOWN);
  return term === "mr" ? name.slice(0, 3).toLowerCase() : term;
}

/** The first input whose name has this in it. */
function inputLike({ inputs }: PublishedCase, pattern: RegExp): Figure | undefined {
  const found = Object.entries(inputs as object).find(([name, value]) => pattern.test(name) && isFigure(value));
  return found?.[1] as Figure | undefined;
}

/** MR1 to MR9 that the case states itself. An MR7 that multiples are still to be applied to is the raw charge. */
function reportedOf(published: PublishedCase): Readonly<Record<string, Figure>> {
  const { inputs, expected } = published;
  const scales = tiersOf(published) !== undefined || Object.keys(expected as object).some((name) => /^mr7/i.test(name));
  const stated = [1, 2, 3, 4, 5, 6, 7, 9].flatMap((number) => {
    const value = given(inputs, `MR${number}`, `mr${number}`);
    if (value === undefined) return [];
    return [[number === 7 && scales ? "reported_charge" : `reported_mr${number}`, value as Figure]];
  });
  const charge = inputLike(published, /raw|minimum_charge|min_charge/i);
  const others = given(inputs, "MR", "mr", "mr_other", "other_mr", "mr_1_to_6");
  return {
    ...Object.fromEntries(stated),
    ...(charge === undefined ? {} : { reported_charge: charge }),
    ...(others === undefined ? {} : { reported_mr1: others as Figure }),
  };
}

function tiersOf({ inputs }: PublishedCase): unknown {
  return given(inputs, "tiers", "scaling_tiers", "mr7_tiers", "mr9_tiers", "depeg_tiers", "multipliers");
}

function hedgedOf(published: PublishedCase): Figure | undefined {
  return inputLike(published, /hedg/i);
}

function unitOf({ inputs }: PublishedCase): string {
  return String(given(inputs, "underlying", "risk_unit", "asset", "coin") ?? "BTC").split("-")[0]!;
}

type Legs = readonly object[];

function legsOf({ inputs }: PublishedCase): Legs | undefined {
  const legs = given(inputs, "positions", "simPos", "portfolio", "legs");
  if (given(inputs, "instId", "instrument") !== undefined) return [inputs as object];
  return Array.isArray(legs) && legs.every((leg) => typeof leg === "object") ? (legs as Legs) : undefined;
}

/** Positions as a position builder lists them, every amount of theirs in the case. */
function builderBook({ inputs }: PublishedCase, legs: Legs) {
  const usdt = figure(inputs, ["usdt_price", "usdt_index", "usdt_usd"], 1);
  const read = legs.map((leg) => {
    const name = String(given(leg, "instId", "instrument", "symbol", "name"));
    const [base = name, quote = "USDT", term = "SWAP"] = name.split("-");
    const spot = /spot/i.test(String(given(leg, "instType", "type", "product") ?? "")) || name.split("-").length === 2;
    const inverse = quote === "USD" && !spot;
    const mark = figure(leg, ["markPx", "mark", "mark_price", "price"]);
    return {
      name,
      base,
      settlement: inverse ? base : quote,
      index: figure(leg, ["index", "index_usd", "index_price", "idxPx"], inverse ? mark : mark),
      product: spot ? "spot" : term === "SWAP" ? "perpetual" : "future",
      inverse,
      mark,
      multiplier: figure(leg, ["ctVal", "ct_val", "contract_value", "multiplier", "contract_size"], 1),
      quantity: figure(leg, ["pos", "amt", "qty", "quantity", "contracts"]),
      entry: figure(leg, ["avgPx", "entry", "entry_price"], mark),
    };
  });
  const cash = (given(inputs, "balances", "assets", "simAsset") ?? {}) as Record<string, Figure> | readonly object[];
  const balances = Array.isArray(cash)
    ? Object.fromEntries(
        cash.map((each) => [String(given(each, "ccy", "currency")), given(each, "amt", "amount") as Figure]),
      )
    : (cash as Record<string, Figure>);
  const settled = new Set([...Object.keys(balances), ...read.map(({ settlement }) => settlement)]);
  const priceOf = (currency: string) =>
    currency === "USDT"
      ? usdt
      : currency === "USDC"
        ? figure(inputs, ["usdc_price"], 1)
        : (read.find(({ base }) => base === currency)?.index ?? 1);
  return {
    currencies: Object.fromEntries(
      [...settled].map((currency) => [currency, { balance: balances[currency] ?? 0, price: priceOf(currency) }]),
    ),
    underlyings: Object.fromEntries(read.map(({ base, index }) => [base, { index }])),
    instruments: Object.fromEntries(
      read.map(({ name, base: underlying, settlement, product, inverse, mark, multiplier }) => [
        name,
        { product, inverse, underlying, settlement, mark, multiplier },
      ]),
    ),
    positions: read.map(({ name: instrument, quantity, entry }) => ({ instrument, quantity, entry })),
  };
}

/** A unit at a price of 1: what is hedged between USDT and USD, or a delta, also one whose extreme loss is given. */
function unitBook(published: PublishedCase) {
  const { inputs } = published;
  const hedged = figure({ hedged: hedgedOf(published) }, ["hedged"], 0);
  const loss = figure({ loss: inputLike(published, /loss|pnl/i) }, ["loss"], 0).replace("-", "");
  const delta = given(inputs, "delta", "cash_delta", "delta_usd") ?? quotient(loss, moveOf(published));
  const price = figure(inputs, ["usdt_price", "usdt_index", "index_price", "stable_price", "stablecoin_price"], 1);
  const underlying = unitOf(published);
  const inDollars = { product: "perpetual", inverse: true, underlying, settlement: underlying, mark: 1 };
  const inTether = { product: "perpetual", underlying, settlement: "USDT", mark: 1 };
  const hedges = Number(hedged) > 0;
  return {
    currencies: { [underlying]: { price: 1 }, USDT: { price } },
    underlyings: { [underlying]: { index: 1 } },
    instruments: { "X-USDT": inTether, "X-USD": inDollars },
    positions: [
      ...(hedges ? [{ instrument: "X-USDT", quantity: quotient(hedged, price), entry: 1 }] : []),
      { instrument: "X-USD", quantity: hedges ? negated(hedged) : delta, entry: 1 },
    ],
  };
}

function moveOf({ inputs }: PublishedCase): string {
  return figure(inputs, ["extreme_move", "move", "spot_shock", "spotShock", "price_move"], "0.24").replace("-", "");
}

function overridesOf(published: PublishedCase, legs: Legs | undefined, merged: boolean) {
  const { inputs } = published;
  const tiers = tiersOf(published);
  const share = given(inputs, "extreme_share", "mr6_factor", "loss_share", "cover");
  const factor = given(inputs, "imr_factor", "im_factor", "initial_factor");
  const move = moveOf(published);
  const rows = tiers === undefined ? undefined : givenTiers(tiers);
  const depeg = hedgedOf(published) !== undefined;
  return {
    parameters: {
      ...(share === undefined ? {} : { extreme_share: share }),
      ...(factor === undefined ? {} : { initial_factor: factor }),
    },
    tables: {
      ...(rows === undefined || depeg ? {} : { charge_tiers: rows }),
      ...(rows === undefined || !depeg || !merged
        ? {}
        : { depeg_tiers: rows.map(([from, rate]) => [from, rate, rate, rate, rate]) }),
    },
    ...(legs === undefined &&
    given(inputs, "extreme_move", "move", "spot_shock", "spotShock", "price_move") !== undefined
      ? { scenarios: { extreme: { rows: { move: [negated(move), move] } } } }
      : {}),
  };
}

/** The rules of 2025 where the case says so or needs them. */
function isMerged(published: PublishedCase): boolean {
  const { model = "", inputs, source = "" } = published;
  const text = `${model} ${given(inputs, "vintage", "as_of", "date") ?? ""} ${source}`;
  return (
    /2025|MR9|risk unit merge|position.?builder/i.test(text) ||
    given(inputs, "MR9", "mr9") !== undefined ||
    hedgedOf(published) !== undefined
  );
}

/** Of the account, of the only unit, or of the unit of that name, in whichever currency it settles. */
function shownValue(margined: Margined, term: string, unit: string): string {
  const rows = [...margined.values(term)];
  const row = rows.length === 1 ? rows[0] : rows.find(([name]) => name.split("/")[0] === unit);
  return row?.[1] ?? "undefined";
}

export const okxPortfolio: Family = {
  name: "OKX portfolio margin",
  regimes: [FORMER, MERGED],
  matches: ({ venue, model = "" }) => venue === "OKX" && /portfolio/i.test(model),
  notSupported(published) {
    const expected = expectedOf(published);
    if (expected.length === 0) return "the case expects no figure";
    const unknown = expected.filter(({ name }) => termNamed(name) === undefined);
    return unknown.length === 0 ? undefined : `no term shows ${unknown.map(({ name }) => name).join(", ")}`;
  },
  run(published, bench) {
    const merged = isMerged(published);
    const legs = legsOf(published);
    const unit = unitOf(published);
    const reported = Object.entries(reportedOf(published)).map(([name, value]) => [name, { [unit]: value }]);
    const book = {
      ...(legs === undefined ? unitBook(published) : builderBook(published, legs)),
      inputs: Object.fromEntries(reported),
    };
    const margined = bench.margin(merged ? MERGED : FORMER, book, overridesOf(published, legs, merged));
    return expectedOf(published).map(({ name, unit: row, value }) =>
      asShown(row === undefined ? name : `${name} ${row}`, value, shownValue(margined, termNamed(name)!, row ?? unit)),
    );
  },
};
