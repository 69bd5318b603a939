import { MARK_PRICE_SET } from "../../assembly/memory/layout.ts";
import type { Migration } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import type { AccountCommand, ControlCommand } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Source, SourceBatch, SourcePosition, VenueInput } from "../ingest/source.ts";
import type { VenueFeedback } from "../ingest/venueFeedback.ts";
import { hashBatch } from "../journal/batchHash.ts";
import type { Journal, JournalBatch, JournalHead, JournalRow } from "../journal/journal.ts";
import { type Capacities, Kernel } from "../kernel/kernel.ts";
import type { AccountView, ControlsView, FeedLag, InstrumentView, OrderAnswer } from "../kernel/views.ts";
import type { MarketDocument } from "../markets/market.ts";
import { type AccountBook, bookOfAccount } from "./accountBook.ts";
import type { PlacedInput } from "./engineInput.ts";
import { FIRST_DERIVED_KIND } from "./eventKinds.ts";
import { type AccountExplanation, explainAccount } from "./explainAccount.ts";
import { FeedPace, type FeedPaceOptions } from "./feedPace.ts";
import { genesis, ownInput } from "./genesis.ts";
import { holdCommand, holdOutcomeOfRow } from "./holdOutcome.ts";
import { cheapestCure, largestOrder, liquidationMoves } from "./inverseQuestions.ts";
import { LagBound, type LagBoundOptions } from "./lagBound.ts";
import type { Names } from "./names.ts";
import { outcomeOfRow } from "./outcome.ts";
import { reasonOf } from "./reason.ts";
import { FIRST_EVENT_TIME_US } from "./record.ts";
import { type RecoveryProgress, recover } from "./recovery.ts";
import type {
  AccountRank,
  AsOf,
  CommandOutcome,
  Cure,
  HoldOutcome,
  HoldRequest,
  LargestOrder,
  LargestOrderQuestion,
  LiquidationMoves,
  OrderQuestion,
  RiskEngine,
} from "./riskEngine.ts";
import { Shard, VENUE_ACCOUNT_NAMES } from "./shard.ts";
import { StatesLeft, type StatesLeftOptions } from "./statesLeft.ts";
import { VenueView } from "./venueView.ts";

export interface EngineOptions extends StatesLeftOptions {
  readonly journal: Journal;
  /** Reads the same journal beside the engine; closed before it, so that the last to leave can put the log into the file. */
  readonly past?: { close(): void };
  readonly kernelBinary: Uint8Array;
  readonly engineVersion: string;
  readonly shard: string;
  /** Used when the journal is empty, and never again. */
  readonly market: MarketDocument;
  readonly capacities: Capacities;
  /** Makes the way in. A venue that is simulated may look at the margin state that it causes. */
  readonly source: (feedback: VenueFeedback) => Source;
  /** Inputs that one pull asks for at the most. */
  readonly pullLimit: number;
  /** New risk is refused while the feed is older than this (CTL-015). Absent: however old it is. */
  readonly lagBound?: LagBoundOptions | undefined;
  /** Nobody is served while the journal has not answered for so long. Absent: however long it takes. */
  readonly diskBound?: DiskBound | undefined;
  /** Shares the thread with those who ask; absent: every batch may take `pullLimit` inputs and as many commands, and the next follows at once. */
  readonly feedPace?: FeedPaceOptions;
  readonly progress?: RecoveryProgress;
}

export interface DiskBound {
  readonly withinMs: number;
  readonly nowMs: () => number;
}

/** What a start found. */
export interface StartReport {
  readonly continued: boolean;
  /** Journal position before this owner's first event. */
  readonly position: number;
  readonly snapshotPosition: number;
  readonly replayedEvents: number;
  readonly epoch: number;
}

interface WaitingCommand {
  readonly input: VenueInput;
  /** Told the row of the command, which is on disk. */
  readonly durable: (row: JournalRow) => void;
  readonly reject: (error: Error) => void;
}

/** A slice takes so many inputs however long they take: the turns of others in between cost as much as these. */
const LEAST_SLICE = 8;

/** The engine has stopped or is stopping; the reason stands in the message. */
export class EngineStoppedError extends Error {
  override readonly name = "EngineStoppedError";
}

