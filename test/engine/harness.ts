import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountCommand } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { Engine, type EngineOptions } from "../../services/engine/engine.ts";
import type { Source, VenueInput } from "../../services/ingest/source.ts";
import type { Journal, JournalBatch, JournalHead } from "../../services/journal/journal.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import type { Capacities } from "../../services/kernel/kernel.ts";
import { MemoryJournal } from "../journal/memoryJournal.ts";
import { market } from "../margin/market.ts";
import { ScriptedSource } from "./scriptedSource.ts";

export const CAPACITIES: Capacities = {
  accounts: 64,
  pools: 128,
  positions: 256,
  instruments: 16,
  identities: 4096,
  holds: 256,
};
export const START_US = 1_767_225_600_000_000n;

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "plimsoll-engine-"));

  get snapshots(): SnapshotStore {
    return new SnapshotStore(join(this.path, "snapshots"));
  }

  removeSnapshots(): void {
    rmSync(join(this.path, "snapshots"), { recursive: true, force: true });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function openEngine(
  journal: Journal,
  source: Source,
  snapshots: SnapshotStore,
  changes: Partial<EngineOptions> = {},
): Promise<Engine> {
  return Engine.open({
    journal,
    snapshots,
    kernelBinary: kernelBinary(),
    engineVersion: "test",
    shard: "test",
    market: market(),
    capacities: CAPACITIES,
    source: () => source,
    snapshotEveryEvents: 1_000_000,
    pullLimit: 1_000,
    log: () => {},
    ...changes,
  });
}

/** Where money and positions are in the tests of this folder: two accounts, a mark, a trade, a fall. */
export function shortHistory(): VenueInput[] {
  return [
    command("alice", "open", { $case: "openAccount", value: { marginMode: 2 } }),
    command("bob", "open", { $case: "openAccount", value: { marginMode: 1 } }),
    command("alice", "pay in", { $case: "deposit", value: { currency: "USD", amount: 1_000n } }),
    command("bob", "pay in", { $case: "deposit", value: { currency: "USD", amount: 5_000n } }),
    mark(100n, 1n),
    fill("alice", 1, 50n, 100n, 2n),
    fill("bob", 2, 50n, 100n, 2n),
    mark(90n, 3n),
    mark(84n, 4n),
    mark(95n, 5n),
  ];
}

export function command(
  account: string,
  commandId: string,
  body: NonNullable<AccountCommand["command"]>,
): Extract<VenueInput, { kind: "account" }> {
  return { kind: "account", command: { account, commandId, eventTimeUs: START_US, command: body } };
}

export function deposit(account: string, commandId: string, amount: bigint): AccountCommand {
  return command(account, commandId, { $case: "deposit", value: { currency: "USD", amount } }).command;
}

export function withdrawal(account: string, commandId: string, amount: bigint): AccountCommand {
  return command(account, commandId, { $case: "withdrawal", value: { currency: "USD", amount } }).command;
}

export function mark(price: bigint, atUs: bigint): VenueInput {
  const event = { $case: "markPrice" as const, value: { price } };
  return { kind: "market", event: { instrument: "LIN", eventTimeUs: START_US + atUs, event } };
}

export function fill(account: string, side: 1 | 2, quantity: bigint, price: bigint, atUs: bigint): VenueInput {
  return {
    kind: "fill",
    fill: {
      venue: "test",
      tradeId: `trade-${atUs}`,
      account,
      instrument: "LIN",
      side,
      quantity,
      price,
      liquidity: side,
      liquidation: false,
      fee: undefined,
      eventTimeUs: START_US + atUs,
      orderId: "",
    },
  };
}

/** A journal whose appends wait until they are let through, or fail. */
export class GatedJournal extends MemoryJournal {
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  /** Takes the place of an append. */
  onAppend: ((append: () => Promise<void>) => Promise<void>) | undefined;

  shut(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  letThrough(): void {
    this.#open();
  }

  override async append(batch: JournalBatch, expected: JournalHead): Promise<void> {
    await this.#gate;
    const append = () => super.append(batch, expected);
    await (this.onAppend === undefined ? append() : this.onAppend(append));
  }
}

/** The short history, one input a batch. */
export const stretches = () => shortHistory().map((input) => [input]);
/** After everything that waits for nothing. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** State and rows of a run that nothing disturbs. */
export async function undisturbed(): Promise<Engine> {
  const quiet = new Folder();
  const engine = await openEngine(new MemoryJournal(), new ScriptedSource(stretches()), quiet.snapshots);
  await engine.run();
  quiet.remove();
  return engine;
}
