import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Control } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { type VerifyOptions, verifyJournal } from "../../services/audit/verify/verify.ts";
import type { Engine } from "../../services/engine/engine.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { hashBatch } from "../../services/journal/batchHash.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { deposit, Folder, openEngine, START_US, shortHistory } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { collect } from "../journal/contract.ts";

let folder: Folder;
let path: string;
let engine: Engine;

beforeEach(async () => {
  folder = new Folder();
  path = join(folder.path, "shard.sqlite");
  const stretches = shortHistory().map((input) => [input]);
  for (const upTo of [6, stretches.length]) {
    const source = new ScriptedSource(stretches.slice(0, upTo));
    engine = await openEngine(SqliteJournal.open(path, []), source, folder.snapshots);
    await engine.run();
  }
});
afterEach(() => folder.remove());

function verify(changes: Partial<VerifyOptions> = {}) {
  return verifyJournal({ journal: path, snapshots: join(folder.path, "snapshots"), ...changes });
}

function damage(sql: string): void {
  const shell = new DatabaseSync(path);
  shell.exec(sql);
  shell.close();
}

/** Writes every hash of the chain anew, as somebody would who knows how: only the kernel can tell now. */
async function rehash(): Promise<void> {
  const journal = SqliteJournal.openToRead(path);
  const batches = await collect(journal.batches(1));
  await journal.close();
  const shell = new DatabaseSync(path);
  const update = shell.prepare("UPDATE batch SET previous_hash = ?, hash = ? WHERE batch = ?");
  let previousHash: Uint8Array = new Uint8Array(32);
  for (const batch of batches) {
    const hash = hashBatch({ ...batch, previousHash });
    update.run(previousHash, hash, batch.batch);
    previousHash = hash;
  }
  shell.close();
}

const FIRST_DERIVED = "(SELECT min(position) FROM event WHERE kind >= 70)";
const spoilt = (position: number | string): string =>
  `UPDATE event SET payload = CAST(substr(payload, 1, length(payload) - 1) || x'7F' AS BLOB) WHERE position = ${position}`;

