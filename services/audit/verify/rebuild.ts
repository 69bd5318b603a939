import { createHash } from "node:crypto";
import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { JournalBatch, JournalRow } from "../../journal/journal.ts";
import { sameContent, upcast } from "../../journal/upcast.ts";
import { VerificationError } from "./doubt.ts";
import { consequencePayload, inputKind, inputPayload, inputTimeUs } from "./expected.ts";
import { RecordedFeed } from "./feed.ts";
import { FIRST_DERIVED_KIND } from "./layouts.ts";
import type { Machine, Output } from "./machine.ts";
import { RecordedNames } from "./names.ts";

type Body = NonNullable<JournalEvent["body"]>;

interface Pending {
  readonly row: JournalRow;
  readonly event: JournalEvent;
}

/** What a kernel makes of a row: undefined fields are not compared. */
interface Derived {
  readonly kind: number;
  readonly eventTimeUs: number;
  readonly payload: Uint8Array | undefined;
}

/** Rows of one kind that a kernel derives otherwise. */
export interface RowDifference {
  readonly kind: number;
  readonly count: number;
  readonly firstEvent: number;
}

/** Counts rows that differ between the record and a replay under another kernel. */
export class Differences {
  readonly #kinds = new Map<number, { count: number; firstEvent: number }>();
  count = 0;

  note(kind: number, event: number): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, { count: 1, firstEvent: event });
    else known.count++;
    this.count++;
  }

  byKind(): RowDifference[] {
    return [...this.#kinds].map(([kind, found]) => ({ kind, ...found })).sort((a, b) => a.firstEvent - b.firstEvent);
  }
}

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

  /** @throws VerificationError at the first row that the kernel does not derive, unless differences are counted */
  batch({ rows, spans, batch, eventTimeUs }: JournalBatch): void {
    this.#rows = rows;
    this.#cursor = 0;
    this.#pending = [];
    for (const row of rows) {
      if (row.kind >= FIRST_DERIVED_KIND) continue;
      const event = decode(row);
      requireSource(row, event, spans);
      this.#pending.push({ row, event });
      if (this.#feed.write(row, event.body!) || this.machine.full) this.#apply();
    }
    this.#apply();
    this.#skipTo(undefined);
    if (this.#differences === undefined && this.machine.eventTimeUs !== eventTimeUs) {
      const reason = `batch ${batch}: its time is ${eventTimeUs}, the kernel's ${this.machine.eventTimeUs}`;
      throw new VerificationError("time", reason, { batch });
    }
  }

  #apply(): void {
    this.machine.apply((output) => {
      if (output.kind < FIRST_DERIVED_KIND) this.#outcome(output, this.#pending[output.input]!);
      else this.#consequence(output);
    });
    this.#pending = [];
  }

  #outcome(output: Output, { row, event }: Pending): void {
    this.#skipTo(row);
    const body = event.body!;
    const applied = output.code === 0;
    this.#timeUs = inputTimeUs(body, row.eventTimeUs);
    const payload = inputPayload(event, output, this.names);
    this.#compare(row, output, { kind: inputKind(body, output), eventTimeUs: this.#timeUs, payload });
    this.#near = row.position;
    const refused = body.$case === "inputRefused";
    if (opens(body) && applied === refused) {
      const reason = `event ${row.position} opens a name under one kernel and is refused under the other`;
      throw new VerificationError("kernel", `${reason}: the numbers after it would shift`, { event: row.position });
    }
    if (applied && !refused) this.#open(body);
  }

  #consequence(output: Output): void {
    const row = this.#rows[this.#cursor];
    const payload = consequencePayload(output);
    if (output.kind === 75) this.names.activateRegime(Number(output.value(0)));
    if (row !== undefined && row.kind >= FIRST_DERIVED_KIND) {
      this.#cursor++;
      this.#compare(row, output, { kind: output.kind, eventTimeUs: this.#timeUs, payload });
      return;
    }
    if (this.#differences !== undefined) {
      this.#differences.note(output.kind, this.#near);
      return;
    }
    const at = { event: output.position };
    throw mismatch(output.position, `the kernel derives kind ${output.kind}, the journal does not have it`, at);
  }

  /** What is recorded between the last row compared and this input, no kernel derived. */
  #skipTo(row: JournalRow | undefined): void {
    for (; this.#cursor < this.#rows.length && this.#rows[this.#cursor] !== row; this.#cursor++) {
      const skipped = this.#rows[this.#cursor]!;
      if (this.#differences === undefined) {
        throw mismatch(skipped.position, `the kernel does not derive kind ${skipped.kind}`, {
          event: skipped.position,
        });
      }
      this.#differences.note(skipped.kind, skipped.position);
    }
    if (row !== undefined) this.#cursor++;
  }

  #compare(row: JournalRow, output: Output, derived: Derived): void {
    const columns =
      derived.kind === row.kind &&
      output.account === row.account &&
      output.instrument === row.instrument &&
      derived.eventTimeUs === row.eventTimeUs;
    const content = derived.payload !== undefined && sameContent(row.payload, derived.payload);
    if (this.#differences !== undefined) {
      if (!columns || !content) this.#differences.note(row.kind, row.position);
      return;
    }
    if (columns && content && output.position === row.position && output.previous === row.previous) return;
    const kernel = `the kernel derives kind ${derived.kind} of account ${output.account}`;
    const reason = `the journal has kind ${row.kind} of account ${row.account}, ${kernel}`;
    throw mismatch(row.position, `${reason}${columns ? ", with other content" : ""}`, { event: row.position });
  }

  #open(body: Body): void {
    const { names } = this;
    switch (body.$case) {
      case "shardOpened":
        names.openVenueAccounts();
        return;
      case "currencyListed":
        names.openCurrency(body.value.name, body.value.scale);
        return;
      case "marginTableSet":
        names.marginTables.push(body.value.name);
        return;
      case "scenarioGridSet":
        names.scenarioGrids.push(body.value.name);
        return;
      case "instrumentListed":
        names.openInstrument(body.value.name, body.value.listing!);
        return;
      case "accountOpened":
        names.accounts.add(body.value.name, body.value.name);
        return;
      case "regimeSet":
        names.openRegime(body.value);
        return;
    }
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

  get machine(): Machine {
    return this.#machine;
  }

  stateHash(): string {
    return this.machine.stateHash(this.names.text());
  }
}

