import {
  ACCOUNT_OPENED,
  COLLATERAL_MOVED,
  DEPOSITED,
  EPOCH_STARTED,
  FILL_APPLIED,
  FUNDING_APPLIED,
  HOLD_AMENDED,
  HOLD_PLACED,
  HOLD_RELEASED,
  INSTRUMENT_LISTED,
  LEVERAGE_SET,
  LIMIT_SET,
  MARGIN_MODE_SET,
  MARGIN_TABLE_SET,
  MARK_PRICE_SET,
  NONE,
  ORDER_PRICED,
  ORDER_REDUCE_ONLY,
  PRODUCT_CALL,
  PRODUCT_FUTURE,
  PRODUCT_PERPETUAL,
  PRODUCT_PUT,
  RECORD_QUARANTINED,
  REGIME_SET,
  SCENARIO_GRID_SET,
  SHARD_OPENED,
  WITHDRAWN,
} from "../../assembly/memory/layout.ts";
import { RefusalReason, type RegimeSet } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type AccountCommand,
  ContractKind,
  type ControlCommand,
  type Fill,
  type InstrumentListing,
  MarginMode,
  type MarketEvent,
  OptionType,
  type PlaceHold,
  type RegimeDocument,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { COMMAND_IDENTITY, CONTROL_IDENTITY, FILL_IDENTITY, identityOf, ORDER_IDENTITY } from "../kernel/identity.ts";
import type { InputSlots } from "../kernel/inputSlots.ts";
import type { FeedLag } from "../kernel/views.ts";
import { isOption, valueFraction } from "../markets/valueFraction.ts";
import { type PlacedInput, timeOf } from "./engineInput.ts";
import { keysOf, type Names } from "./names.ts";
import { prepareRegime } from "./prepareRegime.ts";

/** Bytes of a regime's program at the most: the blob keeps room for the marks of a full batch beside it. */
const LARGEST_PROGRAM = 400_000;
/** The number of a name that is given and that nobody knows; NONE stands for a name that is not given. */
const UNKNOWN = NONE - 1;

/**
 * Turns names into numbers and writes inputs into the kernel's slots. It decides nothing: an unknown name goes in as NONE,
 * and the kernel refuses it.
 */
export class Feed {
  readonly #names: Names;
  readonly #slots: InputSlots;
  #prepared: RegimeSet | undefined;

  constructor(names: Names, slots: InputSlots) {
    this.#names = names;
    this.#slots = slots;
  }

  /** The regime written last, compiled: what its event keeps. */
  get preparedRegime(): RegimeSet {
    if (this.#prepared === undefined) throw new Error("no regime was written");
    return this.#prepared;
  }

  /**
   * Writes one input.
   * @returns whether it may open a name, so that what follows must wait until it is applied
   */
  write(placed: PlacedInput): boolean {
    const opens = this.#write(placed);
    if (placed.recognised !== undefined) this.#slots.refuseAs(placed.recognised);
    return opens;
  }

  #write(placed: PlacedInput): boolean {
    const { input } = placed;
    const timeUs = timeOf(placed);
    switch (input.kind) {
      case "fill":
        this.#fill(input.fill);
        return false;
      case "market":
        return this.#market(input.event);
      case "account":
        return this.#account(input.command, placed.lag);
      case "unreadable":
        this.#slots.malformed(RECORD_QUARANTINED, NONE, NONE, timeUs, input.reason);
        return false;
      case "shardOpened":
        this.#slots.listing(SHARD_OPENED, NONE, NONE, 0, timeUs, []);
        return true;
      case "epochStarted":
        this.#slots.listing(EPOCH_STARTED, NONE, NONE, 0, timeUs, []);
        return true;
      case "currencyListed": {
        const [key] = this.#names.previewKeys([input.currency.name]);
        this.#slots.currency(input.currency.scale, key!, timeUs);
        return true;
      }
      case "regimeSet":
        this.#regime(input.regime, timeUs);
        return true;
      case "regimeRefused":
        this.#slots.malformed(REGIME_SET, NONE, NONE, timeUs, input.reason);
        return true;
      case "marginTableSet": {
        const numbers = input.table.tiers.flatMap((tier) => [tier.floor, tier.initialRateE9, tier.maintenanceRateE9]);
        this.#slots.listing(MARGIN_TABLE_SET, NONE, NONE, 0, timeUs, numbers);
        return true;
      }
      case "scenarioGridSet":
        this.#slots.listing(SCENARIO_GRID_SET, NONE, NONE, 0, timeUs, input.grid.movesE9);
        return true;
    }
  }

