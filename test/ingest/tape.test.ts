import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type Fill, Liquidity, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { SourceBatch, VenueInput } from "../../services/ingest/source.ts";
import { type TapeOptions, TapeSource } from "../../services/ingest/tape.ts";
import { loadMarket } from "../../services/markets/loadMarket.ts";
import { PositionBook } from "./positionBook.ts";

const BINANCE_HEADER = "trade_id,ts_ms,event_ts_ms,recv_ts_ns,symbol,price,qty,side,exec_type";
const BITMEX_HEADER = "seq,ts_ms,symbol,price,size_usd,side";
const START_MS = Date.UTC(2024, 7, 8, 23, 59);
const market = loadMarket("markets/binance-2024-08.yaml");
const bitmexMarket = loadMarket("markets/bitmex-xbtusd-2018.yaml");

const DATA = "../shared/data";
const BITMEX_TAPE = join(DATA, "bitmex_XBTUSD_trades_2018-01-01_700k.csv.gz");
const BINANCE_TAPE = join(DATA, "binance_BTC_perp_trades_2024-08-08.csv.gz");

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tape-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function tape(name: string, lines: readonly string[]): string {
  const file = join(folder, `${name}.csv.gz`);
  writeFileSync(file, gzipSync(`${lines.join("\n")}\n`));
  return file;
}

function row(
  index: number,
  fields: Partial<Record<"symbol" | "price" | "qty" | "side" | "time", string>> = {},
): string {
  const time = fields.time ?? String(START_MS + index * 400);
  const price = fields.price ?? (61_800 + (index % 7) * 0.1).toFixed(2);
  const qty = fields.qty ?? (0.001 * (1 + ((index * 7) % 50))).toFixed(3);
  const side = fields.side ?? (index % 3 === 0 ? "sell" : "buy");
  return `${5_000_000_000 + index},${time},${time},1,${fields.symbol ?? "BTCUSDT"},${price},${qty},${side},MARKET`;
}

function rows(count: number): string[] {
  return [BINANCE_HEADER, ...Array.from({ length: count }, (_, index) => row(index))];
}

async function source(options: Partial<TapeOptions> & Pick<TapeOptions, "files">, after?: number): Promise<TapeSource> {
  const made = new TapeSource({ market, seed: 7, accounts: 40, rowsPerStep: 16, ...options });
  const position = { topic: made.name, partition: 0, leaderEpoch: 0, lastOffset: after ?? 0 };
  await made.open(after === undefined ? [] : [position]);
  return made;
}

async function drain(from: TapeSource, book?: PositionBook): Promise<SourceBatch[]> {
  const batches: SourceBatch[] = [];
  for (let batch = await from.pull(1); batch !== undefined; batch = await from.pull(1)) {
    book?.apply(batch);
    batches.push(batch);
  }
  await from.close();
  return batches;
}

function inputsOf(batches: readonly SourceBatch[]): VenueInput[] {
  return batches.flatMap((batch) => batch.inputs.map(({ input }) => input));
}

function fillsOf(batches: readonly SourceBatch[]): Fill[] {
  return inputsOf(batches).flatMap((input) => (input.kind === "fill" ? [input.fill] : []));
}

function unreadableOf(batches: readonly SourceBatch[]): Extract<VenueInput, { kind: "unreadable" }>[] {
  return inputsOf(batches).flatMap((input) => (input.kind === "unreadable" ? [input] : []));
}

function eventsOf(batches: readonly SourceBatch[], $case: string): { instrument: string; eventTimeUs: bigint }[] {
  return inputsOf(batches).flatMap((input) => {
    return input.kind === "market" && input.event.event?.$case === $case ? [input.event] : [];
  });
}

