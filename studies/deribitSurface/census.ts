import type { Engine } from "../../services/engine/engine.ts";
import type { AccountView } from "../../services/kernel/views.ts";
import { accountName, type FundedBook } from "./accounts.ts";
import { STUDIED_REGIMES } from "./regimes.ts";
import { COINS, type Coin, type Snapshot } from "./snapshot.ts";
import { type StyleCensus, StyleTally } from "./styleTally.ts";
import { Warnings } from "./warnings.ts";

/** The accounts of one regime after a snapshot. */
export interface RegimeCensus {
  readonly regime: string;
  readonly healthy: number;
  readonly called: number;
  readonly liquidating: number;
  readonly bankrupt: number;
  /** Accounts whose regime could not margin them (MAR-030). */
  readonly unknown: number;
  /** Accounts that were liquidating or bankrupt at this snapshot or one before. */
  readonly everLiquidating: number;
  /** Sums over all accounts, in USD at the index. */
  readonly initialUsd: number;
  readonly maintenanceUsd: number;
}

export interface SnapshotCensus {
  readonly snapshot: string;
  readonly time: string;
  readonly indexUsd: Readonly<Record<Coin, number>>;
  readonly regimes: readonly RegimeCensus[];
  readonly styles: readonly StyleCensus[];
  /** Books that owe more than they have when all is valued at the marks, the same in every regime; and by how much. */
  readonly underWater: number;
  readonly shortfallUsd: number;
  /** Accounts whose state is another one than after the snapshot before. */
  readonly changed: number;
  /** Accounts that this snapshot's marks and indices had margined, counted each time. */
  readonly evaluations: number;
}

/** Reads the state of every account after a snapshot. */
export class CensusTaker {
  readonly warnings = new Warnings();
  readonly #books: readonly FundedBook[];
  readonly #states = new Map<string, string>();
  #taken = 0;

  constructor(books: readonly FundedBook[]) {
    this.#books = books;
  }

  take(engine: Engine, snapshot: Snapshot): SnapshotCensus {
    const { reader, names } = engine.shard;
    const index = usdPrices(snapshot);
    const price = (currency: number): number => index[names.currencies[currency]!.name] ?? 1;
    const scale = (currency: number): number => 10 ** names.currencies[currency]!.scale;
    let changed = 0;
    const tally = new StyleTally();
    const regimes = STUDIED_REGIMES.map((regime, at) => {
      const sums = { healthy: 0, called: 0, liquidating: 0, bankrupt: 0, unknown: 0, initialUsd: 0, maintenanceUsd: 0 };
      for (const { book } of this.#books) {
        const name = accountName(book, regime);
        const view = reader.account(names.account(name)!);
        const state = stateOf(view);
        if ((this.#states.get(name) ?? "healthy") !== state) changed++;
        this.#states.set(name, state);
        sums[state]++;
        if (view.marginUnknown !== 0) sums.unknown++;
        const failing = state === "liquidating" || state === "bankrupt";
        if (failing) this.warnings.noteLiquidating(at, book.name, this.#taken);
        const before = sums.initialUsd;
        for (const { basis, currency, initialMargin, maintenanceMargin } of view.pools) {
          if (basis !== 1) continue;
          sums.initialUsd += (Number(initialMargin) / scale(currency)) * price(currency);
          sums.maintenanceUsd += (Number(maintenanceMargin) / scale(currency)) * price(currency);
        }
        tally.add(book, at, sums.initialUsd - before, failing);
      }
      return { regime: regime.name, everLiquidating: this.warnings.everLiquidating(at), ...sums };
    });
    let underWater = 0;
    let shortfallUsd = 0;
    for (const { book } of this.#books) {
      const { pools } = reader.account(names.account(accountName(book, STUDIED_REGIMES[0]!))!);
      const worth = pools.reduce(
        (sum, { currency, balance, unrealisedProfit }) =>
          sum + (Number(balance + unrealisedProfit) / scale(currency)) * price(currency),
        0,
      );
      if (worth >= 0) continue;
      underWater++;
      shortfallUsd -= worth;
      this.warnings.noteLost(book.name, this.#taken);
    }
    this.#taken++;
    return {
      snapshot: snapshot.id,
      time: new Date(Number(snapshot.timeUs / 1000n)).toISOString(),
      indexUsd: { BTC: index["BTC"]!, ETH: index["ETH"]! },
      regimes,
      styles: tally.census(),
      underWater,
      shortfallUsd,
      changed,
      evaluations: this.#evaluations(engine, snapshot),
    };
  }

  /** Each mark margins the holders of its instrument, each index those who have anything in its coin. */
  #evaluations({ shard: { reader, names } }: Engine, { options, futures }: Snapshot): number {
    let count = 0;
    for (const { name } of [...options, ...futures]) {
      const number = names.instrument(name);
      if (number !== undefined) count += reader.instrument(number).holders;
    }
    for (const { book, collateralE8 } of this.#books) {
      const touched = COINS.filter((coin) => uses(book, coin) || collateralE8[coin] > 0n).length;
      // The other side has collateral in every coin.
      count += STUDIED_REGIMES.length * touched + COINS.length;
    }
    return count;
  }
}

function uses({ legs }: FundedBook["book"], coin: Coin): boolean {
  return legs.some(({ quote }) => quote.coin === coin);
}

function usdPrices({ indexE8 }: Snapshot): Readonly<Record<string, number>> {
  return Object.fromEntries(COINS.map((coin) => [coin, Number(indexE8[coin]) / 1e8]));
}

const STATES = ["healthy", "called", "liquidating", "bankrupt"] as const;

function stateOf({ state }: AccountView): (typeof STATES)[number] {
  return STATES[state - 1]!;
}
