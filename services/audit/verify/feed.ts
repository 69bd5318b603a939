import type { JournalEvent, RegimeSet } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type {
  AccountCommand,
  ControlCommand,
  Fill,
  InstrumentListing,
  MarketEvent,
  MarkPrice,
  PlaceHold,
} from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import type { JournalRow } from "../../journal/journal.ts";
import { VerificationError } from "./doubt.ts";
import { identityWords, orderKey } from "./identity.ts";
import { FLAG, NONE, ORDER, UNKNOWN } from "./layouts.ts";
import type { Machine } from "./machine.ts";
import { keysOfListing, type RecordedNames } from "./names.ts";

const FILL_SEED = 1;
const COMMAND_SEED = 3;
const CONTROL_SEED = 7;
// Refusals that the host decides (RefusalReason).
const FIELD_MISSING = 20;
const ENGINE_BEHIND = 85;
const LISTING_INVALID = 36;
const CAPACITY = 60;
const OVERFLOW = 61;
const CONTROL_UNKNOWN = 86;
const OVERRIDE_IDENTITIES = 89;

type Command = NonNullable<AccountCommand["command"]>;

/** What an order is asked to be. */
type HoldTerms = Omit<PlaceHold, "instrument">;

/** What an amendment or a release does not say; the kernel knows it by the order. */
const NO_TERMS = { side: 0, quantity: 0n, price: undefined, reduceOnly: false, expiresAtUs: undefined };
const HOLD_KINDS = { placeHold: 26, amendHold: 27, releaseHold: 28 } as const;
const CONTROL_KINDS = { setLimit: 50, setSwitch: 51, setOverride: 52 } as const;

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
      case "holdPlaced":
      case "holdAmended":
      case "holdReleased": {
        const name = this.#names.accountName(row.position, row.account);
        const terms = body.$case === "holdReleased" ? { orderId: body.value.orderId } : body.value;
        const placed = body.$case === "holdPlaced";
        // Of an order that is there already the kernel names the instrument; the input did not.
        this.#hold(kind, row.account, name, body.value.commandId, timeUs, placed ? instrument : undefined, {
          ...NO_TERMS,
          ...terms,
        });
        return false;
      }
      case "limitSet":
      case "switchSet":
      case "overrideSet":
        this.#control(row.account, instrument, timeUs, body.value);
        return false;
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

  #refused(
    event: number,
    {
      input,
      reason,
      value: found,
      limit,
    }: { input?: RefusedInput | undefined; reason: number; value: bigint; limit: bigint },
  ): boolean {
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
        const lag = reason === ENGINE_BEHIND ? [found, limit] : undefined;
        return this.#command(account, commandId, eventTimeUs, command, lag);
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
      case "control": {
        const told = event.value;
        const account = told.account === "" ? undefined : (this.#names.accounts.number(told.account) ?? UNKNOWN);
        this.#control(account, name === "" ? undefined : (instrument ?? UNKNOWN), timeUs, told);
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
    const orderNamed = orderId !== "" && this.#knowsOrders;
    this.#machine.write({
      kind: 30,
      timeUs,
      account,
      instrument,
      choice: side,
      liquidity,
      flags:
        (liquidation ? FLAG.liquidation : 0) |
        (fee === undefined ? 0 : FLAG.feeGiven) |
        (orderNamed ? FLAG.orderNamed : 0),
      order: orderNamed ? orderKey(orderId) : undefined,
      identity: identityWords(FILL_SEED, [venue, tradeId, name], orderId),
      first: quantity,
      second: price,
      third: fee ?? 0n,
    });
  }

  /** Kernels of older layouts have no orders and no controls: they get such an input as one without content. */
  get #knowsOrders(): boolean {
    return this.#machine.layout.holds > 0;
  }

  #hold(
    kind: number,
    account: number | undefined,
    name: string,
    commandId: string,
    timeUs: bigint,
    instrument: number | undefined,
    { orderId, side, quantity, price, reduceOnly, expiresAtUs }: Omit<HoldTerms, "side"> & { readonly side: number },
    lag?: readonly bigint[],
  ): void {
    if (orderId === "" || !this.#knowsOrders) {
      this.#machine.malformed(kind, timeUs, FIELD_MISSING, account, instrument);
      return;
    }
    this.#machine.write({
      kind,
      timeUs,
      account,
      instrument,
      choice: side,
      liquidity: (price === undefined ? 0 : ORDER.priced) | (reduceOnly ? ORDER.reduceOnly : 0),
      identity: identityWords(COMMAND_SEED, [name, commandId, ""], orderId),
      order: orderKey(orderId),
      first: quantity,
      second: price ?? 0n,
      third: expiresAtUs ?? 0n,
      ...(lag && { numbers: lag }),
    });
  }

  #control(account: number | undefined, instrument: number | undefined, timeUs: bigint, told: ControlCommand): void {
    const { command, by, reason } = told;
    const wrong = controlFault(told);
    if (command === undefined || wrong !== undefined || !this.#knowsOrders) {
      this.#machine.malformed(50, timeUs, wrong ?? FIELD_MISSING, account, instrument);
      return;
    }
    const approvedBy = command.$case === "setOverride" ? command.value.approvedBy : "";
    const rest = JSON.stringify([by, approvedBy, reason]);
    const slot = {
      kind: CONTROL_KINDS[command.$case],
      timeUs,
      account,
      instrument,
      currency: told.currency === "" ? undefined : (this.#names.currencies.number(told.currency) ?? UNKNOWN),
      identity: identityWords(CONTROL_SEED, [told.commandId, "", ""], rest),
    };
    switch (command.$case) {
      case "setLimit": {
        const { control: choice, value, burst } = command.value;
        this.#machine.write({
          ...slot,
          choice,
          liquidity: value === undefined ? 0 : 1,
          first: value ?? 0n,
          second: burst,
        });
        return;
      }
      case "setSwitch":
        this.#machine.write({ ...slot, choice: command.value.switch, liquidity: command.value.on ? 1 : 0 });
        return;
      case "setOverride":
        this.#machine.write({ ...slot, choice: command.value.control, first: command.value.expiryTimeUs });
        return;
    }
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

  /** @param lag of a request that was refused because the engine was behind its feed: how far, and its bound (CTL-015) */
  #command(
    name: string,
    commandId: string,
    timeUs: bigint,
    command: Command | undefined,
    lag?: readonly bigint[],
  ): boolean {
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
      case "placeHold":
      case "amendHold":
      case "releaseHold": {
        const instrument =
          command.$case === "placeHold" ? names.instruments.number(command.value.instrument) : undefined;
        const terms = { ...NO_TERMS, ...command.value };
        this.#hold(HOLD_KINDS[command.$case], account, name, commandId, timeUs, instrument, terms, lag);
        return false;
      }
    }
  }
}

type RefusedInput =
  | { $case: "fill"; value: Fill }
  | { $case: "marketEvent"; value: MarketEvent }
  | { $case: "accountCommand"; value: AccountCommand };

/** What the host refuses a control command for, before the kernel sees it. */
function controlFault({ commandId, by, reason, command }: ControlCommand): number | undefined {
  if (commandId === "" || by === "" || reason === "") return FIELD_MISSING;
  const number = command?.$case === "setSwitch" ? command.value.switch : command?.value.control;
  if (number !== undefined && (number < 0 || number > 255)) return CONTROL_UNKNOWN;
  if (command?.$case !== "setOverride") return undefined;
  const { approvedBy } = command.value;
  return approvedBy === "" || approvedBy === by ? OVERRIDE_IDENTITIES : undefined;
}

function lowestTerms(numerator: bigint, denominator: bigint): [bigint, bigint] {
  let [divisor, rest] = [numerator, denominator];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return [numerator / divisor, denominator / divisor];
}
