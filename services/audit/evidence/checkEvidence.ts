// Checks an evidence file by itself: signature, chain, rows in the chain, and the same bits from the same kernel. Runs in Node
// and in a browser alike; shares nothing with the engine but the drawing of the kernel's records.

import { HOLD_EXPIRED, HOLD_USED, MARGIN_STATE_CHANGED } from "../../../assembly/layout.ts";
import {
  type Claim,
  EVIDENCE_FORMAT,
  type EvidenceBatch,
  type EvidenceFile,
  type EvidenceRow,
  headText,
} from "./evidenceFile.ts";
import { type Derived, ReplayKernel } from "./replayKernel.ts";
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
  const key = await crypto.subtle.importKey("raw", fromBase64(head.publicKey), "Ed25519", false, ["verify"]);
  const good = await crypto.subtle.verify(
    "Ed25519",
    key,
    fromBase64(head.signature),
    new TextEncoder().encode(headText(head)),
  );
  note(
    "signature",
    good ? undefined : "the head's signature is not by the key in the file",
    `signed by key ${head.publicKey}`,
  );
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
  if (last?.batch !== head.batch || previous !== head.hash)
    return `the chain ends with ${previous ?? "nothing"}, the head says ${head.hash}`;
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

/** @throws RangeError when the kernel does not derive what was recorded */
function replay(file: EvidenceFile, binary: Uint8Array, progress: (done: number, of: number) => void): CoursePoint[] {
  const kernel = new ReplayKernel(binary);
  const course: CoursePoint[] = [];
  let born = false;
  for (const [index, row] of file.rows.entries()) {
    if (index % 1000 === 0) progress(index, file.rows.length);
    // An order that ended in time may have done so by an event that is not shown.
    if (row.kind === HOLD_EXPIRED) kernel.passTime(row.eventTimeUs);
    if (row.kind >= 70 || (row.kind >= 60 && row.account !== null)) continue;
    const derived = kernel.feed({ ...row, payload: fromBase64(row.payload) });
    compareDerived(file, index, derived);
    born ||= row.kind === 20;
    const own = row.account === file.accountNumber;
    if (
      born &&
      row.kind < 60 &&
      (own || derived.changes.length > 0) &&
      row.position >= file.from &&
      row.position <= file.to
    ) {
      const { position, eventTimeUs, kind } = row;
      course.push({ position, eventTimeUs, kind, label: NAMES[kind] ?? `kind ${kind}`, ...kernel.figures() });
    }
  }
  return course;
}

/** What the record says follows from a row, against what the kernel derives now: states, figures and orders, to the unit. */
function compareDerived(file: EvidenceFile, index: number, { changes, uses }: Derived): void {
  const cause = file.rows[index]!.position;
  const told: string[] = [];
  const toldUses: string[] = [];
  for (let at = index + 1; at < file.rows.length && file.rows[at]!.kind >= 60; at++) {
    const { kind, account, payload } = file.rows[at]!;
    if (account !== file.accountNumber || (kind !== MARGIN_STATE_CHANGED && kind !== HOLD_USED)) continue;
    const body = new WireMessage(fromBase64(payload)).message(kind);
    if (kind === HOLD_USED) toldUses.push([BigInt.asUintN(64, body.int(1)), body.int(2), body.int(3)].join(" "));
    else
      told.push(
        [1, 2, 3]
          .map((field) => body.int(field))
          .concat(body.signed(5), body.int(6), body.int(7))
          .join(" "),
      );
  }
  const found = changes.map((each) =>
    [each.from, each.to, each.currency, each.equity, each.initialMargin, each.maintenanceMargin].join(" "),
  );
  const foundUses = uses.map(({ orderKey, quantity, quantityLeft }) => [orderKey, quantity, quantityLeft].join(" "));
  told.push(...toldUses);
  found.push(...foundUses);
  if (told.join("|") !== found.join("|")) {
    throw new RangeError(
      `after event ${cause} the record says [${told.join("; ")}], the kernel says [${found.join("; ")}]`,
    );
  }
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
