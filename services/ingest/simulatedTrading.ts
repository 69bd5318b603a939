import { type Fill, Liquidity, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { notionalOf } from "../markets/valueFraction.ts";
import type { Drawing } from "./drawing.ts";
import type { RosterAccount } from "./roster.ts";
import { type MarketStep, stepTimeUs, type TradedInstrument, toTick } from "./simulatedMarket.ts";
import { HOLDING_STEPS, MARKET_MAKER, type SimulatedTrades, TRADES_PER_STEP } from "./simulatedTrades.ts";
import type { VenueInput } from "./source.ts";
import { StepCredit, type WantedSide } from "./stepCredit.ts";
import type { StepPlan } from "./stepPlan.ts";
import type { VenueFeedback } from "./venueFeedback.ts";

const TRADE_PRICE_NOISE = 0.0003;
const LIQUIDATION_COST = 0.0005;
const LIQUIDATION_COST_SPREAD = 0.002;
const STREAM_PRICES = 22;
const STREAM_LIQUIDATIONS = 23;

interface Trade {
  readonly buyer: string;
  readonly seller: string;
  readonly takerSide: Side;
  readonly instrument: string;
  readonly quantity: bigint;
  readonly price: bigint;
  /** Of the taker's position. */
  readonly liquidation: boolean;
}

/** What the parts of one step share. */
interface Step {
  readonly step: number;
  readonly now: MarketStep;
  readonly plan: StepPlan;
  readonly credit: StepCredit;
  readonly trades: Trade[];
}

/** All fills of one step: liquidations, then trades whose time is up, then new ones. */
export class SimulatedTrading {
  readonly #drawing: Drawing;
  readonly #trades: SimulatedTrades;
  readonly #firstStep: number;
  readonly #idPrefix: string;

  /**
   * @param firstStep the first step with trades
   * @param idPrefix of trade ids, e.g. the seed
   */
  constructor(drawing: Drawing, trades: SimulatedTrades, firstStep: number, idPrefix: string) {
    this.#drawing = drawing;
    this.#trades = trades;
    this.#firstStep = firstStep;
    this.#idPrefix = idPrefix;
  }

  fills(step: number, now: MarketStep, plan: StepPlan, feedback: VenueFeedback | undefined): VenueInput[] {
    const trades: Trade[] = [];
    const context = { step, now, plan, credit: new StepCredit(feedback), trades };
    this.#liquidate(context);
    this.#undo(context);
    this.#begin(context);
    const timeUs = stepTimeUs(step);
    return trades.flatMap((trade, index) => {
      return bothSides(trade, `${this.#idPrefix}-${step}-${index}`, timeUs + BigInt(index));
    });
  }

  #liquidate({ step, now, plan, trades }: Step): void {
    for (const instrument of now.instruments) {
      for (const takerSide of [Side.BUY, Side.SELL]) {
        for (const { account, quantity } of plan.close(instrument.name, takerSide, instrument.listing.quantityLimit)) {
          const noise = this.#drawing.uniform(STREAM_LIQUIDATIONS, step, trades.length);
          const cost = LIQUIDATION_COST + LIQUIDATION_COST_SPREAD * noise;
          const buys = takerSide === Side.BUY;
          trades.push({
            buyer: buys ? account : MARKET_MAKER.name,
            seller: buys ? MARKET_MAKER.name : account,
            takerSide,
            instrument: instrument.name,
            quantity,
            price: near(now, instrument, buys ? cost : -cost),
            liquidation: true,
          });
        }
      }
    }
  }

  /** Each side gives back what it got, as far as it still has it; where the two differ, each does so with the maker. */
  #undo(context: Step): void {
    const { step, now } = context;
    for (const holdingSteps of HOLDING_STEPS) {
      const began = step - holdingSteps;
      if (began < this.#firstStep) continue;
      for (let index = 0; index < TRADES_PER_STEP; index += 1) {
        if (this.#trades.holdingSteps(began, index) !== holdingSteps) continue;
        const { buyer, seller, instrument, quantity } = this.#trades.at(began, index);
        // Settled since: nothing is left to give back.
        if (!now.marks.has(instrument.name)) continue;
        const sold = -this.#reducible(context, buyer, instrument, -quantity);
        const bought = this.#reducible(context, seller, instrument, quantity);
        if (sold === bought) {
          this.#trade(context, seller, buyer, Side.SELL, instrument, sold);
        } else {
          if (buyer !== MARKET_MAKER) this.#trade(context, MARKET_MAKER, buyer, Side.SELL, instrument, sold);
          if (seller !== MARKET_MAKER) this.#trade(context, seller, MARKET_MAKER, Side.BUY, instrument, bought);
        }
      }
    }
  }

  #begin(context: Step): void {
    for (let index = 0; index < TRADES_PER_STEP; index += 1) {
      const { buyer, seller, takerSide, instrument, quantity } = this.#trades.at(context.step, index);
      const admitted =
        admits(context, buyer, wantedSide(context.now, instrument, quantity)) &&
        admits(context, seller, wantedSide(context.now, instrument, -quantity));
      if (admitted) this.#trade(context, buyer, seller, takerSide, instrument, quantity);
    }
  }

  #reducible({ plan, credit }: Step, account: RosterAccount, { name }: TradedInstrument, quantity: bigint): bigint {
    if (account === MARKET_MAKER) return quantity;
    return plan.liquidating.has(account.name) ? 0n : credit.reducible(account.name, name, quantity);
  }

  #trade(
    { step, now, credit, trades }: Step,
    buyer: RosterAccount,
    seller: RosterAccount,
    takerSide: Side,
    instrument: TradedInstrument,
    quantity: bigint,
  ): void {
    if (quantity === 0n) return;
    const noise = this.#drawing.uniform(STREAM_PRICES, step, trades.length) - 0.5;
    const price = near(now, instrument, 2 * TRADE_PRICE_NOISE * noise);
    const parties = { buyer: buyer.name, seller: seller.name, takerSide };
    trades.push({ ...parties, instrument: instrument.name, quantity, price, liquidation: false });
    if (buyer !== MARKET_MAKER) credit.book(buyer, wantedSide(now, instrument, quantity));
    if (seller !== MARKET_MAKER) credit.book(seller, wantedSide(now, instrument, -quantity));
  }
}

