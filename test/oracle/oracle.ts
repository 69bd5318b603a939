// The rules of docs/margin.md once more, slowly: exact integers and fractions, every pool computed from nothing after
// every input, no index, no cache, no shared code with the kernel. What the kernel answers must be what this answers.
//
// When several things are wrong with an input, the first of these is the answer:
//
//   fill        TIME_RANGE, ACCOUNT_UNKNOWN, ACCOUNT_RESERVED, INSTRUMENT_UNKNOWN,
//               DUPLICATE | IDENTITY_CONFLICT | IDENTITY_TOO_OLD, INSTRUMENT_SETTLED, FIELD_MISSING (side, liquidity),
//               QUANTITY_NOT_POSITIVE, QUANTITY_LIMIT, QUANTITY_OFF_LOT, PRICE_NOT_POSITIVE, PRICE_LIMIT,
//               PRICE_OFF_TICK, FEE_LIMIT, NOT_REDUCING, OVERFLOW
//   mark        TIME_RANGE, FIELD_MISSING (no event), INSTRUMENT_UNKNOWN, INSTRUMENT_SETTLED, PRICE_NOT_POSITIVE,
//               PRICE_LIMIT, PRICE_LATE, PRICE_BAND, OVERFLOW
//   funding     TIME_RANGE, INSTRUMENT_UNKNOWN, INSTRUMENT_SETTLED, RATE_RANGE, DUPLICATE, PRICE_MISSING, OVERFLOW
//   settlement  TIME_RANGE, INSTRUMENT_UNKNOWN, DUPLICATE (settled before), PRICE_NOT_POSITIVE, PRICE_LIMIT, OVERFLOW
//   listing     TIME_RANGE, INSTRUMENT_EXISTS, CURRENCY_UNKNOWN, TABLE_UNKNOWN
//   command     TIME_RANGE, FIELD_MISSING (no command), ACCOUNT_UNKNOWN (all but opening), ACCOUNT_RESERVED,
//               DUPLICATE | IDENTITY_CONFLICT | IDENTITY_TOO_OLD, then
//     open        ACCOUNT_EXISTS, MODE_UNKNOWN
//     deposit, withdrawal
//                 CURRENCY_UNKNOWN, AMOUNT_NOT_POSITIVE, AMOUNT_LIMIT, FREE_COLLATERAL, OVERFLOW
//     mode        INSTRUMENT_UNKNOWN, INSTRUMENT_SETTLED, MODE_UNKNOWN, INITIAL_MARGIN (balance, then equity), OVERFLOW
//     leverage    INSTRUMENT_UNKNOWN, INSTRUMENT_SETTLED, LEVERAGE_RANGE, INITIAL_MARGIN, OVERFLOW
//     collateral  INSTRUMENT_UNKNOWN, INSTRUMENT_SETTLED, AMOUNT_NOT_POSITIVE (zero), AMOUNT_LIMIT, NOT_ISOLATED (or nothing open),
//                 FREE_COLLATERAL | POSTED_COLLATERAL, OVERFLOW
//   order check ACCOUNT_UNKNOWN, ACCOUNT_RESERVED, INSTRUMENT_UNKNOWN, INSTRUMENT_SETTLED, QUANTITY_*,
//               PRICE_* (as a fill's), PRICE_MISSING, ACCOUNT_STATE (unless it only reduces), OVERFLOW, and unless it only reduces ACCOUNT_QUARANTINED, PRICE_STALE,
//               INITIAL_MARGIN (cross) | FREE_COLLATERAL (isolated)
//
// A refused input changes nothing but the engine's time (not even that for TIME_RANGE), what a held mark holds, and,
// for a fill of a known account that is no duplicate, the account's quarantine.

import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type AccountCommand,
  type Fill,
  Liquidity,
  type MarketEvent,
  Side,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import { assess } from "./assessment.ts";
