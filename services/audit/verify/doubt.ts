/** What is wrong, for programs. */
export type DoubtKind =
  /** A batch's content and its hash differ: a byte was flipped, or more. */
  | "changed"
  | "dropped"
  | "swapped"
  | "inserted"
  /** The journal ends below an exported head, a snapshot or its own claims. */
  | "truncated"
  /** Two histories: another hash than an exported head of the same batch. */
  | "fork"
  | "account chain"
  | "epoch"
  | "source"
  | "time"
  | "kernel"
  /** The kernel does not derive what is recorded. */
  | "derivation"
  | "snapshot"
  | "money";

type Place = { readonly batch?: number | undefined; readonly event?: number | undefined };

/** The first place where a journal is not what it claims to be. */
export class VerificationError extends Error {
  override readonly name = "VerificationError";
  readonly kind: DoubtKind;
  readonly batch: number | undefined;
  readonly event: number | undefined;

  constructor(kind: DoubtKind, reason: string, { batch, event }: Place) {
    super(`${kind}: ${reason}`);
    this.kind = kind;
    this.batch = batch;
    this.event = event;
  }
}

export function doubt(kind: DoubtKind, reason: string, at: Place = {}): VerificationError {
  return new VerificationError(kind, reason, at);
}
