// Checks an evidence file by itself: signature, chain, rows in the chain, and the same bits from the same kernel. Runs in Node
// and in a browser alike; shares nothing with the engine but the drawing of the
// kernel's records, the text of a head and the table of what a kernel says in a row.

import { headText } from "../../journal/headText.ts";
import { CONSEQUENCES, type Figure, ORDER_FIGURES, OUTCOMES, type RowFigures, typed } from "../verify/rowFigures.ts";
import { figuresOf } from "./accountFigures.ts";
import {
  type Claim,
  EVIDENCE_FORMAT,
  type EvidenceBatch,
  type EvidenceFile,
  type EvidenceRow,
} from "./evidenceFile.ts";
import type { Said } from "./kernelMemory.ts";
import { ReplayKernel } from "./replayKernel.ts";
import { WireMessage } from "./wire.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly what: "format" | "kernel" | "signature" | "chain" | "rows" | "history" | "replay" | "claims";
  readonly holds: boolean;
  /** What was found, or the first thing that is wrong. */
  readonly detail: string;
}

export interface CheckReport {
  readonly holds: boolean;
  readonly findings: readonly Finding[];
  /** The account after each of its events and each price that moved its state, as the replay has it. */
  readonly course: readonly CoursePoint[];
}

export interface CoursePoint extends Claim {
  /** What the row was: fill, deposit, mark, .. */
  readonly label: string;
}

const FIRST_DERIVED_KIND = 70;
const MARGIN_STATE_CHANGED = 72;

const NAMES: Readonly<Record<number, string>> = {
  20: "opened",
  21: "deposit",
  22: "withdrawal",
  23: "margin mode",
  24: "leverage",
  25: "collateral moved",
  26: "order placed",
  27: "order amended",
  28: "order released",
  30: "fill",
  40: "mark",
  41: "funding",
  42: "settlement",
  43: "index price",
  50: "limit",
  51: "switch",
  52: "override",
  72: "regime in force",
};

/** @param progress is told how many rows of how many are replayed */
export async function checkEvidence(
  file: EvidenceFile,
  progress: (done: number, of: number) => void = () => {},
): Promise<CheckReport> {
  const findings: Finding[] = [];
  const note = (what: Finding["what"], wrong: string | undefined, right: string): boolean => {
    findings.push({ what, holds: wrong === undefined, detail: wrong ?? right });
    return wrong === undefined;
  };
  let course: CoursePoint[] = [];
  const format = file.format === EVIDENCE_FORMAT ? undefined : `"${file.format}" is not ${EVIDENCE_FORMAT}`;
  if (!note("format", format, EVIDENCE_FORMAT)) return { holds: false, findings, course };
  const kernel = fromBase64(file.kernel);
  const kernelHash = await sha256(kernel);
  note(
    "kernel",
    kernelHash === file.kernelHash ? undefined : `the kernel's hash is ${kernelHash}, not ${file.kernelHash}`,
    `kernel ${kernelHash.slice(0, 16)}`,
  );
  await noteSignature(file, note);
  note("chain", await brokenChain(file), `${file.batches.length} batches lead to batch ${file.head.batch} of the head`);
  note("rows", await missingRow(file), `every shown row of positions ${file.from} to ${file.to} stands in the chain`);
  note("history", brokenHistory(file), "no event of the account is left out");
  try {
    course = replay(file, kernel, progress);
    note("replay", undefined, `${file.rows.length} rows give the same margin states and figures again`);
    note(
      "claims",
      differingClaim(file.claims, course),
      `${file.claims.length} claimed results are the same to the unit`,
    );
  } catch (error) {
    note("replay", (error as Error).message, "");
  }
  return { holds: findings.every(({ holds }) => holds), findings, course };
}

async function noteSignature(
  { head }: EvidenceFile,
  note: (what: Finding["what"], wrong: string | undefined, right: string) => boolean,
): Promise<void> {
  if (head.publicKey === undefined || head.signature === undefined) {
    note("signature", undefined, "the head is not signed: compare its hash with one that you trust");
    return;
  }
  const der = fromBase64(head.publicKey.replaceAll(/-----[A-Z ]+-----|\s/g, ""));
  const keyId = await sha256(der);
  const key = await crypto.subtle.importKey("spki", der, "Ed25519", false, ["verify"]);
  const signed = new TextEncoder().encode(headText(head));
  const good = await crypto.subtle.verify("Ed25519", key, fromBase64(head.signature), signed);
  const wrong =
    head.keyId === keyId ? "the head's signature is not by the key in the file" : "keyId is not that of the key";
  note("signature", good && head.keyId === keyId ? undefined : wrong, `signed by key ${keyId}`);
}