import { type Book, instrumentOf, newAccount, newInstrumentState, VENUE_ACCOUNTS } from "./book.ts";
import { fillRefusal, marketEventRefusal, refusal, timeRefusal } from "./checks.ts";
import { applyCommand, isRefusal } from "./commands.ts";
import { commandIdentity, fillIdentity, Identities, type Identity } from "./identities.ts";
import { applyFill, applyFunding, applySettlement } from "./ledger.ts";
import { contractNamed, contractOf, type Market, openMarket } from "./market.ts";
import { acceptMark } from "./marks.ts";
import { checkOrder } from "./orderCheck.ts";
import type { Followed, InstrumentReport, Order, OrderReport, Outcome, Refusal, ZeroSum } from "./outcome.ts";
import { overflowRefusal } from "./overflow.ts";
import { type OracleAccount, reportAccount, reportInstrument, zeroSum } from "./report.ts";

/** Refusals that leave an identity as it was. */
const BEFORE_IDENTITY: ReadonlySet<number> = new Set([
  RefusalReason.DUPLICATE,
  RefusalReason.IDENTITY_CONFLICT,
  RefusalReason.IDENTITY_TOO_OLD,
  RefusalReason.ACCOUNT_UNKNOWN,
  RefusalReason.ACCOUNT_RESERVED,
  RefusalReason.INSTRUMENT_UNKNOWN,
  RefusalReason.TIME_RANGE,
]);

/** An applied input: the book as it would be, and what the input itself did. */
interface Applied {
  readonly book: Book;
  readonly followed: Followed[];
  readonly details: Pick<Outcome, "fill" | "rounding" | "postedChange">;
}

export class Oracle {
  readonly #market: Market;
  readonly #identities: Identities;
  #book: Book;

