// The kernel of an evidence file, driven by its rows alone: in Node and in a browser, without the engine or its database.

import {
  ACCOUNT_FIRST_POOL,
  ACCOUNT_FIRST_POSITION,
  ACCOUNT_OPENED,
  ACCOUNT_SIZE,
  ACCOUNT_STATE,
  BASIS_JUDGED,
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
  INPUT_BLOB,
  INPUT_BLOB_COUNT,
  INPUT_CHOICE,
  INPUT_CURRENCY,
  INPUT_FINGERPRINT,
  INPUT_FIRST,
  INPUT_FLAGS,
  INPUT_IDENTITY,
  INPUT_INSTRUMENT,
  INPUT_KIND,
  INPUT_LIQUIDITY,
  INPUT_ORDER,
  INPUT_SECOND,
  INPUT_SIZE,
  INPUT_THIRD,
  INPUT_TIME,
  INSTRUMENT_LISTED,
  INSTRUMENT_SETTLED_KIND,
  LAYOUT_VERSION,
  LEVERAGE_SET,
  LIMIT_SET,
  MARGIN_MODE_SET,
  MARGIN_TABLE_SET,
  MARK_PRICE_SET,
  NONE,
  ORDER_PRICED,
  ORDER_REDUCE_ONLY,
  OUTPUT_ACCOUNT,
  OUTPUT_CODE,
  OUTPUT_CURRENCY,
  OUTPUT_FROM_STATE,
  OUTPUT_INSTRUMENT,
  OUTPUT_ISOLATED,
  OUTPUT_KIND,
  OUTPUT_SIZE,
  OUTPUT_TO_STATE,
  OUTPUT_VALUES,
  OVERRIDE_SET,
  POOL_BALANCE,
  POOL_BASIS,
  POOL_CURRENCY,
  POOL_IM,
  POOL_MM,
  POOL_NEXT,
  POOL_PROFIT,
  POOL_REGIME_EQUITY,
  POOL_SIZE,
  POOL_STATE,
  POSITION_ENTRY_COST,
  POSITION_IM,
  POSITION_INSTRUMENT,
  POSITION_MARK_VALUE,
  POSITION_MM,
  POSITION_MODE,
  POSITION_NEXT,
  POSITION_POSTED,
  POSITION_QUANTITY,
  POSITION_SIZE,
  POSITION_STATE,
  PRODUCT_CALL,
  PRODUCT_FUTURE,
  PRODUCT_PERPETUAL,
  PRODUCT_PUT,
  REGIME_SET,
  SCENARIO_ARRAY_SIZE,
  SCENARIO_GRID_SET,
  SHARD_OPENED,
  SWITCH_SET,
  TABLE_ACCOUNTS,
  TABLE_POOLS,
  TABLE_POSITIONS,
  TABLE_SCENARIO_ARRAYS,
  VENUE_ACCOUNTS,
  WITHDRAWN,
} from "../../../assembly/memory/layout.ts";
import { identityWords, orderKey } from "../verify/identity.ts";
import type { Place } from "../verify/rowFigures.ts";
import type { PoolClaim } from "./evidenceFile.ts";
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
const MODE_ISOLATED_NUMBER = 1;
const KIND_LINEAR_NUMBER = 1;
const PAGE = 65_536;
const NO_PAYLOAD = new Uint8Array();
/** Room for margin regimes that the engine gives its kernel (services/kernel/kernel.ts): part of what a replay repeats. */
const REGIME_ROOM = [4 << 20, 48 << 20, 1024, 4096, 16 << 20] as const;

interface Exports {
  configureRegimes?(programs: number, arena: number, positions: number, orders: number, market: number): void;
  layoutVersion(): number;
  configure(
    accounts: number,
    pools: number,
    positions: number,
    instruments: number,
    identities: number,
    holds: number,
  ): number;
  apply(count: number): number;
  inputAddress(): number;
  blobAddress(): number;
  outputAddress(): number;
  tableAddress(table: number): number;
}

