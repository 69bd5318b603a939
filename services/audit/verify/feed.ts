import type { InputRefused, RegimeSet } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type { ControlCommand, Fill, InstrumentListing } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import type { JournalRow } from "../../journal/journal.ts";
import { VerificationError } from "./doubt.ts";
import { identityWords, orderKey } from "./identity.ts";
import { FLAG, NONE, ORDER, UNKNOWN } from "./layouts.ts";
import type { Input, Machine } from "./machine.ts";
import { type Body, keysOfListing, type RecordedNames } from "./names.ts";

const SEED = { fill: 1, command: 3, control: 7 } as const;
/** Refusals that the host decides (RefusalReason). */
const REASON = {
  ...{ fieldMissing: 20, listing: 36, capacity: 60, overflow: 61, behind: 85, control: 86, identities: 89 },
} as const;
/** Kinds of the inputs that a refused one names. */
const KINDS: Readonly<Record<string, number>> = {
  ...{ openAccount: 20, deposit: 21, withdrawal: 22, setMarginMode: 23, setLeverage: 24, moveCollateral: 25 },
  ...{ placeHold: 26, amendHold: 27, releaseHold: 28, fill: 30, setLimit: 50, setSwitch: 51, setOverride: 52 },
  ...{ listing: 15, regime: 16, markPrice: 40, funding: 41, settlement: 42, indexPrice: 43, control: 50 },
};

/** What goes into which field of a slot as it is said, in an event as in a refused input. The rest stands in `#rest`. */
const SLOTS: Readonly<Record<number, Partial<Record<keyof Input, string>>>> = {
  12: { currency: "scale" },
  14: { numbers: "movesE9" },
  20: { choice: "marginMode" },
  21: { first: "amount" },
  22: { first: "amount" },
  23: { choice: "marginMode", liquidity: "forInstrument" },
  24: { first: "leverageE2" },
  25: { first: "amount" },
  26: { choice: "side", first: "quantity", second: "price", third: "expiresAtUs" },
  27: { first: "quantity", second: "price", third: "expiresAtUs" },
  30: { choice: "side", liquidity: "liquidity", first: "quantity", second: "price", third: "fee" },
  40: { first: "price" },
  41: { first: "rateE9" },
  42: { first: "price", second: "underlyingPriceE8" },
  43: { first: "priceE8" },
  50: { choice: "control", first: "value", second: "burst" },
  51: { choice: "switch", liquidity: "on" },
  52: { choice: "control", first: "expiryTimeUs" },
};
const OF_INSTRUMENT = new Set([23, 24, 25, 26, 30, 40, 41, 42, 50, 51, 52]);
const LONG: ReadonlySet<string> = new Set(["first", "second", "third"]);

type Said = Readonly<Record<string, unknown>>;

