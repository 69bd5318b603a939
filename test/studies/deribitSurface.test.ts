import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifyJournal } from "../../services/audit/verify/verify.ts";
import { accountBook } from "../../services/engine/accountBook.ts";
import type { Engine } from "../../services/engine/engine.ts";
import { evaluateBook } from "../../services/evaluate/evaluateBook.ts";
import { loadRegime } from "../../services/regimes/loadRegime.ts";
import { accountName } from "../../studies/deribitSurface/accounts.ts";
import { checkBlack76 } from "../../studies/deribitSurface/black76.ts";
import { drawBooks, isOptionQuote } from "../../studies/deribitSurface/books.ts";
import { marketInputs, nearest } from "../../studies/deribitSurface/marketInputs.ts";
import { plotOf } from "../../studies/deribitSurface/plot.ts";
import { expiryInName, FILES, readSurface } from "../../studies/deribitSurface/readSnapshots.ts";
import { STUDIED_REGIMES } from "../../studies/deribitSurface/regimes.ts";
import type { Snapshot } from "../../studies/deribitSurface/snapshot.ts";
import { fundedBooks, runStudy, type Study } from "../../studies/deribitSurface/study.ts";
import { SurfaceDataError, tableOf } from "../../studies/deribitSurface/table.ts";
import { chainText, MOMENTS, madeUpSnapshots, snapshotsOfText } from "./madeUpChain.ts";

const SEED = 11;

describe("reading the chains", () => {
  test("one snapshot for each moment, numbers in whole units", () => {
    const snapshots = madeUpSnapshots();
    expect(snapshots.map(({ id }) => id)).toEqual(["run-0", "run-1", "run-2"]);
    const [first] = snapshots;
    expect(first).toMatchObject({ timeUs: 1_769_660_547_228_973n, indexE8: { BTC: 8_800_000_000_000n } });
    expect(first!.futures[0]).toEqual({ name: "BTC-PERPETUAL", coin: "BTC", expiryUs: 0n, markE2: 8_800_000n });
    expect(first!.options.find(({ name }) => name === "BTC-27FEB26-88000-C")).toMatchObject({
      coin: "BTC",
      call: true,
      strike: 88_000n,
      expiryUs: 1_772_179_200_000_000n,
      volatilityE9: 600_000_000n,
      forwardE8: 8_817_600_000_000n,
    });
  });

  test("the shortest text of small marks is read too", () => {
    const text = chainText(MOMENTS.slice(0, 1));
    const [header, first, ...rest] = text.options.split("\n");
    const small = first!.split(",").with(7, "1.1e-06").join(",");
    const [snapshot] = snapshotsOfText({ ...text, options: [header, small, ...rest].join("\n") });
    expect(snapshot!.options[0]!.markE8).toBe(110n);
  });

  test("a name says when a future ends, at 08:00 UTC", () => {
    expect(expiryInName("BTC-6FEB26")).toBe(BigInt(Date.parse("2026-02-06T08:00Z")) * 1000n);
    expect(expiryInName("ETH-PERPETUAL")).toBe(0n);
  });

  test.each([
    [3, "BTC-X", undefined],
    [4, "X", 'options snapshot run-0 BTC-31JAN26-52800-C type: "X" must be C or P'],
    [7, "", 'options snapshot run-0 BTC-31JAN26-52800-C mark: "" must be a number'],
    [8, "0", 'options snapshot run-0 BTC-31JAN26-52800-C mark_iv: "0" must be above 0'],
    [6, "soon", 'options snapshot run-0 BTC-31JAN26-52800-C expiry_utc: "soon" must be a time in UTC'],
    [2, "SOL", 'options snapshot run-0 BTC-31JAN26-52800-C currency: "SOL" must be BTC or ETH'],
  ])("column %i as %j", (column, value, message) => {
    const text = chainText(MOMENTS.slice(0, 1));
    const [header, first, ...rest] = text.options.split("\n");
    const options = [header, first!.split(",").with(column, value).join(","), ...rest].join("\n");
    const read = () => snapshotsOfText({ ...text, options });
    if (message === undefined) expect(read).not.toThrow();
    else expect(read).toThrow(new SurfaceDataError(message));
  });

  test("a missing column and a short row are refused by name", () => {
    expect(() => tableOf("a,b\n1,2", "file.csv", ["a", "c"])).toThrow("file.csv: column c is missing");
    expect(() => tableOf("a,b\n1", "file.csv", ["a"])).toThrow("file.csv row 2: 1 fields, the header has 2");
  });
});

