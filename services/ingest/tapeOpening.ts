import { ContractKind, type InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { MarketDocument } from "../markets/market.ts";
import { commandInput, leverageLimitE2, openingInputs, type Roster, type RosterAccount } from "./roster.ts";
import type { VenueInput } from "./source.ts";
import type { TapeSurvey } from "./tapeSurvey.ts";

const ACCOUNTS_PER_STEP = 64;
/** Median of (size of the position that an account's trades add up to) / collateral. */
const MEDIAN_GEARING = 3;
/** Collateral of a house account / size of the position that all trades would add up to. */
const HOUSE_SHARE = 2;
/** Of all deposits: what the insurance account starts with. */
const INSURANCE_SHARE = 0.02;

interface Scale {
  readonly currency: string;
  readonly scale: number;
  /** In currency: what all trading would add up to if one account did it and sides were drawn by coin. */
  readonly spread: number;
}

/** The steps before the first row of a tape: accounts, collateral, leverage. */
export class TapeOpening {
  readonly steps: number;
  readonly #accounts: readonly RosterAccount[];
  readonly #house: readonly RosterAccount[];
  readonly #market: MarketDocument;
  readonly #survey: TapeSurvey;
  readonly #scales: readonly Scale[];

  /** @param house accounts that can bear a fair part of all trading */
  constructor(roster: Roster, house: readonly RosterAccount[], market: MarketDocument, survey: TapeSurvey) {
    this.#accounts = [...house, ...roster.accounts];
    this.#house = house;
    this.#market = market;
    this.#survey = survey;
    this.#scales = spreads(market, survey);
    this.steps = Math.ceil(this.#accounts.length / ACCOUNTS_PER_STEP);
  }

  get inputs(): number {
    return this.#scales.length + this.#accounts.length * (1 + this.#scales.length + this.#survey.instruments.size);
  }

  /** @param step 0 to `steps` - 1 */
  inputsOf(step: number): VenueInput[] {
    const timeUs = BigInt(this.#survey.firstTimeMs) * 1000n;
    const accounts = this.#accounts.slice(step * ACCOUNTS_PER_STEP, (step + 1) * ACCOUNTS_PER_STEP);
    return [
      ...(step === 0 ? this.#insurance(timeUs) : []),
      ...accounts.flatMap((account) =>
        openingInputs(account, this.#deposits(account), this.#leverages(account), timeUs),
      ),
    ];
  }

  #insurance(timeUs: bigint): VenueInput[] {
    return this.#scales.map((scale) => {
      const total = this.#accounts.reduce((sum, account) => sum + this.#collateral(account, scale), 0n);
      const amount = BigInt(Math.ceil(Number(total) * INSURANCE_SHARE));
      const value = { currency: scale.currency, amount };
      return commandInput("venue:insurance", `open-deposit-${scale.currency}`, timeUs, { $case: "deposit", value });
    });
  }

  #deposits(account: RosterAccount): { currency: string; amount: bigint }[] {
    return this.#scales.map((scale) => ({ currency: scale.currency, amount: this.#collateral(account, scale) }));
  }

  /** In units of the currency, at least a thousand of them. */
  #collateral(account: RosterAccount, { scale, spread }: Scale): bigint {
    const house = this.#house.includes(account);
    const holds = house ? HOUSE_SHARE * spread : (spread * Math.sqrt(account.activity)) / MEDIAN_GEARING;
    return BigInt(Math.max(1_000, Math.round(holds * account.wealth * 10 ** scale)));
  }

  #leverages(account: RosterAccount): { instrument: string; leverageE2: number }[] {
    return this.#market.instruments
      .filter(({ name }) => this.#survey.instruments.has(name))
      .map(({ name, listing }) => {
        return { instrument: name, leverageE2: Math.min(account.leverageE2, leverageLimitE2(this.#market, listing)) };
      });
  }
}

/** A walk of n steps of random sign spreads with the root of n: so does what an account comes to hold. */
function spreads(market: MarketDocument, survey: TapeSurvey): Scale[] {
  return market.currencies
    .map(({ name, scale }) => {
      let squares = 0;
      for (const instrument of market.instruments) {
        const found = survey.instruments.get(instrument.name);
        if (found === undefined || instrument.listing.settlementCurrency !== name) continue;
        const worth = found.typicalSize * contractWorth(instrument.listing, found.firstPrice);
        squares += 2 * found.rows * worth * worth;
      }
      return { currency: name, scale, spread: Math.sqrt(squares) };
    })
    .filter(({ spread }) => spread > 0);
}

function contractWorth(listing: InstrumentListing, price: number): number {
  const multiplier = Number(listing.multiplierNumerator) / Number(listing.multiplierDenominator);
  return listing.kind === ContractKind.LINEAR ? multiplier * price : multiplier / price;
}