/**
 * The engine loop: pull a batch, fold it, append it, tell. One shard, one writer, one order (design D2).
 *
 * The kernel applies before the append, and nothing is told before it: an append that fails leaves the kernel ahead of the
 * journal, so the engine stops for good and a restart builds the state again from the log.
 */
export class Engine implements RiskEngine {
  readonly names: Names;
  readonly start: StartReport;
  readonly #options: EngineOptions;
  readonly #shard: Shard;
  readonly #source: Source;
  #head: JournalHead;
  /** While a batch is folded and appended: resolves when it is on disk, or the engine has left. */
  #ahead: Promise<void> | undefined;
  /** When the append that is under way began. */
  #appendedMs: number | undefined;
  #status: { serving: boolean; reason: string } = { serving: true, reason: "" };
  #stopping = false;
  #commands: WaitingCommand[] = [];
  readonly #feedPace: FeedPace;
  readonly #lagBound: LagBound | undefined;
  #wake: ((what: "command") => void) | undefined;
  readonly #listeners = new Set<(touched: ReadonlySet<number>) => void>();
  readonly #statesLeft: StatesLeft;
  #ranking: { readonly nextPosition: number; readonly ranks: readonly AccountRank[] } | undefined;

  private constructor(options: EngineOptions, shard: Shard, head: JournalHead, start: StartReport) {
    this.#options = options;
    this.#shard = shard;
    this.#source = options.source(new VenueView(shard));
    this.#head = head;
    this.names = shard.names;
    this.start = start;
    this.#statesLeft = new StatesLeft(options, shard, head.position, start.snapshotPosition);
    if (options.lagBound !== undefined) this.#lagBound = new LagBound(options.lagBound);
    this.#feedPace = new FeedPace(options.feedPace, LEAST_SLICE, options.pullLimit);
  }

  /**
   * Opens a journal: an empty one gets the market's genesis, another is recovered. Either way this owner's epoch begins
   * with an event of its own, at the exact end of the log: whoever wrote before can append no more (design D9).
   * The journal is the engine's from here on: it is closed when the engine ends, or cannot begin.
   */
  static async open(options: EngineOptions): Promise<Engine> {
    try {
      return await Engine.#open(options);
    } catch (error) {
      options.past?.close();
      await options.journal.close().catch(() => {
        // Why the engine cannot begin says more than why its journal cannot end.
      });
      throw error;
    }
  }

