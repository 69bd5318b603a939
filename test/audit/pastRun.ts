import { join } from "node:path";
import { ReplayDesk } from "../../services/audit/replay/desk.ts";
import type { AccountAt, PastState } from "../../services/engine/auditDesk.ts";
import type { Engine } from "../../services/engine/engine.ts";
import { EVENT_KINDS } from "../../services/engine/eventKinds.ts";
import { accountMessage } from "../../services/gateway/accountMessage.ts";
import { JournalHistory } from "../../services/journal/journalHistory.ts";
import { RungStore } from "../../services/journal/rungs.ts";
import { SqliteJournal } from "../../services/journal/sqliteJournal.ts";

/** Everything that can be said of an account at a moment, as text: two captures are equal when their texts are. */
export function captureOf(state: PastState, account: number): string {
  const view = state.account(account);
  const regime = view.regime === undefined ? undefined : state.names.regimes[view.regime];
  return JSON.stringify(
    {
      asOf: state.asOf(),
      view,
      message: accountMessage(state, account),
      instruments: state.names.instruments.map((_, instrument) => state.instrument(instrument)),
      regime,
      explanation: state.explain(account),
    },
    (_, value) => (typeof value === "bigint" ? `${value}n` : value),
  );
}

export function captureAt({ state, account }: AccountAt): string {
  return captureOf(state, account);
}

/** What a live engine says of itself, as a replayed shard does. */
export function liveState(engine: Engine): PastState {
  return {
    names: engine.names,
    asOf: () => engine.asOf(),
    account: (account) => engine.account(account),
    instrument: (instrument) => engine.instrument(instrument),
    explain: (account) => engine.explain(account),
  };
}

export function newJournal(folder: string): SqliteJournal {
  return SqliteJournal.open(
    join(folder, "journal.sqlite"),
    Object.entries(EVENT_KINDS).map(([name, kind]) => [kind, name] as const),
  );
}

export function rungsIn(folder: string): RungStore {
  return new RungStore(join(folder, "rungs"));
}

export function deskOn(folder: string, rungs = rungsIn(folder)): ReplayDesk {
  return new ReplayDesk(JournalHistory.open(join(folder, "journal.sqlite")), rungs);
}
