import {
  COLLATERAL_MOVED,
  DEPOSITED,
  FILL_APPLIED,
  MARGIN_STATE_CHANGED,
  MARK_PRICE_SET,
  OUTPUT_ACCOUNT,
  OUTPUT_CODE,
  OUTPUT_INSTRUMENT,
  OUTPUT_KIND,
  OUTPUT_POSITION,
  OUTPUT_PREVIOUS,
  OUTPUT_SIZE,
  REGIME_ACTIVATED,
  REPLAY_DEFERS_MARKS,
  REPLAY_PASSES_IDENTITIES_OVER,
  WITHDRAWN,
} from "../../assembly/memory/layout.ts";
import { type EventColumns, rowOf } from "../journal/eventColumns.ts";
import type { JournalRow } from "../journal/journal.ts";
import { sameContent } from "../journal/upcast.ts";
import { OutputSlots } from "../kernel/outputSlots.ts";
import { EVENT_KINDS, FIRST_DERIVED_KIND } from "./eventKinds.ts";
import { recallForRung } from "./recall.ts";
import { recordConsequence } from "./record.ts";
import { ReplayMismatchError } from "./recovery.ts";
import { KernelTrapError, type Shard } from "./shard.ts";
import { MARK_BLOB, StoredEvents } from "./storedEvent.ts";

const HIGH_WORD = 0x1_0000_0000;

/**
 * Feeds a shard the inputs of a journal's stretch again and holds what comes out against the stretch: the fold of
 * `Shard.fold`, with two things said to the kernel. Identities are not looked up, because the rows say what was refused for
 * them; and a mark values only the accounts whose margin state the journal says it changed, the others when they are next
 * touched or read (assembly/margin/deferral.ts). A kernel from before this mode is fed one input after another, as live.
 */
export class StoredFold {
  readonly #shard: Shard;
  readonly #events: StoredEvents;
  readonly #outputs: OutputSlots;
  readonly #defers: boolean;
  #columns!: EventColumns;
  /** Where the input of a row says what it did. */
  #outcomes = new Uint32Array();
  /** Row that the kernel's next output is held against, and the first row after those that were fed. */
  #row = 0;
  #fed = 0;
  #inputs = 0;
  #blobUsed = 0;
  #inputTimeUs = 0;

  constructor(shard: Shard) {
    this.#shard = shard;
    this.#events = new StoredEvents(shard.kernel);
    this.#outputs = new OutputSlots(shard.kernel);
    this.#defers = shard.kernel.replay(REPLAY_DEFERS_MARKS | REPLAY_PASSES_IDENTITIES_OVER);
  }

