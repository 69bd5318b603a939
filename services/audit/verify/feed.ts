import type { JournalEvent, RegimeSet } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type {
  AccountCommand,
  Fill,
  InstrumentListing,
  MarketEvent,
  MarkPrice,
} from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import type { JournalRow } from "../../journal/journal.ts";
import { VerificationError } from "./doubt.ts";
import { identityWords } from "./identity.ts";
import { FLAG, NONE } from "./layouts.ts";
import type { Machine } from "./machine.ts";
import { keysOfListing, type RecordedNames } from "./names.ts";

const FILL_SEED = 1;
const COMMAND_SEED = 3;
// Refusals that the host decides (RefusalReason).
const FIELD_MISSING = 20;
const LISTING_INVALID = 36;
const CAPACITY = 60;
const OVERFLOW = 61;

type Command = NonNullable<AccountCommand["command"]>;

/** Writes recorded inputs into a kernel's slots: what was applied by its numbers, what was refused by its names. */
export class RecordedFeed {
  readonly #names: RecordedNames;
  #machine: Machine;

  constructor(names: RecordedNames, machine: Machine) {
    this.#names = names;
    this.#machine = machine;
  }

  drive(machine: Machine): void {
    this.#machine = machine;
  }

  /** @returns whether it may open a name: what follows must wait until it is applied */
  write(row: JournalRow, body: NonNullable<JournalEvent["body"]>): boolean {
    const timeUs = BigInt(row.eventTimeUs);
    const { kind, instrument } = row;
    const machine = this.#machine;
    switch (body.$case) {
      case "shardOpened":
      case "epochStarted":
        machine.write({ kind, timeUs });
        return true;
      case "currencyListed": {
        const [key] = this.#names.keyNumbers([body.value.name]);
        machine.write({ kind, timeUs, currency: body.value.scale, first: BigInt(key!) });
        return true;
      }
      case "marginTableSet": {
        const tiers = body.value.tiers.flatMap((tier) => [tier.floor, tier.initialRateE9, tier.maintenanceRateE9]);
        machine.write({ kind, timeUs, numbers: tiers });
        return true;
      }
      case "scenarioGridSet":
        machine.write({ kind, timeUs, numbers: body.value.movesE9 });
        return true;
      case "regimeSet":
        this.#regime(body.value, timeUs);
        return true;
      case "instrumentListed":
        this.#listing(body.value.name, timeUs, body.value.listing!);
        return true;
      case "accountOpened": {
        const { name, commandId, marginMode, regime } = body.value;
        const opening: Command = { $case: "openAccount", value: { marginMode, regime } };
        return this.#command(name, commandId, timeUs, opening);
      }
      case "deposited":
      case "withdrawn": {
        const { commandId, currency, amount } = body.value;
        const name = this.#names.accountName(row.position, row.account);
        const identity = identityWords(COMMAND_SEED, [name, commandId, ""], "");
        machine.write({ kind, timeUs, account: row.account, currency, identity, first: amount });
        return false;
      }
      case "marginModeSet": {
        const { commandId, marginMode, forInstrument, regime } = body.value;
        const name = this.#names.accountName(row.position, row.account);
        const identity = identityWords(COMMAND_SEED, [name, commandId, ""], "");
        const currency = this.#names.regimeNumber(regime ?? "");
        const choice = { choice: marginMode, liquidity: forInstrument ? 1 : 0 };
        machine.write({ kind, timeUs, account: row.account, instrument, currency, identity, ...choice });
        return false;
      }
      case "leverageSet":
      case "collateralMoved": {
        const name = this.#names.accountName(row.position, row.account);
        const identity = identityWords(COMMAND_SEED, [name, body.value.commandId, ""], "");
        const first = body.$case === "leverageSet" ? BigInt(body.value.leverageE2) : body.value.amount;
        machine.write({ kind, timeUs, account: row.account, instrument, identity, liquidity: 1, first });
        return false;
      }
      case "fillApplied": {
        const name = this.#names.accountName(row.position, row.account);
        this.#fill(row.account, name, instrument, timeUs, { ...body.value, fee: body.value.venueFee });
        return false;
      }
      case "markPriceSet":
        this.#mark(instrument, timeUs, body.value);
        return false;
      case "indexPriceSet":
        machine.write({ kind, timeUs, currency: this.#names.keys.number(body.value.name), first: body.value.priceE8 });
        return false;
      case "fundingApplied":
        machine.write({ kind, timeUs, instrument, first: body.value.rateE9 });
        return false;
      case "instrumentSettled": {
        // The price of an option follows from that of its underlying.
        const { price, underlyingPriceE8 } = body.value;
        const first = this.#names.instruments.values[instrument ?? NONE]?.option ? 0n : price;
        machine.write({ kind, timeUs, instrument, first, second: underlyingPriceE8 ?? 0n });
        return false;
      }
      case "recordQuarantined":
        machine.malformed(61, timeUs, body.value.reason);
        return false;
      case "inputRefused":
        return this.#refused(row.position, body.value);
      default:
        throw new VerificationError("derivation", `event ${row.position}: kind ${kind} has a body of another kind`, {
          event: row.position,
        });
    }
  }

  #refused(event: number, { input, reason }: { input?: RefusedInput | undefined; reason: number }): boolean {
    switch (input?.$case) {
      case "fill": {
        const { value } = input;
        const account = this.#names.accounts.number(value.account);
        const instrument = this.#names.instruments.number(value.instrument);
        this.#fill(account, value.account, instrument, value.eventTimeUs, value);
        return false;
      }
      case "marketEvent":
        return this.#refusedMarket(input.value, reason);
      case "accountCommand": {
        const { account, commandId, eventTimeUs, command } = input.value;
        return this.#command(account, commandId, eventTimeUs, command);
      }
      default:
        throw new VerificationError("derivation", `event ${event}: a refused input without the input`, { event });
    }
  }

  #refusedMarket({ instrument: name, eventTimeUs: timeUs, event }: MarketEvent, reason: number): boolean {
    const instrument = this.#names.instruments.number(name);
    switch (event?.$case) {
      case "markPrice":
        this.#mark(instrument, timeUs, event.value);
        return false;
      case "indexPrice":
        this.#machine.write({ kind: 43, timeUs, currency: this.#names.keys.number(name), first: event.value.priceE8 });
        return false;
      case "funding":
        this.#machine.write({ kind: 41, timeUs, instrument, first: event.value.rateE9 });
        return false;
      case "settlement": {
        const { price, underlyingPriceE8 } = event.value;
        this.#machine.write({ kind: 42, timeUs, instrument, first: price, second: underlyingPriceE8 ?? 0n });
        return false;
      }
      case "listing":
        this.#listing(name, timeUs, event.value);
        return true;
      case "regime":
        // A refused document left no program, and none is compiled here: that it was refused is believed.
        this.#machine.malformed(16, timeUs, reason);
        return true;
      default:
        this.#machine.malformed(40, timeUs, FIELD_MISSING, undefined, instrument);
        return false;
    }
  }

