// Cases of Derive's portfolio manager 2: one market, its options, a perpetual, collateral, and parameters of their own.

import { near } from "../checks.ts";
import { difference, sum } from "../decimalText.ts";
import type { Bench, Check, PublishedCase } from "../family.ts";
import { type Fields, type Figure, figure, given } from "../figures.ts";
import { isCall, optionInstrument, TIME, VOLATILITY_LIMIT } from "./options.ts";

const REGIME = "derive-pmrm-2";
const MARKET = "BTC";
const PERP = "PERP";
/** Regular scenarios lie within it, tails beyond. */
const REGULAR_MOVE = 0.25;

/** Our parameter -> group and name of the case's. */
const PARAMETERS: Readonly<Record<string, readonly [group: string, name: string]>> = {
  im_factor: ["Margin", "IM_LOSS_FACTOR"],
  mm_factor: ["Margin", "MM_LOSS_FACTOR"],
  short_rate_multiple: ["Margin", "SHORT_RATE_MULTSCALE"],
  long_rate_multiple: ["Margin", "LONG_RATE_MULTSCALE"],
  short_rate_addition: ["Margin", "SHORT_RATE_ADDSCALE"],
  long_rate_addition: ["Margin", "LONG_RATE_ADDSCALE"],
  long_discount: ["Margin", "BASE_STATIC_DISCOUNT"],
  short_discount: ["Margin", "BASE_STATIC_DISCOUNT_NEG"],
  volatility_range_up: ["VolShock", "VOLRANGEUP"],
  volatility_range_down: ["VolShock", "VOLRANGEDOWN"],
  short_term_power: ["VolShock", "SHORTTERMPOWER"],
  long_term_power: ["VolShock", "LONGTERMPOWER"],
  days_floor: ["VolShock", "DTE_FLOOR"],
  min_volatility_up: ["VolShock", "MIN_VOL_EVAL_SHOCKED"],
  linear_cap: ["SkewShock", "LINEAR_SCALE_CAP"],
  linear_cap_slope: ["SkewShock", "LINEAR_CBASE"],
  absolute_cap: ["SkewShock", "ABS_SCALE_CAP"],
  absolute_cap_slope: ["SkewShock", "ABS_CBASE"],
  min_k_star: ["SkewShock", "MIN_K_STAR"],
  width: ["SkewShock", "MIN_WIDTH_SCALE"],
  width_volatility: ["SkewShock", "VOL_PARAM_STATIC"],
  width_volatility_slope: ["SkewShock", "VOL_PARAM_SCALE"],
  basis_addition: ["BasisContingency", "BASIS_CONT_ADD_FACTOR"],
  basis_multiple: ["BasisContingency", "BASIS_CONT_MULT_FACTOR"],
  peg_threshold: ["OtherContingency", "PEG_LOSS_THRESHOLD"],
  peg_factor: ["OtherContingency", "PEG_LOSS_FACTOR"],
  confidence_threshold: ["OtherContingency", "CONF_THRESHOLD"],
  confidence_factor: ["OtherContingency", "CONF_MARGIN"],
  perp_mm: ["OtherContingency", "MM_PERP_PERCENT"],
  perp_im: ["OtherContingency", "IM_PERP_PERCENT"],
  option_mm: ["OtherContingency", "MM_OPTION_PERCENT"],
  option_im: ["OtherContingency", "IM_OPTION_PERCENT"],
};

type Row = readonly [shock: Figure, direction: string, damp: Figure];

interface Collateral {
  readonly name: string;
  readonly amount: Figure;
  readonly price: Figure;
  readonly confidence: Figure;
  readonly isRiskCancelling: boolean;
  readonly imHaircut: Figure;
  readonly mmHaircut: Figure;
}

/** Rows of the case, with the names that it gives their columns. */
function rowsOf(rows: unknown, fields: unknown): readonly Fields[] {
  return ((rows ?? []) as readonly unknown[]).map((row) =>
    Array.isArray(row)
      ? Object.fromEntries((fields as readonly string[]).map((field, index) => [field, row[index]]))
      : (row as Fields),
  );
}

