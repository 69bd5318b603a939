import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { JournalBatch, JournalRow } from "../../journal/journal.ts";
import { sameContent, upcast } from "../../journal/upcast.ts";
import { VerificationError } from "./doubt.ts";
import { consequencePayload, inputPayload } from "./expected.ts";
import { type Recorded, RecordedFeed } from "./feed.ts";
import { FIRST_DERIVED_KIND } from "./layouts.ts";
import type { Machine, Output } from "./machine.ts";
import { RecordedNames } from "./names.ts";

/** An input that waits for the kernel, with its row. */
interface Pending {
  readonly row: JournalRow;
  readonly event: JournalEvent;
  readonly input: Recorded;
}

/** Rows of one kind that a kernel derives otherwise. */
export interface RowDifference {
  readonly kind: number;
  readonly count: number;
  readonly firstEvent: number;
}

/** Counts rows that differ between the record and a replay under another kernel. */
export class Differences {
  readonly #kinds = new Map<number, RowDifference>();
  count = 0;

  note(kind: number, event: number): void {
    const { count, firstEvent } = this.#kinds.get(kind) ?? { count: 0, firstEvent: event };
    this.#kinds.set(kind, { kind, count: count + 1, firstEvent });
    this.count++;
  }

  byKind(): RowDifference[] {
    return [...this.#kinds.values()].sort((a, b) => a.firstEvent - b.firstEvent);
  }
}

/** The calendar (INP-004): the column of an input with another time holds 0. */
const [FIRST_TIME_US, END_TIME_US] = [946_684_800_000_000n, 7_258_118_400_000_000n];
const [EPOCH_STARTED, ACCOUNT_OPENED, REFUSED, UNREADABLE, REGIME_ACTIVATED] = [11, 20, 60, 61, 75];

/** Replays recorded inputs on kernels and holds what comes out against the record. */
export class Rebuild {
  readonly names: RecordedNames;
  readonly #feed: RecordedFeed;
  #machine: Machine;
  #differences: Differences | undefined;
  #rows: readonly JournalRow[] = [];
  #pending: Pending[] = [];
  #cursor = 0;
  #timeUs = 0;
  #near = 0;

  /** @param differences counts what differs, positions aside; without it the first difference is thrown */
  constructor(machine: Machine, differences?: Differences) {
    this.#machine = machine;
    this.names = new RecordedNames(machine.layout);
    this.#feed = new RecordedFeed(this.names, machine);
    this.#differences = differences;
  }

  get machine(): Machine {
    return this.#machine;
  }

  stateHash(): string {
    return this.machine.stateHash(this.names.text());
  }

