import type { MarginState, Verdict } from "../evaluate/evaluation.ts";
import type { Explanation, Figure, Part } from "../evaluate/explain.ts";
import type { KernelReader } from "../kernel/reader.ts";
import type { AccountView, PoolView, PositionView } from "../kernel/views.ts";
import type { Names } from "./names.ts";

const STATES: readonly MarginState[] = ["healthy", "healthy", "called", "liquidating", "bankrupt"];
const SOURCE = "docs/margin.md";
const EQUITY_CLAUSE = "Posted collateral and unrealised profit (MAR-016).";
const ALONE_CLAUSE = "An isolated position bears its own margin (MAR-016).";

/** The margin of an account by margin tables (MAR-012 to MAR-016): each pool, and each isolated position. */
export function explainTables(reader: KernelReader, names: Names, account: number): Explanation {
  return explainView(reader.account(account), names);
}

/** The isolated positions alone: those of a portfolio account, whose pools its regime explains. */
export function explainIsolated(reader: KernelReader, names: Names, account: number): Explanation {
  const view = reader.account(account);
  return explainView({ ...view, pools: [], positions: view.positions.filter(({ mode }) => mode === 1) }, names);
}

function explainView(view: AccountView, names: Names): Explanation {
  const isolated = view.positions.filter(({ mode, quantity }) => mode === 1 && quantity !== 0n);
  return {
    regime: {
      id: "margin-tables",
      venue: "Plimsoll",
      title: "Cross and isolated margin by tiers",
      vintage: "",
      valuation: "",
      sources: [{ key: "rules", title: "Margin rules", where: SOURCE }],
    },
    verdicts: [
      ...view.pools.map((pool) => poolVerdict(pool, names)),
      ...isolated.map((position) => isolatedVerdict(position, names)),
    ],
    conclusion: { equity: "equity", initial: "initial_margin", maintenance: "maintenance_margin" },
    figures: [
      ...view.pools.flatMap((pool) => poolFigures(pool, view, names)),
      ...isolated.flatMap((position) => isolatedFigures(position, names)),
      ...view.positions.filter(({ quantity }) => quantity !== 0n).flatMap((each) => positionFigures(each, names)),
    ],
    tables: [],
    reports: [],
  };
}

function poolVerdict(pool: PoolView, names: Names): Verdict {
  const { name, scale } = names.currencies[pool.currency]!;
  return {
    currency: name,
    equity: fixed(pool.equity, scale),
    initial: fixed(pool.initialMargin, scale),
    maintenance: fixed(pool.maintenanceMargin, scale),
    state: STATES[pool.state]!,
  };
}

function isolatedVerdict(position: PositionView, names: Names): Verdict {
  const { scale } = names.currencies[position.currency]!;
  return {
    currency: rowOf(position, names),
    equity: fixed(position.posted + position.unrealisedProfit, scale),
    initial: fixed(position.initialMargin, scale),
    maintenance: fixed(position.maintenanceMargin, scale),
    state: STATES[position.state]!,
  };
}

function poolFigures(pool: PoolView, view: AccountView, names: Names): Figure[] {
  const { name, scale } = names.currencies[pool.currency]!;
  const members = view.positions.filter(
    ({ mode, quantity, currency }) => mode === 2 && quantity !== 0n && currency === pool.currency,
  );
  const parts = (term: string, of: (position: PositionView) => bigint): Part[] =>
    members.map((position) => part("term", term, rowOf(position, names), fixed(of(position), scale)));
  const figure = figureOf("currency", name, "sum");
  const balance = part("fact", "balance", name, fixed(pool.balance, scale));
  return [
    figure(
      "equity",
      fixed(pool.equity, scale),
      "Balance and unrealised profit of the cross positions (MAR-015).",
      "balance + total(unrealised_profit)",
      [balance, ...parts("unrealised_profit", ({ unrealisedProfit }) => unrealisedProfit)],
    ),
    figure(
      "initial_margin",
      fixed(pool.initialMargin, scale),
      "Sum over the cross positions (MAR-015).",
      "total(initial_margin)",
      parts("position_initial_margin", ({ initialMargin }) => initialMargin),
    ),
    figure(
      "maintenance_margin",
      fixed(pool.maintenanceMargin, scale),
      "Sum over the cross positions (MAR-015).",
      "total(maintenance_margin)",
      parts("position_maintenance_margin", ({ maintenanceMargin }) => maintenanceMargin),
    ),
  ];
}

function isolatedFigures(position: PositionView, names: Names): Figure[] {
  const { scale } = names.currencies[position.currency]!;
  const row = rowOf(position, names);
  const sum = figureOf("position", row, "sum");
  const alone = (term: string, value: bigint) => [part("term", term, row, fixed(value, scale))];
  const { posted, unrealisedProfit, initialMargin, maintenanceMargin } = position;
  return [
    sum("equity", fixed(posted + unrealisedProfit, scale), EQUITY_CLAUSE, "posted + unrealised_profit", [
      part("fact", "posted", row, fixed(posted, scale)),
      ...alone("unrealised_profit", unrealisedProfit),
    ]),
    sum(
      "initial_margin",
      fixed(initialMargin, scale),
      ALONE_CLAUSE,
      "position_initial_margin",
      alone("position_initial_margin", initialMargin),
    ),
    sum(
      "maintenance_margin",
      fixed(maintenanceMargin, scale),
      ALONE_CLAUSE,
      "position_maintenance_margin",
      alone("position_maintenance_margin", maintenanceMargin),
    ),
  ];
}

function positionFigures(position: PositionView, names: Names): Figure[] {
  const { scale } = names.currencies[position.currency]!;
  const row = rowOf(position, names);
  const value = part("fact", "mark_value", row, fixed(position.markValue, scale));
  const leverage = part("fact", "leverage", row, fixed(BigInt(position.leverageE2), 2));
  const sum = figureOf("position", row, "sum");
  const formula = figureOf("position", row, "formula");
  return [
    sum(
      "unrealised_profit",
      fixed(position.unrealisedProfit, scale),
      "Value at the mark less what it cost (MAR-012).",
      "mark_value - entry_cost",
      [value, { ...part("fact", "entry_cost", row, fixed(position.entryCost, scale)), sign: -1 }],
    ),
    formula(
      "position_initial_margin",
      fixed(position.initialMargin, scale),
      "The greater of notional / leverage and the tier's initial margin, rounded up (MAR-014).",
      "max(notional / leverage, tier)",
      [value, leverage],
    ),
    formula(
      "position_maintenance_margin",
      fixed(position.maintenanceMargin, scale),
      "Notional times the tier's rate less its deduction, rounded up (MAR-013).",
      "notional * rate - deduction",
      [value],
    ),
  ];
}

function figureOf(level: Figure["level"], row: string, rule: Figure["rule"]) {
  return (term: string, value: bigint, clause: string, formula: string, parts: readonly Part[]): Figure => ({
    term,
    level,
    row,
    value,
    measure: "settlement",
    clause,
    source: "rules",
    formula,
    rule,
    parts,
  });
}

function part(kind: Part["kind"], name: string, row: string, value: bigint): Part {
  return { kind, name, row, value, sign: 1, counts: true, source: undefined };
}

function rowOf(position: PositionView, names: Names): string {
  return names.instruments[position.instrument]!.name;
}

/** Units of 10^-scale as a decimal of 18 digits. */
function fixed(units: bigint, scale: number): bigint {
  return units * 10n ** BigInt(18 - scale);
}
