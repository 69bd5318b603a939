import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { expect, test } from "vitest";
import { createKey, HeadError, readHead, signHead } from "../../services/audit/head.ts";
import { type Head, headText } from "../../services/journal/headText.ts";

const HEAD: Head = {
  shard: "simulated",
  batch: 12,
  position: 345,
  chainHash: "ab".repeat(32),
  stateHash: "cd".repeat(32),
  timeUs: 1_767_225_600_000_000,
};
const { privateKey, publicKey } = createKey();
const signed = signHead(HEAD, createPrivateKey(privateKey));

test("what is signed is text that anybody can write down, and Ed25519 as anybody has it", () => {
  const text = headText(HEAD);
  expect(text).toBe(
    `plimsoll-head-1\nshard=simulated\nbatch=12\nposition=345\nchainHash=${"ab".repeat(32)}\n` +
      `stateHash=${"cd".repeat(32)}\ntimeUs=1767225600000000\n`,
  );
  const signature = Buffer.from(signed.signature, "base64");
  expect(verify(null, Buffer.from(text), createPublicKey(publicKey), signature)).toBe(true);
  expect(headText({ ...HEAD, stateHash: undefined })).toContain("\nstateHash=\n");
});

test("a signed head is read again, by the key it names and by the one that is trusted", () => {
  expect(readHead(JSON.stringify(signed))).toEqual(signed);
  expect(readHead(JSON.stringify(signed), createPublicKey(publicKey))).toMatchObject(HEAD);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ["another batch", { batch: 13 }, /signature does not fit: the head of batch 13/],
  ["another position", { position: 344 }, /signature does not fit/],
  ["another hash", { chainHash: "ac".repeat(32) }, /signature does not fit/],
  ["another state", { stateHash: "ac".repeat(32) }, /signature does not fit/],
  ["no state", { stateHash: undefined }, /signature does not fit/],
  ["another shard", { shard: "other" }, /signature does not fit/],
  ["another time", { timeUs: 1 }, /signature does not fit/],
  [
    "another signature",
    { signature: signed.signature.replace(/^./, (letter) => (letter === "A" ? "B" : "A")) },
    /signature/,
  ],
  ["another key's name", { keyId: "00".repeat(32) }, /keyId 00.* is not that of publicKey/],
  ["another key", { publicKey: createKey().publicKey }, /keyId .* is not that of publicKey/],
  ["no key", { publicKey: "x" }, /publicKey is no Ed25519 public key/],
  ["a batch that is no number", { batch: "12" }, /batch is "12": must be a whole number/],
  ["a hash that is too short", { chainHash: "ab" }, /chainHash is "ab": must be 64 hexadecimal digits/],
  ["a shard with a line feed", { shard: "a\nbatch=1" }, /shard is .*: must be a name without line feeds/],
  ["another format", { format: "plimsoll-head-2" }, /format is "plimsoll-head-2"/],
])("a head with %s is refused", (_, change, message) => {
  expect(() => readHead(JSON.stringify({ ...signed, ...change }))).toThrow(HeadError);
  expect(() => readHead(JSON.stringify({ ...signed, ...change }))).toThrow(message);
});

test("a key of another kind, another signer, no JSON", () => {
  const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });
  expect(() => signHead(HEAD, elliptic.privateKey)).toThrow(/type ec: must be Ed25519/);
  expect(() => readHead(JSON.stringify(signed), createPublicKey(createKey().publicKey))).toThrow(/the trusted key is/);
  expect(() => readHead("{")).toThrow(/no JSON/);
});
