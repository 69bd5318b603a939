import { basename } from "node:path";
import { type Fill, Liquidity, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarketDocument } from "../markets/market.ts";
import { Drawing } from "./drawing.ts";
import { answerCalls } from "./marginCalls.ts";
import { marketMaker, Roster, type RosterAccount } from "./roster.ts";
import type { Source, SourceBatch, SourcePosition, VenueInput } from "./source.ts";
import { StepCredit, type WantedSide } from "./stepCredit.ts";
import { StepPlan } from "./stepPlan.ts";
import { type ListedTrade, TapeMarket } from "./tapeMarket.ts";
import { TapeOpening } from "./tapeOpening.ts";
import { MergedTapes, TapeError, type TapeRow } from "./tapeReader.ts";
import { surveyTapes } from "./tapeSurvey.ts";
import type { VenueFeedback } from "./venueFeedback.ts";

export interface TapeOptions {
  /** Gzip tapes of a known format (tapeFormats.ts); several are merged by time. */
  readonly files: readonly string[];
  readonly market: MarketDocument;
  /** Draws accounts and who trades with whom; 0 to 2^53 - 1. */
  readonly seed: number;
  /** Accounts to make up; public tapes name none. Default 1,000. */
  readonly accounts?: number;
  /** Rows in a step, and so in a batch. Default 256. */
  readonly rowsPerStep?: number;
  /** Least tape time between two marks of an instrument. Default 1,000. */
  readonly markIntervalMs?: number;
  /** Absent: nobody is liquidated. */
  readonly feedback?: VenueFeedback | undefined;
}

const WEALTH_SPREAD = 0.9;
// Take what no drawn account can.
const MAKER_OF_LAST_RESORT = marketMaker(1);
const TAKER_OF_LAST_RESORT = marketMaker(2);
const HOUSE = [MAKER_OF_LAST_RESORT, TAKER_OF_LAST_RESORT];
const STREAM_TAKER = 2;
const STREAM_MAKER = 3;
/** A called account pays in once in so many steps. */
const ANSWER_ODDS = 16;

/**
 * A recorded tape as a venue. Prices, sizes, sides and times are the tape's; the accounts are drawn.
 *
 * The offset counts steps: first those that open the accounts, then one for each `rowsPerStep` rows. Every draw is a
 * function of the seed and the row, so a source opened at any position goes on exactly as one that ran through.
 */
export class TapeSource implements Source {
  readonly name: string;
  readonly #options: TapeOptions;
  readonly #drawing: Drawing;
  readonly #roster: Roster;
  readonly #rowsPerStep: number;
  #market: TapeMarket;
  #opening: TapeOpening | undefined;
  #tapes: MergedTapes | undefined;
  #step = 0;
  #row = 0;
  #expectedInputs: number | undefined;