  constructor(document: MarketDocument, options: { readonly identityCapacity: number }) {
    this.#market = openMarket(document);
    this.#identities = new Identities(options.identityCapacity);
    this.#book = {
      timeUs: 0n,
      accounts: new Map(VENUE_ACCOUNTS.map((name) => [name, newAccount(name, 1, 0n)])),
      instruments: new Map(document.instruments.map(({ name }) => [name, newInstrumentState()])),
    };
  }

  apply(input: VenueInput): Outcome {
    switch (input.kind) {
      case "unreadable":
        // INP-006
        return { ...refusal(input.reason), followed: [] };
      case "fill":
        return this.#timed(input.fill.eventTimeUs, () => this.#fill(input.fill), fillIdentity(input.fill), input.fill);
      case "market":
        return this.#timed(input.event.eventTimeUs, () => this.#marketEvent(input.event));
      case "account":
        return this.#timed(
          input.command.eventTimeUs,
          () => this.#command(input.command),
          commandIdentity(input.command),
        );
    }
  }

  /** @throws Error for an account that was never opened */
  account(name: string): OracleAccount {
    return reportAccount(this.#book, this.#market, name);
  }

  /** Every account in the order of opening, the venue's own first. */
  accounts(): readonly string[] {
    return [...this.#book.accounts.keys()];
  }

  instrument(name: string): InstrumentReport {
    return reportInstrument(this.#book, name);
  }

  /** The latest event time seen; zero before the first. */
  timeUs(): bigint {
    return this.#book.timeUs;
  }

  /** MAR-024, without effect. */
  checkOrder(order: Order): OrderReport {
    return checkOrder(structuredClone(this.#book), this.#market, order);
  }

  /** The book as it stands, to try things on, and its market. */
  copy(): { readonly book: Book; readonly market: Market } {
    return { book: structuredClone(this.#book), market: this.#market };
  }

  /** MAR-026. */
  zeroSum(): ZeroSum {
    return zeroSum(this.#book, this.#market);
  }

  #timed(timeUs: bigint, applyTo: () => Refusal | Applied, identity?: Identity, fill?: Fill): Outcome {
    // INP-004
    let result: Refusal | Applied | undefined = timeRefusal(timeUs);
    if (result === undefined) {
      if (timeUs > this.#book.timeUs) this.#book.timeUs = timeUs;
      result = applyTo();
    }
    // INP-001: one identity, one answer; only what was refused before its identity was looked at may come again.
    if (identity !== undefined && !BEFORE_IDENTITY.has(isRefusal(result) ? result.code : 0)) {
      this.#identities.remember(identity);
    }
    if (isRefusal(result)) return { ...result, followed: fill === undefined ? [] : this.#quarantine(fill, result) };
    this.#book = result.book;
    const changes = assess(this.#book, this.#market);
    this.#dropSettledPositions();
    return { ...refusal(0), followed: [...result.followed, ...changes], ...result.details };
  }

  /** INP-002. */
  #quarantine(fill: Fill, { code }: Refusal): Followed[] {
    const account = this.#book.accounts.get(fill.account);
    const exempt = code === RefusalReason.DUPLICATE || VENUE_ACCOUNTS.includes(fill.account);
    if (account === undefined || exempt || account.quarantined) return [];
    account.quarantined = true;
    return [{ kind: "accountQuarantined", account: fill.account, reason: code }];
  }

  #fill(fill: Fill): Refusal | Applied {
    const refused = fillRefusal(this.#book, this.#market, this.#identities, fill);
    if (refused !== undefined) return refused;
    const book = structuredClone(this.#book);
    const contract = contractNamed(this.#market, fill.instrument);
    const { makerFeeRateE9, takerFeeRateE9 } = contract.listing;
    const effect = applyFill(book, this.#market, {
      account: fill.account,
      contract,
      direction: fill.side === Side.BUY ? 1n : -1n,
      quantity: fill.quantity,
      price: fill.price,
      feeRateE9: fill.liquidity === Liquidity.MAKER ? makerFeeRateE9 : takerFeeRateE9,
      venueFee: fill.fee,
      liquidation: fill.liquidation,
    });
    const overflow = overflowRefusal(book, this.#market, effect, contract);
    if (overflow !== undefined) return overflow;
    const { currency, name: instrument } = contract;
    const followed = effect.insurancePaid.map(
      (amount): Followed => ({ kind: "insurancePaid", account: fill.account, instrument, currency, amount }),
    );
    return { book, followed, details: { fill: effect } };
  }

  #marketEvent(event: MarketEvent): Refusal | Applied {
    const refused = marketEventRefusal(this.#book, this.#market, event);
    if (refused !== undefined) return refused;
    const body = event.event!;
    if (body.$case === "listing") {
      this.#market.contracts.set(event.instrument, contractOf(this.#market, event.instrument, body.value));
      this.#book.instruments.set(event.instrument, newInstrumentState());
      return { book: this.#book, followed: [], details: {} };
    }
    const contract = contractNamed(this.#market, event.instrument);
    const { currency, name: instrument } = contract;
    if (body.$case === "markPrice") {
      // The held price outlives the refusal, so the band is judged on the book itself.
      const held = acceptMark(instrumentOf(this.#book, instrument), contract, body.value.price, event.eventTimeUs);
      if (held !== undefined) return held;
    }
    const book = structuredClone(this.#book);
    const state = instrumentOf(book, instrument);
    const followed: Followed[] = [];
    let rounding: bigint | undefined;
    if (body.$case === "markPrice") {
      state.mark = body.value.price;
      state.markTimeUs = event.eventTimeUs;
    } else if (body.$case === "funding") {
      state.fundingTimeUs = event.eventTimeUs;
      const funding = applyFunding(book, contract, body.value.rateE9);
      rounding = funding.rounding;
      for (const payment of funding.payments) followed.push({ kind: "fundingPaid", instrument, ...payment });
    } else if (body.$case === "settlement") {
      const settlement = applySettlement(book, this.#market, contract, body.value.price);
      rounding = settlement.rounding;
      for (const { insurancePaid, ...position } of settlement.settled) {
        followed.push({ kind: "positionSettled", instrument, ...position });
        for (const amount of insurancePaid) {
          followed.push({ kind: "insurancePaid", account: position.account, instrument, currency, amount });
        }
      }
    }
    return overflowRefusal(book, this.#market) ?? { book, followed, details: { rounding } };
  }

  #command(command: AccountCommand): Refusal | Applied {
    const book = structuredClone(this.#book);
    const result = applyCommand(book, this.#market, this.#identities, command);
    if (isRefusal(result)) return result;
    return overflowRefusal(book, this.#market) ?? { book, followed: [], details: result };
  }

  /** Positions live as long as their instrument; their last margin state was judged with the settlement. */
  #dropSettledPositions(): void {
    for (const account of this.#book.accounts.values()) {
      for (const instrument of account.positions.keys()) {
        if (instrumentOf(this.#book, instrument).settled) account.positions.delete(instrument);
      }
    }
  }
}