  #fill(
    account: number | undefined,
    name: string,
    instrument: number | undefined,
    timeUs: bigint,
    fill: Omit<Fill, "account" | "instrument" | "eventTimeUs">,
  ): void {
    const { venue, tradeId, orderId, side, liquidity, liquidation, quantity, price, fee } = fill;
    this.#machine.write({
      kind: 30,
      timeUs,
      account,
      instrument,
      choice: side,
      liquidity,
      flags: (liquidation ? FLAG.liquidation : 0) | (fee === undefined ? 0 : FLAG.feeGiven),
      identity: identityWords(FILL_SEED, [venue, tradeId, name], orderId),
      first: quantity,
      second: price,
      third: fee ?? 0n,
    });
  }

  #mark(instrument: number | undefined, timeUs: bigint, mark: MarkPrice): void {
    const { price, volatilityE9, forwardE8, interestE9 } = mark;
    const flags =
      (volatilityE9 === undefined ? 0 : FLAG.volatility) |
      (forwardE8 === undefined ? 0 : FLAG.forward) |
      (interestE9 === undefined ? 0 : FLAG.interest);
    const numbers = flags === 0 ? [] : [volatilityE9 ?? 0n, forwardE8 ?? 0n, interestE9 ?? 0n];
    this.#machine.write({ kind: 40, timeUs, instrument, flags, first: price, numbers });
  }

  #regime({ regime, program, keys, effectiveTimeUs, valuation }: RegimeSet, timeUs: bigint): void {
    if (program.length > this.#machine.layout.largestProgram) {
      this.#machine.malformed(16, timeUs, CAPACITY);
      return;
    }
    const known = Math.max(this.#names.keys.values.length, ...this.#names.keyNumbers(keys).map((key) => key + 1));
    const numbers = { first: effectiveTimeUs, second: BigInt(valuation), third: BigInt(known) };
    this.#machine.write({ kind: 16, timeUs, currency: regime, ...numbers, program });
  }

  #listing(name: string, timeUs: bigint, listing: InstrumentListing): void {
    const { multiplierNumerator: above, multiplierDenominator: below, priceScale, quantityScale } = listing;
    const sensible = name !== "" && priceScale <= 18 && quantityScale <= 18 && above > 0n && below > 0n;
    if (!sensible || (listing.kind !== 1 && listing.kind !== 2)) {
      this.#machine.malformed(15, timeUs, LISTING_INVALID);
      return;
    }
    const option = (listing.optionType ?? 0) !== 0;
    const inverse = listing.kind === 2;
    const currency = this.#names.currencies.number(listing.settlementCurrency);
    const scale = currency === undefined ? 0 : this.#names.currencies.values[currency]!.scale;
    const exponent = scale - quantityScale + (inverse && !option ? priceScale : -priceScale);
    const value = lowestTerms(
      above * 10n ** BigInt(Math.max(0, exponent)),
      below * 10n ** BigInt(Math.max(0, -exponent)),
    );
    if (value.some((part) => part >= 2n ** 62n)) {
      this.#machine.malformed(15, timeUs, OVERFLOW);
      return;
    }
    const keys = this.#names.keyNumbers(keysOfListing(name, listing));
    const future = listing.expiryTimeUs === 0n ? 0 : 1;
    const product = option ? listing.optionType! + 1 : future;
    const coinSettled = option && inverse ? 1 : 0;
    const { marginTable, scenarioGrid } = this.#names.listingNumbers(listing);
    this.#machine.write({
      kind: 15,
      timeUs,
      instrument: this.#names.instruments.number(name) ?? this.#names.instruments.values.length,
      currency,
      choice: option ? 1 : listing.kind,
      numbers: [
        BigInt(marginTable),
        BigInt(scenarioGrid),
        BigInt(listing.defaultLeverageE2),
        listing.allowsNonPositivePrices ? 1n : 0n,
        ...value,
        listing.tick,
        listing.lot,
        listing.priceLimit,
        listing.quantityLimit,
        listing.makerFeeRateE9,
        listing.takerFeeRateE9,
        listing.liquidationFeeRateE9,
        listing.expiryTimeUs,
        listing.priceBandE9,
        listing.staleAfterUs,
        BigInt(keys.length === 1 ? NONE : keys[0]!),
        BigInt(keys.at(-1)!),
        BigInt(product) + (BigInt(coinSettled) << 8n) + (BigInt(priceScale) << 16n) + (BigInt(quantityScale) << 24n),
        listing.strikeE8 ?? 0n,
        above,
        below,
      ],
    });
  }

  #command(name: string, commandId: string, timeUs: bigint, command: Command | undefined): boolean {
    const names = this.#names;
    const account = names.accounts.number(name);
    if (name === "" || command === undefined) {
      this.#machine.malformed(21, timeUs, FIELD_MISSING, name === "" ? undefined : account);
      return false;
    }
    const identity = identityWords(COMMAND_SEED, [name, commandId, ""], "");
    const write = (kind: number, fields: Partial<Parameters<Machine["write"]>[0]>): void => {
      this.#machine.write({ kind, timeUs, account, identity, ...fields });
    };
    switch (command.$case) {
      case "openAccount": {
        const { marginMode, regime } = command.value;
        const number = account ?? names.accounts.values.length;
        write(20, { account: number, choice: marginMode || 1, currency: names.regimeNumber(regime ?? "") });
        return true;
      }
      case "deposit":
      case "withdrawal": {
        const currency = names.currencies.number(command.value.currency);
        write(command.$case === "deposit" ? 21 : 22, { currency, first: command.value.amount });
        return false;
      }
      case "setMarginMode": {
        const { instrument, marginMode, regime } = command.value;
        write(23, {
          instrument: names.instruments.number(instrument),
          currency: names.regimeNumber(regime ?? ""),
          choice: marginMode,
          liquidity: instrument === "" ? 0 : 1,
        });
        return false;
      }
      case "setLeverage":
      case "moveCollateral": {
        const instrument = names.instruments.number(command.value.instrument);
        const leverage = command.$case === "setLeverage";
        const first = command.$case === "setLeverage" ? BigInt(command.value.leverageE2) : command.value.amount;
        write(leverage ? 24 : 25, { instrument, liquidity: 1, first });
        return false;
      }
    }
  }
}

type RefusedInput =
  | { $case: "fill"; value: Fill }
  | { $case: "marketEvent"; value: MarketEvent }
  | { $case: "accountCommand"; value: AccountCommand };

function lowestTerms(numerator: bigint, denominator: bigint): [bigint, bigint] {
  let [divisor, rest] = [numerator, denominator];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return [numerator / divisor, denominator / divisor];
}
