// Random histories of a random market. A history is drawn as steps that name things by number, so that fast-check can
// shrink it; `inputsOf` turns steps into what a venue would say. The same seed and path give the same history.

import * as fc from "fast-check";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type AccountCommand,
  type Fill,
  Liquidity,
  type MarginMode,
  type MarketEvent,
  Side,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import { type RandomMarket, randomMarket } from "./randomMarket.ts";
import { type Step, step } from "./steps.ts";

export const HISTORY_START_US = 1_767_225_600_000_000n;
const ACCOUNTS = 5;

/** A market and what happened in it. Both fills of a trade stand in one group. */
export interface RandomHistory {
  readonly market: RandomMarket;
  readonly groups: readonly (readonly VenueInput[])[];
}

/** Markets with histories of up to `maxSteps` steps after the accounts are opened and paid in. */
export function randomHistory(options: { readonly maxSteps: number }): fc.Arbitrary<RandomHistory> {
  return fc
    .record({
      market: randomMarket(),
      steps: fc.array(step, { minLength: Math.ceil(options.maxSteps / 2), maxLength: options.maxSteps, size: "max" }),
      modes: fc.array(fc.constantFrom<MarginMode>(0, 1, 2), { minLength: ACCOUNTS, maxLength: ACCOUNTS }),
    })
    .map(({ market, steps, modes }) => ({ market, groups: new Venue(market).inputsOf(modes, steps) }));
}

/** One history by its seed, for runs that are too long to shrink. */
export function historyOfSeed(seed: number, steps: number): RandomHistory {
  const [history] = fc.sample(randomHistory({ maxSteps: steps }), { seed, numRuns: 1 });
  return history!;
}

/** Says what the steps mean; knows the reference prices and, as its own trades are applied, everyone's quantities. */
class Venue {
  readonly #market: RandomMarket;
  readonly #prices: Map<string, bigint>;
  readonly #held = new Map<string, bigint>();
  readonly #settled = new Set<string>();
  readonly #said: VenueInput[] = [];
  #timeUs = HISTORY_START_US;
  #count = 0;

  constructor(market: RandomMarket) {
    this.#market = market;
    this.#prices = new Map(market.startPrices);
  }

