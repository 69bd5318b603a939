import { createHash } from "node:crypto";
import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { digestOfRows, hashRow } from "../../journal/batchHash.ts";
import type { Head, SignedHead } from "../../journal/headText.ts";
import type { Journal, JournalBatch, JournalRow } from "../../journal/journal.ts";
import type { SnapshotStore } from "../../journal/snapshots.ts";
import { currentHead } from "../currentHead.ts";
import { checkEvidence } from "./checkEvidence.ts";
import { EVIDENCE_FORMAT, type EvidenceBatch, type EvidenceFile, type EvidenceRow } from "./evidenceFile.ts";

/** What is asked for. Positions of the journal; left out: from its first event, to the head. */
export interface EvidenceRequest {
  readonly shard: string;
  readonly account: string;
  readonly from?: number;
  readonly to?: number;
  /** Signs the head that the chain leads to. */
  readonly sign?: (head: Head) => SignedHead;
  /** Where the state hash of the head may be known from. */
  readonly snapshots: SnapshotStore;
  readonly progress?: (batch: number, of: number) => void;
}

/** The account or the stretch is not in the journal, or cannot be shown by itself. */
export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
}

const ACCOUNT_OPENED = 20;
/** Rows that need the prices of their instrument: orders placed, fills. */
const TRADES: ReadonlySet<number> = new Set([26, 30]);
const FIRST_CONSEQUENCE = 70;
/** Kinds that set up the market, and index prices: shown whole, they concern everybody. */
const PUBLIC_KINDS: ReadonlySet<number> = new Set([10, 11, 12, 13, 14, 15, 16, 43]);
/** Limits, switches and overrides: those that name no account concern everybody. */
const CONTROL_KINDS: ReadonlySet<number> = new Set([50, 51, 52]);
/** Marks, funding, settlements, and marks that a band held back. */
const PRICE_KINDS: ReadonlySet<number> = new Set([40, 41, 42, 60]);

/**
 * Gathers what shows one account's history by itself. Walks the journal twice; keeps only what goes into the file.
 * @throws EvidenceError when there is no such account or stretch, or when the account's own rows do not give its history again
 */
export async function exportEvidence(journal: Journal, request: EvidenceRequest): Promise<EvidenceFile> {
  const head = await currentHead(journal, request.shard, request.snapshots);
  const subject = await findSubject(journal, request, head.batch);
  // Without a beginning the chain is shown from the first batch on: the market's set-up stands in it as well.
  const from = request.from === undefined ? 1 : Math.max(request.from, subject.birth);
  const asked = Math.min(request.to ?? head.position, head.position);
  const to = await lastConsequence(journal, asked);
  if (from > to) {
    throw new EvidenceError(
      `the stretch ${from} to ${to} is empty: the account was born at ${subject.birth}, the journal ends at ${head.position}`,
    );
  }
  const rows: EvidenceRow[] = [];
  const batches: EvidenceBatch[] = [];
  let kernelHash = "";
  for await (const batch of journal.batches(1)) {
    request.progress?.(batch.batch, head.batch);
    const shown = batch.rows.filter((row) => row.position <= to && concerns(row, subject));
    for (const row of shown) rows.push(rowText(row));
    const last = batch.rows.at(-1)?.position ?? 0;
    if (last >= from) batches.push(batchText(batch, shown.length > 0));
    if ((batch.rows[0]?.position ?? 0) <= to) kernelHash = batch.kernelHash;
    if (batch.batch === head.batch) break;
  }
  const binary = await journal.kernel(kernelHash);
  if (binary === undefined) throw new EvidenceError(`the journal does not hold the kernel ${kernelHash}`);
  const file: EvidenceFile = {
    format: EVIDENCE_FORMAT,
    account: request.account,
    accountNumber: subject.number,
    from,
    to,
    kernelHash: createHash("sha256").update(binary).digest("hex"),
    kernel: Buffer.from(binary).toString("base64"),
    rows,
    batches,
    head: request.sign?.(head) ?? head,
    claims: [],
  };
  const { findings, course } = await checkEvidence(file);
  const wrong = findings.find(({ what, holds }) => !holds && what !== "claims");
  if (wrong !== undefined) {
    throw new EvidenceError(
      `the account's own events do not show its history by themselves: ${wrong.what}: ${wrong.detail}`,
    );
  }
  return { ...file, claims: course.map(({ label: _, ...claim }) => claim) };
}

/** What followed from an input belongs to it: the stretch ends before the next input. */
async function lastConsequence(journal: Journal, position: number): Promise<number> {
  let last = position;
  for (;;) {
    const next = await journal.row(last + 1);
    if (next === undefined || next.kind < FIRST_CONSEQUENCE) return last;
    last++;
  }
}

interface Subject {
  readonly number: number;
  readonly birth: number;
  readonly instruments: ReadonlySet<number>;
}

/** The account's number, its first event, and the instruments that it ever traded or had an order in. */
async function findSubject(journal: Journal, { account, to }: EvidenceRequest, lastBatch: number): Promise<Subject> {
  let subject: { number: number; birth: number } | undefined;
  const instruments = new Set<number>();
  for await (const batch of journal.batches(1)) {
    for (const row of batch.rows) {
      if (to !== undefined && row.position > to) break;
      if (subject === undefined && row.kind === ACCOUNT_OPENED && nameOf(row) === account) {
        subject = { number: row.account!, birth: row.position };
      }
      if (TRADES.has(row.kind) && row.account === subject?.number && row.instrument !== undefined) {
        instruments.add(row.instrument);
      }
    }
    if (batch.batch === lastBatch) break;
  }
  if (subject === undefined) throw new EvidenceError(`no account "${account}" was opened in this stretch`);
  return { ...subject, instruments };
}

function nameOf(row: JournalRow): string | undefined {
  const { body } = JournalEvent.decode(row.payload);
  return body?.$case === "accountOpened" ? body.value.name : undefined;
}

function concerns({ kind, account, instrument }: JournalRow, subject: Subject): boolean {
  if (account === subject.number || PUBLIC_KINDS.has(kind)) return true;
  if (account === undefined && CONTROL_KINDS.has(kind)) return true;
  return (
    account === undefined && PRICE_KINDS.has(kind) && instrument !== undefined && subject.instruments.has(instrument)
  );
}

function rowText({ position, kind, account, instrument, previous, eventTimeUs, payload }: JournalRow): EvidenceRow {
  return {
    position,
    kind,
    account: account ?? null,
    instrument: instrument ?? null,
    previous,
    eventTimeUs,
    payload: Buffer.from(payload).toString("base64"),
  };
}

function batchText(batch: JournalBatch, shown: boolean): EvidenceBatch {
  const hashes = batch.rows.map(hashRow);
  return {
    batch: batch.batch,
    firstPosition: batch.rows[0]?.position ?? 0,
    rowCount: batch.rows.length,
    epoch: batch.epoch,
    eventTimeUs: batch.eventTimeUs,
    kernelHash: batch.kernelHash,
    spans: batch.spans,
    previousHash: Buffer.from(batch.previousHash).toString("hex"),
    ...(shown ? { rowHashes: hashes } : { rowsDigest: Buffer.from(digestOfRows(hashes.join(""))).toString("hex") }),
  };
}
