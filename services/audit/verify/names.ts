import type { JournalEvent } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { InstrumentListing } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import { doubt } from "./doubt.ts";
import type { Layout } from "./layouts.ts";

export type Body = NonNullable<JournalEvent["body"]>;

const VENUE_ACCOUNTS = ["venue:fees", "venue:insurance", "venue:rounding", "venue:transfers"];

/** Things in the order of their numbers, found by name. */
class Numbered<Value> {
  readonly values: Value[] = [];
  readonly #numbers = new Map<string, number>();

  add(name: string, value: Value): void {
    this.#numbers.set(name, this.values.length);
    this.values.push(value);
  }

  number(name: string): number | undefined {
    return this.#numbers.get(name);
  }
}

type RegimeText = { readonly id: string; readonly document: string };

/** Which name has which number, by the events that opened them. */
export class RecordedNames {
  readonly accounts = new Numbered<string>();
  readonly currencies = new Numbered<{ readonly name: string; readonly scale: number }>();
  readonly instruments = new Numbered<{
    readonly currency: number;
    readonly option: boolean;
    readonly text: unknown;
  }>();
  readonly keys = new Numbered<string>();
  readonly #marginTables: string[] = [];
  readonly #scenarioGrids: string[] = [];
  readonly #regimes: { name: string; applies: RegimeText | undefined; waits: readonly RegimeText[] }[] = [];
  readonly #regimesWait: Layout["regimesWait"];

  constructor({ regimesWait }: Layout) {
    this.#regimesWait = regimesWait;
  }

  /** An input was applied that gives a name its number; others open none. */
  open({ $case, value }: Body): void {
    if ($case === "shardOpened") for (const name of VENUE_ACCOUNTS) this.accounts.add(name, name);
    else if ($case === "marginTableSet") this.#marginTables.push(value.name);
    else if ($case === "scenarioGridSet") this.#scenarioGrids.push(value.name);
    else if ($case === "accountOpened") this.accounts.add(value.name, value.name);
    else if ($case === "currencyListed") {
      this.#addKeys([value.name]);
      this.currencies.add(value.name, { name: value.name, scale: value.scale });
    } else if ($case === "instrumentListed") {
      const { name, listing } = value;
      this.#addKeys(keysOfListing(name, listing!));
      const numbers = this.listingNumbers(listing!);
      // The order of the fields is part of the state hash.
      const text = { name, listing: InstrumentListing.toJSON(listing!), ...numbers };
      this.instruments.add(name, { currency: numbers.currency, option: (listing!.optionType ?? 0) !== 0, text });
    } else if ($case === "regimeSet") {
      const { name, id, document, keys } = value;
      this.#addKeys(keys);
      const number = this.regimeNumber(name) ?? this.#regimes.length;
      const { applies, waits = [] } = this.#regimes[number] ?? {};
      const earlier = this.#regimesWait === "one" ? [] : waits;
      this.#regimes[number] = { name, applies, waits: [...earlier, { id, document }] };
    }
  }

  /** The numbers that the row of an input must say which opens a name now. */
  numbersOf({ $case, value }: Body): object {
    if ($case === "currencyListed") return { currency: this.currencies.values.length };
    if ($case === "marginTableSet") return { marginTable: this.#marginTables.length };
    if ($case === "scenarioGridSet") return { scenarioGrid: this.#scenarioGrids.length };
    if ($case === "regimeSet") return { regime: this.regimeNumber(value.name) ?? this.#regimes.length };
    if ($case !== "instrumentListed") return {};
    return { ...this.listingNumbers(value.listing!), instrument: this.instruments.values.length };
  }

  activateRegime(number: number): void {
    const { name, waits } = this.#regimes[number]!;
    const [applies, ...later] = waits;
    this.#regimes[number] = { name, applies, waits: later };
  }

  listingNumbers(listing: InstrumentListing): { currency: number; marginTable: number; scenarioGrid: number } {
    return {
      currency: this.currencies.number(listing.settlementCurrency) ?? -1,
      marginTable: this.#marginTables.indexOf(listing.marginTable),
      scenarioGrid: this.#scenarioGrids.indexOf(listing.scenarioGrid),
    };
  }

  regimeNumber(name: unknown): number | undefined {
    const number = this.#regimes.findIndex((regime) => regime.name === name);
    return number < 0 ? undefined : number;
  }

  #addKeys(keys: readonly string[]): void {
    for (const key of keys) if (this.keys.number(key) === undefined) this.keys.add(key, key);
  }

  /** Numbers that these keys have or would get. */
  keyNumbers(keys: readonly string[]): number[] {
    const fresh = [...new Set(keys)].filter((key) => this.keys.number(key) === undefined);
    return keys.map((key) => this.keys.number(key) ?? this.keys.values.length + fresh.indexOf(key));
  }

  accountName(event: number, account: number | undefined): string {
    const name = account === undefined ? undefined : this.accounts.values[account];
    if (name !== undefined) return name;
    throw doubt("derivation", `event ${event}: account ${account} was never opened`, { event });
  }

  /** What the state hash covers beside the tables. */
  text(): string {
    return JSON.stringify({
      accounts: this.accounts.values,
      currencies: this.currencies.values,
      instruments: this.instruments.values.map(({ text }) => text),
      marginTables: this.#marginTables,
      scenarioGrids: this.#scenarioGrids,
      keys: this.keys.values,
      regimes: this.#regimes.map(({ name, applies, waits }) => ({
        ...{ name, applies },
        waits: this.#regimesWait === "all" ? waits : waits[0],
      })),
    });
  }
}

export function keysOfListing(name: string, { underlying }: InstrumentListing): string[] {
  return underlying === undefined || underlying === "" ? [name] : [underlying, name];
}
