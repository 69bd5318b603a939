// Writes a golden journal of today's code into test/golden/<version>-layout-<n>/: once for each version that is released,
// and never again. test/audit/golden.test.ts replays all of them.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { LAYOUT_VERSION } from "../assembly/memory/layout.ts";
import { ENGINE_VERSION } from "../bin/version.ts";
import { verifyJournal } from "../services/audit/verify/verify.ts";
import { writeGoldenJournal } from "../test/audit/goldenJournal.ts";

const name = process.argv[2] ?? `${ENGINE_VERSION}-layout-${LAYOUT_VERSION}`;
const target = join(import.meta.dirname, "../test/golden", name);
if (existsSync(target)) throw new Error(`${target} is there already: a golden journal is never written anew`);
const folder = mkdtempSync(join(tmpdir(), "plimsoll-golden-"));
try {
  const { path, position, stateHash, kernelHash } = await writeGoldenJournal(folder, ENGINE_VERSION);
  const verified = await verifyJournal({ journal: path, snapshots: join(folder, "golden-snapshots") });
  if (verified.stateHash !== stateHash) throw new Error("the verifier finds another state than the engine");
  const { chainHash } = verified;
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, "journal.sqlite.gz"), gzipSync(readFileSync(path), { level: 9 }));
  writeFileSync(
    join(target, "expected.json"),
    `${JSON.stringify({ position, kernelHash, chainHash, stateHash }, null, 2)}\n`,
  );
  process.stdout.write(`${target}: ${position} events, state hash ${stateHash}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