function admits({ plan, credit }: Step, account: RosterAccount, wanted: WantedSide): boolean {
  return account === MARKET_MAKER || (!plan.barred.has(account.name) && credit.admits(account, wanted));
}

function wantedSide(now: MarketStep, instrument: TradedInstrument, quantity: bigint): WantedSide {
  const { name, listing, fraction, leverageLimitE2 } = instrument;
  const notional = notionalOf(listing.kind, fraction, quantity, markOf(now, name));
  return { instrument: name, currency: listing.settlementCurrency, quantity, notional, leverageLimitE2 };
}

/** A price so far from the mark, as a share of it. */
function near(now: MarketStep, { name, listing }: TradedInstrument, away: number): bigint {
  return toTick((Number(markOf(now, name)) / 10 ** listing.priceScale) * (1 + away), listing);
}

function markOf(now: MarketStep, instrument: string): bigint {
  const mark = now.marks.get(instrument);
  if (mark === undefined) throw new RangeError(`${instrument} does not trade in this step`);
  return mark;
}

function bothSides(trade: Trade, tradeId: string, eventTimeUs: bigint): VenueInput[] {
  const { instrument, quantity, price, takerSide, liquidation } = trade;
  const shared = { venue: "simulated", tradeId, instrument, quantity, price, eventTimeUs, orderId: "" };
  return [Side.BUY, Side.SELL].map((side) => {
    const takes = side === takerSide;
    const fill: Fill = {
      ...shared,
      account: side === Side.BUY ? trade.buyer : trade.seller,
      side,
      liquidity: takes ? Liquidity.TAKER : Liquidity.MAKER,
      liquidation: takes && liquidation,
    };
    return { kind: "fill", fill };
  });
}