describe("verify", () => {
  test("passes a journal of two epochs, and finds what the engine found", async () => {
    const found = await verify();
    expect(found).toMatchObject({
      batches: 12,
      position: Number(engine.asOf().journalPosition),
      epoch: 2,
      stateHash: engine.shard.stateHash(),
      snapshots: 2,
    });
    expect(found.money.quantitiesCancel).toBe(true);
    expect(found.money.currencies[0]).toMatchObject({ currency: "USD", deposits: 6_000n, difference: 0n });
  });

  test("derives what the host refuses before a kernel sees it", async () => {
    const told = (commandId: string, by: string, approvedBy: string, control: Control = 1): VenueInput => {
      const override = { control, approvedBy, expiryTimeUs: START_US + 1_000n };
      const command = { $case: "setOverride" as const, value: override };
      const value = { commandId, account: "alice", currency: "", by, reason: "test", command };
      const event = { instrument: "", eventTimeUs: START_US + 6n, event: { $case: "control" as const, value } };
      return { kind: "market", event };
    };
    const refused = [
      told("1", "ann", ""),
      told("2", "ann", "ann"),
      told("3", "", "bob"),
      told("4", "ann", "bob", 300 as Control),
    ];
    const other = join(folder.path, "controls.sqlite");
    const source = new ScriptedSource([...shortHistory(), ...refused].map((input) => [input]));
    engine = await openEngine(SqliteJournal.open(other, []), source, folder.snapshots);
    await engine.run();
    const { OVERRIDE_IDENTITIES, FIELD_MISSING, CONTROL_UNKNOWN } = RefusalReason;
    const { refusals } = engine.shard.reader.counters();
    expect([OVERRIDE_IDENTITIES, FIELD_MISSING, CONTROL_UNKNOWN].map((reason) => refusals.get(reason))).toEqual([
      2, 1, 1,
    ]);
    const found = await verifyJournal({ journal: other, snapshots: join(folder.path, "none") });
    expect(found.stateHash).toBe(engine.shard.stateHash());
  });

  test("reads beside an engine that goes on appending", async () => {
    const source = new ScriptedSource([], { ends: false });
    source.open = async () => {};
    const running = await openEngine(SqliteJournal.open(path, []), source, folder.snapshots);
    const ended = running.run();
    let told = 0;
    const found = await verify({
      progress: () => void running.submit(deposit("alice", `meanwhile ${told++}`, 1n)),
    });
    expect(found.batches).toBe(13);
    running.stop();
    await ended;
    expect((await verify()).batches).toBeGreaterThan(13);
  });

  // Events: 1 to 16 are the genesis, in batch 1; 17 opens alice, 18 bob, 19 and 20 pay in, 21 marks, 22 is alice's fill.
  test.each([
    ["a flipped payload byte", spoilt(19), /batch 4: content and hash differ/],
    ["a flipped payload byte in the first event", spoilt(1), /batch 1: content and hash differ/],
    ["another kind", "UPDATE event SET kind = 22 WHERE position = 19", /batch 4: content and hash differ/],
    ["another account", "UPDATE event SET account = 5 WHERE position = 19", /batch 4: content and hash differ/],
    ["no account", "UPDATE event SET account = NULL WHERE position = 19", /batch 4: content and hash differ/],
    ["another instrument", "UPDATE event SET instrument = 1 WHERE position = 21", /batch 6: content and hash differ/],
    ["another previous event", "UPDATE event SET previous = 0 WHERE position = 19", /batch 4: content and hash differ/],
    [
      "another time",
      "UPDATE event SET event_time_us = event_time_us + 1 WHERE position = 19",
      /batch 4: content and hash/,
    ],
    ["a dropped event", "DELETE FROM event WHERE position = 5", /batch 1 claims events 1 to 16/],
    ["a dropped first event", "DELETE FROM event WHERE position = 1", /batch 1 claims events 1 to 16/],
    ["a dropped batch", "DELETE FROM batch WHERE batch = 5", /dropped: batch 5 is gone/],
    [
      "a dropped batch with its event",
      "DELETE FROM batch WHERE batch = 5; DELETE FROM event WHERE position = 20",
      /dropped: batch 5 is gone/,
    ],
    [
      "a dropped batch whose place is taken",
      "DELETE FROM batch WHERE batch = 5; DELETE FROM event WHERE position = 20;" +
        "UPDATE batch SET batch = -batch WHERE batch > 5; UPDATE batch SET batch = -batch - 1 WHERE batch < 0",
      /dropped: batch 5 is gone/,
    ],
    [
      "swapped batches",
      "UPDATE batch SET batch = -4 WHERE batch = 4; UPDATE batch SET batch = 4 WHERE batch = 5;" +
        "UPDATE batch SET batch = 5 WHERE batch = -4",
      /swapped: batch 4 stands on one that comes after it; batch 5 belongs here/,
    ],
    [
      "an inserted batch",
      "INSERT INTO batch SELECT batch + 1, last_position + 1, last_position, epoch, event_time_us, kernel_hash, '[]', " +
        "hash, zeroblob(32) FROM batch ORDER BY batch DESC LIMIT 1",
      /batch 13: content and hash differ/,
    ],
    ["a tail that ends inside a batch", "DELETE FROM event WHERE position > 25", /batch \d+ claims events/],
    [
      "a tail that is gone",
      "DELETE FROM event WHERE position >= (SELECT last_position FROM batch WHERE batch = 12);" +
        "DELETE FROM batch WHERE batch = 12",
      /truncated: the journal ends with batch 11, a snapshot stands on batch 12/,
    ],
    [
      "an event behind the last batch",
      "INSERT INTO event SELECT position + 1, kind, account, instrument, position, event_time_us, payload FROM event " +
        "ORDER BY position DESC LIMIT 1",
      /event \d+ stands after the last batch/,
    ],
    [
      "other sources",
      `UPDATE batch SET sources = replace(sources, '"lastOffset":2', '"lastOffset":3') WHERE batch = 4`,
      /batch 4: content and hash differ/,
    ],
    ["sources that cannot be read", "UPDATE batch SET sources = 'x' WHERE batch = 4", /batch 4: its sources/],
    ["another source position", "UPDATE source_position SET last_offset = 3", /script\[0\] is 3, the batches reach 9/],
    ["a lost source position", "DELETE FROM source_position", /0 source positions are kept, the batches speak of 1/],
    ["an invented source position", "INSERT INTO source_position VALUES ('x', 0, 0, 1)", /x\[0\] is 1, .* none of it/],
    [
      "another account's newest event",
      "UPDATE account_head SET position = 1 WHERE account = 4",
      /event 1 of account 4/,
    ],
    ["another epoch", "UPDATE batch SET epoch = 1", /content and hash differ/],
    ["another batch time", "UPDATE batch SET event_time_us = 0 WHERE batch = 9", /batch 9: content and hash differ/],
    [
      "another kernel's name",
      `UPDATE batch SET kernel_hash = '${"0".repeat(64)}' WHERE batch = 9`,
      /changed: batch 9: content and hash differ/,
    ],
    [
      "a kernel that is not whole",
      "UPDATE kernel SET binary = x'00'",
      /batch 1: the kernel .* is not kept, or not whole/,
    ],
    ["a hash that was changed", "UPDATE batch SET hash = zeroblob(32) WHERE batch = 12", /batch 12: content and hash/],
    ["no batch at all", "DELETE FROM batch; DELETE FROM event", /the journal is empty/],
  ])("finds %s and names it", async (_, sql, message) => {
    damage(sql);
    await expect(verify()).rejects.toThrow(message);
  });

  test.each([
    [
      "a derived event that says something else",
      spoilt(FIRST_DERIVED),
      /event 27 replays differently: .*other content/,
    ],
    ["an input with another outcome", spoilt(22), /event 22 replays differently/],
    [
      "a payload that is no event",
      "UPDATE event SET payload = x'FFFFFF' WHERE position = 19",
      /event 19: .* no JournalEvent/,
    ],
    ["a shard that does not open", "UPDATE event SET payload = x'00' WHERE position = 1", /event 1/],
    ["another time", "UPDATE event SET event_time_us = 1 WHERE position = 22", /event 22 replays differently/],
    [
      "another kind",
      "UPDATE event SET kind = 40 WHERE position = 19",
      /event 19: .* its body is deposited, not of kind 40/,
    ],
    ["an instrument of a deposit", "UPDATE event SET instrument = 0 WHERE position = 19", /event 19 replays diff/],
    ["another account's fill", "UPDATE event SET account = 5, previous = 20 WHERE position = 22", /event 22|event 23/],
    [
      "a broken account chain",
      "UPDATE event SET previous = 0 WHERE position = 19",
      /event 19: account's previous event is 17/,
    ],
    [
      "an account that was never opened",
      "UPDATE event SET account = 60, previous = 0 WHERE position = 19",
      /event 19|account/,
    ],
  ])("with a chain that was hashed anew, finds %s", async (_, sql, message) => {
    damage(sql);
    await rehash();
    await expect(verify()).rejects.toThrow(message);
  });

  test("finds a snapshot whose bytes have changed, and one whose state the log does not give", async () => {
    const snapshots = join(folder.path, "snapshots");
    const file = join(snapshots, readdirSync(snapshots).sort().at(-1)!);
    const bytes = readFileSync(file);
    const at = bytes.length - 40;
    bytes[at]! ^= 1;
    writeFileSync(file, bytes);
    await expect(verify()).rejects.toThrow(/snapshot \d+\.snapshot: the checksum does not fit/);
    const sealed = (body: Buffer) => Buffer.concat([body, createHash("sha256").update(body).digest()]);
    const body = bytes.subarray(0, bytes.length - 32);
    writeFileSync(file, sealed(body));
    await expect(verify()).rejects.toThrow(/snapshot at event \d+: its state is not the one that the log gives/);
    body[at]! ^= 1;
    const found = body.indexOf('"position":') + '"position":'.length;
    body[found]! += 1;
    writeFileSync(file, sealed(body));
    await expect(verify()).rejects.toThrow(/snapshot at event \d+: its state is not the one that the log gives/);
    body[found]! -= 1;
    const batch = body.indexOf('"batch":12') + '"batch":'.length;
    body.write("-2", batch);
    writeFileSync(file, sealed(body));
    await expect(verify()).rejects.toThrow(/snapshot: one stands on batch -2, which there is not/);
    body.write("12", batch);
    writeFileSync(file, sealed(body));
    expect((await verify()).snapshots).toBe(2);
    // A second one of the same batch is not hidden by the first.
    body[at]! ^= 1;
    writeFileSync(join(snapshots, "0.snapshot"), sealed(body));
    await expect(verify()).rejects.toThrow(/its state is not the one that the log gives/);
  });
});