/** An input, applied or refused, in one form. */
export interface Recorded {
  readonly kind: number;
  readonly time: bigint;
  readonly account?: number | undefined;
  readonly instrument?: number | undefined;
  /** Of the account, the instrument or the index. */
  readonly name?: string;
  readonly said: Said;
  /** The host refused it with this, so no kernel saw what is in it. */
  readonly reason?: number;
}

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

  write(row: JournalRow, body: Body): Recorded {
    const input = body.$case === "inputRefused" ? this.#refused(row.position, body.value) : this.#applied(row, body);
    const { kind, time, account, instrument, said } = input;
    const reason = input.reason ?? this.#hostRefusal(input);
    if (reason !== undefined) {
      this.#machine.malformed(kind, time, reason, account, instrument);
      return input;
    }
    const fields: Record<string, unknown> = { kind, time, account, instrument };
    for (const [field, name] of Object.entries(SLOTS[kind] ?? {})) {
      const value = said[name];
      fields[field] = field === "numbers" ? value : LONG.has(field) ? BigInt((value as bigint) ?? 0) : Number(value);
    }
    this.#machine.write({ ...(fields as unknown as Input), ...this.#rest(input) });
    return input;
  }

  /** Only those columns of a row are believed that say what the payload does not; the others are the kernel's to say. */
  #applied(row: JournalRow, { $case, value }: Body): Recorded {
    const { kind } = row;
    const instrument = OF_INSTRUMENT.has(kind) ? row.instrument : undefined;
    const said = value as object as Said;
    const of = { kind, time: BigInt(row.eventTimeUs), instrument, name: said["name"] as string, said };
    if ($case === "recordQuarantined") return { ...of, reason: value.reason };
    if ($case === "accountOpened") return { ...of, account: this.#names.accounts.number(value.name) };
    if (kind >= 50) return this.#control(of, value as ControlCommand);
    if (kind > 20 && kind <= 30) {
      const name = this.#names.accountName(row.position, row.account);
      const fee = $case === "fillApplied" ? { fee: value.venueFee } : {};
      return { ...of, account: row.account, name, said: { ...said, ...fee } };
    }
    // The price of an option follows from that of its underlying.
    const option = this.#names.instruments.values[instrument ?? NONE]?.option;
    return $case === "instrumentSettled" && option ? { ...of, said: { ...said, price: 0n } } : of;
  }

  #refused(event: number, { input, reason, value, limit }: InputRefused): Recorded {
    if (input === undefined) {
      throw new VerificationError("derivation", `event ${event}: a refused input without the input`, { event });
    }
    const { accounts, instruments } = this.#names;
    const time = input.value.eventTimeUs;
    if (input.$case === "fill") {
      const { account: name, instrument } = input.value;
      const numbers = { account: accounts.number(name), instrument: instruments.number(instrument) };
      return { kind: 30, time, ...numbers, name, said: input.value as object as Said };
    }
    if (input.$case === "accountCommand") {
      const { account: name, commandId, command } = input.value;
      const account = name === "" ? undefined : accounts.number(name);
      if (name === "" || command === undefined)
        return { kind: 21, time, account, said: {}, reason: REASON.fieldMissing };
      const said = command.value as object as Said;
      const instrument = (said["instrument"] as string | undefined) ?? "";
      // How far the engine was behind its feed, and its bound: what the kernel refused by (CTL-015).
      const lag = reason === REASON.behind ? [value, limit] : undefined;
      const more = { commandId, lag, forInstrument: instrument !== "" };
      const of = { kind: KINDS[command.$case]!, time, account, instrument: instruments.number(instrument), name };
      return { ...of, said: { ...said, ...more } };
    }
    const { instrument: name, event: told } = input.value;
    const instrument = instruments.number(name);
    if (told === undefined) return { kind: 40, time, instrument, said: {}, reason: REASON.fieldMissing };
    const of = { kind: KINDS[told.$case]!, time, name, said: told.value as object as Said };
    // A refused document left no program, and none is compiled here: that it was refused is believed.
    if (told.$case === "regime") return { ...of, reason };
    if (told.$case === "listing") return { ...of, said: { listing: told.value } };
    if (told.$case !== "control") return { ...of, instrument: OF_INSTRUMENT.has(of.kind) ? instrument : undefined };
    return this.#control({ ...of, instrument: name === "" ? undefined : (instrument ?? UNKNOWN) }, told.value);
  }

  #control(of: Recorded, { account, command, ...told }: ControlCommand): Recorded {
    const number = account === "" ? undefined : (this.#names.accounts.number(account) ?? UNKNOWN);
    const said = { ...told, ...command?.value };
    const kind = command === undefined ? of.kind : KINDS[command.$case]!;
    const missing = command === undefined ? { reason: REASON.fieldMissing } : {};
    return { ...of, kind, account: number, said, ...missing };
  }

  /** What the host refuses before the kernel sees it. Kernels of older layouts have no orders and no controls. */
  #hostRefusal({ kind, said, name }: Recorded): number | undefined {
    const { layout } = this.#machine;
    if (kind === 15) return listingFault(name, said["listing"] as InstrumentListing, this.#names);
    if (kind === 16)
      return (said["program"] as Uint8Array).length > layout.largestProgram ? REASON.capacity : undefined;
    if (kind >= 26 && kind <= 28) return said["orderId"] === "" || layout.holds === 0 ? REASON.fieldMissing : undefined;
    return kind >= 50 && kind < 60
      ? (controlFault(said) ?? (layout.holds === 0 ? REASON.fieldMissing : undefined))
      : undefined;
  }

  /** What of a slot is more than what is said. */
  #rest({ kind, account, name = "", said }: Recorded): Partial<Input> {
    const names = this.#names;
    const command = (rest = "") => ({
      identity: identityWords(SEED.command, [name, said["commandId"] as string, ""], rest),
    });
    switch (kind) {
      case 12:
        return { first: BigInt(names.keyNumbers([name])[0]!) };
      case 13: {
        const tiers = said["tiers"] as readonly Readonly<Record<string, bigint>>[];
        const figures = ["floor", "initialRateE9", "maintenanceRateE9"];
        return { numbers: tiers.flatMap((tier) => figures.map((figure) => tier[figure]!)) };
      }
      case 15:
        return listingSlot(name, said["listing"] as InstrumentListing, names);
      case 16: {
        const { regime, program, keys, effectiveTimeUs, valuation } = said as unknown as RegimeSet;
        const known = Math.max(names.keys.values.length, ...names.keyNumbers(keys).map((key) => key + 1));
        return { currency: regime, first: effectiveTimeUs, second: BigInt(valuation), third: BigInt(known), program };
      }
      case 20: {
        const opening = {
          account: account ?? names.accounts.values.length,
          choice: (said["marginMode"] as number) || 1,
        };
        return { ...command(), ...opening, currency: names.regimeNumber(said["regime"] as string) };
      }
      case 21:
      case 22: {
        const currency = said["currency"] as string | number;
        return { ...command(), currency: typeof currency === "number" ? currency : names.currencies.number(currency) };
      }
      case 23:
        return { ...command(), currency: names.regimeNumber(said["regime"] as string) };
      case 24:
      case 25:
        return { ...command(), liquidity: 1 };
      case 26:
      case 27:
      case 28: {
        const orderId = said["orderId"] as string;
        const priced = said["price"] === undefined || kind === 28 ? 0 : ORDER.priced;
        return {
          ...command(orderId),
          order: orderKey(orderId),
          liquidity: priced | (said["reduceOnly"] ? ORDER.reduceOnly : 0),
          ...(said["lag"] === undefined ? {} : { numbers: said["lag"] as bigint[] }),
        };
      }
      case 30: {
        const { venue, tradeId, orderId, liquidation, fee } = said as unknown as Fill;
        const identity = identityWords(SEED.fill, [venue, tradeId, name], orderId);
        const flags = (liquidation ? FLAG.liquidation : 0) | (fee === undefined ? 0 : FLAG.feeGiven);
        if (orderId === "" || this.#machine.layout.holds === 0) return { identity, flags };
        return { identity, flags: flags | FLAG.orderNamed, order: orderKey(orderId) };
      }
      case 40: {
        const optional = [said["volatilityE9"], said["forwardE8"], said["interestE9"]] as (bigint | undefined)[];
        const flag = [FLAG.volatility, FLAG.forward, FLAG.interest];
        const flags = optional.reduce((sum: number, each, at) => sum | (each === undefined ? 0 : flag[at]!), 0);
        return { flags, numbers: flags === 0 ? [] : optional.map((each) => each ?? 0n) };
      }
      case 43:
        return { currency: names.keys.number(name) };
      case 50:
      case 51:
      case 52: {
        const rest = JSON.stringify([said["by"], said["approvedBy"] ?? "", said["reason"]]);
        const currency =
          said["currency"] === "" ? undefined : (names.currencies.number(said["currency"] as string) ?? UNKNOWN);
        const identity = identityWords(SEED.control, [said["commandId"] as string, "", ""], rest);
        return { identity, currency, ...(kind === 50 ? { liquidity: said["value"] === undefined ? 0 : 1 } : {}) };
      }
      default:
        return {};
    }
  }
}

