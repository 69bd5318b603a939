import { MARGIN_STATE_CHANGED } from "../../../assembly/memory/layout.ts";
import type { EventSource, MarginLine, Moment } from "../../engine/auditDesk.ts";
import { NoAnswerError } from "../../engine/auditDesk.ts";
import type { Names } from "../../engine/names.ts";
import type { Explanation, Figure } from "../../evaluate/explain.ts";
import type { JournalRow } from "../../journal/journal.ts";
import type { MarginStateNumber } from "../../kernel/views.ts";
import { causeOf, marginLines, sourceOf } from "../history/history.ts";
import { requireAccount } from "../replay/accountBirth.ts";
import { pastStateOf } from "../replay/pastState.ts";
import type { Replayer } from "../replay/replayer.ts";

/** A term of the margin before the event and after it; undefined where it had no value, or did not exist. */
export interface TermChange {
  readonly term: string;
  readonly row: string;
  readonly before: bigint | undefined;
  readonly after: bigint | undefined;
  readonly clause: string;
}

/** Which event put an account into the state that it was in at a moment. */
export interface Why {
  readonly account: number;
  readonly names: Names;
  readonly from: MarginStateNumber;
  readonly to: MarginStateNumber;
  /** The input: a price move, a fill, funding, a command. */
  readonly cause: JournalRow;
  /** The change of state that the journal has, which followed from it. */
  readonly change: JournalRow;
  readonly source: EventSource | undefined;
  readonly before: readonly MarginLine[];
  readonly after: readonly MarginLine[];
  /** All terms of the margin, changed or not, in the order of the explanation. */
  readonly terms: readonly TermChange[];
}

/** @throws NoAnswerError; NEVER_CHANGED when the account has been in its state since it was opened */
export async function whyOf(replayer: Replayer, name: string, moment: Moment): Promise<Why> {
  const position = replayer.positionOf(moment);
  const at = await replayer.walkTo(position);
  const account = requireAccount(replayer, at.shard.names, name, at.position);
  const state = at.shard.reader.accountState(account);
  for (let row = changeBefore(replayer, at.shard.reader.lastEventPosition(account)); row !== undefined; ) {
    const cause = causeOf(replayer, row);
    const walk = await replayer.walkTo(cause.position - 1);
    const { reader } = walk.shard;
    const from = reader.accountState(account);
    if (from !== state) {
      const before = marginLines(reader.account(account));
      const explained = pastStateOf(walk.shard).explain(account).main;
      await walk.advanceTo(cause.position);
      return {
        account,
        names: walk.shard.names,
        from,
        to: reader.accountState(account),
        cause,
        change: row,
        source: sourceOf(replayer, cause),
        before,
        after: marginLines(reader.account(account)),
        terms: changesOf(explained, pastStateOf(walk.shard).explain(account).main),
      };
    }
    // One of its pools or positions changed while another kept the account where it was.
    row = changeBefore(replayer, row.previous);
  }
  throw new NoAnswerError(
    "NEVER_CHANGED",
    `account ${JSON.stringify(name)} has been in its state since it was opened`,
    {
      account: name,
    },
  );
}

/** The account's newest change of margin state at or before one of its events. */
function changeBefore({ history }: Replayer, position: number): JournalRow | undefined {
  for (let at = position; at > 0; ) {
    const row = history.row(at)!;
    if (row.kind === MARGIN_STATE_CHANGED) return row;
    at = row.previous;
  }
  return undefined;
}

function changesOf(before: Explanation, after: Explanation): TermChange[] {
  const key = ({ term, row }: Figure): string => `${term}\0${row}`;
  const old = new Map(before.figures.map((figure) => [key(figure), figure]));
  const now = new Set(after.figures.map(key));
  const gone = before.figures.filter((figure) => !now.has(key(figure)));
  return [
    ...after.figures.map((figure) => ({
      term: figure.term,
      row: figure.row,
      before: old.get(key(figure))?.value,
      after: figure.value,
      clause: figure.clause,
    })),
    ...gone.map(({ term, row, value, clause }) => ({ term, row, before: value, after: undefined, clause })),
  ];
}
