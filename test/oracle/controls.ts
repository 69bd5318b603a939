// docs/controls.md once more, slowly: everything that was set is kept as it was told, and every question walks all of it. No
// margin: accounts are taken to be healthy. Shares nothing with the kernel but the numbers of the proto.

import { RefusalReason } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { Control, type ControlCommand, type Fill, Switch } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import { type Contract, exactCash, valueAt } from "./contract.ts";
import { contractNamed, type Market, openMarket } from "./market.ts";
import type { Order, Refusal } from "./outcome.ts";
import { ceilDivide, floor, floorDivide, greater, lesser, magnitude } from "./rational.ts";

const SECOND_US = 1_000_000n;
const DAY_US = 86_400n * SECOND_US;
const LARGEST = 2n ** 61n;
const LARGEST_RATE = 1_000_000n;

/** "" stands for all of them. */
interface Scope {
  readonly account: string;
  readonly instrument: string;
  readonly currency: string;
}

interface Limit extends Scope {
  readonly control: Control;
  readonly value: bigint;
  readonly burst: bigint;
  /** Of a rate: what is left, in millionths, and when that was. */
  tokens: bigint;
  tokensUs: bigint;
  /** Of executions of one order. */
  order: string;
  executions: bigint;
}

interface Override extends Scope {
  readonly control: Control;
  readonly expiryUs: bigint;
}

export type ControlFollowed =
  | { readonly kind: "tripped"; readonly account: string; readonly control: Control; readonly count: bigint }
  | { readonly kind: "expired"; readonly account: string; readonly instrument: string; readonly control: Control };

export interface ControlOutcome extends Refusal {
  readonly followed: readonly ControlFollowed[];
}

const ACCEPTED: Refusal = { code: 0, value: 0n, limit: 0n };
const RATES: readonly Control[] = [Control.MESSAGE_RATE, Control.EXECUTION_RATE];
const SUMS_OF_MONEY: readonly Control[] = [Control.ORDER_NOTIONAL, Control.CREDIT];
const STOPS: readonly Control[] = [Control.EXECUTION_RATE, Control.ORDER_EXECUTIONS];

type ScopeName = "venue" | "account" | "instrument" | "both";
const ANY: readonly ScopeName[] = ["venue", "account", "instrument", "both"];
const SCOPES: Readonly<Record<number, readonly ScopeName[]>> = {
  [Control.PRICE_COLLAR]: ANY,
  [Control.ORDER_QUANTITY]: ANY,
  [Control.ORDER_NOTIONAL]: ANY,
  [Control.MESSAGE_RATE]: ["venue", "account"],
  [Control.POSITION]: ["instrument", "both"],
  [Control.OPEN_ORDERS]: ANY,
  [Control.OPEN_QUANTITY]: ["instrument", "both"],
  [Control.OPEN_NOTIONAL]: ["instrument", "both"],
  [Control.CREDIT]: ["venue", "account"],
  [Control.CONCENTRATION]: ["instrument", "both"],
  [Control.EXECUTION_RATE]: ["account"],
  [Control.ORDER_EXECUTIONS]: ["account"],
};

function scopeName({ account, instrument }: Scope): ScopeName {
  if (account === "") return instrument === "" ? "venue" : "instrument";
  return instrument === "" ? "account" : "both";
}

function refusal(code: RefusalReason, value = 0n, limit = 0n): Refusal {
  return { code, value, limit };
}

function same(left: Scope, right: Scope): boolean {
  return left.account === right.account && left.instrument === right.instrument && left.currency === right.currency;
}

export class ControlsOracle {
  readonly #market: Market;
  #timeUs = 0n;
  readonly #accounts = new Set<string>();
  readonly #marks = new Map<string, bigint>();
  /** By account, then instrument. */
  readonly #positions = new Map<string, Map<string, bigint>>();
  readonly #seen = new Map<string, string>();
  #limits: Limit[] = [];
  /** In the order in which their scopes were first set. */
  readonly #overrideScopes: (Scope & { readonly control: Control })[] = [];
  #overrides: Override[] = [];
  readonly #switches: (Scope & { readonly which: Switch })[] = [];
  readonly #stopped = new Map<string, Control>();

