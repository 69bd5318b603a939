import {
  HEADER_IDENTITIES_SEEN,
  LAYOUT_VERSION,
  TABLE_COUNT,
  TABLE_HEADER,
  TABLE_IDENTITIES,
  TABLE_IDENTITY_POSITIONS,
} from "../../assembly/memory/layout.ts";
import type { Rung, RungStore } from "../journal/rungs.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Names, type NamesText } from "./names.ts";
import { Shard } from "./shard.ts";

/** Events between two rungs at the least: a question then replays a few hundredths of a second. */
const LEAST_EVENTS = 2_048;
/** A large shard leaves fewer rungs: bytes of its state, before they are packed, that each event in between makes room for. */
const BYTES_PER_EVENT = 128;

/** What identities an owner remembers is most of a state, and the past is told by its rows (`PlacedInput.recognised`). */
const LEFT_OUT: ReadonlySet<number> = new Set([TABLE_IDENTITIES, TABLE_IDENTITY_POSITIONS]);

/** Where the rung stands. */
export interface RungPlace {
  readonly batch: number;
  readonly position: number;
  readonly hash: Uint8Array;
}

/** A rung of the shard as it is. Its tables are views: valid until the next fold. */
export function rungOf(shard: Shard, place: RungPlace): Rung {
  const { kernel, reader } = shard;
  const tables = Array.from({ length: TABLE_COUNT }, (_, table) =>
    LEFT_OUT.has(table) ? new Uint8Array() : kernel.table(table),
  );
  const names = JSON.stringify(shard.names.toText());
  return {
    header: {
      layoutVersion: LAYOUT_VERSION,
      kernelHash: kernel.hash,
      batch: place.batch,
      position: place.position,
      eventTimeUs: Number(reader.eventTimeUs),
      accounts: reader.accountCount,
      chainHash: Buffer.from(place.hash).toString("hex"),
      namesBytes: Buffer.byteLength(names),
      tableBytes: tables.map(({ length }) => length),
    },
    names,
    tables,
  };
}

/**
 * The shard that a rung holds, in a fresh kernel of the journal's capacities. It remembers no identity: what it is fed must
 * say of each input that was refused for its identity that it was (`PlacedInput.recognised`).
 */
export function shardOfRung({ names, tables }: Rung, kernel: Kernel): Shard {
  // A copy: what decompresses may be a view on memory of others.
  const header = new Uint8Array(tables[TABLE_HEADER]!);
  new DataView(header.buffer).setBigInt64(HEADER_IDENTITIES_SEEN, 0n, true);
  kernel.restoreTables(tables.map((table, number) => (number === TABLE_HEADER ? header : table)));
  return new Shard(kernel, Names.fromText(JSON.parse(names) as NamesText));
}

/** Leaves rungs behind a shard that moves on, at the ends of batches. */
export class RungWriter {
  readonly #store: RungStore;
  #position: number;
  #nextPosition: number;

  /** @param position where the shard is: rungs after it belong to another history */
  constructor(store: RungStore, position: number) {
    this.#store = store;
    store.removeAfter(position);
    this.#position = store.positions().at(-1) ?? 0;
    this.#nextPosition = this.#position + LEAST_EVENTS;
  }

  /** Called after each batch. */
  pass(shard: Shard, place: RungPlace): void {
    if (place.position < this.#nextPosition) return;
    let bytes = 0;
    for (let table = 0; table < TABLE_COUNT; table++) {
      if (!LEFT_OUT.has(table)) bytes += shard.kernel.table(table).length;
    }
    const apart = Math.max(LEAST_EVENTS, Math.ceil(bytes / BYTES_PER_EVENT));
    this.#nextPosition = this.#position + apart;
    if (place.position < this.#nextPosition) return;
    this.#position = place.position;
    this.#nextPosition = place.position + apart;
    this.#store.write(rungOf(shard, place));
  }
}
