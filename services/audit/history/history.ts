import { TABLE_ACCOUNT_HEADS } from "../../../assembly/memory/layout.ts";
import { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { EventSource, HistoryEvent, MarginLine, Moment, PastState } from "../../engine/auditDesk.ts";
import type { JournalRow } from "../../journal/journal.ts";
import type { AccountView } from "../../kernel/views.ts";
import { requireAccount } from "../replay/accountBirth.ts";
import { pastStateOf } from "../replay/pastState.ts";
import type { Replayer } from "../replay/replayer.ts";
import { isDerived, type Walk } from "../replay/walk.ts";

/**
 * Every event of an account in order, with the account after each. The rungs are the index: each tells the account's newest
 * event there, so a stretch between two rungs in which nothing happened to the account is not even read, and in the others
 * its chain of previous events is walked by primary key. Memory holds one stretch.
 */
export async function* historyOf(
  replayer: Replayer,
  name: string,
  from?: Moment,
  to?: Moment,
): AsyncGenerator<HistoryEvent & { readonly past: PastState }> {
  const head = replayer.head().lastPosition;
  const last = to === undefined ? head : replayer.positionOf(to);
  const first = from === undefined ? 1 : firstPosition(replayer, from);
  // The newest state knows the number of every account: who is unknown there is unknown everywhere.
  const end = await replayer.walkTo(last);
  const account = requireAccount(replayer, end.shard.names, name, end.position);
  const newest = end.shard.reader.lastEventPosition(account);
  let walk: Walk | undefined;
  for (const stretch of stretchesOf(replayer, account, first, last, newest)) {
    const positions = chainBack(replayer, stretch.newest, Math.max(stretch.after, first - 1), last);
    for (const position of positions) {
      if (walk === undefined || walk.position < stretch.after) walk = replayer.walkBefore(position);
      await walk.advanceTo(position);
      yield eventAt(replayer, walk, account, position);
    }
  }
}

/** The first event that a history from a moment may hold. */
function firstPosition(replayer: Replayer, from: Moment): number {
  if ("position" in from) return Math.max(1, from.position);
  const after = replayer.history.batchAfter(from.timeUs - 1n);
  if (after === undefined) return replayer.positionOf(from);
  const rows = replayer.history.rows(after.firstPosition, after.lastPosition);
  return rows.find((row) => BigInt(row.eventTimeUs) >= from.timeUs)?.position ?? after.firstPosition;
}

interface Stretch {
  readonly after: number;
  /** The account's newest event in the stretch. */
  readonly newest: number;
}

/** Stretches between rungs, oldest first, in which the account has events. */
function* stretchesOf(
  replayer: Replayer,
  account: number,
  first: number,
  last: number,
  newest: number,
): Generator<Stretch> {
  let after = 0;
  let seen = 0;
  for (const position of replayer.rungs.positions()) {
    if (position < first) {
      after = position;
      continue;
    }
    if (position >= last) break;
    const rung = replayer.rungBefore(position);
    if (rung === undefined || rung.header.position !== position) continue;
    const here = newestIn(rung.tables[TABLE_ACCOUNT_HEADS]!, account);
    if (here > Math.max(after, seen, first - 1)) yield { after, newest: here };
    seen = here;
    after = position;
  }
  if (newest > after && newest >= first) yield { after, newest };
}

function newestIn(heads: Uint8Array, account: number): number {
  if (heads.length < (account + 1) * 8) return 0;
  return Number(new DataView(heads.buffer, heads.byteOffset).getBigInt64(account * 8, true));
}

/** Positions of the account's events after `after`, ascending, by the chain of previous events. */
function chainBack({ history }: Replayer, newest: number, after: number, last: number): number[] {
  const positions: number[] = [];
  for (let at = newest; at > after; ) {
    if (at <= last) positions.push(at);
    at = history.row(at)?.previous ?? 0;
  }
  return positions.reverse();
}

function eventAt(replayer: Replayer, walk: Walk, account: number, position: number) {
  const row = replayer.history.row(position)!;
  const cause = causeOf(replayer, row);
  const view = walk.shard.reader.account(account);
  return {
    row,
    cause,
    source: sourceOf(replayer, cause),
    state: view.state,
    margins: marginLines(view),
    past: pastStateOf(walk.shard),
  };
}

/** The input that an event is, or followed from. */
export function causeOf({ history }: Replayer, row: JournalRow): JournalRow {
  let cause = row;
  while (isDerived(cause)) cause = history.row(cause.position - 1)!;
  return cause;
}

/** Where an input came from, by the spans of its batch. */
export function sourceOf({ history }: Replayer, row: JournalRow): EventSource | undefined {
  const { source, sourceOffset } = JournalEvent.decode(row.payload);
  if (source === 0) return undefined;
  const span = history.batchOf(row.position)?.spans[source - 1];
  if (span === undefined) return undefined;
  return { topic: span.topic, partition: span.partition, offset: Number(sourceOffset) };
}

/** Pools, then open isolated positions. */
export function marginLines({ pools, positions }: AccountView): MarginLine[] {
  return [
    ...pools.map(({ currency, equity, initialMargin, maintenanceMargin, state }) => ({
      currency,
      instrument: undefined,
      equity,
      initialMargin,
      maintenanceMargin,
      state,
    })),
    ...positions
      .filter(({ mode, quantity }) => mode === 1 && quantity !== 0n)
      .map(({ currency, instrument, posted, unrealisedProfit, initialMargin, maintenanceMargin, state }) => ({
        currency,
        instrument,
        equity: posted + unrealisedProfit,
        initialMargin,
        maintenanceMargin,
        state,
      })),
  ];
}
