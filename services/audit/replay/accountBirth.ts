import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { NoAnswerError } from "../../engine/auditDesk.ts";
import { EVENT_KINDS } from "../../engine/eventKinds.ts";
import type { Names, NamesText } from "../../engine/names.ts";
import { VENUE_ACCOUNT_NAMES } from "../../engine/shard.ts";
import type { Replayer } from "./replayer.ts";

/** Events that are looked through at a time. */
const PAGE = 4_096;

/**
 * Number of an account that the names of a moment do not hold: it tells who asks whether it was opened later, or never.
 * @throws NoAnswerError BEFORE_BIRTH with the opening's position, or ACCOUNT_UNKNOWN
 */
export function requireAccount(replayer: Replayer, names: Names, name: string, position: number): number {
  const number = names.account(name);
  if (number !== undefined) return number;
  const birth = birthAfter(replayer, name, position);
  if (birth === undefined) {
    throw new NoAnswerError(
      "ACCOUNT_UNKNOWN",
      `no account ${JSON.stringify(name)} was ever opened: names are case-sensitive`,
      {
        account: name,
      },
    );
  }
  throw new NoAnswerError(
    "BEFORE_BIRTH",
    `account ${JSON.stringify(name)} was opened later, with event ${birth.position}`,
    { account: name, birthPosition: `${birth.position}`, birthEventTimeUs: `${birth.eventTimeUs}` },
  );
}

interface Birth {
  readonly position: number;
  readonly eventTimeUs: number;
}

/** Rungs that say how many accounts were open tell the stretch to look through. */
function birthAfter(replayer: Replayer, name: string, position: number): Birth | undefined {
  const { rungs } = replayer;
  const known = rungs.positions();
  const newest = known.at(-1);
  let first = position + 1;
  let last = replayer.head().lastPosition;
  const named = newest === undefined ? undefined : rungs.read(newest);
  if (named !== undefined && newest! > position) {
    const number = (JSON.parse(named.names) as NamesText).accounts.indexOf(name);
    if (number < 0) first = newest! + 1;
    else {
      const after = known.filter((at) => at > position);
      let low = 0;
      let high = after.length - 1;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if ((rungs.header(after[middle]!)?.accounts ?? 0) > number) high = middle;
        else low = middle + 1;
      }
      last = after[low]!;
      if (low > 0) first = after[low - 1]! + 1;
    }
  }
  return birthBetween(replayer, name, first, last);
}

function birthBetween({ history }: Replayer, name: string, first: number, last: number): Birth | undefined {
  for (let from = first; from <= last; from += PAGE) {
    for (const row of history.rows(from, Math.min(last, from + PAGE - 1))) {
      if (row.kind !== EVENT_KINDS.accountOpened) continue;
      const { body } = JournalEvent.decode(row.payload);
      if (body?.$case === "accountOpened" && body.value.name === name) return row;
    }
  }
  return undefined;
}

/** The venue's own accounts are opened with the shard. */
export function isVenueAccount(account: number): boolean {
  return account < VENUE_ACCOUNT_NAMES.length;
}
