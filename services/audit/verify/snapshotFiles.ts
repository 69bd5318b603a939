import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { same } from "./chain.ts";
import { doubt } from "./doubt.ts";
import type { StoredBatch } from "./journalFile.ts";
import type { Rebuild } from "./rebuild.ts";

/** What a snapshot says of itself. */
export interface Claim extends Readonly<Record<"layoutVersion" | "batch" | "position", number>> {
  readonly kernelHash: string;
  readonly chainHash: string;
  readonly stateHash: string;
  readonly names: unknown;
  readonly tables: readonly Uint8Array[];
}

const MAGIC = Buffer.from("PLIMSOLL-SNAP-1\n");

/** The snapshots beside a journal: magic, length of the header (u32), header (JSON), tables, SHA-256 of all. */
export function snapshotClaims(folder: string): Claim[] {
  const claims: Claim[] = [];
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".snapshot")) : [];
  for (const file of files.sort()) {
    let bytes: Buffer;
    try {
      bytes = readFileSync(join(folder, file));
    } catch {
      // Removed since: a running engine has written a newer one.
      continue;
    }
    claims.push(decode(file, bytes));
  }
  return claims;
}

function decode(file: string, bytes: Buffer): Claim {
  const wrong = (reason: string) => doubt("snapshot", `snapshot ${file}: ${reason}`);
  const start = MAGIC.length + 4;
  if (bytes.length < start + 32 || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw wrong("not a snapshot");
  const body = bytes.subarray(0, -32);
  const checksum = createHash("sha256").update(body).digest();
  if (!checksum.equals(bytes.subarray(-32))) throw wrong("the checksum does not fit the content");
  try {
    let at = start + bytes.readUInt32LE(MAGIC.length);
    const header = JSON.parse(bytes.toString("utf8", start, at));
    const tables = (header.tableBytes as number[]).map((length) => {
      at += length;
      return body.subarray(at - length, at);
    });
    return { ...header, tables };
  } catch {
    throw wrong("its header makes no sense");
  }
}

/** The snapshot's claim against the state that was rebuilt at its batch. */
export function compareSnapshot(
  claim: Claim,
  { kernelHash, hash, lastPosition }: StoredBatch,
  { machine, names }: Rebuild,
): void {
  const wrong = (reason: string) =>
    doubt("snapshot", `snapshot at event ${claim.position}: ${reason}`, { batch: claim.batch });
  if (claim.chainHash !== Buffer.from(hash).toString("hex")) throw wrong("it belongs to another history");
  if (claim.kernelHash !== kernelHash || claim.layoutVersion !== machine.layoutVersion) {
    throw wrong(`kernel ${claim.kernelHash} wrote it, its batch is of ${kernelHash}`);
  }
  const whole =
    claim.position === lastPosition &&
    claim.tables.length === machine.layout.tables &&
    claim.tables.every((table, index) => same(table, machine.table(index))) &&
    JSON.stringify(claim.names) === names.text() &&
    claim.stateHash === machine.stateHash(names.text());
  if (!whole) throw wrong("its state is not the one that the log gives");
}
