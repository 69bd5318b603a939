import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { HEAD_FORMAT, type Head, headText, type SignedHead } from "../journal/headText.ts";

/** A file is no signed head, or its signature does not fit. Names the field and the rule. */
export class HeadError extends Error {
  override readonly name = "HeadError";
}

/** A fresh Ed25519 key pair: PKCS #8 and SubjectPublicKeyInfo, PEM. */
export function createKey(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}

export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

export function signHead(head: Head, privateKey: KeyObject): SignedHead {
  if (privateKey.asymmetricKeyType !== "ed25519") {
    throw new HeadError(`the key is of type ${privateKey.asymmetricKeyType}: must be Ed25519 (plimsoll key create)`);
  }
  const publicKey = createPublicKey(privateKey);
  return {
    format: HEAD_FORMAT,
    ...head,
    keyId: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    signature: sign(null, Buffer.from(headText(head)), privateKey).toString("base64"),
  };
}

/**
 * Reads a signed head and checks its signature: by the key that is given, or else by the one that it names itself, which
 * proves only that whoever holds that key signed it.
 *
 * @throws HeadError
 */
export function readHead(text: string, trusted?: KeyObject): SignedHead {
  const head = shaped(text);
  const own = keyOf(head.publicKey);
  if (keyIdOf(own) !== head.keyId) throw new HeadError(`keyId ${head.keyId} is not that of publicKey`);
  if (trusted !== undefined && keyIdOf(trusted) !== head.keyId) {
    throw new HeadError(`signed by key ${head.keyId}, the trusted key is ${keyIdOf(trusted)}`);
  }
  if (!verify(null, Buffer.from(headText(head)), own, Buffer.from(head.signature, "base64"))) {
    throw new HeadError(
      `signature does not fit: the head of batch ${head.batch} was changed, or signed by another key`,
    );
  }
  return head;
}

function keyOf(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Said below.
  }
  throw new HeadError("publicKey is no Ed25519 public key in PEM");
}

function shaped(text: string): SignedHead {
  let head: Record<string, unknown>;
  try {
    head = JSON.parse(text);
  } catch (error) {
    throw new HeadError("the file is no JSON", { cause: error });
  }
  const require = (field: string, rule: string, holds: (value: unknown) => boolean): void => {
    if (!holds(head?.[field])) throw new HeadError(`${field} is ${JSON.stringify(head?.[field])}: must be ${rule}`);
  };
  const hash = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
  const count = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  require("format", `"${HEAD_FORMAT}"`, (value) => value === HEAD_FORMAT);
  require("shard", "a name without line feeds", (value) => typeof value === "string" && /^[^\n]+$/.test(value));
  require("batch", "a whole number", count);
  require("position", "a whole number", count);
  require("chainHash", "64 hexadecimal digits", hash);
  require("stateHash", "64 hexadecimal digits, or absent", (value) => value === undefined || hash(value));
  require("timeUs", "a whole number", count);
  require("keyId", "64 hexadecimal digits", hash);
  require("publicKey", "PEM", (value) => typeof value === "string");
  require("signature", "base64", (value) => typeof value === "string");
  return head as unknown as SignedHead;
}
