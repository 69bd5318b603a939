import {
  ACCOUNT_OPENED,
  COLLATERAL_MOVED,
  CURRENCY_LISTED,
  DEPOSITED,
  EPOCH_STARTED,
  FILL_APPLIED,
  FUNDING_APPLIED,
  INSTRUMENT_LISTED,
  INSTRUMENT_SETTLED_KIND,
  LEVERAGE_SET,
  MARGIN_MODE_SET,
  MARGIN_TABLE_SET,
  MARK_PRICE_SET,
  NONE,
  RECORD_QUARANTINED,
  SCENARIO_GRID_SET,
  SHARD_OPENED,
  WITHDRAWN,
} from "../../assembly/layout.ts";
import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import {
  type AccountCommand,
  type Fill,
  type InstrumentListing,
  MarginMode,
  type MarketEvent,
} from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { COMMAND_IDENTITY, FILL_IDENTITY, identityOf } from "../kernel/identity.ts";
import type { InputSlots } from "../kernel/inputSlots.ts";
import { valueFraction } from "../markets/valueFraction.ts";
import { type PlacedInput, timeOf } from "./engineInput.ts";
import type { Names } from "./names.ts";

/**
 * Turns names into numbers and writes inputs into the kernel's slots. It decides nothing: an unknown name goes in as NONE,
 * and the kernel refuses it.
 */
export class Feed {
  readonly #names: Names;
  readonly #slots: InputSlots;

  constructor(names: Names, slots: InputSlots) {
    this.#names = names;
    this.#slots = slots;
  }

  /**
   * Writes one input.
   * @returns whether it may open a name, so that what follows must wait until it is applied
   */
  write(placed: PlacedInput): boolean {
    const { input } = placed;
    const timeUs = timeOf(placed);
    switch (input.kind) {
      case "fill":
        this.#fill(input.fill);
        return false;
      case "market":
        return this.#market(input.event);
      case "account":
        return this.#account(input.command);
      case "unreadable":
        this.#slots.malformed(RECORD_QUARANTINED, NONE, NONE, timeUs, input.reason);
        return false;
      case "shardOpened":
        this.#slots.listing(SHARD_OPENED, NONE, NONE, 0, timeUs, []);
        return true;
      case "epochStarted":
        this.#slots.listing(EPOCH_STARTED, NONE, NONE, 0, timeUs, []);
        return true;
      case "currencyListed":
        this.#slots.listing(CURRENCY_LISTED, NONE, input.currency.scale, 0, timeUs, []);
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
    );
  }

  #market(event: MarketEvent): boolean {
    const instrument = this.#names.instrument(event.instrument) ?? NONE;
    switch (event.event?.$case) {
      case "markPrice":
        this.#slots.market(MARK_PRICE_SET, instrument, event.eventTimeUs, event.event.value.price);
        return false;
      case "funding":
        this.#slots.market(FUNDING_APPLIED, instrument, event.eventTimeUs, event.event.value.rateE9);
        return false;
      case "settlement":
        this.#slots.market(INSTRUMENT_SETTLED_KIND, instrument, event.eventTimeUs, event.event.value.price);
        return false;
      case "listing":
        this.#listing(event.instrument, event.eventTimeUs, event.event.value);
        return true;
      default:
        this.#slots.malformed(MARK_PRICE_SET, NONE, instrument, event.eventTimeUs, RefusalReason.FIELD_MISSING);
        return false;
    }
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
    this.#slots.listing(INSTRUMENT_LISTED, number, currency ?? NONE, listing.kind, timeUs, [
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
    ]);
  }

  #account(accountCommand: AccountCommand): boolean {
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
        this.#slots.command(ACCOUNT_OPENED, number, NONE, NONE, eventTimeUs, identity, mode, false, 0n);
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
        const { instrument, marginMode } = command.value;
        const number = this.#names.instrument(instrument) ?? NONE;
        const forInstrument = instrument !== "";
        this.#slots.command(
          MARGIN_MODE_SET,
          account,
          number,
          NONE,
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
      default:
        this.#slots.malformed(DEPOSITED, account, NONE, eventTimeUs, RefusalReason.FIELD_MISSING);
        return false;
    }
  }
}

function isMultiplier(listing: InstrumentListing): boolean {
  const positive = listing.multiplierNumerator > 0n && listing.multiplierDenominator > 0n;
  return positive && (listing.kind === 1 || listing.kind === 2);
}
