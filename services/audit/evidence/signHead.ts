import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { type EvidenceHead, headText } from "./evidenceFile.ts";

/** Bytes of an Ed25519 public key in SPKI before the key itself. */
const SPKI_PREFIX = 12;

/**
 * Reads a private key and signs heads with it.
 * @param path PEM of an Ed25519 private key (PKCS8)
 * @throws Error when the file holds no such key
 */
export function readSigner(path: string): (head: EvidenceHead) => EvidenceHead {
  const key = createPrivateKey(readFileSync(path));
  if (key.asymmetricKeyType !== "ed25519")
    throw new Error(`${path}: an Ed25519 key is needed, this is ${key.asymmetricKeyType}`);
  const publicKey = createPublicKey(key)
    .export({ format: "der", type: "spki" })
    .subarray(SPKI_PREFIX)
    .toString("base64");
  return (head) => ({ ...head, publicKey, signature: sign(null, Buffer.from(headText(head)), key).toString("base64") });
}