function collateralsOf(rows: unknown): readonly Collateral[] {
  const fields = ["name", "amount", "price", "confidence", "risk_cancelling", "im_haircut", "mm_haircut"];
  return rowsOf(rows, fields).map((row) => ({
    name: String(given(row, "name")),
    amount: figure(row, ["amount"]),
    price: figure(row, ["price"]),
    confidence: figure(row, ["confidence", "conf"], 1),
    isRiskCancelling: given(row, "risk_cancelling", "is_risk_cancelling") === true,
    imHaircut: figure(row, ["im_haircut"]),
    mmHaircut: figure(row, ["mm_haircut"]),
  }));
}

function scenariosOf(rows: readonly Row[], basis: Fields): Record<string, unknown> {
  const isSkew = ([, direction]: Row) => /^(linear|abs)/i.test(direction);
  const isTail = ([shock]: Row) => Math.abs(Number(shock) - 1) > REGULAR_MOVE;
  const vol = (direction: string): number => (/^up/i.test(direction) ? 1 : /^down/i.test(direction) ? -1 : 0);
  const moved = (row: Row) => ({ shock: row[0], vol: vol(row[1]), damp: row[2] });
  const regular = rows.filter((row) => !isSkew(row) && !isTail(row)).map(moved);
  const tail = rows.filter((row) => !isSkew(row) && isTail(row)).map(moved);
  const skew = rows
    .filter(isSkew)
    .map(([, direction, damp]) => ({ shock: 1, tilt: /^linear/i.test(direction) ? 1 : 0, damp }));
  // A case without one of the three has a scenario in its place in which nothing moves.
  const still = { shock: 1, damp: 0 };
  return {
    regular: { kind: "extreme", rows: regular.length > 0 ? regular : [{ ...still, vol: 0 }] },
    tail: { rows: tail.length > 0 ? tail : [{ ...still, vol: 0 }] },
    skew: { rows: skew.length > 0 ? skew : [{ ...still, tilt: 1 }] },
    basis: {
      rows: { shock: [given(basis, "SCENARIO_SPOT_UP") ?? 1.045, given(basis, "SCENARIO_SPOT_DOWN") ?? 0.955] },
    },
  };
}

function overridesOf(inputs: Fields, collaterals: readonly Collateral[]) {
  const groups = (given(inputs, "params", "parameters") ?? {}) as Readonly<Record<string, Fields>>;
  const named = Object.entries(PARAMETERS).flatMap(([parameter, [group, name]]) => {
    const value = groups[group]?.[name];
    return value === undefined || value === null ? [] : [[parameter, value] as const];
  });
  const each = (value: (collateral: Collateral) => unknown) =>
    Object.fromEntries(collaterals.map((collateral) => [collateral.name, value(collateral)]));
  const parameters = Object.fromEntries(named);
  const rows = (given(inputs, "scenarios") ?? []) as readonly Row[];
  // The contract refuses a skew scenario that moves spot. The generator of the cases leaves spot where it is, and takes
  // the absolute cap.
  if (rows.some(([shock, direction]) => /^linear/i.test(direction) && Number(shock) !== 1)) {
    Object.assign(parameters, {
      linear_cap: parameters["absolute_cap"],
      linear_cap_slope: parameters["absolute_cap_slope"],
    });
  }
  return {
    parameters: {
      ...parameters,
      market_of: { [MARKET]: 1 },
      base_of: each(({ isRiskCancelling }) => (isRiskCancelling ? 1 : 0)),
      base_mm_haircut: each(({ mmHaircut }) => mmHaircut),
      base_im_haircut: each(({ imHaircut }) => imHaircut),
      other_mm_haircut: each(({ mmHaircut }) => mmHaircut),
      other_im_haircut: each(({ imHaircut }) => imHaircut),
    },
    scenarios: scenariosOf(rows, groups["BasisContingency"] ?? {}),
  };
}

