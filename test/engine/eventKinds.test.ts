import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as layout from "../../assembly/memory/layout.ts";
import { JournalEvent } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { EVENT_KINDS, type EventCase, FIRST_DERIVED_KIND } from "../../services/engine/eventKinds.ts";

const kinds = Object.entries(EVENT_KINDS) as [EventCase, number][];

test("every kind is the field number that its body is read from", () => {
  for (const [name, kind] of kinds) {
    // An empty message as field `kind`: the tag is the number times eight plus wire type 2, in base 128; then its length.
    const tag = kind * 8 + 2;
    const bytes = tag < 128 ? [tag, 0] : [(tag & 127) | 128, tag >> 7, 0];
    expect(JournalEvent.decode(Uint8Array.from(bytes)).body?.$case).toBe(name);
  }
});

test("every body of the proto has a kind", () => {
  const proto = readFileSync(join(import.meta.dirname, "../../proto/plimsoll/v1/journal_events.proto"), "utf8");
  const body = /oneof body \{([^}]*)\}/.exec(proto)![1]!;
  const fields = [...body.matchAll(/(\w+) = (\d+);/g)].map(([, name, number]) => [camel(name!), Number(number)]);
  expect(Object.fromEntries(fields)).toEqual(EVENT_KINDS);
});

test("the kernel's kinds are the same numbers, and what it derives stands above all that is told", () => {
  const constants = new Map<string, unknown>(Object.entries(layout));
  for (const [name, kind] of kinds) {
    const upper = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    const constant = constants.get(`${upper}_KIND`) ?? constants.get(upper);
    // The kernel has no name for what only the host writes: a refusal is a code in the input's own slot.
    if (name !== "inputRefused") expect([name, constant]).toEqual([name, kind]);
  }
  expect(kinds.filter(([, kind]) => kind >= FIRST_DERIVED_KIND).map(([name]) => name)).toEqual([
    "fundingPaid",
    "positionSettled",
    "marginStateChanged",
    "insurancePaid",
    "accountQuarantined",
    "regimeActivated",
    "marginUnknown",
    "holdExpired",
    "holdUsed",
    "overrideExpired",
    "controlTripped",
  ]);
});

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
