import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../../services/engine/engine.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import type { Capacities } from "../../services/kernel/kernel.ts";
import { ACCOUNTS_OF_A_BOOK, type FundedBook, openingInputs } from "./accounts.ts";
import { CensusTaker, type SnapshotCensus } from "./census.ts";
import { surfaceMarket } from "./listings.ts";
import { marketInputs } from "./marketInputs.ts";
import { STUDIED_REGIMES } from "./regimes.ts";
import type { Snapshot } from "./snapshot.ts";
import { SnapshotSource } from "./snapshotSource.ts";
import type { RegimeWarnings } from "./warnings.ts";

/** Inputs in one journal batch. */
const PULL_LIMIT = 512;
const SHARD = "deribit-surface";

export interface LiveRun {
  readonly censuses: readonly SnapshotCensus[];
  readonly warnings: readonly RegimeWarnings[];
  readonly stateHash: string;
  readonly inputs: number;
  /** Journalled, with all that followed from the inputs. */
  readonly events: number;
  /** Changes of margin state on the way, those between two marks of one snapshot included. */
  readonly stateChanges: number;
  /** Inputs refused, by reason. */
  readonly refusals: Readonly<Record<number, number>>;
  /** Engine and journal, without what the study itself reads. */
  readonly seconds: number;
  /** Of the process in that time: on a machine that others use the wall clock says little. */
  readonly cpuSeconds: number;
}

export interface LiveOptions {
  readonly snapshots: readonly Snapshot[];
  readonly books: readonly FundedBook[];
  /** Where the journal stays, for `plimsoll verify --data` and the sqlite3 shell; without it in a folder that is removed. */
  readonly folder?: string;
  readonly onSnapshot?: (census: SnapshotCensus) => void;
  /** Looks at the engine after the last snapshot, before it ends. */
  readonly atEnd?: (engine: Engine) => void;
}

/** Plays the market and the books through the engine, with a journal on disk. */
export async function runLive(options: LiveOptions): Promise<LiveRun> {
  if (options.folder !== undefined) return playThrough(options, options.folder);
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-surface-"));
  try {
    return await playThrough(options, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playThrough({ snapshots, books, onSnapshot, atEnd }: LiveOptions, folder: string): Promise<LiveRun> {
  const [first = [], ...later] = marketInputs(snapshots);
  const stretches = [[...first, ...openingInputs(books, snapshots[0]!.timeUs)], ...later];
  const taker = new CensusTaker(books);
  const censuses: SnapshotCensus[] = [];
  const spent = { ms: 0, cpuMs: 0 };
  const source = new SnapshotSource(stretches, (number) => {
    const [start, cpuStart] = [performance.now(), cpuMs()];
    const census = taker.take(engine, snapshots[number]!);
    censuses.push(census);
    onSnapshot?.(census);
    if (number === snapshots.length - 1) atEnd?.(engine);
    spent.ms += performance.now() - start;
    spent.cpuMs += cpuMs() - cpuStart;
  });
  const [start, cpuStart] = [performance.now(), cpuMs()];
  const engine = await Engine.open({
    journal: SqliteJournal.open(join(folder, `${SHARD}.sqlite`), kinds()),
    snapshots: new SnapshotStore(join(folder, `${SHARD}-snapshots`)),
    kernelBinary: kernelBinary(),
    engineVersion: "study",
    shard: SHARD,
    market: surfaceMarket(),
    capacities: capacitiesFor(snapshots, books),
    source: () => source,
    snapshotEveryEvents: Number.MAX_SAFE_INTEGER,
    pullLimit: PULL_LIMIT,
    log: () => {},
  });
  await engine.run();
  const [seconds, cpuSeconds] = [performance.now() - start - spent.ms, cpuMs() - cpuStart - spent.cpuMs].map(
    (ms) => ms / 1000,
  ) as [number, number];
  const { stateChanges, refusals } = engine.shard.reader.counters();
  return {
    censuses,
    warnings: taker.warnings.summary(),
    stateHash: engine.shard.stateHash(),
    inputs: stretches.reduce((sum, stretch) => sum + stretch.length, 0),
    events: Number(engine.asOf().journalPosition),
    stateChanges: Object.values(stateChanges).reduce((sum, count) => sum + count, 0),
    refusals: Object.fromEntries(refusals),
    seconds,
    cpuSeconds,
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function kinds(): [number, string][] {
  return Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name]);
}

function capacitiesFor(snapshots: readonly Snapshot[], books: readonly FundedBook[]): Capacities {
  const names = new Set(snapshots.flatMap(({ options, futures }) => [...options, ...futures].map(({ name }) => name)));
  const accounts = books.length * ACCOUNTS_OF_A_BOOK;
  const legs = books.reduce((sum, { book }) => sum + book.legs.length, 0);
  return {
    accounts: accounts + 8,
    // Two coins and the currency of the verdict.
    pools: accounts * 3 + 64,
    positions: legs * ACCOUNTS_OF_A_BOOK + 8,
    instruments: names.size + 8,
    // A trade in each regime, and its other side; an opening and two deposits.
    identities: legs * 2 * STUDIED_REGIMES.length + accounts * 3 + 8,
  };
}
