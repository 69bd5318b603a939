import { createHash } from "node:crypto";
import { REGIME_ACTIVATED } from "../../assembly/memory/layout.ts";
import type { RegimeSet } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { JournalRow } from "../journal/journal.ts";
import { InputSlots } from "../kernel/inputSlots.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { OutputSlots } from "../kernel/outputSlots.ts";
import { KernelReader } from "../kernel/reader.ts";
import type { PlacedInput } from "./engineInput.ts";
import { FIRST_DERIVED_KIND } from "./eventKinds.ts";
import { Feed } from "./feed.ts";
import { Names } from "./names.ts";
import { recordConsequence, recordOutcome } from "./record.ts";

/** The venue's own accounts, which every shard opens with, in the order of their numbers (assembly/memory/layout.ts). */
export const VENUE_ACCOUNT_NAMES = ["venue:fees", "venue:insurance", "venue:rounding", "venue:transfers"] as const;

/** The kernel has stopped in the middle of an input. Its memory is worthless; the journal is not. */
export class KernelTrapError extends Error {
  override readonly name = "KernelTrapError";
}

/**
 * The state of one shard: the kernel and the names. `fold` is the only way to change it, live and in a replay alike; it is
 * synchronous and reads nothing but its arguments.
 */
export class Shard {
  readonly kernel: Kernel;
  readonly names: Names;
  readonly reader: KernelReader;
  readonly #slots: InputSlots;
  readonly #outputs: OutputSlots;
  readonly #feed: Feed;

  constructor(kernel: Kernel, names = new Names()) {
    this.kernel = kernel;
    this.names = names;
    this.reader = new KernelReader(kernel);
    this.#slots = new InputSlots(kernel);
    this.#outputs = new OutputSlots(kernel);
    this.#feed = new Feed(names, this.#slots);
  }

  /**
   * Applies inputs in order.
   * @returns what happened, as journal rows in the order of their positions
   * @throws KernelTrapError when the kernel stopped; the shard must then be thrown away
   */
  fold(inputs: readonly PlacedInput[]): JournalRow[] {
    const rows: JournalRow[] = [];
    let first = 0;
    for (let index = 0; index < inputs.length; index++) {
      const opens = this.#feed.write(inputs[index]!);
      if (opens || this.#slots.full) {
        this.#apply(inputs, first, rows);
        first = index + 1;
      }
    }
    this.#apply(inputs, first, rows);
    return rows;
  }

  /** Applies the slots, which hold the inputs from `first` on. */
  #apply(inputs: readonly PlacedInput[], first: number, rows: JournalRow[]): void {
    const { exports } = this.kernel;
    let done = 0;
    while (this.#slots.count > 0) {
      let written: number;
      try {
        written = exports.apply(this.#slots.count);
      } catch (error) {
        throw new KernelTrapError(`the kernel stopped in the inputs from position ${this.reader.nextPosition} on`, {
          cause: error,
        });
      }
      const consumed = exports.appliedInputs();
      this.#collect(inputs, first + done, written, rows);
      done += consumed;
      if (consumed === this.#slots.count) this.#slots.clear();
      else this.#slots.keepFrom(consumed);
    }
  }

  #collect(inputs: readonly PlacedInput[], first: number, written: number, rows: JournalRow[]): void {
    const output = this.#outputs;
    let eventTimeUs = 0;
    for (let index = 0; index < written; index++) {
      output.moveTo(index);
      if (output.kind >= FIRST_DERIVED_KIND) {
        rows.push(recordConsequence(output, eventTimeUs));
        if (output.kind === REGIME_ACTIVATED) this.names.activateRegime(Number(output.value(0)));
        continue;
      }
      const placed = inputs[first + output.input]!;
      const row = recordOutcome(output, placed, this.names, this.#feed);
      eventTimeUs = row.eventTimeUs;
      rows.push(row);
      if (output.code === 0) this.#openName(placed);
    }
  }

  #openName({ input }: PlacedInput): void {
    const { names } = this;
    switch (input.kind) {
      case "account":
        if (input.command.command?.$case === "openAccount") names.addAccount(input.command.account);
        return;
      case "market": {
        if (input.event.event?.$case === "regime") this.#openRegime(this.#feed.preparedRegime);
        if (input.event.event?.$case !== "listing") return;
        const listing = input.event.event.value;
        names.addInstrument({
          name: input.event.instrument,
          listing,
          currency: names.currency(listing.settlementCurrency)!,
          marginTable: names.marginTables.indexOf(listing.marginTable),
          scenarioGrid: names.scenarioGrids.indexOf(listing.scenarioGrid),
        });
        return;
      }
      case "shardOpened":
        for (const name of VENUE_ACCOUNT_NAMES) names.addAccount(name);
        return;
      case "regimeSet":
        this.#openRegime(input.regime);
        return;
      case "currencyListed":
        names.addCurrency(input.currency);
        return;
      case "marginTableSet":
        names.marginTables.push(input.table.name);
        return;
      case "scenarioGridSet":
        names.scenarioGrids.push(input.grid.name);
        return;
    }
  }

  #openRegime({ name, id, document, keys }: RegimeSet): void {
    for (const key of keys) this.names.addKey(key);
    this.names.setRegime(name, { id, document });
  }

  /**
   * SHA-256 over the margin state: all kernel tables but bookkeeping, and the names. Two shards that were told the same
   * things have the same, however the inputs were cut into batches and however often a stretch was delivered.
   */
  stateHash(): string {
    return createHash("sha256")
      .update(this.kernel.hashState())
      .update(JSON.stringify(this.names.toText()))
      .digest("hex");
  }
}
