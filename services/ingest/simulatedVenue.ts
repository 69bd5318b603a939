import type { MarketDocument } from "../markets/market.ts";
import { isOption } from "../markets/valueFraction.ts";
import type { Clock } from "./clock.ts";
import { Drawing } from "./drawing.ts";
import { answerCalls } from "./marginCalls.ts";
import { commandInput, leverageLimitE2, openingInputs, Roster, type RosterAccount } from "./roster.ts";
import { SimulatedMarket, stepTimeUs } from "./simulatedMarket.ts";
import { OPTION_MAKER, PORTFOLIO_COLLATERAL_USD, SimulatedPortfolios } from "./simulatedPortfolios.ts";
import { MARKET_MAKER, MEDIAN_COLLATERAL_USD, SimulatedTrades } from "./simulatedTrades.ts";
import { SimulatedTrading } from "./simulatedTrading.ts";
import type { Source, SourceBatch, SourcePosition, VenueInput } from "./source.ts";
import { StepPlan } from "./stepPlan.ts";
import type { VenueFeedback } from "./venueFeedback.ts";

export interface SimulatedVenueOptions {
  /** markets/simulated.yaml, or one with the same underlyings. */
  readonly market: MarketDocument;
  /** 0 to 2^53 - 1. */
  readonly seed: number;
  readonly clock: Clock;
  /** Default 500. */
  readonly accounts?: number;
  /** Wall time of a step; 0 is as fast as it is pulled. Default 50. */
  readonly stepIntervalMs?: number;
  /** Ends after so many steps, those that open the accounts included. Default: never. */
  readonly maxSteps?: number | undefined;
  /** Absent: nobody is liquidated, and the price walk is kept in memory. */
  readonly feedback?: VenueFeedback | undefined;
}

const ACCOUNTS_PER_STEP = 64;
const WEALTH_SPREAD = 0.8;
/** Accounts that can be in liquidation in one step; it bounds the batch. */
const MOST_LIQUIDATED = 100;
/** A called account pays in once in so many steps. */
const ANSWER_ODDS = 8;
const MARKET_MAKER_USD = 500_000_000;
const INSURANCE_USD = 5_000_000;

const TRANSFER_CHANCE = 0.4;
const OVERDRAWN_CHANCE = 0.2;
const STREAM_DEPOSITS = 30;
const STREAM_WITHDRAWALS = 31;

/**
 * A made-up venue that runs for ever: marks, trades, funding, transfers, liquidations, a weekly future. The offset is
 * the step; a step is half a minute of market time. What it emits is a function of the seed, the step and, where there
 * is feedback, the engine's state after the step before.
 */
export class SimulatedVenue implements Source {
  readonly name = "simulated";
  readonly #options: SimulatedVenueOptions;
  readonly #drawing: Drawing;
  readonly #roster: Roster;
  readonly #openingSteps: number;
  readonly #stepIntervalMs: number;
  #market: SimulatedMarket;
  #portfolios: SimulatedPortfolios;
  #trading: SimulatedTrading;
  #step = 0;
  #dueMs: number | undefined;

