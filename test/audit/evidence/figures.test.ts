// Every row of an account that a replay derives, broken figure by figure: the check must turn red and name it. From the golden
// history, which holds every kind.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { checkEvidence } from "../../../services/audit/evidence/checkEvidence.ts";
import type { EvidenceFile, EvidenceRow } from "../../../services/audit/evidence/evidenceFile.ts";
import { exportEvidence } from "../../../services/audit/evidence/exportEvidence.ts";
import { CONSEQUENCES, OUTCOMES } from "../../../services/audit/verify/rowFigures.ts";
import { EVENT_KINDS, FIRST_DERIVED_KIND } from "../../../services/engine/eventKinds.ts";
import { SnapshotStore } from "../../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../../services/journal/sqliteJournal.ts";
import { writeGoldenJournal } from "../goldenJournal.ts";

const ACCOUNTS = ["isolated", "crossed", "portfolio", "standard", "seller", "thin", "maker"] as const;
/** Rows of no account: how many accounts a regime judges, and the end of a venue's override, are not one account's to show. */
const OF_NO_ACCOUNT = new Set([75]);

const folder = mkdtempSync(join(tmpdir(), "plimsoll-figures-"));
const snapshots = new SnapshotStore(join(folder, "none"));
let files: EvidenceFile[];
/** A file that ends late and claims little: all but its last rows lie before `from`. */
let late: EvidenceFile;

beforeAll(async () => {
  const { path } = await writeGoldenJournal(folder, "test");
  const journal = SqliteJournal.openToRead(path);
  files = [];
  for (const account of ACCOUNTS) files.push(await exportEvidence(journal, { shard: "golden", account, snapshots }));
  const from = files[0]!.claims.at(-1)!.position;
  late = await exportEvidence(journal, { shard: "golden", account: ACCOUNTS[0], from, snapshots });
  await journal.close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Value = Record<string, unknown>;

function changed(value: Value, name: string): void {
  const before = value[name];
  value[name] =
    typeof before === "boolean" ? !before : typeof before === "number" ? before + 1 : (before as bigint) + 1n;
}

/** What a check says of the first file that has such a row, with one figure of that row changed. */
async function saidOf(
  kind: number,
  change: (value: Value) => void,
  among: readonly EvidenceFile[] = files,
): Promise<{ what: string; detail: string }[]> {
  const ownIndex = (file: EvidenceFile) =>
    file.rows.findIndex(
      (row) => row.kind === kind && (row.account === file.accountNumber || kind === 41 || kind === 42),
    );
  const file = among.find((each) => ownIndex(each) >= 0)!;
  const at = ownIndex(file);
  const event = JournalEvent.decode(Buffer.from(file.rows[at]!.payload, "base64"));
  change(event.body!.value as unknown as Value);
  const payload = Buffer.from(JournalEvent.encode(event).finish()).toString("base64");
  const rows: readonly EvidenceRow[] = file.rows.with(at, { ...file.rows[at]!, payload });
  const { findings } = await checkEvidence({ ...file, rows });
  return findings.filter(({ holds }) => !holds);
}

test("the table of what follows has every derived kind", () => {
  const derived = Object.entries(EVENT_KINDS).filter(([, kind]) => kind >= FIRST_DERIVED_KIND);
  expect([...CONSEQUENCES].map(([kind, { event }]) => [event, kind])).toEqual(derived);
  for (const [kind, { event }] of OUTCOMES) expect(EVENT_KINDS[event as keyof typeof EVENT_KINDS]).toBe(kind);
});

const derivedFigures = [...CONSEQUENCES]
  .filter(([kind]) => !OF_NO_ACCOUNT.has(kind))
  .flatMap(([kind, { event, figures }]) => figures.map(([name]) => ({ kind, event, name })));

test.each(derivedFigures)("$event: another $name", async ({ kind, event, name }) => {
  const found = await saidOf(kind, (value) => changed(value, name));
  const replay = found.find(({ what }) => what === "replay");
  expect(replay?.detail).toMatch(new RegExp(`^event \\d+: after event \\d+ the record says ${event}\\(.*${name} `));
});

/** Sums over everybody; and the price of a settlement is told, save an option's: the chain holds it. */
const NOT_ITS_OWN = new Set(["41 positions", "41 rounding", "42 positions", "42 rounding", "42 price"]);
const broughtFigures = [...OUTCOMES]
  .filter(([kind]) => kind !== 60)
  .flatMap(([kind, { event, figures }]) => figures.map(([name]) => ({ kind, event, name })))
  .filter(({ kind, name }) => !NOT_ITS_OWN.has(`${kind} ${name}`));

test.each(broughtFigures)("what an input brought, $event: another $name", async ({ kind, event, name }) => {
  const found = await saidOf(kind, (value) => changed(value, name));
  const replay = found.find(({ what }) => what === "replay");
  expect(replay?.detail).toMatch(new RegExp(`^event \\d+: the record says ${event}\\(.*${name} `));
});

test.each([26, 27])("the figures that an order of kind %d was accepted by", async (kind) => {
  const found = await saidOf(kind, (value) => changed(value["figures"] as Value, "freeCollateralAfter"));
  expect(found.find(({ what }) => what === "replay")?.detail).toMatch(/hold\w+\(\)\(.*freeCollateralAfter/);
});

test.each([70, 72, 73, 74])("rows before the stretch that is claimed are compared as well: kind %d", async (kind) => {
  const first = late.rows.find((row) => row.kind === kind && row.account === late.accountNumber);
  expect(first!.position).toBeLessThan(late.from);
  expect((await checkEvidence(late)).holds).toBe(true);
  const [name] = CONSEQUENCES.get(kind)!.figures[0]!;
  const found = await saidOf(kind, (value) => changed(value, name), [late]);
  // They stand in no batch of the file: nothing but the replay can tell.
  expect(found.map(({ what }) => what)).toEqual(["replay"]);
});

test("a row that follows from nothing, and one that is missing", async () => {
  const [file] = files;
  const at = file!.rows.findIndex(({ kind, account }) => kind === 72 && account === file!.accountNumber);
  const twice = await checkEvidence({ ...file!, rows: file!.rows.toSpliced(at, 0, file!.rows[at]!) });
  expect(twice.findings.find(({ what }) => what === "replay")?.detail).toMatch(/the kernel says nothing$/);
  const gone = await checkEvidence({ ...file!, rows: file!.rows.toSpliced(at, 1) });
  expect(gone.findings.find(({ what }) => what === "replay")?.detail).toMatch(/the kernel says marginStateChanged/);
});
