// The kernel of an evidence file, driven by its rows alone: in Node and in a browser, without the engine or its database.

import {
  ACCOUNT_OPENED,
  COLLATERAL_MOVED,
  CURRENCY_LISTED,
  DEPOSITED,
  EPOCH_STARTED,
  FILL_APPLIED,
  FLAG_FEE_GIVEN,
  FLAG_FORWARD,
  FLAG_INTEREST,
  FLAG_LIQUIDATION,
  FLAG_MALFORMED,
  FLAG_ORDER_NAMED,
  FLAG_VOLATILITY,
  FUNDING_APPLIED,
  HOLD_AMENDED,
  HOLD_PLACED,
  HOLD_RELEASED,
  INDEX_PRICE_SET,
  INPUT_ACCOUNT,
  INPUT_CHOICE,
  INPUT_CURRENCY,
  INPUT_FINGERPRINT,
  INPUT_FIRST,
  INPUT_FLAGS,
  INPUT_IDENTITY,
  INPUT_INSTRUMENT,
  INPUT_LIQUIDITY,
  INPUT_ORDER,
  INPUT_SECOND,
  INPUT_THIRD,
  INSTRUMENT_LISTED,
  INSTRUMENT_SETTLED_KIND,
  LEVERAGE_SET,
  LIMIT_SET,
  MARGIN_MODE_SET,
  MARGIN_TABLE_SET,
  MARK_PRICE_SET,
  NONE,
  ORDER_PRICED,
  ORDER_REDUCE_ONLY,
  OVERRIDE_SET,
  PRODUCT_CALL,
  PRODUCT_FUTURE,
  PRODUCT_PERPETUAL,
  PRODUCT_PUT,
  REGIME_SET,
  SCENARIO_GRID_SET,
  SHARD_OPENED,
  SWITCH_SET,
  VENUE_ACCOUNTS,
  WITHDRAWN,
} from "../../../assembly/memory/layout.ts";
import { ContractKind, type OptionType } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import { hasLinearCash, valueFraction } from "../../markets/valueFraction.ts";
import { identityOf, orderKey } from "../verify/identity.ts";
import { KernelMemory, type Told } from "./kernelMemory.ts";
import { ListedMarket } from "./listedMarket.ts";
import { WireMessage } from "./wire.ts";

/** Number of a body field for a refused input; its market event may hold back a mark (INP-003). */
const INPUT_REFUSED = 60;
const PRICE_BAND = 24;
/** Field of a refused input that is a fill. */
const REFUSED_FILL = 4;
/** What a fill's identity begins with (../verify/identity.ts). */
const FILL_SEED = 1;
/** Reason that the host gives for an input without content; nothing but the time of such a one counts. */
const FIELD_MISSING = 20;
/** Orders that may rest where the journal does not say it (services/kernel/kernel.ts). */
const DEFAULT_HOLDS = 1 << 14;
/** A row as it is fed: decoded from the journal's event. */
export interface FedRow {
  readonly kind: number;
  readonly instrument: number | null;
  readonly account: number | null;
  readonly eventTimeUs: number;
  readonly payload: Uint8Array;
}

/** Feeds rows to a kernel in which the account of the evidence is the only one beside the venue's own. */
export class ReplayKernel {
  readonly market = new ListedMarket();
  readonly #module: WebAssembly.Module;
  #opened: KernelMemory | undefined;
  #identity = 0n;

  constructor(binary: Uint8Array) {
    this.#module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
  }

