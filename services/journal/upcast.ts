import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";

/** Version that today's code writes. */
const EVENT_VERSION: number = 1;

/** What the field holds: it is absent from events of version 1. */
export const VERSION_FIELD = EVENT_VERSION === 1 ? 0 : EVENT_VERSION;

/** Makes an event of the next version of one; pure, and total over everything that version ever wrote. */
export type Upcast = (event: JournalEvent) => JournalEvent;

/**
 * By the version that they take: an event is carried up step by step. A change of an event's meaning raises `EVENT_VERSION`
 * and adds a step here; what is stored is never written anew. A new field whose absence means what it meant before needs
 * neither.
 */
export type Upcasts = ReadonlyMap<number, Upcast>;

const UPCASTS: Upcasts = new Map();

/** An event says that a later version of the journal wrote it, or one that nobody can read any more. */
export class EventVersionError extends Error {
  override readonly name = "EventVersionError";
}

/** The event in today's version. @throws EventVersionError */
export function upcast(event: JournalEvent, upcasts = UPCASTS, current = EVENT_VERSION): JournalEvent {
  let version = event.version || 1;
  if (version > current) {
    throw new EventVersionError(`version is ${version}: this code reads events up to version ${current}`);
  }
  let today = event;
  for (; version < current; version++) {
    const step = upcasts.get(version);
    if (step === undefined) throw new EventVersionError(`version is ${version}: nothing carries it to ${version + 1}`);
    today = { ...step(today), version: version + 1 };
  }
  return today;
}

/** Whether a payload says what today's code derives: the same bytes, or those of an older version carried up. */
export function sameContent(kept: Uint8Array, derived: Uint8Array): boolean {
  if (Buffer.compare(kept, derived) === 0) return true;
  try {
    const event = JournalEvent.decode(kept);
    const today = upcast(event);
    return today !== event && Buffer.compare(JournalEvent.encode(today).finish(), derived) === 0;
  } catch {
    // What cannot be read says something else.
    return false;
  }
}
