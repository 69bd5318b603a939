import { STATE_BANKRUPT, STATE_CALLED, STATE_HEALTHY, STATE_LIQUIDATING } from "../assembly/memory/layout.ts";
import type { MarginBook } from "./marginBook.ts";

/** Positions by instrument: those of instrument `i` are `members[first[i]]` up to `first[i + 1]`. */
export interface Holders {
  readonly first: Uint32Array;
  readonly members: Uint32Array;
}

export function holdersOf({ instruments, positions }: MarginBook): Holders {
  const members = instruments.map((_, instrument) =>
    positions.flatMap((position, index) => (position.instrument === instrument ? [index] : [])),
  );
  const first = new Uint32Array(instruments.length + 1);
  members.forEach((each, instrument) => {
    first[instrument + 1] = first[instrument]! + each.length;
  });
  return { first, members: Uint32Array.from(members.flat()) };
}

const WORST_FIRST = [STATE_BANKRUPT, STATE_LIQUIDATING, STATE_CALLED] as const;

/** Margin states of pools, positions and accounts, and what a tick reports of their changes (MAR-016). */
export class StateChanges {
  readonly poolState: Uint8Array;
  readonly positionState: Uint8Array;
  /** Changes since the beginning. */
  reported = 0;
  readonly #accountState: Uint8Array;
  /** Pools and isolated positions in each state, five cells an account. */
  readonly #counts: Uint32Array;
  /** Of the tick under way: account x 2^32 + row, so that a plain sort puts them in order of account. */
  readonly #gathered: Float64Array;
  #count = 0;

  constructor(book: MarginBook) {
    this.poolState = new Uint8Array(book.pools.length).fill(STATE_HEALTHY);
    this.positionState = new Uint8Array(book.positions.length).fill(STATE_HEALTHY);
    this.#accountState = new Uint8Array(book.accounts).fill(STATE_HEALTHY);
    this.#counts = new Uint32Array(book.accounts * 5);
    this.#gathered = new Float64Array(book.positions.length);
  }

  gather(account: number, row: number): void {
    this.#gathered[this.#count++] = account * 0x1_0000_0000 + row;
  }

  /** The gathered rows in order of account; empties the list. */
  takeGathered(): Float64Array {
    const rows = this.#gathered.subarray(0, this.#count);
    this.#count = 0;
    return rows.sort();
  }

  move(account: number, from: number, to: number): void {
    const counts = this.#counts;
    const first = account * 5;
    if (from !== STATE_HEALTHY) counts[first + from]! -= 1;
    if (to !== STATE_HEALTHY) counts[first + to]! += 1;
    this.#accountState[account] = WORST_FIRST.find((state) => counts[first + state]! > 0) ?? STATE_HEALTHY;
    this.reported += 1;
  }
}
