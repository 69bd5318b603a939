// As of: what a replay from a rung says of an account is what the engine said then, to the last bit.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { historyOf } from "../../services/audit/history/history.ts";
import { Replayer } from "../../services/audit/replay/replayer.ts";
import { whyOf } from "../../services/audit/why/why.ts";
import { type Moment, NoAnswerError } from "../../services/engine/auditDesk.ts";
import type { Engine } from "../../services/engine/engine.ts";
import { recover } from "../../services/engine/recovery.ts";
import { rungOf, shardOfRung } from "../../services/engine/rung.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { JournalHistory } from "../../services/journal/journalHistory.ts";
import { SnapshotStore } from "../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import { CAPACITIES, Folder, openEngine, START_US, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { randomHistory } from "../properties/randomHistory.ts";
import { captureAt, captureOf, deskOn, liveState, newJournal, rungsIn } from "./pastRun.ts";

/** Small enough that accounts and positions are refused, and identities forgotten. */
const TIGHT = { accounts: 8, pools: 12, positions: 14, instruments: 8, identities: 24 };

const folder = new Folder();
afterAll(() => folder.remove());
let runs = 0;

function freshFolder(): string {
  const path = join(folder.path, `run-${runs++}`);
  mkdirSync(path);
  return path;
}

interface Lived {
  readonly path: string;
  /** The capture of an account after the batch that ended at a position. */
  readonly captures: ReadonlyMap<number, ReadonlyMap<string, string>>;
  readonly head: number;
}

/** Runs inputs one a batch, captures every account after each, and leaves a rung every few events. */
async function live(
  inputs: readonly VenueInput[],
  changes: Parameters<typeof openEngine>[3],
  rungEvery: number,
): Promise<Lived> {
  const path = freshFolder();
  const captures = new Map<number, Map<string, string>>();
  const snapshots = new SnapshotStore(join(path, "snapshots"));
  const source = new ScriptedSource(inputs.map((input) => [input]));
  const engine: Engine = await openEngine(newJournal(path), source, snapshots, changes);
  const journal = SqliteJournal.openToRead(join(path, "journal.sqlite"));
  let lastRung = 0;
  engine.onDurable(() => {
    const state = liveState(engine);
    const { names } = engine;
    const all = names.accounts.map((name, account) => [name, captureOf(state, account)] as const);
    const position = Number(engine.asOf().journalPosition);
    captures.set(position, new Map(all));
  });
  // A rung wants the hash of its batch: it is read again from the file.
  const history = JournalHistory.open(join(path, "journal.sqlite"));
  engine.onDurable(() => {
    const head = history.head()!;
    if (head.lastPosition - lastRung < rungEvery) return;
    lastRung = head.lastPosition;
    const place = { batch: head.batch, position: head.lastPosition, hash: Buffer.from(head.hash, "hex") };
    rungsIn(path).write(rungOf(engine.shard, place));
  });
  await engine.run();
  history.close();
  await journal.close();
  return { path, captures, head: [...captures.keys()].at(-1) ?? 0 };
}