describe("TapeSource", () => {
  it("makes two fills of each row, with the tape's price, size, side, time and id", async () => {
    const file = tape("plain", [BINANCE_HEADER, row(0, { price: "61800.30", qty: "0.125", side: "sell" })]);
    const [taker, maker, ...more] = fillsOf(await drain(await source({ files: [file] })));
    expect(more).toEqual([]);
    const shared = {
      venue: "binance",
      tradeId: "BTCUSDT:5000000000",
      instrument: "BTCUSDT",
      price: 618_003n,
      quantity: 125n,
      liquidation: false,
      eventTimeUs: BigInt(START_MS) * 1000n,
    };
    expect(taker).toMatchObject({ ...shared, side: Side.SELL, liquidity: Liquidity.TAKER });
    expect(maker).toMatchObject({ ...shared, side: Side.BUY, liquidity: Liquidity.MAKER });
    expect(taker?.account).not.toBe(maker?.account);
  });

  it("reads the BitMEX form, whose trade id is its sequence", async () => {
    const file = tape("bitmex", [BITMEX_HEADER, "17,1514764802610,XBTUSD,13873.0,3000,buy"]);
    const fills = fillsOf(await drain(await source({ files: [file], market: bitmexMarket })));
    expect(fills).toMatchObject([
      { venue: "bitmex", tradeId: "17", price: 138_730n, quantity: 3_000n, side: Side.BUY },
      { venue: "bitmex", tradeId: "17", price: 138_730n, quantity: 3_000n, side: Side.SELL },
    ]);
  });

  it("opens every account before the first row, one step a batch, offsets without gap", async () => {
    const batches = await drain(await source({ files: [tape("openings", rows(100))], accounts: 100 }));
    expect(batches.map(({ spans }) => [spans[0]?.firstOffset, spans[0]?.lastOffset])).toEqual(
      batches.map((_, step) => [step, step]),
    );
    expect(batches.length).toBe(Math.ceil(102 / 64) + Math.ceil(100 / 16));
    const opened = new Set<string>();
    for (const input of inputsOf(batches)) {
      if (input.kind === "account" && input.command.command?.$case === "openAccount") opened.add(input.command.account);
      if (input.kind === "fill") expect(opened).toContain(input.fill.account);
    }
    expect(opened.size).toBe(102);
    const insurance = inputsOf(batches).filter((input) => {
      return input.kind === "account" && input.command.account === "venue:insurance";
    });
    expect(insurance).toHaveLength(1);
  });

  it("keeps trade identities distinct and sums at zero", async () => {
    const batches = await drain(await source({ files: [tape("identities", rows(500))] }));
    const fills = fillsOf(batches);
    expect(new Set(fills.map((fill) => `${fill.tradeId} ${fill.account}`)).size).toBe(fills.length);
    const book = new PositionBook(10n ** 15n);
    for (const batch of batches) book.apply(batch);
    expect([...book.sums()]).toEqual([["BTCUSDT", 0n]]);
  });

  it("marks at most once in the interval, only when the price changed, and pays funding at 00:00 UTC", async () => {
    const batches = await drain(await source({ files: [tape("marks", rows(500))], markIntervalMs: 2_000 }));
    const marks = eventsOf(batches, "markPrice");
    expect(marks.length).toBeGreaterThan(50);
    for (const [index, mark] of marks.entries()) {
      const before = marks[index - 1];
      if (before !== undefined) expect(mark.eventTimeUs - before.eventTimeUs).toBeGreaterThanOrEqual(2_000_000n);
    }
    expect(eventsOf(batches, "funding")).toMatchObject([
      { instrument: "BTCUSDT", eventTimeUs: BigInt(Date.UTC(2024, 7, 9)) * 1000n },
    ]);
  });

  it("goes on from any step exactly as if it had never stopped", async () => {
    const file = tape("resume", rows(400));
    const whole = await drain(await source({ files: [file] }));
    for (let step = 0; step < whole.length; step += 1) {
      expect(await drain(await source({ files: [file] }, step))).toEqual(whole.slice(step + 1));
    }
  });

  it("goes on exactly with feedback too, when the engine stands where it stood", async () => {
    const file = tape("resume-feedback", rows(600));
    const book = new PositionBook(60n);
    const whole = await drain(await source({ files: [file], feedback: book }), book);
    expect(book.liquidationFills).toBeGreaterThan(10);
    for (const step of [0, 5, 17, 30]) {
      const again = new PositionBook(60n);
      for (const batch of whole.slice(0, step + 1)) again.apply(batch);
      expect(await drain(await source({ files: [file], feedback: again }, step), again)).toEqual(whole.slice(step + 1));
    }
  });

  it("draws other accounts for another seed", async () => {
    const file = tape("seed", rows(64));
    const names = async (seed: number) =>
      fillsOf(await drain(await source({ files: [file], seed }))).map((f) => f.account);
    expect(await names(1)).toEqual(await names(1));
    expect(await names(1)).not.toEqual(await names(2));
  });

  it("liquidates on the tape's own trades: never beyond the position, sizes and prices unchanged", async () => {
    const file = tape("liquidations", rows(2_000));
    const book = new PositionBook(60n);
    const batches = await drain(await source({ files: [file], feedback: book }), book);
    expect(book.overshoots).toEqual([]);
    expect(book.liquidationFills).toBeGreaterThan(50);
    expect([...book.sums()]).toEqual([["BTCUSDT", 0n]]);

    const fills = fillsOf(batches);
    const split = fills.filter((fill) => fill.tradeId.includes("/"));
    expect(split.length).toBeGreaterThan(0);
    expect(new Set(fills.map((fill) => `${fill.tradeId} ${fill.account}`)).size).toBe(fills.length);
    const plain = fillsOf(await drain(await source({ files: [file] })));
    const totals = (side: readonly Fill[]) => {
      const sums = new Map<string, bigint>();
      for (const { tradeId, quantity, price, side: bought, liquidity } of side) {
        const key = `${tradeId.replace(/\/\d+$/, "")} ${price} ${bought} ${liquidity}`;
        sums.set(key, (sums.get(key) ?? 0n) + quantity);
      }
      return sums;
    };
    expect(totals(fills)).toEqual(totals(plain));
    for (const fill of fills.filter((each) => each.liquidation)) expect(fill.liquidity).toBe(Liquidity.TAKER);
  });

  it("INP-006: keeps the bytes of each row that it cannot read, and goes on", async () => {
    const bad: [string, RefusalReason][] = [
      [row(1, { price: "NaN" }), RefusalReason.NOT_A_NUMBER],
      [row(2, { price: "Infinity" }), RefusalReason.NOT_A_NUMBER],
      [row(3, { price: "" }), RefusalReason.NOT_A_NUMBER],
      [row(4, { price: "1e5" }), RefusalReason.NOT_A_NUMBER],
      [row(5, { qty: "-NaN" }), RefusalReason.NOT_A_NUMBER],
      [row(6, { price: "-61800.0" }), RefusalReason.PRICE_NOT_POSITIVE],
      [row(7, { price: "0" }), RefusalReason.PRICE_NOT_POSITIVE],
      [row(8, { qty: "0.000" }), RefusalReason.QUANTITY_NOT_POSITIVE],
      [row(9, { price: "61800.05" }), RefusalReason.PRICE_OFF_TICK],
      [row(10, { qty: "0.0001" }), RefusalReason.QUANTITY_OFF_LOT],
      [row(11, { price: "9".repeat(30) }), RefusalReason.PRICE_LIMIT],
      [row(12, { side: "hold" }), RefusalReason.UNDECODABLE],
      [row(13, { time: "yesterday" }), RefusalReason.UNDECODABLE],
      [row(14, { time: "99999999999999" }), RefusalReason.TIME_RANGE],
      [row(15, { symbol: "DOGEUSDT" }), RefusalReason.INSTRUMENT_UNKNOWN],
      [row(16).slice(0, 30), RefusalReason.UNDECODABLE],
      ["", RefusalReason.UNDECODABLE],
      ["\u00ff\u00fe\u0000garbage", RefusalReason.UNDECODABLE],
    ];
    const file = join(folder, "bad.csv.gz");
    const text = [BINANCE_HEADER, row(0), ...bad.map(([line]) => line), row(99)].join("\n");
    writeFileSync(file, gzipSync(Buffer.from(text, "latin1")));
    const batches = await drain(await source({ files: [file] }));
    expect(unreadableOf(batches).map(({ reason }) => reason)).toEqual(bad.map(([, reason]) => reason));
    expect(unreadableOf(batches).map(({ record }) => Buffer.from(record).toString("latin1"))).toEqual(
      bad.map(([line]) => line),
    );
    for (const { detail } of unreadableOf(batches)) expect(detail).not.toBe("");
    expect(fillsOf(batches)).toHaveLength(4);
  });

  it("reads rows that end in CR LF and a last row without an end", async () => {
    const file = join(folder, "crlf.csv.gz");
    writeFileSync(file, gzipSync([BINANCE_HEADER, row(0), row(1)].join("\r\n")));
    expect(fillsOf(await drain(await source({ files: [file] })))).toHaveLength(4);
  });

  it("merges tapes by time", async () => {
    const all = rows(300).slice(1);
    const odd = tape("odd", [BINANCE_HEADER, ...all.filter((_, index) => index % 2 === 1)]);
    const even = tape("even", [BINANCE_HEADER, ...all.filter((_, index) => index % 2 === 0)]);
    const merged = await drain(await source({ files: [odd, even] }));
    const whole = await drain(await source({ files: [tape("all", [BINANCE_HEADER, ...all])] }));
    expect(merged[0]?.spans[0]?.topic).toBe("tape:odd.csv.gz+even.csv.gz");
    expect(fillsOf(merged)).toEqual(fillsOf(whole));
  });

  it("says what is wrong with a tape that it cannot use", async () => {
    const open = (files: readonly string[], after?: number) => source({ files }, after);
    const plain = join(folder, "plain.csv");
    writeFileSync(plain, rows(3).join("\n"));
    const short = join(folder, "short.csv.gz");
    const packed = gzipSync(rows(3_000).join("\n"));
    writeFileSync(short, packed.subarray(0, packed.length - 1_000));

    await expect(open([join(folder, "none.csv.gz")])).rejects.toThrow(/none\.csv\.gz: cannot be read/);
    await expect(open([plain])).rejects.toThrow(/plain\.csv: cannot be read as gzip/);
    await expect(open([short])).rejects.toThrow(/short\.csv\.gz: cannot be read as gzip: unexpected end/);
    await expect(open([tape("header", ["a,b", "1,2"])])).rejects.toThrow(/:1: no known tape has the header "a,b"/);
    await expect(open([tape("empty", [])])).rejects.toThrow(/no known tape has the header ""/);
    await expect(open([tape("foreign", [BITMEX_HEADER, "1,1514764802610,ETHUSD,1.0,1,buy"])])).rejects.toThrow(
      /market binance-2024-08 lists no instrument of it; the tape holds ETHUSD/,
    );
    await expect(open([tape("shorter", rows(10))], 99)).rejects.toThrow(
      /journal holds 100 steps of it, but it has only 2/,
    );
  });

  it("ends at the end, also when opened there", async () => {
    const file = tape("end", rows(32));
    const batches = await drain(await source({ files: [file] }));
    const ended = await source({ files: [file] }, batches.length - 1);
    expect(await ended.pull(1)).toBeUndefined();
    expect(await ended.pull(1)).toBeUndefined();
  });

  it("refuses options that make no sense", () => {
    const make = (options: Partial<TapeOptions>) => () => new TapeSource({ files: ["x"], market, seed: 1, ...options });
    expect(make({ files: [] })).toThrow(/at least one tape/);
    expect(make({ rowsPerStep: 0 })).toThrow(/rowsPerStep 0/);
    expect(make({ markIntervalMs: 0 })).toThrow(/markIntervalMs 0/);
    expect(make({ accounts: 1 })).toThrow(/accounts 1/);
    expect(make({ seed: -1 })).toThrow(/seed -1/);
  });
});

