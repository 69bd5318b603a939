// What a kernel says in the rows of the journal: which field of which event is which number of its output slot. It is the schema
// of those rows, as proto/plimsoll/v1/journal_events.proto and assembly/memory/layout.ts say it, once: `verify` builds the payload that a
// row must have from it, the check of an evidence file compares figure by figure. Imports nothing: the page runs it.

/** As in the proto; `enum` stands for uint32 too. */
export type FigureType = "sint64" | "int64" | "fixed64" | "enum" | "bool";
/** A number of the slot's values, or a field of the slot. */
export type Place = number | "fromState" | "toState" | "currency" | "isolated" | "priceKind" | "priceKey";
export type Figure = readonly [name: string, field: number, type: FigureType, place: Place];

export interface RowFigures {
  /** `$case` of the event's body. */
  readonly event: string;
  readonly figures: readonly Figure[];
  /** Field of the figures of an order (`ORDER_FIGURES`), where there are such. */
  readonly order: number | undefined;
}

/** What follows from an input, by kind: all of the row. A line: kind, event, then name, field, type and place of each figure. */
export const CONSEQUENCES = drawn(`
  70 fundingPaid: amount 1 sint64 0, postedChange 2 sint64 1, covered 3 int64 2
  71 positionSettled: quantity 1 sint64 0, realisedPnl 2 sint64 1, postedReleased 3 int64 2, covered 4 int64 3
  72 marginStateChanged: from 1 enum fromState, to 2 enum toState, currency 3 enum currency, isolated 4 bool isolated, equity 5 sint64 0, initialMargin 6 int64 1, maintenanceMargin 7 int64 2
  73 insurancePaid: currency 1 enum currency, amount 2 int64 0
  74 accountQuarantined: reason 1 enum 0
  75 regimeActivated: regime 1 enum 0, accounts 2 enum 1
  76 marginUnknown: unknown 1 bool 0, reason 2 enum 1, term 3 enum 2, row 4 enum 3
  77 holdExpired: orderKey 1 fixed64 0, quantity 2 int64 1, reason 3 enum 2
  78 holdUsed: orderKey 1 fixed64 0, quantity 2 int64 1, quantityLeft 3 int64 2
  79 overrideExpired: control 1 enum 0, expiryTimeUs 2 int64 1
  80 controlTripped: control 1 enum 0, count 2 int64 1, limit 3 int64 2`);

/** What the kernel adds to an input that it applied, or refused (60), by kind of the row. */
export const OUTCOMES = drawn(`
  21 deposited: balanceAfter 4 sint64 0
  22 withdrawn: balanceAfter 4 sint64 0
  23 marginModeSet: postedChange 3 sint64 0
  25 collateralMoved: postedAfter 3 int64 0
  26 holdPlaced: order 8
  27 holdAmended: order 6
  28 holdReleased: quantity 3 int64 13
  30 fillApplied: realisedPnl 10 sint64 0, fee 11 sint64 1, quantityAfter 12 sint64 2, entryCostAfter 13 sint64 3, postedAfter 14 int64 4, rounding 15 sint64 5, liquidationFee 16 int64 6
  41 fundingApplied: price 2 sint64 0, positions 3 enum 1, rounding 4 sint64 2
  42 instrumentSettled: price 1 sint64 2, positions 2 enum 0, rounding 3 sint64 1
  60 inputRefused: value 2 sint64 0, limit 3 sint64 1, order 7`);

/** What the check of an order found. */
export const ORDER_FIGURES = figuresIn(
  "initialMarginBefore 1 sint64 2, initialMarginAfter 2 sint64 3, maintenanceMarginBefore 3 sint64 4, " +
    "maintenanceMarginAfter 4 sint64 5, equityBefore 5 sint64 6, equityAfter 6 sint64 7, freeCollateralBefore 7 sint64 8, " +
    "freeCollateralAfter 8 sint64 9, fee 9 sint64 10, binding 10 enum 11, reduces 11 bool 12, " +
    "priceKind 12 enum priceKind, priceKey 13 enum priceKey",
);

function drawn(lines: string): ReadonlyMap<number, RowFigures> {
  const drawings = [...lines.matchAll(/^ *(\d+) (\w+): (.*)$/gm)];
  return new Map(
    drawings.map(([, kind, event, figures]) => {
      const order = figures!.match(/order (\d+)$/)?.[1];
      const field = order === undefined ? undefined : Number(order);
      return [Number(kind), { event: event!, figures: figuresIn(figures!), order: field }];
    }),
  );
}

function figuresIn(text: string): Figure[] {
  return [...text.matchAll(/(\w+) (\d+) (s?int64|fixed64|enum|bool) (?:(\d+)|(\w+))/g)].map(
    ([, name, field, type, value, slotField]) =>
      [name!, Number(field), type as FigureType, (slotField as Place) ?? Number(value)] as const,
  );
}

/** A number of a slot as the generated types of the schema have it. */
export function typed(type: FigureType, raw: bigint): bigint | number | boolean {
  if (type === "enum") return Number(raw);
  if (type === "bool") return raw !== 0n;
  return type === "fixed64" ? BigInt.asUintN(64, raw) : raw;
}