describe("for random histories", () => {
  test("as of by the nearest rung = as of by full replay = live capture, deep inside batches too", async () => {
    await fc.assert(
      fc.asyncProperty(randomHistory({ maxSteps: 40 }), fc.integer({ min: 3, max: 30 }), async (drawn, every) => {
        const changes = { market: drawn.market.document, capacities: TIGHT };
        const { path, captures } = await live(drawn.groups.flat(), changes, every);
        const byRung = deskOn(path);
        const whole = deskOn(path, rungsIn(join(path, "no-rungs")));
        const sameAt = async (desk: ReturnType<typeof deskOn>, position: number): Promise<void> => {
          const lived = captures.get(position)!;
          const { state, release } = await desk.accountAt("venue:fees", { position });
          for (const [name, capture] of lived) expect(captureOf(state, state.names.account(name)!)).toBe(capture);
          release();
        };
        const all = [...captures.keys()];
        const positions = [0.15, 0.4, 0.55, 0.8, 1].map((share) => all[Math.ceil(share * all.length) - 1]!);
        // Back in time too: the kernel of one answer serves the next.
        for (const position of [...positions, ...positions.toReversed()]) await sameAt(byRung, position);
        for (const position of positions.slice(1, 3)) await sameAt(whole, position);
        // The same inputs in one large batch: the moments are reached deep inside it.
        const cut = freshFolder();
        const source = new ScriptedSource([drawn.groups.flat()]);
        const engine = await openEngine(newJournal(cut), source, new SnapshotStore(join(cut, "snapshots")), changes);
        await engine.run();
        for (const position of positions.slice(1, 3)) await sameAt(deskOn(cut), position);
      }),
      { numRuns: Number(process.env["PLIMSOLL_PROPERTY_RUNS"] ?? 5), endOnFailure: true },
    );
  }, 120_000);

  test("INP-001 a rung without identities goes on to the same state and rows, duplicates and conflicts included", async () => {
    await fc.assert(
      fc.asyncProperty(randomHistory({ maxSteps: 80 }), async (drawn) => {
        const changes = { market: drawn.market.document, capacities: TIGHT };
        const { path, captures, head } = await live(drawn.groups.flat(), changes, 11);
        const desk = deskOn(path);
        const walk = await desk.replayer.walkTo(head);
        const { shard } = await recover(
          SqliteJournal.openToRead(join(path, "journal.sqlite")),
          kernelBinary(),
          new SnapshotStore(join(path, "none")),
          () => {},
        );
        // Everything but the memory of identities and the header's counts of it.
        for (let table = 1; table < 15; table++) {
          if (table === 9) continue;
          expect(Buffer.compare(walk.shard.kernel.table(table), shard.kernel.table(table)), `table ${table}`).toBe(0);
        }
        expect(captures.size).toBeGreaterThan(20);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  }, 120_000);
});

describe("typed answers", () => {
  const asked = async (path: string, account: string, moment: Moment): Promise<string> => {
    const error = await deskOn(path)
      .accountAt(account, moment)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    return error instanceof NoAnswerError ? error.reason : `${error}`;
  };

  test("before the birth, before the journal, beyond the head, an unknown account", async () => {
    const { path, head } = await live(shortHistory(), {}, 4);
    const opened = (await historyFrom(path, "bob"))[0]!.row.position;
    expect(await asked(path, "bob", { position: opened - 1 })).toBe("BEFORE_BIRTH");
    expect(await asked(path, "bob", { position: opened })).toBe("undefined");
    expect(await asked(path, "nobody", { position: head })).toBe("ACCOUNT_UNKNOWN");
    expect(await asked(path, "bob", { position: 0 })).toBe("BEFORE_JOURNAL");
    expect(await asked(path, "bob", { position: head + 2 })).toBe("BEYOND_HEAD");
    expect(await asked(path, "bob", { timeUs: START_US + 6n })).toBe("BEYOND_HEAD");
    expect(await asked(path, "bob", { timeUs: START_US + 5n })).toBe("undefined");
  });

  test("a kernel that is not kept", async () => {
    const { path } = await live(shortHistory(), {}, 4);
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(path, "journal.sqlite"));
    database.exec("DELETE FROM kernel");
    database.close();
    expect(await asked(path, "bob", { position: 20 })).toBe("KERNEL_UNKNOWN");
  });

  test("a time means the last event that the engine had seen by then", async () => {
    const { path } = await live(shortHistory(), {}, 4);
    const at = async (offsetUs: bigint) =>
      (await deskOn(path).accountAt("alice", { timeUs: START_US + offsetUs })).state.instrument(0).mark;
    expect([await at(1n), await at(2n), await at(3n), await at(4n), await at(5n)]).toEqual([100n, 100n, 90n, 84n, 95n]);
  });
});

test("a rung of another history, and a damaged one, are passed over", async () => {
  const { path, captures, head } = await live(shortHistory(), {}, 3);
  const rungs = rungsIn(path);
  const [first] = rungs.positions();
  const other = rungs.read(first!)!;
  const { shard } = await deskOn(path).replayer.walkTo(head);
  const foreign = { batch: other.header.batch, position: head, hash: new Uint8Array(32) };
  rungs.write(rungOf(shardOfRung(other, Kernel.create(shard.kernel.binary, CAPACITIES)), foreign));
  const answer = await deskOn(path).accountAt("alice", { position: head });
  expect(answer.rungPosition).toBeLessThan(head);
  expect(captureAt(answer)).toBe(captures.get(head)!.get("alice"));
});

async function historyFrom(path: string, account: string, from?: Moment, to?: Moment) {
  const replayer = new Replayer(JournalHistory.open(join(path, "journal.sqlite")), rungsIn(path));
  const events = [];
  for await (const event of historyOf(replayer, account, from, to)) events.push(event);
  return events;
}

describe("history and why", () => {
  test("every event of the account in order, as the chain has them, with the account after each", async () => {
    for (const every of [3, 1_000]) {
      const { path, captures, head } = await live(shortHistory(), {}, every);
      const journal = JournalHistory.open(join(path, "journal.sqlite"));
      const rows = journal.rows(1, head);
      const alice = rows.find(({ account }, index) => account !== undefined && rows[index]!.kind === 20)!.account;
      const events = await historyFrom(path, "alice");
      expect(events.map(({ row }) => row.position)).toEqual(
        rows.filter(({ account }) => account === alice).map(({ position }) => position),
      );
      for (const { row, past, margins, state } of await collectStates(path)) {
        const at = [...captures.keys()].find((position) => position >= row.position)!;
        const view = JSON.parse(captures.get(at)!.get("alice")!).view;
        expect(state).toBe(view.state);
        expect(`${margins[0]!.equity}n`).toBe(view.pools[0].equity);
        expect(past).toBeDefined();
      }
    }
    async function collectStates(path: string) {
      return (await historyFrom(path, "alice")).filter(({ margins }) => margins.length > 0);
    }
  });

  test("a price move that changed the state is told as its cause; from and to bound it", async () => {
    const { path } = await live(shortHistory(), {}, 5);
    const events = await historyFrom(path, "alice");
    const changes = events.filter(({ row }) => row.kind === 72);
    expect(changes.length).toBeGreaterThan(0);
    for (const { cause } of changes) expect(cause.kind).toBe(40);
    const middle = changes[0]!.row.position;
    const later = await historyFrom(path, "alice", { position: middle });
    expect(later[0]!.row.position).toBe(middle);
    const earlier = await historyFrom(path, "alice", undefined, { position: middle - 1 });
    expect([...earlier, ...later].map(({ row }) => row.position)).toEqual(events.map(({ row }) => row.position));
  });

  test("why: the move, its source, and terms whose changes add up", async () => {
    const { path, head } = await live(shortHistory(), {}, 5);
    const replayer = new Replayer(JournalHistory.open(join(path, "journal.sqlite")), rungsIn(path));
    const why = await whyOf(replayer, "alice", { position: head });
    expect(why.cause.kind).toBe(40);
    expect(why.source).toMatchObject({ topic: "script", partition: 0 });
    expect(why.from).not.toBe(why.to);
    const profit = why.terms.find(({ term }) => term === "unrealised_profit")!;
    const equity = why.terms.find(({ term }) => term === "equity")!;
    expect(equity.after! - equity.before!).toBe(profit.after! - profit.before!);
    await expect(whyOf(replayer, "bob", { position: 20 })).rejects.toMatchObject({ reason: "NEVER_CHANGED" });
  });
});
