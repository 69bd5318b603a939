import type { RosterAccount } from "./roster.ts";
import type { VenueFeedback } from "./venueFeedback.ts";

/** A side of a trade that somebody is to take. */
export interface WantedSide {
  readonly instrument: string;
  readonly currency: string;
  /** Above zero to buy, below to sell. */
  readonly quantity: bigint;
  /** Value of the trade at its price, in units of the currency. */
  readonly notional: bigint;
  /** The most leverage that the instrument allows, in hundredths. */
  readonly leverageLimitE2: number;
}

/**
 * The venue's own gate: nobody opens what he cannot margin. It starts from the engine's state before the step and
 * counts what the step has given out since.
 */
export class StepCredit {
  readonly #feedback: VenueFeedback | undefined;
  // By account, then by instrument or currency: names as they are hash faster than names put together.
  readonly #positions = new Map<string, Map<string, bigint>>();
  readonly #free = new Map<string, Map<string, bigint>>();

  constructor(feedback: VenueFeedback | undefined) {
    this.#feedback = feedback;
  }

  /** Whether the account may take the side: it only reduces, or its free collateral bears the initial margin. */
  admits({ name, leverageE2 }: RosterAccount, wanted: WantedSide): boolean {
    if (this.#feedback === undefined || this.#reduces(name, wanted)) return true;
    return marginOf(wanted, leverageE2) <= this.#freeOf(name, wanted.currency);
  }

  /** The account has taken the side. */
  book({ name, leverageE2 }: RosterAccount, wanted: WantedSide): void {
    if (this.#feedback === undefined) return;
    if (!this.#reduces(name, wanted)) {
      const left = this.#freeOf(name, wanted.currency) - marginOf(wanted, leverageE2);
      of(this.#free, name).set(wanted.currency, left);
    }
    const position = this.#positionOf(name, wanted.instrument) + wanted.quantity;
    of(this.#positions, name).set(wanted.instrument, position);
  }

  /** The part of a signed quantity that only reduces the position. Without feedback: all of it. */
  reducible(account: string, instrument: string, quantity: bigint): bigint {
    if (this.#feedback === undefined) return quantity;
    const position = this.#positionOf(account, instrument);
    if (position === 0n || position > 0n === quantity > 0n) return 0n;
    const beyond = quantity > 0n ? quantity > -position : quantity < -position;
    return beyond ? -position : quantity;
  }

  #reduces(account: string, { instrument, quantity }: WantedSide): boolean {
    return this.reducible(account, instrument, quantity) === quantity;
  }

  #positionOf(account: string, instrument: string): bigint {
    const positions = of(this.#positions, account);
    let position = positions.get(instrument);
    if (position === undefined) {
      position = this.#feedback?.position(account, instrument) ?? 0n;
      positions.set(instrument, position);
    }
    return position;
  }

  #freeOf(account: string, currency: string): bigint {
    const amounts = of(this.#free, account);
    let free = amounts.get(currency);
    if (free === undefined) {
      free = this.#feedback?.freeCollateral(account, currency) ?? 0n;
      amounts.set(currency, free);
    }
    return free;
  }
}

function marginOf({ notional, leverageLimitE2 }: WantedSide, leverageE2: number): bigint {
  return (notional * 100n) / BigInt(Math.min(leverageE2, leverageLimitE2)) + 1n;
}

function of(values: Map<string, Map<string, bigint>>, account: string): Map<string, bigint> {
  let found = values.get(account);
  if (found === undefined) {
    found = new Map();
    values.set(account, found);
  }
  return found;
}
