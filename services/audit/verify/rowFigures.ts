// What a kernel says in the rows of the journal: which field of which event is which number of its output slot. It is the
// schema of those rows, as proto/plimsoll/v1/journal_events.proto and assembly/layout.ts say it, once: `verify` builds the
// payload that a row must have from it, the check of an evidence file compares figure by figure. Imports nothing: the page runs it.

/** int64 and fixed64 are bigint, sint64 too; u32 stands for enums as well. */
export type FigureType = "sint64" | "int64" | "fixed64" | "u32" | "bool";
/** A number of the slot's values, or a field of the slot. */
export type Place = number | "fromState" | "toState" | "currency" | "isolated";
export type Figure = readonly [name: string, field: number, type: FigureType, place: Place];

export interface RowFigures {
  /** `$case` of the event's body. */
  readonly event: string;
  readonly figures: readonly Figure[];
  /** Field of the figures of an order (`ORDER_FIGURES`), where there are such. */
  readonly order?: number;
}

/** What follows from an input, by kind: all of the row. */
export const CONSEQUENCES: ReadonlyMap<number, RowFigures> = new Map([
  [70, row("fundingPaid", ["amount", 1, "sint64", 0], ["postedChange", 2, "sint64", 1], ["covered", 3, "int64", 2])],
  [
    71,
    row(
      "positionSettled",
      ["quantity", 1, "sint64", 0],
      ["realisedPnl", 2, "sint64", 1],
      ["postedReleased", 3, "int64", 2],
      ["covered", 4, "int64", 3],
    ),
  ],
  [
    72,
    row(
      "marginStateChanged",
      ["from", 1, "u32", "fromState"],
      ["to", 2, "u32", "toState"],
      ["currency", 3, "u32", "currency"],
      ["isolated", 4, "bool", "isolated"],
      ["equity", 5, "sint64", 0],
      ["initialMargin", 6, "int64", 1],
      ["maintenanceMargin", 7, "int64", 2],
    ),
  ],
  [73, row("insurancePaid", ["currency", 1, "u32", "currency"], ["amount", 2, "int64", 0])],
  [74, row("accountQuarantined", ["reason", 1, "u32", 0])],
  [75, row("regimeActivated", ["regime", 1, "u32", 0], ["accounts", 2, "u32", 1])],
  [
    76,
    row(
      "marginUnknown",
      ["unknown", 1, "bool", 0],
      ["reason", 2, "u32", 1],
      ["term", 3, "u32", 2],
      ["row", 4, "u32", 3],
    ),
  ],
  [77, row("holdExpired", ["orderKey", 1, "fixed64", 0], ["quantity", 2, "int64", 1], ["reason", 3, "u32", 2])],
  [78, row("holdUsed", ["orderKey", 1, "fixed64", 0], ["quantity", 2, "int64", 1], ["quantityLeft", 3, "int64", 2])],
  [79, row("overrideExpired", ["control", 1, "u32", 0], ["expiryTimeUs", 2, "int64", 1])],
  [80, row("controlTripped", ["control", 1, "u32", 0], ["count", 2, "int64", 1], ["limit", 3, "int64", 2])],
]);

/** What the kernel adds to an input that it applied, or refused (60), by kind of the row. */
export const OUTCOMES: ReadonlyMap<number, RowFigures> = new Map([
  [21, row("deposited", ["balanceAfter", 4, "sint64", 0])],
  [22, row("withdrawn", ["balanceAfter", 4, "sint64", 0])],
  [23, row("marginModeSet", ["postedChange", 3, "sint64", 0])],
  [25, row("collateralMoved", ["postedAfter", 3, "int64", 0])],
  [26, { event: "holdPlaced", figures: [], order: 8 }],
  [27, { event: "holdAmended", figures: [], order: 6 }],
  [28, row("holdReleased", ["quantity", 3, "int64", 13])],
  [
    30,
    row(
      "fillApplied",
      ["realisedPnl", 10, "sint64", 0],
      ["fee", 11, "sint64", 1],
      ["quantityAfter", 12, "sint64", 2],
      ["entryCostAfter", 13, "sint64", 3],
      ["postedAfter", 14, "int64", 4],
      ["rounding", 15, "sint64", 5],
      ["liquidationFee", 16, "int64", 6],
    ),
  ],
  [41, row("fundingApplied", ["price", 2, "sint64", 0], ["positions", 3, "u32", 1], ["rounding", 4, "sint64", 2])],
  [42, row("instrumentSettled", ["price", 1, "sint64", 2], ["positions", 2, "u32", 0], ["rounding", 3, "sint64", 1])],
  [60, { ...row("inputRefused", ["value", 2, "sint64", 0], ["limit", 3, "sint64", 1]), order: 7 }],
]);

/** What the check of an order found. */
export const ORDER_FIGURES: readonly Figure[] = [
  ["initialMarginBefore", 1, "sint64", 2],
  ["initialMarginAfter", 2, "sint64", 3],
  ["maintenanceMarginBefore", 3, "sint64", 4],
  ["maintenanceMarginAfter", 4, "sint64", 5],
  ["equityBefore", 5, "sint64", 6],
  ["equityAfter", 6, "sint64", 7],
  ["freeCollateralBefore", 7, "sint64", 8],
  ["freeCollateralAfter", 8, "sint64", 9],
  ["fee", 9, "sint64", 10],
  ["binding", 10, "u32", 11],
  ["reduces", 11, "bool", 12],
];

function row(event: string, ...figures: Figure[]): RowFigures {
  return { event, figures };
}

/** A number of a slot as the generated types of the schema have it. */
export function typed(type: FigureType, raw: bigint): bigint | number | boolean {
  switch (type) {
    case "u32":
      return Number(raw);
    case "bool":
      return raw !== 0n;
    case "fixed64":
      return BigInt.asUintN(64, raw);
    default:
      return raw;
  }
}
