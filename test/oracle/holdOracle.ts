// A venue with resting orders, serially and slowly: the oracle of the other rules, and a list of orders beside it.

import type { AccountCommand, Fill } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import { accountOf, type Book } from "./book.ts";
import { applyCommand, isRefusal } from "./commands.ts";
import { mayRest, type RestingOrder, reservedIn } from "./holds.ts";
import { Identities } from "./identities.ts";
import type { Market } from "./market.ts";
import { Oracle } from "./oracle.ts";
import { poolFigures } from "./requirement.ts";

interface TimedOrder extends RestingOrder {
  expiresAtUs: bigint | undefined;
}

type Command = NonNullable<AccountCommand["command"]>;

export class HoldOracle {
  readonly #oracle: Oracle;
  #orders: TimedOrder[] = [];
  #sequence = 0;

  constructor(document: MarketDocument) {
    this.#oracle = new Oracle(document, { identityCapacity: 4096 });
  }

  get orders(): readonly RestingOrder[] {
    return this.#orders;
  }

  /** @returns whether the input is applied */
  apply(input: VenueInput): boolean {
    if (input.kind === "unreadable") throw new Error("this venue can be read");
    const timeUs =
      input.kind === "fill"
        ? input.fill.eventTimeUs
        : input.kind === "market"
          ? input.event.eventTimeUs
          : input.command.eventTimeUs;
    this.#orders = this.#orders.filter(({ expiresAtUs }) => expiresAtUs === undefined || expiresAtUs > timeUs);
    if (input.kind === "account") return this.#command(input.command.account, input.command.command!, input, timeUs);
    const { code } = this.#oracle.apply(input);
    if (code === 0 && input.kind === "fill") this.#use(input.fill);
    return code === 0;
  }

  #command(account: string, command: Command, input: VenueInput, timeUs: bigint): boolean {
    switch (command.$case) {
      case "placeHold": {
        const { orderId, instrument, side, quantity, price, reduceOnly, expiresAtUs } = command.value;
        if (this.#find(account, orderId) !== undefined) return false;
        if (expiresAtUs !== undefined && expiresAtUs <= timeUs) return false;
        const terms = { account, orderId, instrument, side, quantity, price, reduceOnly, expiresAtUs };
        const order: TimedOrder = { ...terms, sequence: this.#sequence++ };
        if (!this.#passes(order, undefined, timeUs)) return false;
        this.#orders.push(order);
        return true;
      }
      case "amendHold": {
        const { orderId, quantity, price } = command.value;
        const order = this.#find(account, orderId);
        if (order === undefined) return false;
        const amended = { ...order, quantity, price, sequence: this.#sequence++ };
        if (!this.#passes(amended, order, timeUs)) return false;
        this.#orders[this.#orders.indexOf(order)] = amended;
        return true;
      }
      case "releaseHold": {
        const order = this.#find(account, command.value.orderId);
        this.#orders = this.#orders.filter((other) => other !== order);
        return order !== undefined;
      }
      case "withdrawal": {
        const { currency, amount } = command.value;
        const { book, market } = this.#oracle.copy();
        const { freeCollateral } = poolFigures(book, market, accountOf(book, account), currency);
        if (amount > freeCollateral - this.reserved(account, currency)) return false;
        return this.#oracle.apply(input).code === 0;
      }
      case "setMarginMode":
      case "setLeverage":
      case "moveCollateral": {
        if (input.kind !== "account") throw new Error("a command comes from an account");
        return this.#ordersFit(input.command) && this.#oracle.apply(input).code === 0;
      }
      default:
        return this.#oracle.apply(input).code === 0;
    }
  }

  /**
   * MAR-033: what a choice of the account makes of its pools, orders counted, tried on a copy. A refusal for other reasons is the
   * other oracle's.
   */
  #ordersFit(asked: AccountCommand): boolean {
    const { book: before, market } = this.#oracle.copy();
    const after = structuredClone(before);
    if (isRefusal(applyCommand(after, market, new Identities(1), asked))) return true;
    const moves = asked.command?.$case === "moveCollateral";
    for (const currency of accountOf(before, asked.account).pools.keys()) {
      const was = this.#needs(before, market, asked.account, currency);
      const is = this.#needs(after, market, asked.account, currency);
      // What is posted comes from what is free, orders counted.
      if (moves && is.freeCollateral < was.freeCollateral && is.freeCollateral < is.reserved) return false;
      const fenced = is.postedOpen !== was.postedOpen;
      if (!moves && (fenced || is.needed > was.needed) && is.equity < is.needed) return false;
    }
    return true;
  }

  #needs(book: Book, market: Market, name: string, currency: string) {
    const account = accountOf(book, name);
    const { equity, initialMargin, freeCollateral } = poolFigures(book, market, account, currency);
    const reserved = reservedIn(book, market, name, currency, this.#orders);
    const open = [...account.positions.values()].filter((each) => each.currency === currency && each.quantity !== 0n);
    // Which open positions stand behind a fence.
    const postedOpen = open.flatMap(({ instrument, mode }) => (mode === 1 ? [instrument] : [])).join();
    return { equity, freeCollateral, reserved, needed: initialMargin + reserved, postedOpen };
  }

  #find(account: string, orderId: string): TimedOrder | undefined {
    return this.#orders.find((order) => order.account === account && order.orderId === orderId);
  }

  #passes(order: RestingOrder, replaced: RestingOrder | undefined, timeUs: bigint): boolean {
    const { book, market } = this.#oracle.copy();
    if (timeUs > book.timeUs) book.timeUs = timeUs;
    const others = this.#orders.filter((other) => other !== replaced);
    return mayRest(book, market, order, others, replaced);
  }

  #use({ account, orderId, instrument, side, quantity }: Fill): void {
    const order = this.#find(account, orderId);
    if (order === undefined || order.instrument !== instrument || order.side !== side) return;
    order.quantity -= quantity;
    if (order.quantity <= 0n) this.#orders = this.#orders.filter((other) => other !== order);
  }

  reserved(account: string, currency: string): bigint {
    const { book, market } = this.#oracle.copy();
    return reservedIn(book, market, account, currency, this.#orders);
  }

  /** Largest whole balance that could be taken out now; below zero in call. */
  freeCollateral(account: string, currency: string): bigint {
    const { book, market } = this.#oracle.copy();
    return poolFigures(book, market, accountOf(book, account), currency).freeCollateral;
  }
}