/** A row as it is fed: decoded from the journal's event. */
export interface FedRow {
  readonly kind: number;
  readonly instrument: number | null;
  readonly account: number | null;
  readonly eventTimeUs: number;
  readonly payload: Uint8Array;
}

/** A slot of what the kernel said, kept. */
export interface Said {
  readonly kind: number;
  readonly instrument: number | null;
  at(place: Place): bigint;
}

/** What became of a row, and what followed of the account, in order. */
export interface Told {
  readonly outcome: Said;
  readonly derived: readonly Said[];
}

/** What a pool, or an isolated position, gains (above zero) or loses when the price moves (MAR-022, MAR-023). */
export interface ScenarioRow {
  readonly name: string;
  readonly currency: string;
  readonly scale: number;
  /** Relative moves of the mark. */
  readonly moves: readonly number[];
  /** In units of the currency. */
  readonly values: readonly number[];
}

/** Feeds rows to a kernel in which the account of the evidence is the only one beside the venue's own. */
export class ReplayKernel {
  readonly #module: WebAssembly.Module;
  #exports: Exports | undefined;
  #view = new DataView(new ArrayBuffer(0));
  #bytes = new Uint8Array();
  readonly #currencies: { name: string; scale: number }[] = [];
  readonly #instruments: string[] = [];
  readonly #keys: string[] = [];
  readonly #regimes: string[] = [];
  #identity = 0n;

  constructor(binary: Uint8Array) {
    this.#module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
  }

  get instruments(): readonly string[] {
    return this.#instruments;
  }

  get currencies(): readonly { name: string; scale: number }[] {
    return this.#currencies;
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
        this.#slot(EPOCH_STARTED, row);
        break;
      case CURRENCY_LISTED:
        this.#currency(row, body);
        break;
      case MARGIN_TABLE_SET:
        this.#marginTable(row, body);
        break;
      case SCENARIO_GRID_SET:
        this.#list(this.#slot(SCENARIO_GRID_SET, row), body.signedList(4));
        this.#moves.push(body.signedList(4).map((move) => Number(move) / 1e9));
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
        const slot = this.#slot(INDEX_PRICE_SET, row);
        this.#u32(slot + INPUT_CURRENCY, this.#key(body.text(1)));
        this.#i64(slot + INPUT_FIRST, body.int(2));
        break;
      }
      case FUNDING_APPLIED:
        this.#i64(this.#market(FUNDING_APPLIED, row) + INPUT_FIRST, body.signed(1));
        break;
      case INSTRUMENT_SETTLED_KIND: {
        const slot = this.#market(INSTRUMENT_SETTLED_KIND, row);
        this.#i64(slot + INPUT_FIRST, body.signed(1));
        this.#i64(slot + INPUT_SECOND, body.int(4));
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
    return this.#apply(true);
  }

  /** The event time reaches a moment by an event that is not shown: orders, overrides and regimes of the account end by it. */
  passTime(eventTimeUs: number): Told {
    const row = { kind: MARK_PRICE_SET, instrument: null, account: null, eventTimeUs, payload: NO_PAYLOAD };
    return this.#malformed(this.#slot(MARK_PRICE_SET, row), FIELD_MISSING);
  }