  /** @throws VerificationError at the first row that the kernel does not derive, unless differences are counted */
  batch({ rows, spans, batch, eventTimeUs }: JournalBatch): void {
    this.#rows = rows;
    this.#cursor = 0;
    for (const row of rows) {
      if (row.kind >= FIRST_DERIVED_KIND) continue;
      const event = decode(row);
      requireSource(row, event, spans);
      const input = this.#feed.write(row, event.body!);
      this.#pending.push({ row, event, input });
      // What opens a name is applied before what may speak of it.
      if (input.kind <= ACCOUNT_OPENED || this.machine.full) this.#apply();
    }
    this.#apply();
    this.#skipTo(undefined);
    if (this.#differences !== undefined || this.machine.eventTimeUs === eventTimeUs) return;
    const reason = `batch ${batch}: its time is ${eventTimeUs}, the kernel's ${this.machine.eventTimeUs}`;
    throw new VerificationError("time", reason, { batch });
  }

  #apply(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.machine.apply((output) => {
      if (output.kind < FIRST_DERIVED_KIND) this.#outcome(output, pending[output.input]!);
      else this.#consequence(output);
    });
  }

  #outcome(output: Output, { row, event, input }: Pending): void {
    this.#skipTo(row);
    const body = event.body!;
    const [applied, refused] = [output.code === 0, body.$case === "inputRefused"];
    const kind = applied ? output.kind : body.$case === "recordQuarantined" ? UNREADABLE : REFUSED;
    this.#timeUs = input.time >= FIRST_TIME_US && input.time < END_TIME_US ? Number(input.time) : 0;
    this.#compare(row, output, kind, inputPayload(event, output, this.names));
    this.#near = row.position;
    if (input.kind <= ACCOUNT_OPENED && input.kind !== EPOCH_STARTED && applied === refused) {
      const reason = `event ${row.position} opens a name under one kernel and is refused under the other`;
      throw new VerificationError("kernel", `${reason}: the numbers after it would shift`, { event: row.position });
    }
    if (applied && !refused) this.names.open(body);
  }

  #consequence(output: Output): void {
    const row = this.#rows[this.#cursor];
    const payload = consequencePayload(output);
    if (output.kind === REGIME_ACTIVATED) this.names.activateRegime(Number(output.value(0)));
    if (row !== undefined && row.kind >= FIRST_DERIVED_KIND) {
      this.#cursor++;
      this.#compare(row, output, output.kind, payload);
      return;
    }
    const reason = `the kernel derives kind ${output.kind}, the journal does not have it`;
    this.#differ(output.position, reason, output.kind, this.#near);
  }

  /** What is recorded between the last row compared and this input, no kernel derived. */
  #skipTo(row: JournalRow | undefined): void {
    for (; this.#cursor < this.#rows.length && this.#rows[this.#cursor] !== row; this.#cursor++) {
      const { position, kind } = this.#rows[this.#cursor]!;
      this.#differ(position, `the kernel does not derive kind ${kind}`, kind);
    }
    if (row !== undefined) this.#cursor++;
  }

  /** @param payload undefined: the kernel's answer does not fit such a row at all */
  #compare(row: JournalRow, output: Output, kind: number, payload: Uint8Array | undefined): void {
    const { account, instrument, position, previous } = output;
    const numbers = account === row.account && instrument === row.instrument;
    const columns = numbers && kind === row.kind && this.#timeUs === row.eventTimeUs;
    const content = payload !== undefined && sameContent(row.payload, payload);
    const place = this.#differences !== undefined || (position === row.position && previous === row.previous);
    if (columns && content && place) return;
    const kernel = `the kernel derives kind ${kind} of account ${account}${columns ? ", with other content" : ""}`;
    this.#differ(row.position, `the journal has kind ${row.kind} of account ${row.account}, ${kernel}`, row.kind);
  }

  /** @throws VerificationError unless differences are counted */
  #differ(event: number, reason: string, kind: number, near = event): void {
    this.#differences?.note(kind, near);
    if (this.#differences !== undefined) return;
    throw new VerificationError("derivation", `event ${event} replays differently: ${reason}`, { event });
  }

  /** Goes on under another kernel of the same layout: the state is handed over table by table. */
  goOnUnder(machine: Machine): void {
    machine.takeOver(this.#machine);
    this.#machine = machine;
    this.#feed.drive(machine);
  }

  /** From here on the first difference is thrown. */
  compareStrictly(): void {
    this.#differences = undefined;
  }
}

/** The event of a row, whose kind is the number of the field that its body stands in. */
export function decode({ position: event, kind, payload }: JournalRow): JournalEvent {
  try {
    const decoded = upcast(JournalEvent.decode(payload));
    if (decoded.body === undefined) throw new Error("it has no body");
    const reader = new BinaryReader(payload);
    let field = 0;
    for (let type: WireType; reader.pos < reader.len; reader.skip(type)) [field, type] = reader.tag();
    if (field !== kind) throw new Error(`its body is of kind ${field}, not ${kind}`);
    return decoded;
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new VerificationError("derivation", `event ${event}: the payload is no JournalEvent: ${reason}`, { event });
  }
}

function requireSource({ position: event }: JournalRow, said: JournalEvent, spans: JournalBatch["spans"]): void {
  const { source, sourceOffset } = said;
  if (source === 0 && sourceOffset === 0n) return;
  const span = spans[source - 1];
  const offset = Number(sourceOffset);
  if (span !== undefined && offset >= span.firstOffset && offset <= span.lastOffset) return;
  const reason = `event ${event}: offset ${offset} of source ${source} is outside its batch's sources`;
  throw new VerificationError("source", reason, { event });
}