  /** @throws RangeError when an option is out of range */
  constructor(options: TapeOptions) {
    this.name = `tape:${options.files.map((file) => basename(file)).join("+")}`;
    this.#options = options;
    this.#rowsPerStep = options.rowsPerStep ?? 256;
    if (options.files.length === 0) throw new RangeError("files: name at least one tape");
    if (!Number.isInteger(this.#rowsPerStep) || this.#rowsPerStep < 1 || this.#rowsPerStep > 1_024) {
      throw new RangeError(`rowsPerStep ${this.#rowsPerStep}: must be a whole number from 1 to 1,024`);
    }
    this.#drawing = new Drawing(options.seed);
    this.#roster = new Roster(this.#drawing, options.accounts ?? 1_000, "acct", WEALTH_SPREAD);
    this.#market = this.#newMarket();
  }

  /** Two inputs a row and the opening; marks, funding and liquidations come on top. */
  get expectedInputs(): number | undefined {
    return this.#expectedInputs;
  }

  /** @throws TapeError when a tape cannot be read, or is shorter than the journal has it */
  async open(positions: readonly SourcePosition[]): Promise<void> {
    const { files, market } = this.#options;
    const survey = await surveyTapes(files, market);
    this.#opening = new TapeOpening(this.#roster, HOUSE, market, survey);
    this.#expectedInputs = this.#opening.inputs + 2 * survey.rows;
    this.#market = this.#newMarket();
    this.#row = 0;
    this.#step = 1 + (positions.find((each) => each.topic === this.name && each.partition === 0)?.lastOffset ?? -1);
    this.#tapes?.close();
    this.#tapes = new MergedTapes(files);

    const steps = this.#opening.steps + Math.ceil(survey.rows / this.#rowsPerStep);
    if (this.#step > steps) {
      throw new TapeError(
        files.join(" + "),
        0,
        `the journal holds ${this.#step} steps of it, but it has only ${steps}: another or a shortened file; ` +
          "give the tape that the journal was started with",
      );
    }
    for (let step = this.#opening.steps; step < this.#step; step += 1) {
      for (const row of await this.#tapes.take(this.#rowsPerStep)) this.#market.advance(row);
      this.#row += this.#rowsPerStep;
    }
  }

  /** One step, whatever `max` says: the batch is part of the recorded history. */
  async pull(_max: number): Promise<SourceBatch | undefined> {
    if (this.#opening === undefined || this.#tapes === undefined) throw new Error(`${this.name}: pull before open`);
    const step = this.#step;
    let inputs: readonly VenueInput[];
    if (step < this.#opening.steps) {
      inputs = this.#opening.inputsOf(step);
    } else {
      const rows = await this.#tapes.take(this.#rowsPerStep);
      if (rows.length === 0) return undefined;
      inputs = this.#inputsOf(step, rows);
      this.#row += rows.length;
    }
    this.#step += 1;
    return {
      spans: [{ topic: this.name, partition: 0, leaderEpoch: 0, firstOffset: step, lastOffset: step }],
      inputs: inputs.map((input) => ({ span: 0, offset: step, input })),
    };
  }

  durable(): void {}

  async close(): Promise<void> {
    this.#tapes?.close();
  }

  #newMarket(): TapeMarket {
    return new TapeMarket(this.#options.market, this.#options.markIntervalMs ?? 1_000, this.#drawing);
  }

  #inputsOf(step: number, rows: readonly TapeRow[]): VenueInput[] {
    const { feedback } = this.#options;
    const plan = new StepPlan(feedback, { most: Infinity, spared: HOUSE });
    const credit = new StepCredit(feedback);
    const startUs = BigInt(rows[0]?.orderMs ?? 0) * 1000n;
    const inputs = answerCalls(plan.calls, ANSWER_ODDS, this.#drawing, step, startUs);
    for (const [index, row] of rows.entries()) {
      const { events, trade, unreadable } = this.#market.advance(row);
      for (const event of events) inputs.push({ kind: "market", event });
      if (trade !== undefined) this.#trade(this.#row + index, trade, plan, credit, inputs);
      if (unreadable !== undefined) {
        inputs.push({ kind: "unreadable", ...unreadable, record: Buffer.from(row.text, "latin1") });
      }
    }
    return inputs;
  }

  /**
   * One trade of the tape as fills. Where it can close positions in liquidation, those take its taker side, and the
   * rest goes to a drawn taker. Each piece is a trade of its own, both sides: split on one side only, the cash of an
   * inverse contract would no longer add up to zero (MAR-001).
   */
  #trade(row: number, trade: ListedTrade, plan: StepPlan, credit: StepCredit, inputs: VenueInput[]): void {
    const bought = trade.takerSide === Side.BUY ? trade.quantity : -trade.quantity;
    const draw = (stream: number, quantity: bigint, other: RosterAccount): RosterAccount => {
      const wanted: WantedSide = { ...trade, quantity };
      const drawn = this.#roster.draw(stream, row, 0, (account) => {
        return account !== other && !plan.barred.has(account.name) && credit.admits(account, wanted);
      });
      if (drawn !== undefined) credit.book(drawn, wanted);
      return drawn ?? (stream === STREAM_MAKER ? MAKER_OF_LAST_RESORT : TAKER_OF_LAST_RESORT);
    };
    const maker = draw(STREAM_MAKER, -bought, TAKER_OF_LAST_RESORT);
    const pieces: { account: string; quantity: bigint; liquidation: boolean }[] = plan
      .close(trade.instrument, trade.takerSide, trade.quantity)
      .map((closed) => ({ ...closed, liquidation: true }));
    const rest = pieces.reduce((left, piece) => left - piece.quantity, trade.quantity);
    if (rest > 0n) {
      const taker = draw(STREAM_TAKER, bought, maker);
      pieces.push({ account: taker.name, quantity: rest, liquidation: false });
    }
    for (const [index, piece] of pieces.entries()) {
      const tradeId = pieces.length === 1 ? trade.tradeId : `${trade.tradeId}/${index + 1}`;
      inputs.push(...bothSides(trade, tradeId, piece, maker));
    }
  }
}

function bothSides(
  trade: ListedTrade,
  tradeId: string,
  piece: { readonly account: string; readonly quantity: bigint; readonly liquidation: boolean },
  maker: RosterAccount,
): VenueInput[] {
  const shared = {
    venue: trade.venue,
    tradeId,
    instrument: trade.instrument,
    quantity: piece.quantity,
    price: trade.price,
    eventTimeUs: trade.eventTimeUs,
    orderId: "",
  };
  const taker: Fill = {
    ...shared,
    account: piece.account,
    side: trade.takerSide,
    liquidity: Liquidity.TAKER,
    liquidation: piece.liquidation,
  };
  const other: Fill = {
    ...shared,
    account: maker.name,
    side: trade.takerSide === Side.BUY ? Side.SELL : Side.BUY,
    liquidity: Liquidity.MAKER,
    liquidation: false,
  };
  return [
    { kind: "fill", fill: taker },
    { kind: "fill", fill: other },
  ];
}
