import { ContractKind, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { Drawing } from "./drawing.ts";
import { marketMaker, type Roster, type RosterAccount } from "./roster.ts";
import type { SimulatedMarket, TradedInstrument } from "./simulatedMarket.ts";

/** Deep enough to be the other side of everybody. */
export const MARKET_MAKER = marketMaker(1);
/** Dollars that an account of wealth 1 comes with, in each currency. */
export const MEDIAN_COLLATERAL_USD = 20_000;
export const TRADES_PER_STEP = 10;
/** A trade is undone after one of these numbers of steps, so that open interest is steady instead of growing. */
export const HOLDING_STEPS: readonly number[] = [10, 40, 160, 640];

/** Trades per step x drawn sides per trade x mean holding: how many sides are open at a time, over all accounts. */
const OPEN_SIDES = 3_200;
/** Median of an account's exposure / collateral. */
const MEDIAN_GEARING = 5;
const GEARING_SPREAD = 0.8;
const MARKET_MAKER_SHARE = 0.5;

const STREAM_TRADES = 20;
const STREAM_TERMS = 21;
const DRAWS_PER_ACCOUNT = 32;
const DRAWS_PER_TERMS = 16;

/** A trade as it is meant: a function of seed and step alone, so its end can be told without remembering it. */
export interface MeantTrade {
  readonly buyer: RosterAccount;
  readonly seller: RosterAccount;
  readonly takerSide: Side;
  readonly instrument: TradedInstrument;
  readonly quantity: bigint;
}

/** The trades that begin in each step. */
export class SimulatedTrades {
  readonly #drawing: Drawing;
  readonly #roster: Roster;
  readonly #market: SimulatedMarket;

  constructor(drawing: Drawing, roster: Roster, market: SimulatedMarket) {
    this.#drawing = drawing;
    this.#roster = roster;
    this.#market = market;
  }

  /** After how many steps the trade is undone: told without drawing the rest of it. */
  holdingSteps(step: number, index: number): number {
    return HOLDING_STEPS[Math.floor(this.#uniform(step, DRAWS_PER_TERMS * index + 2) * HOLDING_STEPS.length)] as number;
  }

  /** @param index 0 to TRADES_PER_STEP - 1 */
  at(step: number, index: number): MeantTrade {
    const draws = 2 * DRAWS_PER_ACCOUNT * index;
    const terms = DRAWS_PER_TERMS * index;
    const first = this.#roster.draw(STREAM_TRADES, step, draws, () => true) ?? MARKET_MAKER;
    const drawn = this.#roster.draw(STREAM_TRADES, step, draws + DRAWS_PER_ACCOUNT, (account) => account !== first);
    const withMaker = drawn === undefined || this.#uniform(step, terms) < MARKET_MAKER_SHARE;
    const second = withMaker ? MARKET_MAKER : drawn;
    const instruments = this.#market.instrumentsAt(step);
    const instrument = instruments[Math.floor(this.#uniform(step, terms + 1) * instruments.length)] as TradedInstrument;
    const firstBuys = this.#uniform(step, terms + 3) < 0.5;
    const reach = Math.min(reachUsd(first), reachUsd(second));
    return {
      buyer: firstBuys ? first : second,
      seller: firstBuys ? second : first,
      takerSide: this.#uniform(step, terms + 4) < 0.5 ? Side.BUY : Side.SELL,
      instrument,
      quantity: this.#quantity(reach, instrument, step, terms + 5),
    };
  }

  #uniform(step: number, index: number): number {
    return this.#drawing.uniform(STREAM_TERMS, step, index);
  }

  /** In lots at the start price, so that a trade has one size however the price has moved since. */
  #quantity(reach: number, { name, listing }: TradedInstrument, step: number, index: number): bigint {
    const usd = reach * MEDIAN_GEARING * this.#drawing.logNormal(GEARING_SPREAD, STREAM_TERMS, step, index);
    const multiplier = Number(listing.multiplierNumerator) / Number(listing.multiplierDenominator);
    const contractUsd = listing.kind === ContractKind.INVERSE ? multiplier : multiplier * this.#market.startPrice(name);
    const lots = BigInt(Math.round(((usd / contractUsd) * 10 ** listing.quantityScale) / Number(listing.lot)));
    const most = listing.quantityLimit / listing.lot;
    if (lots < 1n) return listing.lot;
    return (lots > most ? most : lots) * listing.lot;
  }
}

/** What one of an account's trades may weigh: less for the busy, who have many open at a time. */
function reachUsd(account: RosterAccount): number {
  const { wealth, activity } = account;
  if (account === MARKET_MAKER) return Infinity;
  return (MEDIAN_COLLATERAL_USD * wealth) / Math.sqrt(1 + activity * OPEN_SIDES);
}
