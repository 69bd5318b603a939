// What was listed before and while the account lived: names by their numbers.

/** The numbers are those that the engine gave: each in the order of its coming up. */
export class ListedMarket {
  readonly currencies: { readonly name: string; readonly scale: number }[] = [];
  readonly instruments: string[] = [];
  /** By instrument: the currency that it settles in, and its scenario grid. */
  readonly settlements: number[] = [];
  readonly gridOf: number[] = [];
  /** By scenario grid: relative moves of the mark. */
  readonly moves: (readonly number[])[] = [];
  readonly #keys: string[] = [];
  readonly #regimes: string[] = [];

  /** Number of a name; names get numbers in the order in which they come up. */
  key(name: string): number {
    const known = this.#keys.indexOf(name);
    return known >= 0 ? known : this.#keys.push(name) - 1;
  }

  get keys(): number {
    return this.#keys.length;
  }

  nameRegime(number: number, name: string): void {
    this.#regimes[number] = name;
  }

  /** Number of a regime; undefined for a name that no document was told under. */
  regime(name: string): number | undefined {
    return this.#regimes.includes(name) ? this.#regimes.indexOf(name) : undefined;
  }

  /** Number of a currency; undefined for one that is not listed. */
  currency(name: string): number | undefined {
    const number = this.currencies.findIndex((currency) => currency.name === name);
    return number < 0 ? undefined : number;
  }
}
