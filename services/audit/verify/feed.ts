import type { InputRefused } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import type {
  InstrumentListing,
  SetLimit,
  SetOverride,
  SetSwitch,
} from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import type { JournalRow } from "../../journal/journal.ts";
import { doubt } from "./doubt.ts";
import { identityOf, orderKey } from "./identity.ts";
import { FLAG, type Layout, NONE, ORDER, UNKNOWN } from "./layouts.ts";
import { listingFault, listingSlot } from "./listing.ts";
import type { Input } from "./machine.ts";
import type { Body, RecordedNames } from "./names.ts";

/** Kinds of the inputs: by their events, by what a refused one is called, and of what says too little. */
export const INPUT_KINDS: Readonly<Record<string, number>> = {
  ...{ shardOpened: 10, epochStarted: 11, currencyListed: 12, marginTableSet: 13, scenarioGridSet: 14 },
  ...{ instrumentListed: 15, regimeSet: 16, accountOpened: 20, deposited: 21, withdrawn: 22, marginModeSet: 23 },
  ...{ leverageSet: 24, collateralMoved: 25, holdPlaced: 26, holdAmended: 27, holdReleased: 28, fillApplied: 30 },
  ...{ markPriceSet: 40, fundingApplied: 41, instrumentSettled: 42, indexPriceSet: 43 },
  ...{ limitSet: 50, switchSet: 51, overrideSet: 52, inputRefused: 60, recordQuarantined: 61 },
  ...{ listing: 15, regime: 16, openAccount: 20, deposit: 21, withdrawal: 22, setMarginMode: 23, setLeverage: 24 },
  ...{ moveCollateral: 25, placeHold: 26, amendHold: 27, releaseHold: 28, fill: 30, markPrice: 40, funding: 41 },
  ...{ settlement: 42, indexPrice: 43, setLimit: 50, setSwitch: 51, setOverride: 52 },
  ...{ accountCommand: 21, marketEvent: 40, control: 50 },
};
const TOO_LITTLE = new Set(["accountCommand", "marketEvent", "control"]);
const OF_INSTRUMENT = new Set([23, 24, 25, 26, 30, 40, 41, 42, 50, 51, 52]);
/** Refusals that the host decides (RefusalReason). */
const REASON = { fieldMissing: 20, capacity: 60, behind: 85, control: 86, identities: 89 } as const;

type Field<Message, Name> = Message extends unknown ? (Name extends keyof Message ? Message[Name] : never) : never;
type FieldsOf<Message> = { readonly [Name in Message extends unknown ? keyof Message : never]?: Field<Message, Name> };

/** Any field that some event or a control has, the instrument that a refused input names, and two that are made here. */
type Said = Omit<FieldsOf<Body["value"] | SetLimit | SetSwitch | SetOverride>, "instrument"> & {
  readonly instrument?: string;
  readonly forInstrument?: boolean;
  /** How far the engine was behind its feed, and its bound: what the kernel refused by (CTL-015). */
  readonly lag?: readonly bigint[] | undefined;
};

/** An input, applied or refused, in one form. */
interface Recorded {
  readonly kind: number;
  readonly time: bigint;
  /** Of the account, the instrument or the index. */
  readonly name: string;
  readonly account?: number | undefined;
  readonly instrument?: number | undefined;
  readonly currency?: number | undefined;
  readonly said: Said;
  /** The host refused it with this, so no kernel saw what is in it. */
  readonly reason?: number | undefined;
}

type Oneof = { readonly $case: string; readonly value: object };

/** The fields of a message with those of the oneofs in it, and the innermost case. */
function flat({ $case, value }: Oneof): [$case: string, said: Said] {
  const { event, command = event } = value as { readonly event?: Oneof; readonly command?: Oneof };
  if (command === undefined) return [$case, value];
  // A listing is a message of its own in the event too.
  if (command.$case === "listing") return ["listing", { ...value, listing: command.value as InstrumentListing }];
  const [innermost, said] = flat(command);
  return [innermost, { ...value, ...said }];
}

