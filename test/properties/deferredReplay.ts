import { expect } from "vitest";
import {
  MARGIN_STATE_CHANGED,
  MARK_PRICE_SET,
  TABLE_COUNT,
  TABLE_HEADER,
  TABLE_IDENTITIES,
  TABLE_IDENTITY_POSITIONS,
} from "../../assembly/memory/layout.ts";
import type { PlacedInput } from "../../services/engine/engineInput.ts";
import { Shard } from "../../services/engine/shard.ts";
import { StoredFold } from "../../services/engine/storedFold.ts";
import { type EventColumns, NO_NUMBER } from "../../services/journal/eventColumns.ts";
import type { JournalRow } from "../../services/journal/journal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { type Capacities, Kernel } from "../../services/kernel/kernel.ts";

/** The rows of a journal, or of a part of it, as a reader hands them over. */
export function columnsFrom(rows: readonly JournalRow[]): EventColumns {
  const starts = new Uint32Array(rows.length + 1);
  rows.forEach(({ payload }, index) => {
    starts[index + 1] = starts[index]! + payload.length;
  });
  return {
    first: rows[0]?.position ?? 1,
    count: rows.length,
    kinds: Uint32Array.from(rows, ({ kind }) => kind),
    accounts: Uint32Array.from(rows, ({ account }) => account ?? NO_NUMBER),
    instruments: Uint32Array.from(rows, ({ instrument }) => instrument ?? NO_NUMBER),
    previous: Float64Array.from(rows, ({ previous }) => previous),
    timesUs: Float64Array.from(rows, ({ eventTimeUs }) => eventTimeUs),
    starts,
    payloads: Buffer.concat(rows.map(({ payload }) => payload)),
  };
}

/** All tables as text, but the memory of identities and what the header says of it: a replay has none. */
export function tablesWithoutIdentities(kernel: Kernel): string[] {
  const tables = kernel.copyTables();
  tables[TABLE_HEADER]!.fill(0, 8, 24);
  return Array.from({ length: TABLE_COUNT }, (_, table) =>
    table === TABLE_IDENTITIES || table === TABLE_IDENTITY_POSITIONS
      ? `${table}`
      : `${table}: ${Buffer.from(tables[table]!).toString("hex")}`,
  );
}

/** What a replay was compared with, so that a property of empty histories is seen to be none. */
export interface Compared {
  marks: number;
  changes: number;
}

/**
 * Folds groups of inputs live, and again from their rows with marks put off. At the end of each group the replay is asked
 * for what `ask` draws: nothing, one account, or everything. At the end it is asked for everything.
 */
export function compareReplay(
  groups: readonly (readonly PlacedInput[])[],
  capacities: Capacities,
  ask: () => "nothing" | "everything" | number,
  compared: Compared,
): void {
  const live = new Shard(Kernel.create(kernelBinary(), capacities));
  const replayed = new Shard(Kernel.createForReplay(kernelBinary(), capacities));
  const fold = new StoredFold(replayed);
  const check = (asked: "nothing" | "everything" | number): void => {
    if (asked === "nothing") return;
    if (asked === "everything") {
      expect(tablesWithoutIdentities(replayed.kernel)).toEqual(tablesWithoutIdentities(live.kernel));
      expect(replayed.names.toText()).toEqual(live.names.toText());
      return;
    }
    const account = asked % live.reader.accountCount;
    expect(replayed.reader.account(account)).toEqual(live.reader.account(account));
    expect(replayed.reader.worstMarginRatioE6(account)).toBe(live.reader.worstMarginRatioE6(account));
  };
  for (const group of groups) {
    const rows = live.fold(group);
    fold.apply(columnsFrom(rows), 0, rows.length);
    compared.marks += rows.filter(({ kind }) => kind === MARK_PRICE_SET).length;
    compared.changes += rows.filter(({ kind }) => kind === MARGIN_STATE_CHANGED).length;
    check(ask());
  }
  check("everything");
}
