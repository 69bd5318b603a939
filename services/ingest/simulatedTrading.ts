import { type Fill, Liquidity, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { isOption, notionalOf } from "../markets/valueFraction.ts";
import type { Drawing } from "./drawing.ts";
import type { RosterAccount } from "./roster.ts";
import { type MarketStep, stepTimeUs, type TradedInstrument, toTick } from "./simulatedMarket.ts";
import {
  OPTION_MAKER,
  PORTFOLIO_HOLDING_STEPS,
  type PortfolioTrade,
  type SimulatedPortfolios,
} from "./simulatedPortfolios.ts";
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
  readonly #portfolios: SimulatedPortfolios;
  readonly #firstStep: number;
  readonly #idPrefix: string;

  /**
   * @param firstStep the first step with trades
   * @param idPrefix of trade ids, e.g. the seed
   */
  constructor(
    drawing: Drawing,
    trades: SimulatedTrades,
    portfolios: SimulatedPortfolios,
    firstStep: number,
    idPrefix: string,
  ) {
    this.#drawing = drawing;
    this.#trades = trades;
    this.#portfolios = portfolios;
    this.#firstStep = firstStep;
    this.#idPrefix = idPrefix;
  }

  fills(step: number, now: MarketStep, plan: StepPlan, feedback: VenueFeedback | undefined): VenueInput[] {
    const trades: Trade[] = [];
    const context = { step, now, plan, credit: new StepCredit(feedback), trades };
    this.#liquidate(context);
    this.#undo(context);
    this.#begin(context);
    this.#tradePortfolios(context);
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
          const maker = makerOf(instrument).name;
          trades.push({
            buyer: buys ? account : maker,
            seller: buys ? maker : account,
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

  /** What a portfolio account took a while ago it gives back, as far as it still has it; then it takes something new. */
  #tradePortfolios(context: Step): void {
    const { step, now, plan, credit } = context;
    if (step - PORTFOLIO_HOLDING_STEPS >= this.#firstStep) {
      for (const trade of this.#portfolios.at(step - PORTFOLIO_HOLDING_STEPS)) {
        const { account, instrument } = trade;
        if (!now.marks.has(instrument.name)) continue;
        const back = this.#reducible(context, account, instrument, -signed(trade));
        this.#tradePortfolio(context, account, instrument, back);
      }
    }
    for (const trade of this.#portfolios.at(step)) {
      const { account, instrument } = trade;
      const quantity = signed(trade);
      if (plan.barred.has(account.name)) continue;
      const reduces = credit.reducible(account.name, instrument.name, quantity) === quantity;
      if (reduces || credit.admits(account, inUnderlying(now, trade))) {
        this.#tradePortfolio(context, account, instrument, quantity);
      }
    }
  }

  #tradePortfolio(context: Step, account: RosterAccount, instrument: TradedInstrument, quantity: bigint): void {
    const maker = makerOf(instrument);
    if (quantity > 0n) this.#trade(context, account, maker, Side.BUY, instrument, quantity);
    else this.#trade(context, maker, account, Side.SELL, instrument, -quantity);
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
    if (!isMaker(buyer)) credit.book(buyer, wantedSide(now, instrument, quantity));
    if (!isMaker(seller)) credit.book(seller, wantedSide(now, instrument, -quantity));
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

function signed({ side, quantity }: PortfolioTrade): bigint {
  return side === Side.BUY ? quantity : -quantity;
}

/** An option asks for credit like as much of its underlying: that bounds what a regime may ask for it. */
function inUnderlying(now: MarketStep, trade: PortfolioTrade): WantedSide {
  return { ...wantedSide(now, trade.reference, signed(trade)), instrument: trade.instrument.name };
}

function makerOf({ listing }: TradedInstrument): RosterAccount {
  return isOption(listing) ? OPTION_MAKER : MARKET_MAKER;
}

function isMaker(account: RosterAccount): boolean {
  return account === MARKET_MAKER || account === OPTION_MAKER;
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