  constructor(document: MarketDocument) {
    this.#market = openMarket(document);
  }

  /** Takes openings, deposits, marks, fills and controls; whatever else fails the test that sends it. */
  apply(input: VenueInput): ControlOutcome {
    if (input.kind === "account") {
      const expired = this.#pass(input.command.eventTimeUs);
      this.#accounts.add(input.command.account);
      return { ...ACCEPTED, followed: expired };
    }
    if (input.kind === "fill") {
      const expired = this.#pass(input.fill.eventTimeUs);
      return { ...ACCEPTED, followed: [...expired, ...this.#fill(input.fill)] };
    }
    if (input.kind === "market" && input.event.event?.$case === "markPrice") {
      const expired = this.#pass(input.event.eventTimeUs);
      this.#marks.set(input.event.instrument, input.event.event.value.price);
      return { ...ACCEPTED, followed: expired };
    }
    if (input.kind === "market" && input.event.event?.$case === "control") {
      const expired = this.#pass(input.event.eventTimeUs);
      return { ...this.#control(input.event.instrument, input.event.event.value), followed: expired };
    }
    throw new Error("this oracle knows nothing of that");
  }

  /** Time moves on; CTL-016. */
  #pass(timeUs: bigint): ControlFollowed[] {
    this.#timeUs = greater(this.#timeUs, timeUs);
    const ends = (override: Override): boolean => override.expiryUs <= this.#timeUs;
    const expired = this.#overrideScopes.filter((scope) =>
      this.#overrides.some((override) => override.control === scope.control && same(override, scope) && ends(override)),
    );
    this.#overrides = this.#overrides.filter((override) => !ends(override));
    return expired.map(({ account, instrument, control }) => ({ kind: "expired", account, instrument, control }));
  }

  #control(instrument: string, told: ControlCommand): Refusal {
    const { commandId, account, currency, by, reason, command } = told;
    if (commandId === "" || by === "" || reason === "" || command === undefined) {
      return refusal(RefusalReason.FIELD_MISSING);
    }
    if (command.$case === "setOverride" && ["", by].includes(command.value.approvedBy)) {
      return refusal(RefusalReason.OVERRIDE_IDENTITIES);
    }
    if (account !== "" && !this.#accounts.has(account)) return refusal(RefusalReason.ACCOUNT_UNKNOWN);
    if (instrument !== "" && !this.#market.contracts.has(instrument)) return refusal(RefusalReason.INSTRUMENT_UNKNOWN);
    if (currency !== "" && !this.#market.currencyScales.has(currency)) return refusal(RefusalReason.CURRENCY_UNKNOWN);
    const content = JSON.stringify([instrument, told], (_, value) => (typeof value === "bigint" ? `${value}n` : value));
    const known = this.#seen.get(commandId);
    if (known !== undefined) {
      return refusal(known === content ? RefusalReason.DUPLICATE : RefusalReason.IDENTITY_CONFLICT);
    }
    this.#seen.set(commandId, content);
    const scope = { account, instrument, currency };
    switch (command.$case) {
      case "setLimit":
        return this.#setLimit(scope, command.value.control, command.value.value, command.value.burst);
      case "setSwitch":
        return this.#setSwitch(scope, command.value.switch, command.value.on);
      case "setOverride":
        return this.#setOverride(scope, command.value.control, command.value.expiryTimeUs);
    }
  }

  #setLimit(scope: Scope, control: Control, value: bigint | undefined, burst: bigint): Refusal {
    if (SCOPES[control] === undefined) return refusal(RefusalReason.CONTROL_UNKNOWN, BigInt(control));
    const needsCurrency = SUMS_OF_MONEY.includes(control) && scope.instrument === "";
    if (!SCOPES[control].includes(scopeName(scope)) || needsCurrency !== (scope.currency !== "")) {
      return refusal(RefusalReason.CONTROL_SCOPE, BigInt(control));
    }
    const rate = RATES.includes(control);
    const [least, most] = rate ? [1n, LARGEST_RATE] : [0n, LARGEST];
    if (value !== undefined) {
      if (value < least) return refusal(RefusalReason.CONTROL_VALUE, value, least);
      if (value > most) return refusal(RefusalReason.CONTROL_VALUE, value, most);
      if (burst < 0n) return refusal(RefusalReason.CONTROL_VALUE, burst, 0n);
      if (burst > most) return refusal(RefusalReason.CONTROL_VALUE, burst, most);
    }
    this.#limits = this.#limits.filter((limit) => limit.control !== control || !same(limit, scope));
    if (value === undefined) return ACCEPTED;
    const tokens = burst * SECOND_US;
    this.#limits.push({ ...scope, control, value, burst, tokens, tokensUs: this.#timeUs, order: "", executions: 0n });
    return ACCEPTED;
  }

  #setSwitch(scope: Scope, which: Switch, on: boolean): Refusal {
    const known: readonly number[] = [Switch.KILL, Switch.HALT, Switch.REDUCE_ONLY, Switch.NOT_PERMITTED];
    if (!known.includes(which)) return refusal(RefusalReason.CONTROL_UNKNOWN, BigInt(which));
    if (scope.currency !== "" || (which === Switch.NOT_PERMITTED && scopeName(scope) !== "both")) {
      return refusal(RefusalReason.CONTROL_SCOPE, BigInt(which));
    }
    const at = this.#switches.findIndex((turned) => turned.which === which && same(turned, scope));
    if (on && at < 0) this.#switches.push({ ...scope, which });
    if (!on && at >= 0) this.#switches.splice(at, 1);
    return ACCEPTED;
  }

  #setOverride(scope: Scope, control: Control, expiryUs: bigint): Refusal {
    if (SCOPES[control] === undefined) return refusal(RefusalReason.CONTROL_UNKNOWN, BigInt(control));
    const name = scopeName(scope);
    if (scope.currency !== "" || name === "venue" || (STOPS.includes(control) && name !== "account")) {
      return refusal(RefusalReason.CONTROL_SCOPE, BigInt(control));
    }
    if (expiryUs !== 0n && expiryUs <= this.#timeUs) {
      return refusal(RefusalReason.OVERRIDE_EXPIRY, expiryUs, this.#timeUs);
    }
    if (expiryUs > this.#timeUs + DAY_US) {
      return refusal(RefusalReason.OVERRIDE_EXPIRY, expiryUs, this.#timeUs + DAY_US);
    }
    const isThis = (other: Scope & { readonly control: Control }) => other.control === control && same(other, scope);
    if (!this.#overrideScopes.some(isThis)) this.#overrideScopes.push({ ...scope, control });
    this.#overrides = this.#overrides.filter((other) => !isThis(other));
    if (expiryUs === 0n) return ACCEPTED;
    this.#overrides.push({ ...scope, control, expiryUs });
    if (this.#stopped.get(scope.account) === control) this.#stopped.delete(scope.account);
    return ACCEPTED;
  }

  /** CTL-014. */
  #fill({ account, instrument, side, quantity, orderId, liquidation }: Fill): ControlFollowed[] {
    const held = this.#positions.get(account) ?? new Map<string, bigint>();
    held.set(instrument, (held.get(instrument) ?? 0n) + (side === 1 ? quantity : -quantity));
    this.#positions.set(account, held);
    if (liquidation) return [];
    const followed: ControlFollowed[] = [];
    const stop = (control: Control, count: bigint): void => {
      if (this.#stopped.has(account) || this.#overridden(control, account, instrument)) return;
      this.#stopped.set(account, control);
      followed.push({ kind: "tripped", account, control, count });
    };
    for (const limit of this.#limits) {
      if (limit.account !== account || limit.control !== Control.EXECUTION_RATE) continue;
      const there = this.#tokens(limit);
      limit.tokensUs = this.#timeUs;
      limit.tokens = there >= SECOND_US ? there - SECOND_US : there;
      if (there < SECOND_US) stop(limit.control, limit.burst + 1n);
    }
    for (const limit of this.#limits) {
      if (limit.account !== account || limit.control !== Control.ORDER_EXECUTIONS || orderId === "") continue;
      limit.executions = limit.order === orderId ? limit.executions + 1n : 1n;
      limit.order = orderId;
      if (limit.executions > limit.value) stop(limit.control, limit.executions);
    }
    return followed;
  }

  #tokens({ value, burst, tokens, tokensUs }: Limit): bigint {
    return lesser(burst * SECOND_US, tokens + (this.#timeUs - tokensUs) * value);
  }

  #overridden(control: Control, account: string, instrument: string): boolean {
    return this.#overrides.some(
      (override) =>
        override.control === control &&
        ["", account].includes(override.account) &&
        ["", instrument].includes(override.instrument),
    );
  }

  /** What the controls say of an order of sound format in a marked instrument. */
  check(order: Order): Refusal {
    const { account, instrument, side, quantity } = order;
    const held = this.#held(account, instrument);
    const after = held + (side === 1 ? quantity : -quantity);
    const reduces = held !== 0n && held > 0n === (side === 2) && quantity <= magnitude(held);
    const stopped = this.#switchedOff(account, instrument, reduces);
    if (stopped !== undefined) return stopped;
    const by = this.#stopped.get(account);
    if (by !== undefined) return refusal(RefusalReason.REPEATED_EXECUTION, BigInt(by));
    for (const control of Object.values(Control)) {
      if (reduces && control > Control.MESSAGE_RATE) continue;
      for (const name of ANY) {
        for (const limit of this.#limits) {
          if (limit.control !== control || scopeName(limit) !== name || !this.#concerns(limit, order)) continue;
          const broken = this.#broken(limit, order, magnitude(held), magnitude(after));
          if (broken !== undefined && !this.#overridden(control, account, instrument)) return broken;
        }
      }
    }
    return ACCEPTED;
  }

  #held(account: string, instrument: string): bigint {
    return this.#positions.get(account)?.get(instrument) ?? 0n;
  }

  #concerns(limit: Limit, { account, instrument }: Order): boolean {
    return (
      ["", account].includes(limit.account) &&
      ["", instrument].includes(limit.instrument) &&
      ["", contractNamed(this.#market, instrument).currency].includes(limit.currency)
    );
  }

  /** CTL-001 to CTL-004. */
  #switchedOff(account: string, instrument: string, reduces: boolean): Refusal | undefined {
    const numbers: Readonly<Record<ScopeName, bigint>> = { venue: 1n, account: 2n, instrument: 3n, both: 4n };
    const widest = (which: Switch, scopes: readonly ScopeName[]): bigint | undefined => {
      const on = this.#switches.filter(
        (turned) =>
          turned.which === which &&
          ["", account].includes(turned.account) &&
          ["", instrument].includes(turned.instrument),
      );
      const found = scopes.find((name) => on.some((turned) => scopeName(turned) === name));
      return found === undefined ? undefined : numbers[found];
    };
    const killed = widest(Switch.KILL, ANY);
    if (killed !== undefined) return refusal(RefusalReason.KILL_SWITCH, killed);
    const halted = widest(Switch.HALT, reduces ? ["venue", "instrument"] : ANY);
    if (halted !== undefined) return refusal(RefusalReason.TRADING_HALTED, halted);
    if (reduces) return undefined;
    const forbidden = widest(Switch.NOT_PERMITTED, ["both"]);
    if (forbidden !== undefined) return refusal(RefusalReason.INSTRUMENT_NOT_PERMITTED, forbidden);
    const reducing = widest(Switch.REDUCE_ONLY, ANY);
    return reducing === undefined ? undefined : refusal(RefusalReason.REDUCE_ONLY, reducing);
  }

  #notional(contract: Contract, { quantity, price }: Order): bigint {
    const at = (worth: bigint) => magnitude(floor(exactCash(contract, 1n, quantity, worth)));
    const mark = this.#marks.get(contract.name)!;
    return price === undefined ? at(mark) : greater(at(mark), at(price));
  }

  /** CTL-006 to CTL-013; `held` and `after` are sizes. No orders rest here. */
  #broken(limit: Limit, order: Order, held: bigint, after: bigint): Refusal | undefined {
    const contract = contractNamed(this.#market, order.instrument);
    const { listing } = contract;
    const above = (code: RefusalReason, value: bigint, most = limit.value): Refusal | undefined =>
      value > most ? refusal(code, value, most) : undefined;
    switch (limit.control) {
      case Control.PRICE_COLLAR: {
        const mark = this.#marks.get(order.instrument)!;
        const width = floorDivide(magnitude(mark) * limit.value, 1_000_000_000n);
        if (order.price === undefined || magnitude(order.price - mark) <= width) return undefined;
        const bound = order.price > mark ? mark + width : mark - width;
        return refusal(RefusalReason.PRICE_COLLAR, order.price, bound);
      }
      case Control.ORDER_QUANTITY: {
        const contract = 10n ** BigInt(listing.quantityScale);
        const contracts = ceilDivide(order.quantity, contract);
        if (limit.instrument !== "") return above(RefusalReason.ORDER_QUANTITY, order.quantity);
        return contracts > limit.value
          ? refusal(RefusalReason.ORDER_QUANTITY, order.quantity, limit.value * contract)
          : undefined;
      }
      case Control.ORDER_NOTIONAL:
        return above(RefusalReason.ORDER_NOTIONAL, this.#notional(contract, order));
      case Control.MESSAGE_RATE:
        return this.#tokens(limit) < SECOND_US
          ? refusal(RefusalReason.MESSAGE_RATE, limit.value, limit.burst)
          : undefined;
      case Control.POSITION:
        return above(RefusalReason.POSITION_LIMIT, after);
      case Control.OPEN_ORDERS:
        return above(RefusalReason.OPEN_ORDER_LIMIT, 1n);
      case Control.OPEN_QUANTITY:
        return above(RefusalReason.OPEN_QUANTITY_LIMIT, order.quantity);
      case Control.OPEN_NOTIONAL:
        return above(RefusalReason.OPEN_NOTIONAL_LIMIT, this.#notional(contract, order));
      case Control.CREDIT:
        return above(
          RefusalReason.CREDIT_LIMIT,
          this.#exposure(order.account, contract.currency) + this.#notional(contract, order),
        );
      case Control.CONCENTRATION: {
        const longs = [...this.#positions.keys()].map((account) => this.#held(account, order.instrument));
        const open = longs.filter((quantity) => quantity > 0n).reduce((sum, quantity) => sum + quantity, 0n);
        const opened = greater(0n, after - held);
        const share = floorDivide((open + opened) * limit.value, 1_000_000_000n);
        return above(RefusalReason.CONCENTRATION, after, greater(limit.burst, share));
      }
      default:
        return undefined;
    }
  }

  #exposure(account: string, currency: string): bigint {
    let sum = 0n;
    for (const [instrument, quantity] of this.#positions.get(account) ?? []) {
      const contract = contractNamed(this.#market, instrument);
      const mark = this.#marks.get(instrument);
      if (contract.currency === currency && mark !== undefined) sum += magnitude(valueAt(contract, quantity, mark));
    }
    return sum;
  }
}