/** The binary of the journal that the hash names. @throws VerificationError when it is not kept, or not whole */
export function keptKernel(kept: Uint8Array | undefined, hash: string, batch: number): Uint8Array {
  if (kept !== undefined && createHash("sha256").update(kept).digest("hex") === hash) return kept;
  throw new VerificationError(
    "kernel",
    `batch ${batch}: the kernel ${hash} that computed it is not kept, or not whole`,
    { batch },
  );
}

export function decode(row: JournalRow): JournalEvent {
  try {
    const event = upcast(JournalEvent.decode(row.payload));
    if (event.body !== undefined) return event;
    throw new Error("it has no body");
  } catch (error) {
    const { position: event } = row;
    const reason = error instanceof Error ? error.message : error;
    throw new VerificationError("derivation", `event ${event}: the payload is no JournalEvent: ${reason}`, { event });
  }
}

function requireSource(
  { position: event }: JournalRow,
  { source, sourceOffset }: JournalEvent,
  spans: JournalBatch["spans"],
): void {
  if (source === 0 && sourceOffset === 0n) return;
  const span = spans[source - 1];
  const offset = Number(sourceOffset);
  if (span !== undefined && offset >= span.firstOffset && offset <= span.lastOffset) return;
  const reason = `event ${event}: offset ${offset} of source ${source} is outside its batch's sources`;
  throw new VerificationError("source", reason, { event });
}

/** Whether an input, applied, gives a name its number. */
function opens(body: Body): boolean {
  if (body.$case !== "inputRefused") return OPENING.has(body.$case);
  const { input } = body.value;
  const market = input?.$case === "marketEvent" ? input.value.event?.$case : undefined;
  const command = input?.$case === "accountCommand" ? input.value.command?.$case : undefined;
  return market === "listing" || market === "regime" || command === "openAccount";
}

const OPENING: ReadonlySet<string> = new Set([
  "shardOpened",
  "currencyListed",
  "marginTableSet",
  "scenarioGridSet",
  "instrumentListed",
  "accountOpened",
  "regimeSet",
]);

function mismatch(position: number, reason: string, at: { event: number }): VerificationError {
  return new VerificationError("derivation", `event ${position} replays differently: ${reason}`, at);
}
