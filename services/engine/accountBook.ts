import { ContractKind, type InstrumentListing, OptionType } from "../../generated/proto/plimsoll/v1/venue_events.ts";
import { bookTimeText } from "../evaluate/bookTime.ts";
import type { KernelReader } from "../kernel/reader.ts";
import type { InstrumentView, PositionView } from "../kernel/views.ts";
import { formatDecimal } from "../markets/decimal.ts";
import { isOption } from "../markets/valueFraction.ts";
import { divide, formatFixed, multiply, ONE } from "../regimes/fixed.ts";
import type { Instrument, Names } from "./names.ts";

/** A book as docs/books.md describes it, ready for JSON. */
export interface BookText {
  readonly time: string;
  readonly limits: { readonly volatility: readonly [low: string, high: string] };
  readonly currencies: Readonly<Record<string, { readonly balance: string; readonly price?: string }>>;
  readonly underlyings: Readonly<Record<string, { readonly index: string }>>;
  readonly instruments: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly positions: readonly Readonly<Record<string, unknown>>[];
}

/** A live account's book, and what margins it. */
export interface AccountBook {
  readonly book: BookText;
  /** Id of the regime; undefined for an account under margin tables. */
  readonly regime: string | undefined;
}

export function bookOfAccount(reader: KernelReader, names: Names, account: number): AccountBook {
  const { regime } = reader.account(account);
  return {
    book: accountBook(reader, names, account),
    regime: regime === undefined ? undefined : names.regimes[regime]?.applies?.id,
  };
}

/**
 * A live account as a book that can be margined elsewhere: its cross positions, its balances and the market it stands in
 * (MAR-030). Isolated positions are books of their own and left out.
 */
export function accountBook(reader: KernelReader, names: Names, account: number): BookText {
  const view = reader.account(account);
  const positions = view.positions.filter(({ mode, quantity }) => mode === 2 && quantity !== 0n);
  const listed = positions.map(({ instrument }) => names.instruments[instrument]!);
  const underlyings = new Set(listed.map(({ listing }) => listing.underlying ?? "").filter((name) => name !== ""));
  return {
    // What live marks may say (INP-008).
    limits: { volatility: ["0", "5"] },
    time: bookTimeText(reader.eventTimeUs),
    currencies: Object.fromEntries(
      view.pools.map(({ currency, balance }) => {
        const { name, scale } = names.currencies[currency]!;
        const spendable = balance - premiums(positions, listed, currency);
        return [name, { balance: formatDecimal(spendable, scale), ...priced("price", indexOf(reader, names, name)) }];
      }),
    ),
    underlyings: Object.fromEntries(
      [...underlyings].flatMap((name) => {
        const index = indexOf(reader, names, name);
        return index === undefined ? [] : [[name, { index }]];
      }),
    ),
    instruments: Object.fromEntries(
      listed.map((instrument, row) => [
        instrument.name,
        instrumentText(instrument, reader.instrument(positions[row]!.instrument)),
      ]),
    ),
    positions: positions.map((position, row) => positionText(position, listed[row]!, names)),
  };
}

/** MAR-027: what open options cost is spent, what they brought is there. */
function premiums(positions: readonly PositionView[], listed: readonly Instrument[], currency: number): bigint {
  return positions.reduce(
    (sum, position, row) =>
      isOption(listed[row]!.listing) && position.currency === currency ? sum + position.entryCost : sum,
    0n,
  );
}

function indexOf(reader: KernelReader, names: Names, name: string): string | undefined {
  const key = names.key(name);
  const price = key === undefined ? undefined : reader.indexPriceE8(key);
  return price === undefined ? undefined : formatDecimal(price, 8);
}

function priced<K extends string>(name: K, text: string | undefined): Partial<Record<K, string>> {
  return (text === undefined ? {} : { [name]: text }) as Partial<Record<K, string>>;
}

function instrumentText({ name, listing }: Instrument, view: InstrumentView): Record<string, unknown> {
  const { multiplierNumerator, multiplierDenominator, expiryTimeUs, settlementCurrency } = listing;
  return {
    product: productOf(listing),
    inverse: listing.kind === ContractKind.INVERSE,
    price_model: listing.allowsNonPositivePrices ? "bachelier" : "black-76",
    underlying: underlyingOf(name, listing),
    settlement: settlementCurrency,
    multiplier: formatDecimal((multiplierNumerator * 10n ** 18n) / multiplierDenominator, 18),
    ...priced("mark", view.mark === undefined ? undefined : formatDecimal(view.mark, listing.priceScale)),
    ...priced("forward", view.forwardE8 === undefined ? undefined : formatDecimal(view.forwardE8, 8)),
    ...priced("volatility", view.volatilityE9 === undefined ? undefined : formatDecimal(view.volatilityE9, 9)),
    interest: formatDecimal(view.interestE9, 9),
    ...priced("strike", isOption(listing) ? formatDecimal(listing.strikeE8 ?? 0n, 8) : undefined),
    ...priced("expiry", expiryTimeUs === 0n ? undefined : bookTimeText(expiryTimeUs)),
  };
}

/** An instrument that follows no index is a risk unit of its own. */
function underlyingOf(name: string, { underlying }: InstrumentListing): string {
  return underlying === undefined || underlying === "" ? name : underlying;
}

function productOf(listing: InstrumentListing): string {
  if (isOption(listing)) return listing.optionType === OptionType.CALL ? "call" : "put";
  return listing.expiryTimeUs === 0n ? "perpetual" : "future";
}

function positionText(position: PositionView, { name, listing }: Instrument, names: Names): Record<string, unknown> {
  const { scale } = names.currencies[position.currency]!;
  return {
    instrument: name,
    quantity: formatDecimal(position.quantity, listing.quantityScale),
    ...priced("entry", entryOf(position, listing, scale)),
    profit: formatDecimal(position.unrealisedProfit, scale),
    leverage: formatDecimal(BigInt(position.leverageE2), 2),
  };
}

/** MAR-002, digit by digit as the kernel tells it to a regime; undefined where the cost is zero. */
function entryOf({ quantity, entryCost }: PositionView, listing: InstrumentListing, scale: number): string | undefined {
  const held = quantity * 10n ** BigInt(18 - listing.quantityScale);
  const cost = entryCost * 10n ** BigInt(18 - scale);
  const multiplier = (listing.multiplierNumerator * ONE) / listing.multiplierDenominator;
  if (cost === 0n) return undefined;
  const entry =
    listing.kind === ContractKind.INVERSE && !isOption(listing)
      ? both(divide(held, cost), (perCoin) => multiply(-perCoin, multiplier))
      : both(divide(cost, held), (perUnit) => divide(perUnit, multiplier));
  return entry === undefined ? undefined : formatFixed(entry);
}

function both(value: bigint | undefined, next: (value: bigint) => bigint | undefined): bigint | undefined {
  return value === undefined ? undefined : next(value);
}