function controlFault({
  commandId,
  by,
  reason,
  approvedBy,
  control,
  switch: number = control,
}: Said): number | undefined {
  if (commandId === "" || by === "" || reason === "") return REASON.fieldMissing;
  if ((number as number) < 0 || (number as number) > 255) return REASON.control;
  return approvedBy !== undefined && (approvedBy === "" || approvedBy === by) ? REASON.identities : undefined;
}

function listingFault(name = "", listing: InstrumentListing, names: RecordedNames): number | undefined {
  const { multiplierNumerator, multiplierDenominator, priceScale, quantityScale, kind } = listing;
  const scales = priceScale <= 18 && quantityScale <= 18;
  const sensible = scales && multiplierNumerator > 0n && multiplierDenominator > 0n && (kind === 1 || kind === 2);
  if (name === "" || !sensible) return REASON.listing;
  return worthOf(listing, names).some((part) => part >= 2n ** 62n) ? REASON.overflow : undefined;
}

/** `k` of docs/margin.md, "Value", in lowest terms: what a quantity unit is worth in units of the settlement currency. */
function worthOf(listing: InstrumentListing, { currencies }: RecordedNames): [numerator: bigint, denominator: bigint] {
  const { multiplierNumerator, multiplierDenominator, priceScale, quantityScale, kind, optionType } = listing;
  const scale = currencies.values[currencies.number(listing.settlementCurrency) ?? NONE]?.scale ?? 0;
  const exponent = scale - quantityScale + (kind === 2 && !optionType ? priceScale : -priceScale);
  const numerator = multiplierNumerator * 10n ** BigInt(Math.max(0, exponent));
  const denominator = multiplierDenominator * 10n ** BigInt(Math.max(0, -exponent));
  let [divisor, rest] = [numerator, denominator];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return [numerator / divisor, denominator / divisor];
}

function listingSlot(name: string, listing: InstrumentListing, names: RecordedNames): Partial<Input> {
  const { optionType = 0, kind, priceScale, quantityScale, expiryTimeUs } = listing;
  const { marginTable, scenarioGrid, currency } = names.listingNumbers(listing);
  const keys = names.keyNumbers(keysOfListing(name, listing));
  const product = optionType === 0 ? Number(expiryTimeUs !== 0n) : optionType + 1;
  const coinSettled = optionType !== 0 && kind === 2 ? 1 : 0;
  const numbers = [
    ...[marginTable, scenarioGrid, listing.defaultLeverageE2, Number(listing.allowsNonPositivePrices)],
    ...[...worthOf(listing, names), listing.tick, listing.lot, listing.priceLimit, listing.quantityLimit],
    ...[listing.makerFeeRateE9, listing.takerFeeRateE9, listing.liquidationFeeRateE9, expiryTimeUs],
    ...[listing.priceBandE9, listing.staleAfterUs, keys.length === 1 ? NONE : keys[0]!, keys.at(-1)!],
    product + coinSettled * 2 ** 8 + priceScale * 2 ** 16 + quantityScale * 2 ** 24,
    ...[listing.strikeE8 ?? 0n, listing.multiplierNumerator, listing.multiplierDenominator],
  ];
  return {
    instrument: names.instruments.number(name) ?? names.instruments.values.length,
    currency: currency < 0 ? undefined : currency,
    choice: optionType === 0 ? kind : 1,
    numbers: numbers.map(BigInt),
  };
}