function bookOf(inputs: Fields, collaterals: readonly Collateral[]): unknown {
  const feeds = new Map(
    rowsOf(given(inputs, "feeds"), given(inputs, "feeds_fields")).map((feed) => [
      Number(given(feed, "sec_to_expiry")),
      feed,
    ]),
  );
  const options = rowsOf(given(inputs, "options"), given(inputs, "options_fields")).map((option, index) => {
    const feed = feeds.get(Number(given(option, "sec_to_expiry")));
    if (feed === undefined)
      throw new Error(`no feed for the expiry in ${String(given(option, "sec_to_expiry"))} seconds`);
    return { name: `OPTION-${index + 1}`, option, feed };
  });
  const perp = (given(inputs, "perp") ?? {}) as Fields;
  const size = figure(perp, ["size", "amount"], 0);
  const hasPerp = Number(size) !== 0;
  return {
    time: TIME,
    limits: { volatility: [0, VOLATILITY_LIMIT] },
    currencies: {
      USDC: { balance: figure(inputs, ["cash"], 0) },
      ...Object.fromEntries(collaterals.map(({ name, amount, price }) => [name, { balance: amount, price }])),
    },
    underlyings: { [MARKET]: { index: figure(inputs, ["spot"]) } },
    instruments: {
      ...Object.fromEntries(
        options.map(({ name, option, feed }) => [
          name,
          optionInstrument({
            underlying: MARKET,
            secondsToExpiry: figure(option, ["sec_to_expiry"]),
            strike: figure(option, ["strike"]),
            isCall: isCall(given(option, "is_call")),
            volatility: figure(option, ["mark_vol", "vol"]),
            forward: figure(feed, ["forward"]),
            interest: figure(feed, ["rate"], 0),
          }),
        ]),
      ),
      ...(hasPerp
        ? { [PERP]: { product: "perpetual", underlying: MARKET, settlement: "USDC", mark: figure(perp, ["price"]) } }
        : {}),
    },
    positions: [
      ...options.map(({ name, option }) => ({ instrument: name, quantity: figure(option, ["amount"]) })),
      ...(hasPerp
        ? [
            {
              instrument: PERP,
              quantity: size,
              profit: sum(figure(perp, ["unrealised_pnl"], 0), figure(perp, ["unrealised_funding"], 0)),
            },
          ]
        : []),
    ],
    inputs: {
      market: 1,
      stable_price: figure(inputs, ["stable_price"], 1),
      spot_confidence: figure(inputs, ["spot_conf"], 1),
      confidence: {
        ...Object.fromEntries(
          options.map(({ name, feed }) => {
            const confidences = ["forward_conf", "rate_conf", "vol_conf"].map((field) =>
              Number(given(feed, field) ?? 1),
            );
            return [name, Math.min(...confidences)];
          }),
        ),
        ...(hasPerp ? { [PERP]: figure(perp, ["conf", "confidence"], 1) } : {}),
      },
      collateral_confidence: Object.fromEntries(collaterals.map(({ name, confidence }) => [name, confidence])),
    },
  };
}

const TERMS: readonly string[] = [
  "worst_regular",
  "worst_tail",
  "worst_skew",
  "basis_contingency",
  "option_mtm",
  "collateral_mtm",
];

export function runPortfolio2({ inputs, expected }: PublishedCase, bench: Bench): readonly Check[] {
  const collaterals = collateralsOf(given(inputs, "collaterals"));
  const margined = bench.margin(
    REGIME,
    bookOf(inputs as Fields, collaterals),
    overridesOf(inputs as Fields, collaterals),
  );
  const actualOf = (name: string): string | undefined => {
    if (name === "im") return difference(margined.value("equity"), margined.value("initial_margin"));
    if (name === "mm") return difference(margined.value("equity"), margined.value("maintenance_margin"));
    return TERMS.includes(name) ? margined.value(name) : undefined;
  };
  return Object.entries(expected as Record<string, Figure>).flatMap(([name, value]) => {
    const actual = actualOf(name);
    // The source's tests allow 1e-8 of a figure, and 1e-8 USD where it is next to nothing.
    return actual === undefined ? [] : [near(name, value, actual, { relative: "1e-8", absolute: "1e-8" })];
  });
}
