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

/** Names as JSON can carry them. */
export interface NamesText {
  readonly accounts: readonly string[];
  readonly currencies: readonly Currency[];
  readonly instruments: readonly (Omit<Instrument, "listing"> & { readonly listing: unknown })[];
  readonly marginTables: readonly string[];
  readonly scenarioGrids: readonly string[];
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
    };
  }

  static fromText(text: NamesText): Names {
    const names = new Names();
    for (const account of text.accounts) names.addAccount(account);
    for (const currency of text.currencies) names.addCurrency(currency);
    for (const instrument of text.instruments) {
      names.addInstrument({ ...instrument, listing: InstrumentListing.fromJSON(instrument.listing) });
    }
    names.marginTables.push(...text.marginTables);
    names.scenarioGrids.push(...text.scenarioGrids);
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

  addAccount(name: string): number {
    this.#accountNumbers.set(name, this.accounts.length);
    return this.accounts.push(name) - 1;
  }

  addCurrency(currency: Currency): number {
    this.#currencyNumbers.set(currency.name, this.currencies.length);
    return this.currencies.push(currency) - 1;
  }

  addInstrument(instrument: Instrument): number {
    this.#instrumentNumbers.set(instrument.name, this.instruments.length);
    return this.instruments.push(instrument) - 1;
  }
}