async function brokenChain({ batches, head }: EvidenceFile): Promise<string | undefined> {
  let previous: string | undefined;
  let last: EvidenceBatch | undefined;
  for (const batch of batches) {
    if (previous !== undefined && batch.previousHash !== previous)
      return `batch ${batch.batch} does not stand on batch ${last!.batch}`;
    if (last !== undefined && batch.batch !== last.batch + 1) return `batch ${last.batch + 1} is left out`;
    previous = await hashOfBatch(batch);
    last = batch;
  }
  if (last?.batch !== head.batch || previous !== head.chainHash)
    return `the chain ends with ${previous ?? "nothing"}, the head says ${head.chainHash}`;
  if (last.firstPosition + last.rowCount - 1 !== head.position)
    return `the chain ends with event ${last.firstPosition + last.rowCount - 1}, the head says ${head.position}`;
  return undefined;
}

async function hashOfBatch(batch: EvidenceBatch): Promise<string> {
  const digest =
    batch.rowHashes === undefined
      ? batch.rowsDigest!
      : await sha256(new TextEncoder().encode(batch.rowHashes.join("")));
  const spans = new TextEncoder().encode(JSON.stringify(batch.spans));
  const bytes = new Uint8Array(32 + 40 + 32 + 4 + spans.length + 32);
  const view = new DataView(bytes.buffer);
  bytes.set(fromHex(batch.previousHash), 0);
  const numbers = [batch.batch, batch.firstPosition, batch.rowCount, batch.epoch, batch.eventTimeUs];
  for (const [index, number] of numbers.entries()) view.setBigInt64(32 + index * 8, BigInt(number), true);
  bytes.set(fromHex(batch.kernelHash), 72);
  view.setUint32(104, spans.length, true);
  bytes.set(spans, 108);
  bytes.set(fromHex(digest), 108 + spans.length);
  return sha256(bytes);
}

/** The first row between `from` and `to` that is shown and whose hash is not the one in the chain. */
async function missingRow({ rows, batches, from, to }: EvidenceFile): Promise<string | undefined> {
  let at = 0;
  for (const row of rows) {
    if (row.position < from || row.position > to) continue;
    while (at < batches.length && row.position >= batches[at]!.firstPosition + batches[at]!.rowCount) at++;
    const batch = batches[at];
    const hash = batch?.rowHashes?.[row.position - batch.firstPosition];
    if (hash === undefined) return `event ${row.position} stands in no batch that is shown`;
    if (hash !== (await hashOfRow(row))) return `event ${row.position} is not the one in the chain`;
  }
  return undefined;
}

async function hashOfRow(row: EvidenceRow): Promise<string> {
  const payload = fromBase64(row.payload);
  const bytes = new Uint8Array(44 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(row.position), true);
  view.setUint32(8, row.kind, true);
  view.setUint32(12, row.account ?? 0xffffffff, true);
  view.setUint32(16, row.instrument ?? 0xffffffff, true);
  view.setBigInt64(20, BigInt(row.previous), true);
  view.setBigInt64(28, BigInt(row.eventTimeUs), true);
  view.setUint32(36, payload.length, true);
  bytes.set(payload, 44);
  return sha256(bytes);
}

/** Each event of the account names the one before: a gap shows. */
function brokenHistory({ rows, accountNumber }: EvidenceFile): string | undefined {
  let previous = 0;
  for (const row of rows) {
    if (row.account !== accountNumber) continue;
    if (row.previous !== previous)
      return `event ${row.position} follows event ${row.previous}, which is not the one shown before it (${previous})`;
    previous = row.position;
  }
  return previous === 0 ? "the account has no event" : undefined;
}

/**
 * Feeds the inputs again and holds every row of the account against what the kernel says: what an input brought it, and what
 * followed. A derived row whose cause is not shown, an event of another account, follows from the time alone.
 * @throws RangeError when the kernel does not derive what was recorded, or derives what was not
 */