  #malformed(slot: number, reason: number): Told {
    this.#view.setUint8(slot + INPUT_FLAGS, FLAG_MALFORMED);
    this.#i64(slot + INPUT_FIRST, BigInt(reason));
    return this.#apply(false);
  }

  /** The account's pools and isolated positions, as the kernel has them now. */
  figures(): { state: number; pools: PoolClaim[] } {
    const accounts = this.#table(TABLE_ACCOUNTS) + VENUE_ACCOUNTS * ACCOUNT_SIZE;
    const pools: PoolClaim[] = [];
    for (let slot = this.#get(accounts + ACCOUNT_FIRST_POOL); slot !== NONE; ) {
      const pool = this.#table(TABLE_POOLS) + slot * POOL_SIZE;
      const { name, scale } = this.#currencies[this.#get(pool + POOL_CURRENCY)]!;
      const judged = this.#view.getUint8(pool + POOL_BASIS) === BASIS_JUDGED;
      const equity = judged
        ? this.#long(pool + POOL_REGIME_EQUITY)
        : this.#long(pool + POOL_BALANCE) + this.#long(pool + POOL_PROFIT);
      pools.push(
        claim(
          name,
          name,
          scale,
          equity,
          this.#long(pool + POOL_IM),
          this.#long(pool + POOL_MM),
          this.#view.getUint8(pool + POOL_STATE),
        ),
      );
      slot = this.#get(pool + POOL_NEXT);
    }
    for (let slot = this.#get(accounts + ACCOUNT_FIRST_POSITION); slot !== NONE; ) {
      const position = this.#table(TABLE_POSITIONS) + slot * POSITION_SIZE;
      const open = this.#long(position + POSITION_QUANTITY) !== 0n;
      if (open && this.#view.getUint8(position + POSITION_MODE) === MODE_ISOLATED_NUMBER) {
        const profit = this.#long(position + POSITION_MARK_VALUE) - this.#long(position + POSITION_ENTRY_COST);
        const instrument = this.#get(position + POSITION_INSTRUMENT);
        const { name, scale } = this.#currencies[this.#settlements[instrument]!]!;
        pools.push(
          claim(
            this.#instruments[instrument]!,
            name,
            scale,
            this.#long(position + POSITION_POSTED) + profit,
            this.#long(position + POSITION_IM),
            this.#long(position + POSITION_MM),
            this.#view.getUint8(position + POSITION_STATE),
          ),
        );
      }
      slot = this.#get(position + POSITION_NEXT);
    }
    return { state: this.#view.getUint8(accounts + ACCOUNT_STATE), pools };
  }

  /** The scenario vectors of the account, as MAR-023 sums them. */
  scenarios(): ScenarioRow[] {
    const account = this.#table(TABLE_ACCOUNTS) + VENUE_ACCOUNTS * ACCOUNT_SIZE;
    const rows = new Map<string, { currency: string; scale: number; moves: readonly number[]; values: number[] }>();
    for (let slot = this.#get(account + ACCOUNT_FIRST_POSITION); slot !== NONE; ) {
      const position = this.#table(TABLE_POSITIONS) + slot * POSITION_SIZE;
      const instrument = this.#get(position + POSITION_INSTRUMENT);
      const quantity = Number(this.#long(position + POSITION_QUANTITY));
      slot = this.#get(position + POSITION_NEXT);
      if (quantity === 0) continue;
      const isolated = this.#view.getUint8(position + POSITION_MODE) === MODE_ISOLATED_NUMBER;
      const currency = this.#currencies[this.#settlements[instrument]!]!;
      const name = isolated ? this.#instruments[instrument]! : currency.name;
      const moves = this.#moves[this.#gridOf[instrument]!]!;
      const row = rows.get(name) ?? {
        currency: currency.name,
        scale: currency.scale,
        moves,
        values: moves.map(() => 0),
      };
      const array = this.#table(TABLE_SCENARIO_ARRAYS) + instrument * SCENARIO_ARRAY_SIZE;
      row.values = row.values.map((value, index) => value + quantity * this.#view.getFloat64(array + index * 8, true));
      rows.set(name, row);
    }
    return [...rows].map(([name, row]) => ({ name, ...row }));
  }

  readonly #settlements: number[] = [];
  readonly #gridOf: number[] = [];
  readonly #moves: (readonly number[])[] = [];

  #open(body: WireMessage): void {
    // One account beside the venue's; as many instruments and identities as the journal's own kernel had.
    const positions = Math.max(Number(body.int(4)), 1);
    const holds = Number(body.int(7)) || DEFAULT_HOLDS;
    const capacities = [64, 256, positions, Number(body.int(5)), 1 << 12, holds] as const;
    const probe = this.#instantiate(1).exports;
    const layout = probe.layoutVersion();
    if (layout !== LAYOUT_VERSION) {
      throw new RangeError(`the kernel keeps records of layout ${layout}, this reader knows layout ${LAYOUT_VERSION}`);
    }
    const size = this.#layOut(probe, capacities);
    const { exports, memory } = this.#instantiate(Math.ceil(size / PAGE) + 1);
    this.#layOut(exports, capacities);
    this.#exports = exports;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#slot(SHARD_OPENED, {
      kind: SHARD_OPENED,
      instrument: null,
      account: null,
      eventTimeUs: 0,
      payload: NO_PAYLOAD,
    });
  }

  #layOut(exports: Exports, capacities: readonly [number, number, number, number, number, number]): number {
    exports.configureRegimes?.(...REGIME_ROOM);
    return exports.configure(...capacities) >>> 0;
  }

  #instantiate(pages: number): { exports: Exports; memory: WebAssembly.Memory } {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(this.#module, { env: { memory } });
    return { exports: instance.exports as unknown as Exports, memory };
  }

  #currency(row: FedRow, body: WireMessage): void {
    const [name, scale] = [body.text(2), Number(body.int(3))];
    const slot = this.#slot(CURRENCY_LISTED, row);
    this.#u32(slot + INPUT_CURRENCY, scale);
    this.#i64(slot + INPUT_FIRST, BigInt(this.#key(name)));
    this.#currencies.push({ name, scale });
  }

  #marginTable(row: FedRow, body: WireMessage): void {
    const tiers = body.all(4).flatMap((tier) => [tier.int(1), tier.signed(2), tier.signed(3)]);
    this.#list(this.#slot(MARGIN_TABLE_SET, row), tiers);
  }

  #listing(row: FedRow, body: WireMessage): void {
    const [name, listing, currency] = [body.text(2), body.message(3), Number(body.int(4))];
    const [priceScale, quantityScale, type] = [Number(listing.int(3)), Number(listing.int(4)), Number(listing.int(22))];
    const [linearCash, expiry] = [listing.int(1) === 1n || type !== 0, listing.int(9)];
    const fraction = valueFraction(listing, this.#currencies[currency]!.scale, linearCash);
    const underlying = listing.text(21);
    const underlyingKey = underlying === "" ? NONE : this.#key(underlying);
    const product =
      type === 1 ? PRODUCT_CALL : type === 2 ? PRODUCT_PUT : expiry === 0n ? PRODUCT_PERPETUAL : PRODUCT_FUTURE;
    const coinSettled = type !== 0 && listing.int(1) !== 1n ? 1 : 0;
    const slot = this.#slot(INSTRUMENT_LISTED, row);
    this.#u32(slot + INPUT_INSTRUMENT, this.#instruments.length);
    this.#u32(slot + INPUT_CURRENCY, currency);
    this.#view.setUint8(slot + INPUT_CHOICE, linearCash ? KIND_LINEAR_NUMBER : Number(listing.int(1)));
    this.#list(slot, [
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
      BigInt(this.#key(name)),
      BigInt(product | (coinSettled << 8) | (priceScale << 16)) | (BigInt(quantityScale) << 24n),
      listing.int(23),
      listing.int(7),
      listing.int(8),
    ]);
    this.#instruments.push(name);
    this.#settlements.push(currency);
    this.#gridOf.push(Number(body.int(6)));
  }

  #regime(row: FedRow, body: WireMessage): void {
    for (const key of body.texts(7)) this.#key(key);
    const program = body.bytes(5);
    const slot = this.#slot(REGIME_SET, row);
    this.#u32(slot + INPUT_CURRENCY, Number(body.int(1)));
    this.#i64(slot + INPUT_FIRST, body.int(6));
    this.#i64(slot + INPUT_SECOND, body.int(8));
    this.#i64(slot + INPUT_THIRD, BigInt(this.#keys.length));
    this.#u32(slot + INPUT_BLOB_COUNT, program.length / 8);
    this.#bytes.set(program, this.#exports!.blobAddress());
    this.#regimes[Number(body.int(1))] = body.text(2);
  }

  #mark(row: FedRow, body: WireMessage): void {
    const slot = this.#market(MARK_PRICE_SET, row);
    const flags =
      (body.has(2) ? FLAG_VOLATILITY : 0) | (body.has(3) ? FLAG_FORWARD : 0) | (body.has(4) ? FLAG_INTEREST : 0);
    this.#view.setUint8(slot + INPUT_FLAGS, flags);
    this.#i64(slot + INPUT_FIRST, body.signed(1));
    if (flags !== 0) this.#list(slot, [body.signed(2), body.int(3), body.signed(4)]);
  }

  /**
   * Why an input was refused is believed. What followed from that is not: a fill that could not be applied stops its account
   * (INP-002), and a mark that the band held back changes what the next one meets (INP-003).
   */
  #refused(row: FedRow, body: WireMessage): Told {
    const reason = Number(body.int(1));
    if (row.account !== null) {
      const slot = this.#market(body.has(REFUSED_FILL) ? FILL_APPLIED : DEPOSITED, row);
      this.#u32(slot + INPUT_ACCOUNT, VENUE_ACCOUNTS);
      return this.#malformed(slot, reason);
    }
    const market = body.message(5);
    if (reason !== PRICE_BAND || !market.has(3)) return this.passTime(row.eventTimeUs);
    this.#mark({ ...row, eventTimeUs: Number(market.int(2)) }, market.message(3));
    return this.#apply(false);
  }

  #fill(row: FedRow, body: WireMessage): void {
    const slot = this.#market(FILL_APPLIED, row);
    this.#u32(slot + INPUT_ACCOUNT, VENUE_ACCOUNTS);
    this.#view.setUint8(slot + INPUT_CHOICE, Number(body.int(3)));
    this.#view.setUint8(slot + INPUT_LIQUIDITY, Number(body.int(6)));
    const flags = (body.int(7) === 0n ? 0 : FLAG_LIQUIDATION) | (body.has(8) ? FLAG_FEE_GIVEN : 0);
    const orderId = body.text(9);
    this.#view.setUint8(slot + INPUT_FLAGS, flags | (orderId === "" ? 0 : FLAG_ORDER_NAMED));
    this.#identify(slot);
    // Executions in a row of one order are counted by this (CTL-014).
    const [, , textLow, textHigh] = identityWords(FILL_SEED, [], orderId);
    this.#u32(slot + INPUT_FINGERPRINT, textLow);
    this.#u32(slot + INPUT_FINGERPRINT + 4, textHigh);
    if (orderId !== "") this.#nameOrder(slot, orderId);
    this.#i64(slot + INPUT_FIRST, body.int(4));
    this.#i64(slot + INPUT_SECOND, body.signed(5));
    this.#i64(slot + INPUT_THIRD, body.signed(8));
  }

  #nameOrder(slot: number, orderId: string): void {
    const [low, high] = orderKey(orderId);
    this.#u32(slot + INPUT_ORDER, low);
    this.#u32(slot + INPUT_ORDER + 4, high);
  }

  /** A request for an order. The instrument of one that is there already is the kernel's answer, not part of the request. */
  #hold(slot: number, kind: number, body: WireMessage): void {
    this.#nameOrder(slot, body.text(2));
    if (kind !== HOLD_PLACED) this.#u32(slot + INPUT_INSTRUMENT, NONE);
    if (kind === HOLD_RELEASED) return;
    const placed = kind === HOLD_PLACED;
    const [quantity, price, expiry] = placed ? [4, 5, 7] : [3, 4, 5];
    const reduceOnly = placed && body.int(6) !== 0n ? ORDER_REDUCE_ONLY : 0;
    if (placed) this.#view.setUint8(slot + INPUT_CHOICE, Number(body.int(3)));
    this.#view.setUint8(slot + INPUT_LIQUIDITY, (body.has(price) ? ORDER_PRICED : 0) | reduceOnly);
    this.#i64(slot + INPUT_FIRST, body.int(quantity));
    this.#i64(slot + INPUT_SECOND, body.signed(price));
    this.#i64(slot + INPUT_THIRD, body.int(expiry));
  }

  /** A limit, a switch or an override, of the account or of everybody. */
  #control(row: FedRow, body: WireMessage): void {
    const slot = this.#market(row.kind, row);
    if (row.account !== null) this.#u32(slot + INPUT_ACCOUNT, VENUE_ACCOUNTS);
    const currency = body.text(3);
    const named = this.#currencies.findIndex(({ name }) => name === currency);
    this.#u32(slot + INPUT_CURRENCY, currency === "" ? NONE : named);
    this.#identify(slot);
    const told = body.message(row.kind - LIMIT_SET + 6);
    this.#view.setUint8(slot + INPUT_CHOICE, Number(told.int(1)));
    if (row.kind === LIMIT_SET) {
      this.#view.setUint8(slot + INPUT_LIQUIDITY, told.has(2) ? 1 : 0);
      this.#i64(slot + INPUT_FIRST, told.int(2));
      this.#i64(slot + INPUT_SECOND, told.int(3));
    } else if (row.kind === SWITCH_SET) {
      this.#view.setUint8(slot + INPUT_LIQUIDITY, Number(told.int(2)));
    } else {
      this.#i64(slot + INPUT_FIRST, told.int(3));
    }
  }

  #command(row: FedRow, body: WireMessage): void {
    const slot = this.#market(row.kind, row);
    this.#u32(slot + INPUT_ACCOUNT, VENUE_ACCOUNTS);
    this.#identify(slot);
    const regime = (name: string) => (this.#regimes.includes(name) ? this.#regimes.indexOf(name) : NONE);
    switch (row.kind) {
      case ACCOUNT_OPENED:
        this.#view.setUint8(slot + INPUT_CHOICE, Number(body.int(3)));
        this.#u32(slot + INPUT_CURRENCY, regime(body.text(4)));
        break;
      case DEPOSITED:
      case WITHDRAWN:
        this.#u32(slot + INPUT_CURRENCY, Number(body.int(2)));
        this.#i64(slot + INPUT_FIRST, body.int(3));
        break;
      case MARGIN_MODE_SET:
        this.#view.setUint8(slot + INPUT_CHOICE, Number(body.int(2)));
        this.#view.setUint8(slot + INPUT_LIQUIDITY, Number(body.int(4)));
        this.#u32(slot + INPUT_CURRENCY, regime(body.text(5)));
        break;
      case LEVERAGE_SET:
        this.#view.setUint8(slot + INPUT_LIQUIDITY, 1);
        this.#i64(slot + INPUT_FIRST, body.int(2));
        break;
      case COLLATERAL_MOVED:
        this.#view.setUint8(slot + INPUT_LIQUIDITY, 1);
        this.#i64(slot + INPUT_FIRST, body.signed(2));
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

  /** Applies the one slot that was written. */
  #apply(mustHold: boolean): Told {
    const { apply, outputAddress } = this.#exports!;
    const written = apply(1);
    const code = this.#view.getUint8(outputAddress() + OUTPUT_CODE);
    if (code !== 0 && mustHold) throw new RangeError(`the kernel refuses with reason ${code} what it applied then`);
    const derived: Said[] = [];
    for (let index = 1; index < written; index++) {
      const slot = outputAddress() + index * OUTPUT_SIZE;
      if (this.#get(slot + OUTPUT_ACCOUNT) === VENUE_ACCOUNTS) derived.push(this.#said(slot));
    }
    return { outcome: this.#said(outputAddress()), derived };
  }

  #said(address: number): Said {
    const slot = new DataView(this.#bytes.slice(address, address + OUTPUT_SIZE).buffer);
    const instrument = slot.getUint32(OUTPUT_INSTRUMENT, true);
    const fields = { fromState: OUTPUT_FROM_STATE, toState: OUTPUT_TO_STATE };
    return {
      kind: slot.getUint8(OUTPUT_KIND),
      instrument: instrument === NONE ? null : instrument,
      at: (place) => {
        if (typeof place === "number") return slot.getBigInt64(OUTPUT_VALUES + place * 8, true);
        if (place === "currency") return BigInt(slot.getUint32(OUTPUT_CURRENCY, true));
        if (place === "priceKind" || place === "priceKey") {
          // Of an order that rests its quantity stands there.
          const price = slot.getUint8(OUTPUT_CODE) === 0 ? 0n : slot.getBigInt64(OUTPUT_VALUES + 13 * 8, true);
          return place === "priceKind" ? price >> 32n : price & 0xffff_ffffn;
        }
        if (place === "isolated") return BigInt(slot.getUint32(OUTPUT_ISOLATED, true));
        return BigInt(slot.getUint8(fields[place]));
      },
    };
  }

  /** The first input slot, emptied, with a kind and a time. */
  #slot(kind: number, row: FedRow): number {
    if (this.#exports === undefined) throw new RangeError("the first row must open the shard");
    const slot = this.#exports.inputAddress();
    this.#bytes.fill(0, slot, slot + INPUT_SIZE);
    this.#view.setUint8(slot + INPUT_KIND, kind);
    for (const field of [INPUT_ACCOUNT, INPUT_INSTRUMENT, INPUT_CURRENCY]) this.#u32(slot + field, NONE);
    this.#i64(slot + INPUT_TIME, BigInt(row.eventTimeUs));
    return slot;
  }

  #market(kind: number, row: FedRow): number {
    const slot = this.#slot(kind, row);
    if (row.instrument !== null) this.#u32(slot + INPUT_INSTRUMENT, row.instrument);
    return slot;
  }

  /** Rows of an evidence file were new then and are new now: each gets an identity of its own. */
  #identify(slot: number): void {
    this.#identity += 1n;
    this.#i64(slot + INPUT_IDENTITY, this.#identity);
  }

  #list(slot: number, numbers: readonly bigint[]): void {
    this.#u32(slot + INPUT_BLOB, 0);
    this.#u32(slot + INPUT_BLOB_COUNT, numbers.length);
    const blob = this.#exports!.blobAddress();
    for (const [index, number] of numbers.entries()) this.#i64(blob + index * 8, number);
  }

  /** Number of a name; names get numbers in the order in which they come up. */
  #key(name: string): number {
    const known = this.#keys.indexOf(name);
    return known >= 0 ? known : this.#keys.push(name) - 1;
  }

  #table(table: number): number {
    return this.#exports!.tableAddress(table);
  }

  #get(address: number): number {
    return this.#view.getUint32(address, true);
  }

  #long(address: number): bigint {
    return this.#view.getBigInt64(address, true);
  }

  #u32(address: number, value: number): void {
    this.#view.setUint32(address, value, true);
  }

  #i64(address: number, value: bigint): void {
    this.#view.setBigInt64(address, BigInt.asIntN(64, value), true);
  }
}

function claim(
  name: string,
  currency: string,
  scale: number,
  equity: bigint,
  initial: bigint,
  maintenance: bigint,
  state: number,
): PoolClaim {
  return {
    name,
    currency,
    scale,
    equity: `${equity}`,
    initialMargin: `${initial}`,
    maintenanceMargin: `${maintenance}`,
    state,
  };
}

/** `k` of docs/margin.md, "Value". */
function valueFraction(
  listing: WireMessage,
  currencyScale: number,
  linearCash: boolean,
): { numerator: bigint; denominator: bigint } {
  const exponent =
    currencyScale - Number(listing.int(4)) + (linearCash ? -Number(listing.int(3)) : Number(listing.int(3)));
  const power = 10n ** BigInt(Math.abs(exponent));
  const numerator = listing.int(7) * (exponent > 0 ? power : 1n);
  const denominator = listing.int(8) * (exponent < 0 ? power : 1n);
  let [a, b] = [numerator, denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}
