import { JournalEvent } from "../generated/proto/plimsoll/v1/journal_events.ts";
import { timeText } from "../services/audit/replay/replayer.ts";
import type { EventSource, HistoryEvent, MarginLine } from "../services/engine/auditDesk.ts";
import type { Names } from "../services/engine/names.ts";
import type { JournalRow } from "../services/journal/journal.ts";
import { formatDecimal } from "../services/markets/decimal.ts";

export const STATE_NAMES = ["", "healthy", "called", "liquidating", "bankrupt"] as const;

/** An event as one object for JSON: its payload as the journal names it. */
export function eventText(row: JournalRow, names: Names): Record<string, unknown> {
  const { body } = JournalEvent.decode(row.payload);
  return {
    position: row.position,
    eventTime: timeText(BigInt(row.eventTimeUs)),
    event: body?.$case ?? "",
    ...(row.instrument === undefined ? {} : { instrument: names.instruments[row.instrument]!.name }),
    content:
      body === undefined
        ? {}
        : (JournalEvent.toJSON({ source: 0, sourceOffset: 0n, version: 0, body }) as Record<string, unknown>),
  };
}

/** An event in a few words. */
export function eventLine(row: JournalRow, names: Names): string {
  const { body } = JournalEvent.decode(row.payload);
  const instrument = row.instrument === undefined ? undefined : names.instruments[row.instrument];
  const on = instrument === undefined ? "" : ` ${instrument.name}`;
  switch (body?.$case) {
    case "fillApplied": {
      const { side, quantity, price, liquidation } = body.value;
      const { quantityScale, priceScale } = instrument!.listing;
      const what = `${side === 1 ? "bought" : "sold"} ${formatDecimal(quantity, quantityScale)}`;
      return `${liquidation ? "liquidation, " : ""}${what}${on} at ${formatDecimal(price, priceScale)}`;
    }
    case "markPriceSet":
      return `mark${on} ${formatDecimal(body.value.price, instrument!.listing.priceScale)}`;
    case "deposited":
    case "withdrawn": {
      const { name, scale } = names.currencies[body.value.currency]!;
      return `${body.$case} ${formatDecimal(body.value.amount, scale)} ${name}`;
    }
    case "marginStateChanged":
      return `${STATE_NAMES[body.value.from]} to ${STATE_NAMES[body.value.to]}${body.value.isolated ? on : ""}`;
    case "insurancePaid": {
      const { name, scale } = names.currencies[body.value.currency]!;
      return `insurance paid ${formatDecimal(body.value.amount, scale)} ${name}`;
    }
    default:
      return `${(body?.$case ?? "unknown").replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}${on}`;
  }
}

export function sourceText(source: EventSource | undefined): string {
  return source === undefined ? "API" : `${source.topic}[${source.partition}]@${source.offset}`;
}

export function marginText(line: MarginLine, names: Names): Record<string, string> {
  const { name, scale } = names.currencies[line.currency]!;
  const money = (units: bigint): string => formatDecimal(units, scale);
  return {
    currency: name,
    ...(line.instrument === undefined ? {} : { instrument: names.instruments[line.instrument]!.name }),
    equity: money(line.equity),
    initialMargin: money(line.initialMargin),
    maintenanceMargin: money(line.maintenanceMargin),
    state: STATE_NAMES[line.state],
  };
}

/** One JSON object: the event, what caused it, where that came from, and the account after it. */
export function historyText(
  { row, cause, source, state, margins }: HistoryEvent,
  names: Names,
): Record<string, unknown> {
  return {
    ...eventText(row, names),
    ...(cause.position === row.position ? {} : { cause: eventText(cause, names) }),
    source: source ?? "api",
    state: STATE_NAMES[state],
    margins: margins.map((line) => marginText(line, names)),
  };
}