  static async #open(options: EngineOptions): Promise<Engine> {
    const { journal, kernelBinary } = options;
    const empty = await journal.head();
    if (empty.batch === 0) {
      const shard = new Shard(Kernel.create(kernelBinary, options.capacities));
      const start = { continued: false, position: 0, snapshotPosition: 0, replayedEvents: 0, epoch: 1 };
      const engine = new Engine(options, shard, empty, start);
      const [opened, ...market] = genesis(options.shard, options.capacities, options.market);
      await engine.#beginEpoch([opened!, engine.#epochInput(1), ...market], 1);
      return engine;
    }
    const recovery = await recover(journal, kernelBinary, options.snapshots, options.log, options.progress);
    const epoch = recovery.head.epoch + 1;
    const start = {
      continued: true,
      position: recovery.head.position,
      snapshotPosition: recovery.snapshotPosition,
      replayedEvents: recovery.replayedEvents,
      epoch,
    };
    const engine = new Engine(options, recovery.shard, recovery.head, start);
    await engine.#beginEpoch([engine.#epochInput(epoch, recovery.migration)], epoch);
    return engine;
  }

  #epochInput(epoch: number, migration?: Migration): PlacedInput {
    return ownInput({
      kind: "epochStarted",
      epoch: {
        epoch: BigInt(epoch),
        kernelHash: Buffer.from(this.#shard.kernel.hash, "hex"),
        engineVersion: this.#options.engineVersion,
        migration,
      },
    });
  }

  async #beginEpoch(inputs: PlacedInput[], epoch: number): Promise<void> {
    const { kernel } = this.#shard;
    await this.#options.journal.keepKernel(kernel.hash, kernel.binary);
    const rows = this.#shard.fold(inputs);
    try {
      // Before the epoch is written: a source that cannot go on must not leave a trace at every attempt.
      await this.#source.open(await this.#options.journal.sourcePositions());
      await this.#append(rows, [], epoch);
    } catch (error) {
      await this.#closing("source", () => this.#source.close());
      throw error;
    }
  }

  /**
   * Runs until the source ends or `stop` is called, then closes source and journal.
   * @throws whatever stopped the engine
   */
  async run(): Promise<void> {
    let pull: Promise<SourceBatch | undefined> | undefined;
    try {
      while (!this.#stopping) {
        pull ??= this.#pull();
        const pulled = await Promise.race([pull, this.#commandWaiting()]);
        if (pulled === "command") {
          await this.#commit({ spans: [], inputs: [] });
          await this.#turnsOfOthers();
          continue;
        }
        pull = undefined;
        if (pulled === undefined) break;
        await this.#commit(pulled);
        await this.#turnsOfOthers();
      }
      // Whoever asked before the end gets an answer.
      while (this.#commands.length > 0) await this.#commit({ spans: [], inputs: [] });
      this.#leave("the engine has stopped");
      this.#statesLeft.snapshot(this.#head);
      await this.#options.journal.keepAccountHeads(this.#accountHeads());
    } catch (error) {
      this.#leave(reasonOf(error));
      throw error;
    } finally {
      pull?.catch(() => {
        // The pull under way ends with its source; the reason to stop is already on its way.
      });
      await this.#closing("source", () => this.#source.close());
      this.#options.past?.close();
      await this.#closing("journal", () => this.#options.journal.close());
    }
  }

  /** What the feed has gathered by the time the next batch may begin; commands do not wait for that. */
  #pull(): Promise<SourceBatch | undefined> {
    const gatherMs = this.#feedPace.gatherMs();
    return gatherMs === 0 ? this.#source.pull(this.#feedPace.batch()) : this.#pullAfter(gatherMs);
  }

  async #pullAfter(gatherMs: number): Promise<SourceBatch | undefined> {
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    return this.#stopping || !this.#status.serving ? undefined : this.#source.pull(this.#feedPace.batch());
  }

  /** Everything else has its turn: a source that never waits must not keep the gateway from answering. */
  async #turnsOfOthers(): Promise<void> {
    for (let turns = this.#feedPace.turns(); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  }

  /** All that must be kept is on disk by now: an end that goes wrong is told, and hides no reason to stop. */
  async #closing(what: string, close: () => Promise<void>): Promise<void> {
    try {
      await close();
    } catch (error) {
      this.#options.log(`the ${what} did not close: ${reasonOf(error)}`);
    }
  }

  /** Asks the loop to end after the batch under way. */
  stop(): void {
    this.#stopping = true;
    this.#wake?.("command");
  }

  #leave(reason: string): void {
    this.#status = { serving: false, reason };
    for (const waiting of this.#commands.splice(0)) waiting.reject(new EngineStoppedError(reason));
  }

  /** Resolves when a command waits, or the engine is to stop. */
  #commandWaiting(): Promise<"command"> {
    if (this.#commands.length > 0 || this.#stopping) return Promise.resolve("command");
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Folds what was pulled, and the commands that wait, as one batch; appends it; tells whoever listens. */
  async #commit({ spans, inputs }: SourceBatch): Promise<void> {
    const commands = this.#commands.splice(0, this.#feedPace.batch());
    if (spans.length === 0 && commands.length === 0) return;
    if (spans.length > 0) this.#feedPace.begins(inputs.length);
    const arrived = this.#goAhead();
    let rows: JournalRow[];
    try {
      rows = await this.#foldSlices(this.#placed(inputs, commands));
      this.#appendedMs = this.#options.diskBound?.nowMs();
      await this.#append(rows, spans, this.#head.epoch);
    } catch (error) {
      // They wait again, to be told why the engine leaves.
      this.#commands.unshift(...commands);
      this.#leave(reasonOf(error));
      throw error;
    } finally {
      this.#appendedMs = undefined;
      arrived();
    }
    this.#answer(commands, rows);
    this.#tell(rows);
    if (spans.length > 0) this.#source.durable(spans.map(toPosition));
    this.#statesLeft.pass(this.#head);
  }

  /** From now on the state is ahead of the disk. @returns what says that it is not any more */
  #goAhead(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ahead = promise;
    return () => {
      this.#ahead = undefined;
      resolve();
    };
  }

  #placed(inputs: SourceBatch["inputs"], commands: readonly WaitingCommand[]): readonly PlacedInput[] {
    const { eventTimeUs } = this.#shard.reader;
    const placed: PlacedInput[] = inputs.map(({ span, offset, input }) => ({
      span: span + 1,
      offset,
      eventTimeUs: Number(eventTimeUs),
      input,
    }));
    for (const { input } of commands) placed.push(ownInput(input));
    return this.#lagBound?.marked(placed, eventTimeUs) ?? placed;
  }

  /** Others have their turns between the slices: what they read is a state that every journal of these inputs passes through. */
  async #foldSlices(placed: readonly PlacedInput[]): Promise<JournalRow[]> {
    const rows: JournalRow[] = [];
    for (let from = 0; from < placed.length; ) {
      if (from > 0) await this.#turnsOfOthers();
      const slice = placed.slice(from, from + this.#feedPace.slice());
      for (const row of this.#feedPace.timed(slice.length, () => this.#shard.fold(slice))) rows.push(row);
      from += slice.length;
    }
    return rows;
  }

  async #append(rows: JournalRow[], spans: SourceBatch["spans"], epoch: number): Promise<void> {
    const batch: Omit<JournalBatch, "hash"> = {
      batch: this.#head.batch + 1,
      epoch,
      eventTimeUs: Number(this.#shard.reader.eventTimeUs),
      kernelHash: this.#shard.kernel.hash,
      spans,
      rows,
      previousHash: this.#head.hash,
    };
    const hash = hashBatch(batch);
    await this.#options.journal.append({ ...batch, hash }, this.#head);
    const position = rows.at(-1)?.position ?? this.#head.position;
    this.#head = { batch: batch.batch, position, epoch, hash };
  }

  /** The commands were the last inputs: their rows are the last that no rule derived. */
  #answer(commands: readonly WaitingCommand[], rows: readonly JournalRow[]): void {
    if (commands.length === 0) return;
    const outcomes = rows.filter((row) => row.kind < FIRST_DERIVED_KIND).slice(-commands.length);
    commands.forEach(({ durable }, index) => {
      durable(outcomes[index]!);
    });
  }

  #tell(rows: readonly JournalRow[]): void {
    if (this.#listeners.size === 0) return;
    const touched = new Set<number>();
    const moved = new Set<number>();
    for (const row of rows) {
      if (row.account !== undefined) touched.add(row.account);
      if (row.kind === MARK_PRICE_SET && row.instrument !== undefined) moved.add(row.instrument);
    }
    for (const instrument of moved) {
      for (const account of this.#shard.reader.holders(instrument)) touched.add(account);
    }
    for (const listener of this.#listeners) listener(touched);
  }

  *#accountHeads(): Generator<readonly [number, number]> {
    const { reader } = this.#shard;
    for (let account = 0; account < reader.accountCount; account++) {
      const position = reader.lastEventPosition(account);
      if (position > 0) yield [account, position];
    }
  }

  get source(): Source {
    return this.#source;
  }

  get status(): { readonly serving: boolean; readonly reason: string } {
    const { diskBound } = this.#options;
    if (!this.#status.serving || diskBound === undefined || this.#appendedMs === undefined) return this.#status;
    if (diskBound.nowMs() - this.#appendedMs <= diskBound.withinMs) return this.#status;
    return { serving: false, reason: `the journal has not answered for ${diskBound.withinMs} ms` };
  }

  /** The state itself: for those who compose the engine, not for a gateway. */
  get shard(): Shard {
    return this.#shard;
  }

  waitForDisk(): Promise<void> | undefined {
    return this.#ahead;
  }

  asOf(): AsOf {
    const { nextPosition, eventTimeUs } = this.#shard.reader;
    return { journalPosition: BigInt(nextPosition - 1), eventTimeUs };
  }

  account(account: number): AccountView {
    return this.#shard.reader.account(account);
  }

  instrument(instrument: number): InstrumentView {
    return this.#shard.reader.instrument(instrument);
  }

  accountsByMarginRatio(): readonly AccountRank[] {
    // Pages of one list are asked for one after another: the order is kept until the next event.
    const { nextPosition } = this.#shard.reader;
    if (this.#ranking?.nextPosition !== nextPosition) {
      this.#ranking = { nextPosition, ranks: ranksOf(this.#shard.reader) };
    }
    return this.#ranking.ranks;
  }

  explain(account: number): AccountExplanation {
    return explainAccount(this.#shard.reader, this.names, account);
  }

  book(account: number): AccountBook {
    return bookOfAccount(this.#shard.reader, this.names, account);
  }

  checkOrder({ account, instrument, side, quantity, price, reduceOnly }: OrderQuestion): OrderAnswer {
    this.#feedPace.asked();
    return this.#shard.reader.checkOrder(account, instrument, side, quantity, price, reduceOnly, this.behind());
  }

  behind(): FeedLag | undefined {
    return this.#lagBound?.behind(this.#shard.reader.eventTimeUs);
  }

  controls(): ControlsView {
    return this.#shard.reader.controls();
  }

  maxOrder(question: LargestOrderQuestion): LargestOrder {
    return largestOrder(this.#shard, question);
  }

  cure(account: number): Cure | undefined {
    return cheapestCure(this.#shard, account);
  }

  liquidationMoves(account: number, underlying: string): LiquidationMoves {
    return liquidationMoves(this.#shard, account, underlying);
  }

  async submit(command: AccountCommand): Promise<CommandOutcome> {
    const { row, asOf } = await this.#durableRow((eventTimeUs) => accountInput(command, eventTimeUs));
    return { ...outcomeOfRow(row), asOf };
  }

  async submitControl(instrument: string, command: ControlCommand): Promise<CommandOutcome> {
    const { row, asOf } = await this.#durableRow((eventTimeUs) => ({
      kind: "market",
      event: { instrument, eventTimeUs, event: { $case: "control", value: command } },
    }));
    return { ...outcomeOfRow(row), asOf };
  }

  async submitHold(request: HoldRequest): Promise<HoldOutcome> {
    this.#feedPace.asked();
    const { row, asOf } = await this.#durableRow((eventTimeUs) => accountInput(holdCommand(request), eventTimeUs));
    const answered = holdOutcomeOfRow(row);
    if (!("answeredAt" in answered)) return { ...answered, duplicate: false, asOf };
    const first = await this.#options.journal.row(Number(answered.answeredAt));
    const again = first === undefined ? undefined : holdOutcomeOfRow(first);
    if (again === undefined || "answeredAt" in again) {
      throw new Error(`event ${answered.answeredAt} does not answer request ${request.requestId}`);
    }
    return { ...again, duplicate: true, asOf };
  }

  /** Puts an input into the next batch. Resolves when its row is on disk, with the state right after that batch. */
  #durableRow(at: (eventTimeUs: bigint) => VenueInput): Promise<{ readonly row: JournalRow; readonly asOf: AsOf }> {
    if (!this.#status.serving || this.#stopping) {
      return Promise.reject(new EngineStoppedError(this.#status.reason || "the engine is stopping"));
    }
    return new Promise((resolve, reject) => {
      // Time comes with the feed, so that a command of today does not make a market of another day look stale.
      const now = this.#shard.reader.eventTimeUs;
      const eventTimeUs = now < FIRST_EVENT_TIME_US ? FIRST_EVENT_TIME_US : now;
      const durable = (row: JournalRow) => resolve({ row, asOf: this.asOf() });
      this.#commands.push({ input: at(eventTimeUs), durable, reject });
      this.#wake?.("command");
    });
  }

  onDurable(listener: (touched: ReadonlySet<number>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Accounts of others than the venue, the worst first. */
function ranksOf(reader: Shard["reader"]): AccountRank[] {
  const ranks: AccountRank[] = [];
  for (let account = VENUE_ACCOUNT_NAMES.length; account < reader.accountCount; account++) {
    const marginRatioE6 = reader.worstMarginRatioE6(account);
    ranks.push({ account, state: reader.accountState(account), marginRatioE6 });
  }
  return ranks.sort((a, b) =>
    a.marginRatioE6 === b.marginRatioE6 ? a.account - b.account : a.marginRatioE6 > b.marginRatioE6 ? -1 : 1,
  );
}

function toPosition({ topic, partition, leaderEpoch, lastOffset }: SourceBatch["spans"][number]): SourcePosition {
  return { topic, partition, leaderEpoch, lastOffset };
}

function accountInput(command: AccountCommand, eventTimeUs: bigint): VenueInput {
  return { kind: "account", command: { ...command, eventTimeUs } };
}
