// A regime document, compiled: a list of nodes in the order of their evaluation, each a column or a matrix.
//
// A column has one decimal with 18 digits for each row of its level (a 128-bit integer of 1e-18). A matrix has one float64
// for each row of its level and each scenario of its set. What a node means is docs/regimes.md; the kernel evaluates nodes
// (assembly/regime), and an independent oracle in test/oracle/regime does the same from the same page.

/** What rows stand for. The order is that of docs/regimes.md; numbers are shared with the kernel. */
export const LEVELS = [
  "account",
  "unit",
  "underlying",
  "expiry",
  "strike",
  "position",
  "order",
  "currency",
  "instrument",
] as const;
export type Level = (typeof LEVELS)[number];

/** How positions are put together to risk units (docs/regimes.md, "Levels"). */
export type RiskUnit = "underlying" | "underlying-settlement" | "settlement" | "account" | "group";

/** A decimal of 18 digits as an integer: 1 is 10n ** 18n. */
export type Fixed = bigint;

export interface Attribute {
  readonly name: string;
  /** One value for each scenario; or one list for each key (an underlying's name), with "default" for all others. */
  readonly values: readonly number[] | ReadonlyMap<string, readonly number[]>;
}

export interface ScenarioSet {
  readonly name: string;
  readonly count: number;
  readonly attributes: readonly Attribute[];
}

export type KeyLevel = "account" | "underlying" | "currency" | "instrument" | "unit";

export interface Parameter {
  readonly name: string;
  readonly by: KeyLevel;
  /** Undefined where the document names no default: a book with another key is refused. */
  readonly value: Fixed | undefined;
  readonly byKey: ReadonlyMap<string, Fixed>;
  readonly source: string;
  readonly note: string;
}

/** Rows with rising `from`; further columns by name. */
export interface Tiers {
  readonly from: readonly Fixed[];
  /** In the order of Table.columns. */
  readonly columns: readonly (readonly Fixed[])[];
}

export interface Table {
  readonly name: string;
  readonly by: KeyLevel;
  /** What can be looked up: `from` too, not `to`. */
  readonly columns: readonly string[];
  /** Which tier a value lies in that equals a `from`: the one that begins there, or the one before. */
  readonly boundary: "begins" | "ends";
  readonly value: Tiers | undefined;
  readonly byKey: ReadonlyMap<string, Tiers>;
  readonly source: string;
}

/** A square, symmetric table by the names of units or underlyings. */
export interface PairTable {
  readonly name: string;
  readonly keys: readonly string[];
  readonly values: readonly (readonly Fixed[])[];
  /** For two different keys that are not named. */
  readonly otherwise: Fixed;
}

/** One spread of an ordered list of credits: legs by key, with how much of each makes one spread (sign: side). */
export interface Spread {
  readonly priority: number;
  readonly legs: readonly { readonly key: string; readonly ratio: Fixed }[];
  readonly rate: Fixed;
}

export interface SpreadTable {
  readonly name: string;
  readonly spreads: readonly Spread[];
}

export interface Input {
  readonly name: string;
  readonly level: Level;
  /** For a matrix input (a risk array that is given): its set, else -1. */
  readonly set: number;
  readonly value: Fixed | undefined;
  readonly note: string;
}

/** Facts of a book that every regime can name; docs/regimes.md says what each is. The number is its place here. */
export const FIELDS = [
  // instrument
  { name: "linear", level: "instrument" },
  { name: "inverse", level: "instrument" },
  { name: "perpetual", level: "instrument" },
  { name: "future", level: "instrument" },
  { name: "option", level: "instrument" },
  { name: "call", level: "instrument" },
  { name: "put", level: "instrument" },
  { name: "spot", level: "instrument" },
  { name: "multiplier", level: "instrument" },
  { name: "mark", level: "instrument" },
  { name: "forward", level: "instrument" },
  { name: "strike", level: "instrument" },
  { name: "volatility", level: "instrument" },
  { name: "interest", level: "instrument" },
  { name: "seconds", level: "instrument" },
  { name: "days", level: "instrument" },
  { name: "years", level: "instrument" },
  { name: "expired", level: "instrument" },
  { name: "unit_value", level: "instrument" },
  // position
  { name: "quantity", level: "position" },
  { name: "size", level: "position" },
  { name: "side", level: "position" },
  { name: "long", level: "position" },
  { name: "short", level: "position" },
  { name: "entry", level: "position" },
  { name: "value", level: "position" },
  { name: "notional", level: "position" },
  { name: "profit", level: "position" },
  { name: "leverage", level: "position" },
  { name: "isolated", level: "position" },
  { name: "posted", level: "position" },
  // order
  { name: "order_quantity", level: "order" },
  { name: "order_price", level: "order" },
  { name: "buy", level: "order" },
  { name: "sell", level: "order" },
  { name: "covered", level: "order" },
  { name: "reduce_only", level: "order" },
  { name: "market_order", level: "order" },
  // underlying
  { name: "index", level: "underlying" },
  // currency
  { name: "balance", level: "currency" },
  { name: "price", level: "currency" },
  // instrument (at the end: programs of earlier versions name the fields above by their numbers)
  { name: "bachelier", level: "instrument" },
] as const satisfies readonly { name: string; level: Level }[];
export type FieldName = (typeof FIELDS)[number]["name"];

