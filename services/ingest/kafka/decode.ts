import { BinaryReader } from "@bufbuild/protobuf/wire";
import { RefusalReason } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { AccountCommand, Fill, MarketEvent } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../source.ts";
import type { TopicContent } from "./topics.ts";

/** A record as the engine takes it. `eventTimeUs` is undefined for one that could not be read. */
export interface DecodedRecord {
  readonly input: VenueInput;
  readonly eventTimeUs: bigint | undefined;
}

/**
 * Reads the payload of one record. Whatever the bytes are, there is an answer: a record that is no message of its topic
 * comes back as `unreadable` with a copy of its bytes. Whether an empty message makes sense is for the engine to say.
 */
export function decodeRecord(content: TopicContent, payload: Uint8Array | null): DecodedRecord {
  if (payload === null) return unreadable("the record has no value (a tombstone)", new Uint8Array(0));
  const reader = new BinaryReader(payload, decodeStrictUtf8);
  try {
    const decoded = decodeContent(content, reader);
    // The generated decoder stops without an error at a zero byte or an end-group tag.
    if (reader.pos === payload.length) return decoded;
    return unreadable(`no message of topic ${content}: it ends at byte ${reader.pos} of ${payload.length}`, payload);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return unreadable(`no message of topic ${content}: ${reason} at byte ${reader.pos} of ${payload.length}`, payload);
  }
}

function decodeContent(content: TopicContent, reader: BinaryReader): DecodedRecord {
  switch (content) {
    case "fills": {
      const fill = Fill.decode(reader);
      return { input: { kind: "fill", fill }, eventTimeUs: fill.eventTimeUs };
    }
    case "prices": {
      const event = MarketEvent.decode(reader);
      return { input: { kind: "market", event }, eventTimeUs: event.eventTimeUs };
    }
    case "accounts": {
      const command = AccountCommand.decode(reader);
      return { input: { kind: "account", command }, eventTimeUs: command.eventTimeUs };
    }
  }
}

function unreadable(detail: string, payload: Uint8Array): DecodedRecord {
  // A copy: the payload is a window on a whole fetch response, which would stay in memory with it.
  const record = new Uint8Array(payload);
  return { input: { kind: "unreadable", reason: RefusalReason.UNDECODABLE, detail, record }, eventTimeUs: undefined };
}

// Replacing broken characters would make two different trade ids equal.
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeStrictUtf8(bytes: Uint8Array): string {
  return strictUtf8.decode(bytes);
}
