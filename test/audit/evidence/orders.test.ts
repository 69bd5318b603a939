// Evidence of an account whose life has orders, fills that name them, limits and a stop in it: "maker" of the golden history.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LAYOUT_VERSION } from "../../../assembly/memory/layout.ts";
import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { checkEvidence } from "../../../services/audit/evidence/checkEvidence.ts";
import type { EvidenceFile, EvidenceRow } from "../../../services/audit/evidence/evidenceFile.ts";
import { exportEvidence } from "../../../services/audit/evidence/exportEvidence.ts";
import { SnapshotStore } from "../../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../../services/journal/sqliteJournal.ts";
import { writeGoldenJournal } from "../goldenJournal.ts";

const folder = mkdtempSync(join(tmpdir(), "plimsoll-orders-"));
let path: string;
let file: EvidenceFile;

const evidenceOf = async (account: string): Promise<EvidenceFile> => {
  const journal = SqliteJournal.openToRead(path);
  try {
    return await exportEvidence(journal, {
      shard: "golden",
      account,
      snapshots: new SnapshotStore(join(folder, "none")),
    });
  } finally {
    await journal.close();
  }
};

beforeAll(async () => {
  ({ path } = await writeGoldenJournal(folder, "test"));
  file = await evidenceOf("maker");
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bodyOf = ({ payload }: EvidenceRow) => JournalEvent.decode(Buffer.from(payload, "base64"));

/** What the check says of a file whose rows somebody has changed. */
async function failing(change: (rows: readonly EvidenceRow[]) => readonly EvidenceRow[]) {
  const { findings } = await checkEvidence({ ...file, rows: change(file.rows) });
  return findings.filter(({ holds }) => !holds);
}

function rewritten(kind: number, change: (event: JournalEvent) => void) {
  return (rows: readonly EvidenceRow[]) => {
    const at = rows.findIndex((row) => row.kind === kind);
    const event = bodyOf(rows[at]!);
    change(event);
    return rows.with(at, {
      ...rows[at]!,
      payload: Buffer.from(JournalEvent.encode(event).finish()).toString("base64"),
    });
  };
}

test("orders, their ends and the account's controls replay to the unit", async () => {
  const report = await checkEvidence(file);
  expect(report.findings.filter(({ holds }) => !holds)).toEqual([]);
  const own = new Set(file.rows.filter(({ account }) => account === file.accountNumber).map(({ kind }) => kind));
  // Placed, amended, released, filled; limit, switch, override; expired, used; override over, account stopped.
  expect([...own]).toEqual(expect.arrayContaining([26, 27, 28, 30, 50, 51, 52, 77, 78, 79, 80]));
  expect(new Set(report.course.map(({ label }) => label))).toEqual(
    new Set([
      "opened",
      "deposit",
      "order placed",
      "order amended",
      "order released",
      "fill",
      "limit",
      "switch",
      "override",
    ]),
  );
});

test("what holds for everybody is shown, what names another account is not", async () => {
  const controls = file.rows.filter(({ kind }) => kind >= 50 && kind <= 52);
  expect(controls.some(({ account, instrument }) => account === null && instrument === null)).toBe(true);
  expect(controls.some(({ account, instrument }) => account === null && instrument !== null)).toBe(true);
  const other = await evidenceOf("crossed");
  expect(other.rows.filter(({ kind, account }) => kind >= 50 && kind <= 52 && account !== null)).toEqual([]);
  expect((await checkEvidence(other)).holds).toBe(true);
});

describe("what was bent is named", () => {
  test("an order left out", async () => {
    const found = await failing((rows) =>
      rows.toSpliced(
        rows.findIndex(({ kind }) => kind === 26),
        1,
      ),
    );
    expect(found.map(({ what }) => what)).toEqual(expect.arrayContaining(["history", "replay"]));
  });

  test("what a fill used up of its order", async () => {
    const found = await failing(
      rewritten(78, ({ body }) => {
        if (body?.$case === "holdUsed") body.value.quantityLeft += 1n;
      }),
    );
    expect(found.find(({ what }) => what === "replay")?.detail).toMatch(/after event \d+ the record says/);
  });

  test("an order that a fill names", async () => {
    const found = await failing(
      rewritten(30, ({ body }) => {
        if (body?.$case === "fillApplied") body.value.orderId = "another";
      }),
    );
    expect(found.map(({ what }) => what)).toEqual(expect.arrayContaining(["rows", "replay"]));
  });

  test("the override that let the account go on, left out", async () => {
    const found = await failing((rows) =>
      rows.toSpliced(
        rows.findIndex(({ kind }) => kind === 52),
        1,
      ),
    );
    expect(found.find(({ what }) => what === "replay")?.detail).toMatch(/refuses with reason 84/);
  });
});

test("a kernel whose records this reader does not know is named", async () => {
  const kernel = Buffer.from(file.kernel, "base64");
  const at = kernel.indexOf(Uint8Array.of(4, 0, 0x41, LAYOUT_VERSION, 0x0b));
  kernel[at + 3] = 60;
  const { findings } = await checkEvidence({ ...file, kernel: kernel.toString("base64") });
  expect(findings.find(({ what }) => what === "replay")?.detail).toMatch(
    `records of layout 60, this reader knows layout ${LAYOUT_VERSION}`,
  );
});
