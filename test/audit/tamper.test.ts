// Whatever is done to a journal, the verifier says what kind of harm it is and where it begins.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DoubtKind, VerificationError } from "../../services/audit/verify/doubt.ts";
import { verifyJournal } from "../../services/audit/verify/verify.ts";
import type { Head } from "../../services/journal/headText.ts";
import type { JournalBatch } from "../../services/journal/journal.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { Folder, openEngine, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { batchesOf, inShell, writeBatches } from "./tampering.ts";

const folder = new Folder();
const whole = join(folder.path, "whole.sqlite");
let batches: JournalBatch[];
let copies = 0;

beforeAll(async () => {
  const stretches = shortHistory().map((input) => [input]);
  for (const upTo of [6, stretches.length]) {
    const source = new ScriptedSource(stretches.slice(0, upTo));
    await (await openEngine(SqliteJournal.open(whole, []), source, folder.snapshots)).run();
  }
  batches = await batchesOf(whole);
});
afterAll(() => folder.remove());

/** A copy to be harmed, without the snapshots: the log alone must tell. */
function copy(): string {
  mkdirSync(join(folder.path, "copies"), { recursive: true });
  const path = join(folder.path, "copies", `${copies++}.sqlite`);
  copyFileSync(whole, path);
  return path;
}

async function doubtOf(journal: string, heads: readonly Head[] = []): Promise<VerificationError | undefined> {
  try {
    await verifyJournal({ journal, snapshots: join(folder.path, "none"), heads });
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(VerificationError);
    return error as VerificationError;
  }
}

function headOf(number: number): Head {
  const { batch, hash, rows, eventTimeUs } = batches[number - 1]!;
  const chainHash = Buffer.from(hash).toString("hex");
  return { shard: "test", batch, position: rows.at(-1)!.position, chainHash, timeUs: eventTimeUs };
}

test("nothing is doubted of a journal that nobody touched", async () => {
  expect(await doubtOf(copy(), [headOf(3), headOf(12)])).toBeUndefined();
});

describe("a flipped byte", () => {
  test("of any payload is found, and its batch is named", async () => {
    const rows = batches.flatMap(({ batch, rows: own }) => own.map((row) => ({ batch, ...row })));
    // Every 29th byte of all payloads, one after the other.
    const flips = rows.flatMap(({ batch, position, payload }) =>
      [...payload.keys()].map((at) => ({ batch, position, at })),
    );
    const chosen = flips.filter((_, index) => index % 29 === 0);
    expect(chosen.length).toBeGreaterThan(30);
    const path = copy();
    for (const { batch, position, at } of chosen) {
      const { payload } = rows.find((row) => row.position === position)!;
      const spoilt = Uint8Array.from(payload);
      spoilt[at]! ^= 1 << (at % 8);
      const shell = new DatabaseSync(path);
      const put = shell.prepare("UPDATE event SET payload = ? WHERE position = ?");
      put.run(spoilt, position);
      const doubt = await doubtOf(path);
      expect(doubt, `byte ${at} of event ${position}`).toMatchObject({ kind: "changed", batch });
      if (doubt!.event !== undefined) expect(doubt!.event).toBeGreaterThanOrEqual(position);
      put.run(payload, position);
      shell.close();
    }
  });

  test.each(["kind", "account", "instrument", "previous", "event_time_us"])(
    "of the column %s is found",
    async (column) => {
      for (const position of [18, 22, 27]) {
        const path = copy();
        inShell(path, `UPDATE event SET ${column} = coalesce(${column}, 0) + 1 WHERE position = ${position}`);
        const { batch } = batches.find(({ rows }) => rows.some((row) => row.position === position))!;
        expect(await doubtOf(path)).toMatchObject({ kind: "changed", batch });
      }
    },
  );
});

const FROM_2 = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

describe("with every other hash left as it was", () => {
  test.each(FROM_2)("batch %d dropped", async (number) => {
    const path = copy();
    writeBatches(
      path,
      batches.filter(({ batch }) => batch !== number),
      false,
    );
    expect(await doubtOf(path)).toMatchObject({ kind: "dropped", batch: number });
  });

  test.each(FROM_2)("batches %d and the next swapped", async (number) => {
    const path = copy();
    const order = [...batches];
    order.splice(number - 1, 2, batches[number]!, batches[number - 1]!);
    writeBatches(path, order, false);
    expect(await doubtOf(path)).toMatchObject({ kind: "swapped", batch: number });
  });

  test.each(FROM_2)("a batch inserted before batch %d", async (number) => {
    for (const previousHash of [batches[number - 2]!.hash, new Uint8Array(32).fill(7)]) {
      const path = copy();
      const order = [...batches];
      order.splice(number - 1, 0, { ...batches[1]!, previousHash, hash: new Uint8Array(32).fill(9) });
      writeBatches(path, order, false);
      expect(await doubtOf(path)).toMatchObject({ kind: "inserted", batch: number });
    }
  });
});