describe("what goes in", () => {
  test("an expiry is settled before the next snapshot, at the index nearest in time; each instrument is listed once", () => {
    const snapshots = madeUpSnapshots();
    const [, second = []] = marketInputs(snapshots);
    const events = second.flatMap((input) => (input.kind === "market" ? [input.event] : []));
    const settled = events.filter(({ event }) => event?.$case === "settlement");
    expect(settled.length).toBe(2 * (11 * 2 + 1));
    expect(events.slice(0, settled.length)).toEqual(settled);
    expect(settled.find(({ instrument }) => instrument === "BTC-31JAN26")).toMatchObject({
      eventTimeUs: 1_769_846_400_000_000n,
      event: { value: { price: 8_300_000n } },
    });
    expect(settled.find(({ instrument }) => instrument.endsWith("-C"))!.event!.value).toEqual({
      price: 0n,
      underlyingPriceE8: 8_300_000_000_000n,
    });
    expect(nearest(snapshots, 1_769_846_400_000_000n).id).toBe("run-1");
    const listings = marketInputs(snapshots)
      .flat()
      .flatMap((input) =>
        input.kind === "market" && input.event.event?.$case === "listing" ? [input.event.instrument] : [],
      );
    expect(new Set(listings).size).toBe(listings.length);
  });

  test("a seed draws the same books, another one others; all are traded in whole lots at a mark above nothing", () => {
    const [snapshot] = madeUpSnapshots();
    const books = drawBooks(snapshot!, 200, SEED);
    expect(drawBooks(snapshot!, 200, SEED)).toEqual(books);
    expect(drawBooks(snapshot!, 200, SEED + 1)).not.toEqual(books);
    for (const { legs, cushion } of books) {
      expect(cushion).toBeGreaterThanOrEqual(1.2);
      expect(cushion).toBeLessThan(3.000001);
      for (const { quote, quantity } of legs) {
        if (!isOptionQuote(quote)) continue;
        expect(quote.markE8).toBeGreaterThan(0n);
        expect(quantity % (quote.coin === "BTC" ? 1n : 10n)).toBe(0n);
      }
    }
    expect(new Set(books.flatMap(({ styles }) => styles)).size).toBe(24);
  });
});

/** Figures of a live account in units of the currency, and those of its book when it is margined elsewhere. */
function figuresOf({ shard: { reader, names } }: Engine, account: number, regime: string) {
  const live = reader
    .account(account)
    .pools.filter(({ basis }) => basis === 1)
    .map(({ currency, equity, initialMargin, maintenanceMargin }) => ({
      currency: names.currencies[currency]!.name,
      figures: [equity, initialMargin, maintenanceMargin],
    }));
  const book = accountBook(reader, names, account);
  // To the microsecond: an option's life is part of its price.
  expect(Number(book.time.slice(-7, -1))).toBe(Number(reader.eventTimeUs % 1_000_000n));
  const { main } = evaluateBook(loadRegime(regime), book);
  const given = main.verdicts.map(({ currency, equity, initial, maintenance }) => {
    const unit = 10n ** BigInt(18 - names.currencies.find(({ name }) => name === currency)!.scale);
    const down = (x: bigint) => (x - (((x % unit) + unit) % unit)) / unit;
    return { currency, figures: [down(equity!), -down(-initial!), -down(-maintenance!)] };
  });
  return { live, given };
}

const stateOf = ({ live }: Study) => live.censuses.map(({ regimes }) => regimes);

