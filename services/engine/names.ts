import { InstrumentListing } from "../../generated/proto/plimsoll/v1/venue_events.ts";

/** A settlement currency; one unit of money in it is 10^-scale. */
export interface Currency {
  readonly name: string;
  readonly scale: number;
}

/** An instrument with the numbers that its listing was given. */
export interface Instrument {
  readonly name: string;
  readonly listing: InstrumentListing;
  readonly currency: number;
  readonly marginTable: number;
  readonly scenarioGrid: number;
}

/** A margin model that accounts are assigned to by name: the document that applies, and the one whose time is to come. */
export interface Regime {
  readonly name: string;
  readonly applies: RegimeText | undefined;
  /** Told, not in force yet, in the order in which they were told. */
  readonly waits: readonly RegimeText[];
}

export interface RegimeText {
  readonly id: string;
  /** YAML. */
  readonly document: string;
}

/** Names as JSON can carry them. */
export interface NamesText {
  readonly accounts: readonly string[];
  readonly currencies: readonly Currency[];
  readonly instruments: readonly (Omit<Instrument, "listing"> & { readonly listing: unknown })[];
  readonly marginTables: readonly string[];
  readonly scenarioGrids: readonly string[];
  readonly keys: readonly string[];
  readonly regimes: readonly Regime[];
}

/**
 * What is text. The kernel knows numbers; this is the only place that knows which name has which. It grows by
 * journalled events alone, in their order, so a replay gives every name the same number again.
 */
export class Names {
  readonly accounts: string[] = [];
  readonly currencies: Currency[] = [];
  readonly instruments: Instrument[] = [];
  readonly marginTables: string[] = [];
  readonly scenarioGrids: string[] = [];
  /** Names of currencies, underlyings, instruments and risk units alike: what regimes and index prices speak of. */
  readonly keys: string[] = [];
  readonly regimes: Regime[] = [];
  readonly #keyNumbers = new Map<string, number>();
  readonly #accountNumbers = new Map<string, number>();
  readonly #currencyNumbers = new Map<string, number>();
  readonly #instrumentNumbers = new Map<string, number>();

  /** Everything in it as plain text, in the order of the numbers: for the state hash and for snapshots. */
  toText(): NamesText {
    return {
      accounts: this.accounts,
      currencies: this.currencies,
      instruments: this.instruments.map((instrument) => ({
        ...instrument,
        listing: InstrumentListing.toJSON(instrument.listing),
      })),
      marginTables: this.marginTables,
      scenarioGrids: this.scenarioGrids,
      keys: this.keys,
      regimes: this.regimes,
    };
  }

  static fromText(text: NamesText): Names {
    const names = new Names();
    for (const key of text.keys) names.addKey(key);
    for (const account of text.accounts) names.addAccount(account);
    for (const currency of text.currencies) names.addCurrency(currency);
    for (const instrument of text.instruments) {
      names.addInstrument({ ...instrument, listing: InstrumentListing.fromJSON(instrument.listing) });
    }
    names.marginTables.push(...text.marginTables);
    names.scenarioGrids.push(...text.scenarioGrids);
    names.regimes.push(...text.regimes);
    return names;
  }

  account(name: string): number | undefined {
    return this.#accountNumbers.get(name);
  }

  currency(name: string): number | undefined {
    return this.#currencyNumbers.get(name);
  }

  instrument(name: string): number | undefined {
    return this.#instrumentNumbers.get(name);
  }

  key(name: string): number | undefined {
    return this.#keyNumbers.get(name);
  }

  /** Number of the name, a new one if need be. */
  addKey(name: string): number {
    const known = this.#keyNumbers.get(name);
    if (known !== undefined) return known;
    this.#keyNumbers.set(name, this.keys.length);
    return this.keys.push(name) - 1;
  }

  /** Numbers that names would get, in this order, without giving them. */
  previewKeys(names: readonly string[]): number[] {
    const fresh = new Map<string, number>();
    return names.map((name) => {
      const known = this.#keyNumbers.get(name) ?? fresh.get(name);
      if (known !== undefined) return known;
      const number = this.keys.length + fresh.size;
      fresh.set(name, number);
      return number;
    });
  }

  regime(name: string): number | undefined {
    const number = this.regimes.findIndex((regime) => regime.name === name);
    return number < 0 ? undefined : number;
  }

  /** A document waits for its effective time. */
  setRegime(name: string, waits: RegimeText): void {
    const number = this.regime(name) ?? this.regimes.length;
    const { applies, waits: earlier = [] } = this.regimes[number] ?? {};
    this.regimes[number] = { name, applies, waits: [...earlier, waits] };
  }

  /** The time of the document that waits has come. */
  activateRegime(number: number): void {
    const { name, waits } = this.regimes[number]!;
    const [applies, ...later] = waits;
    this.regimes[number] = { name, applies, waits: later };
  }

  addAccount(name: string): number {
    this.#accountNumbers.set(name, this.accounts.length);
    return this.accounts.push(name) - 1;
  }

  addCurrency(currency: Currency): number {
    this.addKey(currency.name);
    this.#currencyNumbers.set(currency.name, this.currencies.length);
    return this.currencies.push(currency) - 1;
  }

  addInstrument(instrument: Instrument): number {
    for (const key of keysOf(instrument.name, instrument.listing)) this.addKey(key);
    this.#instrumentNumbers.set(instrument.name, this.instruments.length);
    return this.instruments.push(instrument) - 1;
  }
}

/** Names that a listing gives numbers to, in this order. */
export function keysOf(name: string, listing: InstrumentListing): string[] {
  return listing.underlying === undefined || listing.underlying === "" ? [name] : [listing.underlying, name];
}