  /**
   * Applies the rows from index `from` to before `to`: whole inputs, each with all that followed from it.
   * @throws ReplayMismatchError when the kernel derives something else
   * @throws KernelTrapError when the kernel stopped; the shard must then be thrown away
   */
  apply(columns: EventColumns, from: number, to: number): void {
    this.#columns = columns;
    if (this.#outcomes.length < columns.count) this.#outcomes = new Uint32Array(columns.count);
    this.#row = from;
    this.#fed = from;
    const { kinds } = columns;
    for (let index = from; index < to; ) {
      let end = index + 1;
      while (end < to && kinds[end]! >= FIRST_DERIVED_KIND) end++;
      if (!this.#write(index, end)) this.#foldAlone(index, end);
      index = end;
    }
    this.#flush();
  }

  /** Writes a fill, a mark or money that moved into the next slot. @returns false when it must be recalled as an object */
  #write(index: number, end: number): boolean {
    const { kinds, accounts, instruments, timesUs, starts, payloads } = this.#columns;
    const kind = kinds[index]!;
    const money = kind === DEPOSITED || kind === WITHDRAWN || kind === COLLATERAL_MOVED;
    if (!this.#defers || (kind !== FILL_APPLIED && kind !== MARK_PRICE_SET && !money)) return false;
    const { inputCapacity, blobCapacity } = this.#shard.kernel;
    // At the most as many accounts are named as rows follow.
    const mostBlob = kind === MARK_PRICE_SET ? MARK_BLOB + end - index : 0;
    if (this.#inputs === inputCapacity || this.#blobUsed + mostBlob > blobCapacity) this.#flush();
    if (mostBlob > blobCapacity) return false;
    const start = starts[index]!;
    const stop = starts[index + 1]!;
    const slot = this.#inputs;
    const instrument = instruments[index]!;
    const time = timesUs[index]!;
    const events = this.#events;
    if (kind !== MARK_PRICE_SET) {
      const account = accounts[index]!;
      const outcome = money
        ? events.writeMoney(slot, payloads, start, stop, kind, account, instrument, time)
        : events.writeFill(slot, payloads, start, stop, account, instrument, time);
      if (outcome < 0) return false;
      this.#outcomes[index] = outcome;
    } else {
      const used = events.writeMark(slot, payloads, start, stop, instrument, time, this.#blobUsed);
      if (used < 0) return false;
      this.#blobUsed = used;
      if (end > index + 1) this.#nameChanged(slot, index + 1, end);
    }
    this.#inputs++;
    this.#fed = end;
    return true;
  }

  /** Names the accounts whose margin state the mark in the slot changed. */
  #nameChanged(slot: number, first: number, end: number): void {
    const { kinds, accounts } = this.#columns;
    const offset = this.#blobUsed;
    for (let index = first; index < end; index++) {
      if (kinds[index] === MARGIN_STATE_CHANGED) this.#events.name(this.#blobUsed++, accounts[index]!);
    }
    this.#events.nameFrom(slot, offset, this.#blobUsed - offset);
  }

  /** Applies the slots that were written, and compares. */
  #flush(): void {
    const { kernel } = this.#shard;
    const { exports } = kernel;
    while (this.#inputs > 0) {
      let written: number;
      try {
        written = exports.apply(this.#inputs);
      } catch (error) {
        throw new KernelTrapError(`the kernel stopped after event ${this.#columns.first + this.#row - 1}`, {
          cause: error,
        });
      }
      for (let output = 0; output < written; output++) this.#compare(output);
      const consumed = exports.appliedInputs();
      kernel.keepInputsFrom(consumed, this.#inputs);
      this.#inputs -= consumed;
    }
    this.#blobUsed = 0;
    if (this.#row < this.#fed) throw this.#mismatch(this.#row, "the kernel does not derive it");
  }

  #compare(output: number): void {
    const { first, kinds, accounts, instruments, previous, timesUs, starts, payloads } = this.#columns;
    const row = this.#row++;
    if (row >= this.#fed) throw this.#mismatch(row, "the kernel derives more than the journal has");
    const { kernel, names } = this.#shard;
    const { bytes, u32 } = kernel;
    const address = kernel.outputs + output * OUTPUT_SIZE;
    const word = address >> 2;
    const kind = kinds[row]!;
    const same =
      bytes[address + OUTPUT_KIND] === kind &&
      bytes[address + OUTPUT_CODE] === 0 &&
      u32[word + (OUTPUT_ACCOUNT >> 2)] === accounts[row] &&
      u32[word + (OUTPUT_INSTRUMENT >> 2)] === instruments[row] &&
      wide(u32, word + (OUTPUT_POSITION >> 2)) === first + row &&
      wide(u32, word + (OUTPUT_PREVIOUS >> 2)) === previous[row];
    if (!same) throw this.#mismatch(row, `the kernel derives kind ${bytes[address]}, the journal has ${kind}`);
    const start = starts[row]!;
    const end = starts[row + 1]!;
    let content: boolean;
    if (kind < FIRST_DERIVED_KIND) {
      this.#inputTimeUs = timesUs[row]!;
      const outcome = this.#outcomes[row]!;
      if (kind === FILL_APPLIED) content = this.#events.sameFill(payloads, outcome, end, address);
      else content = kind === MARK_PRICE_SET || this.#events.sameMoney(payloads, outcome, end, kind, address);
    } else if (timesUs[row] !== this.#inputTimeUs) {
      content = false;
    } else if (kind === MARGIN_STATE_CHANGED && this.#events.sameMarginState(payloads, start, end, kind, address)) {
      content = true;
    } else {
      this.#outputs.moveTo(output);
      const derived = recordConsequence(this.#outputs, this.#inputTimeUs);
      content = sameContent(payloads.subarray(start, end), derived.payload);
      if (kind === REGIME_ACTIVATED) names.activateRegime(Number(this.#outputs.value(0)));
    }
    if (!content) throw this.#mismatch(row, `the kernel derives kind ${kind} with other content`);
  }

  /** One input as an object, by the same way as live. */
  #foldAlone(index: number, end: number): void {
    this.#flush();
    const columns = this.#columns;
    const placed = recallForRung(rowOf(columns, index), this.#shard.names);
    if (placed === undefined) throw this.#mismatch(index, "it follows from no input");
    const { kernel } = this.#shard;
    // Nobody is named with it.
    const valuesAll = this.#defers && columns.kinds[index] === MARK_PRICE_SET;
    if (valuesAll) kernel.replay(REPLAY_PASSES_IDENTITIES_OVER);
    const derived = this.#shard.fold([placed]);
    if (valuesAll) kernel.replay(REPLAY_DEFERS_MARKS | REPLAY_PASSES_IDENTITIES_OVER);
    for (const [offset, row] of derived.entries()) {
      const kept = index + offset < end ? rowOf(columns, index + offset) : undefined;
      if (kept !== undefined && sameRow(row, kept)) continue;
      throw this.#mismatch(index + offset, `the kernel derives kind ${row.kind}, the journal has ${kept?.kind}`);
    }
    if (index + derived.length < end) throw this.#mismatch(index + derived.length, "the kernel does not derive it");
    this.#row = end;
    this.#fed = end;
  }

  #mismatch(row: number, reason: string): ReplayMismatchError {
    return new ReplayMismatchError(this.#columns.first + row, reason);
  }
}

/** Journal positions stay far below 2^53. */
function wide(u32: Uint32Array, word: number): number {
  return u32[word + 1]! * HIGH_WORD + u32[word]!;
}

/** What was refused for its identity is told again without the times that the memory of identities gave. */
function sameRow(derived: JournalRow, kept: JournalRow): boolean {
  return (
    derived.position === kept.position &&
    derived.kind === kept.kind &&
    derived.account === kept.account &&
    derived.instrument === kept.instrument &&
    derived.previous === kept.previous &&
    derived.eventTimeUs === kept.eventTimeUs &&
    (kept.kind === EVENT_KINDS.inputRefused || sameContent(kept.payload, derived.payload))
  );
}
