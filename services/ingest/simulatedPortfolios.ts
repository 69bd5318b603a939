import { MarginMode, Side } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarketDocument } from "../markets/market.ts";
import { isOption } from "../markets/valueFraction.ts";
import type { Drawing } from "./drawing.ts";
import { marketMaker, type RosterAccount } from "./roster.ts";
import type { SimulatedMarket, TradedInstrument } from "./simulatedMarket.ts";

/** Other side of all trades in options. */
export const OPTION_MAKER: RosterAccount = { ...marketMaker(2), marginMode: MarginMode.PORTFOLIO };
/** Dollars that a portfolio account comes with, in each currency. */
export const PORTFOLIO_COLLATERAL_USD = 60_000;
/** After so many steps a trade of a portfolio account is undone. */
export const PORTFOLIO_HOLDING_STEPS = 60;

const ACCOUNTS = 8;
/** Each account trades once in so many steps. */
const EVERY_STEPS = 4;
/** In the underlying. */
const MEDIAN_QUANTITY = 0.5;
const QUANTITY_SPREAD = 0.8;
const OPTION_SHARE = 0.7;
const STREAM_PORTFOLIOS = 40;

/** A side that a portfolio account takes: a function of seed and step alone. */
export interface PortfolioTrade {
  readonly account: RosterAccount;
  readonly instrument: TradedInstrument;
  /** The perpetual of its underlying; quantities of both are in the same units. */
  readonly reference: TradedInstrument;
  readonly side: Side;
  readonly quantity: bigint;
}

/** The accounts in portfolio mode: they trade options, and the linear perpetual that follows the same index. */
export class SimulatedPortfolios {
  /** None where the market has no regime, or no options. */
  readonly accounts: readonly RosterAccount[];
  /** Name of the regime that margins them. */
  readonly regime: string;
  readonly #drawing: Drawing;
  readonly #market: SimulatedMarket;

  constructor(document: MarketDocument, drawing: Drawing, market: SimulatedMarket) {
    this.#drawing = drawing;
    this.#market = market;
    this.regime = document.regimes?.[0]?.name ?? "";
    const trades = this.regime !== "" && document.instruments.some(({ listing }) => isOption(listing));
    this.accounts = Array.from({ length: trades ? ACCOUNTS : 0 }, (_, index) => ({
      ...OPTION_MAKER,
      name: `pm-${index + 1}`,
      leverageE2: 1_000,
    }));
  }

  /** @returns what begins in a step */
  at(step: number): PortfolioTrade[] {
    return this.accounts.flatMap((account, index) => {
      if ((step + index) % EVERY_STEPS !== 0) return [];
      const draw = (number: number) => this.#drawing.uniform(STREAM_PORTFOLIOS, step, 16 * index + number);
      const options = this.#market.optionsAt(step);
      const option = options[Math.floor(draw(0) * options.length)] as TradedInstrument;
      const reference = this.#market.referenceOf(option);
      const instrument = draw(1) < OPTION_SHARE ? option : reference;
      const { listing } = instrument;
      const size = MEDIAN_QUANTITY * this.#drawing.logNormal(QUANTITY_SPREAD, STREAM_PORTFOLIOS, step, 16 * index + 4);
      const lots = BigInt(Math.max(1, Math.round((size * 10 ** listing.quantityScale) / Number(listing.lot))));
      const side = draw(2) < 0.5 ? Side.BUY : Side.SELL;
      return [{ account, instrument, reference, side, quantity: lots * listing.lot }];
    });
  }
}
