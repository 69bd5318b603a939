/** What is wrong, for programs; docs/journal.md, "Verifying", says what each means. */
export type DoubtKind =
  | ("changed" | "dropped" | "swapped" | "inserted" | "truncated" | "fork")
  | ("account chain" | "epoch" | "source" | "time")
  | ("kernel" | "derivation" | "snapshot" | "money");

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