/**
 * Operations. `set` of a node is the number of its scenario set for a matrix, -1 for a column. Arguments have the level and
 * the set of the node unless said otherwise.
 */
export const OPERATIONS = [
  "constant", //   column, level account; `constant`
  "field", //      column; `index` into FIELDS
  "parameter", //  column, level of the parameter's key; `index`
  "input", //      column or matrix; `index`
  "attribute", //  matrix, level account (or underlying, when its values are by underlying); `index` within the set
  "widen", //      one argument of a level above: each row takes its ancestor's value
  "spread", //     one argument, a column: the same value in every scenario, as float64
  "add",
  "subtract",
  "multiply",
  "divide",
  "negate",
  "power",
  "minimum",
  "maximum",
  "less",
  "less_equal",
  "equal",
  "not_equal",
  "and",
  "or",
  "not",
  "choose", //     three arguments: condition, then, else
  "absolute",
  "sign",
  "square_root",
  "exponential",
  "logarithm",
  "normal", //     standard normal distribution function
  "normal_inverse",
  "floor", //      two arguments: value, unit (also the next three)
  "ceiling",
  "truncate",
  "round", //      half away from zero
  "total", //      one argument of a level below: sum over the rows beneath, in their order (also the next four)
  "highest",
  "lowest",
  "count", //      rows beneath whose value is not zero
  "any", //        1 where a row beneath is not zero
  "worst", //      one argument, a matrix: lowest over the scenarios, as a column (also the next three)
  "worst_at", //   number of the first scenario that has the lowest value
  "quantile", //   second argument, a constant: the value with this share of scenarios at or below it
  "tail_mean", //  second argument, a constant: the mean of the lowest share of scenarios
  "scenario", //   second argument, a constant: the value in that scenario
  "marginal", //   table `index`, column `column`: sum over tiers of the part of x within the tier x its rate
  "bracket", //    table `index`, column `column`: value of the tier in which x lies
  "black_price", //    call, forward, strike, volatility, years, discount (also the next four)
  "black_delta",
  "black_gamma",
  "black_vega",
  "black_theta",
  "payoff_floor", //   positions -> expiry: argument is the quantity in units of the underlying; lowest expiry payoff
  "correlated", //     units or underlyings -> account: square root of the quadratic form; pair table `index`
  "spread_credit", //  underlyings -> account: arguments delta, worth of one delta; spread table `index`
  "calendar_charge", // expiries -> underlying: arguments delta, rate
  "strategy", //       positions -> underlying: units, alone, rest, covered, protected (docs/regimes.md, "Strategies")
  "payoff_at", //      positions -> strike: argument as for payoff_floor; payoff at expiry if the underlying ends at the strike
  "bachelier_price", // as black_price, in the normal model (also the next four)
  "bachelier_delta",
  "bachelier_gamma",
  "bachelier_vega",
  "bachelier_theta",
] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Node {
  readonly operation: Operation;
  readonly level: Level;
  readonly set: number;
  /** Numbers of earlier nodes. */
  readonly arguments: readonly number[];
  readonly constant?: Fixed;
  readonly index?: number;
  readonly column?: number;
  /** Depends on markets and the document alone: one instrument at a time, once a tick, for all accounts. */
  readonly market: boolean;
}

/** A named result of the document. */
export interface Term {
  readonly name: string;
  readonly node: number;
  readonly level: Level;
  readonly set: number;
  /** What it is, in a sentence. */
  readonly clause: string;
  readonly source: string;
  /** In what it is measured: "settlement", "valuation", "price", "ratio", "coins", .. */
  readonly measure: string;
  readonly formula: string;
  /** Terms that this one names, in order. */
  readonly uses: readonly string[];
}

/** Where the account is judged: once for all, in the valuation currency, or once for each settlement currency. */
export interface Conclusion {
  readonly level: "account" | "currency";
  /** Numbers of nodes: columns of that level. */
  readonly equity: number;
  readonly initial: number;
  readonly maintenance: number;
  /** Conditions for the margin states (docs/regimes.md, "States"). */
  readonly called: number;
  readonly liquidating: number;
  readonly bankrupt: number;
}

export interface Source {
  readonly key: string;
  readonly title: string;
  readonly where: string;
}

export interface Program {
  readonly id: string;
  readonly venue: string;
  readonly title: string;
  /** From when on, as the document says: YYYY-MM-DD. */
  readonly vintage: string;
  readonly effectiveUs: bigint;
  readonly sources: readonly Source[];
  readonly valuation: string;
  readonly riskUnit: RiskUnit;
  /** For riskUnit "group": name of the group by underlying; an underlying that is not named is its own group. */
  readonly groups: ReadonlyMap<string, string>;
  readonly sets: readonly ScenarioSet[];
  readonly parameters: readonly Parameter[];
  readonly tables: readonly Table[];
  readonly pairTables: readonly PairTable[];
  readonly spreadTables: readonly SpreadTable[];
  readonly inputs: readonly Input[];
  readonly nodes: readonly Node[];
  readonly terms: readonly Term[];
  readonly conclusion: Conclusion;
  /** Names of terms that are shown beside the requirement: prices of liquidation and the like. */
  readonly reports: readonly string[];
}