  /** @throws RangeError when an option is out of range or the market has an underlying without price or perpetual */
  constructor(options: SimulatedVenueOptions) {
    this.#options = options;
    this.#stepIntervalMs = options.stepIntervalMs ?? 50;
    if (!(this.#stepIntervalMs >= 0)) {
      throw new RangeError(`stepIntervalMs ${options.stepIntervalMs}: must be 0 or more`);
    }
    this.#drawing = new Drawing(options.seed);
    this.#roster = new Roster(this.#drawing, options.accounts ?? 500, "sim", WEALTH_SPREAD);
    this.#openingSteps = Math.ceil(this.#roster.accounts.length / ACCOUNTS_PER_STEP);
    this.#market = new SimulatedMarket(options.market, this.#drawing);
    this.#portfolios = new SimulatedPortfolios(options.market, this.#drawing, this.#market);
    this.#trading = this.#newTrading();
  }

  async open(positions: readonly SourcePosition[]): Promise<void> {
    const last = positions.find((each) => each.topic === this.name && each.partition === 0)?.lastOffset ?? -1;
    this.#step = last + 1;
    this.#dueMs = undefined;
    this.#market = new SimulatedMarket(this.#options.market, this.#drawing);
    this.#portfolios = new SimulatedPortfolios(this.#options.market, this.#drawing, this.#market);
    this.#trading = this.#newTrading();
    // With feedback the engine's marks carry the walk, so nothing has to be walked again.
    if (this.#options.feedback !== undefined) return;
    for (let step = this.#openingSteps; step < this.#step; step += 1) this.#market.advance(step, undefined);
  }

  /** One step, whatever `max` says: the batch is part of the recorded history. */
  async pull(_max: number): Promise<SourceBatch | undefined> {
    const step = this.#step;
    if (step >= (this.#options.maxSteps ?? Infinity)) return undefined;
    await this.#pace();
    const inputs = step < this.#openingSteps ? this.#opening(step) : this.#trade(step);
    this.#step += 1;
    return {
      spans: [{ topic: this.name, partition: 0, leaderEpoch: 0, firstOffset: step, lastOffset: step }],
      inputs: inputs.map((input) => ({ span: 0, offset: step, input })),
    };
  }

  durable(): void {}

  async close(): Promise<void> {}

  #newTrading(): SimulatedTrading {
    const trades = new SimulatedTrades(this.#drawing, this.#roster, this.#market);
    return new SimulatedTrading(
      this.#drawing,
      trades,
      this.#portfolios,
      this.#openingSteps,
      String(this.#options.seed),
    );
  }

  /** Steps are due at even times; a late one is not made up for by haste. */
  async #pace(): Promise<void> {
    if (this.#stepIntervalMs === 0) return;
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const dueMs = Math.max(this.#dueMs ?? nowMs, nowMs - this.#stepIntervalMs);
    if (dueMs > nowMs) await clock.sleep(dueMs - nowMs);
    this.#dueMs = dueMs + this.#stepIntervalMs;
  }

  #opening(step: number): VenueInput[] {
    const timeUs = stepTimeUs(step);
    const accounts = this.#roster.accounts.slice(step * ACCOUNTS_PER_STEP, (step + 1) * ACCOUNTS_PER_STEP);
    const inputs = accounts.flatMap((account) => {
      return openingInputs(
        account,
        this.#amounts(MEDIAN_COLLATERAL_USD * account.wealth),
        this.#leverages(account),
        timeUs,
      );
    });
    if (step > 0) return inputs;
    const insurance = this.#amounts(INSURANCE_USD).map((value) => {
      return commandInput("venue:insurance", `open-deposit-${value.currency}`, timeUs, { $case: "deposit", value });
    });
    // What is no underlying is a dollar, and says so once: regimes value collateral at index prices.
    const dollars = this.#market.dollarCurrencies.map((instrument): VenueInput => {
      const event = { $case: "indexPrice" as const, value: { priceE8: 100_000_000n } };
      return { kind: "market", event: { instrument, eventTimeUs: timeUs, event } };
    });
    const maker = openingInputs(MARKET_MAKER, this.#amounts(MARKET_MAKER_USD), [], timeUs);
    return [...dollars, ...insurance, ...maker, ...this.#openPortfolios(timeUs), ...inputs];
  }

  #openPortfolios(timeUs: bigint): VenueInput[] {
    const { accounts, regime } = this.#portfolios;
    if (accounts.length === 0) return [];
    const open = (account: RosterAccount, usd: number) => {
      return openingInputs(account, this.#amounts(usd), [], timeUs, regime);
    };
    return [
      ...open(OPTION_MAKER, MARKET_MAKER_USD),
      ...accounts.flatMap((account) => open(account, PORTFOLIO_COLLATERAL_USD)),
    ];
  }

  #trade(step: number): VenueInput[] {
    const { feedback } = this.#options;
    const plan = new StepPlan(feedback, { most: MOST_LIQUIDATED, spared: [MARKET_MAKER, OPTION_MAKER] });
    const now = this.#market.advance(step, feedback);
    return [
      ...now.events.map((event): VenueInput => ({ kind: "market", event })),
      ...answerCalls(plan.calls, ANSWER_ODDS, this.#drawing, step, stepTimeUs(step)),
      ...this.#transfers(step),
      ...this.#trading.fills(step, now, plan, feedback),
    ];
  }

  /** Now and then somebody pays in or draws out a little; some ask for far more than they have. */
  #transfers(step: number): VenueInput[] {
    const timeUs = stepTimeUs(step);
    const inputs: VenueInput[] = [];
    for (const [stream, $case] of [
      [STREAM_DEPOSITS, "deposit"],
      [STREAM_WITHDRAWALS, "withdrawal"],
    ] as const) {
      if (this.#drawing.uniform(stream, step, 0) >= TRANSFER_CHANCE) continue;
      const account = this.#roster.accounts[this.#drawing.below(this.#roster.accounts.length, stream, step, 1)];
      if (account === undefined) continue;
      const overdrawn = $case === "withdrawal" && this.#drawing.uniform(stream, step, 2) < OVERDRAWN_CHANCE;
      const share = overdrawn ? 20 : 0.02 + 0.1 * this.#drawing.uniform(stream, step, 3);
      const amounts = this.#amounts(MEDIAN_COLLATERAL_USD * account.wealth * share);
      const value = amounts[this.#drawing.below(amounts.length, stream, step, 4)];
      if (value !== undefined) inputs.push(commandInput(account.name, `${$case}-${step}`, timeUs, { $case, value }));
    }
    return inputs;
  }

  /** The same worth in each currency, at start prices; at least one unit. */
  #amounts(usd: number): { currency: string; amount: bigint }[] {
    return this.#options.market.currencies.map(({ name, scale }) => {
      const amount = Math.round((usd / this.#market.startPriceOfCurrency(name)) * 10 ** scale);
      return { currency: name, amount: BigInt(Math.max(1, amount)) };
    });
  }

  #leverages(account: RosterAccount): { instrument: string; leverageE2: number }[] {
    const { market } = this.#options;
    const contracts = market.instruments.filter(({ listing }) => !isOption(listing));
    return contracts.map(({ name, listing }) => {
      return { instrument: name, leverageE2: Math.min(account.leverageE2, leverageLimitE2(market, listing)) };
    });
  }
}
