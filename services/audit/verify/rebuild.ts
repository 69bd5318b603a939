import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { JournalBatch, JournalRow } from "../../journal/journal.ts";
import { sameContent, upcast } from "../../journal/upcast.ts";
import { EPOCH_STARTED } from "./chain.ts";
import { doubt } from "./doubt.ts";
import { consequencePayload, inputPayload } from "./expected.ts";
import { INPUT_KINDS, slotOf } from "./feed.ts";
import { FIRST_DERIVED_KIND } from "./layouts.ts";
import type { Machine, Output } from "./machine.ts";
import { RecordedNames } from "./names.ts";

/** Rows of one kind that a kernel derives otherwise. */
export interface RowDifference {
  readonly kind: number;
  readonly count: number;
  readonly firstEvent: number;
}

/** The calendar (INP-004): the column of an input with another time holds 0. */
const [FIRST_TIME_US, END_TIME_US] = [946_684_800_000_000n, 7_258_118_400_000_000n];
const [ACCOUNT_OPENED, REFUSED, UNREADABLE, REGIME_ACTIVATED] = [20, 60, 61, 75];

/** Replays recorded inputs on a kernel and holds what comes out against the record. */
export class Rebuild {
  machine: Machine;
  /** By kind: what differs is counted, positions aside. Without it the first difference is thrown. */
  differences: Map<number, RowDifference> | undefined;
  readonly names: RecordedNames;

  constructor(machine: Machine, differences?: Map<number, RowDifference>) {
    this.machine = machine;
    this.differences = differences;
    this.names = new RecordedNames(machine.layout);
  }

  stateHash(): string {
    return this.machine.stateHash(this.names.text());
  }

  /** @throws VerificationError at the first row that the kernel does not derive, unless differences are counted */
  batch({ rows, spans, batch, eventTimeUs }: JournalBatch): void {
    for (let at = 0; at < rows.length; ) {
      const row = rows[at++]!;
      const { position, kind } = row;
      if (kind >= FIRST_DERIVED_KIND) {
        this.#differ(position, `the kernel does not derive kind ${kind}`, kind);
        continue;
      }
      const event = decode(row);
      requireSource(row, event, spans);
      const slot = slotOf(row, event.body!, this.names, this.machine.layout);
      const [outcome, ...consequences] = this.machine.apply(slot);
      const timeUs = slot.time >= FIRST_TIME_US && slot.time < END_TIME_US ? Number(slot.time) : 0;
      this.#outcome(row, event, slot.kind, timeUs, outcome!);
      for (const output of consequences) {
        const payload = consequencePayload(output);
        if (output.kind === REGIME_ACTIVATED) this.names.activateRegime(Number(output.value(0)));
        const next = rows[at];
        if (next !== undefined && next.kind >= FIRST_DERIVED_KIND) {
          at++;
          this.#compare(next, output, output.kind, timeUs, payload);
          continue;
        }
        const reason = `the kernel derives kind ${output.kind}, the journal does not have it`;
        this.#differ(output.position, reason, output.kind, position);
      }
    }
    if (this.differences !== undefined || this.machine.eventTimeUs === eventTimeUs) return;
    const reason = `batch ${batch}: its time is ${eventTimeUs}, the kernel's ${this.machine.eventTimeUs}`;
    throw doubt("time", reason, { batch });
  }

  #outcome(row: JournalRow, event: JournalEvent, inputKind: number, timeUs: number, output: Output): void {
    const body = event.body!;
    const [applied, refused] = [output.code === 0, body.$case === "inputRefused"];
    const kind = applied ? output.kind : body.$case === "recordQuarantined" ? UNREADABLE : REFUSED;
    this.#compare(row, output, kind, timeUs, inputPayload(event, output, this.names));
    if (inputKind <= ACCOUNT_OPENED && inputKind !== EPOCH_STARTED && applied === refused) {
      const reason = `event ${row.position} opens a name under one kernel and is refused under the other`;
      throw doubt("kernel", `${reason}: the numbers after it would shift`, { event: row.position });
    }
    if (applied && !refused) this.names.open(body);
  }

  /** @param payload undefined: the kernel's answer does not fit such a row at all */
  #compare(row: JournalRow, output: Output, kind: number, timeUs: number, payload: Uint8Array | undefined): void {
    const { account, instrument, position, previous } = output;
    const numbers = account === row.account && instrument === row.instrument;
    const columns = numbers && kind === row.kind && timeUs === row.eventTimeUs;
    const content = payload !== undefined && sameContent(row.payload, payload);
    const place = this.differences !== undefined || (position === row.position && previous === row.previous);
    if (columns && content && place) return;
    const kernel = `the kernel derives kind ${kind} of account ${account}${columns ? ", with other content" : ""}`;
    this.#differ(row.position, `the journal has kind ${row.kind} of account ${row.account}, ${kernel}`, row.kind);
  }

  /** @throws VerificationError unless differences are counted */
  #differ(event: number, reason: string, kind: number, near = event): void {
    if (this.differences === undefined) {
      throw doubt("derivation", `event ${event} replays differently: ${reason}`, { event });
    }
    const { count, firstEvent } = this.differences.get(kind) ?? { count: 0, firstEvent: near };
    this.differences.set(kind, { kind, count: count + 1, firstEvent });
  }
}

/** The event of a row, whose kind is that of the event. */
export function decode({ position: event, kind, payload }: JournalRow): JournalEvent {
  try {
    const decoded = upcast(JournalEvent.decode(payload));
    if (decoded.body === undefined) throw new Error("it has no body");
    const { $case } = decoded.body;
    if (INPUT_KINDS[$case] !== kind) throw new Error(`its body is ${$case}, not of kind ${kind}`);
    return decoded;
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw doubt("derivation", `event ${event}: the payload is no JournalEvent: ${reason}`, { event });
  }
}

function requireSource({ position: event }: JournalRow, said: JournalEvent, spans: JournalBatch["spans"]): void {
  const { source, sourceOffset } = said;
  if (source === 0 && sourceOffset === 0n) return;
  const span = spans[source - 1];
  const offset = Number(sourceOffset);
  if (span !== undefined && offset >= span.firstOffset && offset <= span.lastOffset) return;
  throw doubt("source", `event ${event}: offset ${offset} of source ${source} is outside its batch's sources`, {
    event,
  });
}
