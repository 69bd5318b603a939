import type { AccountAt, AuditDesk, HistoryEvent, Moment, PastState } from "../../engine/auditDesk.ts";
import type { JournalHistory } from "../../journal/journalHistory.ts";
import type { RungStore } from "../../journal/rungs.ts";
import { historyOf } from "../history/history.ts";
import { requireAccount } from "./accountBirth.ts";
import { pastStateOf, requireRegime } from "./pastState.ts";
import { Replayer } from "./replayer.ts";

/** Answers questions about the past of one journal. Questions wait for one another; a kernel that was released serves the next. */
export class ReplayDesk implements AuditDesk {
  readonly replayer: Replayer;
  #last: Promise<unknown> = Promise.resolve();

  constructor(history: JournalHistory, rungs: RungStore) {
    this.replayer = new Replayer(history, rungs);
  }

  accountAt(account: string, moment: Moment): Promise<AccountAt> {
    const answer = this.#last.then(() => accountAt(this.replayer, account, moment));
    this.#last = answer.catch(() => {
      // The next question has nothing to do with why this one failed.
    });
    return answer;
  }

  history(account: string, from?: Moment, to?: Moment): AsyncIterable<HistoryEvent & { readonly past: PastState }> {
    return historyOf(this.replayer, account, from, to);
  }
}

async function accountAt(replayer: Replayer, name: string, moment: Moment): Promise<AccountAt> {
  const position = replayer.positionOf(moment);
  const walk = replayer.walkBefore(position);
  const rungPosition = walk.position;
  await walk.advanceTo(position);
  const { shard } = walk;
  let released = false;
  const account = requireAccount(replayer, shard.names, name, walk.position);
  requireRegime(shard, account);
  return {
    account,
    view: shard.reader.account(account),
    state: pastStateOf(shard),
    release: () => {
      if (!released) replayer.reuse(shard.kernel);
      released = true;
    },
    kernelHash: shard.kernel.hash,
    rungPosition,
    replayedEvents: walk.replayedEvents,
  };
}