/** What goes into which field of a slot, by kind, beside the identity. */
const SLOTS: Readonly<Record<number, (said: Said, name: string, names: RecordedNames, layout: Layout) => Input>> = {
  12: ({ scale }, name, names) => ({ currency: scale, first: names.keyNumbers([name])[0] }),
  13: ({ tiers }) => ({ numbers: tiers!.flatMap((tier) => [tier.floor, tier.initialRateE9, tier.maintenanceRateE9]) }),
  14: ({ movesE9 }) => ({ numbers: movesE9 }),
  15: ({ listing }, name, names) => listingSlot(name, listing!, names),
  16: ({ regime, keys, effectiveTimeUs, valuation, program }, _, names) => {
    const known = Math.max(names.keys.values.length, ...names.keyNumbers(keys!).map((key) => key + 1));
    return { currency: Number(regime), first: effectiveTimeUs, second: valuation, third: known, program };
  },
  20: ({ marginMode, regime }, name, names) => ({
    account: names.accounts.number(name) ?? names.accounts.values.length,
    choice: marginMode || 1,
    currency: names.regimeNumber(regime),
  }),
  21: ({ amount }) => ({ first: amount }),
  22: ({ amount }) => ({ first: amount }),
  23: ({ marginMode, forInstrument, regime }, _, names) => {
    return { choice: marginMode, liquidity: forInstrument, currency: names.regimeNumber(regime) };
  },
  24: ({ leverageE2 }) => ({ liquidity: 1, first: leverageE2 }),
  25: ({ amount }) => ({ liquidity: 1, first: amount }),
  26: holdSlot,
  27: holdSlot,
  28: ({ orderId, lag }) => ({ order: orderKey(orderId!), numbers: lag }),
  30: ({ side, liquidity, quantity, price, fee, liquidation, orderId }, _name, _names, { holds }) => {
    const named = orderId !== "" && holds > 0;
    const order = named ? { order: orderKey(orderId!) } : {};
    const flags = (liquidation ? FLAG.liquidation : 0) | (fee === undefined ? 0 : FLAG.feeGiven);
    const of = { ...order, choice: side, liquidity, flags: flags | (named ? FLAG.orderNamed : 0) };
    return { ...of, first: quantity, second: price, third: fee };
  },
  40: ({ price, volatilityE9, forwardE8, interestE9 }) => {
    const facts = [volatilityE9, forwardE8, interestE9];
    const flag = [FLAG.volatility, FLAG.forward, FLAG.interest];
    const flags = facts.reduce((sum: number, fact, at) => sum | (fact === undefined ? 0 : flag[at]!), 0);
    return { first: price, flags, numbers: flags === 0 ? [] : facts.map((fact) => fact ?? 0n) };
  },
  41: ({ rateE9 }) => ({ first: rateE9 }),
  42: ({ price, underlyingPriceE8 }) => ({ first: price, second: underlyingPriceE8 }),
  43: ({ priceE8 }, name, names) => ({ currency: names.keys.number(name), first: priceE8 }),
  50: ({ control, value, burst }) => ({ choice: control, liquidity: value !== undefined, first: value, second: burst }),
  51: ({ switch: number, on }) => ({ choice: number, liquidity: on }),
  52: ({ control, expiryTimeUs }) => ({ choice: control, first: expiryTimeUs }),
};

function holdSlot({ orderId, side, quantity, price, reduceOnly, expiresAtUs, lag }: Said): Input {
  const liquidity = (price === undefined ? 0 : ORDER.priced) | (reduceOnly ? ORDER.reduceOnly : 0);
  const of = { order: orderKey(orderId!), choice: side, liquidity, numbers: lag };
  return { ...of, first: quantity, second: price, third: expiresAtUs };
}

/** Key and fingerprint of what must not be applied twice. */
function identified({ kind, name, said }: Recorded): Input {
  const { venue = "", tradeId = "", orderId = "", commandId = "", by, approvedBy = "", reason } = said;
  if (kind === 30) return identityOf(1, [venue, tradeId, name], orderId);
  if (kind >= 50) return identityOf(7, [commandId, "", ""], JSON.stringify([by, approvedBy, reason]));
  return kind >= 20 && kind < 30 ? identityOf(3, [name, commandId, ""], orderId) : {};
}