const missing = existsSync(BITMEX_TAPE) && existsSync(BINANCE_TAPE) ? "" : ` (skipped: ${DATA} is not there)`;

describe.skipIf(missing !== "")(`TapeSource on the recorded tapes${missing}`, () => {
  it("turns all 26,548 Binance rows into fills that add up to the tape's volume", async () => {
    const batches = await drain(await source({ files: [BINANCE_TAPE], accounts: 1_000, rowsPerStep: 256 }));
    const fills = fillsOf(batches);
    expect(unreadableOf(batches)).toEqual([]);
    expect(fills).toHaveLength(2 * 26_548);
    const bought = new Map<string, bigint>();
    for (const { instrument, quantity, side } of fills) {
      if (side === Side.BUY) bought.set(instrument, (bought.get(instrument) ?? 0n) + quantity);
    }
    expect(Object.fromEntries(bought)).toEqual({ BTCUSDT: 2_429_366n, BTCUSD_PERP: 182_183n });
    expect(eventsOf(batches, "funding").map(({ instrument }) => instrument)).toEqual(["BTCUSDT", "BTCUSD_PERP"]);
  });

  it("reads the first 20,000 BitMEX rows, and all of them when it surveys", async () => {
    const made = await source({ files: [BITMEX_TAPE], market: bitmexMarket, accounts: 1_000, rowsPerStep: 1_000 });
    expect(made.expectedInputs).toBe(1_400_000 + 1 + 3 * 1_002);
    const batches: SourceBatch[] = [];
    while (fillsOf(batches).length < 40_000) batches.push((await made.pull(1)) as SourceBatch);
    await made.close();
    const lines = gunzipSync(readFileSync(BITMEX_TAPE)).subarray(0, 4_000_000).toString().split("\n").slice(1, 20_001);
    const volume = lines.reduce((sum, line) => sum + BigInt(line.split(",")[4] ?? ""), 0n);
    expect(fillsOf(batches).reduce((sum, { quantity }) => sum + quantity, 0n)).toBe(2n * volume);
  });
});
