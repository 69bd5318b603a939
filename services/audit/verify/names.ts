import type { RegimeSet } from "../../../generated/proto/plimsoll/v1/journal_events.ts";
import { InstrumentListing } from "../../../generated/proto/plimsoll/v1/venue_events.ts";
import { VerificationError } from "./doubt.ts";
import type { Layout } from "./layouts.ts";

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

interface RecordedInstrument {
  readonly name: string;
  readonly currency: number;
  readonly option: boolean;
  readonly text: unknown;
}

interface RegimeText {
  readonly id: string;
  readonly document: string;
}

/** Which name has which number, by the events that opened them. */
export class RecordedNames {
  readonly accounts = new Numbered<string>();
  readonly currencies = new Numbered<{ readonly name: string; readonly scale: number }>();
  readonly instruments = new Numbered<RecordedInstrument>();
  readonly marginTables: string[] = [];
  readonly scenarioGrids: string[] = [];
  readonly keys = new Numbered<string>();
  readonly regimes: { name: string; applies: RegimeText | undefined; waits: readonly RegimeText[] }[] = [];
  readonly #regimesWait: Layout["regimesWait"];

  constructor({ regimesWait }: Layout) {
    this.#regimesWait = regimesWait;
  }

  openVenueAccounts(): void {
    for (const name of VENUE_ACCOUNTS) this.accounts.add(name, name);
  }

  openCurrency(name: string, scale: number): void {
    this.addKey(name);
    this.currencies.add(name, { name, scale });
  }

  openInstrument(name: string, listing: InstrumentListing): void {
    for (const key of keysOfListing(name, listing)) this.addKey(key);
    const numbers = this.listingNumbers(listing);
    // The order of the fields is part of the state hash.
    const text = { name, listing: InstrumentListing.toJSON(listing), ...numbers };
    const option = (listing.optionType ?? 0) !== 0;
    this.instruments.add(name, { name, currency: numbers.currency, option, text });
  }

  openRegime({ name, id, document, keys }: RegimeSet): void {
    for (const key of keys) this.addKey(key);
    const number = this.regimeNumber(name) ?? this.regimes.length;
    const { applies, waits: earlier = [] } = this.regimes[number] ?? {};
    const waits = [...(this.#regimesWait === "one" ? [] : earlier), { id, document }];
    this.regimes[number] = { name, applies, waits };
  }

  activateRegime(number: number): void {
    const { name, waits } = this.regimes[number]!;
    const [applies, ...later] = waits;
    this.regimes[number] = { name, applies, waits: later };
  }

  listingNumbers(listing: InstrumentListing): { currency: number; marginTable: number; scenarioGrid: number } {
    return {
      currency: this.currencies.number(listing.settlementCurrency) ?? -1,
      marginTable: this.marginTables.indexOf(listing.marginTable),
      scenarioGrid: this.scenarioGrids.indexOf(listing.scenarioGrid),
    };
  }

  regimeNumber(name: string): number | undefined {
    const number = this.regimes.findIndex((regime) => regime.name === name);
    return number < 0 ? undefined : number;
  }

  addKey(key: string): void {
    if (this.keys.number(key) === undefined) this.keys.add(key, key);
  }

  /** Numbers that these keys have or would get. */
  keyNumbers(keys: readonly string[]): number[] {
    const fresh: string[] = [];
    return keys.map((key) => {
      const known = this.keys.number(key);
      if (known !== undefined) return known;
      if (!fresh.includes(key)) fresh.push(key);
      return this.keys.values.length + fresh.indexOf(key);
    });
  }

  accountName(event: number, account: number | undefined): string {
    const name = account === undefined ? undefined : this.accounts.values[account];
    if (name !== undefined) return name;
    throw new VerificationError("derivation", `event ${event}: account ${account} was never opened`, { event });
  }

  /** What the state hash covers beside the tables. */
  text(): string {
    return JSON.stringify({
      accounts: this.accounts.values,
      currencies: this.currencies.values,
      instruments: this.instruments.values.map(({ text }) => text),
      marginTables: this.marginTables,
      scenarioGrids: this.scenarioGrids,
      keys: this.keys.values,
      regimes: this.#regimesWait === "all" ? this.regimes : this.regimes.map(firstWaits),
    });
  }
}

function firstWaits({ name, applies, waits }: RecordedNames["regimes"][number]) {
  return { name, applies, waits: waits[0] };
}

export function keysOfListing(name: string, { underlying }: InstrumentListing): string[] {
  return underlying === undefined || underlying === "" ? [name] : [underlying, name];
}
