import type { LiquidatingPosition, MarginCall, VenueFeedback } from "../ingest/venueFeedback.ts";
import type { AccountView } from "../kernel/views.ts";
import type { Shard } from "./shard.ts";

const CALLED = 2;
const LIQUIDATING = 3;
const CROSS = 2;
/** Basis of a pool whose balance counts in a verdict on the whole account. */
const COUNTED = 2;

/** What a simulated venue or a tape may know of the margin state, read from the shard as it is. */
export class VenueView implements VenueFeedback {
  readonly #shard: Shard;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  *#accountsFrom(state: number): Generator<AccountView> {
    const { reader } = this.#shard;
    for (let account = 0; account < reader.accountCount; account++) {
      if (reader.accountState(account) >= state) yield reader.account(account);
    }
  }

  *liquidating(): Generator<LiquidatingPosition> {
    const { names } = this.#shard;
    for (const view of this.#accountsFrom(LIQUIDATING)) {
      const failed = view.pools.filter((pool) => pool.state >= LIQUIDATING);
      // A regime that judges the account as a whole judges the positions of all currencies (MAR-030).
      const whole = failed.length > 0 && view.pools.some((pool) => pool.basis === COUNTED);
      const pools = new Set((whole ? view.pools : failed).map((pool) => pool.currency));
      for (const position of view.positions) {
        const cross = position.mode === CROSS;
        const failing = cross ? pools.has(position.currency) : position.state >= LIQUIDATING;
        if (!failing || position.quantity === 0n) continue;
        yield {
          account: names.accounts[view.account]!,
          instrument: names.instruments[position.instrument]!.name,
          quantity: position.quantity,
          isolated: !cross,
        };
      }
    }
  }

  *called(): Generator<MarginCall> {
    const { names } = this.#shard;
    for (const view of this.#accountsFrom(CALLED)) {
      const account = names.accounts[view.account]!;
      for (const pool of view.pools) {
        if (pool.state !== CALLED) continue;
        const shortfall = pool.initialMargin - pool.equity;
        yield { account, currency: names.currencies[pool.currency]!.name, instrument: undefined, shortfall };
      }
      for (const position of view.positions) {
        if (position.mode === CROSS || position.state !== CALLED) continue;
        const shortfall = position.initialMargin - (position.posted + position.unrealisedProfit);
        const instrument = names.instruments[position.instrument]!.name;
        yield { account, currency: names.currencies[position.currency]!.name, instrument, shortfall };
      }
    }
  }

  mark(instrument: string): bigint | undefined {
    const number = this.#shard.names.instrument(instrument);
    return number === undefined ? undefined : this.#shard.reader.instrument(number).mark;
  }

  position(account: string, instrument: string): bigint {
    const { names, reader } = this.#shard;
    const accountNumber = names.account(account);
    const instrumentNumber = names.instrument(instrument);
    if (accountNumber === undefined || instrumentNumber === undefined) return 0n;
    return reader.quantity(accountNumber, instrumentNumber);
  }

  freeCollateral(account: string, currency: string): bigint {
    const { names, reader } = this.#shard;
    const accountNumber = names.account(account);
    const currencyNumber = names.currency(currency);
    if (accountNumber === undefined || currencyNumber === undefined) return 0n;
    return reader.freeCollateral(accountNumber, currencyNumber);
  }
}
