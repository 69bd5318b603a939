/** Where a journal stood: what somebody else keeps, to hold the journal against later. */
export interface Head {
  readonly shard: string;
  readonly batch: number;
  readonly position: number;
  /** Hash of that batch, hexadecimal: it covers everything before it. */
  readonly chainHash: string;
  /** Hash of the margin state there, when it was known. */
  readonly stateHash?: string | undefined;
  /** Event time of the batch, or the time that the exporter names; microseconds since 1970. */
  readonly timeUs: number;
}

/** A head as it is handed over: alone in a file, or in an evidence file. */
export interface SignedHead extends Head {
  readonly format: typeof HEAD_FORMAT;
  /** SHA-256 of the public key's SubjectPublicKeyInfo, hexadecimal: names the key, proves nothing. */
  readonly keyId: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  /** Ed25519 over `headText` in UTF-8, base64. */
  readonly signature: string;
}

export const HEAD_FORMAT = "plimsoll-head-1";

/**
 * What a signature covers, wherever the head stands, each line ended by a line feed: the format, then `shard`, `batch`,
 * `position`, `chainHash`, `stateHash` (empty when unknown) and `timeUs`, as `name=value`. A shard's name has no line feed.
 * Imports nothing: the page of an evidence file runs it too.
 */
export function headText({ shard, batch, position, chainHash, stateHash, timeUs }: Head): string {
  const fields = { shard, batch, position, chainHash, stateHash: stateHash ?? "", timeUs };
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return [HEAD_FORMAT, ...lines, ""].join("\n");
}