  #fill(fill: Fill): void {
    this.#slots.fill(
      FILL_APPLIED,
      this.#names.account(fill.account) ?? NONE,
      this.#names.instrument(fill.instrument) ?? NONE,
      fill.eventTimeUs,
      identityOf(FILL_IDENTITY, fill.venue, fill.tradeId, fill.account, fill.orderId),
      fill.side,
      fill.liquidity,
      fill.liquidation,
      fill.quantity,
      fill.price,
      fill.fee,
      fill.orderId !== "",
    );
    if (fill.orderId !== "") this.#nameOrder(fill.orderId);
  }

  #nameOrder(orderId: string): void {
    this.#slots.nameOrder(identityOf(ORDER_IDENTITY, orderId, "", "", ""));
  }

  #hold(
    kind: number,
    { account: name, commandId, eventTimeUs }: AccountCommand,
    { orderId, instrument, side, quantity, price, reduceOnly, expiresAtUs }: HoldTerms,
    lag?: FeedLag,
  ): void {
    const account = this.#names.account(name) ?? NONE;
    const number = this.#names.instrument(instrument) ?? NONE;
    if (orderId === "") {
      this.#slots.malformed(kind, account, number, eventTimeUs, RefusalReason.FIELD_MISSING);
      return;
    }
    const identity = identityOf(COMMAND_IDENTITY, name, commandId, "", orderId);
    const flags = (price === undefined ? 0 : ORDER_PRICED) | (reduceOnly ? ORDER_REDUCE_ONLY : 0);
    const expiry = expiresAtUs ?? 0n;
    const behind = lag && ([lag.lagUs, lag.boundUs] as const);
    this.#slots.hold(kind, account, number, eventTimeUs, identity, side, flags, quantity, price ?? 0n, expiry, behind);
    this.#nameOrder(orderId);
  }

  /** A program is a multiple of eight bytes, and stays behind what one batch of marks may put into the blob. */
  #regime(regime: RegimeSet, timeUs: bigint): void {
    this.#prepared = regime;
    if (regime.program.length > LARGEST_PROGRAM) {
      this.#slots.malformed(REGIME_SET, NONE, NONE, timeUs, RefusalReason.CAPACITY);
      return;
    }
    const keys = Math.max(this.#names.keys.length, ...this.#names.previewKeys(regime.keys).map((key) => key + 1));
    this.#slots.regime(regime.regime, timeUs, regime.effectiveTimeUs, regime.valuation, keys, regime.program);
  }

  #regimeDocument(name: string, { document, effectiveTimeUs }: RegimeDocument, timeUs: bigint): void {
    if (name === "") {
      this.#slots.malformed(REGIME_SET, NONE, NONE, timeUs, RefusalReason.FIELD_MISSING);
      return;
    }
    const regime = prepareRegime(name, document, effectiveTimeUs, this.#names);
    if (regime === undefined) this.#slots.malformed(REGIME_SET, NONE, NONE, timeUs, RefusalReason.LISTING_INVALID);
    else this.#regime(regime, timeUs);
  }

  #market(event: MarketEvent): boolean {
    const instrument = this.#names.instrument(event.instrument) ?? NONE;
    switch (event.event?.$case) {
      case "markPrice":
        this.#slots.mark(instrument, event.eventTimeUs, event.event.value.price, event.event.value);
        return false;
      case "indexPrice": {
        const key = this.#names.key(event.instrument) ?? NONE;
        this.#slots.indexPrice(key, event.eventTimeUs, event.event.value.priceE8);
        return false;
      }
      case "control":
        this.#control(event.instrument, event.eventTimeUs, event.event.value);
        return false;
      case "regime":
        this.#regimeDocument(event.instrument, event.event.value, event.eventTimeUs);
        return true;
      case "funding":
        this.#slots.market(FUNDING_APPLIED, instrument, event.eventTimeUs, event.event.value.rateE9);
        return false;
      case "settlement":
        this.#slots.settlement(
          instrument,
          event.eventTimeUs,
          event.event.value.price,
          event.event.value.underlyingPriceE8 ?? 0n,
        );
        return false;
      case "listing":
        this.#listing(event.instrument, event.eventTimeUs, event.event.value);
        return true;
      default:
        this.#slots.malformed(MARK_PRICE_SET, NONE, instrument, event.eventTimeUs, RefusalReason.FIELD_MISSING);
        return false;
    }
  }

  /** Two names for what is not named and what nobody knows: the first is a wider scope, the second is refused. */
  #control(instrument: string, timeUs: bigint, told: ControlCommand): void {
    const { commandId, account, currency, by, reason, command } = told;
    const accountNumber = account === "" ? NONE : (this.#names.account(account) ?? UNKNOWN);
    const instrumentNumber = instrument === "" ? NONE : (this.#names.instrument(instrument) ?? UNKNOWN);
    const currencyNumber = currency === "" ? NONE : (this.#names.currency(currency) ?? UNKNOWN);
    const wrong = controlFault(told);
    if (command === undefined || wrong !== undefined) {
      this.#slots.malformed(LIMIT_SET, accountNumber, instrumentNumber, timeUs, wrong ?? RefusalReason.FIELD_MISSING);
      return;
    }
    const approvedBy = command.$case === "setOverride" ? command.value.approvedBy : "";
    const identity = identityOf(CONTROL_IDENTITY, commandId, "", "", JSON.stringify([by, approvedBy, reason]));
    this.#slots.control(accountNumber, instrumentNumber, currencyNumber, timeUs, identity, command);
  }

  #listing(name: string, timeUs: bigint, listing: InstrumentListing): void {
    const number = this.#names.instrument(name) ?? this.#names.instruments.length;
    const currency = this.#names.currency(listing.settlementCurrency);
    if (name === "" || listing.priceScale > 18 || listing.quantityScale > 18 || !isMultiplier(listing)) {
      this.#slots.malformed(INSTRUMENT_LISTED, NONE, NONE, timeUs, RefusalReason.LISTING_INVALID);
      return;
    }
    const fraction = valueFraction(listing, currency === undefined ? 0 : this.#names.currencies[currency]!.scale);
    const fits = fraction.numerator < 2n ** 62n && fraction.denominator < 2n ** 62n;
    if (!fits) {
      this.#slots.malformed(INSTRUMENT_LISTED, NONE, NONE, timeUs, RefusalReason.OVERFLOW);
      return;
    }
    const keys = this.#names.previewKeys(keysOf(name, listing));
    const option = isOption(listing);
    // The cash of an option is quantity x price, whatever it is settled in.
    const kind = option ? ContractKind.LINEAR : listing.kind;
    this.#slots.listing(INSTRUMENT_LISTED, number, currency ?? NONE, kind, timeUs, [
      BigInt(this.#names.marginTables.indexOf(listing.marginTable)),
      BigInt(this.#names.scenarioGrids.indexOf(listing.scenarioGrid)),
      BigInt(listing.defaultLeverageE2),
      listing.allowsNonPositivePrices ? 1n : 0n,
      fraction.numerator,
      fraction.denominator,
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
      productBytes(listing),
      listing.strikeE8 ?? 0n,
      listing.multiplierNumerator,
      listing.multiplierDenominator,
    ]);
  }

  #account(accountCommand: AccountCommand, lag: FeedLag | undefined): boolean {
    const { account: name, commandId, eventTimeUs, command } = accountCommand;
    const known = this.#names.account(name);
    const account = known ?? NONE;
    const identity = identityOf(COMMAND_IDENTITY, name, commandId, "", "");
    if (name === "") {
      this.#slots.malformed(DEPOSITED, NONE, NONE, eventTimeUs, RefusalReason.FIELD_MISSING);
      return false;
    }
    switch (command?.$case) {
      case "openAccount": {
        const mode =
          command.value.marginMode === MarginMode.UNSPECIFIED ? MarginMode.ISOLATED : command.value.marginMode;
        const number = known ?? this.#names.accounts.length;
        const regime = this.#names.regime(command.value.regime ?? "") ?? NONE;
        this.#slots.command(ACCOUNT_OPENED, number, NONE, regime, eventTimeUs, identity, mode, false, 0n);
        return true;
      }
      case "deposit":
      case "withdrawal": {
        const kind = command.$case === "deposit" ? DEPOSITED : WITHDRAWN;
        const currency = this.#names.currency(command.value.currency) ?? NONE;
        this.#slots.command(kind, account, NONE, currency, eventTimeUs, identity, 0, false, command.value.amount);
        return false;
      }
      case "setMarginMode": {
        const { instrument, marginMode, regime } = command.value;
        const number = this.#names.instrument(instrument) ?? NONE;
        const forInstrument = instrument !== "";
        this.#slots.command(
          MARGIN_MODE_SET,
          account,
          number,
          this.#names.regime(regime ?? "") ?? NONE,
          eventTimeUs,
          identity,
          marginMode,
          forInstrument,
          0n,
        );
        return false;
      }
      case "setLeverage": {
        const number = this.#names.instrument(command.value.instrument) ?? NONE;
        const leverage = BigInt(command.value.leverageE2);
        this.#slots.command(LEVERAGE_SET, account, number, NONE, eventTimeUs, identity, 0, true, leverage);
        return false;
      }
      case "moveCollateral": {
        const number = this.#names.instrument(command.value.instrument) ?? NONE;
        const { amount } = command.value;
        this.#slots.command(COLLATERAL_MOVED, account, number, NONE, eventTimeUs, identity, 0, true, amount);
        return false;
      }
      case "placeHold":
        this.#hold(HOLD_PLACED, accountCommand, command.value, lag);
        return false;
      case "amendHold":
        this.#hold(HOLD_AMENDED, accountCommand, { ...NO_TERMS, ...command.value }, lag);
        return false;
      case "releaseHold":
        this.#hold(HOLD_RELEASED, accountCommand, { ...NO_TERMS, ...command.value });
        return false;
      default:
        this.#slots.malformed(DEPOSITED, account, NONE, eventTimeUs, RefusalReason.FIELD_MISSING);
        return false;
    }
  }
}