function holdsThePromises(snapshots: readonly Snapshot[], count: number): void {
  test("every account starts healthy, none is ever without a margin, nothing is refused", async () => {
    const { live } = await runStudy({ snapshots, books: count, seed: SEED });
    expect(live.refusals).toEqual({});
    for (const { healthy } of live.censuses[0]!.regimes) expect(healthy).toBe(count);
    for (const census of live.censuses) {
      expect(census.styles.reduce((sum, { books }) => sum + books, 0)).toBeLessThanOrEqual(count);
      for (const { healthy, called, liquidating, bankrupt, unknown, initialUsd, maintenanceUsd } of census.regimes) {
        expect(unknown).toBe(0);
        expect(healthy + called + liquidating + bankrupt).toBe(count);
        expect(initialUsd).toBeGreaterThan(maintenanceUsd);
        expect(maintenanceUsd).toBeGreaterThan(0);
      }
    }
    expect(live.censuses.length).toBe(snapshots.length);
    expect(plotOf(live.censuses)).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  test("every trade has two sides: a second kernel comes to the same bits, and no money is lost", async () => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-study-"));
    try {
      const { live } = await runStudy({ snapshots, books: Math.min(count, 8), seed: SEED, folder });
      const report = await verifyJournal({
        journal: join(folder, "deribit-surface.sqlite"),
        snapshots: join(folder, "deribit-surface-snapshots"),
      });
      expect(report.stateHash).toBe(live.stateHash);
      expect(report.snapshots).toBe(1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("the same seed comes to the same state", async () => {
    const run = (seed: number) => runStudy({ snapshots, books: Math.min(count, 8), seed });
    const [first, again, other] = [await run(SEED), await run(SEED), await run(SEED + 1)];
    expect(again.live.stateHash).toBe(first.live.stateHash);
    expect(stateOf(again)).toEqual(stateOf(first));
    expect(other.live.stateHash).not.toBe(first.live.stateHash);
  });

  test("live figures are those of the account's book, to the unit", async () => {
    const books = fundedBooks(snapshots[0]!, count, SEED);
    let compared = 0;
    const atEnd = (engine: Engine): void => {
      for (const { book } of books.filter((_, at) => at % 2 === 0)) {
        for (const regime of STUDIED_REGIMES) {
          const account = engine.names.account(accountName(book, regime))!;
          const { live, given } = figuresOf(engine, account, regime.id);
          expect(live, `${book.name} ${book.styles.join(", ")} under ${regime.id}`).toEqual(given);
          compared++;
        }
      }
    };
    await runStudy({ snapshots, books: count, seed: SEED, atEnd });
    expect(compared).toBe(Math.ceil(count / 2) * STUDIED_REGIMES.length);
  });
}

describe("a made-up chain", () => {
  holdsThePromises(madeUpSnapshots(), 12);

  test("a crash of a quarter calls and liquidates", async () => {
    const { live } = await runStudy({ snapshots: madeUpSnapshots(), books: 40, seed: SEED });
    const [first, , last] = live.censuses;
    for (const [at, { liquidating, bankrupt }] of last!.regimes.entries()) {
      expect(first!.regimes[at]!.liquidating).toBe(0);
      expect(liquidating + bankrupt).toBeGreaterThan(0);
    }
  });

  test("Black-76 gives back marks that were made by it, to their last digit", () => {
    const { all, atImpliedForwards } = checkBlack76(madeUpSnapshots());
    expect(all.options).toBe(2 * 22 * (3 + 2 + 2));
    expect(all.largest).toBeLessThan(0.6e-8);
    expect(all.withinRounding).toBe(1);
    expect(atImpliedForwards.options).toBe(all.options);
    expect(atImpliedForwards.largest).toBeLessThan(3e-8);
  });

  test("a forward of another moment shows, and the one that call and put imply does not have it", () => {
    const late = madeUpSnapshots().map((snapshot) => ({
      ...snapshot,
      options: snapshot.options.map((option) => ({ ...option, forwardE8: (option.forwardE8 * 1001n) / 1000n })),
    }));
    const { all, atImpliedForwards } = checkBlack76(late);
    expect(all.median).toBeGreaterThan(1e-5);
    expect(atImpliedForwards.largest).toBeLessThan(3e-8);
  });
});

const DATA = join(import.meta.dirname, "../../../shared/data");
const missing = Object.values(FILES).every((file) => existsSync(join(DATA, file))) ? "" : ` (skipped: not in ${DATA})`;

describe.skipIf(missing !== "")(`the chains of 2026-01-29 to 2026-02-08${missing}`, () => {
  const snapshots = missing === "" ? readSurface(DATA) : [];
  if (missing === "") holdsThePromises(snapshots.slice(0, 3), 20);

  test("Black-76 gives back the published marks: median error below 1e-5 coin", () => {
    const { all, atImpliedForwards } = checkBlack76(snapshots);
    expect(snapshots.length).toBe(43);
    expect(all.options).toBe(69_520);
    expect(all.median).toBeLessThan(1e-5);
    expect(all.ninetyNinth).toBeLessThan(1e-3);
    expect(atImpliedForwards.median).toBeLessThan(1.5e-6);
    expect(atImpliedForwards.ninetyNinth).toBeLessThan(3e-5);
  });
});
