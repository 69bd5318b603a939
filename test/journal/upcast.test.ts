import { expect, test } from "vitest";
import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { EventVersionError, sameContent, type Upcast, upcast } from "../../services/journal/upcast.ts";

const EVENT: JournalEvent = {
  source: 1,
  sourceOffset: 7n,
  version: 0,
  body: { $case: "leverageSet", value: { commandId: "set", leverageE2: 1_000 } },
};

/** A history that never was: version 1 said leverage in whole numbers, version 2 without the command's account. */
const MADE_UP: ReadonlyMap<number, Upcast> = new Map<number, Upcast>([
  [1, (event) => leverage(event, (leverageE2, id) => [leverageE2 * 100, id])],
  [2, (event) => leverage(event, (leverageE2, id) => [leverageE2, `alice:${id}`])],
]);

function leverage(event: JournalEvent, change: (leverageE2: number, id: string) => [number, string]): JournalEvent {
  if (event.body?.$case !== "leverageSet") return event;
  const [leverageE2, commandId] = change(event.body.value.leverageE2, event.body.value.commandId);
  return { ...event, body: { $case: "leverageSet", value: { leverageE2, commandId } } };
}

test("today's events are what they are: version 1 is not even written", () => {
  expect(upcast(EVENT)).toBe(EVENT);
  const bytes = JournalEvent.encode(EVENT).finish();
  expect(JournalEvent.decode(bytes).version).toBe(0);
  expect(sameContent(bytes, bytes)).toBe(true);
  const other = JournalEvent.encode({ ...EVENT, sourceOffset: 8n }).finish();
  expect(sameContent(other, bytes)).toBe(false);
  expect(sameContent(new Uint8Array([255, 255, 255]), bytes)).toBe(false);
});

test("an older event is carried up step by step", () => {
  const old = { ...EVENT, body: { $case: "leverageSet" as const, value: { commandId: "set", leverageE2: 10 } } };
  expect(upcast(old, MADE_UP, 3)).toEqual({
    ...EVENT,
    version: 3,
    body: { $case: "leverageSet", value: { commandId: "alice:set", leverageE2: 1_000 } },
  });
  expect(upcast({ ...EVENT, version: 2 }, MADE_UP, 3).body).toEqual({
    $case: "leverageSet",
    value: { commandId: "alice:set", leverageE2: 1_000 },
  });
  // What stood there is not changed.
  expect(old.body.value).toEqual({ commandId: "set", leverageE2: 10 });
});

test("an event of a later version, or of one that nothing carries up, is refused by name", () => {
  expect(() => upcast({ ...EVENT, version: 4 }, MADE_UP, 3)).toThrow(
    new EventVersionError("version is 4: this code reads events up to version 3"),
  );
  expect(() => upcast(EVENT, new Map(), 2)).toThrow(new EventVersionError("version is 1: nothing carries it to 2"));
});
