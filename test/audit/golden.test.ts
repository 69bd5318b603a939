// Journals of versions that were released: each replays under its own kernel to the bits that it had, and under the
// current one with a report of where they differ.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { LAYOUT_VERSION } from "../../assembly/memory/layout.ts";
import { verifyJournal } from "../../services/audit/verify/verify.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Folder, openEngine } from "../engine/harness.ts";
import { ScriptedSource } from "../engine/scriptedSource.ts";
import { kernelOfLayout, kernelOfOtherRules } from "../kernel/otherKernels.ts";
import { GOLDEN_MARKET } from "./goldenHistory.ts";
import { writeGoldenJournal } from "./goldenJournal.ts";
import { inShell } from "./tampering.ts";

const GOLDEN = join(import.meta.dirname, "../golden");
const VERSIONS = readdirSync(GOLDEN).sort();

const folder = new Folder();
afterAll(() => folder.remove());
let copies = 0;

/** A copy of the journal in a folder of its own. */
function unpacked(version: string): string {
  const own = join(folder.path, String(copies++));
  mkdirSync(own, { recursive: true });
  const path = join(own, "golden.sqlite");
  writeFileSync(path, gunzipSync(readFileSync(join(GOLDEN, version, "journal.sqlite.gz"))));
  return path;
}

function expectedOf(version: string): { position: number; kernelHash: string; chainHash: string; stateHash: string } {
  return JSON.parse(readFileSync(join(GOLDEN, version, "expected.json"), "utf8"));
}

const verify = (journal: string, kernel?: Uint8Array) =>
  verifyJournal({ journal, snapshots: join(journal, "../none"), kernel });

describe.each(VERSIONS)("the golden journal %s", (version) => {
  const expected = expectedOf(version);

  test("replays under its own kernel to the same bits", async () => {
    const found = await verify(unpacked(version));
    expect(found).toMatchObject({
      position: expected.position,
      chainHash: expected.chainHash,
      stateHash: expected.stateHash,
      kernels: [{ kernelHash: expected.kernelHash }],
      differences: [],
    });
  });

  test("replays under the current kernel, and says where it differs", async () => {
    const found = await verify(unpacked(version), kernelBinary());
    // Today's differences to that version. A rule that changed belongs here, with its reason.
    expect(found.differences).toEqual([]);
  });

  test("an engine of today goes on with it", async () => {
    const path = unpacked(version);
    const source = new ScriptedSource([]);
    source.open = async () => {};
    const engine = await openEngine(SqliteJournal.open(path, []), source, folder.snapshots);
    // Where the records changed shape the state is one that today's kernel built anew.
    if (version.endsWith(`layout-${LAYOUT_VERSION}`)) expect(engine.shard.stateHash()).toBe(expected.stateHash);
    await engine.run();
    expect((await verify(path)).position).toBe(expected.position + 1);
  });
});

test("a kernel that knows no orders refuses them, and the journal that has some says where", async () => {
  const old = new DatabaseSync(unpacked("0.1.0-layout-2"));
  const { binary } = old.prepare("SELECT binary FROM kernel").get() as { binary: Uint8Array };
  old.close();
  const { differences } = await verify(unpacked("0.1.0-layout-3"), binary);
  const kinds = new Set(differences.map(({ kind }) => kind));
  for (const kind of [26, 27, 28, 50, 51, 52, 77, 78, 79, 80]) expect(kinds).toContain(kind);
  // Fills are the same, whether they name an order or not.
  expect(kinds).not.toContain(30);
});

describe("today's code", () => {
  test("writes one of every kind into a golden journal", async () => {
    const own = join(folder.path, "today");
    mkdirSync(own);
    const { path } = await writeGoldenJournal(own, "test");
    const journal = SqliteJournal.openToRead(path);
    const kinds = new Set<number>();
    for await (const { rows } of journal.batches(1)) for (const { kind } of rows) kinds.add(kind);
    await journal.close();
    const missing = Object.entries(EVENT_KINDS).filter(([, kind]) => !kinds.has(kind));
    expect(missing.map(([name]) => name)).toEqual([]);
    expect(GOLDEN_MARKET.regimes).toHaveLength(2);
  });
});

describe("a kernel with other rules", () => {
  test("is reported: which kinds of rows differ, how many, where first; under its own kernel the journal still holds", async () => {
    const path = unpacked(VERSIONS[0]!);
    const candidates: Uint8Array[] = [];
    try {
      kernelOfOtherRules(kernelBinary(), (other) => {
        candidates.push(other);
        return false;
      });
    } catch {
      // All places are wanted, not the first.
    }
    let found: Awaited<ReturnType<typeof verify>> | undefined;
    for (const other of candidates) {
      found = await verify(path, other).catch(() => undefined);
      if (found !== undefined && found.differences.length > 0) break;
    }
    expect(found!.differences.length).toBeGreaterThan(0);
    for (const { count, firstEvent } of found!.differences) {
      expect(count).toBeGreaterThan(0);
      expect(firstEvent).toBeGreaterThan(16);
    }
    expect((await verify(path)).differences).toEqual([]);
  });
});

test("a journal whose kernel keeps records that nobody knows any more gets a typed answer", async () => {
  const path = unpacked(VERSIONS[0]!);
  const foreign = kernelOfLayout(kernelBinary(), 60);
  await expect(verify(path, foreign)).rejects.toMatchObject({ kind: "kernel" });
  inShell(path, "DELETE FROM kernel");
  await expect(verify(path)).rejects.toMatchObject({ kind: "kernel", batch: 1 });
});