/** What the host refuses before the kernel sees it. Kernels of older layouts have no orders and no controls. */
function hostRefusal({ kind, said, name }: Recorded, layout: Layout, names: RecordedNames): number | undefined {
  const unknown = layout.holds === 0 ? REASON.fieldMissing : undefined;
  if (kind === 15) return listingFault(name, said.listing!, names);
  if (kind === 16) return said.program!.length > layout.largestProgram ? REASON.capacity : undefined;
  if (kind >= 26 && kind <= 28) return said.orderId === "" ? REASON.fieldMissing : unknown;
  return kind >= 50 ? (controlFault(said) ?? unknown) : undefined;
}

function controlFault(said: Said): number | undefined {
  const { commandId, by, reason, approvedBy, control = 0, switch: number = control } = said;
  if (commandId === "" || by === "" || reason === "") return REASON.fieldMissing;
  if (number < 0 || number > 255) return REASON.control;
  return approvedBy !== undefined && (approvedBy === "" || approvedBy === by) ? REASON.identities : undefined;
}

/**
 * The slot of an input, applied or refused: whole, or, when the host refused it, with no more than the reason. What was
 * applied goes by its numbers, what was refused by its names.
 */
export function slotOf(row: JournalRow, body: Body, names: RecordedNames, layout: Layout) {
  const input = body.$case === "inputRefused" ? refused(row.position, body.value, names) : applied(row, body, names);
  const { kind, time, name, account, instrument, currency, said } = input;
  const first = input.reason ?? hostRefusal(input, layout, names);
  if (first !== undefined) return { kind, time, account, instrument, flags: FLAG.malformed, first };
  const slot = SLOTS[kind]?.(said, name, names, layout);
  return Object.assign({ kind, time, account, instrument, currency }, identified(input), slot);
}

/** Only those columns of a row are believed that say what the payload does not; the others are the kernel's to say. */
function applied(
  { kind, position, account, instrument, eventTimeUs }: JournalRow,
  body: Body,
  names: RecordedNames,
): Recorded {
  const [, said] = flat(body);
  const input = { kind, time: BigInt(eventTimeUs), name: said.name ?? "", said, ...numbersIn(said, kind, names) };
  if (body.$case === "recordQuarantined") return { ...input, reason: body.value.reason };
  if (OF_INSTRUMENT.has(kind)) input.instrument = instrument;
  if (kind > 20 && kind <= 30) Object.assign(input, { account, name: names.accountName(position, account) });
  // Fee of a fill, price of an option: what was told, not what the kernel must find.
  if (body.$case === "fillApplied") return { ...input, said: { ...said, fee: body.value.venueFee } as Said };
  const option = names.instruments.values[input.instrument ?? NONE]?.option;
  return kind === 42 && option ? { ...input, said: { ...said, price: 0n } } : input;
}

function refused(event: number, { input, reason, value, limit }: InputRefused, names: RecordedNames): Recorded {
  if (input === undefined) throw doubt("derivation", `event ${event}: a refused input without the input`, { event });
  const [innermost, fields] = flat(input);
  const { account = "", instrument = "" } = fields;
  const name = input.$case === "marketEvent" ? instrument : account;
  const $case = input.$case === "accountCommand" && name === "" ? "accountCommand" : innermost;
  const kind = INPUT_KINDS[$case]!;
  const lag = reason === REASON.behind ? [value, limit] : undefined;
  return {
    ...{ kind, time: input.value.eventTimeUs, name, ...numbersIn(fields, kind, names) },
    said: { ...fields, lag, forInstrument: instrument !== "" },
    // A refused document left no program, and none is compiled here: that it was refused is believed.
    reason: $case === "regime" ? reason : TOO_LITTLE.has($case) ? REASON.fieldMissing : undefined,
  };
}

/** In the scope of a control a name that nobody knows is not the same as none. */
function numbersIn({ account = "", instrument = "", currency = "" }: Said, kind: number, names: RecordedNames) {
  const unknown = kind >= 50 ? UNKNOWN : undefined;
  const number = (of: { number(name: string): number | undefined }, name: string): number | undefined =>
    name === "" ? undefined : (of.number(name) ?? unknown);
  return {
    account: number(names.accounts, account),
    instrument: OF_INSTRUMENT.has(kind) ? number(names.instruments, instrument) : undefined,
    currency: typeof currency === "number" ? currency : number(names.currencies, currency),
  };
}
