// What an evidence file holds: one account's events, the prices that moved it, the rules and the kernel in force, and the
// stretch of the chain that shows where they stand. JSON; bytes are base64, hashes hexadecimal, 64-bit numbers text.

import type { Head, SignedHead } from "../../journal/headText.ts";

export const EVIDENCE_FORMAT = "plimsoll-evidence-1";

/** A row of the journal, whole. */
export interface EvidenceRow {
  readonly position: number;
  readonly kind: number;
  readonly account: number | null;
  readonly instrument: number | null;
  readonly previous: number;
  readonly eventTimeUs: number;
  /** A plimsoll.v1.JournalEvent. */
  readonly payload: string;
}

/** A batch of the chain: rows that concern the account whole, all others as their hashes. */
export interface EvidenceBatch {
  readonly batch: number;
  readonly firstPosition: number;
  readonly rowCount: number;
  readonly epoch: number;
  readonly eventTimeUs: number;
  readonly kernelHash: string;
  readonly spans: readonly unknown[];
  readonly previousHash: string;
  /** In order of position; a row that is shown has an empty text here. Left out when none is shown: then the digest stands in. */
  readonly rowHashes?: readonly string[];
  readonly rowsDigest?: string;
}

/** What the engine says the account was, after one of its events or a price that moved it. */
export interface Claim {
  readonly position: number;
  readonly eventTimeUs: number;
  readonly kind: number;
  readonly state: number;
  /** By currency; of isolated positions by instrument. In units of the currency. */
  readonly pools: readonly PoolClaim[];
}

export interface PoolClaim {
  /** A currency, or the instrument of an isolated position. */
  readonly name: string;
  readonly currency: string;
  readonly scale: number;
  readonly equity: string;
  readonly initialMargin: string;
  readonly maintenanceMargin: string;
  readonly state: number;
}

/** As `plimsoll head export` writes it, or without a signature: the signature covers `headText` (services/journal/headText.ts). */
export type EvidenceHead = Head & Partial<Omit<SignedHead, keyof Head>>;

export interface EvidenceFile {
  readonly format: typeof EVIDENCE_FORMAT;
  readonly account: string;
  /** Number of the account in the journal. */
  readonly accountNumber: number;
  /** Journal positions that the claims lie between. */
  readonly from: number;
  readonly to: number;
  /** The kernel of the stretch: SHA-256, and the binary. */
  readonly kernelHash: string;
  readonly kernel: string;
  /** Set-up of the market, the account's events from its birth on, and the prices of what it held, in order of position. */
  readonly rows: readonly EvidenceRow[];
  /** Batches from the one that holds `from` to the head: what proves that rows of that stretch stand in the chain. */
  readonly batches: readonly EvidenceBatch[];
  readonly head: EvidenceHead;
  readonly claims: readonly Claim[];
}