  inputsOf(modes: readonly MarginMode[], steps: readonly Step[]): VenueInput[][] {
    const groups: VenueInput[][] = [];
    const say = (inputs: VenueInput[]) => {
      groups.push(inputs);
      this.#said.push(...inputs);
    };
    for (const [number, marginMode] of modes.entries()) {
      say([this.#command(accountName(number), { $case: "openAccount", value: { marginMode } })]);
      for (const { name } of this.#market.document.currencies) {
        const amount = this.#typicalAmount(name) * BigInt(number + 1);
        say([this.#command(accountName(number), { $case: "deposit", value: { currency: name, amount } })]);
      }
    }
    for (const name of this.#instruments().slice(1)) say([this.#mark(name, this.#prices.get(name)!)]);
    for (const drawn of steps) say(this.#meaning(drawn));
    return groups;
  }

  #meaning(drawn: Step): VenueInput[] {
    switch (drawn.kind) {
      case "trade": {
        const instrument = pick(this.#instruments(), drawn.instrument);
        const quantity = BigInt(drawn.lots) * this.#listing(instrument).lot;
        const price = this.#onTick(instrument, drawn.move);
        return this.#trade(instrument, drawn.buyer, drawn.other, quantity, price, { fee: drawn.fee });
      }
      case "liquidation": {
        const instrument = pick(this.#instruments(), drawn.instrument);
        const holders = accountNumbers().filter((number) => this.#heldBy(number, instrument) !== 0n);
        if (holders.length === 0) return [];
        const victim = pick(holders, drawn.victim);
        const held = this.#heldBy(victim, instrument);
        const { lot } = this.#listing(instrument);
        const size = held < 0n ? -held : held;
        const lots = (size * BigInt(drawn.percent)) / (100n * lot);
        const quantity = (lots === 0n ? 1n : lots) * lot;
        const price = this.#onTick(instrument, drawn.move);
        const other = drawn.other % ACCOUNTS === victim ? victim + 1 : drawn.other;
        return held > 0n
          ? this.#trade(instrument, other, victim, quantity, price, { liquidated: victim })
          : this.#trade(instrument, victim, other, quantity, price, { liquidated: victim });
      }
      case "mark": {
        const instrument = pick(this.#instruments(), drawn.instrument);
        const price = this.#moved(instrument, drawn.move);
        this.#prices.set(instrument, price);
        return [this.#mark(instrument, price)];
      }
      case "funding":
        return [
          this.#marketEvent(pick(this.#instruments(), drawn.instrument), {
            $case: "funding",
            value: { rateE9: BigInt(drawn.rateE9) },
          }),
        ];
      case "settlement": {
        const instrument = pick(this.#instruments(), drawn.instrument);
        const price = this.#moved(instrument, drawn.move);
        this.#settled.add(instrument);
        return [this.#marketEvent(instrument, { $case: "settlement", value: { price } })];
      }
      case "transfer": {
        const { name: currency } = pick(this.#market.document.currencies, drawn.currency);
        const size = (this.#typicalAmount(currency) * BigInt(drawn.size)) / 1_000n;
        const account = accountName(drawn.account);
        return size >= 0n
          ? [this.#command(account, { $case: "deposit", value: { currency, amount: size } })]
          : [this.#command(account, { $case: "withdrawal", value: { currency, amount: -size } })];
      }
      case "choice":
        return [this.#choice(drawn)];
      case "bad":
        return this.#bad(drawn);
    }
  }

  #choice({ what, account, instrument: number, number: value }: Extract<Step, { kind: "choice" }>): VenueInput {
    const instrument = pick(this.#instruments(), number);
    const name = accountName(account);
    const marginMode: MarginMode = value % 7 === 0 ? 0 : value % 2 === 0 ? 1 : 2;
    switch (what) {
      case "mode":
        return this.#command(name, { $case: "setMarginMode", value: { instrument, marginMode } });
      case "accountMode":
        return this.#command(name, { $case: "setMarginMode", value: { instrument: "", marginMode } });
      case "leverage":
        return this.#command(name, { $case: "setLeverage", value: { instrument, leverageE2: Math.abs(value) * 2 } });
      default: {
        const { settlementCurrency } = this.#listing(instrument);
        const amount = (this.#typicalAmount(settlementCurrency) * BigInt(value)) / 10_000n;
        return this.#command(name, { $case: "moveCollateral", value: { instrument, amount } });
      }
    }
  }

  #bad({ what, account, instrument: number, pick: chosen }: Extract<Step, { kind: "bad" }>): VenueInput[] {
    const instrument = pick(this.#instruments(), number);
    const listing = this.#listing(instrument);
    const price = this.#onTick(instrument, 0);
    const good = this.#fill(accountName(account), instrument, Side.BUY, listing.lot, price, {});
    const spoilt = (change: Partial<Fill>): VenueInput[] => [{ kind: "fill", fill: { ...good, ...change } }];
    switch (what) {
      case "duplicate": {
        const earlier = pick(this.#said.slice(-20), chosen);
        if (earlier.kind !== "account" || account % 2 === 0) return [earlier];
        return [{ kind: "account", command: { ...earlier.command, eventTimeUs: this.#tick() } }];
      }
      case "conflict": {
        const earlier = pick(this.#said.slice(-20), chosen);
        if (earlier.kind === "fill")
          return [{ kind: "fill", fill: { ...earlier.fill, price: earlier.fill.price + 1n } }];
        if (earlier.kind !== "account") return [earlier];
        const other = { $case: "deposit" as const, value: { currency: listing.settlementCurrency, amount: 1n } };
        return [{ kind: "account", command: { ...earlier.command, command: other } }];
      }
      case "old":
        return spoilt({ eventTimeUs: HISTORY_START_US - BigInt(chosen), quantity: 0n });
      case "unknownAccount":
        return spoilt({ account: "nobody" });
      case "unknownInstrument":
        return spoilt({ instrument: "nothing" });
      case "venueAccount":
        return spoilt({ account: "venue:insurance" });
      case "offLot":
        return spoilt({ quantity: listing.lot === 1n ? 0n : listing.lot + 1n });
      case "offTick":
        return spoilt({ price: listing.tick === 1n ? listing.priceLimit + 1n : price + 1n });
      case "zeroQuantity":
        return spoilt({ quantity: 0n });
      case "hugeQuantity":
        return spoilt({ quantity: 2n ** 60n });
      case "zeroPrice":
        return spoilt({ price: listing.allowsNonPositivePrices ? -listing.priceLimit - 1n : 0n });
      case "hugePrice":
        return spoilt({ price: listing.priceLimit + listing.tick });
      case "hugeFee":
        return spoilt({ fee: -(10n ** 15n) - 1n });
      case "missingSide":
        return spoilt(chosen % 2 === 0 ? { side: Side.UNSPECIFIED } : { liquidity: Liquidity.UNSPECIFIED });
      case "notReducing":
        return spoilt({ liquidation: true, quantity: listing.quantityLimit });
      case "lateMark":
        return [
          {
            kind: "market",
            event: { instrument, eventTimeUs: HISTORY_START_US, event: { $case: "markPrice", value: { price } } },
          },
        ];
      case "timeRange":
        return spoilt({ eventTimeUs: chosen % 2 === 0 ? BigInt(chosen) : 8n * 10n ** 15n });
      case "reopened":
        return [this.#command(accountName(account), { $case: "openAccount", value: { marginMode: 1 } })];
      case "unknownCurrency":
        return [this.#command(accountName(account), { $case: "deposit", value: { currency: "?", amount: 1n } })];
      case "hugeAmount": {
        const currency = listing.settlementCurrency;
        return [
          this.#command(accountName(account), { $case: "deposit", value: { currency, amount: 10n ** 17n + 1n } }),
        ];
      }
      case "relisted":
        return [this.#marketEvent(instrument, { $case: "listing", value: listing })];
      case "unreadable":
        return [
          {
            kind: "unreadable",
            reason: RefusalReason.UNDECODABLE,
            detail: "random",
            record: Uint8Array.of(chosen % 256),
          },
        ];
    }
  }

  #trade(
    instrument: string,
    buyer: number,
    other: number,
    quantity: bigint,
    price: bigint,
    { fee, liquidated }: { fee?: number | undefined; liquidated?: number },
  ): VenueInput[] {
    const buys = buyer % ACCOUNTS;
    const sells = other % ACCOUNTS === buys ? (buys + 1) % ACCOUNTS : other % ACCOUNTS;
    this.#count += 1;
    const tradeId = `trade-${this.#count}`;
    const terms = { tradeId, fee: fee === undefined ? undefined : BigInt(fee) };
    if (!this.#settled.has(instrument)) {
      this.#held.set(`${buys} ${instrument}`, this.#heldBy(buys, instrument) + quantity);
      this.#held.set(`${sells} ${instrument}`, this.#heldBy(sells, instrument) - quantity);
    }
    const fillOf = (number: number, side: Side, liquidity: Liquidity): VenueInput => ({
      kind: "fill",
      fill: this.#fill(accountName(number), instrument, side, quantity, price, {
        ...terms,
        liquidity,
        liquidation: liquidated !== undefined && liquidated % ACCOUNTS === number,
      }),
    });
    return [fillOf(buys, Side.BUY, Liquidity.TAKER), fillOf(sells, Side.SELL, Liquidity.MAKER)];
  }

  #fill(account: string, instrument: string, side: Side, quantity: bigint, price: bigint, terms: Partial<Fill>): Fill {
    this.#count += 1;
    return {
      venue: "random",
      tradeId: `single-${this.#count}`,
      account,
      instrument,
      side,
      quantity,
      price,
      liquidity: Liquidity.TAKER,
      liquidation: false,
      fee: undefined,
      eventTimeUs: this.#tick(),
      orderId: "",
      ...terms,
    };
  }

  #command(account: string, command: NonNullable<AccountCommand["command"]>): VenueInput {
    this.#count += 1;
    return {
      kind: "account",
      command: { commandId: `command-${this.#count}`, account, eventTimeUs: this.#tick(), command },
    };
  }

  #marketEvent(instrument: string, event: NonNullable<MarketEvent["event"]>): VenueInput {
    return { kind: "market", event: { instrument, eventTimeUs: this.#tick(), event } };
  }

  #mark(instrument: string, price: bigint): VenueInput {
    return this.#marketEvent(instrument, { $case: "markPrice", value: { price } });
  }

  /** Strictly later each time, so that a new identity is never too old. */
  #tick(): bigint {
    this.#timeUs += 1_234_567n;
    return this.#timeUs;
  }

  #instruments(): string[] {
    return this.#market.document.instruments.map(({ name }) => name);
  }

  #listing(name: string) {
    return this.#market.document.instruments.find((instrument) => instrument.name === name)!.listing;
  }

  #heldBy(account: number, instrument: string): bigint {
    return this.#held.get(`${account} ${instrument}`) ?? 0n;
  }

  /** Moved by per mille, between a tenth and ten times the start; where any price is allowed, also below zero. */
  #moved(instrument: string, move: number): bigint {
    const start = this.#market.startPrices.get(instrument)!;
    const price = (this.#prices.get(instrument)! * BigInt(1_000 + move)) / 1_000n;
    if (this.#listing(instrument).allowsNonPositivePrices && move < -500) return -price / 2n;
    if (price > 0n && price < start / 10n) return start / 10n + 1n;
    if (price <= 0n) return this.#listing(instrument).allowsNonPositivePrices ? start / 50n : 1n;
    return price > start * 10n ? start * 10n : price;
  }

  #onTick(instrument: string, move: number): bigint {
    const { tick } = this.#listing(instrument);
    const price = (this.#moved(instrument, move) / tick) * tick;
    return price <= 0n && !this.#listing(instrument).allowsNonPositivePrices ? tick : price;
  }

  /** About what a hundred lots of the currency's first instrument are worth. */
  #typicalAmount(currency: string): bigint {
    const found = this.#market.document.instruments.find(({ listing }) => listing.settlementCurrency === currency);
    if (found === undefined) return 1_000n;
    const { scale } = this.#market.document.currencies.find(({ name }) => name === currency)!;
    const { listing } = found;
    const start = this.#market.startPrices.get(found.name)!;
    const lots = 100n * listing.lot * listing.multiplierNumerator;
    const inverse = listing.kind === 2;
    const exponent = scale - listing.quantityScale + (inverse ? listing.priceScale : -listing.priceScale);
    const size = inverse ? (lots * 10n ** 12n) / start : lots * start * 10n ** 12n;
    const scaled = exponent >= 0 ? size * 10n ** BigInt(exponent) : size / 10n ** BigInt(-exponent);
    return scaled / 10n ** 12n / listing.multiplierDenominator + 10n;
  }
}

function accountNumbers(): number[] {
  return Array.from({ length: ACCOUNTS }, (_, number) => number);
}

function accountName(number: number): string {
  return `account-${number % ACCOUNTS}`;
}

function pick<Value>(from: readonly Value[], number: number): Value {
  return from[number % from.length]!;
}