  /** @throws RangeError before the first row */
  get memory(): KernelMemory {
    if (this.#opened === undefined) throw new RangeError("the first row must open the shard");
    return this.#opened;
  }

  /**
   * Applies one row.
   * @returns what the kernel says of it and of the account
   * @throws RangeError for a kind that this reader does not know, or when the kernel refuses what was applied then
   */
  feed(row: FedRow): Told {
    const event = new WireMessage(row.payload);
    const body = event.message(row.kind);
    switch (row.kind) {
      case SHARD_OPENED:
        this.#open(body);
        break;
      case EPOCH_STARTED:
        this.memory.slot(EPOCH_STARTED, row.eventTimeUs);
        break;
      case CURRENCY_LISTED:
        this.#currency(row, body);
        break;
      case MARGIN_TABLE_SET:
        this.#marginTable(row, body);
        break;
      case SCENARIO_GRID_SET:
        this.memory.list(this.memory.slot(SCENARIO_GRID_SET, row.eventTimeUs), body.signedList(4));
        this.market.moves.push(body.signedList(4).map((move) => Number(move) / 1e9));
        break;
      case INSTRUMENT_LISTED:
        this.#listing(row, body);
        break;
      case REGIME_SET:
        this.#regime(row, body);
        break;
      case MARK_PRICE_SET:
        this.#mark(row, body);
        break;
      case INDEX_PRICE_SET: {
        const slot = this.memory.slot(INDEX_PRICE_SET, row.eventTimeUs);
        this.memory.u32(slot + INPUT_CURRENCY, this.market.key(body.text(1)));
        this.memory.i64(slot + INPUT_FIRST, body.int(2));
        break;
      }
      case FUNDING_APPLIED:
        this.memory.i64(this.#market(FUNDING_APPLIED, row) + INPUT_FIRST, body.signed(1));
        break;
      case INSTRUMENT_SETTLED_KIND: {
        const slot = this.#market(INSTRUMENT_SETTLED_KIND, row);
        this.memory.i64(slot + INPUT_FIRST, body.signed(1));
        this.memory.i64(slot + INPUT_SECOND, body.int(4));
        break;
      }
      case FILL_APPLIED:
        this.#fill(row, body);
        break;
      case LIMIT_SET:
      case SWITCH_SET:
      case OVERRIDE_SET:
        this.#control(row, body);
        break;
      case INPUT_REFUSED:
        return this.#refused(row, body);
      default:
        this.#command(row, body);
    }
    return this.memory.apply(true);
  }

  /** The event time reaches a moment by an event that is not shown: orders, overrides and regimes of the account end by it. */
  passTime(eventTimeUs: number): Told {
    return this.#malformed(this.memory.slot(MARK_PRICE_SET, eventTimeUs), FIELD_MISSING);
  }

  #malformed(slot: number, reason: number): Told {
    this.memory.u8(slot + INPUT_FLAGS, FLAG_MALFORMED);
    this.memory.i64(slot + INPUT_FIRST, BigInt(reason));
    return this.memory.apply(false);
  }

  #open(body: WireMessage): void {
    // One account beside the venue's; as many instruments and identities as the journal's own kernel had.
    const positions = Math.max(Number(body.int(4)), 1);
    const holds = Number(body.int(7)) || DEFAULT_HOLDS;
    const capacities = [64, 256, positions, Number(body.int(5)), 1 << 12, holds] as const;
    this.#opened = KernelMemory.open(this.#module, capacities);
    this.memory.slot(SHARD_OPENED, 0);
  }