function replay(file: EvidenceFile, binary: Uint8Array, progress: (done: number, of: number) => void): CoursePoint[] {
  const kernel = new ReplayKernel(binary);
  const course: CoursePoint[] = [];
  const expected: Said[] = [];
  let cause = 0;
  let born = false;
  const note = ({ position, eventTimeUs, kind }: EvidenceRow): void => {
    if (!born || position < file.from || position > file.to) return;
    course.push({
      position,
      eventTimeUs,
      kind,
      label: NAMES[kind] ?? `kind ${kind}`,
      ...figuresOf(kernel.memory, kernel.market),
    });
  };
  for (const [index, row] of file.rows.entries()) {
    if (index % 1000 === 0) progress(index, file.rows.length);
    const own = row.account === file.accountNumber;
    if (row.kind >= FIRST_DERIVED_KIND) {
      if (!own) continue;
      const inTime = expected.length > 0 ? [] : kernel.passTime(row.eventTimeUs).derived;
      expected.push(...inTime);
      compareDerived(cause, row, expected.shift());
      if (inTime.some(({ kind }) => kind === MARGIN_STATE_CHANGED)) note(row);
      continue;
    }
    requireNoMore(cause, expected);
    const { outcome, derived } = kernel.feed({ ...row, payload: fromBase64(row.payload) });
    cause = row.position;
    expected.push(...derived);
    if (row.kind < 60) compareOutcome(row, outcome);
    born ||= row.kind === 20;
    if (row.kind < 60 && (own || derived.some(({ kind }) => kind === MARGIN_STATE_CHANGED))) note(row);
  }
  requireNoMore(cause, expected);
  return course;
}

function requireNoMore(cause: number, [more]: readonly Said[]): void {
  if (more === undefined) return;
  const figures = CONSEQUENCES.get(more.kind);
  throw new RangeError(
    `after event ${cause} the record says nothing more, the kernel says ${figures?.event ?? `kind ${more.kind}`}`,
  );
}

/** A derived row of the account against what the kernel derives now, every figure of it. */
function compareDerived(cause: number, row: EvidenceRow, said: Said | undefined): void {
  const schema = CONSEQUENCES.get(row.kind);
  if (schema === undefined)
    throw new RangeError(`event ${row.position} is of kind ${row.kind}, unknown to this reader`);
  const recorded = recordedText(row, schema);
  const known = said === undefined ? undefined : CONSEQUENCES.get(said.kind);
  const found = known === undefined ? "nothing" : saidText(said!, known);
  if (recorded === found && (row.instrument ?? null) === said!.instrument) return;
  throw new RangeError(
    `event ${row.position}: after event ${cause} the record says ${recorded}, the kernel says ${found}`,
  );
}

/** What the kernel adds to an input. Sums over all accounts are not this account's to show. */
function compareOutcome(row: EvidenceRow, said: Said): void {
  const schema = OUTCOMES.get(row.kind);
  if (schema === undefined) return;
  const shown = { ...schema, figures: schema.figures.filter(([name]) => row.account !== null || !SUMS.has(name)) };
  const [recorded, found] = [recordedText(row, shown, false), saidText(said, shown)];
  if (recorded === found) return;
  throw new RangeError(`event ${row.position}: the record says ${recorded}, the kernel says ${found}`);
}

const SUMS: ReadonlySet<string> = new Set(["positions", "rounding"]);

/** @param whole the row holds nothing but these figures */
function recordedText(row: EvidenceRow, { event, figures, order }: RowFigures, whole = true): string {
  const body = new WireMessage(fromBase64(row.payload)).message(row.kind);
  const value =
    (message: WireMessage) =>
    ([, field, type]: Figure): bigint =>
      type === "sint64" ? message.signed(field) : message.int(field);
  const stray =
    whole && body.numbers.some((field) => figures.every((figure) => figure[1] !== field)) ? " and more" : "";
  return figuresText(event, figures, value(body)) + orderText(order, value(body.message(order ?? 0))) + stray;
}

function saidText(said: Said, { event, figures, order }: RowFigures): string {
  const value = ([, , , place]: Figure): bigint => said.at(place);
  return figuresText(event, figures, value) + orderText(order, value);
}

function orderText(order: number | undefined, value: (figure: Figure) => bigint): string {
  return order === undefined ? "" : figuresText("", ORDER_FIGURES, value);
}

function figuresText(event: string, figures: readonly Figure[], value: (figure: Figure) => bigint): string {
  return `${event}(${figures.map((figure) => `${figure[0]} ${typed(figure[2], value(figure))}`).join(", ")})`;
}

function differingClaim(claims: readonly Claim[], course: readonly CoursePoint[]): string | undefined {
  const text = ({ position, eventTimeUs, kind, state, pools }: Claim) =>
    JSON.stringify([position, eventTimeUs, kind, state, pools]);
  const found = new Map(course.map((point) => [point.position, text(point)]));
  if (claims.length !== course.length) return `${claims.length} results are claimed, the replay has ${course.length}`;
  const wrong = claims.find((each) => found.get(each.position) !== text(each));
  return wrong === undefined
    ? undefined
    : `event ${wrong.position}: claimed ${text(wrong)}, replayed ${found.get(wrong.position) ?? "nothing"}`;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
