import { JournalEvent, type RefusalReason } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { Moment } from "../../engine/auditDesk.ts";
import type { PlacedInput } from "../../engine/engineInput.ts";
import { EVENT_KINDS, FIRST_DERIVED_KIND } from "../../engine/eventKinds.ts";
import { ownInput } from "../../engine/genesis.ts";
import type { Names } from "../../engine/names.ts";
import { recallInput } from "../../engine/recall.ts";
import { Shard } from "../../engine/shard.ts";
import type { JournalRow } from "../../journal/journal.ts";
import { Kernel } from "../../kernel/kernel.ts";
import type { Replayer } from "../replay/replayer.ts";
import { type Assignment, rewriteInput } from "./rewrite.ts";
import { Tally, type Totals, totalsOf } from "./tally.ts";

/** Name that the regime of the other side goes by in its shard. */
export const REGIME_NAME = "counterfactual";

const PAGE = 1_024;
/** Refused withdrawals that are told one by one. */
const WITHDRAWALS_TOLD = 50;

export interface Question {
  readonly assignment: Assignment;
  /** Text of the regime's document, when the assignment names one. */
  readonly document?: string;
  /** What is counted lies between these; the replay begins with the journal, because a margin has a past. */
  readonly from?: Moment;
  readonly to?: Moment;
  /** Moments at which both sides are summed up. */
  readonly samples: number;
}

/** An input that was applied, and that the other regime refuses. */
export interface Refusal {
  readonly position: number;
  readonly account: string;
  readonly currency: string;
  readonly amount: bigint;
  readonly reason: RefusalReason;
}

/** Both sides at a moment, by currency. */
export interface Sample {
  readonly timeUs: number;
  readonly recorded: ReadonlyMap<number, Totals>;
  readonly other: ReadonlyMap<number, Totals>;
}

export interface Comparison {
  readonly names: Names;
  readonly recorded: Tally;
  readonly other: Tally;
  readonly samples: readonly Sample[];
  readonly events: number;
  /** Withdrawals that the other regime refuses: how many, and the first of them. */
  readonly refusedWithdrawals: number;
  readonly withdrawals: readonly Refusal[];
  /** Other inputs that were applied and that the other regime refuses, by reason. */
  readonly refusedOthers: ReadonlyMap<RefusalReason, number>;
  readonly held: Held;
}

/** The most that the comparison held at once beside its two kernels: none of it grows with the log. */
export interface Held {
  /** Rows of one page, recorded and folded, and its inputs. At most a page and what follows from its last input. */
  readonly rows: number;
  readonly samples: number;
  /** Accounts of both tallies. */
  readonly accounts: number;
  /** Refusals that are told one by one, and reasons that are counted. */
  readonly refusals: number;
}

/**
 * Replays the recorded inputs twice side by side: as they were, and with accounts assigned to another regime or mode. The
 * recorded side is held against the journal row by row. Memory holds two shards, one page, the samples that are asked for, and a
 * line an account (`Held`).
 */
