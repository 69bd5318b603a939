import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";

// The recorded trade tapes that Plimsoll can read: comma-separated, one trade a row, recognised by their header.

/** A trade as the tape tells it. Price and size are the tape's own text. */
export interface TapeTrade {
  readonly venue: string;
  readonly tradeId: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  readonly instrument: string;
  readonly price: string;
  readonly size: string;
  /** Of the taker. */
  readonly takerSide: Side;
}

/** A row that holds no trade, and why. */
export interface UnreadableRow {
  readonly reason: RefusalReason;
  readonly detail: string;
}

/** One kind of tape. `header` is its first line. */
export interface TapeFormat {
  readonly name: string;
  readonly header: string;
  readonly venue: string;
  readonly columns: Readonly<Record<"tradeId" | "timeMs" | "instrument" | "price" | "size" | "side", string>>;
  /** True when the venue counts trades per instrument, so that a trade id alone names no trade. */
  readonly idsPerInstrument: boolean;
}

const FORMATS: readonly TapeFormat[] = [
  {
    name: "BitMEX trades",
    header: "seq,ts_ms,symbol,price,size_usd,side",
    venue: "bitmex",
    columns: { tradeId: "seq", timeMs: "ts_ms", instrument: "symbol", price: "price", size: "size_usd", side: "side" },
    idsPerInstrument: false,
  },
  {
    name: "Binance trades",
    header: "trade_id,ts_ms,event_ts_ms,recv_ts_ns,symbol,price,qty,side,exec_type",
    venue: "binance",
    columns: { tradeId: "trade_id", timeMs: "ts_ms", instrument: "symbol", price: "price", size: "qty", side: "side" },
    idsPerInstrument: true,
  },
];

const YEAR_2000_MS = 946_684_800_000;
const YEAR_2200_MS = 7_258_118_400_000;
const WHOLE_NUMBER = /^\d{1,18}$/;
const SIDES: Readonly<Record<string, Side>> = { buy: Side.BUY, sell: Side.SELL };

/** @returns undefined when no known tape has this header */
export function recogniseTape(header: string): TapeFormat | undefined {
  return FORMATS.find((format) => format.header === header);
}

/** The headers that would have been right. */
export function knownHeaders(): readonly string[] {
  return FORMATS.map((format) => format.header);
}

/** Makes the reader of a tape's rows. It checks what stands in a row without knowing the instrument. */
export function rowReader(format: TapeFormat): (row: string) => TapeTrade | UnreadableRow {
  const names = format.header.split(",");
  const at = (column: keyof TapeFormat["columns"]) => names.indexOf(format.columns[column]);
  const [tradeIdAt, timeAt, instrumentAt] = [at("tradeId"), at("timeMs"), at("instrument")];
  const [priceAt, sizeAt, sideAt] = [at("price"), at("size"), at("side")];

  return (row) => {
    const fields = row.split(",");
    if (fields.length !== names.length) {
      return undecodable(`${fields.length} fields, not the ${names.length} of ${format.header}`);
    }
    const tradeId = fields[tradeIdAt] ?? "";
    const time = fields[timeAt] ?? "";
    const instrument = fields[instrumentAt] ?? "";
    const takerSide = SIDES[fields[sideAt] ?? ""];
    if (!WHOLE_NUMBER.test(tradeId)) return undecodable(`${format.columns.tradeId} "${tradeId}" is no whole number`);
    if (!WHOLE_NUMBER.test(time)) return undecodable(`${format.columns.timeMs} "${time}" is no whole number`);
    if (instrument === "") return undecodable(`${format.columns.instrument} is empty`);
    if (takerSide === undefined)
      return undecodable(`${format.columns.side} "${fields[sideAt]}" is neither buy nor sell`);
    const timeMs = Number(time);
    if (timeMs < YEAR_2000_MS || timeMs >= YEAR_2200_MS) {
      return {
        reason: RefusalReason.TIME_RANGE,
        detail: `${format.columns.timeMs} ${time} lies outside the years 2000 to 2200`,
      };
    }
    return {
      venue: format.venue,
      tradeId: format.idsPerInstrument ? `${instrument}:${tradeId}` : tradeId,
      timeMs,
      instrument,
      price: fields[priceAt] ?? "",
      size: fields[sizeAt] ?? "",
      takerSide,
    };
  };
}

export function isUnreadable<T extends object>(row: T | UnreadableRow): row is UnreadableRow {
  return "reason" in row;
}

function undecodable(detail: string): UnreadableRow {
  return { reason: RefusalReason.UNDECODABLE, detail };
}
