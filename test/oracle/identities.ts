import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountCommand, Fill } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Refusal } from "./outcome.ts";

interface Remembered {
  readonly content: string;
  readonly timeUs: bigint;
}

export interface Identity {
  readonly key: string;
  readonly content: string;
  readonly timeUs: bigint;
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, field) => (typeof field === "bigint" ? `${field}n` : field));
}

export function fillIdentity(fill: Fill): Identity {
  return {
    key: textOf(["fill", fill.venue, fill.tradeId, fill.account]),
    content: textOf(fill),
    timeUs: fill.eventTimeUs,
  };
}

export function commandIdentity(command: AccountCommand): Identity {
  return {
    key: textOf(["command", command.account, command.commandId]),
    // The same command sent again carries a new time.
    content: textOf({ ...command, eventTimeUs: 0n }),
    timeUs: command.eventTimeUs,
  };
}

/** INP-001: the last `capacity` fills and commands, and the time of the newest one forgotten. */
export class Identities {
  readonly #capacity: number;
  readonly #remembered = new Map<string, Remembered>();
  #forgottenThroughUs: bigint | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @returns why an input of this identity is not to be applied, or undefined when it is new */
  refusalOf(identity: Identity): Refusal | undefined {
    const known = this.#remembered.get(identity.key);
    if (known !== undefined) {
      const code = known.content === identity.content ? RefusalReason.DUPLICATE : RefusalReason.IDENTITY_CONFLICT;
      return { code, value: 0n, limit: 0n };
    }
    if (this.#forgottenThroughUs !== undefined && identity.timeUs <= this.#forgottenThroughUs) {
      return { code: RefusalReason.IDENTITY_TOO_OLD, value: identity.timeUs, limit: this.#forgottenThroughUs };
    }
    return undefined;
  }

  remember(identity: Identity): void {
    this.#remembered.set(identity.key, { content: identity.content, timeUs: identity.timeUs });
    if (this.#remembered.size <= this.#capacity) return;
    const [oldestKey, oldest] = this.#remembered.entries().next().value!;
    this.#remembered.delete(oldestKey);
    if (this.#forgottenThroughUs === undefined || oldest.timeUs > this.#forgottenThroughUs) {
      this.#forgottenThroughUs = oldest.timeUs;
    }
  }
}