describe("with the whole chain hashed anew, the rules of a journal tell", () => {
  const spanFrom = (order: JournalBatch[], number: number, firstOffset: number, lastOffset: number): void => {
    const batch = order[number - 1]!;
    order[number - 1] = { ...batch, spans: [{ ...batch.spans[0]!, firstOffset, lastOffset }] };
  };
  const withEpoch = (order: JournalBatch[], epoch: number): void => {
    for (const batch of order) Object.assign(batch, { epoch });
  };
  // Batches 1 to 7 are of the first owner, 8 begins the second one's epoch.
  const broken: readonly [string, (order: JournalBatch[]) => void, DoubtKind, number | undefined][] = [
    ["an epoch is left out", (order) => withEpoch(order.slice(7), 3), "epoch", 8],
    ["an epoch goes back", (order) => withEpoch(order.slice(8), 1), "epoch", 9],
    ["an epoch begins without its event", (order) => withEpoch([order[8]!], 3), "epoch", 9],
    ["a second owner in one epoch", (order) => withEpoch([order[7]!], 1), "epoch", 8],
    ["another kernel inside an epoch", (order) => Object.assign(order[4]!, { kernelHash: "0".repeat(64) }), "epoch", 5],
    ["a source goes back", (order) => spanFrom(order, 5, 0, 3), "source", 5],
    ["a source's end lies before its begin", (order) => spanFrom(order, 5, 9, 8), "source", 5],
    ["an event comes from beyond its source", (order) => spanFrom(order, 5, 9, 9), "source", undefined],
    ["the time goes back", (order) => Object.assign(order[8]!, { eventTimeUs: 1 }), "time", 9],
    ["a batch's time is not the kernel's", (order) => Object.assign(order[5]!, { eventTimeUs: 2e15 }), "time", 6],
  ];
  test.each(broken)("%s", async (_, harm, kind, batch) => {
    const path = copy();
    const order = batches.map((each) => ({ ...each }));
    harm(order);
    writeBatches(path, order, true);
    const doubt = await doubtOf(path);
    expect(doubt?.kind).toBe(kind);
    if (batch !== undefined) expect(doubt?.batch).toBe(batch);
  });
});

test("a batch without events ends where the one before ended: the column is in no hash", async () => {
  const path = copy();
  const empty = { ...batches[3]!, rows: [], spans: [] };
  writeBatches(path, batches.toSpliced(4, 0, empty), true);
  expect(await doubtOf(path)).toBeUndefined();
  inShell(path, "UPDATE batch SET last_position = last_position - 1 WHERE batch = 5");
  expect(await doubtOf(path)).toMatchObject({ kind: "changed", batch: 5 });
});

describe("with the whole chain hashed anew, an exported head tells", () => {
  const tampered: readonly [string, (order: JournalBatch[]) => void, number, DoubtKind, number][] = [
    ["a dropped batch", (order) => order.splice(4, 1), 5, "fork", 5],
    ["swapped batches", (order) => order.splice(4, 2, order[5]!, order[4]!), 5, "fork", 5],
    ["an inserted batch", (order) => order.splice(4, 0, { ...order[4]!, rows: [] }), 5, "fork", 5],
    ["another tail", (order) => order.splice(11, 1, { ...order[11]!, rows: [] }), 12, "fork", 12],
    ["a tail that is gone", (order) => order.splice(9), 12, "truncated", 10],
  ];
  test.each(tampered)("%s", async (_, harm, exported, kind, batch) => {
    const path = copy();
    const order = [...batches];
    harm(order);
    writeBatches(path, order, true);
    expect(await doubtOf(path, [headOf(3), headOf(exported)])).toMatchObject({ kind, batch });
  });

  test("a journal cut below an exported head", async () => {
    const path = copy();
    writeBatches(path, batches.slice(0, 9), true);
    inShell(path, "DELETE FROM account_head; UPDATE source_position SET last_offset = 6");
    // Without a head it cannot be told from one that ended there.
    expect(await doubtOf(path)).toBeUndefined();
    expect(await doubtOf(path, [headOf(9)])).toBeUndefined();
    expect(await doubtOf(path, [headOf(12)])).toMatchObject({ kind: "truncated", batch: 10 });
  });

  test("a fork: the same batch with another content, whole in itself", async () => {
    const path = join(folder.path, "fork.sqlite");
    const stretches = shortHistory().map((input) => [input]);
    const source = new ScriptedSource([...stretches.slice(0, 4), ...stretches.slice(5)]);
    await (await openEngine(SqliteJournal.open(path, []), source, folder.snapshots)).run();
    expect(await doubtOf(path)).toBeUndefined();
    const forked = await batchesOf(path);
    const common = batches.findIndex(({ hash }, index) => Buffer.compare(hash, forked[index]!.hash) !== 0);
    expect(await doubtOf(path, [headOf(common)])).toBeUndefined();
    expect(await doubtOf(path, [headOf(common + 1)])).toMatchObject({ kind: "fork", batch: common + 1 });
  });

  test("two heads of one batch with different hashes need no journal to tell", async () => {
    const other = { ...headOf(5), chainHash: "0".repeat(64) };
    expect(await doubtOf(copy(), [headOf(5), other])).toMatchObject({ kind: "fork", batch: 5 });
  });

  test("a head that names another state, or another position, whatever a second one of its batch says", async () => {
    const state = { ...headOf(12), stateHash: "0".repeat(64) };
    const place = { ...headOf(12), position: 1 };
    for (const heads of [[state], [state, headOf(12)], [headOf(12), state]]) {
      expect(await doubtOf(copy(), heads)).toMatchObject({ kind: "derivation", batch: 12 });
    }
    for (const heads of [[place], [place, headOf(12)]]) {
      expect(await doubtOf(copy(), heads)).toMatchObject({ kind: "fork", batch: 12 });
    }
  });
});
