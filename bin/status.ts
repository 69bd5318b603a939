import { type RefusalReason, refusalReasonToJSON } from "../generated/proto/plimsoll/v1/journal_events.ts";
import { type Conservation, conservationOf } from "../services/engine/conservation.ts";
import type { Engine } from "../services/engine/engine.ts";
import { VENUE_ACCOUNT_NAMES } from "../services/engine/shard.ts";
import type { Clock } from "../services/ingest/clock.ts";
import { RATIO_WITHOUT_EQUITY } from "../services/kernel/views.ts";
import { formatDecimal } from "../services/markets/decimal.ts";

const STATES = ["healthy", "called", "liquidating", "bankrupt"] as const;
type StateCounts = Record<(typeof STATES)[number], number>;

/** How many of the venue's customers are in each margin state. */
export function accountsByState({ shard }: Engine): StateCounts {
  const counts: StateCounts = { healthy: 0, called: 0, liquidating: 0, bankrupt: 0 };
  for (let account = VENUE_ACCOUNT_NAMES.length; account < shard.reader.accountCount; account++) {
    counts[STATES[shard.reader.accountState(account) - 1]!]++;
  }
  return counts;
}

/** One line a second: how fast, how healthy, how far. */
export class StatusLine {
  readonly #engine: Engine;
  readonly #clock: Clock;
  #lastMs: number;
  #lastFills = 0;
  #lastMarks = 0;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#lastMs = clock.nowMs();
    const { fills, marks } = engine.shard.reader.counters();
    this.#lastFills = fills;
    this.#lastMarks = marks;
  }

  /** Fills and marks since the journal began: what a progress bar counts. */
  inputs(): number {
    const { fills, marks } = this.#engine.shard.reader.counters();
    return fills + marks;
  }

  #behind(): string {
    const backlog = this.#engine.source.backlog?.();
    return backlog === undefined ? "" : `  behind ${backlog}`;
  }

  line(): string {
    const nowMs = this.#clock.nowMs();
    const seconds = Math.max(0.001, (nowMs - this.#lastMs) / 1000);
    const { fills, marks } = this.#engine.shard.reader.counters();
    const perSecond = (now: number, before: number): string => String(Math.round((now - before) / seconds)).padStart(6);
    const states = accountsByState(this.#engine);
    const { journalPosition, eventTimeUs } = this.#engine.asOf();
    const worst = this.#engine.accountsByMarginRatio()[0]?.marginRatioE6 ?? 0n;
    const ratio = worst === RATIO_WITHOUT_EQUITY ? "no equity" : formatDecimal(worst, 6).slice(0, 8);
    const line =
      `${new Date(Number(eventTimeUs / 1000n)).toISOString().slice(0, 19)}Z ` +
      `fills/s ${perSecond(fills, this.#lastFills)}  prices/s ${perSecond(marks, this.#lastMarks)}  ` +
      `healthy ${states.healthy} called ${states.called} liquidating ${states.liquidating} ` +
      `bankrupt ${states.bankrupt}  worst ratio ${ratio}  event ${journalPosition}${this.#behind()}`;
    this.#lastMs = nowMs;
    this.#lastFills = fills;
    this.#lastMarks = marks;
    return line;
  }
}

/** What a run leaves behind, for programs. Amounts are decimal strings. */
export function summary(engine: Engine) {
  const { reader } = engine.shard;
  const counters = reader.counters();
  const conservation = conservationOf(engine.shard);
  return {
    fills: counters.fills,
    prices: counters.marks,
    accounts: accountsByState(engine),
    stateChanges: counters.stateChanges,
    refused: Object.fromEntries(
      [...counters.refusals].map(([code, count]) => [
        refusalReasonToJSON(code as RefusalReason).replace("REFUSAL_REASON_", ""),
        count,
      ]),
    ),
    journalPosition: Number(engine.asOf().journalPosition),
    eventTime: new Date(Number(engine.asOf().eventTimeUs / 1000n)).toISOString(),
    stateHash: engine.shard.stateHash(),
    zeroSum: conservation.holds,
    sums: sumsOf(conservation),
  };
}

function sumsOf({ currencies, instruments }: Conservation) {
  return {
    currencies: currencies.map(({ currency, scale, ...sums }) => ({
      currency,
      ...Object.fromEntries(Object.entries(sums).map(([name, units]) => [name, formatDecimal(units, scale)])),
    })),
    quantities: Object.fromEntries(instruments.map(({ instrument, quantity }) => [instrument, quantity.toString()])),
  };
}
