// One account's history as a file that proves itself, and every way in which somebody might bend it.

import { execFileSync, spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { checkEvidence } from "../../../services/audit/evidence/checkEvidence.ts";
import type { EvidenceFile } from "../../../services/audit/evidence/evidenceFile.ts";
import { evidencePage } from "../../../services/audit/evidence/evidencePage.ts";
import { EvidenceError, exportEvidence } from "../../../services/audit/evidence/exportEvidence.ts";
import { readHead, signHead } from "../../../services/audit/head.ts";
import { SnapshotStore } from "../../../services/journal/snapshots.ts";
import { SqliteJournal } from "../../../services/journal/sqliteJournal.ts";
import { plimsoll } from "../../bin/plimsoll.ts";

const ACCOUNT = "sim-0001";
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

const folder = mkdtempSync(join(tmpdir(), "plimsoll-evidence-"));
const keyFile = join(folder, "key.pem");
const { privateKey } = generateKeyPairSync("ed25519");
const snapshots = new SnapshotStore(join(folder, "data", "simulated-snapshots"));
let file: EvidenceFile;

const openJournal = () => SqliteJournal.openToRead(join(folder, "data", "simulated.sqlite"));

beforeAll(async () => {
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  const ran = await plimsoll(
    "serve",
    "--data",
    join(folder, "data"),
    "--steps",
    "400",
    "--step-interval",
    "0",
    "--accounts",
    "40",
    "--port",
    "0",
  );
  expect(ran.code, ran.stderr).toBe(0);
  const journal = openJournal();
  file = await exportEvidence(journal, {
    shard: "simulated",
    account: ACCOUNT,
    snapshots,
    sign: (head) => signHead(head, privateKey),
  });
  await journal.close();
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy that somebody has had in his hands. */
function bent(change: (copy: { -readonly [K in keyof EvidenceFile]: EvidenceFile[K] }) => void): EvidenceFile {
  const copy = structuredClone(file);
  change(copy);
  return copy;
}

const failing = async (copy: EvidenceFile) =>
  (await checkEvidence(copy)).findings.filter(({ holds }) => !holds).map(({ what }) => what);

test("an untouched file holds, and claims every event of the account", async () => {
  const report = await checkEvidence(file);
  expect(report.findings.filter(({ holds }) => !holds)).toEqual([]);
  expect(report.holds).toBe(true);
  expect(file.claims.length).toBeGreaterThan(20);
  const own = file.rows.filter(({ account, kind }) => account === file.accountNumber && kind < 60);
  expect(file.claims.map(({ position }) => position)).toEqual(
    expect.arrayContaining(own.map(({ position }) => position)),
  );
});

test("rows of other accounts are in it as hashes alone", () => {
  expect(file.rows.every(({ account }) => account === null || account === file.accountNumber)).toBe(true);
});

test("a head is one text: exported alone and in an evidence file it carries the same signature", async () => {
  const alone = await plimsoll("head", "export", "--data", join(folder, "data"), "--key", keyFile);
  expect(JSON.parse(alone.stdout)).toEqual(file.head);
  expect(readHead(JSON.stringify(file.head), createPublicKey(privateKey))).toEqual(file.head);
  const other = await checkEvidence({ ...file, head: JSON.parse(alone.stdout) });
  expect(other.findings.find(({ what }) => what === "signature")).toMatchObject({
    holds: true,
    detail: `signed by key ${file.head.keyId}`,
  });
});

test.each(["shard", "batch", "position", "chainHash", "stateHash", "timeUs", "keyId"] as const)(
  "another %s in the head does not fit its signature",
  async (field) => {
    const value = typeof file.head[field] === "number" ? 1 : "0".repeat(64);
    expect(await failing({ ...file, head: { ...file.head, [field]: value } })).toContain("signature");
  },
);

describe("what was bent is named", () => {
  const lastFill = () => file.rows.findLastIndex(({ kind }) => kind === 30);
  test.each<[string, (copy: { -readonly [K in keyof EvidenceFile]: EvidenceFile[K] }) => void, string]>([
    [
      "a fill left out",
      (copy) => {
        // An event of the account must follow: it names the one before.
        const first = copy.rows.findIndex(({ kind }) => kind === 30);
        copy.rows = copy.rows.toSpliced(first, 1);
      },
      "history",
    ],
    [
      "the set-up of the market, in words that no figure depends on",
      (copy) => {
        const at = copy.rows.findIndex(({ kind }) => kind === 13);
        const event = JournalEvent.decode(Buffer.from(copy.rows[at]!.payload, "base64"));
        if (event.body?.$case === "marginTableSet") event.body.value.regime = "another";
        const payload = Buffer.from(JournalEvent.encode(event).finish());
        copy.rows = copy.rows.with(at, { ...copy.rows[at]!, payload: payload.toString("base64") });
      },
      "rows",
    ],
    [
      "a mark left out that moved a state",
      (copy) => {
        const changed = copy.rows.findIndex(({ kind }) => kind === 72);
        copy.rows = copy.rows.toSpliced(changed - 1, 1);
      },
      "replay",
    ],
    [
      "a byte of a fill",
      (copy) => {
        copy.rows = copy.rows.map((row, index) => {
          if (index !== lastFill()) return row;
          const payload = Buffer.from(row.payload, "base64");
          payload[payload.length - 1]! ^= 1;
          return { ...row, payload: payload.toString("base64") };
        });
      },
      "rows",
    ],
    [
      "a claim",
      (copy) => {
        copy.claims = copy.claims.map((claim, index) => (index === 9 ? { ...claim, state: 4 } : claim));
      },
      "claims",
    ],
    [
      "a claim left out",
      (copy) => {
        copy.claims = copy.claims.slice(1);
      },
      "claims",
    ],
    [
      "a batch left out",
      (copy) => {
        copy.batches = copy.batches.toSpliced(3, 1);
      },
      "chain",
    ],
    [
      "a hidden row's hash",
      (copy) => {
        copy.batches = copy.batches.map((batch, index) =>
          index === 2 && batch.rowHashes !== undefined
            ? { ...batch, rowHashes: batch.rowHashes.with(0, "0".repeat(64)) }
            : batch,
        );
      },
      "chain",
    ],
    [
      "another head",
      (copy) => {
        copy.head = { ...copy.head, chainHash: "0".repeat(64) };
      },
      "signature",
    ],
    [
      "another signature",
      (copy) => {
        copy.head = { ...copy.head, signature: Buffer.alloc(64).toString("base64") };
      },
      "signature",
    ],
    [
      "another kernel",
      (copy) => {
        copy.kernelHash = "0".repeat(64);
      },
      "kernel",
    ],
    [
      "another format",
      (copy) => {
        (copy as { format: string }).format = "plimsoll-evidence-0";
      },
      "format",
    ],
  ])("%s", async (_, change, named) => {
    expect(await failing(bent(change))).toContain(named);
  });
});

test("a stretch in the middle proves its own rows and still shows the account from its birth", async () => {
  const [from, to] = [file.claims.at(10)!.position, file.claims.at(-5)!.position];
  const journal = openJournal();
  const part = await exportEvidence(journal, { shard: "simulated", snapshots, account: ACCOUNT, from, to });
  await journal.close();
  expect(part.claims).toEqual(file.claims.filter(({ position }) => position >= from && position <= to));
  expect((await checkEvidence(part)).holds).toBe(true);
  expect(part.head.signature).toBeUndefined();
});

test("an account that nobody opened, and a stretch that is empty, are refused", async () => {
  const journal = openJournal();
  const ask = (request: { account: string; from?: number; to?: number }) =>
    exportEvidence(journal, { shard: "simulated", snapshots, ...request });
  await expect(ask({ account: "nobody" })).rejects.toThrow(EvidenceError);
  await expect(ask({ account: ACCOUNT, from: 10_000_000 })).rejects.toThrow(/is empty/);
  await journal.close();
});

describe("the commands", () => {
  test("export writes a page that check reads; a changed file ends with 1", async () => {
    const out = join(folder, "account.html");
    const written = await plimsoll(
      "export",
      "--account",
      ACCOUNT,
      "--data",
      join(folder, "data"),
      "--key",
      keyFile,
      "--out",
      out,
    );
    expect([written.code, written.stdout]).toEqual([
      0,
      expect.stringMatching(/results claimed, head \w{16} of batch \d+, signed/),
    ]);
    expect(await plimsoll("check", out)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Everything holds."),
    });
    const changed = join(folder, "changed.json");
    writeFileSync(
      changed,
      JSON.stringify(
        bent((copy) => {
          copy.claims = copy.claims.slice(1);
        }),
      ),
    );
    expect(await plimsoll("check", changed)).toMatchObject({ code: 1, stdout: expect.stringContaining("FAIL claims") });
    expect((await plimsoll("export", "--account", "nobody", "--data", join(folder, "data"), "--out", out)).code).toBe(
      1,
    );
    expect((await plimsoll("check", keyFile)).code).toBe(1);
  }, 60_000);
});

const skipped = CHROMIUM === undefined ? " (skipped: no Chromium on this machine)" : "";
describe.skipIf(CHROMIUM === undefined)(`in a browser${skipped}`, () => {
  const look = (path: string): string => {
    const { stdout } = spawnSync(
      CHROMIUM!,
      [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=20000",
        "--dump-dom",
        pathToFileURL(path).href,
      ],
      { encoding: "utf8", maxBuffer: 1 << 28, timeout: 60_000 },
    );
    return stdout;
  };

  test("the page checks itself without a server and draws what it found", () => {
    const path = join(folder, "page.html");
    writeFileSync(path, evidencePage(file));
    const dom = look(path);
    expect(dom).toContain('data-ready="holds"');
    // The verdict comes first, in words, with the key that a reader must compare.
    expect(dom).toMatch(/<h1[^>]*>Margin history of account sim-0001<\/h1>/);
    expect(dom).toContain(`<div id="verdictBox" class="holds"><p id="verdict">Verified</p>`);
    expect(dom.indexOf('id="verdictBox"')).toBeLessThan(dom.indexOf('id="chart"'));
    expect(dom).toContain(`was signed by key ${file.head.keyId}`);
    // Units and times: each figure has its currency, each time says UTC.
    expect(dom).toMatch(
      /<option value="[^"]+">[^<]+, isolated, in \w+<\/option>|<option value="\w+">\w+ pool<\/option>/,
    );
    expect(dom).toMatch(/id="equityHead">equity, (BTC|ETH|USDT?)</);
    expect(dom).toMatch(/<td>Period<\/td><td>2026-01-02 00:00:00 to 2026-01-02 \d\d:\d\d:\d\d[.\d]* UTC/);
    expect(dom.match(/<circle class="dot state\d" cx="13"/g)).toHaveLength(4);
    expect(dom).toMatch(/<polyline class="equity" points="[\d.]+,/);
    expect(dom.match(/<tr class="state\d/g)!.length).toBe(file.claims.length);
    expect(dom).toContain("price move");
  }, 90_000);

  test("a bent page says so", () => {
    const path = join(folder, "bent.html");
    writeFileSync(
      path,
      evidencePage(
        bent((copy) => {
          copy.claims = copy.claims.slice(1);
        }),
      ),
    );
    const dom = look(path);
    expect(dom).toContain('data-ready="fails"');
    expect(dom).toContain('<p id="verdict">Not verified</p>');
    expect(dom).toMatch(/contradicts itself. First: claims: /);
  }, 90_000);

  test("a page without a signature says what it is worth", () => {
    const path = join(folder, "unsigned.html");
    const { shard, batch, position, chainHash, stateHash, timeUs } = file.head;
    writeFileSync(path, evidencePage({ ...file, head: { shard, batch, position, chainHash, stateHash, timeUs } }));
    const dom = look(path);
    expect(dom).toContain('<div id="verdictBox" class="partly"><p id="verdict">Verified, but not signed</p>');
    expect(dom).toContain(`compare its hash, ${chainHash}`);
  }, 90_000);

  test("it loads nothing and asks nobody", () => {
    const page = readFileSync(join(folder, "page.html"), "utf8");
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  });
});

test("the key must be one for Ed25519", async () => {
  const other = join(folder, "rsa.pem");
  execFileSync(process.execPath, [
    "-e",
    `require("fs").writeFileSync(${JSON.stringify(other)}, require("crypto").generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }))`,
  ]);
  const exported = await plimsoll(
    "export",
    "--account",
    ACCOUNT,
    "--data",
    join(folder, "data"),
    "--key",
    other,
    "--out",
    join(folder, "x.json"),
  );
  expect([exported.code, exported.stderr]).toEqual([1, expect.stringMatching(/of type rsa: must be Ed25519/)]);
});
