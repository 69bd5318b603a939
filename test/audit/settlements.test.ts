// What a settlement is fed with when it is derived again, and what of its row must come out. The price of an option follows from
// that of its underlying (MAR-028), that of a future is told.

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type InstrumentSettled, JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { type Input, Machine } from "../../services/audit/verify/machine.ts";
import { verifyJournal } from "../../services/audit/verify/verify.ts";
import type { JournalBatch, JournalRow } from "../../services/journal/journal.ts";
import { GOLDEN_MARKET } from "./goldenHistory.ts";
import { writeGoldenJournal } from "./goldenJournal.ts";
import { batchesOf, writeBatches } from "./tampering.ts";

const SETTLED = 42;
const [OPTION, FUTURE] = ["BTC-70000-C", "BTC-FUT"].map((name) =>
  GOLDEN_MARKET.instruments.findIndex((instrument) => instrument.name === name),
);
/** Both end with the underlying at 77,000: the future's price is told in cents. */
const UNDERLYING_E8 = 7_700_000_000_000n;
const FUTURE_PRICE = 7_700_000n;

const folder = mkdtempSync(join(tmpdir(), "plimsoll-settlements-"));
let path: string;
let batches: JournalBatch[];

beforeAll(async () => {
  ({ path } = await writeGoldenJournal(folder, "test"));
  batches = await batchesOf(path);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const verify = (journal: string) => verifyJournal({ journal, snapshots: join(folder, "none") });

function rowOf(instrument: number): JournalRow {
  return batches.flatMap(({ rows }) => rows).find((row) => row.kind === SETTLED && row.instrument === instrument)!;
}

test("an option is fed with the price of its underlying and not with the answer, a future with its price", async () => {
  const apply = vi.spyOn(Machine.prototype, "apply");
  await verify(path);
  const fed = apply.mock.calls.map(([input]: readonly [Input]) => input).filter(({ kind }) => kind === SETTLED);
  apply.mockRestore();
  const ofOption = fed.filter(({ instrument }) => instrument === OPTION);
  expect(ofOption.map(({ first, second }) => ({ first, second }))).toEqual([{ first: 0n, second: UNDERLYING_E8 }]);
  const ofFuture = fed.filter(({ instrument }) => instrument === FUTURE);
  // Once applied, once refused as told already.
  expect(ofFuture.map(({ first }) => first)).toEqual([FUTURE_PRICE, FUTURE_PRICE]);
});

describe("in a chain that was hashed anew", () => {
  type Change = (value: InstrumentSettled) => Partial<InstrumentSettled>;
  // The told price of a future is an input: what follows from it tells.
  const changes: readonly [string, number, number, Change][] = [
    ["an option at another price", OPTION!, 0, ({ price }) => ({ price: price + 100n })],
    ["a future at another price", FUTURE!, 1, ({ price }) => ({ price: price + 100n })],
    ["an option of another number of positions", OPTION!, 0, ({ positions }) => ({ positions: positions + 1 })],
    ["a future with another rounding", FUTURE!, 0, ({ rounding }) => ({ rounding: rounding + 1n })],
    ["an option by another underlying", OPTION!, 0, () => ({ underlyingPriceE8: UNDERLYING_E8 + 1_000_000_000n })],
  ];
  test.each(changes)("%s is found", async (_, instrument, after, change) => {
    const row = rowOf(instrument);
    const event = JournalEvent.decode(row.payload);
    if (event.body?.$case !== "instrumentSettled") throw new Error("no settlement");
    Object.assign(event.body.value, change(event.body.value));
    expect(await doubtWith(row, event)).toMatchObject({ kind: "derivation", event: row.position + after });
  });
});

/** What is doubted of the journal when this row said that. */
async function doubtWith(row: JournalRow, event: JournalEvent): Promise<unknown> {
  const changed = { ...row, payload: JournalEvent.encode(event).finish() };
  const copy = join(folder, "changed.sqlite");
  copyFileSync(path, copy);
  const rowsOf = (batch: JournalBatch) => batch.rows.map((each) => (each === row ? changed : each));
  writeBatches(
    copy,
    batches.map((batch) => ({ ...batch, rows: rowsOf(batch) })),
    true,
  );
  return verify(copy).then(
    () => undefined,
    (error: unknown) => error,
  );
}
