import { join } from "node:path";
import { COINS, type Coin, type FutureQuote, type OptionQuote, type Snapshot } from "./snapshot.ts";
import { readTable, SurfaceDataError, type Table } from "./table.ts";

export const FILES = {
  options: "deribit_options_6h_2026-01-29_2026-02-08.csv.gz",
  futures: "deribit_term_futures_marks.csv.gz",
  perpetuals: "deribit_perpetual_futures_prices.csv.gz",
} as const;

const OPTION_COLUMNS = [
  ..."snapshot_id ts_utc currency instrument type strike expiry_utc".split(" "),
  ..."mark mark_iv delta underlying_price index_price".split(" "),
];
const FUTURE_COLUMNS = ["snapshot_id", "currency", "instrument", "snapshot_term_mark_price"];
const PERPETUAL_COLUMNS = ["snapshot_id", "currency", "instrument", "candle_price_used"];

export interface SurfaceTables {
  readonly options: Table;
  readonly futures: Table;
  readonly perpetuals: Table;
}

/** @throws SurfaceDataError when a file is missing or a field makes no sense */
export function readSurface(folder: string): readonly Snapshot[] {
  return snapshotsOf({
    options: readTable(join(folder, FILES.options), OPTION_COLUMNS),
    futures: readTable(join(folder, FILES.futures), FUTURE_COLUMNS),
    perpetuals: readTable(join(folder, FILES.perpetuals), PERPETUAL_COLUMNS),
  });
}

/**
 * Puts the three tables together: one snapshot for each of the options table, in order of time.
 *
 * The index of a snapshot is that of its first option row: it was read nearest to the moment that all marks are of.
 */
export function snapshotsOf({ options, futures, perpetuals }: SurfaceTables): readonly Snapshot[] {
  const futuresBySnapshot = bySnapshot(futures);
  const perpetualsBySnapshot = bySnapshot(perpetuals);
  const snapshots = [...bySnapshot(options)].map(([id, rows]): Snapshot => {
    const field = fieldsOf(options.file, id);
    const indexOf = (coin: Coin): bigint => {
      const row = rows.find(({ currency }) => currency === coin);
      if (row === undefined) throw new SurfaceDataError(`${options.file} snapshot ${id}: no option of ${coin}`);
      return field.positive(row, "index_price", 8);
    };
    return {
      id,
      timeUs: field.time(rows[0]!, "ts_utc"),
      indexE8: Object.fromEntries(COINS.map((coin) => [coin, indexOf(coin)])) as Record<Coin, bigint>,
      options: rows.map((row) => optionOf(row, field)),
      futures: [
        ...(perpetualsBySnapshot.get(id) ?? []).map((row) =>
          futureOf(row, fieldsOf(perpetuals.file, id), "candle_price_used"),
        ),
        ...(futuresBySnapshot.get(id) ?? []).map((row) =>
          futureOf(row, fieldsOf(futures.file, id), "snapshot_term_mark_price"),
        ),
      ],
    };
  });
  return snapshots.sort((a, b) => (a.timeUs < b.timeUs ? -1 : 1));
}

type Row = Table["rows"][number];

function bySnapshot({ rows }: Table): ReadonlyMap<string, readonly Row[]> {
  return Map.groupBy(rows, (row) => row["snapshot_id"]!);
}

function optionOf(row: Row, field: Fields): OptionQuote {
  return {
    name: row["instrument"]!,
    coin: field.coin(row),
    call: field.oneOf(row, "type", ["C", "P"]) === "C",
    strike: field.positive(row, "strike", 0),
    expiryUs: field.time(row, "expiry_utc"),
    markE8: field.number(row, "mark", 8),
    volatilityE9: field.positive(row, "mark_iv", 9),
    forwardE8: field.positive(row, "underlying_price", 8),
    delta: Number(row["delta"]),
  };
}

function futureOf(row: Row, field: Fields, price: string): FutureQuote {
  const name = row["instrument"]!;
  return { name, coin: field.coin(row), expiryUs: expiryInName(name), markE2: field.positive(row, price, 2) };
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** BTC-6FEB26 ends on 2026-02-06 at 08:00 UTC; a name without a date does not end: 0. */
export function expiryInName(name: string): bigint {
  const [, day, month, year] = /-(\d{1,2})([A-Z]{3})(\d{2})$/.exec(name) ?? [];
  if (day === undefined) return 0n;
  return BigInt(Date.UTC(2000 + Number(year), MONTHS.indexOf(month!), Number(day), 8)) * 1000n;
}

interface Fields {
  number(row: Row, column: string, scale: number): bigint;
  positive(row: Row, column: string, scale: number): bigint;
  time(row: Row, column: string): bigint;
  oneOf<T extends string>(row: Row, column: string, values: readonly T[]): T;
  coin(row: Row): Coin;
}

function fieldsOf(file: string, snapshot: string): Fields {
  const refuse = (row: Row, column: string, rule: string): never => {
    const place = `${file} snapshot ${snapshot} ${row["instrument"] ?? ""} ${column}`;
    throw new SurfaceDataError(`${place}: "${row[column] ?? ""}" must be ${rule}`);
  };
  const number = (row: Row, column: string, scale: number): bigint => {
    const text = row[column] ?? "";
    // The files hold the shortest text of doubles: below 2^53 units the nearest unit is the number that was meant.
    const units = Math.round(Number(text) * 10 ** scale);
    if (text === "" || !Number.isSafeInteger(units)) refuse(row, column, "a number");
    return BigInt(units);
  };
  const oneOf = <T extends string>(row: Row, column: string, values: readonly T[]): T =>
    values.find((value) => value === row[column]) ?? refuse(row, column, values.join(" or "));
  return {
    number,
    positive: (row, column, scale) => {
      const units = number(row, column, scale);
      return units > 0n ? units : refuse(row, column, "above 0");
    },
    time: (row, column) => {
      const [, toSecond = "", fraction = ""] = /^([^.]*?)(?:\.(\d{1,6}))?Z$/.exec(row[column] ?? "") ?? [];
      const milliseconds = Date.parse(`${toSecond}Z`);
      if (Number.isNaN(milliseconds)) refuse(row, column, "a time in UTC");
      return BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, "0"));
    },
    oneOf,
    coin: (row) => oneOf(row, "currency", COINS),
  };
}