/** What an amendment or a release does not say; the kernel knows it by the order. */
const NO_TERMS = { instrument: "", side: 0, quantity: 0n, price: undefined, reduceOnly: false, expiresAtUs: undefined };

type HoldTerms = Omit<PlaceHold, "side"> & { readonly side: number };
/** What is wrong with a control command before its scope and its numbers are looked at (CTL-005, CTL-016). */
function controlFault({ commandId, by, reason, command }: ControlCommand): RefusalReason | undefined {
  if (commandId === "" || by === "" || reason === "") return RefusalReason.FIELD_MISSING;
  // The kernel's slot has one byte for it.
  const number = command?.$case === "setSwitch" ? command.value.switch : command?.value.control;
  if (number !== undefined && (number < 0 || number > 255)) return RefusalReason.CONTROL_UNKNOWN;
  if (command?.$case !== "setOverride") return undefined;
  const { approvedBy } = command.value;
  return approvedBy === "" || approvedBy === by ? RefusalReason.OVERRIDE_IDENTITIES : undefined;
}

/** Product, coin-settled, price scale, quantity scale: one byte each, from the lowest (assembly/inputs/listings.ts). */
function productBytes(listing: InstrumentListing): bigint {
  const { optionType, expiryTimeUs, kind, priceScale, quantityScale } = listing;
  const future = expiryTimeUs === 0n ? PRODUCT_PERPETUAL : PRODUCT_FUTURE;
  const option = optionType === OptionType.CALL ? PRODUCT_CALL : PRODUCT_PUT;
  const coinSettled = isOption(listing) && kind === ContractKind.INVERSE ? 1 : 0;
  return (
    BigInt((isOption(listing) ? option : future) | (coinSettled << 8) | (priceScale << 16)) |
    (BigInt(quantityScale) << 24n)
  );
}

function isMultiplier(listing: InstrumentListing): boolean {
  const positive = listing.multiplierNumerator > 0n && listing.multiplierDenominator > 0n;
  return positive && (listing.kind === 1 || listing.kind === 2);
}