  #currency(row: FedRow, body: WireMessage): void {
    const [name, scale] = [body.text(2), Number(body.int(3))];
    const slot = this.memory.slot(CURRENCY_LISTED, row.eventTimeUs);
    this.memory.u32(slot + INPUT_CURRENCY, scale);
    this.memory.i64(slot + INPUT_FIRST, BigInt(this.market.key(name)));
    this.market.currencies.push({ name, scale });
  }

  #marginTable(row: FedRow, body: WireMessage): void {
    const tiers = body.all(4).flatMap((tier) => [tier.int(1), tier.signed(2), tier.signed(3)]);
    this.memory.list(this.memory.slot(MARGIN_TABLE_SET, row.eventTimeUs), tiers);
  }

  #listing(row: FedRow, body: WireMessage): void {
    const [name, listing, currency] = [body.text(2), body.message(3), Number(body.int(4))];
    const [priceScale, quantityScale, type] = [Number(listing.int(3)), Number(listing.int(4)), Number(listing.int(22))];
    const [multiplierNumerator, multiplierDenominator, expiry] = [listing.int(7), listing.int(8), listing.int(9)];
    const scales = { priceScale, quantityScale, multiplierNumerator, multiplierDenominator };
    const terms = { ...scales, kind: Number(listing.int(1)) as ContractKind, optionType: type as OptionType };
    const fraction = valueFraction(terms, this.market.currencies[currency]!.scale);
    const underlying = listing.text(21);
    const underlyingKey = underlying === "" ? NONE : this.market.key(underlying);
    const product =
      type === 1 ? PRODUCT_CALL : type === 2 ? PRODUCT_PUT : expiry === 0n ? PRODUCT_PERPETUAL : PRODUCT_FUTURE;
    const coinSettled = type !== 0 && terms.kind !== ContractKind.LINEAR ? 1 : 0;
    const slot = this.memory.slot(INSTRUMENT_LISTED, row.eventTimeUs);
    this.memory.u32(slot + INPUT_INSTRUMENT, this.market.instruments.length);
    this.memory.u32(slot + INPUT_CURRENCY, currency);
    this.memory.u8(slot + INPUT_CHOICE, hasLinearCash(terms) ? ContractKind.LINEAR : terms.kind);
    this.memory.list(slot, [
      body.int(5),
      body.int(6),
      listing.int(20),
      listing.int(15),
      fraction.numerator,
      fraction.denominator,
      ...[5, 6, 13, 14].map((field) => listing.int(field)),
      ...[10, 11, 12].map((field) => listing.signed(field)),
      expiry,
      listing.int(16),
      listing.int(17),
      BigInt(underlyingKey),
      BigInt(this.market.key(name)),
      BigInt(product | (coinSettled << 8) | (priceScale << 16)) | (BigInt(quantityScale) << 24n),
      listing.int(23),
      multiplierNumerator,
      multiplierDenominator,
    ]);
    this.market.instruments.push(name);
    this.market.settlements.push(currency);
    this.market.gridOf.push(Number(body.int(6)));
  }

  #regime(row: FedRow, body: WireMessage): void {
    for (const key of body.texts(7)) this.market.key(key);
    const program = body.bytes(5);
    const slot = this.memory.slot(REGIME_SET, row.eventTimeUs);
    this.memory.u32(slot + INPUT_CURRENCY, Number(body.int(1)));
    this.memory.i64(slot + INPUT_FIRST, body.int(6));
    this.memory.i64(slot + INPUT_SECOND, body.int(8));
    this.memory.i64(slot + INPUT_THIRD, BigInt(this.market.keys));
    this.memory.block(slot, program);
    this.market.nameRegime(Number(body.int(1)), body.text(2));
  }

  #mark(row: FedRow, body: WireMessage): void {
    const slot = this.#market(MARK_PRICE_SET, row);
    const flags =
      (body.has(2) ? FLAG_VOLATILITY : 0) | (body.has(3) ? FLAG_FORWARD : 0) | (body.has(4) ? FLAG_INTEREST : 0);
    this.memory.u8(slot + INPUT_FLAGS, flags);
    this.memory.i64(slot + INPUT_FIRST, body.signed(1));
    if (flags !== 0) this.memory.list(slot, [body.signed(2), body.int(3), body.signed(4)]);
  }

  /**
   * Why an input was refused is believed. What followed from that is not: a fill that could not be applied stops its account
   * (INP-002), and a mark that the band held back changes what the next one meets (INP-003).
   */
  #refused(row: FedRow, body: WireMessage): Told {
    const reason = Number(body.int(1));
    if (row.account !== null) {
      const slot = this.#market(body.has(REFUSED_FILL) ? FILL_APPLIED : DEPOSITED, row);
      this.memory.u32(slot + INPUT_ACCOUNT, VENUE_ACCOUNTS);
      return this.#malformed(slot, reason);
    }
    const market = body.message(5);
    if (reason !== PRICE_BAND || !market.has(3)) return this.passTime(row.eventTimeUs);
    this.#mark({ ...row, eventTimeUs: Number(market.int(2)) }, market.message(3));
    return this.memory.apply(false);
  }

  #fill(row: FedRow, body: WireMessage): void {
    const slot = this.#market(FILL_APPLIED, row);
    this.memory.u32(slot + INPUT_ACCOUNT, VENUE_ACCOUNTS);
    this.memory.u8(slot + INPUT_CHOICE, Number(body.int(3)));
    this.memory.u8(slot + INPUT_LIQUIDITY, Number(body.int(6)));
    const flags = (body.int(7) === 0n ? 0 : FLAG_LIQUIDATION) | (body.has(8) ? FLAG_FEE_GIVEN : 0);
    const orderId = body.text(9);
    this.memory.u8(slot + INPUT_FLAGS, flags | (orderId === "" ? 0 : FLAG_ORDER_NAMED));
    this.#identify(slot);
    // Executions in a row of one order are counted by this (CTL-014).
    this.memory.i64(slot + INPUT_FINGERPRINT, identityOf(FILL_SEED, [], orderId).fingerprint);
    if (orderId !== "") this.#nameOrder(slot, orderId);
    this.memory.i64(slot + INPUT_FIRST, body.int(4));
    this.memory.i64(slot + INPUT_SECOND, body.signed(5));
    this.memory.i64(slot + INPUT_THIRD, body.signed(8));
  }

  #nameOrder(slot: number, orderId: string): void {
    this.memory.i64(slot + INPUT_ORDER, orderKey(orderId));
  }

  /** A request for an order. The instrument of one that is there already is the kernel's answer, not part of the request. */
  #hold(slot: number, kind: number, body: WireMessage): void {
    this.#nameOrder(slot, body.text(2));
    if (kind !== HOLD_PLACED) this.memory.u32(slot + INPUT_INSTRUMENT, NONE);
    if (kind === HOLD_RELEASED) return;
    const placed = kind === HOLD_PLACED;
    const [quantity, price, expiry] = placed ? [4, 5, 7] : [3, 4, 5];
    const reduceOnly = placed && body.int(6) !== 0n ? ORDER_REDUCE_ONLY : 0;
    if (placed) this.memory.u8(slot + INPUT_CHOICE, Number(body.int(3)));
    this.memory.u8(slot + INPUT_LIQUIDITY, (body.has(price) ? ORDER_PRICED : 0) | reduceOnly);
    this.memory.i64(slot + INPUT_FIRST, body.int(quantity));
    this.memory.i64(slot + INPUT_SECOND, body.signed(price));
    this.memory.i64(slot + INPUT_THIRD, body.int(expiry));
  }

  /** A limit, a switch or an override, of the account or of everybody. */
  #control(row: FedRow, body: WireMessage): void {
    const slot = this.#market(row.kind, row);
    if (row.account !== null) this.memory.u32(slot + INPUT_ACCOUNT, VENUE_ACCOUNTS);
    const currency = body.text(3);
    this.memory.u32(slot + INPUT_CURRENCY, this.market.currency(currency) ?? NONE);
    this.#identify(slot);
    const told = body.message(row.kind - LIMIT_SET + 6);
    this.memory.u8(slot + INPUT_CHOICE, Number(told.int(1)));
    if (row.kind === LIMIT_SET) {
      this.memory.u8(slot + INPUT_LIQUIDITY, told.has(2) ? 1 : 0);
      this.memory.i64(slot + INPUT_FIRST, told.int(2));
      this.memory.i64(slot + INPUT_SECOND, told.int(3));
    } else if (row.kind === SWITCH_SET) {
      this.memory.u8(slot + INPUT_LIQUIDITY, Number(told.int(2)));
    } else {
      this.memory.i64(slot + INPUT_FIRST, told.int(3));
    }
  }

  #command(row: FedRow, body: WireMessage): void {
    const slot = this.#market(row.kind, row);
    this.memory.u32(slot + INPUT_ACCOUNT, VENUE_ACCOUNTS);
    this.#identify(slot);
    const regime = (name: string) => this.market.regime(name) ?? NONE;
    switch (row.kind) {
      case ACCOUNT_OPENED:
        this.memory.u8(slot + INPUT_CHOICE, Number(body.int(3)));
        this.memory.u32(slot + INPUT_CURRENCY, regime(body.text(4)));
        break;
      case DEPOSITED:
      case WITHDRAWN:
        this.memory.u32(slot + INPUT_CURRENCY, Number(body.int(2)));
        this.memory.i64(slot + INPUT_FIRST, body.int(3));
        break;
      case MARGIN_MODE_SET:
        this.memory.u8(slot + INPUT_CHOICE, Number(body.int(2)));
        this.memory.u8(slot + INPUT_LIQUIDITY, Number(body.int(4)));
        this.memory.u32(slot + INPUT_CURRENCY, regime(body.text(5)));
        break;
      case LEVERAGE_SET:
        this.memory.u8(slot + INPUT_LIQUIDITY, 1);
        this.memory.i64(slot + INPUT_FIRST, body.int(2));
        break;
      case COLLATERAL_MOVED:
        this.memory.u8(slot + INPUT_LIQUIDITY, 1);
        this.memory.i64(slot + INPUT_FIRST, body.signed(2));
        break;
      case HOLD_PLACED:
      case HOLD_AMENDED:
      case HOLD_RELEASED:
        this.#hold(slot, row.kind, body);
        break;
      default:
        throw new RangeError(`an event of kind ${row.kind} is unknown to this reader`);
    }
  }

  #market(kind: number, row: FedRow): number {
    const slot = this.memory.slot(kind, row.eventTimeUs);
    if (row.instrument !== null) this.memory.u32(slot + INPUT_INSTRUMENT, row.instrument);
    return slot;
  }

  /** Rows of an evidence file were new then and are new now: each gets an identity of its own. */
  #identify(slot: number): void {
    this.#identity += 1n;
    this.memory.i64(slot + INPUT_IDENTITY, this.#identity);
  }
}