export async function compareRegimes(
  replayer: Replayer,
  question: Question,
  progress: (done: number, total: number) => void = () => {},
): Promise<Comparison> {
  const first = question.from === undefined ? 1 : replayer.positionOf(question.from);
  const last = question.to === undefined ? replayer.head().lastPosition : replayer.positionOf(question.to);
  const walk = replayer.walkFromStart(last);
  const { names } = walk.shard;
  const otherShard = new Shard(Kernel.create(walk.shard.kernel.binary, walk.shard.kernel.capacities));
  const recorded = new Tally();
  const other = new Tally();
  const samples: Sample[] = [];
  const refused = new Refused();
  const { accounts } = question.assignment;
  const asked = (shard: Shard, account: number | undefined): boolean =>
    accounts === undefined || (account !== undefined && accounts.has(shard.names.accounts[account]!));
  let regimePending = question.document !== undefined;
  const startUs = timeAt(replayer, Math.max(first, 1));
  const stepUs = Math.max(1, (timeAt(replayer, last) - startUs) / question.samples);
  let nextSampleUs = startUs;
  let mostRows = 0;
  while (walk.position < last) {
    const from = walk.position + 1;
    const until = Math.min(last, walk.position + PAGE);
    await walk.advanceTo(until);
    const rows = replayer.history.rows(from, walk.position);
    const sources: JournalRow[] = [];
    const inputs: PlacedInput[] = [];
    for (const row of rows) {
      if (row.kind >= FIRST_DERIVED_KIND) {
        if (row.position >= first && asked(walk.shard, row.account)) {
          recorded.count(row, (instrument) => names.instruments[instrument]!.currency);
        }
        continue;
      }
      if (regimePending && row.kind === EVENT_KINDS.accountOpened) {
        // Here every instrument of the genesis is listed, and no account is open.
        foldRegime(otherShard, inputs.splice(0), question.document!);
        sources.length = 0;
        regimePending = false;
      }
      const placed = rewriteInput(recallInput(row, names)!, question.assignment);
      if (placed === undefined) continue;
      inputs.push(placed);
      sources.push(row);
    }
    let input = 0;
    const folded = otherShard.fold(inputs);
    mostRows = Math.max(mostRows, rows.length + inputs.length + folded.length);
    for (const row of folded) {
      if (row.kind >= FIRST_DERIVED_KIND) {
        if (sources[input - 1]!.position >= first && asked(otherShard, row.account)) {
          other.count(row, (instrument) => otherShard.names.instruments[instrument]!.currency);
        }
        continue;
      }
      const source = sources[input++]!;
      if (
        row.kind === EVENT_KINDS.inputRefused &&
        source.kind !== EVENT_KINDS.inputRefused &&
        source.position >= first
      ) {
        refused.add(row, source);
      }
    }
    const nowUs = Number(walk.shard.reader.eventTimeUs);
    if (walk.position >= first && nowUs >= nextSampleUs) {
      const sums = (shard: Shard) => totalsOf(shard, (account) => asked(shard, account));
      samples.push({ timeUs: nowUs, recorded: sums(walk.shard), other: sums(otherShard) });
      nextSampleUs = startUs + (Math.floor((nowUs - startUs) / stepUs) + 1) * stepUs;
    }
    progress(walk.position, last);
  }
  return {
    names,
    recorded,
    other,
    samples,
    events: walk.position,
    refusedWithdrawals: refused.withdrawals,
    withdrawals: refused.told,
    refusedOthers: refused.others,
    held: {
      rows: mostRows,
      samples: samples.length,
      accounts: recorded.accounts.size + other.accounts.size,
      refusals: refused.told.length + refused.others.size,
    },
  };
}

function foldRegime(shard: Shard, before: readonly PlacedInput[], document: string): void {
  shard.fold(before);
  const value = { document, effectiveTimeUs: 0n };
  const event = { instrument: REGIME_NAME, eventTimeUs: 0n, event: { $case: "regime" as const, value } };
  const [row] = shard.fold([ownInput({ kind: "market", event })]);
  if (row?.kind === EVENT_KINDS.regimeSet) return;
  throw new RangeError("the regime does not fit this market: an instrument or a number in it is unknown there");
}

/** A genesis has no time: what came first after it has. */
function timeAt({ history }: Replayer, position: number): number {
  return Math.max(history.batchOf(position)!.eventTimeUs, history.batchAfter(0n)?.eventTimeUs ?? 0);
}

/** What the other regime refuses that was once applied. */
class Refused {
  withdrawals = 0;
  readonly told: Refusal[] = [];
  readonly others = new Map<RefusalReason, number>();

  add(row: JournalRow, source: JournalRow): void {
    const { body } = JournalEvent.decode(row.payload);
    if (body?.$case !== "inputRefused") return;
    const { reason, input } = body.value;
    if (input?.$case === "accountCommand" && input.value.command?.$case === "withdrawal") {
      const { account, command } = input.value;
      this.withdrawals++;
      if (this.told.length < WITHDRAWALS_TOLD) {
        this.told.push({ position: source.position, account, ...command.value, reason });
      }
      return;
    }
    this.others.set(reason, (this.others.get(reason) ?? 0) + 1);
  }
}
